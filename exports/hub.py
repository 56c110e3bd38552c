"""A bundle on a hub: a model repository with the bundle's own files and nothing else, in one commit.

The token is huggingface_hub's business (`hf auth login`, or HF_TOKEN); a repository that is made here is private unless
the caller says otherwise, for a card tells about the texts it was made with.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from core.errors import InputError, RefusedError
from core.i18n import _
from core.show import visible
from exports.runtime.errors import BundleError
from exports.runtime.sealed import MANIFEST, verified

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}", re.ASCII)


class Api(Protocol):
    """What is used of `huggingface_hub.HfApi`."""

    def create_repo(self, repo_id: str, *, private: bool, exist_ok: bool) -> Any:
        """Make the repository, unless it is there."""
        ...

    def create_commit(self, repo_id: str, operations: Sequence[Any], *, commit_message: str) -> Any:
        """Upload files as one commit; its `commit_url` says where they are."""
        ...


@dataclass(frozen=True, slots=True)
class Upload:
    """What would be uploaded, or was."""

    repo: str
    """owner/name."""
    private: bool
    """Whether a repository made for it is private; one that is there stays as it is."""
    files: tuple[tuple[str, int], ...]
    """(name, bytes)."""
    url: str = ""
    """The commit; empty while nothing was uploaded."""


def check_name(repo: str) -> None:
    """Raises InputError unless it is owner/name."""
    if not NAME.fullmatch(repo):
        raise InputError(
            _("This is no name of a repository."), visible(repo), _("Give owner/name, as in: --push ada/mail-model")
        )


def plan(bundle: Path, repo: str, *, private: bool) -> Upload:
    """What would be uploaded; raises InputError if the name is none, or the bundle is not whole."""
    check_name(repo)
    try:
        names = (MANIFEST, *verified(bundle)["files"])
    except (BundleError, OSError) as error:
        raise InputError(
            _("The bundle can't be uploaded."), visible(str(error)), _("Make another: handful export DIR")
        ) from error
    return Upload(repo, private, tuple((name, (bundle / name).stat().st_size) for name in names))


def push(bundle: Path, wanted: Upload, api: Api | None = None) -> Upload:
    """Upload what `plan` has said; `api`: another than huggingface_hub's own.

    Raises RefusedError with the hub's words.
    """
    from huggingface_hub import CommitOperationAdd, HfApi, constants  # seconds with all that they bring
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError, OfflineModeIsEnabled

    if api is None and constants.HF_HUB_OFFLINE:
        raise RefusedError(
            _("The hub can't be reached."), _("HF_HUB_OFFLINE=1 is set."), _("Unset it, and push again.")
        )
    hub: Api = api or HfApi()
    operations = [CommitOperationAdd(name, bundle / name) for name, _size in wanted.files]
    try:
        hub.create_repo(wanted.repo, private=wanted.private, exist_ok=True)
        done = hub.create_commit(wanted.repo, operations, commit_message=_("A bundle made with Handful"))
    except (HfHubHTTPError, LocalTokenNotFoundError, OfflineModeIsEnabled, OSError) as error:
        raise RefusedError(
            _("The hub has not taken the bundle."),
            visible(" ".join(str(error).split())),
            _("See whether the name is yours, and log in with: hf auth login"),
        ) from error
    return Upload(wanted.repo, wanted.private, wanted.files, str(done.commit_url))
