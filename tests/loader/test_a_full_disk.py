"""A disk that is full ends the load with one line and exit code 1; with room again the same run completes.

The disk is a small one of its own in memory, which takes the right to mount.
"""

import contextlib
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.postgres import running_server

from .conftest import Database, File, Place, record, schema, state

TEXT: Final = {"type": "string"}
HEAD: Final = schema("s", {"id": {"type": "integer"}, "v": TEXT}, ["id"])
SMALL: Final = [record("s", id=number, v="x") for number in range(20)]
# Text that can't be made smaller; one row is more than a page of Postgres takes without its second table.
_dice: Final = random.Random(1)
LARGE: Final = [record("s", id=20 + n, v=_dice.randbytes(40_000).hex()) for n in range(100)]
# With ten rows a batch the first STATE comes out at the second commit.
MESSAGES: Final = (HEAD, *SMALL[:10], state({"n": 1}), *SMALL[10:], *LARGE, state({"n": 2}))


class Disk:
    """A disk of 2 MB in memory.

    Args:
        folder: Where it is mounted; made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._mount("size=2m,mode=0777", "tmpfs")

    def grow(self) -> None:
        """Make it larger."""
        self._mount("remount,size=64m")

    def close(self) -> None:
        """Take it away."""
        subprocess.run(("umount", "--lazy", self.folder), check=True)

    def _mount(self, options: str, *device: str) -> None:
        command = ("mount", "-t", "tmpfs", "-o", options, *device, str(self.folder))
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no disk can be mounted here")


@pytest.fixture
def mounted() -> Iterator[Callable[[Path], Disk]]:
    """Mount a disk for as long as the test runs."""
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("only root on Linux can mount a small disk")
    with contextlib.ExitStack() as ending:

        def mount(folder: Path) -> Disk:
            disk = Disk(folder)
            ending.callback(disk.close)
            return disk

        yield mount


def ends_and_completes(place: Place, disk: Disk, said: str, **config: object) -> None:
    run = place.run(*MESSAGES, batch_size_rows=10, **config)
    assert (run.code, run.states) == (1, [{"n": 1}]), run.errors
    assert run.errors.count("ERROR") == 1
    assert "Traceback" not in run.errors
    assert said in run.errors
    assert "run it again: what came after the last STATE is not claimed" in run.errors
    (kept,) = place.query("SELECT count(*) FROM s")[0]
    assert kept >= len(SMALL)
    disk.grow()
    run = place.run(*MESSAGES, batch_size_rows=10, **config)
    assert (run.code, run.states[-1]) == (0, {"n": 2}), run.errors
    assert place.query("SELECT count(*), count(DISTINCT id) FROM s") == [(120, 120)]


@pytest.mark.parametrize(
    "asked", [{}, {"add_record_metadata": True}], ids=["directly", "by the SDK"]
)
def test_where_the_file_has_no_room_what_is_committed_stays(mounted, tmp_path, asked):
    """The file is named; it opens again as it was at the last commit."""
    disk = mounted(tmp_path / "disk")
    place = File(disk.folder / "ads.duckdb")
    ends_and_completes(place, disk, "No space left on device. Free some space and", **asked)


def test_where_rows_can_not_wait_for_their_commit_the_folder_is_named(
    mounted, file, tmp_path, monkeypatch
):
    """Temporary files have a folder of their own, which may be small."""
    disk = mounted(tmp_path / "disk")
    monkeypatch.setenv("TMPDIR", str(disk.folder))
    run = file.run(*MESSAGES)
    assert (run.code, run.states) == (1, [])
    assert run.errors.count("ERROR") == 1
    assert f"wait for their commit in {disk.folder}: No space left on device" in run.errors
    disk.grow()
    assert file.run(*MESSAGES).states == [{"n": 2}]


def test_where_the_server_has_no_room_nothing_is_claimed_that_is_not_there(mounted, tmp_path):
    """A server whose new tables are on a small disk."""
    with running_server() as server:
        disk = mounted(server.folder / "disk")
        if server.user:
            shutil.chown(disk.folder, server.user)
        place = Database(server.url("postgres"), tmp_path)
        with place.connect() as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{disk.folder}'")
            connection.execute("ALTER DATABASE postgres SET default_tablespace = small")
        ends_and_completes(place, disk, "the server's disk is full; make room on it")
