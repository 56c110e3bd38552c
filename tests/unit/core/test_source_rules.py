"""Rules the source keeps so that its promises hold: one clock, one way to write, one place for SQL, texts in `_()`."""

import ast
import string
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import plugins

ROOT = Path(__file__).parents[3]
SOURCES = sorted(path for package in ("core", "exports", "tui") for path in (ROOT / package).rglob("*.py"))

MAY_WRITE = {
    "core/publish.py": "it is the one way",
    "core/connection.py": "SQLite needs the file to be there, with its mode, before it opens it",
    "core/vectors.py": "append-only files of which a published state.json says how much counts",
    "core/importing/lock.py": "a lock is taken on a file, which has no content",
    "core/worker/lock.py": "a lock is taken on a file; its content says who holds it",
    "core/worker/log.py": "a log is appended to",
    "core/worker/environment.py": "a knob of the kernel below /proc",
    "core/training/round.py": "into a directory that publish_dir has staged",
    "exports/predict.py": "/dev/null, when nobody reads the output any more",
    "exports/serve/spool.py": "lines are appended as they come, each one synced before it is acknowledged",
    "tui/cli.py": "/dev/null, when nobody reads the output any more",
}
MAY_TELL_TIME = {
    "core/clock.py": "it is the clock",
}
MAY_NAME_TASKS = {
    "exports/serve/openapi.py": "a field of its answers is called so",
    "exports/serve/feedback.py": "a field of its requests is called so",
}
SPEAKS_SQL = ("core/store/", "core/schema.py", "core/connection.py")
ERRORS = {"HandfulError", "InputError", "RefusedError", "CancelledError"}

Rule = Callable[[str, ast.AST], Iterator[str]]


def name_of(node: ast.AST) -> str:
    """`a.b.c` for an attribute chain; `?` stands for what is no name."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield name_of(node.func), node


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0], node.lineno


def one_clock(path: str, tree: ast.AST) -> Iterator[str]:
    if path not in MAY_TELL_TIME:
        for module, line in imported(tree):
            if module in {"time", "datetime"}:
                yield f"{path}:{line} imports {module}; core.clock tells the time"


def _writes(name: str, call: ast.Call) -> bool:
    if name.endswith((".write_text", ".write_bytes", ".touch")):
        return True
    if name == "os.open":
        flags = {name_of(n) for n in ast.walk(call.args[1]) if isinstance(n, ast.Attribute | ast.Name)} - {"os"}
        return not flags <= {"os.O_RDONLY", "os.O_CLOEXEC", "os.O_NOFOLLOW", "os.O_NONBLOCK", "os.O_DIRECTORY"}
    if name.rsplit(".", maxsplit=1)[-1] != "open":
        return False
    given = [*call.args[: 2 if name == "open" else 1], *(k.value for k in call.keywords if k.arg == "mode")]
    modes = [a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return any(len(mode) <= 3 and set(mode) & set("wax+") for mode in modes)


def one_way_to_write(path: str, tree: ast.AST) -> Iterator[str]:
    if path not in MAY_WRITE:
        for name, call in calls(tree):
            if _writes(name, call):
                yield f"{path}:{call.lineno} writes with {name}; core.publish writes files"


def one_place_for_sql(path: str, tree: ast.AST) -> Iterator[str]:
    if path != "core/connection.py":
        for module, line in imported(tree):
            if module in {"sqlite3", "pysqlite3"}:
                yield f"{path}:{line} imports {module}; core.connection connects"
    if not path.startswith(SPEAKS_SQL):
        for name, call in calls(tree):
            if name.endswith((".execute", ".executemany", ".executescript")):
                yield f"{path}:{call.lineno} speaks SQL; core.store does"


def _bare_texts(node: ast.AST) -> Iterator[str]:
    """Texts with letters in an expression that no `_()` has seen; what other calls are given is not looked at."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and any(c.isalpha() for c in node.value):
            yield node.value
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            yield from _bare_texts(node.func.value)
    elif isinstance(node, ast.FormattedValue | ast.Subscript | ast.Compare):
        return
    elif isinstance(node, ast.IfExp):
        yield from _bare_texts(node.body)
        yield from _bare_texts(node.orelse)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _bare_texts(child)


