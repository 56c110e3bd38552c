"""Machines and mutations: whatever people do and files hold, there is a right result or a clear refusal."""

import copy
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from core import connection, merging, queue
from core import project as projects
from core.errors import HandfulError, InputError
from core.importing.importer import import_file
from core.project import Project
from core.records import JobEvent
from core.store import acts, classes, examples, jobs, labels, marks, meta, models, search
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.folding import assert_folded

ANN = "ann"


@dataclass
class Seen:
    """What a person sees, written down without the database."""

    answers: dict[int, int | None] = field(default_factory=dict)
    """text → class, None for skipped"""
    names: dict[int, str] = field(default_factory=dict)
    active: set[int] = field(default_factory=set)


class Machine(RuleBasedStateMachine):
    """One person labels, skips, renames, merges, undoes, redoes; files come in; the process is killed."""

    template: Path

    @initialize()
    def start(self) -> None:
        self.home = Path(tempfile.mkdtemp())
        self.moves = 0
        self.root = self.home / "0"
        shutil.copytree(self.template, self.root)
        self.con = connection.connect(self.root / "labels.db")
        first = Seen({}, {1: "refund", 2: "login", 3: "speed"}, {1, 2, 3})
        self.past, self.now, self.future = list[Seen](), first, list[Seen]()
        self.texts = {row[0] for row in self.con.execute("SELECT text FROM examples")}

    def teardown(self) -> None:
        if hasattr(self, "con"):
            self.con.close()
            shutil.rmtree(self.home)

    def _did(self, change: Callable[[Seen], None]) -> None:
        self.past.append(copy.deepcopy(self.now))
        self.future.clear()
        change(self.now)

    @rule(text=st.integers(1, 12), pick=st.integers(0, 5))
    def labels_one(self, text: int, pick: int) -> None:
        choices = sorted(self.now.active)
        class_id = choices[pick % len(choices)]
        decide(self.con, CLASSIFY, [Decision(text, CLASSIFY.encode(ClassAnswer(class_id)))], ANN)
        self._did(lambda seen: seen.answers.__setitem__(text, class_id))

    @rule(text=st.integers(1, 12))
    def skips(self, text: int) -> None:
        decide(self.con, CLASSIFY, [Decision(text, None)], ANN)
        self._did(lambda seen: seen.answers.__setitem__(text, None))

    @rule(texts=st.sets(st.integers(1, 12), min_size=2, max_size=6), pick=st.integers(0, 5))
    def labels_many(self, texts: set[int], pick: int) -> None:
        choices = sorted(self.now.active)
        class_id = choices[pick % len(choices)]
        decide(self.con, CLASSIFY, [Decision(t, CLASSIFY.encode(ClassAnswer(class_id))) for t in texts], ANN)
        self._did(lambda seen: seen.answers.update(dict.fromkeys(texts, class_id)))

    @rule(class_id=st.integers(1, 3), name=st.sampled_from(["money", "back", "refund", "x'; drop", "退款"]))
    def renames(self, class_id: int, name: str) -> None:
        taken = {self.now.names[i] for i in self.now.active if i != class_id}
        before = labels.last_seq(self.con)
        if name in taken or class_id not in self.now.active or self.now.names[class_id] == name:
            with pytest.MonkeyPatch.context():
                try:
                    classes.rename(self.con, class_id, name, ANN)
                except InputError:
                    assert labels.last_seq(self.con) == before
                    return
            if labels.last_seq(self.con) == before:
                return
        else:
            classes.rename(self.con, class_id, name, ANN)
        self._did(lambda seen: seen.names.__setitem__(class_id, name))

    @rule(source=st.integers(1, 3), into=st.integers(1, 3))
    def merges(self, source: int, into: int) -> None:
        if len(self.now.active) < 2:
            return
        before = labels.last_seq(self.con)
        if source == into or into not in self.now.active or source not in self.now.active:
            if source == into or into not in self.now.active:
                with pytest.raises(InputError):
                    merging.merge(self.con, CLASSIFY, source, into, ANN)
                assert labels.last_seq(self.con) == before
            return
        merging.merge(self.con, CLASSIFY, source, into, ANN)

        def change(seen: Seen) -> None:
            seen.answers = {t: into if c == source else c for t, c in seen.answers.items()}
            seen.active.discard(source)

        self._did(change)

    @rule()
    def undoes(self) -> None:
        turned = acts.undo(self.con, CLASSIFY, ANN)
        assert (turned is not None) == bool(self.past)
        if self.past:
            self.future.append(self.now)
            self.now = self.past.pop()

    @rule()
    def redoes(self) -> None:
        turned = acts.redo(self.con, CLASSIFY, ANN)
        assert (turned is not None) == bool(self.future)
        if self.future:
            self.past.append(self.now)
            self.now = self.future.pop()

    @rule(texts=st.lists(st.sampled_from(["a", "b", "hi", "=1+1", "退款", "NA"]), min_size=1, max_size=4))
    def imports(self, texts: list[str]) -> None:
        path = self.home / "more.txt"
        path.write_text("\n".join(texts) + "\n", encoding="utf-8")
        report = import_file(Project(self.root), self.con, path)
        assert report.new == len(set(texts) - self.texts)
        assert report.lines == len(texts)
        self.texts |= set(texts)

    @rule()
    def is_killed(self) -> None:
        """What a kill leaves: the files as they are, the log not moved into the database."""
        self.moves += 1
        there = self.home / str(self.moves)
        shutil.copytree(self.root, there, ignore=shutil.ignore_patterns("*-shm"))
        self.con.close()
        self.root = there
        self.con = connection.connect(self.root / "labels.db")

    @invariant()
    def what_is_seen_is_what_was_done(self) -> None:
        if not hasattr(self, "con"):
            return
        assert_folded(self.con)
        answers = {
            row[0]: None if row[1] is None else CLASSIFY.decode(row[1]).class_id
            for row in self.con.execute("SELECT example_id, value FROM answers WHERE annotator = ?", (ANN,))
        }
        assert answers == self.now.answers
        assert set(classes.active_ids(self.con)) == self.now.active
        assert {i: classes.names(self.con)[i] for i in self.now.active} == {
            i: self.now.names[i] for i in self.now.active
        }
        assert {row[0] for row in self.con.execute("SELECT text FROM examples")} == self.texts


