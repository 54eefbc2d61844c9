"""Reports V1, `/reporting/v1/std` and its beta twin: CSV data, JSON definitions, XML errors."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from adtap_sandbox.environment import ONE_DAY, full_hour
from adtap_sandbox.lists import COMPARISONS, sort

from .data import ACCESS, FOREIGN
from .legacy_auth import LegacyAuth
from .legacy_catalog import REPORTS, RETIRED, Report, definition, metric_type
from .legacy_render import LegacyError, Problem, xml_problem
from .replies import json_reply
from .report import (
    Bounds,
    Predicate,
    ReportQuery,
    Reports,
    Row,
    Span,
    Test,
    day_of,
    named,
    not_older,
    sort_key,
)
from .values import floored

XML: Final = "text/xml; charset=UTF-8"
STRANGERS: Final = frozenset({35})
"""Organizations that exist and that the user may not read."""

_PREDICATE: Final = re.compile(r"^(\w+)(=~|=:|!~|!:|!=|>=|<=|=|>|<|~)(.*)$", re.DOTALL)
_PARTS: Final = re.compile(r'(?:"(?:[^"]|"")*"|[^&"])+')
_VALUES: Final = re.compile(r'"((?:[^"]|"")*)"|([^,]+)')
_DATES: Final = ("%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


Parsed: TypeAlias = tuple[Predicate, tuple[str, str, list[str]]]
_SPECIAL: Final = {"campaign_to_date": "CTD", "flight_to_date": "FTD"}
_UNFILTERED: Final = "missing_permission_filter"


def _bad(reason: str, text: str) -> LegacyError:
    return LegacyError(Problem(400, "bad_request", text, reason=reason))


@dataclass
class ReportRequest:
    """A report request, understood."""

    report: Report
    query: ReportQuery
    columns: list[str]
    bounds: Bounds
    window: str
    having: list[Predicate]
    order: list[str]
    precision: int

    @property
    def by_interval(self) -> bool:
        return self.report.interval or self.window in _SPECIAL


class LegacyReports:
    """Answers `GET /reporting/v1/std/...`."""

    def __init__(self, reports: Reports, auth: LegacyAuth) -> None:
        self.reports, self.auth = reports, auth

    async def answer(self, request: Request) -> Response:
        return await self.auth.inside(request, self._answer, _refused)

    def _answer(self, request: Request) -> Response:
        parts = [part for part in request.path_params["path"].split("/") if part]
        base = request.url.path.partition("/std")[0].removeprefix("/terminalone") + "/std"
        if parts == ["meta"]:
            entries = {name: definition(name, whole=False, base=base) for name in REPORTS}
            return json_reply({"reports": entries}, media_type="application/json; charset=UTF-8")
        name = parts[0] if parts else ""
        if name in RETIRED:
            raise LegacyError(Problem(410, "error", "This report has been retired"))
        if name not in REPORTS or len(parts) > 2:  # noqa: PLR2004 - report, meta or validate
            raise LegacyError(Problem(404, "not_found", "Entity Not Found"))
        if parts[1:] == ["meta"]:
            body = definition(name, whole=True, base=base)
            return json_reply(body, media_type="application/json; charset=UTF-8")
        wanted = self._read(REPORTS[name], request.query_params)
        if parts[1:] == ["validate"]:
            good = "<?xml version='1.0' ?>\n<result><status code=\"ok\"/></result>"
            return Response(good, media_type=XML)
        if parts[1:]:
            raise LegacyError(Problem(404, "not_found", "Entity Not Found"))
        return self._data(request, wanted)

    # --- data ---------------------------------------------------------------------------------

    def _data(self, request: Request, wanted: ReportRequest) -> Response:
        # Daily at 06:00 UTC the numbers are written.
        now = self.reports.facts.environment.clock.now()
        today = full_hour(now).replace(hour=6)
        modified = today if today <= now else today - ONE_DAY
        since = request.headers.get("if-modified-since")
        stamp = {"Last-Modified": format_datetime(modified, usegmt=True)}
        with suppress(ValueError):
            if since and modified <= parsedate_to_datetime(since):
                return Response(status_code=304, headers=stamp)
        given = request.query_params

        def made() -> str:
            rows = self._rows(wanted)
            if given.get("page_limit"):
                size = int(given["page_limit"])
                # Pages here, where entities count rows.
                rows = rows[int(given.get("page_offset") or 0) * size :][:size]
            return self._csv(wanted, rows)

        text = self.reports.facts.environment.kept(f"{request.url}", made)
        return StreamingResponse(iter([text]), headers=stamp, media_type="text/csv; charset=UTF-8")

    def _rows(self, wanted: ReportRequest) -> list[dict[str, object]]:
        rows = self.reports.rows(wanted.query)
        if wanted.report.pixel_type and "referrer" in wanted.query.dimensions:
            rows += _totals(rows)
        made = [self._plain(wanted, row) for row in rows]
        made = [row for row in made if all(test.test(row.get) for test in wanted.having)]
        return sort(made, [(_of_column(name), name.startswith("-")) for name in wanted.order])

    def _plain(self, wanted: ReportRequest, row: Row) -> dict[str, object]:
        made: dict[str, object] = {}
        first, last = self._extent(wanted, row)
        if wanted.by_interval:
            made["interval"] = {**_SPECIAL, "yesterday": "1"}.get(
                wanted.window
            ) or wanted.window.split("_")[1]
        else:
            shape = "%Y-%m-%d %H:%M:%S" if wanted.query.rollup == "by_hour" else "%Y-%m-%d"
            made |= {"start_date": first.strftime(shape), "end_date": last.strftime(shape)}
        for name in wanted.columns:
            if name in row.dimensions:
                value = row.dimensions[name]
                if isinstance(value, datetime):
                    value = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
                made[name] = value
                continue
            twin = f"{name}_usd" if wanted.report.usd and metric_type(name) == "money" else name
            number = row.metric(twin)
            if number is None:
                # The recorded answer holds 0.00 where a ratio has nothing below the line.
                number = Decimal(0)
            if metric_type(name) != "count":
                number = floored(Decimal(number), wanted.precision)
            made[name] = number
        return made

    def _extent(self, wanted: ReportRequest, row: Row) -> tuple[datetime, datetime]:
        """First and last day (or hour) of a row's bucket, cut to what was asked for."""
        now = self.reports.facts.environment.clock.now().replace(tzinfo=None)
        first, last = wanted.bounds(now)
        start = row.bucket
        if start is None:
            return first, last
        if wanted.query.rollup == "by_hour":
            return start, start + timedelta(hours=1, seconds=-1)
        length = {"by_day": 1, "by_week": 7}.get(wanted.query.rollup)
        end = start + timedelta(days=length or 0)
        if length is None:
            end = (start.replace(day=28) + timedelta(days=4)).replace(day=1)
        return max(start, first), min(end - timedelta(seconds=1), last)

    def _csv(self, wanted: ReportRequest, rows: list[dict[str, object]]) -> str:
        times = ["interval"] if wanted.by_interval else ["start_date", "end_date"]
        names = [*times, *wanted.columns]
        lines = (",".join(_cell(row[name], name, wanted) for name in names) for row in rows)
        return "".join(f"{line}\n" for line in (",".join(names), *lines))

    # --- reading the request ------------------------------------------------------------------

    def _read(self, report: Report, given: Mapping[str, str]) -> ReportRequest:
        dimensions = _names(given.get("dimensions", ""))
        if not dimensions:
            raise _bad("missing_dimensions", "dimensions are required")
        metrics = _names(given.get("metrics", "")) or list(report.metrics)
        for name in (*dimensions, *metrics):
            if name not in report.dimensions and name not in report.metrics:
                raise _bad("incorrect_fields", f"unknown field: {name}")
        rollup = given.get("time_rollup", "")
        if rollup not in report.rollups:
            raise _bad("incorrect_time_rollup", f"time_rollup {rollup} is not allowed")
        filters = self._predicates(report, given.get("filter", ""))
        having = self._predicates(report, given.get("having", ""))
        self._entitled(report, [*filters, *having])
        window = given.get("time_window", "")
        bounds = self._bounds(report, given, rollup)
        order = _names(given.get("order", ""))
        extra = self._extra(report, window, order, having)
        columns = list(dict.fromkeys([*dimensions, *metrics, *extra]))
        metrics = [name for name in columns if name in report.metrics]
        if report.usd:
            metrics += [f"{name}_usd" for name in metrics if metric_type(name) == "money"]
        predicates = [predicate for predicate, _ in filters]
        if kind := report.pixel_type:
            of_kind = Predicate(frozenset({"pixel_type"}), lambda look: look("pixel_type") == kind)
            predicates.append(of_kind)
        hourly = rollup == "by_hour" or window.endswith("_hours")
        span = Span(bounds, hourly, report.zone)
        groups = [name for name in columns if name in report.dimensions]
        query = ReportQuery(report.source, span, rollup, groups, metrics, predicates)
        tests = [test for test, _ in having]
        return ReportRequest(
            report, query, columns, bounds, window, tests, order, _precision(given)
        )

    @staticmethod
    def _extra(report: Report, window: str, order: list[str], having: list[Parsed]) -> list[str]:
        """Fields that ordering and `having` add to the output."""
        undated = report.interval or window in _SPECIAL
        names = [name.removeprefix("-") for name in order]
        if "date" in names and undated:
            raise _bad("incorrect_order", "cannot order by the time field here")
        names += [name for predicate, _ in having for name in predicate.fields]
        extra = [name for name in names if name != "date"]
        for name in extra:
            if name not in report.dimensions and name not in report.metrics:
                raise _bad("incorrect_fields", f"unknown field: {name}")
        return extra

    def _bounds(self, report: Report, given: Mapping[str, str], rollup: str) -> Bounds:
        window, start = given.get("time_window", ""), given.get("start_date", "")
        if not window and not start:
            raise _bad("missing_time_window", "a time window is required")
        if window:
            bounds = named(window, report.windows)
            if bounds is None:
                raise _bad("incorrect_time_window", f"time_window {window} is not allowed")
            if window in _SPECIAL and rollup != "all":
                raise _bad("incorrect_time_rollup", f"{window} needs time_rollup=all")
            return not_older(bounds, report.retention_days)
        if report.interval:
            raise _bad("incorrect_time_window", "this report takes time_window only")
        first, _ = _unit(start, hourly=report.hourly)
        end = given.get("end_date", "")
        last = _unit(end, hourly=report.hourly)[1] if end else None

        def dated(now: datetime) -> tuple[datetime, datetime]:
            # Daily numbers are written when the day is over, hourly ones when the hour is.
            closed = (full_hour(now) if report.hourly else day_of(now)) - timedelta(seconds=1)
            yesterday = day_of(now) - timedelta(seconds=1)
            return first, min(last or yesterday, closed)

        return not_older(dated, report.retention_days)

    def _predicates(self, report: Report, text: str) -> list[Parsed]:
        found: list[Parsed] = []
        for part in _PARTS.findall(text):
            match = _PREDICATE.match(part)
            if match is None:
                raise _bad("incorrect_predicates", f"cannot read {part}")
            name, operator, literal = match.groups()
            if name not in report.dimensions and name not in report.metrics:
                raise _bad("incorrect_fields", f"unknown field: {name}")
            values = [
                plain or quoted.replace('""', '"') for quoted, plain in _VALUES.findall(literal)
            ]
            numeric = name in report.metrics or name in ACCESS
            wrong = [value for value in values if numeric and not _is_number(value)]
            if wrong or not values:
                raise _bad("incorrect_predicates", f"{name}: {', '.join(wrong) or 'no value'}")
            predicate = Predicate(frozenset({name}), _test(name, operator, values))
            found.append((predicate, (name, operator, values)))
        return found

    def _entitled(self, report: Report, given: list[Parsed]) -> None:
        """Check the access filter and that what it names exists and may be read."""
        pinned = {name: values for _, (name, operator, values) in given if operator == "="}
        if report.source == "deals":
            if len(pinned.get("organization_id", ())) != 1 or "deal_id" not in pinned:
                raise _bad(_UNFILTERED, "filter exactly one organization_id, and deal_id")
        elif not any(name in pinned for name in ACCESS):
            raise _bad(_UNFILTERED, f"filter by equality on one of {', '.join(ACCESS)}")
        for name in ACCESS:
            for value in pinned.get(name, ()):
                number = int(value)
                entity = (number, name.removesuffix("_id"))
                if name == "organization_id" and number in STRANGERS:
                    raise LegacyError(
                        Problem(403, "denied", "Insufficient permissions", entity=entity)
                    )
                if not self.reports.facts.store.exists(FOREIGN[name], number):
                    raise LegacyError(Problem(404, "not_found", "Entity Not Found", entity=entity))


