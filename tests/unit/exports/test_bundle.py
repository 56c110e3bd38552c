import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from core.connection import Connection
from core.errors import InputError, RefusedError
from core.project import Project
from core.settings import Settings
from core.windows import Windows
from exports import contract, staging
from exports.base import ExportRequest
from exports.bundle import ONNX_BUNDLE, check_target, is_bundle
from exports.staging import config_of, write_tokenizer
from tests.unit.exports.handmade import tokenizer
from tests.unit.exports.models_in_use import give_labels, give_model


def test_a_new_place_and_an_empty_directory_are_fine(tmp_path: Path) -> None:
    check_target(tmp_path / "new", force=False)
    check_target(tmp_path / "a" / "b" / "new", force=False)
    (tmp_path / "empty").mkdir()
    check_target(tmp_path / "empty", force=False)


@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_bundle_is_never_replaced(tmp_path: Path, force: bool) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "handful.json").write_text('{"format": "other"}', encoding="utf-8")
    for name in ("file", "photos", "foreign"):
        with pytest.raises(InputError, match="left as it is"):
            check_target(tmp_path / name, force=force)


def test_a_bundle_is_replaced_only_with_force(bundle: Path) -> None:
    assert is_bundle(bundle)
    with pytest.raises(InputError, match="--force"):
        check_target(bundle, force=False)
    check_target(bundle, force=True)


@pytest.mark.parametrize("force", [False, True])
def test_X7_a_link_is_never_followed(bundle: Path, tmp_path: Path, force: bool) -> None:
    (tmp_path / "link").symlink_to(bundle)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("link", "dangling"):
        with pytest.raises(InputError, match="link"):
            check_target(tmp_path / name, force=force)


@pytest.mark.parametrize("name", ["relative/x", "/", "/srv/nul\0x"])
def test_an_impossible_place_is_refused_in_words(name: str) -> None:
    with pytest.raises(InputError, match="can't be made here"):
        check_target(Path(name), force=False)


def test_a_project_is_no_bundle(project: Project) -> None:
    with pytest.raises(InputError, match="no bundle"):
        check_target(project.root, force=True)


def test_the_tokenizer_pads_to_the_longest_and_cuts_by_itself(tmp_path: Path) -> None:
    plain = tokenizer()
    plain.enable_padding(length=128, pad_id=4, pad_token="x")  # noqa: S106 (no password)
    plain.enable_truncation(128)
    plain.save(str(tmp_path / "given.json"))
    write_tokenizer(tmp_path / "given.json", tmp_path / "made.json", Windows(6, 4, 1), 0)
    made = Tokenizer.from_file(str(tmp_path / "made.json")).encode_batch(["slow", "slow wifi please"])
    assert [one.ids for one in made] == [[2, 9, 3, 0, 0], [2, 9, 10, 11, 3]]
    assert [one.attention_mask for one in made] == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
    (cut,) = Tokenizer.from_file(str(tmp_path / "made.json")).encode_batch(["slow " * 50])
    assert cut.ids == [2, 9, 9, 9, 9, 3]
    assert len(cut.overflowing) == 16, "three new tokens a window, after the four of the first"


def test_the_config_names_the_classes_and_nothing_of_this_machine(project: Project, con: Connection) -> None:
    give_labels(con)
    encoder = give_model(project, con, class_ids=(3, 1))
    facts = contract.read(project, con, Settings())
    said = config_of(json.loads((encoder / "config.json").read_text(encoding="utf-8")), facts)
    assert said["model_type"] == "bert"
    assert said["num_labels"] == 2
    assert said["id2label"] == {"0": "speed", "1": "refund"}
    assert said["label2id"] == {"speed": 0, "refund": 1}
    assert "auto_map" not in said
    assert "_name_or_path" not in said


def test_M8_too_little_room_is_refused_before_anything_is_written(
    project: Project, con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_labels(con)
    give_model(project, con)
    monkeypatch.setattr(staging.shutil, "disk_usage", lambda _path: type("U", (), {"free": 249})())
    request = ExportRequest(project, Settings(), tmp_path / "deep" / "out")
    with pytest.raises(RefusedError, match="too little room"):
        list(ONNX_BUNDLE.export(request))
    assert not (tmp_path / "deep").exists()


def test_an_encoder_that_is_gone_is_said(project: Project, con: Connection, tmp_path: Path) -> None:
    give_labels(con)
    (give_model(project, con) / "model.safetensors").unlink()
    with pytest.raises(RefusedError, match="is gone"):
        list(ONNX_BUNDLE.export(ExportRequest(project, Settings(), tmp_path / "out")))
    assert not (tmp_path / "out").exists()


def test_X3_leftovers_of_a_killed_export_are_cleared_and_other_peoples_are_not(
    project: Project, con: Connection, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    for name in (".stage-out-0123abcd", ".old-out", ".stage-other-0123abcd", ".old-other"):
        (place / name).mkdir()
        (place / name / "x").write_text(name, encoding="utf-8")
    give_labels(con)
    events = ONNX_BUNDLE.export(ExportRequest(project, Settings(), place / "out"))
    with pytest.raises(RefusedError, match="no model"):
        list(events)
    assert sorted(p.name for p in place.iterdir()) == [".old-other", ".stage-other-0123abcd", "out"]
    assert (place / "out" / "x").read_text(encoding="utf-8") == ".old-out", "the moved old one is put back"
