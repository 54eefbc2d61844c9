"""A report computed: cells summed into groups, groups made into rows and totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from .facts import DayState, Facts, cut
from .metrics import MICROS, Atom, Metric
from .periods import SLOTS, TIME_DIMENSIONS, BaseDay
from .query import COMPANIONS, Query
from .store import AdjustStore, Cell

DAILY_SECTIONS: Final = ("network", "skan", "mixed")
"""Sections whose numbers come by day: no offset and no hour re-cuts them."""
UNRESOLVED: Final = (
    "campaign_id_network",
    "adgroup_id_network",
    "creative_id_network",
    "source_id_network",
)
"""Ids that a shadow row of the running day does not have yet."""

Value = float | None


@dataclass
class Row:
    """One row: dimension values in request order, companion ids, metric values."""

    dims: tuple[str | None, ...]
    companions: tuple[str | None, ...]
    values: tuple[Value, ...]


@dataclass
class Report:
    """A report's answer before it takes a format.

    Attributes:
        query: What was asked.
        rows: Its rows.
        totals: Metric values over all rows, the cut-off ones included.
        cut_off: Rows that ``limit`` took away.
        currencies: Currencies of the money in it.
    """

    query: Query
    rows: list[Row]
    totals: tuple[Value, ...]
    cut_off: int
    currencies: tuple[str, ...]


@dataclass
class _Plan:
    """What is summed, resolved once for the whole report."""

    atoms: tuple[Atom, ...]
    hourly: tuple[tuple[int, Callable[..., int]], ...]
    daily: tuple[tuple[int, Callable[..., int]], ...]
    sums: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)

    def at(self, key: tuple[Any, ...]) -> list[int]:
        found = self.sums.get(key)
        if found is None:
            found = self.sums[key] = [0] * len(self.atoms)
        return found

    def add(
        self, base: BaseDay, key: tuple[Any, ...], cell: Cell, seed: int, state: DayState
    ) -> list[tuple[int, int]]:
        """Add a cell's day to its groups; gives the hourly values by atom."""
        if self.daily and base.daily is not None:
            bucket = self.at((base.daily, *key))
            for number, read in self.daily:
                bucket[number] += read(cell, seed, state)
        if not self.hourly or not base.pieces:
            return []
        values = [(number, read(cell, seed, state)) for number, read in self.hourly]
        whole = len(base.pieces) == 1 and base.pieces[0].stop - base.pieces[0].start == SLOTS
        for piece in base.pieces:
            bucket = self.at((piece.labels, *key))
            for number, value in values:
                bucket[number] += value if whole else cut(value, piece.start, piece.stop)
        return values


def companions_of(dimensions: tuple[str, ...]) -> tuple[str, ...]:
    """The ids that ride along with the dimensions asked for."""
    names = [name for dimension in dimensions for name in COMPANIONS.get(dimension, ())]
    return tuple(dict.fromkeys(names))


def compute(store: AdjustStore, query: Query) -> Report:
    """The report that answers a query."""
    facts = Facts(store, query.lens)
    asked = [*query.metrics, *(metric for metric, _ in query.metric_tests)]
    atoms = tuple(dict.fromkeys(atom for metric in asked for atom in metric.atoms))
    plan = _plan(facts, atoms)
    _sum(store, query, facts, plan, chosen_cells(store, query))
    slots = {atom: number for number, atom in enumerate(atoms)}
    rows, total = _rows(query, plan, slots)
    _sort(query, rows)
    limit = query.limit
    totals = tuple(_evaluate(metric, total, slots, _all_days(query)) for metric in query.metrics)
    codes = [query.lens.currency] if query.lens.currency else [app.currency for app in query.apps]
    return Report(
        query=query,
        rows=rows if limit is None else rows[:limit],
        totals=totals,
        cut_off=0 if limit is None else max(0, len(rows) - limit),
        currencies=tuple(dict.fromkeys(code for code in codes if code)),
    )


