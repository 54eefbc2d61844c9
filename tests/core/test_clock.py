"""The one place that asks what time it is."""

from datetime import UTC, datetime, timedelta

import pytest

from adtap_core.clock import NOW_VARIABLE, Clock


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-18T12:00:00Z", datetime(2026, 3, 18, 12, tzinfo=UTC)),
        ("2026-03-18T12:00:00+02:00", datetime(2026, 3, 18, 10, tzinfo=UTC)),
        ("2026-03-18T12:00:00", datetime(2026, 3, 18, 12, tzinfo=UTC)),
        ("2026-03-18", datetime(2026, 3, 18, tzinfo=UTC)),
    ],
)
def test_a_moved_clock_begins_at_its_moment_and_ticks(monkeypatch, text, moment):
    """Without an offset the moment is UTC; two readings of one run can be told apart."""
    monkeypatch.setenv(NOW_VARIABLE, text)
    clock = Clock.from_environment()
    first, second = clock.now(), clock.now()
    assert clock.is_moved
    assert moment <= first < second < moment + timedelta(hours=1)
    assert first.utcoffset() == timedelta(0)


def test_when_something_was_read_is_the_machines_time_whatever_day_is_played():
    """A row of a run on another day is still later than the one before it."""
    before = datetime.now(UTC)
    read = Clock(datetime(2031, 1, 1, tzinfo=UTC)).read_at()
    assert before <= read <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["", None])
def test_an_unset_variable_moves_nothing(monkeypatch, text):
    """An empty one neither."""
    if text is None:
        monkeypatch.delenv(NOW_VARIABLE, raising=False)
    else:
        monkeypatch.setenv(NOW_VARIABLE, text)
    before = datetime.now(UTC)
    clock = Clock.from_environment()
    assert not clock.is_moved
    assert before <= clock.now() <= datetime.now(UTC)


def test_a_moment_that_is_none_is_refused(monkeypatch):
    """Better than a run on the wrong day."""
    monkeypatch.setenv(NOW_VARIABLE, "tomorrow")
    with pytest.raises(ValueError, match="tomorrow"):
        Clock.from_environment()
