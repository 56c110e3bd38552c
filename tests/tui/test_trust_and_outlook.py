"""Metrics on the whole pool: what the audit stands for, whether confidence is to be trusted, how much more helps."""

import json

import numpy as np
import pytest
from textual.pilot import Pilot

from core import judged, predictions, settings
from core.connection import transaction
from core.errors import InputError
from core.evaluation.estimates import Control, Rest
from core.evaluation.outlook import Earlier, Past
from core.evaluation.stopping import Look
from core.judged import JudgedText
from core.project import Project
from core.publish import make_dir, publish_file
from core.records import Evaluation
from core.store import meta, models
from tests.conftest import POOL
from tests.tui.conftest import MakeApp
from tests.tui.driving import run
from tests.tui.looks import text_of
from tui.app import HandfulApp
from tui.commands.answers import answers_command

RIGHT = [(0.97, True)] * 22 + [(0.97, False)] + [(0.75, True)] * 11 + [(0.75, False)] * 3 + [(0.45, False)] * 3
LEVELS = tuple(300 if level == 97 else 150 if level == 75 else 50 if level == 45 else 0 for level in range(100))


@pytest.fixture
def audited(project: Project) -> Project:
    """40 texts drawn at random, 33 answered right; 500 are open and 60 labelled."""
    texts = [JudgedText(i, '{"class": 1}', f'{{"class": {2 - hit}}}', p) for i, (p, hit) in enumerate(RIGHT)]
    control = Control(40, 0.85, 0.85, 1.0)
    with project.open() as con:
        models.add_evaluation(con, Evaluation("head", "audit", 7, {"": {(1, 1): 33, (1, 2): 7}}))
        models.add_ranking(con, "000001", 7, {"source": "head", "n_labels": 60})
        with transaction(con):
            past = Past(60, 40, 33, (Earlier(30, 6, 1), Earlier(42, 3, 1)))
            meta.put(con, models.PAST, past.as_json())
            looks = [Look(50, 500, 0.97, 0.02, 0.2, 0.09), Look(60, 500, 0.98, 0.01, 0.15, 0.08)]
            meta.put(con, models.LOOKS, [one.as_json() for one in looks])
    judged.publish(project, "head", "audit", 7, texts, None, Rest({(1, 1): 60}, 500, {}, control, LEVELS))
    return project


def test_the_audit_says_what_it_stands_for(make_app: MakeApp, audited: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        found = text_of(app)
        assert "instant head · audit · accuracy 0.8" in found
        assert "drawn at random, they stand for 500 open texts; 60 labelled count" in found

    run(make_app("metrics"), story)


def test_trust_shows_what_is_said_beside_what_is_right_and_what_answering_alone_would_mean(
    make_app: MakeApp, audited: Project
) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("6")
        await pilot.pause(0.1)
        lines = text_of(app).splitlines()
        band = next(line for line in lines if "0.95–0.98" in line)
        assert "0.97" in band
        assert "◇" in "".join(lines)
        assert "60 %" in band
        assert "0.96 (0.8" in band
        assert "too few: 0" in next(line for line in lines if "0.98–1.00" in line)
        await pilot.press("down", "down")
        await pilot.pause(0.1)
        found = text_of(app)
        assert "can't tell yet; off by" in found
        assert "let it answer by itself from 0.60 on: 90 % of the open texts" in found
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert "Answer by itself from 0.60 on?" in text_of(app)
        await pilot.press("y")
        await pilot.pause(0.1)
        assert app.session.project.settings().answer_above == 0.6

    run(make_app("metrics"), story)


def test_the_curve_says_how_much_more_would_help_and_whether_to_stop(make_app: MakeApp, audited: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("2")
        await pilot.pause(0.1)
        found = text_of(app)
        assert "20 more labels: about +" in found
        assert "Go on: 2 of 4 signs say enough (agreement, flips)." in found
        assert "Is picking paying? Can't tell yet" in found

    run(make_app("metrics"), story)


def test_without_confidences_trust_says_what_is_missing(make_app: MakeApp, audited: Project) -> None:
    judged.publish(audited, "head", "audit", 7, [JudgedText(1, '{"class": 1}', '{"class": 1}')] * 40)

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("6")
        await pilot.pause(0.1)
        assert "How sure the model was of these texts is not known." in text_of(app)

    run(make_app("metrics"), story)


def test_what_the_model_answers_by_itself_is_printed_with_what_such_answers_are_worth(
    audited: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = audited.scores / "000001"
    directory.mkdir()
    publish_file(directory / "head.json", b'{"source": "head", "space": "s", "class_ids": [1, 2]}')
    space = make_dir(audited.embeddings / "s")
    publish_file(space / "space.json", b'{"encoder_dir": "e"}')
    scores = np.array([[0.96, 0.04], [0.3, 0.7], [0.01, 0.99]])
    predictions.write(directory, np.array([1, 2, 3]), scores, (1, 2), (), scores.max(axis=1).astype(np.float32))

    def printed(*options: str) -> tuple[list[dict[str, object]], str]:
        answers_command.main([str(audited.root), *options], standalone_mode=False)
        out, err = capsys.readouterr()
        return [json.loads(line) for line in out.splitlines()], err

    rows, said = printed("--above", "0.9")
    assert [(row["id"], row["label"], row["confidence"]) for row in rows] == [(1, "refund", 0.96), (3, "login", 0.99)]
    assert rows[0]["text"] == POOL[0]
    assert said == "2 texts answered at 0.9 and above; 96 % of such answers are right (83 to 99, 23 judged)\n"
    assert "too few were judged" in printed("--above", "0.98")[1]
    with pytest.raises(InputError, match="not said"):
        printed()
    settings.save(audited.root, settings.changed(audited.settings(), "answer_above", 0.97))
    assert [row["id"] for row in printed()[0]] == [3]
