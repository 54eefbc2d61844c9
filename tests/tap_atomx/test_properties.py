"""What holds for all windows, zones and change logs, not only for the sandbox's."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adtap_core.windows import Grain, Interval, Zone
from tap_atomx.reporting import asked_zone, question
from tap_atomx.shapes import log_entries
from tap_atomx.streams import AtomxReport

ZONES = st.sampled_from(
    [
        *("UTC", "America/Los_Angeles", "America/Sao_Paulo", "Europe/Berlin", "Asia/Kolkata"),
        *("Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Auckland", "EST", "CET"),
    ]
)
HOURS = st.integers(0, 24 * 800).map(lambda n: datetime(2025, 1, 1) + timedelta(hours=n))
HOURLY = AtomxReport(name="own", dimensions=(), metrics=("clicks",), grain=Grain.HOUR, scope="dsp")


@given(zone=ZONES, start=HOURS, first=st.integers(1, 400), second=st.integers(1, 400))
def test_windows_that_touch_touch_on_the_wire(zone, start, first, second):
    """`to` of one window is `from` of the next, in whatever zone the platform is asked."""
    middle = start + timedelta(hours=first)
    here = Zone(zone)
    windows = [Interval(start, middle), Interval(middle, middle + timedelta(hours=second))]
    bodies = [question(HOURLY, w, here, asked_zone(HOURLY, w, here)) for w in windows]
    assert bodies[0]["to"] == bodies[1]["from"]
    assert bodies[0]["from"] <= bodies[0]["to"]
    assert all(body[k].endswith(":00:00") for body in bodies for k in ("from", "to"))


@given(zone=ZONES, moment=HOURS)
def test_an_hour_keeps_its_instant_on_the_way(zone, moment):
    """What is asked from is the same instant as the window's start, clock changes included."""
    here = Zone(zone)
    window = Interval(moment, moment + timedelta(hours=1))
    there = asked_zone(HOURLY, window, here)
    body = question(HOURLY, window, here, there)
    asked = datetime.fromisoformat(body["from"])
    assert there.instant(asked) == here.instant(moment)
    assert there == here or there.instant(asked).minute == 0


def test_a_zone_that_once_was_off_by_half_an_hour_is_asked_for_as_it_was():
    """Caracas was at -04:30 until May 2016 and is at -04:00 since."""
    caracas = Zone("America/Caracas")
    then, now = (
        asked_zone(HOURLY, Interval(datetime(y, 1, 1), datetime(y, 1, 2)), caracas).name
        for y in (2016, 2026)
    )
    assert (then, now) == ("America/Caracas", "UTC")


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text(max_size=2))
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "date": st.sampled_from(["2026-01-01T00:00:00", "2026-01-01T00:00:01"]),
            "user": st.sampled_from([None, 7, {"id": 7, "name": "a"}, {"id": 8, "ip": "::1"}]),
            "changes": st.dictionaries(st.sampled_from("ab"), st.tuples(VALUES, VALUES)),
        }
    ),
    max_size=12,
)


def keys(entries: list[dict[str, Any]], *, page: int) -> list[str]:
    """The keys of a change log that is read in pages."""
    seen: Counter[bytes] = Counter()
    return [
        str(record["_history_key"])
        for at in range(0, len(entries), page)
        for record in log_entries("campaigns", 1, entries[at : at + page], seen)
    ]


@given(entries=ENTRIES, page=st.integers(1, 13))
def test_no_two_entries_of_a_change_log_share_a_key(entries, page):
    """Nothing collapses, and the keys don't depend on the size of a page."""
    found = keys(entries, page=page)
    assert len(set(found)) == len(entries)
    assert found == keys(entries, page=100)


@given(entries=ENTRIES, data=st.data())
def test_keys_do_not_depend_on_the_order_within_a_second(entries, data):
    """A tie that the platform orders differently next time gives the same keys."""
    shuffled = data.draw(st.permutations(entries))
    assert set(keys(entries, page=100)) == set(keys(shuffled, page=100))
