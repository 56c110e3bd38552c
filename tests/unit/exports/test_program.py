"""Joining the modules behind a bundle into its one predict.py."""

import ast
from pathlib import Path

import exports
from exports import program

FOLDER = Path(exports.__file__).parent


def defined(tree: ast.Module) -> list[str]:
    """Names a module gives something to at its top."""
    found: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    return found


def test_every_module_is_in_it_and_no_two_share_a_name() -> None:
    own = {part.removeprefix("exports/runtime/") for part in program.PARTS if part.startswith("exports/")}
    assert {path.stem for path in (FOLDER / "runtime").glob("*.py")} == {"__init__", *own}
    names = defined(ast.parse(program.source()))
    assert len(names) == len(set(names))
    for path in (*(FOLDER / "runtime").glob("*.py"), FOLDER / "predict.py"):
        assert set(defined(ast.parse(path.read_text(encoding="utf-8")))) <= set(names)


def test_what_a_module_takes_from_another_keeps_its_name_and_stands_before_it() -> None:
    text = {name: (FOLDER.parent / f"{name}.py").read_text(encoding="utf-8") for name in program.PARTS}
    for place, name in enumerate(program.PARTS):
        for node in ast.walk(ast.parse(text[name])):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(("exports", "core")):
                assert str(node.module).replace(".", "/") in program.PARTS[:place]
                assert all(alias.asname is None for alias in node.names)


def test_it_imports_nothing_of_ours_and_keeps_comments() -> None:
    said = program.source().decode()
    modules = {str(n.module) for n in ast.walk(ast.parse(said)) if isinstance(n, ast.ImportFrom)}
    assert not {m for m in modules if m.split(".")[0] in {"core", "exports", "tui"}}
    assert "# Fields of ONNX" in said
    assert said.startswith('"""Predict with a bundle')
