"""A report computed: cells summed into groups, groups made into rows and totals."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from adtap_sandbox.cube import Groups, Piece, placed
from adtap_sandbox.environment import midnight
from adtap_sandbox.lists import sort

from .facts import CURVE, DayState, Facts, Reader
from .metrics import MICROS, Atom, Metric
from .periods import TIME_DIMENSIONS, BaseDay
from .query import COMPANIONS, UNRESOLVED, Query
from .store import AdjustStore, Cell

DAILY_SECTIONS: Final = ("network", "skan", "mixed")
"""Sections whose numbers come by day: no offset and no hour re-cuts them."""
QUARTER: Final = timedelta(minutes=15)

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

    ``totals`` are over all rows, the ``cut_off`` ones that ``limit`` took away included.
    """

    query: Query
    rows: list[Row]
    totals: tuple[Value, ...]
    cut_off: int
    currencies: tuple[str, ...]


Cells = Iterable[tuple[Cell, tuple[Any, ...]]]
"""Cells, each with its part of a group's key."""


class _Sums:
    """Atoms summed by group; a group's key is its bucket's labels, then its cells' key."""

    def __init__(
        self, store: AdjustStore, query: Query, metrics: Iterable[Metric], cells: Cells
    ) -> None:
        self.query, self.facts = query, Facts(store, query.lens)
        atoms = tuple(dict.fromkeys(atom for metric in metrics for atom in metric.atoms))
        self.slots = {atom: slot for slot, atom in enumerate(atoms)}
        self.groups: Groups[tuple[Any, ...]] = Groups()
        self._by_day = self._readers(atoms, daily=True)
        self._by_hour = self._readers(atoms, daily=False)
        self._add_all(store, cells)

    def active(self) -> Iterator[tuple[tuple[Any, ...], list[int]]]:
        """Groups with some activity, for no others come back."""
        return ((key, sums) for key, sums in self.groups.items() if any(sums))

    def value(self, metric: Metric, sums: list[int], days: int) -> Value:
        return metric.compute([sums[self.slots[atom]] for atom in metric.atoms], days)

    def _readers(self, atoms: tuple[Atom, ...], *, daily: bool) -> list[Reader | None] | None:
        """How the atoms that come by day, or by hour, are read; None where there is none of them."""
        wanted = [(atom.section in DAILY_SECTIONS) is daily for atom in atoms]
        if not any(wanted):
            return None
        pairs, reader = zip(atoms, wanted, strict=True), self.facts.reader
        return [reader(atom) if here else None for atom, here in pairs]

    def _add_all(self, store: AdjustStore, cells: Cells) -> None:
        calendar = self.query.calendar
        days = [_filtered(self.query, day) for day in calendar.days(store.world.first_day)]
        days = [day for day in days if day.pieces or day.daily is not None]
        by_app: dict[str, list[tuple[Cell, tuple[Any, ...]]]] = {}
        for cell, key in cells:
            by_app.setdefault(cell.app.token, []).append((cell, key))
        for token, members in by_app.items():
            for base in days:
                state = self.facts.day(store.by_token[token], base.day)
                # Those of the running day in the report's zone.
                dawn = midnight(base.day) + timedelta(minutes=calendar.offset)
                pieces = base.pieces if self.query.shadows else ()
                running = [p for p in pieces if (dawn + p.first * QUARTER).date() == calendar.today]
                for cell, key in members:
                    seed = self.facts.seed(cell, state)
                    if seed is None:
                        continue
                    numbers = self._add(base, key, cell, seed, state)
                    if numbers and running and cell.base % 7 == 0 and len(cell.links) > 1:
                        self._add_shadow(running, numbers, key)

    def _add(
        self, base: BaseDay, key: tuple[Any, ...], cell: Cell, seed: int, state: DayState
    ) -> list[int]:
        """Add a cell's day to its groups; gives its hourly numbers."""
        if self._by_day and base.daily is not None:
            numbers = [read(cell, seed, state) if read else 0 for read in self._by_day]
            self.groups.add((base.daily, *key), numbers)
        if not self._by_hour or not base.pieces:
            return []
        numbers = [read(cell, seed, state) if read else 0 for read in self._by_hour]
        for labels, first, last in base.pieces:
            self.groups.add((labels, *key), CURVE.parts(numbers, first, last))
        return numbers

    def _add_shadow(self, running: list[Piece], numbers: list[int], key: tuple[Any, ...]) -> None:
        """A row of the running day whose ids are not resolved yet, beside the one that has them."""
        names = [name for name in self.query.dimensions if name not in TIME_DIMENSIONS]
        shown = zip(names, key[0], strict=True)
        dims = tuple("" if name in UNRESOLVED else value for name, value in shown)
        beside = zip(companions_of(self.query.dimensions), key[1], strict=True)
        ids = tuple(None if name in UNRESOLVED else value for name, value in beside)
        tenth = [number // 10 for number in numbers]
        for labels, first, last in running:
            self.groups.add((labels, dims, ids), CURVE.parts(tenth, first, last))


def companions_of(dimensions: tuple[str, ...]) -> tuple[str, ...]:
    """The ids that ride along with the dimensions asked for."""
    names = [name for dimension in dimensions for name in COMPANIONS.get(dimension, ())]
    return tuple(dict.fromkeys(names))


def compute(store: AdjustStore, query: Query) -> Report:
    wanted = [*query.metrics, *(metric for metric, _ in query.metric_tests)]
    sums = _Sums(store, query, wanted, chosen_cells(store, query))
    place = placed(query.dimensions, query.calendar.dimensions)
    kept: Groups[tuple[Any, ...]] = Groups()
    rows: list[Row] = []
    per_bucket = query.calendar.days_per_bucket()
    by_day = [at for at, name in enumerate(query.calendar.dimensions) if name != "hour"]
    read = [(metric.compute, [sums.slots[atom] for atom in metric.atoms]) for metric in wanted]
    for key, numbers in sums.active():
        days = per_bucket.get(tuple([key[0][at] for at in by_day]), 1)
        values = [value([numbers[at] for at in places], days) for value, places in read]
        tested = zip(query.metric_tests, values[len(query.metrics) :], strict=True)
        if all(test(_plain(metric, value)) for (metric, test), value in tested):
            kept[key] = numbers
            labels, dims, companions = key
            rows.append(Row(place(labels, dims), companions, tuple(values[: len(query.metrics)])))
    rows = sort(rows, [(_of_column(query, name), down) for name, down in query.sort])
    calendar, total = query.calendar, kept.totals(len(sums.slots))
    days = max(1, (min(calendar.last, calendar.today) - calendar.first).days + 1)
    codes = [query.lens.currency] if query.lens.currency else [app.currency for app in query.apps]
    return Report(
        query=query,
        rows=rows[: query.limit],
        totals=tuple(sums.value(metric, total, days) for metric in query.metrics),
        cut_off=0 if query.limit is None else max(0, len(rows) - query.limit),
        currencies=tuple(dict.fromkeys(code for code in codes if code)),
    )


def _of_column(query: Query, name: str) -> Callable[[Row], Any]:
    """How a row's value is read where rows are sorted by it."""
    if name in query.dimensions:
        at = query.dimensions.index(name)
        return lambda row: row.dims[at] or ""
    at = [metric.id for metric in query.metrics].index(name)
    return lambda row: row.values[at] or 0


def chosen_cells(store: AdjustStore, query: Query) -> Cells:
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
                ids = tuple(dims[name] for name in companions)
                yield cell, (tuple(dims[name] for name in names), ids)


def grouped(
    store: AdjustStore, query: Query, cells: Cells
) -> Iterator[tuple[tuple[Any, ...], tuple[Value, ...]]]:
    """Metric values by group, for groupings that the Report Service does not have.

    Groups are keyed by (time labels, *key of the cells).
    """
    sums = _Sums(store, query, query.metrics, cells)
    per_bucket = query.calendar.days_per_bucket()
    for key, numbers in sums.active():
        days = per_bucket.get(key[0], 1)
        yield key, tuple(sums.value(metric, numbers, days) for metric in query.metrics)


def _filtered(query: Query, base: BaseDay) -> BaseDay:
    """The day without the buckets that filters on time dimensions take away."""
    times = query.calendar.dimensions
    tests = [(times.index(name), test) for name, test in query.tests if name in times]
    if not tests:
        return base

    def stays(labels: tuple[str, ...]) -> bool:
        return all(test(labels[place]) for place, test in tests)

    daily = base.daily if base.daily is not None and stays(base.daily) else None
    return BaseDay(base.day, tuple(piece for piece in base.pieces if stays(piece.labels)), daily)


def _plain(metric: Metric, value: Value) -> float:
    if value is None:
        return 0.0
    return value / MICROS if metric.micros else value


def text(metric: Metric, value: Value, *, null: bool) -> str | None:
    """A metric's value as a row has it, always a string; ``null`` or 0.0 where it divides by zero."""
    if value is None:
        return None if null else "0.0"
    return repr(value / MICROS if metric.micros else value)


def number(metric: Metric, value: Value) -> float:
    """A metric's value as a JSON number, as ``totals`` has it: always with a point."""
    return float(_plain(metric, value))


def expected_totals(store: AdjustStore, query: Query) -> dict[str, dict[str, int]]:
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
                        ends = base.pieces[0].first, base.pieces[-1].last
                        (value,) = CURVE.parts((value,), *ends)
                    found[app.token][name] += value
    return found
