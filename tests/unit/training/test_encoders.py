"""Finding an encoder by name: verified, complete, and without a network where none is needed."""

import importlib
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants, file_download

from core.errors import InputError
from core.training.encoders import embedded
from core.training.encoders.base import NEEDED, locate
from core.training.encoders.embedded import EMBEDDED, PACKAGE, sha256_of
from core.training.encoders.hub import HUB, _reporting_bar


def quiet(done: int, total: int) -> None:
    pass


@pytest.fixture
def copied(minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's weights that is found instead of the installed one."""
    package = tmp_path / "site" / PACKAGE
    shutil.copytree(minilm, package / "model")
    (package / "__init__.py").write_text("raise RuntimeError('it must be found without being imported')")
    monkeypatch.syspath_prepend(package.parent)
    importlib.invalidate_caches()
    return package / "model"


def test_the_embedded_encoder_is_found_without_being_imported(copied: Path) -> None:
    assert locate("minilm", quiet) == copied


def test_M4_one_flipped_byte_in_the_embedded_encoder_is_refused(copied: Path) -> None:
    assert EMBEDDED.locate("minilm", quiet) == copied
    with (copied / "model.safetensors").open("r+b") as file:
        file.seek(50_000_000)
        byte = file.read(1)
        file.seek(50_000_000)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(InputError, match="not the one that was published"):
        EMBEDDED.locate("minilm", quiet)


def test_an_embedded_encoder_without_its_tokenizer_is_refused(copied: Path) -> None:
    (copied / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"lacks tokenizer\.json"):
        EMBEDDED.locate("minilm", quiet)


def test_a_missing_package_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "PACKAGE", "handful_no_such_package")
    with pytest.raises(InputError, match="not installed"):
        EMBEDDED.locate("minilm", quiet)


def test_M6_a_hash_is_not_remembered_once_the_file_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    one = sha256_of(path)
    path.write_bytes(b"three")
    assert sha256_of(path) != one


def test_a_directory_is_taken_as_it_is(bert: Path) -> None:
    assert locate(str(bert), quiet) == bert


def test_a_directory_may_be_named_from_where_one_stands(own_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own_bert.parent)
    assert locate("encoder", quiet) == locate("./encoder", quiet) == own_bert
    monkeypatch.setenv("HOME", str(own_bert.parent))
    assert locate("~/encoder", quiet) == own_bert


@pytest.mark.parametrize("gone", [("model.safetensors",), ("config.json", "tokenizer.json"), NEEDED])
def test_a_directory_that_lacks_files_is_refused_with_their_names(own_bert: Path, gone: tuple[str, ...]) -> None:
    for name in gone:
        (own_bert / name).unlink()
    with pytest.raises(InputError) as caught:
        locate(str(own_bert), quiet)
    assert all(name in caught.value.what for name in gone)
    assert not any(name in caught.value.what for name in set(NEEDED) - set(gone))


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no directory"):
        locate(str(tmp_path / "nowhere"), quiet)


@pytest.mark.parametrize("name", ["a b", "owner/name/more", "https://x.org/y", "owner/na\nme", "-rf", "模型"])
def test_a_name_that_can_be_no_encoder_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="no encoder called"):
        locate(name, quiet)


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no network."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.mark.parametrize("name", ["intfloat/multilingual-e5-small", "gpt2", "owner/name@v1.0"])
def test_M5_without_a_network_a_hub_id_is_explained_at_once(offline: Path, name: str) -> None:
    start = time.monotonic()
    with pytest.raises(InputError) as caught:
        locate(name, quiet)
    assert time.monotonic() - start < 5
    assert "no network" in caught.value.title
    assert "HF_ENDPOINT" in caught.value.hint


@pytest.mark.parametrize("name", ["a--b", "foo..bar/x", "x" * 100, "owner/.name."])
def test_an_id_the_hub_would_not_allow_is_explained_too(offline: Path, name: str) -> None:
    with pytest.raises(InputError):
        locate(name, quiet)


def cache(root: Path, source: Path, name: str, files: tuple[str, ...] = NEEDED) -> Path:
    """Files as huggingface_hub would have left them."""
    folder, commit = root / f"models--{name.replace('/', '--')}", "0123456789012345678901234567890123456789"
    snapshot = folder / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(commit)
    for file in files:
        shutil.copyfile(source / file, snapshot / file)
    return snapshot


def test_M5_what_is_cached_is_used_without_asking_the_network(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_call(*_args: Any, **_kwargs: Any) -> None:
        pytest.fail("asked the network")

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(file_download, "get_hf_file_metadata", no_call)
    snapshot = cache(tmp_path / "hub", bert, "owner/name")
    assert locate("owner/name", quiet) == snapshot


def test_M4_a_half_cached_encoder_is_not_taken_for_a_whole_one(bert: Path, offline: Path) -> None:
    cache(offline, bert, "owner/name", ("config.json", "tokenizer.json"))
    with pytest.raises(InputError, match="no network"):
        locate("owner/name", quiet)


def test_a_download_tells_its_bytes_and_can_be_stopped() -> None:
    told: list[tuple[int, int]] = []

    def report(done: int, total: int) -> None:
        told.append((done, total))
        if done > 20:
            raise KeyboardInterrupt

    bar = _reporting_bar(report)(total=30, unit="B")
    bar.update(10)
    bar.update(5)
    assert told == [(10, 30), (15, 30)]
    with pytest.raises(KeyboardInterrupt):
        bar.update(10)


def test_ids_with_a_revision_are_the_hubs() -> None:
    assert HUB.accepts("owner/name@refs/pr/3")
    assert HUB.accepts("name")
    assert not HUB.accepts("./name")
