"""`tap | target`: what happens when one end goes away or somebody says stop (contract §5)."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from tests import programs
from tests.contracts.conftest import Bench
from tests.contracts.pipelines import DuckDB
from tests.running import command, parse

HANGS = {"kind": "slow", "seconds": 100.0, "times": None}
"""An answer that does not come while the test lasts."""
AT_ONCE = 50.0
"""Seconds within which a tap must be gone, whatever hangs: half of what it would wait. One is usual."""


def wait_for(what: Any, seconds: float = 90) -> None:
    """Wait until something is true."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
def test_a_signal_ends_the_run_after_the_last_whole_window(
    bench: Bench, number: signal.Signals, code: int
) -> None:
    """While a request hangs: within seconds, the signal's own code, whole lines, STATE, one line."""
    streams = {bench.case.daily, bench.case.hourly}
    whole = bench.undisturbed(streams)
    first = whole.records["sync_windows"][0]
    bench.spoil("report", after=1, **HANGS)
    out, errors = bench.folder / "out.jsonl", bench.folder / "errors.txt"
    for path in (out, errors):
        path.write_bytes(b"")
    process = programs.start(
        bench.case.script, bench.files(streams, concurrency=1), stdout=out, stderr=errors
    )
    wait_for(lambda: b'"STATE"' in out.read_bytes() and _hangs(bench))
    begun = time.monotonic()
    assert process.pid is not None
    os.kill(process.pid, number)
    process.join(90)
    assert time.monotonic() - begun < AT_ONCE
    assert process.exitcode == code
    got = parse(out.read_text())
    after = out.read_text().rpartition('"type":"STATE"')[2].splitlines()[1:]
    assert not [line for line in after if '"RECORD"' in line], "rows of a window that is not whole"
    window = got.records["sync_windows"][-1]
    assert (window["stream"], window["window_end"]) == (first["stream"], first["window_end"])
    said = errors.read_text()
    assert "Traceback" not in said
    assert len(re.findall(r"ERROR|CRITICAL", said)) == 1, said
    rest = bench.run(streams, state=_free(bench, got.last_state))
    ends = {(w["stream"], w["account"], w["window_end"]) for w in whole.records["sync_windows"]}
    both = [*got.records["sync_windows"], *rest.records["sync_windows"]]
    assert {(w["stream"], w["account"], w["window_end"]) for w in both} == ends
    assert len(both) == len(whole.records["sync_windows"]), "a window was read twice"


def _hangs(bench: Bench) -> bool:
    return any(e["fault"] == "slow" for e in bench.asked(bench.case.report_path))


def _free(bench: Bench, state: dict[str, Any]) -> dict[str, Any]:
    bench.sandbox.clear_faults()
    return state


def test_a_target_that_dies_ends_the_tap_within_seconds(bench: Bench) -> None:
    """Even while a request hangs and nothing is to be written: no hang, no traceback, one line."""
    bench.spoil("report", after=1, **HANGS)
    errors = bench.folder / "errors.txt"
    reader, writer = programs.pipe()
    process = programs.start(
        bench.case.script,
        bench.files({bench.case.daily, bench.case.hourly}, concurrency=1),
        stdout=writer,
        stderr=errors,
    )
    writer.close()
    wait_for(lambda: _drained(reader.fileno()) and _hangs(bench))
    begun = time.monotonic()
    reader.close()
    process.join(90)
    assert time.monotonic() - begun < AT_ONCE
    assert process.exitcode not in {0, None}
    said = errors.read_text()
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
    assert len(re.findall(r"ERROR|CRITICAL", said)) == 1, said


def shown(bench: Bench, words: tuple[str, ...], out: BinaryIO) -> subprocess.CompletedProcess[str]:
    """Run the tap with these words, or `adtap plan`, its standard output going there."""
    arguments = [bench.case.script, *bench.files({bench.case.entity}), *words]
    if words == ("plan",):
        arguments = ["adtap", "plan", bench.case.script, *arguments[1:-1]]
    program = [programs.on_path() / arguments[0], *arguments[1:]]
    return subprocess.run(program, stdout=out, stderr=subprocess.PIPE, text=True, check=False)


@pytest.mark.parametrize(
    "words", [(), ("--discover",), ("plan",)], ids=["sync", "discover", "plan"]
)
def test_a_disk_that_is_full_is_named(bench: Bench, words: tuple[str, ...]) -> None:
    """Standard output into a file that has no more room: one line, exit code 1, no defect of ours."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("wb") as out:
        done = shown(bench, words, out)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "defect" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("words", [("--discover",), ("--about",), ("--help",), ("plan",)])
def test_who_has_seen_enough_ends_what_only_shows_something(
    bench: Bench, words: tuple[str, ...]
) -> None:
    """`| head -1`: no word, and a shell's own code for it. Not 0: the rest may have said that a check failed."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        done = shown(bench, words, out)
    assert done.returncode == 141, done.stderr
    for word in ("ERROR", "Error", "Traceback", "Exception ignored"):
        assert word not in done.stderr


def _drained(descriptor: int) -> bool:
    """Take what is in the pipe, so that the tap never waits for room."""
    os.set_blocking(descriptor, False)
    try:
        while os.read(descriptor, 1 << 16):
            pass
    except BlockingIOError:
        pass
    return True


def test_the_commands_themselves_load_into_a_warehouse(bench: Bench, tmp_path: Path) -> None:
    """`tap | target` as a shell starts them: both end with 0, the rows are there, STATE comes out."""
    loader = DuckDB(tmp_path)
    settings = bench.file("loader.json", loader.config("ads"))
    with (tmp_path / "errors.txt").open("w+b") as errors:
        tap = subprocess.Popen(
            [command(bench.case.script), *bench.files()], stdout=subprocess.PIPE, stderr=errors
        )
        target = subprocess.Popen(
            [command(loader.script), "--config", settings],
            stdin=tap.stdout,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert tap.stdout is not None
        tap.stdout.close()
        out, _ = target.communicate(timeout=250)
        assert (tap.wait(60), target.returncode) == (0, 0), (tmp_path / "errors.txt").read_text()
    whole = bench.undisturbed()
    assert json.loads(out.splitlines()[-1]) == whole.last_state
    tables = loader.tables("ads")
    assert tables.keys() == {*bench.usual, "sync_windows"}
    for stream in bench.usual:
        assert len(tables[stream]) == len(whole.final(stream, *_keys(whole, stream)))


def _keys(messages: Any, stream: str) -> list[str]:
    keys: list[str] = messages.schemas[stream]["key_properties"]
    return keys