def _refused(error: LegacyError, _request: Request) -> Response:
    """An error is XML, whatever was asked for."""
    return Response(xml_problem(error.problem), error.problem.http, media_type=XML)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return True


def _precision(given: Mapping[str, str]) -> int:
    text = given.get("precision", "8")
    if not text.isdigit() or int(text) > 8:  # noqa: PLR2004 - the documented greatest
        raise _bad("incorrect_precision", "precision is a number from 0 to 8")
    return int(text)


def _unit(text: str, *, hourly: bool) -> tuple[datetime, datetime]:
    """The first and last second of the whole unit that a date names, at the report's grain."""
    for shape in _DATES:
        try:
            moment = datetime.strptime(text, shape)  # noqa: DTZ007 - wall-clock of any zone
        except ValueError:
            continue
        if shape == "%Y-%m":
            following = (moment + timedelta(days=31)).replace(day=1)
        elif hourly and "%H" in shape:
            moment = full_hour(moment)
            following = moment + timedelta(hours=1)
        else:
            moment = day_of(moment)
            following = moment + ONE_DAY
        return moment, following - timedelta(seconds=1)
    raise _bad("incorrect_date", f"cannot read the date {text}")


def _test(name: str, operator: str, values: list[str]) -> Test:
    """A condition: equal to a value, holding one (`~`, whatever its case with `:`), or beyond a number."""
    wanted = not operator.startswith("!")
    if operator in ("=", "!="):
        return lambda look: (_text(look(name)) in values) == wanted
    if operator[-1] in "~:":
        fold = str.casefold if operator[-1] == ":" else str
        parts = [fold(value) for value in values]
        return lambda look: any(part in fold(_text(look(name))) for part in parts) == wanted
    if not _is_number(values[0]):
        raise _bad("incorrect_predicates", f"{name}: {values[0]}")
    compare, bound = COMPARISONS[operator], Decimal(values[0])
    return lambda look: isinstance(look(name), (int, Decimal)) and compare(look(name), bound)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _totals(rows: list[Row]) -> list[Row]:
    """The `Total` row of each pixel and day that stands beside its rows by referrer."""
    groups: dict[tuple[object, ...], Row] = {}
    for row in rows:
        others = {k: v for k, v in row.dimensions.items() if not k.startswith("referrer")}
        key = (row.bucket, *others.values())
        names = {k: others.get(k, "Total" if k == "referrer" else 0) for k in row.dimensions}
        total = groups.setdefault(key, Row(row.bucket, names, dict.fromkeys(row.sums, 0)))
        for name, value in row.sums.items():
            total.sums[name] += value
    return list(groups.values())


def _of_column(name: str) -> Callable[[dict[str, object]], tuple[Decimal, str]]:
    """How a row's value is read where rows are sorted by it; a dash before the name is left out."""
    plain = name.removeprefix("-")
    column = "start_date" if plain == "date" else plain
    return lambda row: sort_key(row.get(column))


def _cell(value: object, name: str, wanted: ReportRequest) -> str:
    """A field: text and dates quoted, numbers and ids bare, null empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Decimal):
        digits = wanted.precision if name in wanted.report.metrics else 2
        return format(floored(value, digits), "f")
    if isinstance(value, int):
        return str(value)
    text = str(value).replace('"', '""')
    return f'"{text}"'
