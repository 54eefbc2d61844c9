"""Report queries: which columns a scope has, what a query means, and its rows.

Buckets are local to the query's time zone and written without an offset, so where clocks go back two hours fall into
one bucket, and where they go forward one bucket is missing.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from adtap_sandbox.atomx.facts import MONEY, NAMES, Facts, Line
from adtap_sandbox.atomx.lists import order
from adtap_sandbox.atomx.replies import Refusal
from adtap_sandbox.atomx.store import Store
from adtap_sandbox.cube import Groups, Labels, Piece, cut_days, placed, single_precision
from adtap_sandbox.environment import ONE_DAY, midnight
from adtap_sandbox.lists import COMPARISONS, sort, sort_key
from adtap_sandbox.tables import named, table

TIME = ("hour", "day", "month")
_COLUMNS = table(__package__, "reports")
RATIOS: dict[str, tuple[str, str, int]] = _COLUMNS["ratios"]


@dataclass(frozen=True)
class Scope:
    """One scope: its entities, its metrics, and what the lines are that it sees."""

    entities: tuple[str, ...]
    metrics: tuple[str, ...]
    lines: tuple[str, ...]

    def sees(self, line: Line) -> bool:
        return all(getattr(line, trait) for trait in self.lines)


SCOPES: dict[str, Scope] = {
    name: Scope(
        named(_COLUMNS, scope["entities"]), named(_COLUMNS, scope["metrics"]), tuple(scope["sees"])
    )
    for name, scope in _COLUMNS["scopes"].items()
}
OPERATORS = ("==", "!=", "<", ">", "in", "not in")
WHENS = ("daily", "monthly", *(day.lower() for day in calendar.day_name))
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
_INTERVAL = re.compile(r"^(\d+) (days?|months?)$")

# The control panel offers it, the zone database does not know it.
_ZONE_ALIASES = {"PST": "PST8PDT"}

MIN_YEAR, MAX_YEAR = 2000, 2100
MAX_INTERVAL = 1000
"""Bounds of dates, and of the days or months of a schedule; made up, they keep the arithmetic sane."""

Condition = tuple[str, str, Any]


@dataclass(frozen=True)
class Query:
    """A report query, checked."""

    scope: Scope
    groups: tuple[str, ...]  # columns to group by
    metrics: tuple[str, ...]  # columns to add up
    where: tuple[Condition, ...]  # conditions, all of which must hold
    begin: datetime  # first moment, local to `zone`, naive; inclusive
    end: datetime  # last moment, local to `zone`, naive; exclusive
    zone: ZoneInfo  # time zone of all times

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the values of a row: groups first, then metrics."""
        return self.groups + self.metrics


def read(given: Any, now: datetime, first_day: date) -> Query:
    """Check the body of a report request; 400 names the key and what was expected."""
    if not isinstance(given, dict):
        raise Refusal(400, "The report must be a JSON object")
    name = given.get("scope")
    scope = SCOPES.get(_COLUMNS["aliases"].get(str(name), str(name)))
    if scope is None:
        raise Refusal(400, f"scope must be one of {', '.join(SCOPES)}, not {name!r}")
    groups = _columns(given, "groups", _group_columns(scope))
    metrics = _columns(given, "metrics", scope.metrics)
    if not groups and not metrics:
        raise Refusal(400, "groups or metrics must be given")
    zone = _zone(given.get("timezone", "UTC"))
    begin, end = _span(given, now, zone, first_day)
    return Query(scope, groups, metrics, _where(given.get("where"), scope), begin, end, zone)


def answer(facts: Facts, store: Store, query: Query, now: datetime) -> Groups[Labels]:
    """Return a query's sums by its groups, in their order: money in millionths, ratios not yet made."""
    names = Names(store)
    times = [group for group in query.groups if group in TIME]
    key = placed(query.groups, times)
    lines = [
        (line, tuple(names.value(line, group) for group in query.groups if group not in TIME))
        for line in facts.lines
        if query.scope.sees(line) and passes(line, query, names)
    ]
    sums: Groups[Labels] = Groups()
    for day, pieces in _calendar(query, now, facts.environment.world.first_day):
        for line, values in lines:
            for labels, first, last in pieces:
                numbers = facts.known(line, day, now, first, last)
                if numbers is not None:
                    sums.add(key(labels, values), numbers)
    kept = [item for item in sums.items() if _having(query, item[1])]
    kept.sort(key=lambda item: [sort_key(part) for part in item[0]])
    return Groups(kept)


