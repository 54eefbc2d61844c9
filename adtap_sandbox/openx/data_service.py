"""The Data Service: fields, date range, report; JSON, synchronous, UTC only."""

import itertools
import json
import random
import zlib
from collections.abc import Iterable, Mapping
from datetime import timedelta, timezone
from functools import partial
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from adtap_sandbox.environment import rfc3339
from adtap_sandbox.openx import fields, questions, replies, request_parts
from adtap_sandbox.openx.delivery import Question, Row, on_the_wire
from adtap_sandbox.openx.fields import Field
from adtap_sandbox.openx.replies import Refusal, data_error, plain_json
from adtap_sandbox.openx.store import Store

# `reportCreated` carries the offset of the vendor's own zone, not Z.
_PACIFIC: Final = timezone(timedelta(hours=-8))
_IDS: Final = frozenset(field.id for field in fields.ATTRIBUTES if field.format == "Number")


class DataService:
    """Answers `/data/…` below either prefix."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def fields(self, request: Request) -> Response:
        self._admit(request, "fields")
        attributes, known_metrics = fields.known(self._store.environment)
        metrics = [
            {
                **self._describe(metric),
                "metadataDetails": {
                    "dimensionsAvailable": [
                        {"id": self._spelled(attribute.id), "path": self._path(attribute)}
                        for attribute in attributes
                        if fields.goes_with(attribute.id, metric.id)
                    ]
                },
            }
            for metric in known_metrics
        ]
        dimensions = [self._describe(attribute) for attribute in attributes]
        if self._store.switch("wrapped_fields"):
            metrics = [{"metadataMetrics": item} for item in metrics]
            dimensions = [{"metadataDimensions": item} for item in dimensions]
        return plain_json({"metrics": metrics, "dimensions": dimensions})

    async def date_range(self, request: Request) -> Response:
        self._admit(request, "date-range")
        given = await self._body(request)
        attributes, metrics = self._requested_fields(given)
        strange = self._unknown(attributes, metrics)
        if any(strange) or "attributes" not in given or "metrics" not in given:
            raise self._no(400, replies.NO_ACCESS, "list")
        span = questions.available(self._store.environment, attributes, metrics)
        found = {"minStartDate": rfc3339(span.first), "maxEndDate": rfc3339(span.end)}
        listed = self._store.switch("date_range_as_list")
        return plain_json({"dateRange": [found] if listed else found})

    async def report(self, request: Request) -> Response:
        self._admit(request, "report")
        store, given = self._store, await self._body(request)
        attributes, metrics = self._requested_fields(given)
        # What a stricter service refuses, if a switch wants it.
        if not attributes and store.switch("attributes_wanted"):
            raise self._no(400, _invalid())
        lists = (one.get("value") for one in questions.comparisons(given.get("filters")))
        if not store.switch("filter_lists") and any(isinstance(value, list) for value in lists):
            raise self._no(400, _invalid(filters=["value"]))
        question = self._question(given, attributes, metrics)
        in_scope = len({slot.publisher for slot in store.delivery.slots(question)})
        if store.switch("accounts_by_name"):
            in_scope = questions.accounts_named(given.get("filters")) or in_scope
        if in_scope > store.switch("account_cap"):
            raise self._no(413, replies.TOO_MANY_ACCOUNTS)
        make = partial(self._rows, question, attributes, store.switch("row_cap"))
        kept = store.environment.kept
        body, cut = await run_in_threadpool(kept, json.dumps(given), make)
        # The status alone tells that rows are missing: nothing in the body does.
        response = Response(body, status_code=206 if cut else 200, media_type="application/json")
        return _encoded(response, str(given.get("acceptEncoding") or ""), request)

    async def nothing(self, request: Request) -> Response:
        """What two published clients ask to try their token: there is no such thing here."""
        self._admit(request, "report")
        return data_error(self._store.environment, 404, "Not Found")

    def _rows(
        self, question: Question, attributes: tuple[str, ...], cap: int
    ) -> tuple[bytes, bool]:
        rows = list(itertools.islice(self._store.delivery.rows(question), cap + 1))
        cut = len(rows) > cap
        rows = rows[:cap]
        if self._store.switch("shuffle_rows"):
            # The order of rows is promised nowhere. The same question still gets the same order.
            random.Random(f"{self._store.environment.world.seed} {len(rows)}").shuffle(rows)
        created = self._store.now().astimezone(_PACIFIC).replace(microsecond=0)
        data = [self._row(question, attributes, row) for row in rows]
        body = {"reportData": data, "reportMetadata": {"reportCreated": created.isoformat()}}
        return json.dumps(body, ensure_ascii=False).encode(), cut

    def _row(self, question: Question, attributes: tuple[str, ...], row: Row) -> dict[str, Any]:
        switch = self._store.switch
        shown: dict[str, Any] = {}
        for spelled, name, value in zip(attributes, question.attributes, row.values, strict=True):
            if name == "hour":
                shown[spelled] = row.stamp
            elif name == "day":
                shown[spelled] = row.day.strftime(switch("day_format"))
            elif value is None and name in fields.LEFT_OUT and switch("omit_nulls"):
                continue
            elif value is not None and name in _IDS and switch("numeric_ids"):
                shown[spelled] = int(value)
            else:
                shown[spelled] = value
        renamed = fields.RENAMED if switch("rename_metrics") else {}
        noise = switch("money_noise")
        for name, number in zip(question.metrics, row.metrics, strict=True):
            shown[renamed.get(name, name)] = on_the_wire(name, number, noise=noise)
        return shown

    def _question(
        self, given: Mapping[str, Any], attributes: tuple[str, ...], metrics: tuple[str, ...]
    ) -> Question:
        known, _ = fields.known(self._store.environment)
        bad_attributes, bad_metrics = self._unknown(attributes, metrics)
        bad_filters: tuple[str, ...] = ()
        if not bad_attributes and not bad_metrics:
            goes, plain = fields.goes_with, fields.canonical
            bad_attributes = [n for n in attributes if not all(goes(plain(n), m) for m in metrics)]
        wanted = questions.read_filter(None, known)
        try:
            wanted = questions.read_filter(given.get("filters"), known)
        except questions.FilterError as error:
            bad_filters = error.names
        messages = []
        if bad_attributes or bad_metrics or bad_filters:
            messages.append(_invalid(bad_attributes, bad_metrics, bad_filters))
        moments = []
        for name in ("startDate", "endDate"):
            try:
                moments.append(questions.read_date(given.get(name)))
            except questions.DateError as error:
                messages.append(f"Unparseable date : {error}")
        if given.get("reportFormat", "JSON") != "JSON":
            messages.append("Invalid field(s): reportFormat")
        if messages:
            raise self._no(400, "\n".join(messages), "list")
        start, end = moments
        span = questions.available(self._store.environment, attributes, metrics)
        if not (span.first <= start < end <= span.end):
            raise self._no(404, replies.DATE_RANGE_NOT_VALID)
        widest = self._store.switch("window_cap_hours")
        if widest is not None and end - start > timedelta(hours=widest):
            status = self._store.switch("window_cap_status")
            raise self._no(status, replies.TOO_MANY_ACCOUNTS if status == 413 else "Server Error")  # noqa: PLR2004
        return Question(start, end, tuple(map(fields.canonical, attributes)), metrics, wanted)

    @staticmethod
    def _requested_fields(given: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return questions.read_ids(given.get("attributes")), questions.read_ids(given.get("metrics"))

    def _unknown(
        self, attributes: Iterable[str], metrics: Iterable[str]
    ) -> tuple[list[str], list[str]]:
        known, known_metrics = fields.known(self._store.environment)
        return questions.unknown(attributes, known), questions.unknown(metrics, known_metrics)

    def _admit(self, request: Request, endpoint: str) -> None:
        """Let a logged-in caller in, unless a switch wants a failure."""
        if not self._store.legacy.alive(request_parts.cookie(request)):
            if endpoint == "date-range":
                raise self._no(401, replies.NOT_AUTHORIZED, "object")
            raise self._no(401, replies.BAD_TOKEN)
        failure = self._store.failure(endpoint)
        if failure is not None:
            status, message = failure
            raise self._no(status, message, "list" if status == 500 else "string")  # noqa: PLR2004

    async def _body(self, request: Request) -> Mapping[str, Any]:
        try:
            given = await request_parts.body(request)
            if isinstance(given, str) and self._store.switch("lenient_json"):
                given = json.loads(given)
        except ValueError:
            given = None
        if not isinstance(given, dict):
            # Malformed JSON is a 500 here, not a 400. A body encoded twice is a string: the same.
            raise self._no(500, "Invalid JSON", "list")
        return given

    def _no(self, status: int, message: str, shape: str = "string") -> Refusal:
        return Refusal(data_error(self._store.environment, status, message, shape=shape))

    def _describe(self, field: Field) -> dict[str, object]:
        names = ("path", "description", "format", "example")
        return {"id": self._spelled(field.id), **{name: getattr(field, name) for name in names}}

    def _spelled(self, name: str) -> str:
        spelling: str = self._store.switch("account_id_spelling")
        return spelling if name == "publisherAccountId" else name

    def _path(self, field: Field) -> object:
        as_object = self._store.switch("dimension_path_as_object")
        return {"dimensionPaths": field.path} if as_object else field.path


def _invalid(
    attributes: Iterable[str] = (), metrics: Iterable[str] = (), filters: Iterable[str] = ()
) -> str:
    named = {"attributes": attributes, "metrics": metrics, "filters": filters}
    listed = (f"{kind}=[{', '.join(names)}]" for kind, names in named.items())
    return f"Invalid field(s): {', '.join(listed)}"


def _encoded(response: Response, wanted: str, request: Request) -> Response:
    """Deflate a body whose request asks for that alone; gzip is the frame's business."""
    accepted = f"{wanted} {request.headers.get('accept-encoding', '')}"
    if "deflate" in accepted and "gzip" not in accepted:
        response.body = zlib.compress(bytes(response.body))
        response.headers["Content-Encoding"] = "deflate"
        response.headers["Content-Length"] = str(len(response.body))
    return response
