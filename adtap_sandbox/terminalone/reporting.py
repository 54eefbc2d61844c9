"""Reporting V2 of the current generation: datasets, JSON pages, JSONL streams, validation.

Source of what each dataset allows: the vendor's OpenAPI and guide.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from adtap_sandbox import lists
from adtap_sandbox.environment import full_hour
from adtap_sandbox.lists import COMPARISONS
from adtap_sandbox.tables import table

from .data import ACCESS
from .replies import RefusedError, reporting_error
from .report import (
    Lookup,
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
    text_of,
)
from .sessions import Sessions
from .values import Record, to_json

MAX_PAGE: Final = 10_000  # vendor's OpenAPI, pagination.page_size
_TABLE: Final = table(__package__, "fields_reporting_v2")
KEYS: Final = frozenset(_TABLE["keys"])
"""Properties of a request."""


@dataclass(frozen=True)
class Dataset:
    """What one dataset allows; `retention_days` is how far back it goes, None for the beginning."""

    windows: tuple[str, ...]
    rollups: tuple[str, ...]
    retention_days: int | None = None
    source: str = "delivery"
    zones: tuple[str, ...] = ()
    zone: str = "campaign"
    snapshot: bool = False


def _declared(value: object) -> Any:
    return tuple(value) if isinstance(value, list) else value


DATASETS: Final = {
    name: Dataset(**{key: _declared(value) for key, value in declared.items()})
    for name, declared in _TABLE["datasets"].items()
}


def _of_datasets(kind: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {name: set() for name in DATASETS}
    for entry in _TABLE[kind]:
        for dataset in entry["datasets"]:
            found[dataset] |= set(entry["fields"])
    return {name: frozenset(fields) for name, fields in found.items()}


DIMENSIONS: Final = _of_datasets("dimensions")
METRICS: Final = _of_datasets("metrics")


def _refuse(message: str) -> RefusedError:
    return RefusedError(400, "BadRequest", message)


class ReportingApi:
    """Answers `POST /reporting/v2/{dataset}`."""

    def __init__(self, reports: Reports, sessions: Sessions) -> None:
        self.reports, self.sessions = reports, sessions
        self._switch = reports.facts.environment.switch

    async def answer(self, request: Request) -> Response:
        number = self.sessions.requests + 1
        headers: dict[str, str] = {}
        try:
            headers = self.sessions.admit(request)
            name = request.path_params["dataset"]
            body = _body(await request.body())
            query = self._query(name, body)
            page = _page(body)

            def made() -> str:
                rows, names = self.reports.rows(query), _columns(body, query)
                _sort(rows, body.get("order"))
                if page is not None:
                    return to_json(_paged(rows, names, *page))
                return "".join(self._lines(rows[: body.get("max_results")], names))

            asked = f"{name} {await request.body()!r}"
            kept = self.reports.facts.environment.kept
            text = await run_in_threadpool(kept, asked, made)
        except RefusedError as refused:
            refused.headers = {**headers, **refused.headers}
            if refused.status == 401:  # noqa: PLR2004
                refused.code = "Unauthorized"
            return reporting_error(refused, number)
        if page is not None:
            return Response(text, headers=headers, media_type="application/json")
        return StreamingResponse(iter([text]), headers=headers, media_type="application/jsonl")

    def _lines(self, rows: list[Row], names: list[str]) -> Iterator[str]:
        """The streaming answer: a head, rows, and now and then a line about the stream itself."""
        every = self._switch("meta_line_every")
        broken = self._switch("stream_error_after")
        head = {"fields": [{"name": name} for name in names], "total_items_count": len(rows)}
        yield to_json(head) + "\n"
        for index, row in enumerate(rows, 1):
            if broken and index > broken:
                error = {"status": "ERROR", "error_code": "Internal", "message": "query failed"}
                yield to_json({"meta": error}) + "\n"
                return
            yield to_json(_plain(row, names)) + "\n"
            if every and index % every == 0:
                yield '{"meta": {}}\n'

    # --- reading the request ------------------------------------------------------------------

    def _query(self, name: str, body: Record) -> ReportQuery:
        dataset = DATASETS.get(name)
        if dataset is None:
            raise RefusedError(404, "NotFound", f"no such dataset: {name}")
        unknown = sorted(body.keys() - KEYS)
        if unknown:
            raise _refuse(f"unknown property: {unknown[0]}")
        dimensions, metrics = _fields(name, body)
        rollup = body.get("rollup")
        if rollup not in dataset.rollups:
            raise _refuse(f"rollup {rollup} is not supported; use one of {dataset.rollups}")
        filters = body.get("filters")
        if not isinstance(filters, list) or not filters:
            raise _refuse("filters must hold at least one filter")
        predicates = [_predicate(item, name) for item in filters]
        _entitled(filters, dataset)
        zone = self._zone(body, dataset)
        span = self._span(body, dataset, zone, str(rollup))
        if name == "performance" and "uniques" in metrics and body.get("start_time") is not None:
            # They exist for named windows or whole buckets only.
            raise _refuse("uniques need a time_window")
        return ReportQuery(dataset.source, span, str(rollup), dimensions, metrics, predicates)

    def _zone(self, body: Record, dataset: Dataset) -> str:
        zone = body.get("time_zone")
        if zone is None:
            return dataset.zone
        if not dataset.zones:
            raise _refuse("time_zone is not supported by this dataset")
        if zone not in dataset.zones:
            try:
                ZoneInfo(str(zone))
            except (ZoneInfoNotFoundError, ValueError):
                raise _refuse(f"unknown time zone: {zone}") from None
            raise _refuse(f"time_zone must be one of {', '.join(dataset.zones)}")
        return str(zone)

    def _span(self, body: Record, dataset: Dataset, zone: str, rollup: str) -> Span:
        window, start = body.get("time_window"), body.get("start_time")
        end = body.get("end_time")
        if (window is None) == (start is None) or (window is not None and end is not None):
            raise _refuse("give either time_window or start_time and end_time")
        hourly = rollup == "by_hour" or (
            "by_hour" in dataset.rollups and "T" in str(start or "") and rollup == "all"
        )
        if window is not None:
            bounds = named(str(window), dataset.windows)
            if bounds is None:
                raise _refuse(f"time_window {window} is not supported")
            hourly = hourly or str(window).endswith("_hours")
        else:
            if dataset.snapshot:
                raise _refuse("start_time is not supported by this dataset; use time_window")
            first = _wall(start, "start_time", zone)
            now = self.reports.facts.environment.clock.now()
            last = _wall(end, "end_time", zone) if end else now.replace(tzinfo=None)
            if last < first:
                raise _refuse("end_time is before start_time")
            first = full_hour(first) if hourly else day_of(first)
            if not self._switch("end_time_inclusive"):
                last -= timedelta(microseconds=1)
            bounds = lambda _: (first, last)  # noqa: E731 - the same whatever the zone
        return Span(not_older(bounds, dataset.retention_days), hourly, zone)


def _body(raw: bytes) -> Record:
    try:
        body = json.loads(raw, parse_float=Decimal)
    except ValueError:
        raise _refuse("the body is not JSON") from None
    if not isinstance(body, dict):
        raise _refuse("the body is not an object")
    return body


def _fields(name: str, body: Record) -> tuple[list[str], list[str]]:
    fields = body.get("fields")
    if not isinstance(fields, list) or not fields:
        raise _refuse("fields must hold at least one field")
    if len(set(map(str, fields))) != len(fields):
        raise _refuse("fields must be unique")
    for field in fields:
        if field not in DIMENSIONS[name] and field not in METRICS[name]:
            raise _refuse(f"field does not exist in this dataset: {field}")
    if "agg_timestamp" in fields and body.get("rollup") == "all":
        raise _refuse("agg_timestamp needs a rollup other than all")
    dimensions = [f for f in fields if f in DIMENSIONS[name] and f != "agg_timestamp"]
    return dimensions, [field for field in fields if field in METRICS[name]]


def _columns(body: Record, query: ReportQuery) -> list[str]:
    names = [str(field) for field in body["fields"]]
    if query.rollup != "all" and "agg_timestamp" not in names:
        names.insert(0, "agg_timestamp")
    return names


def _predicate(item: object, dataset: str) -> Predicate:
    if not isinstance(item, Mapping):
        raise _refuse("a filter is an object")
    op = item.get("op", "=")
    if op in ("and", "or"):
        parts = item.get("filters")
        if not isinstance(parts, list) or len(parts) < 2:  # noqa: PLR2004
            raise _refuse(f"{op} needs at least two filters")
        inner = [_predicate(part, dataset) for part in parts]
        every = all if op == "and" else any
        fields = frozenset().union(*(part.fields for part in inner))
        return Predicate(fields, lambda look: every(part.test(look) for part in inner))
    field = item.get("field")
    if field not in DIMENSIONS[dataset] and not (dataset == "deals" and field in ACCESS):
        raise _refuse(f"field does not exist in this dataset: {field}")
    return Predicate(frozenset({str(field)}), _test(str(field), str(op), item.get("value")))


def _test(field: str, op: str, value: object) -> Test:
    if op == "isNull":
        return lambda look: look(field) is None
    if op == "isNotNull":
        return lambda look: look(field) is not None
    if value is None:
        raise _refuse(f"the filter on {field} has no value")
    values = value if isinstance(value, list) else [value]
    if op in ("=", "!="):
        wanted = {text_of(item) for item in values}

        def same(look: Lookup) -> bool:
            found = look(field)
            return (found is not None and text_of(found) in wanted) == (op == "=")

        return same
    if op == "=~":
        parts = [str(item).casefold() for item in values]
        return lambda look: any(part in str(look(field) or "").casefold() for part in parts)
    if op not in (">", ">=", "<", "<=") or isinstance(value, list):
        raise _refuse(f"operator {op} is not supported on {field}")
    return lambda look: _compared(look(field), op, value)


def _compared(found: object, op: str, value: object) -> bool:
    if found is None:
        return False
    left, right = text_of(found), text_of(value)
    try:
        return COMPARISONS[op](Decimal(left), Decimal(right))
    except InvalidOperation:
        return COMPARISONS[op](left, right)


def _equalities(filters: list[object]) -> dict[str, list[object]]:
    """Values that top-level equalities pin fields to."""
    found: dict[str, list[object]] = {}
    for item in filters:
        if not isinstance(item, Mapping):
            continue
        if item.get("op") == "and":
            inner = item.get("filters")
            found |= _equalities(inner if isinstance(inner, list) else [])
        elif item.get("op", "=") == "=":
            value = item.get("value")
            found[str(item.get("field"))] = value if isinstance(value, list) else [value]
    return found


def _entitled(filters: list[object], dataset: Dataset) -> None:
    """Refuse a report that is not confined to entities the user may read."""
    pinned = _equalities(filters)
    if dataset.source == "deals":
        if len(pinned.get("organization_id", ())) != 1 or not pinned.get("deal_id"):
            raise _refuse("filter exactly one organization_id and at least one deal_id")
    elif not any(name in pinned for name in ACCESS):
        raise _refuse(f"filter by equality on at least one of {', '.join(ACCESS)}")


def _wall(value: object, name: str, zone: str) -> datetime:
    """Read a moment as wall-clock time of the report's zone.

    In campaign zones the digits count as local time: the zone differs by row.
    """
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise _refuse(f"{name} is not an RFC 3339 date-time: {value}") from None
    if moment.tzinfo and zone != "campaign":
        moment = moment.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))
    return moment.replace(tzinfo=None)


def _page(body: Record) -> tuple[int, int] | None:
    """Number, from 0, and size of the page asked for; None for all of the rows as a stream."""
    given = body.get("pagination")
    most = body.get("max_results")
    if most is not None and (not isinstance(most, int) or most < 1):
        raise _refuse("max_results must be a whole number from 1")
    if given is None:
        return None
    if most is not None:
        raise _refuse("max_results is for streaming answers only")
    if not isinstance(given, Mapping):
        raise _refuse("pagination is an object")
    index, size = given.get("page_index"), given.get("page_size")
    if not isinstance(index, int) or index < 0:
        raise _refuse("page_index must be a whole number from 0")
    if not isinstance(size, int) or not 1 <= size <= MAX_PAGE:
        raise _refuse(f"page_size must be between 1 and {MAX_PAGE}")
    return index, size


def _sort(rows: list[Row], order: object) -> None:
    for item in reversed(order if isinstance(order, list) else []):
        field = str(item.get("field"))
        down, nulls_last = bool(item.get("desc")), bool(item.get("nulls_last"))
        rows.sort(key=lambda row: sort_key(_cell(row, field)), reverse=down)
        rows.sort(key=lambda row: (_cell(row, field) is None) == nulls_last)


def _cell(row: Row, field: str) -> object:
    if field == "agg_timestamp":
        # In campaign zones too the wall-clock time is written as if it was UTC.
        return row.bucket and row.bucket.replace(tzinfo=UTC)
    return row.dimensions[field] if field in row.dimensions else row.metric(field)


def _paged(rows: list[Row], names: list[str], index: int, size: int) -> Record:
    page = lists.page(rows, size, index * size)
    meta = {"status": "OK", "items_count": len(page.rows), "page_index": index}
    meta |= {"total_items_count": page.total, "total_pages": -(-page.total // size)}
    return {"meta": meta, "results": [_plain(row, names) for row in page.rows]}


def _plain(row: Row, names: list[str]) -> Record:
    return {name: _cell(row, name) for name in names}