def rows(query: Query, found: Groups[Labels], given: str) -> list[list[Any]]:
    """Return the rows as they are sent, sorted; 400 if a sort column is none of the query's."""
    metrics = query.metrics
    made = [[*key, *(figure(name, sums) for name in metrics)] for key, sums in found.items()]
    return sort(made, [(_of_column(query, column), down) for column, down in order(given)])


def _of_column(query: Query, column: str) -> Callable[[list[Any]], Any]:
    if column not in query.columns:
        raise Refusal(400, f"Can't sort by {column!r}, it is no column of the report")
    place = query.columns.index(column)
    return lambda row: sort_key(row[place])


def totals(query: Query, found: Groups[Labels]) -> dict[str, Any]:
    """Return the totals over all rows, whatever the limit."""
    added = found.totals(len(NAMES))
    return {metric: figure(metric, added) for metric in query.metrics}


def figure(metric: str, numbers: list[int]) -> float | int | None:
    """Return a metric as it is sent; money and ratios with the noise of 32-bit floats, as the platform's."""
    if metric in RATIOS:
        above, below, scale = RATIOS[metric]
        base = numbers[NAMES.index(below)]
        if not base:
            return None
        value = numbers[NAMES.index(above)] / (1e6 if above in MONEY else 1)
        return single_precision(value * scale / base)
    number = numbers[NAMES.index(metric)]
    return single_precision(number / 1e6) if metric in MONEY else number


class Names:
    """Values of group columns: ids, names (a deleted thing keeps its own), and `Name (id)`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._names: dict[tuple[str, int], str | None] = {}

    def value(self, line: Line, column: str) -> Any:
        """Return a line's value of a group column that is no time."""
        entity, look = split(column)
        ident = line.dims[entity]
        if ident is None or look == "id":
            return ident
        key = (entity, ident)
        if key not in self._names:
            self._names[key] = self.store.name_of(_COLUMNS["models"].get(entity, entity), ident)
        name = self._names[key]
        return name if look == "name" else f"{name or ''} ({ident})"


def split(column: str) -> tuple[str, str]:
    """Split a group column into its entity and its look: `id`, `name` or `name_id`."""
    for look in ("name_id", "name", "id"):
        if column.endswith(f"_{look}"):
            return column.removesuffix(f"_{look}"), look
    return column, ""


