"""Uploading a bundle from the command line: what `handful push` and `handful export --push` share."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.i18n import _
from exports import hub
from tui.output import data, say, size


def push(bundle: Path, repo: str, *, public: bool, dry_run: bool) -> dict[str, Any]:
    """Upload, or only find out what would be; returns it as plain values."""
    wanted = hub.plan(bundle, repo, private=not public)
    if not dry_run:
        say(_("Uploading {n} files to {repo}").format(n=len(wanted.files), repo=repo))
        wanted = hub.push(bundle, wanted)
    return asdict(wanted) | {"dry_run": dry_run}


def tell(said: dict[str, Any]) -> None:
    """The same for people."""
    if said["dry_run"]:
        total = size(sum(n for _name, n in said["files"]))
        kind = _("private") if said["private"] else _("public")
        data(
            _("Would upload {total} to {repo} ({kind} if it is new):").format(total=total, repo=said["repo"], kind=kind)
        )
        for name, n in said["files"]:
            data(f"  {name}  {size(n)}")
    else:
        data(_("Uploaded: {url}").format(url=said["url"]))
