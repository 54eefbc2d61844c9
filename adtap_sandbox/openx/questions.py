"""Reads report requests: dates in every spelling met, field lists, filter trees."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from adtap_sandbox.environment import Environment, full_hour, midnight
from adtap_sandbox.openx.fields import (
    METRICS,
    RESPONSE_ATTRIBUTES,
    TIME_ATTRIBUTES,
    TRACKING_VIDEO_METRICS,
    Field,
    canonical,
)

Predicate = Callable[[Mapping[str, str | None]], bool]


HOURLY_VIDEO_DAYS: Final = 60
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?::?(\d{2}))?")
_OPERATORS: Final = frozenset({"AND", "OR", "XOR"})
_METRIC_IDS: Final = frozenset(field.id for field in METRICS)


class DateError(ValueError):
    """A date in no spelling that the platform reads."""


class FilterError(ValueError):
    """A filter of the wrong shape, or over a field that can't be filtered; `names` are to blame."""

    def __init__(self, *names: str) -> None:
        super().__init__(", ".join(names))
        self.names = names


@dataclass(frozen=True)
class Span:
    """The dates a field set is available for: first hour, and hour after the last, UTC."""

    first: datetime
    end: datetime


def read_date(given: object) -> datetime:
    """The full hour that a request's date means; minutes and seconds are cut off, else a `DateError`.

    Args:
        given: ISO 8601 with a zone, `YYYYMMDD`, `YYYYMMDDHH` or `YYYYMMDD:HH` as text, or the
            first two as a number: the spellings of the vendor's samples and of live scripts.
    """
    text = str(given)
    try:
        if match := _COMPACT.fullmatch(text):
            year, month, day, hour = (int(part or 0) for part in match.groups())
            return datetime(year, month, day, hour, tzinfo=UTC)
        if isinstance(given, str) and "T" in given:
            moment = datetime.fromisoformat(given)
            if moment.tzinfo is not None:
                return full_hour(moment.astimezone(UTC))
    except ValueError as error:
        raise DateError(text) from error
    raise DateError(text)


def read_ids(listed: object) -> tuple[str, ...]:
    """The ids of a request's `attributes` or `metrics`; what has no id counts as an unknown id."""
    if listed is None:
        return ()
    if not isinstance(listed, list):
        return (str(listed),)
    return tuple(
        str(item["id"]) if isinstance(item, dict) and "id" in item else str(item) for item in listed
    )


def unknown(ids: Iterable[str], fields: Iterable[Field]) -> list[str]:
    """Those ids that none of the fields has."""
    known = {field.id for field in fields}
    return [name for name in ids if canonical(name) not in known]


def read_filter(tree: object, fields: Iterable[Field]) -> Predicate:
    """A test of a slot's values, from a filter tree; else a `FilterError`.

    Args:
        tree: None, `{"name", "value", "operator": "EQ"}`, or a binary `AND`/`OR`/`XOR` expression.
        fields: The attributes this login sees; metrics and buckets can't be filtered.
    """
    if tree is None:
        return lambda _: True
    filterable = {field.id for field in fields if field.id not in TIME_ATTRIBUTES}
    return _node(tree, filterable)


def _node(tree: object, filterable: set[str]) -> Predicate:
    if not isinstance(tree, dict):
        raise FilterError(str(tree))
    operator = tree.get("operator")
    if operator in _OPERATORS:
        left = _node(tree.get("leftOperand"), filterable)
        right = _node(tree.get("rightOperand"), filterable)
        if operator == "AND":
            return lambda values: left(values) and right(values)
        if operator == "OR":
            return lambda values: left(values) or right(values)
        return lambda values: left(values) != right(values)
    name = str(tree.get("name"))
    field = canonical(name)
    value = tree.get("value")
    if operator != "EQ" or field not in filterable or field in _METRIC_IDS:
        raise FilterError(name)
    accepted = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in accepted):
        raise FilterError(name)
    # A list under EQ means "any of": nothing else makes sense. A null is equal to no value.
    anything = frozenset(accepted)
    return lambda values: values[field] in anything


def comparisons(tree: object) -> Iterator[dict[str, object]]:
    """Every comparison of a filter tree."""
    if isinstance(tree, dict):
        if "name" in tree:
            yield tree
        for side in ("leftOperand", "rightOperand"):
            yield from comparisons(tree.get(side))


def accounts_named(tree: object) -> int:
    """How many publisher accounts a filter tree names, whatever it leaves of them."""
    named: set[str] = set()
    for one in comparisons(tree):
        if canonical(str(one["name"])) == "publisherAccountId":
            value = one.get("value")
            named.update(map(str, value if isinstance(value, list) else [value]))
    return len(named)


def available(environment: Environment, attributes: Iterable[str], metrics: Iterable[str]) -> Span:
    """The dates a field set can be asked for.

    Hours are kept about three months, days two years; a set that holds demand fields lags one hour
    more, and video events by the hour are kept for two months.
    """
    wanted = {canonical(name) for name in attributes}
    now = full_hour(environment.clock.now())
    hourly = "hour" in wanted
    days = environment.switch(f"retention_{'hourly' if hourly else 'daily'}_days")
    if hourly and TRACKING_VIDEO_METRICS & set(metrics):
        days = min(days, HOURLY_VIDEO_DAYS)
    lag = environment.switch("data_lag_hours") + bool(wanted & RESPONSE_ATTRIBUTES)
    stall = environment.switch("max_end_date")
    end = read_date(stall) if stall else now - timedelta(hours=lag)
    first = max(now.replace(hour=0) - timedelta(days=days), midnight(environment.world.first_day))
    return Span(first=first, end=max(first, end))
