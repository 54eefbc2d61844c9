"""Defects planted into the core: each is found by a history that is whole without it.

A bookmark a day early; a window dropped; a lookback counted from today; `unfinished` forgotten; `unfinished` kept for
ever; an account's failure taken as read; the state written before the ledger's row; days that were read young taken
for final; a clock that was ahead not noticed. Else `test_histories.py` would prove nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from adtap_core.state.bookmarks import Bookmark
from adtap_core.state.reading_times import ReadingTimes
from adtap_core.sync.planning import Planner
from adtap_core.sync.reports import ReportStream
from adtap_core.testing import Messages
from adtap_core.windows import ONE_DAY, Grain, Interval
from tests.core.sync.test_histories import History


@contextmanager
def a_bookmark_a_day_early() -> Iterator[None]:
    close = Bookmark.close

    def early(self: Bookmark, window: Any, asked: Any, **more: Any) -> None:
        close(self, window, asked, **more)
        ahead = self._read(self.entry["replication_key_value"]) + ONE_DAY
        self.entry["replication_key_value"] = self._write(ahead)
        self._keep("covered", [type(window)(window.start, ahead), *self.covered])

    with patch.object(Bookmark, "close", early):
        yield


@contextmanager
def a_window_dropped() -> Iterator[None]:
    tasks = ReportStream.tasks

    def fewer(self: ReportStream, *given: Any) -> Any:
        made = tasks(self, *given)
        return [t for at, t in enumerate(made) if at != 1]

    with patch.object(ReportStream, "tasks", fewer):
        yield


@contextmanager
def a_lookback_from_today() -> Iterator[None]:
    def from_today(self: Bookmark, mark: Any, start: Any, days: int) -> Any:
        return Interval(max(start, mark), mark)

    with (
        patch.object(Bookmark, "_window_before", from_today),
        patch.object(Bookmark, "_young", lambda _self: []),
    ):
        yield


@contextmanager
def unfinished_for_ever() -> Iterator[None]:
    with (
        patch.object(Bookmark, "end", lambda _self: None),
        patch("adtap_core.state.bookmarks.RESUMED_WITHIN", timedelta(days=10_000)),
    ):
        yield


@contextmanager
def a_failure_taken_as_read() -> Iterator[None]:
    fail = ReportStream._fail_task

    def closed(self: ReportStream, task: Any, error: Any) -> None:
        for plan in task.bundle.plans:
            plan.bookmark.close(task.window, plan.requested)
        fail(self, task, error)

    with patch.object(ReportStream, "_fail_task", closed):
        yield


@contextmanager
def the_state_before_the_ledger() -> Iterator[None]:
    close = ReportStream._close

    def early(self: ReportStream, closing: Any) -> None:
        rows: list[Any] = []
        with patch.object(type(self._ledger), "write", lambda _self, more: rows.extend(more)):
            close(self, closing)
        self._ledger.write(rows)

    with patch.object(ReportStream, "_close", early):
        yield


@contextmanager
def young_days_taken_for_final() -> Iterator[None]:
    requested = Planner.requested

    def hasty(self: Planner, **more: Any) -> Any:
        return replace(requested(self, **more), lookback_days=0, settle_days=0)

    with patch.object(Planner, "requested", hasty):
        yield


@contextmanager
def unfinished_forgotten() -> Iterator[None]:
    with patch.object(Bookmark, "note_begun", lambda _self: None):
        yield


@contextmanager
def readings_dated_by_a_wrong_clock() -> Iterator[None]:
    with patch.object(ReadingTimes, "is_ahead", lambda _self, _now: False):
        yield


def twice(history: History) -> None:
    history.a_good_run()
    history.time_goes_by(48)
    history.a_good_run()


def killed(history: History) -> None:
    twice(history)
    history.time_goes_by(24 * 9)
    history.a_kill_and_the_same_command_again(0.6)


def killed_after_a_state(history: History) -> None:
    lines = history.run_tap().lines
    first = next(at for at, line in enumerate(lines) if line["type"] == "STATE")
    history.keep(Messages(lines[: first + 1]))
    history.the_ledger_knows_what_state_says_was_read()


def failed(history: History) -> None:
    history.an_account_fails("a")
    history.the_ledger_knows_what_state_says_was_read()


def ahead(history: History) -> None:
    history.a_good_run()
    history.the_clock_is_a_little_ahead_once(11)
    history.a_good_run()


DEFECTS = {
    a_bookmark_a_day_early: killed_after_a_state,
    a_window_dropped: twice,
    a_lookback_from_today: twice,
    unfinished_forgotten: killed,
    unfinished_for_ever: twice,
    a_failure_taken_as_read: failed,
    the_state_before_the_ledger: killed_after_a_state,
    young_days_taken_for_final: twice,
    readings_dated_by_a_wrong_clock: ahead,
}


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: d.__name__)
def test_a_planted_defect_is_found(defect):
    """Each by a history that is whole without it: else the test above would prove nothing."""

    def play() -> None:
        history = History()
        try:
            history.begin(Grain.DAY, "Europe/Berlin", many=True)
            DEFECTS[defect](history)
        finally:
            history.server.__exit__()

    play()
    with defect(), pytest.raises(AssertionError):
        play()
