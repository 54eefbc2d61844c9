"""Reports whose rows are made of several columns: one row for each event, or for each cohort period.

The service gives one column for each event (`first order_events`) or period (`revenue_d7`); a
warehouse wants a row. A row whose figures are all zero or absent is not made, as the service itself
returns only what saw activity.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus

from tap_adjust.fields import PERIOD_NAMES
from tap_adjust.streams import AdjustReport

Objects = Iterator[Mapping[str, Any]]
_Group = tuple[Mapping[str, Any], Mapping[str, str]]
"""For a row to make its labels, and its metrics' names in the answer."""
MADE_HERE: Final = frozenset({"event_slug", "period_type", "period"})
"""Dimensions that the service does not have."""
_MOST_METRICS: Final = 120
"""Metrics of one request: their names travel in the query string."""
_MOST_BYTES: Final = 5000
"""Most bytes of their names there: many servers take addresses of 8 KB, and a hundred apps and the rest take 2 KB. A
letter beyond ASCII is sent as six to twelve."""
_COMMA_BYTES: Final = len("%2C")
_NOTHING: Final = re.compile(r"-?(0+(\.0*)?|\.0+)(e[+-]?\d+)?|", re.ASCII | re.IGNORECASE)
"""A zero, however it is spelt, or nothing."""


@dataclass
class Ask:
    """One request for a report, and how its rows become the report's.

    Args:
        dimensions: To ask for.
        metrics: To ask for.
        expand: Makes the report's rows; None where they are as they come.
    """

    dimensions: Sequence[str]
    metrics: Sequence[str]
    expand: Callable[[Objects], Objects] | None = None

    def spelled(self) -> Iterator[tuple[str, str]]:
        """Return the report's metrics with their names in the answer; one may have several."""
        if isinstance(self.expand, _Unpivot):
            yield from (pair for _, names in self.expand.groups for pair in names.items())
        else:
            yield from ((name, name) for name in self.metrics)

    def without(self, name: str) -> "Ask | None":
        """Return the same request without the event that a metric belongs to; None if it belongs to none.

        Args:
            name: The metric, as the answer names it.
        """
        if not isinstance(self.expand, _Unpivot):
            return None
        groups = [g for g in self.expand.groups if name not in g[1].values()]
        events = any("event_slug" in labels for labels, _ in self.expand.groups)
        if not events or len(groups) == len(self.expand.groups):
            return None
        return Ask(
            self.dimensions, [n for _, names in groups for n in names.values()], _Unpivot(groups)
        )


def asks(report: AdjustReport, events: Callable[[], Sequence[str]]) -> Iterator[Ask]:
    """Yield the requests that a report needs for one window.

    Args:
        report: The report.
        events: Gives the slugs of the window's apps.
    """
    dimensions = [d for d in report.dimensions if d not in MADE_HERE]
    labels: list[tuple[dict[str, Any], str]]
    if report.per_event:
        labels = [({"event_slug": slug}, f"{slug}_{{}}") for slug in events()]
    elif periods := report.cohort_periods:
        labels = [
            ({"period_type": PERIOD_NAMES[p[0]], "period": int(p[1:])}, f"{{}}_{p}")
            for p in periods
        ]
    else:
        yield Ask(dimensions, report.metrics)
        return
    made = [
        (label, {metric: spelt.replace("{}", metric) for metric in report.metrics})
        for label, spelt in labels
    ]
    for groups in _shared(made):
        wanted = [name for _, names in groups for name in names.values()]
        yield Ask(dimensions, wanted, _Unpivot(groups))


def _shared(groups: Iterable[_Group]) -> Iterator[list[_Group]]:
    """Yield column groups together, as many as one address takes."""
    taken: list[_Group] = []
    names = size = 0
    for group in groups:
        own = sum(len(quote_plus(name)) + _COMMA_BYTES for name in group[1].values())
        if taken and (names + len(group[1]) > _MOST_METRICS or size + own > _MOST_BYTES):
            yield taken
            taken, names, size = [], 0, 0
        taken.append(group)
        names, size = names + len(group[1]), size + own
    if taken:
        yield taken


@dataclass
class _Unpivot:
    """Makes rows of column groups.

    Args:
        groups: One for each row to make.
    """

    groups: Sequence[_Group]

    def __call__(self, rows: Iterable[Mapping[str, Any]]) -> Objects:
        """Yield the rows that have any figure."""
        answered = {name for _, names in self.groups for name in names.values()}
        for row in rows:
            common = {k: v for k, v in row.items() if k not in answered}
            for labels, names in self.groups:
                values = {metric: row.get(name) for metric, name in names.items()}
                if any(v is not None and not _NOTHING.fullmatch(str(v)) for v in values.values()):
                    yield {**common, **labels, **values}
