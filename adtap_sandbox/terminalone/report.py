"""Groups the finest rows into the rows of a report, for both generations."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from adtap_sandbox.cube import Groups
from adtap_sandbox.moments import ONE_DAY, full_hour, rfc3339

from .dimensions import Dimensions
from .facts import BrainFeature, Fact, Facts, PixelLoads, exact
from .metrics import finished, needed
from .spans import day_of
from .values import Record

Lookup: TypeAlias = Callable[[str], object]
Test: TypeAlias = Callable[[Lookup], bool]

_HOUSE_PREFIXES: Final = ("organization_", "agency_", "advertiser_", "campaign_")


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
    """The time asked for, on the wall clock of the report's zone.

    `bounds` gives first and last unit (both included) for today's wall-clock time in a zone.
    """

    bounds: Callable[[datetime], tuple[datetime, datetime]]
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
    sums: dict[str, Decimal | int]

    def metric(self, name: str) -> Decimal | int | None:
        """A metric of the row."""
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
            key = (bucket, *(_hashable(value) for value in values.values()))
            found.setdefault(key, (bucket, values))
            sums.add(key, [fact.number(name) for name in read])
        rows = [
            Row(
                *found[key],
                {name: exact(name, number) for name, number in zip(numbers, added, strict=True)},
            )
            for key, added in sums.items()
        ]
        return sorted(rows, key=_order)

    def _kept(self, query: ReportQuery, lookup: Dimensions) -> Iterator[Fact]:
        """The facts inside the span that pass every predicate."""
        now = self.facts.stage.clock.now()
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
                self.facts.stage, ("probe",), now.date(), 0, "UTC", record
            )
            return all(
                predicate.test(lambda name: lookup.value(probe, name)) for predicate in early
            )

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
    texts = tuple(
        f"{value:020}" if isinstance(value, int) else str(value)
        for value in row.dimensions.values()
    )
    return row.bucket or datetime.min.replace(tzinfo=UTC).replace(tzinfo=None), texts
