"""What a person waiting for a long run sees."""

import logging

import pytest

from adtap_core.sync import progress as progress_module
from adtap_core.sync.progress import Progress


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """Return the seconds since some moment."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress_module, "time", made)
    return made


def windows(progress: Progress, clock: Clock, total: int, seconds: float) -> None:
    """Read windows that take so many seconds each."""
    for done in range(1, total + 1):
        clock.now += seconds
        progress.window("mine", done=done, total=total, account=(1, 2), rows=1000 * done)


def test_a_log_gets_a_line_every_half_minute(clock, caplog):
    """With what is left, as long as the windows before took; not one for each window."""
    caplog.set_level(logging.INFO, "adtaps.progress")
    windows(Progress(live=False), clock, total=7, seconds=10)
    assert caplog.messages == [
        "mine: window 3/7, account 1/2, 3,000 rows, about 40 s left",
        "mine: window 6/7, account 1/2, 6,000 rows, about 10 s left",
    ]


def test_a_run_that_is_quick_says_nothing(clock, caplog):
    """Whoever waits for no half minute needs no word."""
    caplog.set_level(logging.INFO, "adtaps.progress")
    windows(Progress(live=False), clock, total=7, seconds=4)
    assert caplog.messages == []


def test_a_terminal_gets_one_line_that_changes_in_place(clock, capsys):
    """Its end stays."""
    windows(Progress(live=True), clock, total=2, seconds=3)
    first, second = capsys.readouterr().err.split("\r\x1b[K")[1:]
    assert first == "mine: window 1/2, account 1/2, 1,000 rows, about 3 s left"
    assert second == "mine: window 2/2, account 1/2, 2,000 rows, about 0 s left\n"


def test_another_stream_is_counted_from_its_own_beginning(clock, caplog):
    """An hour of the one before says nothing of how long it takes; a single account is not counted."""
    caplog.set_level(logging.INFO, "adtaps.progress")
    progress = Progress(live=False)
    clock.now += 3600
    progress.begin()
    clock.now += 5
    progress.window("next", done=1, total=3, account=(0, 1), rows=1)
    assert caplog.messages == ["next: window 1/3, 1 row, about 10 s left"]


def test_records_of_an_entity_are_counted_every_half_minute(clock, caplog):
    """How many there will be nobody knows."""
    caplog.set_level(logging.INFO, "adtaps.progress")
    progress = Progress(live=False)
    for number in range(1, 8):
        clock.now += 10
        progress.records("campaigns", number * 100)
    assert caplog.messages == ["campaigns: 300 rows so far", "campaigns: 600 rows so far"]