def interval_span(interval: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the whole days before today that a scheduled report covers; 400 if not `N days` or `N month`."""
    found = _INTERVAL.match(interval)
    if found is None or not 1 <= int(found[1]) <= MAX_INTERVAL:
        raise Refusal(400, f"interval must be 'N days' or 'N month', not {interval!r}")
    today = datetime.combine(now.astimezone(zone).date(), time())
    if found[2].startswith("day"):
        return today - timedelta(days=int(found[1])), today
    first = today.replace(day=1)
    for _ in range(int(found[1])):
        first = (first - timedelta(days=1)).replace(day=1)
    return first, today.replace(day=1)


def _calendar(query: Query, now: datetime, first_day: date) -> Iterator[tuple[date, list[Piece]]]:
    """Return the UTC days that a query touches, cut at the turns of its local buckets; nothing after `now`."""
    times = [group for group in query.groups if group in TIME]
    shapes = {"hour": "%Y-%m-%d %H:00:00", "day": "%Y-%m-%d", "month": "%Y-%m"}

    def label(moment: datetime) -> Labels:
        local = moment.astimezone(query.zone)
        return tuple([local.strftime(shapes[name]) for name in times])

    begin = query.begin.replace(tzinfo=query.zone).astimezone(UTC)
    end = query.end.replace(tzinfo=query.zone).astimezone(UTC)
    span = max(begin, midnight(first_day)), min(end, now)
    return cut_days(*span, label, turns=None if times else ())


def _group_columns(scope: Scope) -> tuple[str, ...]:
    return (
        *TIME,
        *(f"{entity}_{look}" for entity in scope.entities for look in ("id", "name", "name_id")),
    )


def _columns(given: dict[str, Any], key: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    value = given.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Refusal(400, f"{key} must be a list of column names")
    for item in value:
        if item not in allowed:
            near = get_close_matches(item, allowed, n=1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            raise Refusal(400, f"Unknown column {item!r} in {key}{hint}")
    if len(set(value)) < len(value):
        raise Refusal(400, f"A column appears twice in {key}")
    return tuple(value)


def _zone(name: object) -> ZoneInfo:
    text = str(name)
    try:
        return ZoneInfo(_ZONE_ALIASES.get(text, text))
    except (KeyError, ValueError, OSError):
        raise Refusal(400, f"Unknown timezone {name!r}") from None


def _where(given: object, scope: Scope) -> tuple[Condition, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise Refusal(400, "where must be a list of [column, op, value]")
    columns = (*_group_columns(scope)[len(TIME) :], *scope.metrics)
    made: list[Condition] = []
    for part in given:
        if not isinstance(part, list) or len(part) != 3:  # noqa: PLR2004 - column, op, value
            raise Refusal(400, "where must be a list of [column, op, value]")
        column, operator, value = part
        if column not in columns:
            raise Refusal(400, f"Unknown column {column!r} in where")
        if operator not in OPERATORS:
            raise Refusal(400, f"Unknown operator {operator!r} in where")
        if isinstance(value, list) != (operator in ("in", "not in")):
            raise Refusal(400, f"Wrong value for operator {operator!r} in where")
        made.append((column, operator, value))
    return tuple(made)


def _span(
    given: dict[str, Any], now: datetime, zone: ZoneInfo, first_day: date
) -> tuple[datetime, datetime]:
    if given.get("when") or given.get("interval"):
        if given.get("when") not in WHENS:
            raise Refusal(400, f"when must be one of {', '.join(WHENS)}")
        return interval_span(str(given.get("interval")), now, zone)
    if given.get("daterange"):
        return _daterange(given["daterange"], now, zone, first_day)
    begin, end = _moment(given, "from"), _moment(given, "to")
    if begin > end:
        raise Refusal(400, "from must not be after to")
    return begin, end


def _moment(given: dict[str, Any], key: str) -> datetime:
    value = given.get(key)
    if not isinstance(value, str) or not _MOMENT.match(value):
        raise Refusal(400, f"{key} must look like 2017-11-01 13:00:00, not {value!r}")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Refusal(400, f"{key} is no date: {value!r}") from None
    if not MIN_YEAR <= moment.year <= MAX_YEAR:
        raise Refusal(400, f"{key} is out of range: {value!r}")
    # The platform cuts to the hour.
    return moment.replace(minute=0, second=0)


def _daterange(
    name: object, now: datetime, zone: ZoneInfo, first_day: date
) -> tuple[datetime, datetime]:
    today = datetime.combine(now.astimezone(zone).date(), time())
    tomorrow = today + ONE_DAY
    month = today.replace(day=1)
    ranges = {
        "today": (today, tomorrow),
        "yesterday": (today - ONE_DAY, today),
        **{f"last{days}days": (today - days * ONE_DAY, today) for days in (7, 14, 30)},
        "monthtodate": (month, tomorrow),
        "lastmonth": ((month - ONE_DAY).replace(day=1), month),
        "yeartodate": (today.replace(month=1, day=1), tomorrow),
        "lifetime": (datetime.combine(first_day, time()), tomorrow),
    }
    if str(name) not in ranges:
        raise Refusal(400, f"daterange must be one of {', '.join(ranges)}, not {name!r}")
    return ranges[str(name)]


def passes(line: Line, query: Query, names: Names) -> bool:
    """Return whether a line meets the conditions on groups; those on metrics are for whole rows."""
    tests = (test for test in query.where if test[0] not in NAMES and test[0] not in RATIOS)
    return all(_compare(names.value(line, name), operator, to) for name, operator, to in tests)


def _having(query: Query, numbers: list[int]) -> bool:
    tests = (test for test in query.where if test[0] in NAMES or test[0] in RATIOS)
    return all(_compare(figure(name, numbers), operator, to) for name, operator, to in tests)


def _compare(have: Any, operator: str, value: Any) -> bool:
    if operator in ("in", "not in"):
        return any(_same(have, item) for item in value) == (operator == "in")
    if operator in ("==", "!="):
        return _same(have, value) == (operator == "==")
    if have is None or isinstance(have, str):
        return False
    try:
        bound = float(value)
    except (TypeError, ValueError):
        raise Refusal(400, f"{value!r} in where is not a number") from None
    return COMPARISONS[operator](have, bound)


def _same(have: Any, value: Any) -> bool:
    """Compare; the platform's own examples give numbers as text, too."""
    if isinstance(have, (int, float)) and isinstance(value, str):
        return str(have) == value
    return bool(have == value)
