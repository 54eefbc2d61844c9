"""The legacy KPI service: nested results by an ordered grouping."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from adtap_sandbox.tables import csv_text, table

from .facts import Lens
from .metrics import LAST_PERIOD, MICROS, PERIOD_DAYS, Metric
from .periods import Calendar, offset_minutes
from .query import TYPES, Params, Query, choice, words
from .replies import RefusedError, unsupported_metric
from .report import Value, grouped
from .store import AdjustApp, AdjustStore, Cell, Event

_TABLE: Final = table(__package__, "kpis")
DEFAULT_KPIS: Final[dict[str, str]] = _TABLE["defaults"]
_DEPTH: Final = {"networks": 1, "campaigns": 2, "adgroups": 3, "creatives": 4}
_READABLE: Final = {"period": "Days after Install"}


@dataclass(frozen=True)
class Kpi:
    """A KPI: one metric, or one over another; none for a retired one, which is zero."""

    name: str
    over: Metric | None
    under: Metric | None = None


@dataclass(frozen=True)
class Level:
    """One level of the grouping: as sent, its array key, and its time dimension if it is one."""

    sent: str
    key: str
    time: str = ""


Record = tuple[tuple[dict[str, Any], ...], list[float]]
"""A leaf: its labels by level, and its values."""


@dataclass
class Result:
    """A KPI answer before it takes a format."""

    parameters: dict[str, Any]  # `result_parameters`
    levels: tuple[Level, ...]  # the grouping, outermost first
    records: list[Record]
    root: dict[str, Any]  # labels of the only app, empty for several
    kpis: tuple[str, ...]  # names, in the order of the values

    def as_json(self) -> dict[str, Any]:
        nested: dict[str, Any] = dict(self.root)
        seen: dict[tuple[Any, ...], dict[str, Any]] = {}
        for labels, values in self.records:
            node = nested
            path: tuple[Any, ...] = ()
            for level, label in zip(self.levels, labels, strict=True):
                shown = label
                if level.key in ("trackers", "events"):
                    shown = {"token": label["token"]}  # names stand in result_parameters
                path = (*path, tuple(label.values()))
                if path not in seen:
                    seen[path] = dict(shown)
                    node.setdefault(level.key, []).append(seen[path])
                node = seen[path]
            node["kpi_values"] = values
        return {"result_parameters": self.parameters, "result_set": nested}

    def as_csv(self, *, readable: bool) -> str:
        columns = [column for level in self.levels for column in _TABLE["columns"][level.key]]
        kpis: list[Any] = [human(kpi) for kpi in self.kpis] if readable else [*self.kpis]
        if readable:
            columns = [_READABLE.get(c, c.replace("_", " ").title()) for c in columns]
        rows = [[*columns, *kpis]]
        for labels, values in self.records:
            cells: list[Any] = []
            for level, label in zip(self.levels, labels, strict=True):
                texts = list(label.values())
                wide = len(_TABLE["columns"][level.key])
                cells += texts[:wide] if wide > 1 or len(texts) == 1 else texts[-1:]
            rows.append([*cells, *values])
        return csv_text(rows)


def human(name: str) -> str:
    return name.replace("_", " ").title()


def _malformed(text: str) -> RefusedError:
    return RefusedError(400, "request_error", text)


Spec = tuple[str, Event | None, list[Kpi]]
"""What stands on a leaf beside its labels: a period and an event, where there are such, and KPIs."""


@dataclass(frozen=True)
class Asked:
    """One KPI request."""

    store: AdjustStore
    apps: tuple[AdjustApp, ...]  # the apps in the path
    kind: str  # `overview`, `events`, `cohorts` or `skadnetwork`
    tracker: str | None  # link token in the path, if any
    params: Params  # the query string

    def answer(self) -> Result:
        """The answer; 400 for what is malformed, 404 for an unknown link."""
        cells = [cell for app in self.apps for cell in self.store.cells(app)]
        if self.tracker is not None and all(self.tracker not in cell.links for cell in cells):
            raise RefusedError(404, "request_error", "Tracker not found")
        events, levels = self._events(), self._levels()
        query = self._query(levels)
        periods = self._periods(query.calendar) if self.kind == "cohorts" else ("",)
        names = words(self.params, "kpis") or tuple(DEFAULT_KPIS[self.kind].split(","))
        event_level = any(level.key == "events" for level in levels)
        extra = self._event_kpis(events) if self.kind == "overview" else ()
        specs: list[Spec] = []
        for period in periods:
            for event in events if event_level else (None,):
                kpis = [self._kpi(name, self.kind, event, period) for name in names]
                kpis += [self._kpi(name, "events", chosen, period) for chosen, name in extra]
                specs.append((period, event, kpis))
        shown = (*names, *(f"{event.tokens_of(self.apps)}_{name}" for event, name in extra))
        records = list(self._records(query, levels, specs))
        parameters = self._parameters(query, levels, names)
        if self.params.get("human_readable_kpis") == "true":
            parameters["kpis"] = [human(name) for name in names]
        if event_level or extra:
            parameters["events"] = [_event_label(event, self.apps) for event in events]
        if any(level.key == "trackers" for level in levels):
            parameters["trackers"] = self._tracker_names(records, levels)
        only = len(self.apps) == 1 and levels[0].key != "apps"
        root = _app_label(self.apps[0]) if only else {}
        return Result(parameters, levels, records, root, tuple(shown))

    def _events(self) -> tuple[Event, ...]:
        here = {app.token for app in self.apps}
        known = [event for event in self.store.events if here & event.tokens.keys()]
        wanted = words(self.params, "events")
        if self.kind == "overview" or not wanted:
            return tuple(known)
        found = tuple(event for event in known if set(wanted) & set(event.tokens.values()))
        if not found:
            raise _malformed(f"Unknown events: {','.join(wanted)}")
        return found

    def _event_kpis(self, events: tuple[Event, ...]) -> tuple[tuple[Event, str], ...]:
        """``{event_token}_{kpi}``, ``all_{kpi}``, several KPIs joined by a pipe."""
        made: list[tuple[Event, str]] = []
        for word in words(self.params, "event_kpis"):
            token, _, rest = word.partition("_")
            chosen = [event for event in events if token == "all" or token in event.tokens.values()]
            if not rest or not chosen:
                raise _malformed(f"Unknown event_kpis: {word}")
            made += [(event, kpi) for event in chosen for kpi in rest.split("|")]
        return tuple(made)

    def _levels(self) -> tuple[Level, ...]:
        usual = ("trackers",) if len(self.apps) == 1 else ("apps",)
        levels: list[Level] = []
        for word in words(self.params, "grouping") or usual:
            if word not in _TABLE["levels"]:
                raise _malformed(f"Unknown grouping: {word}")
            levels.append(Level(word, _TABLE["levels"][word], _TABLE["times"].get(word, "")))
        keys = {level.key for level in levels}
        cohorts = self.kind == "cohorts"
        with_events = self.kind == "events" or (cohorts and self.params.get("events"))
        if with_events and "events" not in keys:
            levels.append(Level("events", "events"))
        if "periods" in keys and not cohorts:
            raise _malformed("Unknown grouping: periods")
        levels = [level for level in levels if level.key != "periods"]
        if cohorts:
            levels.append(Level("periods", "periods"))  # always the last
        return tuple(levels)

    def _query(self, levels: tuple[Level, ...]) -> Query:
        params, now = self.params, self.store.environment.clock.now()
        offset = offset_minutes(params.get("utc_offset") or "00:00")
        today = (now + timedelta(minutes=offset)).date()
        try:
            last = date.fromisoformat(params["end_date"]) if params.get("end_date") else today
            first = last - timedelta(days=30)
            if params.get("start_date"):
                first = date.fromisoformat(params["start_date"])
        except ValueError:
            raise _malformed("Invalid date") from None
        if last < first:
            raise _malformed("end_date is before start_date")
        kind = choice(params, "attribution_type", ("click", "impression", "all"), "click")
        source = choice(params, "attribution_source", ("first", "dynamic"), "dynamic")
        times = tuple(level.time for level in levels if level.time)

        def one_of(wanted: set[str]) -> Callable[[str | None], bool]:
            # Whatever their case; without the parameter all are.
            return lambda have: not wanted or (have or "").lower() in wanted

        return Query(
            apps=self.apps,
            dimensions=(),
            metrics=(),
            calendar=Calendar(first, last, offset, times, now, iso=True, monday=True),
            lens=Lens(
                types=frozenset(TYPES if kind == "all" else (kind,)),
                first_source=source == "first",
                reattributed=choice(params, "reattributed", ("all", "true", "false"), "all"),
                sandbox=choice(params, "sandbox", ("true", "false"), "false") == "true",
            ),
            tests=tuple(
                (dimension, one_of({word.lower() for word in words(params, name)}))
                for name, dimension in _TABLE["filters"].items()
            ),
            trackers=frozenset(words(params, "tracker_filter")) or None,
        )

    def _periods(self, calendar: Calendar) -> tuple[str, ...]:
        unit = choice(self.params, "period", ("day", "week", "month"), "day")[0]
        begun = max(0, (calendar.today - calendar.first).days // PERIOD_DAYS[unit])
        last = LAST_PERIOD[unit]
        text = self.params.get("cohort_period_filter", "").replace(" ", "")
        if not text:
            wanted = list(range(min(begun, last) + 1))
        elif found := re.fullmatch(r"(\d+)-(\d+)", text):
            wanted = list(range(int(found[1]), min(int(found[2]), last) + 1))
        elif re.fullmatch(r"\d+(,\d+)*", text):
            wanted = [int(word) for word in text.split(",")]
        else:
            raise _malformed(f"Invalid cohort_period_filter: {text}")
        return tuple(f"{unit}{number}" for number in wanted if number <= last)

    def _kpi(self, name: str, kind: str, event: Event | None, period: str) -> Kpi:
        catalogue = self.store.catalogue(self.apps[0].account)
        if name in _TABLE["retired"]:
            return Kpi(name, None)
        if event is not None:
            table = _TABLE["cohort_event_kpis" if kind == "cohorts" else "event_kpis"]
            if name not in table and kind == "cohorts":
                return Kpi(name, catalogue.metric(f"{name}_{period}"))
            if name not in table:
                raise unsupported_metric(name)
            pair = table[name]
        elif kind == "cohorts":
            pair = ("{name}_{period}", "")
        else:
            pair = _TABLE["overview_kpis"].get(name, ("{name}", ""))
        slug = event.slug if event is not None else ""
        over, under = (text.format(name=name, slug=slug, period=period) for text in pair)
        return Kpi(name, catalogue.metric(over), catalogue.metric(under) if under else None)

    def _records(
        self, query: Query, levels: tuple[Level, ...], specs: list[Spec]
    ) -> Iterator[Record]:
        kpis = [kpi for _, _, each in specs for kpi in each]
        pairs = [metric for kpi in kpis for metric in (kpi.over, kpi.under) if metric is not None]
        # Where only retired KPIs are asked for, installs say which groups there are.
        present = self.store.catalogue(self.apps[0].account).metric("installs")
        metrics = {metric.id: metric for metric in (*pairs, present)}
        places = {name: number for number, name in enumerate(metrics)}
        query = replace(query, metrics=tuple(metrics.values()))
        cell_levels = [lv for lv in levels if not lv.time and lv.key not in ("events", "periods")]
        cells = [
            (cell, tuple(tuple(self._label(level, cell).items()) for level in cell_levels))
            for app in self.apps
            for cell in self.store.cells(app)
            if (self.tracker is None or self.tracker in cell.links)
            and (query.trackers is None or not query.trackers.isdisjoint(cell.links))
            and all(test(cell.dims[name]) for name, test in query.tests)
        ]
        for (dates, *of_cell), values in grouped(self.store, query, cells):
            times, labels = iter(dates), iter(of_cell)
            path: list[dict[str, Any]] = []
            for level in levels:
                if level.time:
                    # The range cuts its first week or month short.
                    path.append({"date": max(next(times), query.calendar.first.isoformat())})
                else:
                    path.append(dict(next(labels)) if level in cell_levels else {})
            for period, event, each in specs:
                leaf = list(path)
                for number, level in enumerate(levels):
                    if level.key == "events" and event is not None:
                        leaf[number] = _event_label(event, self.apps)
                    if level.key == "periods":
                        leaf[number] = {"period": period[1:]}
                yield tuple(leaf), [_value(kpi, values, places) for kpi in each]

    def _label(self, level: Level, cell: Cell) -> dict[str, Any]:
        if level.key == "apps":
            return _app_label(cell.app)
        if level.key in _TABLE["labels"]:
            field, dimension = _TABLE["labels"][level.key]
            value = cell.dims[dimension] or ""
            return {field: value.lower() if field == "country" else value}
        depth = _DEPTH.get(level.key, 1)
        if level.key == "trackers" and self.tracker is not None:  # a link's own children
            depth = min(cell.links.index(self.tracker) + 2, 4)
        name = cell.dims[("network", "campaign", "adgroup", "creative")[depth - 1]]
        return {"token": cell.links[min(depth, len(cell.links)) - 1], "name": name or ""}

    def _parameters(
        self, query: Query, levels: tuple[Level, ...], names: tuple[str, ...]
    ) -> dict[str, Any]:
        """``result_parameters``; a published client refuses keys it does not know."""
        params = self.params
        made: dict[str, Any] = {
            "kpis": list(names),
            "start_date": query.calendar.first.isoformat(),
            "end_date": query.calendar.last.isoformat(),
            "sandbox": query.lens.sandbox,
            "grouping": [level.sent for level in levels],
            "attribution_type": params.get("attribution_type") or "click",
            "utc_offset": params.get("utc_offset") or "00:00",
            "attribution_source": params.get("attribution_source") or "dynamic",
        }
        if countries := words(params, "countries"):
            made["countries"] = [country.lower() for country in countries]
        if self.kind == "cohorts":
            made["period"] = params.get("period") or "day"
            made["day_def"] = params.get("day_def") or "24h"
            if params.get("cohort_period_filter"):
                made["cohort_period_filter"] = params["cohort_period_filter"]
        return made

    def _tracker_names(
        self, records: list[Record], levels: tuple[Level, ...]
    ) -> list[dict[str, Any]]:
        place = next(number for number, level in enumerate(levels) if level.key == "trackers")
        cells = [cell for app in self.apps for cell in self.store.cells(app)]
        parents = {link for cell in cells for link in cell.links[:-1]}
        names = {labels[place]["token"]: labels[place]["name"] for labels, _ in records}
        return [
            {"token": token, "name": name, "has_subtrackers": token in parents}
            for token, name in names.items()
        ]


def _app_label(app: AdjustApp) -> dict[str, Any]:
    return {"token": app.token, "name": app.name, "currency": app.currency}


def _event_label(event: Event, apps: tuple[AdjustApp, ...]) -> dict[str, Any]:
    return {"token": event.tokens_of(apps), "name": event.name}


def _value(kpi: Kpi, values: tuple[Value, ...], places: dict[str, int]) -> float:
    def plain(metric: Metric) -> float:
        value = values[places[metric.id]] or 0
        return value / MICROS if metric.micros else value

    if kpi.over is None:
        return 0
    if kpi.under is None:
        return plain(kpi.over)
    under = plain(kpi.under)
    return plain(kpi.over) / under if under else 0.0
