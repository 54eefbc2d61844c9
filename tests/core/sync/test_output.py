"""What leaves on standard output: whole lines, whatever becomes of the run."""

import json
import logging
import os
import signal
import time
from types import SimpleNamespace

import pytest

from adtap_core.errors import Interrupted
from adtap_core.sync.output import LineWriter


class Unbuffered:
    """An output as PYTHONUNBUFFERED makes it: what a signal interrupts writes a part, and says how much."""

    def __init__(self, writer: LineWriter) -> None:
        self.writer, self.taken = writer, bytearray()

    def write(self, data: memoryview) -> int:
        if not self.taken:
            self.writer.on_signal(signal.SIGTERM)
        self.taken += data[:1000]
        return min(len(data), 1000)


def test_a_signal_while_the_target_does_not_read_leaves_no_half_line(monkeypatch):
    """The system takes a part of what was to be written; the rest follows before the run ends."""
    writer = LineWriter()
    out = Unbuffered(writer)
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=out, flush=lambda: None))
    with pytest.raises(Interrupted):
        writer.write_records("things", ("name",), [("x" * 100,)] * 700, "2026-03-18T12:00:00Z")
    assert out.taken.endswith(b"}\n")
    assert len([json.loads(line) for line in out.taken.splitlines()]) == 700


class Stopped(logging.StreamHandler):
    """A log whose first line is interrupted while it is written."""

    def __init__(self, stream, signum: int) -> None:
        super().__init__(stream)
        self.signum = signum
        stream.write = self.write
        self.lines: list[str] = []

    def write(self, text: str) -> int:
        self.lines.append(text)
        if len(self.lines) == 1:
            os.kill(os.getpid(), self.signum)
        return len(text)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_log_line_stops_the_run_behind_it(capsys, monkeypatch, signum):
    """`logging` would print a traceback, and the run would go on to exit code 0."""
    writer = LineWriter()
    handler = Stopped(SimpleNamespace(flush=lambda: None), signum)
    log = logging.getLogger("interrupted")
    monkeypatch.setattr(log, "handlers", [handler])
    monkeypatch.setattr(log, "propagate", False)

    def run() -> None:
        log.warning("one line")
        time.sleep(10)

    before = signal.signal(signum, writer.on_signal)
    try:
        with pytest.raises(Interrupted):
            run()
    finally:
        signal.signal(signum, before)
    assert handler.lines == ["one line\n"]
    assert "Traceback" not in capsys.readouterr().err
