"""`adtap state`: what a state says, in words; moved, cleared, accepted; split into accounts and put back."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adtap_cli.main import main
from tests.programs import on_path

ENTRY = {
    "context": {"app_token": "abc"},
    "replication_key": "day",
    "replication_key_value": "2026-11-20",
    "covered": [["2026-10-01", "2026-11-20"]],
    "reread": [["2026-11-06", "2026-11-20", "2026-11-20T05"]],
    "settled": [["2026-10-01", "2026-11-06"]],
    "unfinished": None,
}
STATE = {
    "bookmarks": {
        "os_daily": {
            "report": {"grain": ["_account", "day"], "time_zone": "UTC", "settings": {"currency": "EUR"}, "metrics": {"cost": "2026-11-01"}},
            "partitions": [ENTRY, {**ENTRY, "context": {"app_token": "def"}}],
        },
        "campaigns": {"replication_key": "updated_at", "replication_key_value": "2026-11-20T05:00:00Z"},
        "new_daily": {},
    }
}  # fmt: skip


def adtap(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [on_path() / "adtap", "state", *arguments],
        capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "state.json"
    path.write_text(json.dumps(STATE))
    return str(path)


def test_a_state_is_said_in_words(file):
    """Bookmark, what was read, how final it was, what is read again, from when on a metric is filled."""
    done = adtap("show", "--state", file)
    assert done.returncode == 0, done.stderr
    for words in (
        "os_daily app_token abc: bookmark 2026-11-20",
        "read from 2026-10-01 up to 2026-11-20",
        "final up to 2026-11-06",
        "2026-11-06 up to 2026-11-20",
        "cost is filled from 2026-11-01 on by ordinary runs",
    ):
        assert words in done.stdout


def entries(text: str) -> list[dict[str, Any]]:
    return json.loads(text)["bookmarks"]["os_daily"]["partitions"]


def test_a_bookmark_is_moved_for_one_account_or_for_all(file):
    """And nothing else changes."""
    report = ("--state", file, "--report", "os_daily")
    one = adtap("set", "tap-adjust", *report, "--account", '{"app_token": "abc"}', "--bookmark", "2026-10-15")  # fmt: skip
    assert [e["replication_key_value"] for e in entries(one.stdout)] == ["2026-10-15", "2026-11-20"]
    both = adtap("set", "tap-adjust", *report, "--bookmark", "2026-10-15")
    assert {e["replication_key_value"] for e in entries(both.stdout)} == {"2026-10-15"}
    assert json.loads(both.stdout)["bookmarks"]["campaigns"] == STATE["bookmarks"]["campaigns"]


def test_a_moved_bookmark_forgets_which_objects_were_known(tmp_path):
    """What happened to an object without a date between both bookmarks is asked for only if it counts as unknown."""
    known = {"greatest_ids": {"sites": 7}, "greatest_ids_before": {"sites": 5}, "greatest_ids_at": "2026-11-20T06:00:00Z"}  # fmt: skip
    mark = {"replication_key": "date", "replication_key_value": "2026-11-20T05:00:00Z"}
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"bookmarks": {"history": {**mark, **known}}}))
    words = ("--report", "history", "--bookmark", "2026-11-01T00:00:00Z")
    moved = json.loads(adtap("set", "tap-atomx", "--state", str(path), *words).stdout)
    found = moved["bookmarks"]["history"]
    assert found["replication_key_value"] == "2026-11-01T00:00:00Z"
    assert {name: found[name] for name in known} == dict.fromkeys(known)


def test_a_report_is_cleared_or_its_new_settings_accepted(file):
    """The two ways out of a refusal that touch state."""
    report = ("--state", file, "--report", "os_daily")
    cleared = adtap("set", "tap-adjust", *report, "--clear")
    assert json.loads(cleared.stdout)["bookmarks"]["os_daily"] == {}
    accepted = json.loads(adtap("set", "tap-adjust", *report, "--accept").stdout)
    assert "report" not in accepted["bookmarks"]["os_daily"]
    assert accepted["bookmarks"]["os_daily"]["partitions"] == STATE["bookmarks"]["os_daily"]["partitions"]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--report", "os_dayly", "--clear"), "did you mean os_daily"),
        (("--report", "os_daily", "--bookmark", "soon"), "a date or date-time is expected"),
        (("--report", "os_daily", "--account", '{"app_token": "x"}', "--bookmark", "2026-10-01"), "no such account"),
        (("--report", "os_daily", "--account", '{"app_token": "x"}', "--bookmark", "2026-10-01"), '{"app_token": "abc"}, {"app_token": "def"}'),
        (("--report", "new_daily", "--bookmark", "2026-10-01"), "the state has no bookmark of new_daily yet"),
        (("--report", "os_daily"), "give one of --bookmark, --clear and --accept"),
    ],
    ids=["report", "date", "account", "which accounts", "no bookmark", "nothing"],
)  # fmt: skip
def test_what_can_not_be_done_is_one_line(file, arguments, words):
    """The exit code is not 0, and no state is printed."""
    done = adtap("set", "tap-adjust", "--state", file, *arguments)
    assert done.returncode != 0
    assert words in done.stderr
    assert done.stdout == ""


def test_parts_are_files_and_make_the_whole_again(file, tmp_path):
    """One an account, one for all else."""
    folder = tmp_path / "parts"
    done = adtap("split", "--state", file, "--folder", str(folder))
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 3
    assert "rest.json" in names
    whole = adtap("merge", *(str(folder / name) for name in names))
    assert json.loads(whole.stdout) == STATE


def test_a_folder_that_can_not_be_written_is_one_line(file):
    """It names the file and the reason, and is not called a defect."""
    done = adtap("split", "--state", file, "--folder", f"{file}/parts")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"--folder: {file}/parts/")
    assert line.endswith(" can't be written: Not a directory")


def test_a_part_that_is_not_there_is_one_line(file, tmp_path):
    """The file is named, and no option that `merge` does not have."""
    done = adtap("merge", file, str(tmp_path / "rest.json"))
    assert done.returncode == 2
    assert f"'{tmp_path / 'rest.json'}' does not exist" in done.stderr
    assert "--state" not in done.stderr


def test_a_part_that_is_no_state_is_one_line(file, tmp_path):
    """It is named as it was given."""
    other = tmp_path / "rest.json"
    other.write_text("no state")
    done = adtap("merge", file, str(other))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{other}: can't be read as JSON")


def test_a_state_of_meltano_stays_one(tmp_path: Path) -> None:
    """What `meltano state get` wrote can be handed to `meltano state set`; a bare state stays bare."""
    bare = {"bookmarks": {"daily": {"replication_key_value": "2026-03-01"}}}
    for document in (bare, {"singer_state": bare}):
        path = tmp_path / "state.json"
        path.write_text(json.dumps(document))
        words = ["state", "set", "tap-adjust", "--state", str(path), "--report", "daily", "--clear"]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
        said = json.loads(done.output)
        assert ("singer_state" in said) is ("singer_state" in document)
        assert said.get("singer_state", said)["bookmarks"] == {"daily": {}}
