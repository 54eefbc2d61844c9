"""How good each day of a report and account is, from the ledger and, where it is loaded, `sync_days`."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from adtap_core.windows import Interval, subtract

ONE_DAY: Final = timedelta(days=1)
STATES: Final = ("missing", "partial", "provisional", "settled")
"""What a day can be, the worst first."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One window of the ledger.

    Args:
        window: The days that were read; moments in UTC without a zone.
        synced_at: When, in UTC without a zone.
        state: How final its latest bucket was.
        ties: Whether its rows add up to the platform's totals; None if these were not asked for.
    """

    window: Interval
    synced_at: datetime
    state: str
    ties: bool | None


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of a report and account.

    Args:
        state: One of `STATES`.
        ties: Whether all of it ties out; None if that was not asked.
        read_at: When it was last read; None if it never was.
        restated: Whether a later reading found other rows than the first one after the day's end.
    """

    state: str
    ties: bool | None
    read_at: datetime | None
    restated: bool = False


def all_tie(ties: Collection[bool | None]) -> bool | None:
    """Return whether several readings tie out: False if one does not, None if of one it was not asked."""
    if False in ties:
        return False
    return None if None in ties or not ties else True


def reading(row: Mapping[str, Any]) -> Reading:
    """Return a row of the ledger as a reading."""
    return Reading(
        window=Interval(row["window_start"], row["window_end"]),
        synced_at=row["synced_at"],
        state=str(row["data_state"]),
        ties=row["ties"],
    )


def last_due(now: datetime, closing_hours: float) -> date:
    """Return the last day that the platform has whole.

    Args:
        now: The present, in UTC without a zone.
        closing_hours: Hours after a day's end until the platform has it whole.
    """
    return (now - timedelta(hours=closing_hours)).date() - ONE_DAY


def days(
    readings: Sequence[Reading],
    buckets: Mapping[date, Sequence[tuple[datetime, str]]],
    *,
    since: date,
    due: date,
) -> Iterator[tuple[date, Day]]:
    """Yield each day from the first one read, or `since`, to the last one read or due.

    Args:
        readings: All of one report and account.
        buckets: By day: when each of its buckets was last read, and how final it was, as `sync_days` says.
        since: Earlier days are left out.
        due: The last day that the platform has whole; later ones that are not whole are partial, not missing.
    """
    first = max(since, min(one.window.start for one in readings).date())
    last = max(due, max(one.window.end - timedelta(microseconds=1) for one in readings).date())
    near = [one for one in readings if one.window.end.date() >= first]
    day = first
    while day <= last:
        yield day, _day(day, near, buckets.get(day, ()), is_due=day <= due)
        day += ONE_DAY


def _day(
    day: date, readings: Iterable[Reading], buckets: Sequence[tuple[datetime, str]], *, is_due: bool
) -> Day:
    start = datetime.combine(day, datetime.min.time())
    whole = Interval(start, start + ONE_DAY)
    pieces = [
        (Interval(max(one.window.start, whole.start), min(one.window.end, whole.end)), one)
        for one in readings
        if one.window.start < whole.end and one.window.end > whole.start
    ]
    # What a later reading covers does not count any more.
    latest = [
        one
        for piece, one in pieces
        if not any(
            other.synced_at > one.synced_at and over.start <= piece.start and over.end >= piece.end
            for over, other in pieces
        )
    ]
    read_at = max((one.synced_at for _, one in pieces), default=None)
    held = all_tie([one.ties for one in latest])
    if subtract([whole], [piece for piece, _ in pieces]):
        return Day(state="missing" if is_due else "partial", ties=held, read_at=read_at)
    states = [one.state for one in latest]
    # A window's state is that of its latest bucket; here each bucket has its own.
    if buckets and read_at is not None and max(at for at, _ in buckets) >= read_at:
        states = [state for _, state in buckets]
    return Day(state=min(states, key=STATES.index), ties=held, read_at=read_at)
