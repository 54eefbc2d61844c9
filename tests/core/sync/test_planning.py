"""Weeks and months are read whole: part of one would stand in the warehouse as if it were all of it."""

import logging
import os
from datetime import UTC, datetime
from unittest.mock import patch

import pytest

from adtap_core.tap import RunFailed
from adtap_core.testing import run_tap, select
from tests.core.restating import RestatingServer, TapRestating

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def run(grain: str, **settings: object):
    """One run of the restating tap, of one grain."""
    with RestatingServer() as server:
        server.now = NOW.isoformat()
        config = {
            "api_url": server.url,
            "accounts": ["a"],
            "start_date": "2026-02-02",
            "max_retries": 0,
            **settings,
        }
        catalog = select(TapRestating, config, {f"by_{grain}"})
        with patch.dict(os.environ, {"ADTAPS_NOW": NOW.isoformat()}):
            return run_tap(TapRestating, config, catalog=catalog)


@pytest.mark.parametrize(("grain", "first"), [("week", "2026-02-02"), ("month", "2026-02-01")])
def test_a_backfill_of_part_of_a_bucket_fails_and_names_the_whole(grain, first, caplog):
    """Nothing would be asked, and exit 0 would say that all was."""
    with pytest.raises(RunFailed):
        run(grain, backfill={"from": "2026-02-03", "to": "2026-02-07"})
    assert f"only whole ones are read, and there is none; ask for {first} to " in caplog.text


def test_a_backfill_that_cuts_a_bucket_reads_the_whole_ones_and_says_so(caplog):
    """The weeks at its ends are left out, by name."""
    found = run("week", backfill={"from": "2026-02-03", "to": "2026-02-25"})
    assert {r["week"] for r in found.records["by_week"]} == {"2026-02-09", "2026-02-16"}
    assert (
        "`backfill` lies inside a week; only whole ones are read: 2026-02-09 to 2026-02-23"
        in caplog.text
    )


def test_a_start_inside_a_month_is_said(caplog):
    """The month that it lies in is not read: the days before it were not wanted."""
    with caplog.at_level(logging.WARNING):
        run("month", start_date="2026-01-15")
    assert (
        "`start_date` lies inside a month; only whole ones are read, from 2026-02-01" in caplog.text
    )


def test_whole_buckets_need_no_word(caplog):
    """Days, and what begins and ends with a bucket."""
    run("week", backfill={"from": "2026-02-02", "to": "2026-02-16"})
    run("day", backfill={"from": "2026-02-03", "to": "2026-02-05"})
    assert "only whole ones" not in caplog.text
