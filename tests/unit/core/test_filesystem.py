"""Which file system a path lies on, read from made-up mount tables."""

from pathlib import Path

import pytest

from core import filesystem
from core.connection import wanted_journal_mode

TABLE = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:26 / /home rw - nfs4 server:/home rw,vers=4.2
31 30 8:3 / /home/local rw - xfs /dev/sda3 rw
32 22 0:40 / /mnt/with\\040blank rw master:2 - cifs //server/share rw
33 22 0:41 / /mnt/tab\\011line\\012feed\\134back\\043 rw - 9p share rw
34 22 0:42 / /mnt/twice rw - ext4 /dev/sdb rw
35 34 0:43 / /mnt/twice rw - fuse.sshfs host:/ rw
36 22 0:44 / /mnt/plain rw - fuse x rw
37 22 0:45 / /mnt/odd\u2028name rw - lustre x rw
broken line
38 22 0:46 / /mnt/none
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(TABLE, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/", "ext4", False),
        ("/srv/project", "ext4", False),
        ("/home", "nfs4", True),
        ("/home/ann/project/labels.db", "nfs4", True),
        ("/homes/ann", "ext4", False),
        ("/home/local/project", "xfs", False),
        ("/home/localhost", "nfs4", True),
        ("/mnt/with blank/x", "cifs", True),
        ("/mnt/tab\tline\nfeed\\back#/x", "9p", True),
        ("/mnt/twice/x", "fuse.sshfs", True),
        ("/mnt/plain/x", "fuse", True),
        ("/mnt/odd\u2028name/x", "lustre", True),
        ("/mnt/none/x", "ext4", False),
    ],
)
def test_D6_the_longest_mount_point_above_a_path_decides(path: str, kind: str, network: bool, table: Path) -> None:
    assert filesystem.kind(Path(path), table) == kind
    assert filesystem.is_network(Path(path), table) is network


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "lustre", "ceph", "glusterfs", "fuse.sshfs", "fuse", "beegfs"]
)
def test_D6_no_write_ahead_log_on_any_network_mount(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"22 1 8:1 / / rw - ext4 /dev/sda rw\n23 22 0:9 / {tmp_path} rw - {kind} x rw\n", encoding="utf-8")
    monkeypatch.setattr("core.filesystem.is_network.__defaults__", (table,))
    assert wanted_journal_mode(tmp_path / "labels.db") == "truncate"


def test_a_link_is_judged_by_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    table = tmp_path / "mountinfo"
    table.write_text(f"1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / {tmp_path}/there rw - nfs b rw\n", encoding="utf-8")
    assert filesystem.kind(tmp_path / "link" / "labels.db", table) == "nfs"


def test_without_a_mount_table_nothing_is_claimed(tmp_path: Path) -> None:
    assert filesystem.kind(tmp_path, tmp_path / "missing") == ""
    assert not filesystem.is_network(tmp_path, tmp_path / "missing")