def chosen_cells(store: AdjustStore, query: Query) -> Iterator[tuple[Cell, tuple[Any, ...]]]:
    """The cells that pass the dimension filters, each with its part of the group's key."""
    names = tuple(name for name in query.dimensions if name not in TIME_DIMENSIONS)
    companions = companions_of(query.dimensions)
    tests = [(name, test) for name, test in query.tests if name not in TIME_DIMENSIONS]
    for app in query.apps:
        for cell in store.cells(app):
            dims = cell.dims
            if query.trackers is not None and query.trackers.isdisjoint(cell.links):
                continue
            channel = f"partner_{dims['partner_id']}"
            if query.channels is not None and channel not in query.channels:
                continue
            if all(test(dims[name]) for name, test in tests):
                key = (
                    tuple(dims[name] for name in names),
                    tuple(dims[name] for name in companions),
                )
                yield cell, key


def grouped(
    store: AdjustStore, query: Query, pairs: Iterable[tuple[Cell, tuple[Any, ...]]]
) -> Iterator[tuple[tuple[Any, ...], tuple[Value, ...]]]:
    """Metric values by group, for groupings that the Report Service does not have.

    Args:
        store: The room.
        query: Its calendar, lens and metrics are used.
        pairs: Cells, each with its key; groups are keyed by (time labels, *key).
    """
    facts = Facts(store, query.lens)
    atoms = tuple(dict.fromkeys(atom for metric in query.metrics for atom in metric.atoms))
    plan = _plan(facts, atoms)
    _sum(store, query, facts, plan, pairs)
    slots = {atom: number for number, atom in enumerate(atoms)}
    per_bucket = query.calendar.days_per_bucket()
    for key, sums in plan.sums.items():
        if any(sums):
            days = per_bucket.get(key[0], 1)
            yield key, tuple(_evaluate(metric, sums, slots, days) for metric in query.metrics)


def _plan(facts: Facts, atoms: tuple[Atom, ...]) -> _Plan:
    readers = [(number, facts.reader(atom)) for number, atom in enumerate(atoms)]
    return _Plan(
        atoms,
        hourly=tuple(r for r in readers if atoms[r[0]].section not in DAILY_SECTIONS),
        daily=tuple(r for r in readers if atoms[r[0]].section in DAILY_SECTIONS),
    )


def _sum(
    store: AdjustStore,
    query: Query,
    facts: Facts,
    plan: _Plan,
    pairs: Iterable[tuple[Cell, tuple[Any, ...]]],
) -> None:
    days = [_filtered(query, day) for day in query.calendar.days(store.world.first_day)]
    days = [day for day in days if day.pieces or day.daily is not None]
    cells: dict[str, list[tuple[Cell, tuple[Any, ...]]]] = {}
    for cell, key in pairs:
        cells.setdefault(cell.app.token, []).append((cell, key))
    today = query.calendar.today
    for token, members in cells.items():
        app = store.by_token[token]
        for base in days:
            state = facts.day(app, base.day)
            shadowed = query.shadows and any(piece.local_day == today for piece in base.pieces)
            for cell, key in members:
                seed = facts.seed(cell, state)
                if seed is None:
                    continue
                values = plan.add(base, key, cell, seed, state)
                if shadowed and cell.base % 7 == 0 and len(cell.links) > 1:
                    _shadow(query, base, plan, values, key)