def errors_can_be_translated(path: str, tree: ast.AST) -> Iterator[str]:
    for name, call in calls(tree):
        if name.split(".")[-1] in ERRORS:
            for arg in call.args:
                for text in _bare_texts(arg):
                    yield f"{path}:{call.lineno} says {text!r} without _()"


def help_can_be_translated(path: str, tree: ast.AST) -> Iterator[str]:
    if path.startswith("tui/"):
        for name, call in calls(tree):
            for keyword in call.keywords:
                if keyword.arg in {"help", "epilog", "short_help", "prompt"}:
                    for text in _bare_texts(keyword.value):
                        yield f"{path}:{call.lineno} {name}({keyword.arg}={text!r}) without _()"


def _holes(text: str) -> set[str]:
    return {
        name.partition(".")[0].partition("[")[0]
        for _t, name, _s, _c in string.Formatter().parse(text)
        if name is not None
    }


def translations_can_be_looked_up(path: str, tree: ast.AST) -> Iterator[str]:
    """`_()` gets one literal, and `.format()` what its braces ask for."""
    for name, call in calls(tree):
        if name == "_" and path != "core/i18n.py":
            literal = call.args[0] if len(call.args) == 1 and not call.keywords else None
            if not (isinstance(literal, ast.Constant) and isinstance(literal.value, str) and literal.value):
                yield f"{path}:{call.lineno} _() needs one literal text"
        if isinstance(call.func, ast.Attribute) and call.func.attr == "format":
            texts = call.func.value
            if isinstance(texts, ast.Call) and name_of(texts.func) == "_" and isinstance(texts.args[0], ast.Constant):
                wanted, given = _holes(str(texts.args[0].value)), {keyword.arg for keyword in call.keywords}
                if call.args or (None not in given and wanted != given):
                    yield f"{path}:{call.lineno} asks for {sorted(wanted)} and gets {sorted(map(str, given))}"


def nothing_runs_code_from_data(path: str, tree: ast.AST) -> Iterator[str]:
    for module, line in imported(tree):
        if module in {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}:
            yield f"{path}:{line} imports {module}"
    for name, call in calls(tree):
        if name in {"eval", "exec", "compile", "os.system", "os.popen", "torch.load", "yaml.load", "__import__"}:
            yield f"{path}:{call.lineno} calls {name}"
        for keyword in call.keywords:
            wrong = {"shell": True, "trust_remote_code": True, "weights_only": False, "allow_pickle": True}
            if (
                keyword.arg in wrong
                and isinstance(keyword.value, ast.Constant)
                and keyword.value.value is wrong[keyword.arg]
            ):
                yield f"{path}:{call.lineno} {name}({keyword.arg}={keyword.value.value})"
        if name.endswith(".from_pretrained") and "trust_remote_code" not in {k.arg for k in call.keywords}:
            yield f"{path}:{call.lineno} {name} without trust_remote_code=False"


def no_task_is_asked_for_its_name(path: str, tree: ast.AST) -> Iterator[str]:
    """Tasks are plug-ins: only they themselves may know what they are called."""
    tasks = set(plugins.names(plugins.TASKS))
    for node in ast.walk(tree):
        found: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            found = [*ast.walk(node)]
        elif isinstance(node, ast.MatchValue | ast.Dict):
            found = [*ast.walk(node.value)] if isinstance(node, ast.MatchValue) else [k for k in node.keys if k]
        names = {item.value for item in found if isinstance(item, ast.Constant) and isinstance(item.value, str)}
        if names & tasks and not path.startswith("core/tasks/") and path not in MAY_NAME_TASKS:
            yield f"{path} compares with {sorted(names & tasks)}"


