"""The current generation: Campaign Management API v3.0 and Reporting V2.

Source: the vendor's OpenAPI 3.0.1807 and its guide to Reporting V2, read 2026-11-20.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast

import msgspec

from adtap_core.bodies.parsing import Table
from adtap_core.bodies.spool import Spool
from adtap_core.declare import Entity, Report
from adtap_core.errors import BadRequest, MalformedResponse, ResponseTooLarge, RetriesExhausted
from adtap_core.http import outcomes
from adtap_core.http.client import Call, RequestStats
from adtap_core.http.listing import Page, Record, TooDeep, Unordered, by_offset, page_of
from adtap_core.http.once import Once
from adtap_core.http.outcomes import Action, Outcome
from adtap_core.http.response import Response
from adtap_core.platform import (
    TIES_EXACTLY,
    EntityQuery,
    Fetched,
    RowContext,
    RowLookup,
    Tolerance,
    WindowJob,
)
from adtap_core.redact import redact
from adtap_core.windows import Grain, Interval, midnight
from tap_terminalone import fields, responses
from tap_terminalone.api import Api
from tap_terminalone.changes import change
from tap_terminalone.deals import Deals
from tap_terminalone.definitions import (
    ROLLUP_OF,
    dataset_name,
    filtered,
    is_snapshot,
    time_window,
    why_not_comparable,
)
from tap_terminalone.fields import Dataset
from tap_terminalone.lines import promise, stream_error, table
from tap_terminalone.streams import ENTITIES, TerminalOneEntity
from tap_terminalone.walks import SMALL_PAGE, PageLengths, id_of, in_ranges, records_of

log = logging.getLogger("adtaps.terminalone")

PAGE_LIMIT: Final = 1000
_NUMBERS: Final = re.compile(r"/\d+/")
OFFSET_CEILING: Final = 1000
"""The greatest `page_offset` that v3 documents: beyond it only `q=id>N` goes on."""
IDS_AT_ONCE: Final = 200
"""Ids in one `field==(…)`, so that addresses stay short enough for any gateway."""
_PATHS: Final = {e.name: e.path for e in ENTITIES}
_STUB: Final = frozenset({"id", "name", "entity_type", "type", "rel", "version"})
_OWNERS: Final = {
    "id": "organizations",
    "organization_id": "organizations",
    "agency_id": "agencies",
    "advertiser_id": "advertisers",
    "campaign_id": "campaigns",
    "strategy_id": "strategies",
}


class Current:
    """The current generation.

    Args:
        api: What it needs of the platform.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self.lists = self
        self._deals = Deals(api)
        self._url = f"{api.url}/api/v3.0"
        self._owners: Once[str, list[int]] = Once()
        self._lengths = PageLengths(PAGE_LIMIT)

    # -- outcomes ----------------------------------------------------------------------------

    def classify(self, call: Call, response: Response, said: str) -> Outcome:
        """Classify an answer: what it asks of us.

        Args:
            call: What was asked.
            response: The answer.
            said: What the platform says in the body.
        """
        if response.status >= responses.ERRORS:
            return responses.over_quota(response) or outcomes.by_status(response, said)
        if call.expects == "text":
            if (error := stream_error(response.body)) is None:
                return outcomes.by_status(response)
            # Cut twice in a row: as a whole it may never come.
            return Outcome(Action.RETRY, error.words, heavy=error.is_cut)
        fault = _envelope_error(response)
        return outcomes.by_status(response) if fault is None else Outcome(Action.RETRY, fault)

    # -- entities ----------------------------------------------------------------------------

    def whole(self, path: str) -> Iterator[Sequence[Record]]:
        """Return the pages of a list."""
        return self._search(path, path)

    def chosen(self, path: str, ids: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Return those records of a list that have some ids, page by page."""
        for condition in _conditions("id", ids):
            yield from self._search(path, path, conditions=condition)

    def first(self, path: str) -> Sequence[Record]:
        """Return the first records of a list, as many as a page holds."""
        return self._page(path, path, {"sort_by": "id"}, None).records

    def pages(self, entity: TerminalOneEntity, query: EntityQuery) -> Iterator[Sequence[Record]]:
        """Return an entity's records."""
        if entity.kind == "deals":
            return self._deals.pages(query)
        if entity.parent is None:
            return self._list(entity, query)
        return self._below(entity, query)

    @staticmethod
    def normalize(entity: Entity, record: Record) -> Record:
        """Return a record as it is: v3's shapes are plain.

        Args:
            entity: The entity.
            record: The record as the platform sent it.
        """
        del entity
        return record

    def _list(self, entity: TerminalOneEntity, query: EntityQuery) -> Iterator[Sequence[Record]]:
        params = {"full": "*"} if entity.full else {}
        if entity.relations:
            params["with"] = entity.relations
        since = f"updated_on>={query.since}" if query.since else None
        for owners in self._owner_conditions(entity):
            pages = self._search(
                entity.path, entity.name, params, conditions=owners, since=since, stats=query.stats
            )
            for page in pages:
                yield from self._made_whole(entity, page, query.stats)

    def _owner_conditions(self, entity: TerminalOneEntity) -> Iterator[list[str]]:
        """Yield the conditions that confine a list to the configured organizations; one, empty, if none do."""
        field = entity.owner
        if not field or not self._api.settings.get("organization_ids"):
            yield []
            return
        yield from _conditions(field, self._ids(_OWNERS[field]))

    def _ids(self, owners: str) -> list[int]:
        """Return the ids of the organizations, agencies … that lie in the configured organizations."""
        if owners == "organizations":
            return [int(i) for i in self._api.organizations()]
        entity = next(e for e in ENTITIES if e.name == owners)

        def ask() -> list[int]:
            return [
                id_of(row, owners)
                for condition in self._owner_conditions(entity)
                for page in self._search(entity.path, owners, conditions=condition)
                for row in page
            ]

        return self._owners.get(owners, ask)

    def _search(
        self,
        path: str,
        what: str,
        params: Record | None = None,
        *,
        conditions: Sequence[str] = (),
        since: str | None = None,
        stats: RequestStats | None = None,
    ) -> Iterator[Sequence[Record]]:
        """Walk a list by its ids, which never change; by offset if the list can't be searched."""
        params = params or {}
        tries = [[*conditions, since], [*conditions]] if since else [[*conditions]]
        for wanted in tries:
            begun = False
            try:
                for page in self._by_id(path, what, params, wanted, stats):
                    begun = True
                    yield page
            except (Unordered, BadRequest) as error:
                if isinstance(error, BadRequest) and (
                    begun or error.status != HTTPStatus.BAD_REQUEST
                ):
                    raise
                log.info("%s: the list does not take q=%s (%s)", what, "&".join(wanted), error)
            else:
                return
        if conditions:
            msg = f"{what}: can't be confined to `organization_ids`: the list does not take {conditions[0][:60]}"
            raise BadRequest(msg, status=HTTPStatus.BAD_REQUEST)
        yield from self._by_offset(path, what, params, stats)

    def _by_id(
        self,
        path: str,
        what: str,
        params: Record,
        conditions: list[str],
        stats: RequestStats | None,
    ) -> Iterator[Sequence[Record]]:
        def ask(behind: int, upto: int | None) -> Page:
            above = [] if upto is None else [f"id<={upto}"]
            query = {**params, "q": "&".join([f"id>{behind}", *above, *conditions])}
            try:
                return self._page(path, what, {**query, "sort_by": "id"}, stats)
            except BadRequest as error:
                if upto is None or error.status != HTTPStatus.BAD_REQUEST:
                    raise
                raise TooDeep(str(error)) from error

        return in_ranges(ask, what=what, size=PAGE_LIMIT, prefetch=self._api.prefetch)

    def _by_offset(
        self, path: str, what: str, params: Record, stats: RequestStats | None
    ) -> Iterator[Sequence[Record]]:
        def ask(offset: int) -> Page:
            if offset > OFFSET_CEILING:
                msg = f"{what}: the list is longer than the platform lets one page through"
                raise RetriesExhausted(msg)
            return self._page(path, what, {**params, "page_offset": offset}, stats)

        return by_offset(ask, key=_identity, what=what, prefetch=self._api.prefetch)

    def _page(self, path: str, what: str, params: Record, stats: RequestStats | None) -> Page:
        response = self._api.http.send(
            Call(url=f"{self._url}/{path}", what=what, params={**params, "page_limit": PAGE_LIMIT}),
            stats,
        )
        with response.body:
            document = response.json()
        # An empty page is null.
        found = records_of(document, what)
        kind = _NUMBERS.sub("/*/", path)
        # Of a list that hangs below no parent, only an empty page is the end before another one was seen.
        least = 1 if kind == path else SMALL_PAGE
        full = self._lengths.is_full(document, len(found), kind=kind, least=least)
        offset = int(params.get("page_offset") or 0)
        return page_of(found, document, offset=offset, full=full)

    def _made_whole(
        self, entity: TerminalOneEntity, page: Sequence[Record], stats: RequestStats
    ) -> Iterator[Sequence[Record]]:
        """Yield a page whose records are whole: some lists hold id and name only, whatever `full` says."""
        if not entity.single:
            yield page
            return
        ask = partial(self._whole, entity, stats)
        yield [done.result() for _, done in self._api.prefetch.in_order(page, ask)]

    def _whole(self, entity: Entity, stats: RequestStats, row: Record) -> Record:
        """Return a record whole.

        Raises:
            MalformedResponse: If the answer is of another one, or of none.
        """
        if not _STUB.issuperset(row):
            return row
        what = f"{entity.name} {row['id']}"
        call = Call(url=f"{self._url}/{entity.path}/{row['id']}", what=what)
        try:
            response = self._api.http.send(call, stats)
        except BadRequest as error:
            log.warning("%s: listed, but can't be read: %s", what, error)
            return row
        with response.body:
            found = response.json().get("data")
        whole = records_of({"data": [found] if isinstance(found, Mapping) else found}, what)
        if [str(one.get("id", row["id"])) for one in whole] != [str(row["id"])]:
            raise MalformedResponse(
                f"{what}: the answer is of another record: {redact.beginning(found, 120)}"
            )
        return {**row, **whole[0]}

    def _below(self, entity: TerminalOneEntity, query: EntityQuery) -> Iterator[Sequence[Record]]:
        """Yield what hangs below one parent."""
        assert entity.parent is not None and query.parent is not None  # noqa: S101, PT018
        number = query.parent["id"]
        path = f"{_PATHS[entity.parent]}/{number}/{entity.path}"
        is_history = entity.kind == "history"
        params = {} if is_history else {"full": "*"}
        for page in self._by_offset(path, f"{entity.name} of {number}", params, query.stats):
            yield [change(row, int(number)) for row in page] if is_history else page

    # -- reports -----------------------------------------------------------------------------

    def report_errors(self, reports: Sequence[Report]) -> list[str]:
        """Return nothing: which dataset has which field is known without asking."""
        del reports
        return []

    def needs_organization(self, report: Report) -> bool:
        """Return whether a report can only be read for one organization."""
        return dataset_name(report) == "deals"

    def in_utc(self, report: Report) -> bool:
        """Return whether a report's buckets are UTC's."""
        dataset = _dataset(report)
        return dataset.zone == fields.UTC or is_snapshot(report) or report.grain is Grain.HOUR

    def available_range(self, report: Report) -> Interval | None:
        """Return what the platform holds of a report."""
        dataset = _dataset(report)
        today = midnight(self._api.clock.now().date())
        if is_snapshot(report):
            return Interval(today - timedelta(days=1), today)
        if dataset.retention_days is None:
            return None
        return Interval(today - timedelta(days=dataset.retention_days), today + timedelta(days=2))

    def coarsest(self, report: Report) -> tuple[str, ...]:  # noqa: ARG002
        """Return the dimensions that a report's totals need: none, currency and zone are asked for anyway."""
        return ()

    def not_comparable(self, report: Report) -> str:
        """Return why no coarser question gives a report's totals; empty if one does."""
        own = _dataset(report).dimensions | {*fields.ACCESS}
        return why_not_comparable(filtered(report.filters) - own)

    def tolerance(self, metric: str) -> Tolerance:  # noqa: ARG002
        """Return by how much totals may miss the rows: no rounding of this generation is known."""
        return TIES_EXACTLY

    def fetch(self, job: WindowJob) -> Fetched:
        """Fetch one window as a stream of rows.

        Raises:
            ResponseTooLarge: If the answer says that it is not all.
        """
        dataset = _dataset(job.report)
        pinned = self._pinned(job, dataset)
        if pinned is None:
            return Fetched([], RowContext())
        level = next(iter(job.partitions[0].key))
        body = self._body(job, dataset, [level] if job.of_several else [])
        body["filters"] = [*pinned, *(job.report.filters or [])]
        response = self._api.http.send(
            Call(
                url=f"{self._api.url}/reporting/v2/{dataset.name}",
                what=job.what,
                method="POST",
                json=body,
                expects="text",
                splittable=job.can_split,
            ),
            job.stats,
        )
        if (said := promise(response.body)) is not None:
            response.body.close()
            raise ResponseTooLarge(f"{job.what}: the answer says that there is more ({said})")
        snapshot = is_snapshot(job.report)
        columns = (fields.BUCKET, *body["fields"])
        return Fetched(
            [lambda: _table(response.body, columns, job)],
            RowContext(
                currency=RowLookup(fields.CURRENCY) if _has_money(dataset) else None,
                time_zone=None if self.in_utc(job.report) else RowLookup(fields.ZONE),
                bucket=None if snapshot else fields.BUCKET,
                partition=(
                    (level, {p.key[level]: p for p in job.partitions}) if job.of_several else None
                ),
                constants=({"_interval": time_window(job.report)} if snapshot else {}),
                ignored=frozenset(columns),
            ),
            response.body.close,
        )

    def _pinned(self, job: WindowJob, dataset: Dataset) -> list[dict[str, Any]] | None:
        """Return the filters that confine a request to its partitions; None if they hold nothing."""
        level = next(iter(job.partitions[0].key))
        ids = [int(p.key[level]) for p in job.partitions]
        pinned: list[dict[str, Any]] = [
            {"field": level, "op": "=", "value": ids if len(ids) > 1 else ids[0]}
        ]
        if dataset.name == "deals" and not _names_deals(job.report.filters):
            deals = self._deals.ids(ids[0], job.stats)
            if not deals:
                return None
            pinned.append({"field": "deal_id", "op": "=", "value": deals})
        return pinned

    def _body(self, job: WindowJob, dataset: Dataset, more: list[str]) -> dict[str, Any]:
        report = job.report
        wanted = [*report.dimensions, *report.metrics, *more]
        if _has_money(dataset):
            wanted.append(fields.CURRENCY)
        if not self.in_utc(report):
            wanted.append(fields.ZONE)
        body: dict[str, Any] = {"fields": list(dict.fromkeys(wanted))}
        if is_snapshot(report):
            return {**body, "rollup": "all", "time_window": time_window(report)}
        body |= {
            "rollup": ROLLUP_OF[report.grain],
            "start_time": _moment(job.window.start),
            "end_time": _moment(job.window.end),
        }
        if dataset.hours_in_utc and dataset.zone == fields.CAMPAIGN:
            # What its days are in when nobody says so is not documented.
            body["time_zone"] = fields.UTC if report.grain is Grain.HOUR else fields.CAMPAIGN
        return body


def _conditions(field: str, ids: Sequence[object]) -> Iterator[list[str]]:
    """Yield the conditions that confine a list to some ids, so many at once."""
    for at in range(0, len(ids), IDS_AT_ONCE):
        yield [f"{field}==({','.join(map(str, ids[at : at + IDS_AT_ONCE]))})"]


def _envelope_error(response: Response) -> str | None:
    """Return what is wrong with an answer that bears a good status, or None if nothing is."""
    document = response.json_or_none()
    meta = document.get("meta") if isinstance(document, Mapping) else None
    if not isinstance(meta, Mapping):
        return f"not an answer of this API: {response.excerpt(120)}"
    if str(meta.get("status", "ok")).lower() not in responses.GOOD or document.get("errors"):
        return responses.error_message(response)
    if "data" not in document:
        return f"the answer holds no data: {response.excerpt(120)}"
    return None


def _dataset(report: Report) -> Dataset:
    return fields.DATASETS[dataset_name(report)]


def _has_money(dataset: Dataset) -> bool:
    """Return whether rows are split by currency.

    By the dataset and not by the metrics that are selected, or rows would change their keys with the
    selection. Unique users of a snapshot can't be split and added up again.
    """
    return fields.CURRENCY in dataset.dimensions and not dataset.only_snapshots


def _table(body: Spool, columns: tuple[str, ...], job: WindowJob) -> Table:
    """Return an answer's rows, without the sums that stand among a pixel's rows by referrer.

    They would count everything twice.
    """
    end = None if is_snapshot(job.report) else job.window.end
    found = table(body, columns, end, job.report.grain, _amounts(job.report))
    if fields.REFERRER in columns:
        at = columns.index(fields.REFERRER)
        rows = cast("Iterator[Sequence[Any]]", found.rows)
        found.rows = (row for row in rows if row[at] != fields.TOTAL)
    return found


def _amounts(report: Report) -> set[str]:
    """Return the fields of a report that go into columns of decimals."""
    made = {d: fields.dimension_schema(d) for d in report.dimensions}
    made |= {m: fields.metric_schema(m) for m in report.metrics}
    return {name for name, schema in made.items() if "number" in schema["type"]}


def _names_deals(filters: object) -> bool:
    return isinstance(filters, list) and any(
        isinstance(item, Mapping) and item.get("field") == "deal_id" for item in filters
    )


def _moment(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


_encode: Final = partial(msgspec.json.encode, order="deterministic")


def _identity(row: Record) -> object:
    number = row.get("id")
    return _encode(row) if number is None else number