def _shadow(
    query: Query, base: BaseDay, plan: _Plan, values: list[tuple[int, int]], key: tuple[Any, ...]
) -> None:
    """A row of the running day whose ids are not resolved yet, beside the one that has them."""
    names = tuple(name for name in query.dimensions if name not in TIME_DIMENSIONS)
    dims = tuple(
        "" if name in UNRESOLVED else value for name, value in zip(names, key[0], strict=True)
    )
    ids = tuple(
        None if name in UNRESOLVED else value
        for name, value in zip(companions_of(query.dimensions), key[1], strict=True)
    )
    for piece in base.pieces:
        if piece.local_day == query.calendar.today:
            bucket = plan.at((piece.labels, dims, ids))
            for number, value in values:
                bucket[number] += cut(value // 10, piece.start, piece.stop)


def _filtered(query: Query, base: BaseDay) -> BaseDay:
    """The day without the buckets that filters on time dimensions take away."""
    tests = [
        (query.calendar.dimensions.index(name), test)
        for name, test in query.tests
        if name in query.calendar.dimensions
    ]
    if not tests:
        return base

    def stays(labels: tuple[str, ...]) -> bool:
        return all(test(labels[place]) for place, test in tests)

    daily = base.daily if base.daily is not None and stays(base.daily) else None
    return BaseDay(base.day, tuple(piece for piece in base.pieces if stays(piece.labels)), daily)


def _evaluate(metric: Metric, sums: list[int], slots: dict[Atom, int], days: int) -> Value:
    return metric.compute([sums[slots[atom]] for atom in metric.atoms], days)


def _all_days(query: Query) -> int:
    calendar = query.calendar
    return max(1, (min(calendar.last, calendar.today) - calendar.first).days + 1)


def _rows(query: Query, plan: _Plan, slots: dict[Atom, int]) -> tuple[list[Row], list[int]]:
    total = [0] * len(plan.atoms)
    time_names = query.calendar.dimensions
    per_bucket = query.calendar.days_per_bucket()
    skip = time_names.index("hour") if "hour" in time_names else None
    # Where each dimension's value comes from: the bucket's labels or the cell's part of the key.
    names = tuple(name for name in query.dimensions if name not in TIME_DIMENSIONS)
    places = [
        (0, time_names.index(name)) if name in TIME_DIMENSIONS else (1, names.index(name))
        for name in query.dimensions
    ]
    rows: list[Row] = []
    for key, sums in plan.sums.items():
        if not any(sums):
            continue  # only combinations with some activity come back
        labels = key[0] if skip is None else key[0][:skip] + key[0][skip + 1 :]
        days = per_bucket.get(labels, 1)
        if not all(
            test(_plain(metric, _evaluate(metric, sums, slots, days)))
            for metric, test in query.metric_tests
        ):
            continue
        for number, value in enumerate(sums):
            total[number] += value
        rows.append(
            Row(
                dims=tuple([key[part][place] for part, place in places]),
                companions=key[2],
                values=tuple(
                    [
                        metric.compute([sums[slots[atom]] for atom in metric.atoms], days)
                        for metric in query.metrics
                    ]
                ),
            )
        )
    return rows, total


def _plain(metric: Metric, value: Value) -> float:
    if value is None:
        return 0.0
    return value / MICROS if metric.micros else value


def _sort(query: Query, rows: list[Row]) -> None:
    metric_ids = [metric.id for metric in query.metrics]
    for name, descending in reversed(query.sort):  # a stable sort, the last key first
        if name in query.dimensions:
            place = query.dimensions.index(name)
            rows.sort(key=lambda row, at=place: row.dims[at] or "", reverse=descending)  # type: ignore[misc]
        else:
            place = metric_ids.index(name)
            rows.sort(key=lambda row, at=place: row.values[at] or 0, reverse=descending)  # type: ignore[misc]


def text(metric: Metric, value: Value, *, null: bool) -> str | None:
    """A metric's value as the Report Service writes it in a row: always a string.

    Args:
        metric: Its metric.
        value: Its value; None where the formula would divide by zero.
        null: Write such a value as null instead of ``0.0``.
    """
    if value is None:
        return None if null else "0.0"
    if metric.micros:
        return repr(value / MICROS)
    return repr(value)


def number(metric: Metric, value: Value) -> float:
    """A metric's value as a JSON number, as ``totals`` has it: always with a point."""
    return float(_plain(metric, value))


def truth(store: AdjustStore, query: Query) -> dict[str, dict[str, int]]:
    """Sums computed without groups: app token → atom → whole number (money in millionths).

    It walks cells and days on its own, so that grouping, cutting and formatting can be held
    against it. Whole UTC days only, without shadow rows.
    """
    facts = Facts(store, query.lens)
    atoms = {atom.name: atom for metric in query.metrics for atom in metric.atoms}
    found = {app.token: dict.fromkeys(atoms, 0) for app in query.apps}
    for base in query.calendar.days(store.world.first_day):
        if not query.calendar.first <= base.day <= query.calendar.last:
            continue
        for app in query.apps:
            state = facts.day(app, base.day)
            for cell in store.cells(app):
                seed = facts.seed(cell, state)
                if seed is None:
                    continue
                for name, atom in atoms.items():
                    value = facts.reader(atom)(cell, seed, state)
                    if atom.section not in DAILY_SECTIONS and base.pieces:
                        value = cut(value, base.pieces[0].start, base.pieces[-1].stop)
                    found[app.token][name] += value
    return found
