"""Reports of both generations: windows of time, metrics over sums, and rows grouped from the finest ones."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from adtap_sandbox.cube import Groups
from adtap_sandbox.environment import ONE_DAY, full_hour, rfc3339
from adtap_sandbox.tables import table

from .dimensions import Dimensions
from .facts import MONEY_DIGITS, SPEND_PARTS, BrainFeature, Fact, Facts, PixelLoads, exact
from .values import Record, floored

Lookup: TypeAlias = Callable[[str], object]
Test: TypeAlias = Callable[[Lookup], bool]
Number: TypeAlias = Decimal | int
Bounds: TypeAlias = Callable[[datetime], tuple[datetime, datetime]]
"""First and last unit of a span, both included, for a wall-clock now."""

_HOUSE_PREFIXES: Final = ("organization_", "agency_", "advertiser_", "campaign_")
_TABLE: Final = table(__package__, "numbers")
_LAST: Final = re.compile(r"^last_(\d+)_(days|hours)$")
_EVER: Final = datetime(2013, 1, 1)  # noqa: DTZ001 - wall-clock time of any zone
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Predicate:
    """A condition on a row, with the names it looks at."""

    fields: frozenset[str]
    test: Test

    @property
    def by_house(self) -> bool:
        """Whether a campaign as a whole passes or fails."""
        return all(name.startswith(_HOUSE_PREFIXES) for name in self.fields)


_OF_A_DEAL: Final = Predicate(frozenset({"deal_id"}), lambda look: look("deal_id") is not None)
"""What was bought through a deal."""


@dataclass(frozen=True)
class Span:
    """The time asked for, on the wall clock of the report's zone."""

    bounds: Bounds
    hourly: bool = False
    zone: str = "campaign"


@dataclass
class ReportQuery:
    """One report: what to group by, what to sum, over which rows."""

    source: str
    span: Span
    rollup: str
    dimensions: list[str]
    metrics: list[str]
    predicates: list[Predicate] = field(default_factory=list)


@dataclass
class Row:
    """One row of a report."""

    bucket: datetime | None
    dimensions: dict[str, object]
    sums: dict[str, Number]

    def metric(self, name: str) -> Number | None:
        return finished(name, self.sums)


def wall(fact: Fact, zone: str) -> datetime:
    """The row's hour on the wall clock of the report's zone."""
    if zone in ("campaign", fact.zone):
        return datetime(fact.day.year, fact.day.month, fact.day.day, fact.hour)  # noqa: DTZ001
    return fact.instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def truncated(moment: datetime, rollup: str) -> datetime | None:
    """The beginning of the bucket that a moment falls into; weeks start on Monday."""
    if rollup == "all":
        return None
    if rollup == "by_hour":
        return full_hour(moment)
    day = day_of(moment)
    if rollup == "by_week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if rollup == "by_month" else day


