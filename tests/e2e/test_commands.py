"""The command line as a user meets it: every command once in a project's life, for people and for programs."""

import csv
import io
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.connection import transaction
from core.project import Project
from core.store import classes, examples, jobs, labels, models
from core.worker.lock import holder
from tests.e2e.cli import HANDFUL, Cli, Said, narrow
from tests.e2e.conftest import CLASSES, HELD_OUT, TEXTS, answers, give, gold, set_options, write_csv
from tests.nasty import STORABLE
from tui.commands import COMMANDS

Story = dict[str, Said]


@pytest.fixture(scope="module")
def story(_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """One project's life with one worker: what each command said, under a name for its moment."""
    root = tmp_path_factory.mktemp("story")
    shutil.copytree(_made, root / "mail")
    # random weights have more to learn than an encoder that has read before
    set_options(Project(root / "mail"), learning_rate=3e-3, epochs=30)
    cli = Cli(root)
    said: Story = {}
    try:
        said["next"] = cli("next", "mail", "-n", 30, "--json")
        ids = [row["id"] for row in said["next"].rows]
        (root / "answers.jsonl").write_text(answers(ids), encoding="utf-8")
        said["label"] = cli("label", "mail", "answers.jsonl", "--json")
        said["undo"] = cli("undo", "mail", "--json")
        said["undo again"] = cli("undo", "mail")
        said["redo"] = cli("redo", "mail")
        said["redo again"] = cli("redo", "mail", "--json")
        said["metrics of the head"] = cli("metrics", "mail", "--json")
        said["next for people"] = cli("next", "mail", "-n", 3)
        said["round"] = cli("round", "mail", "--wait", "--json")
        said["metrics"] = cli("metrics", "mail")
        said["metrics from one source"] = cli("metrics", "mail", "--source", "test", "--json")
        said["status"] = cli("status", "mail")
        said["status as json"] = cli("status", "mail", "--json")
        said["export"] = cli("export", "mail", "--to", "model", "--json")
        said["jobs"] = cli("jobs", "mail")
        said["jobs as json"] = cli("jobs", "mail", "--json")
        said["logs"] = cli("logs", "mail", "-n", 100)
        said["predict"] = cli("predict", "model", stdin=json.dumps({"text": HELD_OUT[1], "id": 7}))
        (root / "lines.txt").write_text(f"{HELD_OUT[0]}\n{HELD_OUT[2]}\n", encoding="utf-8")
        said["predict lines"] = cli("predict", "model", "lines.txt", "--text-lines")
        said["verify"] = cli("verify", "model", "--json")
        said["labels"] = cli("labels", "mail", "--to", "out.jsonl", "--json")
        said["clean"] = cli("clean", "mail", "--yes", "--json")
        said["doctor"] = cli("doctor", "mail", "--json")
        yield said
    finally:
        cli.stop_workers()


def test_next_gives_a_text_a_line_with_its_reason(story: Story) -> None:
    rows = story["next"].rows
    assert len({row["id"] for row in rows}) == 30
    assert all(row["text"] == TEXTS[row["id"] - 1] and row["why"] for row in rows)
    assert set(rows[0]) == {"id", "text", "why", "strategy", "probability", "suggestion"}


def test_label_undo_and_redo_say_what_they_touched(story: Story) -> None:
    asked = [row["id"] for row in story["next"].rows]
    assert story["label"].json == {"new": 30, "known": 0}
    assert story["undo"].json == {"ids": asked}
    assert (story["undo again"].out, story["undo again"].err) == ("", "There is nothing to undo.\n")
    assert story["redo"].lines[0] == "Brought back: 30 labels."
    assert story["redo"].lines[-1].strip() == "… and 10 more"
    assert story["redo again"].json == {"ids": []}


def test_next_suggests_once_there_is_a_head(story: Story) -> None:
    lines = story["next for people"].lines
    assert len(lines) == 6
    assert " · instant head: " in lines[1]


def test_metrics_say_their_model_and_source(story: Story) -> None:
    found = story["metrics of the head"].json
    assert found["model"] == "head"
    sources = {report["source"]: report for report in found["reports"] if not report["slice"]}
    assert {"test", "out-of-fold"} <= set(sources)
    assert sources["test"]["n"] == len(HELD_OUT)
    assert sources["out-of-fold"]["n"] == 30


def test_a_round_is_narrated_on_stderr_and_its_result_is_data(story: Story) -> None:
    found = story["round"].json
    assert found["round"] == 1
    assert found["kept"] is True
    assert 0.0 <= found["macro_f1"] <= 1.0
    assert "fold 1 of 2" in story["round"].err


def test_metrics_after_a_round_are_those_of_its_model(story: Story) -> None:
    assert story["metrics"].lines[0] == "Model in use: round 1"
    assert f"test: {len(HELD_OUT)} texts" in story["metrics"].out
    assert narrow(story["metrics"].lines)
    found = story["metrics from one source"].json
    assert found["model"] == "round 1"
    assert {report["source"] for report in found["reports"]} == {"test"}


def test_status_tells_how_far_the_project_is(story: Story) -> None:
    found = story["status as json"].json
    assert (found["pool"], found["test"], found["answered"], found["skipped"]) == (60, 30, 30, 0)
    assert sum(found["classes"].values()) == 30
    assert found["model"] == "round 1"
    assert [one["state"] for one in found["rounds"]] == ["kept"]
    assert found["worker"]["state"] == "running"
    assert "Model in use: round 1." in story["status"].lines
    assert narrow(story["status"].lines[1:])


def test_a_bundle_answers_in_a_process_without_torch(story: Story) -> None:
    found = story["export"].json
    assert Path(found["path"]).name == "model"
    assert found["parity"]["flips"] == 0
    (answer,) = story["predict"].rows
    assert answer["id"] == 7
    assert answer["label"] == max(answer["scores"], key=answer["scores"].__getitem__)
    assert set(answer["scores"]) == set(CLASSES)
    assert sum(answer["scores"].values()) == pytest.approx(1.0, abs=1e-4)
    assert [set(row["scores"]) for row in story["predict lines"].rows] == [set(CLASSES), set(CLASSES)]


def test_a_bundle_is_verified_from_its_contract_to_its_answers(story: Story) -> None:
    found = story["verify"].json
    assert found["ok"] is True
    assert [check["name"] for check in found["checks"]] == ["schema", "files", "graph", "tokenizer", "probes"]


def test_jobs_are_listed_newest_first(story: Story) -> None:
    assert [job["kind"] for job in story["jobs as json"].json] == ["export", "round", "embed"]
    assert {job["state"] for job in story["jobs as json"].json} == {"done"}
    assert len(story["jobs"].lines) == 4
    assert narrow(story["jobs"].lines)


def test_logs_hold_no_text_of_the_data(story: Story) -> None:
    assert "worker started" in story["logs"].out
    assert not [text for text in TEXTS if text in story["logs"].out]


def test_the_labelled_data_comes_back_whole(story: Story) -> None:
    assert story["labels"].json["rows"] == 30 + len(HELD_OUT)


def test_clean_removes_what_nothing_needs(story: Story) -> None:
    found = story["clean"].json
    assert found["removed"] is True
    assert found["freed_bytes"] == sum(item["bytes"] for item in found["found"])


def test_doctor_is_content_with_a_healthy_project(story: Story) -> None:
    checks = {item["check"]: item for item in story["doctor"].json}
    assert all(item["ok"] for item in checks.values()), checks
    assert {"Python", "SQLite", "embedded encoder", "database", "permissions", "worker"} <= set(checks)


def test_a_script_drives_the_loop_with_next_and_label(handful: Cli, mail: Project) -> None:
    given: dict[int, str] = {}
    for _cycle in range(3):
        rows = handful("next", "mail", "-n", 4, "--json").rows
        with mail.open(readonly=True) as con:
            ranking = models.newest_ranking(con)
            assert ranking is not None
            assert ranking.event_seq == labels.last_seq(con)
        assert len(rows) == 4
        assert not given.keys() & {row["id"] for row in rows}
        new = {row["id"]: gold(row["text"]) for row in rows}
        lines = "".join(json.dumps({"id": i, "label": name}) + "\n" for i, name in new.items())
        assert handful("label", "mail", "-", "--json", stdin=lines).json == {"new": 4, "known": 0}
        given |= new
    with mail.open(readonly=True) as con:
        picks = [item.pick for item in examples.labelled(con)]
    assert len(picks) == 12
    assert all(pick["strategy"] and pick["reason"] for pick in picks)


def test_next_can_answer_at_once_and_starts_no_worker(handful: Cli, mail: Project) -> None:
    rows = handful("next", "mail", "-n", 100, "--no-wait", "--json").rows
    assert sorted(row["text"] for row in rows) == sorted(TEXTS)
    assert {row["strategy"] for row in rows} == {"unranked"}
    assert holder(mail.worker_lock) is None


def test_next_has_nothing_to_say_when_all_is_answered(forked: Cli, mail: Project) -> None:
    give(mail, range(1, 61))
    for flags in ((), ("--json",)):
        said = forked("next", "mail", "--no-wait", *flags)
        assert (said.out, said.err) == ("", "Nothing is left to ask.\n")


def test_a_reader_that_goes_away_leaves_no_trace(handful: Cli, mail: Project) -> None:
    for flags in ("", "--json"):
        said = handful.script(f"handful next mail -n 60 --no-wait {flags} | head -n 1")
        assert (said.code, said.err, said.out.count("\n")) == (0, "", 1)
    said = handful.script("handful config mail | head -n 1")
    assert (said.code, said.err) == (0, "")


def test_a_full_disk_behind_stdout_is_said(handful: Cli, mail: Project) -> None:
    said = handful.script("handful status mail > /dev/full")
    assert said.code == 3
    assert said.err.splitlines()[:2] == ["Error: The system refused something.", "  No space left on device"]


def test_answers_come_from_stdin_and_skips_count_apart(handful: Cli, mail: Project) -> None:
    lines = ['{"id": 1, "label": "billing", "uuid": "a"}', json.dumps({"text": TEXTS[1], "label": "delivery"})]
    lines += ["", '{"id": 3, "skip": true}']
    assert handful("label", "mail", "-", stdin="\n".join(lines)).out == "3 answers saved, 0 known already.\n"
    again = handful("label", "mail", "-", "--json", stdin='{"id": 1, "label": "billing", "uuid": "a"}')
    assert again.json == {"new": 0, "known": 1}
    found = handful("status", "mail", "--json").json
    assert (found["answered"], found["skipped"]) == (2, 1)
    assert found["classes"] == {"billing": 1, "delivery": 1, "internet": 0}


def test_answers_are_saved_even_if_no_worker_can_be_started(handful: Cli, mail: Project) -> None:
    mail.logs.rmdir()
    mail.logs.write_bytes(b"")
    said = handful("label", "mail", "-", stdin='{"id": 1, "label": "billing"}')
    assert said.out == "1 answers saved, 0 known already.\n"
    assert said.err.startswith("It is saved, but: The worker can't be started.\n")
    assert handful("status", "mail", "--json").json["answered"] == 1


def test_everybody_undoes_their_own(handful: Cli, mail: Project) -> None:
    give(mail, [1, 2], "ada")
    give(mail, [3], "ben")
    assert handful("undo", "mail", "--as", "ada", "--json").json == {"ids": [1, 2]}
    assert handful("undo", "mail", "--as", "carol").err == "There is nothing to undo.\n"
    handful("labels", "mail", "--to", "out.jsonl")
    rows = [json.loads(line) for line in (handful.cwd / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["text"], row["label"], row["annotator"]) for row in rows if row["split"] == "pool"] == [
        (TEXTS[2], gold(TEXTS[2]), "ben")
    ]


def test_a_test_text_is_neither_served_nor_accepted(forked: Cli, mail: Project) -> None:
    served = forked("next", "mail", "-n", 1000, "--no-wait", "--json").rows
    assert not {row["text"] for row in served} & set(HELD_OUT)
    for line in ({"id": 61, "label": "internet"}, {"text": HELD_OUT[0], "label": "internet"}, {"id": 61, "skip": True}):
        said = forked("label", "mail", "-", stdin=json.dumps(line), code=2)
        assert "test set" in said.err
    assert forked("status", "mail", "--json").json["answered"] == 0


def test_existing_answers_are_taken_over(forked: Cli, encoder: Path) -> None:
    source = write_csv(forked.cwd / "mail.csv", label=True)
    said = forked("new", "mail", "--data", source, "--label", "label", "--encoder", encoder, "--json").json
    assert said["project"] == str(forked.cwd / "mail")
    assert said["imports"][0]["answers"] == 60
    assert forked("status", "mail", "--json").json["classes"] == dict.fromkeys(CLASSES, 20)
    assert forked("labels", "mail", "--to", "out.csv").out == "60 labelled texts in out.csv\n"
    rows = list(csv.DictReader(io.StringIO((forked.cwd / "out.csv").read_text(encoding="utf-8"))))
    assert {row["annotator"] for row in rows} == {"import"}
    assert [(row["text"], row["label"]) for row in rows] == [(text, gold(text)) for text in TEXTS]


def test_a_listed_class_is_never_added_to(handful: Cli, mail: Project) -> None:
    said = handful("label", "mail", "-", stdin='{"id": 1, "label": "biling"}', code=2)
    assert "there is no class 'biling'" in said.err
    assert "Did you mean 'billing'?" in said.err
    assert handful("config", "mail", "open_classes", "--json").json == {"open_classes": False}


def test_without_a_list_the_first_answer_makes_the_class(forked: Cli, encoder: Path) -> None:
    forked("new", "mail", "--data", write_csv(forked.cwd / "mail.csv"), "--encoder", encoder)
    forked("label", "mail", "-", stdin='{"id": 1, "label": "brand new"}')
    assert forked("status", "mail", "--json").json["classes"] == {"brand new": 1}


def test_a_labels_file_describes_the_classes(forked: Cli, encoder: Path) -> None:
    (forked.cwd / "labels.toml").write_text(
        '[[labels]]\nname = "billing"\nkey = "b"\ndescription = "About money."\nexamples = ["charged twice"]\n'
        '[[labels]]\nname = "delivery"\n',
        encoding="utf-8",
    )
    source = write_csv(forked.cwd / "mail.csv")
    forked("new", "mail", "--data", source, "--labels", "labels.toml", "--encoder", encoder)
    with Project(forked.cwd / "mail").open(readonly=True) as con:
        first, second = classes.all_classes(con)
    assert (first.name, first.key, first.description, first.examples) == (
        "billing", "b", "About money.", ("charged twice",)
    )  # fmt: skip
    assert second.name == "delivery"
    assert forked("config", "mail", "open_classes", "--json").json == {"open_classes": False}


def test_a_second_file_is_joined_not_doubled(forked: Cli, mail: Project) -> None:
    write_csv(forked.cwd / "more.csv", (*TEXTS[:5], "a new one about money", " "))
    said = forked("import", "mail", "more.csv")
    assert said.lines[0] == "more.csv: 7 lines, 1 new, 5 known, 1 refused, 0 with an answer."
    assert "line 8: " in said.lines[1]
    assert said.err == "Next: handful next mail\n"
    assert forked("import", "mail", "more.csv", "--json").json["imports"][0]["known"] == 6
    assert forked("status", "mail", "--json").json["pool"] == 61


def test_new_texts_wake_the_worker_of_a_project_in_use(handful: Cli, mail: Project) -> None:
    write_csv(handful.cwd / "more.csv", ("a new one about money",))
    with mail.open() as con:
        models.add_ranking(con, "000001", 0, {})
    handful("import", "mail", "more.csv")
    assert holder(mail.worker_lock) is not None


def test_a_test_file_can_come_later(forked: Cli, mail: Project) -> None:
    source = write_csv(forked.cwd / "later.csv", (*TEXTS[:2], "one more about a parcel"), label=True)
    report = forked("import", "mail", source, "--test", "--label", "label", "--json").json["imports"][0]
    assert (report["split"], report["moved"], report["answers"]) == ("test", 2, 3)
    found = forked("status", "mail", "--json").json
    assert (found["pool"], found["test"]) == (58, 33)


def test_config_shows_and_sets(forked: Cli, mail: Project) -> None:
    shown = forked("config", "mail")
    assert narrow(shown.lines[2:])
    assert "epochs = 12  (default)" in shown.lines
    assert forked("config", "mail", "epochs", "3").lines[0] == "epochs = 3  (set in handful.toml)"
    assert forked("config", "mail", "epochs", "--json").json == {"epochs": 3}
    assert forked("config", "mail", "--json").json["epochs"] == 3
    forked("config", "mail", "epochs", "12")
    assert "epochs" not in (mail.root / "handful.toml").read_text(encoding="utf-8")


def test_config_says_what_follows(forked: Cli, mail: Project) -> None:
    assert forked("config", "mail", "max_length", "64").err == "The texts are embedded anew before the next ranking.\n"
    assert forked("config", "mail", "slice_by", "lang").err == ""
    assert forked("config", "mail", "slice_by", "land").err == (
        "No text has a column called 'land'; there are: lang.\n"
    )


def test_config_keeps_the_place_of_an_encoder(handful: Cli, mail: Project, encoder: Path) -> None:
    shutil.copytree(encoder, handful.cwd / "mine")
    assert handful("config", "mail", "encoder", "mine", "--json").json == {"encoder": str(handful.cwd / "mine")}


def test_jobs_can_be_cancelled(handful: Cli, mail: Project) -> None:
    with mail.open() as con:
        waiting = jobs.enqueue(con, "export")
    assert handful("cancel", "mail", waiting, "--json").json == {"id": waiting, "state": "cancelled"}
    assert handful("cancel", "mail", waiting).out == f"Job {waiting} was over already: cancelled.\n"


def test_a_fresh_project_has_no_jobs_and_no_log(forked: Cli, mail: Project) -> None:
    assert forked("jobs", "mail").out == ""
    assert forked("jobs", "mail", "--json").json == []
    assert forked("logs", "mail").out == ""
    assert forked("status", "mail").lines[-1] == "Worker: not running; it starts when there is work."


def test_clean_asks_before_it_removes(forked: Cli, mail: Project) -> None:
    assert forked("clean", "mail").err == "There is nothing to remove.\n"
    for number in (1, 2, 3):
        (mail.rounds / f"{number:03d}").mkdir()
        (mail.rounds / f"{number:03d}" / "weights").write_bytes(b"x" * 2000)
    listed = forked("clean", "mail", "--json").json
    assert (len(listed["found"]), listed["removed"], listed["freed_bytes"]) == (2, False, 0)
    refused = forked("clean", "mail", stdin="n\n")
    assert "rounds/001" in refused.out
    assert "2.0 kB" in refused.out
    assert (mail.rounds / "001").exists()
    assert "4.0 kB freed." in forked("clean", "mail", stdin="y\n").lines
    assert [path.name for path in mail.rounds.iterdir()] == ["003"]


def test_the_demo_project_is_made_once(forked: Cli) -> None:
    assert forked("demo", "--dir", "try").lines[0] == "The demo project lies in try."
    assert forked("demo", "--dir", "try", "--json").json == {"project": str(forked.cwd / "try")}
    found = forked("status", "try", "--json").json
    assert found["pool"] > 300
    assert found["test"] > 100


def test_whatever_the_texts_hold_the_terminal_stays_as_it_was(forked: Cli, encoder: Path) -> None:
    texts = [text for text in STORABLE if text.strip() and "\x00" not in text]
    lines = "".join(json.dumps({"text": text, "column": text}) + "\n" for text in texts)
    (forked.cwd / "nasty.jsonl").write_text(lines, encoding="utf-8")
    forked("new", "mail", "--data", "nasty.jsonl", "--text", "text", "--encoder", encoder)
    shown = forked("next", "mail", "-n", 1000, "--no-wait")
    assert narrow(shown.lines)
    rows = forked("next", "mail", "-n", 1000, "--no-wait", "--json").rows
    assert {row["text"] for row in rows} <= set(texts)
    assert len(rows) > 0.9 * len(texts)
    name = "n\u00e4me \U0001f44d\U0001f3fd " + "字" * 60
    given = "".join(json.dumps({"id": row["id"], "label": name}) + "\n" for row in rows)
    forked("label", "mail", "-", stdin=given)
    assert narrow(forked("status", "mail").lines[1:])
    assert narrow(forked("undo", "mail").lines)


def test_an_interrupted_command_ends_quietly(handful: Cli, mail: Project) -> None:
    child = subprocess.Popen(
        [HANDFUL, "next", "mail"], cwd=handful.cwd, env=handful.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while holder(mail.worker_lock) is None:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    assert (child.returncode, out, err.strip()) == (130, b"", b"")


def test_following_a_job_can_be_left_and_the_job_goes_on(handful: Cli, mail: Project) -> None:
    give(mail, range(1, 13))
    child = subprocess.Popen(
        [HANDFUL, "round", "mail", "--wait"],
        cwd=handful.cwd,
        env=handful.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while holder(mail.worker_lock) is None:
        time.sleep(0.02)
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=10)
    assert child.returncode == 130
    assert "goes on in the background; to stop it: handful cancel" in err.decode()


def test_embedding_that_failed_is_tried_again_when_asked_again(handful: Cli, mail: Project, encoder: Path) -> None:
    place = handful.cwd / "moving"
    shutil.copytree(encoder, place)
    set_options(mail, encoder=str(place))
    place.rename(handful.cwd / "away")
    said = handful("next", "mail", code=2)
    assert "There is no encoder in this place." in said.err
    (handful.cwd / "away").rename(place)
    assert len(handful("next", "mail", "--json").rows) == 10


def test_help_has_sections_and_fits_the_screen(handful: Cli) -> None:
    said = handful("--help")
    assert narrow(said.lines)
    assert [line for line in said.lines if line.endswith(":")] == [
        "Options:", "Start:", "Label:", "Learn:", "Ship:", "Care:"
    ]  # fmt: skip
    assert "$ handful next mail -n 5" in handful("next", "-h").out


def test_a_mistyped_command_gets_the_nearest(handful: Cli) -> None:
    said = handful("staus", "mail", code=2)
    assert said.err.splitlines()[:2] == ["Error: There is no command called 'staus'.", "  Did you mean 'status'?"]
    assert "handful --help" in handful("frobnicate", code=2).err
    assert handful("--version").out.startswith("handful, version ")
    assert "Usage: handful" in handful(code=2).err


def _completed(cli: Cli, *words: str) -> list[str]:
    env = {"_HANDFUL_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    return [line.partition(",")[2] for line in Cli(cli.cwd, env)().lines]


def test_the_shell_completes_commands_and_options(handful: Cli, mail: Project) -> None:
    assert _completed(handful, "handful", "st") == ["status"]
    assert _completed(handful, "handful", "") == [entry.name for entry in COMMANDS]
    assert _completed(handful, "handful", "config", "mail", "learning") == ["learning_rate"]
    assert _completed(handful, "handful", "config", "mail", "optimizer", "") == ["adamw", "sgd"]
    assert _completed(handful, "handful", "next", "--js") == ["--json"]
    assert "_HANDFUL_COMPLETE" in handful("completion", "bash").out


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_embedded_encoder_goes_the_same_way(handful: Cli) -> None:
    handful("new", "mail", "--data", write_csv(handful.cwd / "mail.csv"), "--labels", ",".join(CLASSES))
    ids = [row["id"] for row in handful("next", "mail", "-n", 12, "--json").rows]
    handful("label", "mail", "-", stdin=answers(ids))
    found: dict[str, Any] = handful("metrics", "mail", "--json").json
    assert found["model"] == "head"
    export = handful("export", "mail", "--to", "model", "--json").json
    assert export["parity"]["flips"] == 0
    (answer,) = handful("predict", "model", stdin='{"text": "I was charged twice, I want my money back"}').rows
    assert answer["label"] == "billing"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_runs_by_itself(handful: Cli) -> None:
    found = handful("demo", "--auto", "--dir", "try", "--json").json
    assert found["labels"] == 48
    assert found["bundle"]["parity"]["flips"] == 0
    assert found["onnx_accuracy"] > 0.5


def test_a_dead_workers_job_can_still_be_cancelled(handful: Cli, mail: Project) -> None:
    with mail.open() as con:
        number = jobs.enqueue(con, "export")
        with transaction(con):
            con.execute("UPDATE jobs SET state = 'running', attempts = 1 WHERE id = ?", (number,))
    assert handful("status", "mail", "--json").json["jobs"][0]["state"] == "interrupted"
    assert handful("cancel", "mail", number).out == f"Job {number}: stopping.\n"
    end = time.monotonic() + 30
    while {job["id"]: job["state"] for job in handful("jobs", "mail", "--json").json}[number] != "cancelled":
        assert time.monotonic() < end
        time.sleep(0.2)
