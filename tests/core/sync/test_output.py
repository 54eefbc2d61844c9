"""What leaves on standard output: whole lines, whatever becomes of the run."""

import json
import signal
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