RULES: tuple[Rule, ...] = (
    one_clock,
    one_way_to_write,
    one_place_for_sql,
    errors_can_be_translated,
    help_can_be_translated,
    translations_can_be_looked_up,
    nothing_runs_code_from_data,
    no_task_is_asked_for_its_name,
)


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.AST]:
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_S5_the_source_keeps_the_rule(rule: Rule, trees: dict[str, ast.AST]) -> None:
    assert len(trees) > 50
    broken = [line for path, tree in trees.items() for line in rule(path, tree)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("listed", "rule"),
    [(MAY_WRITE, one_way_to_write), (MAY_TELL_TIME, one_clock), (MAY_NAME_TASKS, no_task_is_asked_for_its_name)],
    ids=["write", "time", "tasks"],
)
def test_no_exception_outlives_its_reason(listed: dict[str, str], rule: Rule, trees: dict[str, ast.AST]) -> None:
    assert [path for path in listed if path not in trees or not list(rule("elsewhere.py", trees[path]))] == []


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (one_clock, "import time"),
        (one_clock, "from time import monotonic"),
        (one_clock, "from datetime import datetime"),
        (one_way_to_write, "open(path, 'w')"),
        (one_way_to_write, "open(path, mode='ab')"),
        (one_way_to_write, "path.open('x', encoding='utf-8')"),
        (one_way_to_write, "path.write_text(text)"),
        (one_way_to_write, "(a / b).write_bytes(data)"),
        (one_way_to_write, "os.open(path, os.O_RDWR)"),
        (one_way_to_write, "os.open(path, FLAGS, 0o600)"),
        (one_place_for_sql, "import sqlite3"),
        (one_place_for_sql, "from pysqlite3 import dbapi2"),
        (one_place_for_sql, "con.execute('SELECT 1')"),
        (one_place_for_sql, "self.con.cursor().executemany(sql, rows)"),
        (errors_can_be_translated, "raise InputError('Bad.', _('x'))"),
        (errors_can_be_translated, "raise RefusedError(_('Bad.'), f'line {n}')"),
        (errors_can_be_translated, "errors.InputError(_('Bad.'), 'at {n}'.format(n=n))"),
        (errors_can_be_translated, "InputError(_('Bad.'), '', 'try' if x else _('y'))"),
        (help_can_be_translated, "click.option('--yes', help='Really.')"),
        (translations_can_be_looked_up, "_(f'{n} lines')"),
        (translations_can_be_looked_up, "_('a' + b)"),
        (translations_can_be_looked_up, "_('')"),
        (translations_can_be_looked_up, "_('{n} of {total}').format(n=1)"),
        (translations_can_be_looked_up, "_('{n}').format(n=1, m=2)"),
        (nothing_runs_code_from_data, "import pickle"),
        (nothing_runs_code_from_data, "eval(text)"),
        (nothing_runs_code_from_data, "subprocess.run(line, shell=True)"),
        (nothing_runs_code_from_data, "AutoModel.from_pretrained(x, trust_remote_code=True)"),
        (nothing_runs_code_from_data, "AutoModel.from_pretrained(x)"),
        (nothing_runs_code_from_data, "torch.load(path)"),
        (nothing_runs_code_from_data, "np.load(path, allow_pickle=True)"),
        (no_task_is_asked_for_its_name, "if task.name == 'multilabel': pass"),
        (no_task_is_asked_for_its_name, "if name in ('classify', 'x'): pass"),
        (no_task_is_asked_for_its_name, "{'multilabel': f}[name]()"),
    ],
)
def test_the_rule_sees_what_breaks_it(rule: Rule, line: str) -> None:
    assert list(rule("tui/example.py", ast.parse(line)))


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (
            one_way_to_write,
            "open(path, 'rb'); path.open(); project.open(readonly=True); os.open(path, os.O_RDONLY | os.O_CLOEXEC)",
        ),
        (errors_can_be_translated, "InputError(_('Bad {n}.').format(n='x'), f'{path}: {error}', a or '—')"),
        (errors_can_be_translated, "InputError(error.get('title', ''), ', '.join(names), x['hint'])"),
        (translations_can_be_looked_up, "_('{a.b} {c[0]:>3} {{}}').format(a=1, c=2); _('{x}').format(**found)"),
        (
            nothing_runs_code_from_data,
            "model.eval(); re.compile('x'); AutoConfig.from_pretrained(d, trust_remote_code=False)",
        ),
    ],
)
def test_the_rule_lets_pass_what_is_right(rule: Rule, line: str) -> None:
    assert not list(rule("tui/example.py", ast.parse(line)))
