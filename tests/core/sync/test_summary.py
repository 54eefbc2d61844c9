"""What the log says of a stream and of a run, in words."""

import logging
from datetime import datetime

from adtap_core.http.client import RequestStats
from adtap_core.sync.failures import Failure, grouped_lines
from adtap_core.sync.summary import MOST_REPEATED, log_end, range_text, stream_line
from adtap_core.windows import Grain, Interval


def window(start, end):
    return Interval(datetime.fromisoformat(start), datetime.fromisoformat(end))


def test_a_streams_line_has_rows_days_and_what_it_cost():
    """What did not happen is not said; what happened once is singular."""
    days = ["2026-11-01 to 2026-11-27"]
    assert stream_line("os_daily", 579, days, RequestStats(4, 1, 0), 0) == (
        "os_daily: 579 rows, 2026-11-01 to 2026-11-27, 4 requests, 1 retry"
    )
    assert stream_line("apps", 1, [], RequestStats(), 0) == "apps: 1 row"
    assert stream_line("x", 1234, [], RequestStats(1, 2, 1), 2) == (
        "x: 1,234 rows, 1 request, 2 retries, 1 split; 2 failures, named above"
    )


def test_both_ends_of_the_range_were_read():
    """Windows are half open; a person's range is not. Months begin on their first day."""
    first = window("2026-11-01T00:00", "2026-11-08T00:00")
    last = window("2026-11-08T00:00", "2026-11-10T00:00")
    assert range_text([last, first], Grain.DAY) == "2026-11-01 to 2026-11-09"
    assert (
        range_text([window("2026-10-01", "2026-12-01")], Grain.MONTH) == "2026-10-01 to 2026-11-01"
    )
    hours = window("2026-11-08T00:00", "2026-11-08T11:00")
    assert range_text([hours], Grain.HOUR) == "2026-11-08 00:00 to 2026-11-08 10:00"


def test_the_end_of_the_log_names_what_failed_last(caplog):
    """The totals first; of very many failures the first ten, and how many more there are."""
    caplog.set_level(logging.INFO, logger="adtaps")
    failures = [f"stream_{n}: HTTP 500" for n in range(MOST_REPEATED + 2)]
    log_end(
        streams=14, whole=2, rows=3422, cost=RequestStats(31, 1), seconds=14.4, failures=failures
    )
    said = [record.message for record in caplog.records]
    assert (
        said[0] == "Run ended: 2 of 14 streams read whole, 3,422 rows, 31 requests, 1 retry, 14 s"
    )
    assert said[1] == "Failed: stream_0: HTTP 500"
    assert said[-1] == "Failed: 2 more, named above"


def test_one_reason_of_many_streams_is_one_line():
    """A platform that is down is told once, with all streams; what differs has a line of its own."""
    down = "could not connect to api.example.com"
    failures = [
        Failure("apps", f"apps: {down}"),
        Failure("os_daily", "HTTP 500", "{}", "2026-11-01"),
        Failure("events", down),
        Failure("users", "HTTP 403"),
        Failure("account_ids", "account_ids: 7 is none of the accounts"),
        Failure("a_daily", "account_ids: 7 is none of the accounts", "{7}"),
        Failure("b_daily", "account_ids: 7 is none of the accounts", "{7}"),
    ]
    assert grouped_lines(failures, lambda f: "; deselect it" if f.stream == "users" else "") == [
        f"apps, events: {down}",
        "os_daily {} 2026-11-01: HTTP 500",
        "users: HTTP 403; deselect it",
        "a_daily {7}, b_daily {7}: account_ids: 7 is none of the accounts",
    ]