def play(template: Path, examples_: int, steps: int) -> None:
    here: type[Machine] = type("Here", (Machine,), {"template": template})
    run_state_machine_as_test(here, settings=settings(max_examples=examples_, stateful_step_count=steps, deadline=None))


def test_L4_C7_whatever_one_does_what_is_seen_follows(template: Path) -> None:
    play(template, 10, 25)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_L4_C7_the_same_for_long(template: Path) -> None:
    play(template, 150, 50)


# Mutated files

CSV = (
    'text,label,note\n"Where, is it?",refund,"a ""b"""\nhello,login,x\n退款什么时候到账？,refund,\n'
    '"two\nlines",speed,é\n'
)
JSONL = (
    '{"text": "Where is it?", "label": "refund", "n": 1}\n{"text": "hello \\u00e9", "label": "login"}\n'
    '{"text": "退款", "label": null, "meta": {"a": [1, 2]}}\n{"text": "x", "label": "speed"}\n'
)
JSON = '[{"text": "Where is it?", "label": "refund"}, {"text": "hello", "label": "login"}, {"text": "退款", "x": [1]}]'
PIECES = (b'"', b"\n", b"\r", b",", b"\x00", b"\xff", b"\xef\xbb\xbf", b"{", b"}", b"[", b"\\u", b"\\ud800", b"1e999")
PIECES += (b"NaN", b"null", b"true", b"\xf0\x9f", b"'", b"=", b"\t", b"-", b"9" * 40, b"[" * 300)


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Some bytes flipped, cut out, doubled, or replaced by what readers trip over."""
    out = bytearray(content)
    for _change in range(chance.randint(1, 6)):
        at = chance.randrange(len(out) + 1)
        end = min(len(out), at + chance.randint(0, 12))
        kind = chance.randrange(5)
        if kind == 0 and at < len(out):
            out[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del out[at:end]
        elif kind == 2:
            out[at:at] = out[at:end]
        elif kind == 3:
            out[at:end] = chance.choice(PIECES)
        else:
            out[at:end] = chance.randbytes(end - at)
    return bytes(out)


def parquet(path: Path) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = {"text": ["Where is it?", "hello", "退款", "x"], "label": ["refund", "login", None, "speed"]}
    pq.write_table(pa.table(rows), path)
    return path.read_bytes()


def contents(tmp_path: Path) -> dict[str, bytes]:
    return {
        "csv": CSV.encode(),
        "jsonl": JSONL.encode(),
        "json": JSON.encode(),
        "parquet": parquet(tmp_path / "whole.parquet"),
    }


def taken_or_refused(project: Project, path: Path) -> None:
    with project.open() as con:
        before, said = examples.extent(con), None
        try:
            report = import_file(project, con, path, label=("label",))
        except HandfulError as error:
            said, report = error, None
        if report is None:
            assert said is not None
            assert said.title
            assert examples.extent(con) == before
            return
        assert report.new + report.known + report.refused == report.lines
        assert examples.extent(con)[0] == before[0] + report.new
        assert_folded(con)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet"])
def test_X10_X12_X13_five_hundred_mutated_files_are_taken_or_refused(
    project: Project, tmp_path: Path, kind: str
) -> None:
    chance, content = random.Random(kind), contents(tmp_path)[kind]
    for _file in range(500):
        path = tmp_path / f"mutated.{kind}"
        path.write_bytes(mutated(content, chance))
        taken_or_refused(project, path)


def test_X13_a_few_mutated_files_are_taken_or_refused(project: Project, tmp_path: Path) -> None:
    chance = random.Random(1)
    for kind, content in contents(tmp_path).items():
        for _file in range(12):
            path = tmp_path / f"mutated.{kind}"
            path.write_bytes(mutated(content, chance))
            taken_or_refused(project, path)


def used(root: Path) -> None:
    """What every command does with a project."""
    project = projects.find(root)
    project.settings()
    with project.open() as con:
        task = project.task(con)
        connection.quick_check(con)
        meta.counters(con)
        classes.all_classes(con)
        list(examples.walk(con))
        examples.labelled(con)
        search.find(con, "router")
        for item in queue.upcoming(project, con, 3):
            decide(con, task, [Decision(item.example_id, None)], ANN)
        acts.undo(con, task, ANN)
        jobs.recent(con)
        jobs.events(con, 1)
        models.rounds(con)
        models.newest_ranking(con)
        labels.history(con, ANN, limit=20)
        labels.last_served(con, ANN)
        marks.of(con, range(1, 13))


def damaged_projects(project: Project, there: Path, n: int) -> Iterator[Path]:
    chance = random.Random(5)
    with project.open() as con:
        given = [Decision(n, CLASSIFY.encode(ClassAnswer(n % 3 + 1)), {"strategy": "random"}) for n in range(1, 9)]
        decide(con, CLASSIFY, given, ANN)
        acts.undo(con, CLASSIFY, ANN)
        acts.redo(con, CLASSIFY, ANN)
        classes.describe(con, 1, "about money", ANN)
        marks.note(con, 2, "a note", ANN)
        labels.record_served(con, {9: {"strategy": "margin", "reason": {"kind": "unranked", "args": {}}}}, ANN)
        models.add_ranking(con, "000001", 3, {"space": "x"})
        job_id = jobs.enqueue(con, "round", {"a": 1})
        jobs.claim(con, "me")
        jobs.add_event(con, job_id, JobEvent("progress", {"done": 1, "total": 2}))
        models.start_round(con, job_id, 3, "hash", 8)
        models.end_round(con, 1, "rejected", "words", {"scores": [1]})
    database = project.database.read_bytes()
    toml = b'strategy = "random"\nseed = 4\nopen_classes = true\nencoder = "minilm"\n'
    for number in range(n):
        shutil.rmtree(there, ignore_errors=True)
        shutil.copytree(project.root, there, ignore=shutil.ignore_patterns("labels.db*"))
        (there / "handful.toml").write_bytes(mutated(toml, chance) if number % 4 == 0 else toml)
        content = bytearray(database)
        if number % 4:
            for _change in range(chance.randint(1, 5)):
                at = chance.randrange(len(content))
                content[at : at + chance.randint(1, 60)] = chance.randbytes(chance.randint(1, 60))
            del content[chance.choice([len(content)] * 3 + [chance.randrange(len(content))]) :]
        (there / "labels.db").write_bytes(bytes(content))
        yield there


def opened_or_refused(project: Project, there: Path, n: int) -> None:
    refused = 0
    for root in damaged_projects(project, there, n):
        try:
            used(root)
        except HandfulError as error:
            refused += bool(error.title)
    assert refused > n // 10


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_D2_D13_five_hundred_mutated_projects_are_opened_or_refused(project: Project, tmp_path: Path) -> None:
    opened_or_refused(project, tmp_path / "there", 500)


def test_D2_a_few_mutated_projects_are_opened_or_refused(project: Project, tmp_path: Path) -> None:
    opened_or_refused(project, tmp_path / "there", 40)
