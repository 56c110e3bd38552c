"""The one file predict.py of a bundle, joined from `exports.runtime`, some of `core`, and `exports.predict`.

What serves must run where nothing of Handful is installed, and one file can be read, copied and vendored by anybody;
here it is kept as small modules. Joining takes their texts as they are: imports from elsewhere go to the top, those of
each other are dropped. Nothing is rewritten, so the modules may neither rename what they import from each other nor
share a name.
"""

import ast
from collections.abc import Sequence
from functools import cache
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import TypeGuard

PARTS = (
    *("core/words", "core/shapes", "core/tags", "core/reading", "exports/runtime/safe", "exports/runtime/errors"),
    *("exports/runtime/external", "exports/runtime/sealed", "exports/runtime/marking", "exports/runtime/answers"),
    *("exports/runtime/predictor", "exports/runtime/schema", "exports/runtime/checks", "exports/runtime/lines"),
)
"""Modules, each after those it imports from; those of `core` read texts in training, too."""
_OWN = ("exports.", "core.")


@cache
def source() -> bytes:
    """The program, UTF-8."""
    folder = Path(__file__).parent.parent
    texts = [(folder / f"{name}.py").read_text(encoding="utf-8") for name in PARTS]
    main = (folder / "exports" / "predict.py").read_text(encoding="utf-8")
    trees = [ast.parse(text) for text in (*texts, main)]
    bodies = [_body(text, tree) for text, tree in zip((*texts, main), trees, strict=True)]
    docstring = f'"""{ast.get_docstring(trees[-1], clean=False)}"""'
    return ("\n\n\n".join(["\n\n".join([docstring, _imports(trees)]), *bodies]) + "\n").encode()


def _is_import(node: ast.stmt) -> TypeGuard[ast.Import | ast.ImportFrom]:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _head(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """The imports a module begins with."""
    rest = dropwhile(lambda node: not _is_import(node), tree.body)
    return [node for node in takewhile(_is_import, rest) if _is_import(node)]


def _body(text: str, tree: ast.Module) -> str:
    """What follows a module's docstring and imports."""
    last = (_head(tree) or tree.body[:1])[-1].end_lineno
    return "\n".join(text.splitlines()[last:]).strip("\n")


def _imports(trees: Sequence[ast.Module]) -> str:
    """All that the modules import from elsewhere, each name once."""
    plain, named = set[str](), dict[str, set[str]]()
    for node in (node for tree in trees for node in _head(tree)):
        names = {ast.unparse(alias) for alias in node.names}
        if isinstance(node, ast.Import):
            plain |= names
        elif not str(node.module).startswith(_OWN):
            named.setdefault(str(node.module), set()).update(names)
    lines = [f"import {name}" for name in sorted(plain)]
    return "\n".join(
        [*lines, *(f"from {module} import {', '.join(sorted(named[module]))}" for module in sorted(named))]
    )
