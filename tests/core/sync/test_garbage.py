"""How seldom Python looks for garbage among a run's objects."""

import gc

import pytest

from adtap_core.sync.garbage import seldom_collected


def test_whoever_runs_taps_in_a_process_that_lives_on_finds_what_was_set():
    """Thresholds, and what was frozen: also if the run fails."""
    before, frozen, seen = gc.get_threshold(), gc.get_freeze_count(), []

    def run() -> None:
        with seldom_collected():
            seen.append(gc.get_threshold()[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, frozen)
    assert seen == [50_000]