class Reports:
    """Answers report queries over the facts."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def rows(self, query: ReportQuery) -> list[Row]:
        """The rows of a report, by bucket and dimensions; a combination without facts is absent."""
        lookup = Dimensions(self.facts.store)
        numbers = tuple(needed(query.metrics))
        counted = "loads" if query.source == "pixels" else "impressions"
        read = [counted if name == "uniques_of" else name for name in numbers]
        sums: Groups[tuple[object, ...]] = Groups()
        found: dict[tuple[object, ...], tuple[datetime | None, dict[str, object]]] = {}
        for fact in self._kept(query, lookup):
            bucket = truncated(wall(fact, query.span.zone), query.rollup)
            values = {name: lookup.value(fact, name) for name in query.dimensions}
            key = (bucket, *map(_hashable, values.values()))
            found.setdefault(key, (bucket, values))
            sums.add(key, [fact.number(name) for name in read])
        rows = []
        for key, added in sums.items():
            named_sums = zip(numbers, added, strict=True)
            rows.append(
                Row(*found[key], {name: exact(name, number) for name, number in named_sums})
            )
        return sorted(rows, key=_order)

    def _kept(self, query: ReportQuery, lookup: Dimensions) -> Iterator[Fact]:
        """The facts inside the span that pass every predicate."""
        now = self.facts.environment.clock.now()
        bounds: dict[str, tuple[datetime, datetime]] = {}
        late = [predicate for predicate in query.predicates if not predicate.by_house]
        if query.source == "deals":
            late.append(_OF_A_DEAL)
        for fact in self._source(query, lookup, now):
            zone = fact.zone if query.span.zone == "campaign" else query.span.zone
            if zone not in bounds:
                today = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
                bounds[zone] = query.span.bounds(today)
            first, last = bounds[zone]
            unit = wall(fact, query.span.zone)
            if not query.span.hourly:
                unit = unit.replace(hour=0)
            if first <= unit <= last and all(
                predicate.test(lambda name, fact=fact: lookup.value(fact, name))  # type: ignore[misc]
                for predicate in late
            ):
                yield fact

    def _source(self, query: ReportQuery, lookup: Dimensions, now: datetime) -> Iterable[Fact]:
        widest = [
            query.span.bounds((now + shift).replace(tzinfo=None)) for shift in (-ONE_DAY, ONE_DAY)
        ]
        first = min(bound[0] for bound in widest).date()
        last = max(bound[1] for bound in widest).date()
        if query.span.zone != "campaign":
            first, last = _stepped(first, -ONE_DAY), _stepped(last, ONE_DAY)
        early = [predicate for predicate in query.predicates if predicate.by_house]

        def wanted(record: Record) -> bool:
            # A stand-in row: only who owns it is looked at.
            probe = (PixelLoads if query.source == "pixels" else BrainFeature)(
                self.facts.environment, ("probe",), now.date(), 0, "UTC", record
            )
            return all(test.test(lambda name: lookup.value(probe, name)) for test in early)

        if query.source == "pixels":
            return self.facts.pixel_loads(first, last, wanted)
        if query.source == "brain":
            return self.facts.brain(first, last, wanted)
        return self.facts.delivery(first, last, wanted)


def sort_key(value: object) -> tuple[Decimal, str]:
    """How a value stands among those of its column: numbers by size, all else by its text."""
    if isinstance(value, (int, Decimal)):
        return Decimal(value), ""
    return Decimal(), "" if value is None else text_of(value)


def text_of(value: object) -> str:
    """A value as conditions compare it."""
    if isinstance(value, bool):
        return str(value).lower()
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def _stepped(day: date, by: timedelta) -> date:
    return day + by if date.min + ONE_DAY < day < date.max - ONE_DAY else day


def _hashable(value: object) -> object:
    if isinstance(value, Mapping):
        return tuple(sorted((key, str(item)) for key, item in value.items()))
    return tuple(map(str, value)) if isinstance(value, list) else value


def _order(row: Row) -> tuple[datetime, tuple[str, ...]]:
    # Numbers padded, so that ids of one length stand in their own order.
    values = row.dimensions.values()
    texts = tuple(f"{value:020}" if isinstance(value, int) else str(value) for value in values)
    return row.bucket or datetime.min, texts  # noqa: DTZ901 - wall-clock time of any zone


# --- windows ----------------------------------------------------------------------------------


def day_of(moment: datetime) -> datetime:
    """Return the midnight at or before a moment."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def named(window: str, among: Collection[str]) -> Bounds | None:
    """Return the first and last unit of a named window for a wall-clock now; None if it is not `among` those served.

    `last_N_days` ends with yesterday, `last_N_hours` with the last full hour; `among` may have them as `last_X_days`.
    """
    match = _LAST.match(window)
    if window not in among and not (match and f"last_X_{match[2]}" in among):
        return None
    if match:
        count = int(match[1])
        if match[2] == "days":
            return lambda now: (day_of(now) - count * ONE_DAY, day_of(now) - _TICK)
        return lambda now: (full_hour(now) - timedelta(hours=count), full_hour(now) - _TICK)
    return {
        "current_day": lambda now: (day_of(now), day_of(now) + ONE_DAY - _TICK),
        "yesterday": lambda now: (day_of(now) - ONE_DAY, day_of(now) - _TICK),
        "month_to_date": lambda now: (day_of(now).replace(day=1), day_of(now) - _TICK),
        "campaign_to_date": lambda now: (_EVER, day_of(now) - _TICK),
        "flight_to_date": lambda now: (_EVER, day_of(now) - _TICK),
    }.get(window)


def not_older(bounds: Bounds, days: int | None) -> Bounds:
    """Cut a window off at a dataset's retention."""
    if days is None:
        return bounds

    def cut(now: datetime) -> tuple[datetime, datetime]:
        first, last = bounds(now)
        return max(first, day_of(now) - days * ONE_DAY), last

    return cut


# --- metrics ----------------------------------------------------------------------------------


def ratio_of(name: str) -> tuple[str, str, Decimal] | None:
    """Numerator, denominator and factor of a derived metric; None for one that is summed.

    Percentages run from 0 to 100, as in the recorded `ctr` of 3.85 for 1 click in 26.
    """
    usd = "_usd" if name.endswith("_usd") else ""
    plain = name.removesuffix("_usd")
    if plain in _TABLE["ratios"]:
        over, under, factor = _TABLE["ratios"][plain]
        return over + usd, under, Decimal(factor)
    if plain.endswith("_roi"):
        base = plain.removesuffix("_roi")
        for prefix, revenue in (("post_click_", "post_click_revenue"), ("post_view_", None)):
            if base.startswith(prefix):
                return revenue or "post_view_revenue", base.removeprefix(prefix), Decimal(1)
        return "total_revenue", base, Decimal(1)
    if plain.startswith("video_") and "_rate" in plain:
        start, _, rest = plain.partition("_rate")
        under = "impressions" if rest else "video_start"
        return start, under, Decimal(100)
    for suffix, (under, times) in _TABLE["divisors"].items():
        base = plain.removesuffix(suffix)
        if base != plain and (base == "total_spend" or base in SPEND_PARTS):
            return base + usd, under, Decimal(times)
    return None


def needed(metrics: list[str]) -> set[str]:
    """The summable numbers that these metrics are made of."""
    names: set[str] = set()
    for name in metrics:
        ratio = ratio_of(name)
        if name == "uniques":
            names |= {"uniques_of"}
        elif ratio:
            names |= {ratio[0], ratio[1]}
        else:
            names.add(name)
    return names


def finished(name: str, sums: Mapping[str, Number]) -> Number | None:
    """A metric's value from its row's sums; None where a ratio has no denominator."""
    if name == "uniques":
        # De-duplication shrinks with the group, so parts never add up to their whole.
        return int(float(sums["uniques_of"]) ** 0.95)
    ratio = ratio_of(name)
    if ratio is None:
        return sums[name]
    over, under, factor = sums[ratio[0]], sums[ratio[1]], ratio[2]
    if not under:
        return None
    return floored(Decimal(over) * factor / Decimal(under), MONEY_DIGITS)
