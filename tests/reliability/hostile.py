"""A project in which every place for data is taken by what would act on a terminal, and the look for what did act."""

import json
import re
import shutil
from pathlib import Path

from core.connection import transaction
from core.project import Project
from core.records import ImportReport
from core.store import classes, guidelines, imports, marks
from core.tasks.classify import CLASSIFY

ESC, BEL, ST = "\x1b", "\x07", "\x1b\\"
MARK = "PWN"
PAYLOADS = (
    f"{MARK}a{ESC}]52;c;UFdO{BEL}",
    f"{MARK}b{ESC}]0;{MARK}{BEL}",
    f"{MARK}c{ESC}]8;;http://pwn.example{ST}x{ESC}]8;;{ST}",
    f"{MARK}d{ESC}P+q544e{ST}",
    f"{MARK}e{ESC}[6n",
    f"{MARK}f{ESC}c",
    f"{MARK}g\x00\x0e\x0f",
    f"{MARK}h{ESC}[2J{ESC}[H",
    f"{MARK}i{ESC}[1;1HFAKE MENU",
    f"{MARK}j\x9b2J\x9d0;{MARK}\x9c",
    f"{MARK}k{ESC}_Gi=1,a=q;AAAA{ST}",
    f"{MARK}l{ESC}[?1049l{ESC}[?25l",
    f"{MARK}m\u202eevil\u202c\u200b\ufeff",
    f"{MARK}n[@click=app.quit()]x[/] [/bold] [link=http://x]y :smile:",
)
ALL = " ".join(PAYLOADS)


def poison(project: Project) -> Project:
    """Fill it; its directory gets a name that acts, too."""
    with project.open() as con:
        import_id = imports.begin(con, ALL, "pool")
        rows = [imports.Row(n, f"{n} {p}", json.dumps({p: p}), None) for n, p in enumerate((*PAYLOADS, ALL), 1)]
        imports.add_rows(con, import_id, rows)
        imports.finish(con, import_id, CLASSIFY, (), ImportReport(ALL, "pool", lines=len(rows)))
        ids = [row[0] for row in con.execute("SELECT id FROM examples WHERE text LIKE '%PWN%' ORDER BY id")]
        for n, payload in enumerate(PAYLOADS):
            try:
                made = classes.create(con, payload.replace("\x00", ""), "ada")
            except Exception:  # noqa: BLE001, S112 (what is refused as a name can't be shown as one)
                continue
            classes.describe(con, made, payload.replace("\x00", ""), "ada")
            marks.note(con, ids[n], payload, "ada")
        guidelines.write(con, ALL, "ada")
        with transaction(con):
            con.execute("INSERT INTO meta(key, value) VALUES ('served:ada', ?)", (str(ids[-1]),))
            con.execute("INSERT INTO bundles(path, job_id, info, created) VALUES (?, 1, '{}', 0)", (ALL,))
            error = json.dumps({"title": ALL, "what": ALL, "hint": ALL})
            for kind in ("embed", "round", ALL):
                con.execute(
                    "INSERT INTO jobs(kind, args, state, created, error) VALUES (?, '{}', 'failed', 0, ?)",
                    (kind, error),
                )
            con.execute(
                "INSERT INTO rounds(number, job_id, state, event_seq, set_hash, n_labels, verdict, created)"
                " VALUES (1, 2, 'rejected', 1, 'x', 3, ?, 0)",
                (ALL,),
            )
    (project.logs / "worker.log").write_text(ALL + "\n", encoding="utf-8")
    name = ALL.replace("/", "").replace("\x00", "").replace("\x9b", "").encode()[:120].decode(errors="ignore")
    target = project.root.with_name(name)
    shutil.move(project.root, target)
    return Project(Path(target))


_FENCE = re.compile(rb"\x1b7\x1b\[2;\d+H\x1b\[6n\x1b8")
_SEQUENCE = re.compile(
    rb"\x1b\[(?P<private>[<-?]*)(?P<args>[\d;:]*)(?P<inter>[ -/]*)(?P<final>[@-~])"
    rb"|\x1b\](?P<osc>\d+);(?P<said>[^\x07\x1b]*)(?:\x07|\x1b\\)|\x1b(?P<other>[^\[\]])"
)


def shapes(wire: bytes) -> set[tuple[bytes, ...]]:
    """What kinds of sequences were written: those of cursors and colours by their kind, all others word by word."""
    found: set[tuple[bytes, ...]] = set()
    for match in _SEQUENCE.finditer(_FENCE.sub(b"", wire)):
        if match["final"] is not None:
            exact = b"" if match["final"] in b"mHABCDGKX" else match["args"]
            found.add((match["private"], exact, match["final"]))
        elif match["osc"] is not None:
            found.add((b"]", match["osc"], match["said"]))
        else:
            found.add((match["other"],))
    return found


def assert_harmless(wire: bytes, clean: bytes) -> None:
    """Nothing in a hostile run was written that a clean run does not write."""
    assert MARK.encode() in wire, "nothing hostile was on screen"
    strange = shapes(wire) - shapes(clean)
    assert not strange, strange
    assert not re.search(rb"\xc2[\x80-\x9f]", wire)
    assert not set(wire) & {0x00, 0x0E, 0x0F, 0x7F}
    assert "\u202e".encode() not in wire
    assert b"PWN" not in b"".join(said for shape in shapes(wire) for said in shape)
