"""Reports: one request for each window, streamed as a table or checked against the answer's totals.

`POST report` runs a report and answers with its rows; `save: false` keeps it out of the user's report
history. Source: the vendor's wiki (`api`, `reporting`) and its clients for Python 1.7 and PHP; read
2026-11-20.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain, islice
from typing import Any, Final
from urllib.parse import quote

from adtap_core.bodies.amounts import by_column
from adtap_core.bodies.near import near_sums
from adtap_core.bodies.parsing import JsonRows, Table, batches, separated
from adtap_core.bodies.spool import MEMORY_BYTES
from adtap_core.declare import Report
from adtap_core.errors import MalformedResponse, RequestError, ResponseTooLarge, RowsMissing
from adtap_core.http.client import Call, Http
from adtap_core.http.completeness import says_more
from adtap_core.http.response import Response
from adtap_core.platform import Fetched, RowContext, WindowJob
from adtap_core.rows.schemas import SCALE, WHOLE, is_count
from adtap_core.rows.totals import as_decimal
from adtap_core.windows import ONE_DAY, Grain, Interval, Zone
from tap_atomx.definitions import is_snapshot
from tap_atomx.fields import METRICS
from tap_atomx.responses import error_beside_data, is_object
from tap_atomx.streams import FIRST_YEAR, AtomxReport

CURRENCY: Final = "USD"
"""A report does not name its currency. The exchange trades in US dollars only (wiki page
`openrtb_integration`, read 2026-11-20: bids in any other currency are not accepted)."""
UTC_NAME: Final = "UTC"
_FLOAT32_STEP: Final = Decimal("1e-6")
"""The platform's amounts carry the noise of 32-bit floats: one part in 16 million."""
_NUMBERS: Final = frozenset({int, Decimal})
_MOMENT: Final = "%Y-%m-%d %H:00:00"
_FIRST_DAY: Final = datetime(FIRST_YEAR, 1, 1)  # noqa: DTZ001 - naive, in the zone that was asked for
_LONGEST_RANGE: Final = timedelta(days=366)
"""`yeartodate`, the longest rolling range but `lifetime`."""


class Reporting:
    """Runs reports.

    Args:
        http: Sends calls.
        api_url: The API's base address.
    """

    def __init__(self, http: Http, api_url: str) -> None:
        self._http, self._url = http, api_url

    def fetch(self, job: WindowJob) -> Fetched:
        """Fetch one window, whole.

        Raises:
            ResponseTooLarge: If the answer holds fewer rows than it says, or its totals are not its rows'.
        """
        report = job.report
        zone = asked_zone(report, job.window, job.zone)
        body = question(report, job.window, job.zone, zone)
        snapshot = is_snapshot(report)
        if snapshot or AtomxReport.of(report).transport == "json":
            return self._inline(job, body, zone, snapshot=snapshot)
        response = self._send(job, body, "report?download", "text")
        if is_object(response):
            # A server without downloads answers as if none had been asked for.
            return self._read_inline(response, job, body, zone, snapshot=False, download=True)
        # The judge saw that the header holds what was asked for, in whatever order.
        return Fetched(
            [lambda: separated(response.body, delimiter="\t")],
            self._context(job, zone),
            response.body.close,
        )

    def _send(self, job: WindowJob, body: Mapping[str, Any], path: str, expects: str) -> Response:
        return self._http.send(
            Call(
                url=f"{self._url}/{path}",
                what=job.what,
                method="POST",
                json=body,
                expects=expects,
                table=expects == "text",
                splittable=job.can_split,
            ),
            job.stats,
        )

    def _inline(
        self, job: WindowJob, body: Mapping[str, Any], zone: Zone, *, snapshot: bool
    ) -> Fetched:
        response = self._send(job, body, "report", "json")
        return self._read_inline(response, job, body, zone, snapshot=snapshot)

    def _read_inline(
        self,
        response: Response,
        job: WindowJob,
        body: Mapping[str, Any],
        zone: Zone,
        *,
        snapshot: bool,
        download: bool = False,
    ) -> Fetched:
        pages: list[Page] = []
        try:
            pages.append(first := Page.of(response, body, job))
            if not _surely_whole(response, first.report, first.columns, body["metrics"]):
                try:
                    check(first.report, first.rows, first.columns, body["metrics"], job.what)
                except RowsMissing as short:
                    if job.can_split or download:
                        raise
                    pages = self._in_pages(job, body, first, short)
        except BaseException:
            response.body.close()
            raise
        constants: dict[str, str | bool | None] = {}
        if snapshot:
            constants = {
                "_daterange": AtomxReport.of(job.report).daterange,
                "_from": _text(first.report.get("from")),
                "_to": _text(first.report.get("to")),
            }
        return Fetched(
            [partial(page.table, body["metrics"], download=download) for page in pages],
            self._context(job, zone, snapshot=snapshot, constants=constants),
            partial(_close, pages),
        )

    def _in_pages(
        self, job: WindowJob, body: Mapping[str, Any], first: "Page", short: RowsMissing
    ) -> list["Page"]:
        """Read a report that can't be split, and of which the server gives fewer rows at once than it says.

        `offset` and `sort` are the documentation's. Sorted by all of its groups, a report is the same list each time;
        rows that moved meanwhile show in its length and its totals.

        Args:
            job: The window.
            body: The request.
            first: The answer that was short; closed.
            short: What was wrong with it.

        Raises:
            RowsMissing: If pages do not make it whole.
        """
        length = as_decimal(first.report.get("length"))
        first.response.body.close()
        order = quote(",".join(f"{group}.asc" for group in body["groups"]))
        pages: list[Page] = []
        offset = 0
        with ExitStack() as failing:
            failing.callback(_close, pages)
            while length is not None and offset < length:
                path = f"report?offset={offset}&sort={order}"
                pages.append(page := Page.of(self._send(job, body, path, "json"), body, job))
                count = sum(1 for _ in page.rows())
                told = {None, length, length - offset, count}  # nobody says what it counts
                if (
                    not count
                    or as_decimal(page.report.get("length")) not in told
                    or (page.columns, page.covers) != (first.columns, first.covers)
                    or (len(pages) > 1 and page.begins_as(pages[-2]))  # it knows no offset
                ):
                    raise short
                offset += count
            if len(pages) <= 1:
                raise short
            every = partial(_rows_of, pages)
            check(first.report, every, first.columns, body["metrics"], job.what)
            failing.pop_all()
        job.stats.splits += len(pages) - 1
        return pages

    @staticmethod
    def _context(
        job: WindowJob,
        zone: Zone,
        *,
        snapshot: bool = False,
        constants: Mapping[str, str | bool | None] | None = None,
    ) -> RowContext:
        return RowContext(
            currency=CURRENCY,
            bucket=None if snapshot else job.report.grain.value,
            bucket_zone=zone,
            constants=dict(constants or {}),
        )


@dataclass(frozen=True)
class Page:
    """An inline answer: the report, or a part of it.

    Args:
        response: As it came.
        report: What it says, without its rows.
        rows: Opens its rows.
        columns: What their values are.
    """

    response: Response
    report: Mapping[str, Any]
    rows: Callable[[], Iterator[Any]]
    columns: tuple[str, ...]

    @classmethod
    def of(cls, response: Response, body: Mapping[str, Any], job: WindowJob) -> "Page":
        """Return an answer, read.

        Args:
            response: As it came; closed if it can't be read.
            body: The request.
            job: The window.

        Raises:
            RequestError: If it is no report, or none of what was asked for.
        """
        try:
            rows, report = _read(response, job.what)
            return cls(response, report, rows, _columns(report, body, job))
        except BaseException:
            response.body.close()
            raise

    @property
    def covers(self) -> tuple[object, object]:
        """Return the first moment that the report is of, and the one behind the last."""
        return self.report.get("from"), self.report.get("to")

    def begins_as(self, other: "Page") -> bool:
        """Return whether its first row is another's."""
        return list(islice(self.rows(), 1)) == list(islice(other.rows(), 1))

    def table(self, metrics: Sequence[str], *, download: bool) -> Table:
        """Return the rows as a table.

        Args:
            metrics: Asked for.
            download: Whether a download was asked for.
        """
        if self.response.body.size > MEMORY_BYTES and not download:
            amounts = {m for m in metrics if m not in METRICS or not is_count(METRICS[m])}
            again = JsonRows(self.response.body, ("report", "data"))
            made = by_column(again, self.columns, amounts, whole=WHOLE, places=SCALE)
            return Table(made, self.columns)
        found: Iterator[Any] = iter(self.rows())
        # A download can't tell null from an empty text, and keys are those of a download.
        if download:
            found = ([None if v == "" else v for v in row] for row in found)
        return Table(found, self.columns)


def _rows_of(pages: Sequence[Page]) -> Iterator[Any]:
    return chain.from_iterable(page.rows() for page in pages)


def _close(pages: Sequence[Page]) -> None:
    for page in pages:
        page.response.body.close()


def asked_zone(report: Report, window: Interval, zone: Zone) -> Zone:
    """Return the time zone in which the platform is asked.

    Its hours are written without an offset: where clocks go back, two hours would fall into one row. So
    hours are asked for in UTC wherever the zone's hours are UTC's hours, and turned into it afterwards;
    only zones off by half an hour are asked for as they are.

    Args:
        report: The report.
        window: Naive, in `zone`.
        zone: The report's time zone.
    """
    if report.grain is not Grain.HOUR or is_snapshot(report):
        return zone
    return Zone(UTC_NAME) if _has_whole_hours(zone, window) else zone


def _has_whole_hours(zone: Zone, window: Interval) -> bool:
    """Return whether the zone's offset was a matter of hours in all the years of a window."""
    months = [
        datetime(year, month, 1)  # noqa: DTZ001 - naive, in the zone
        for year in range(window.start.year, window.end.year + 1)
        for month in range(1, 13)
    ]
    return all(zone.instant(m).minute == 0 for m in (window.start, window.end, *months))


def question(report: Report, window: Interval, zone: Zone, asked: Zone) -> dict[str, Any]:
    """Return the body of a report request.

    Args:
        report: The report.
        window: Naive, in `zone`.
        zone: The report's time zone.
        asked: The time zone in which the platform is asked.
    """
    own = AtomxReport.of(report)
    body: dict[str, Any] = {
        "scope": own.scope,
        "groups": list(report.dimensions),
        "metrics": list(report.metrics),
        "where": report.filters or [],
        "timezone": asked.name,
        # Without it every run would fill the report history of the user.
        "save": False,
    }
    if is_snapshot(report):
        return body | {"daterange": own.daterange}
    body["groups"] = [report.grain.value, *report.dimensions]
    for key, moment in (("from", window.start), ("to", window.end)):
        there = moment if asked == zone else asked.local(zone.instant(moment))
        body[key] = there.strftime(_MOMENT)
    return body


def _read(response: Response, what: str) -> tuple[Callable[[], Iterator[Any]], Mapping[str, Any]]:
    """Return an opener of the rows, and the report without them."""
    rows = JsonRows(response.body, ("report", "data"))
    if response.body.size <= MEMORY_BYTES:
        kept = list(rows)
        return (lambda: iter(kept)), _report_of(rows.envelope, what)
    return (lambda: iter(rows)), _report_of(rows.read_envelope(), what)


def _report_of(envelope: object, what: str) -> Mapping[str, Any]:
    report = envelope.get("report") if isinstance(envelope, Mapping) else None
    # How many rows there are is held against `length`; what else says that more follows is told at any length.
    if (said := says_more(envelope, sys.maxsize) or says_more(report, sys.maxsize)) is not None:
        raise ResponseTooLarge(f"{what}: the answer says that there is more ({said})")
    if not isinstance(report, Mapping):
        raise RequestError("the answer holds no report")
    if (error := error_beside_data({"report": report})) is not None:
        raise RequestError(f"{what}: an error beside the data: {error}")
    if not isinstance(report.get("data"), list) and as_decimal(report.get("length")) is None:
        # Version 2 answers so while it still makes the report.
        raise MalformedResponse(f"{what}: the answer holds no rows (key `data`)")
    return report


def _columns(report: Mapping[str, Any], body: Mapping[str, Any], job: WindowJob) -> tuple[str, ...]:
    """Return an inline answer's columns; it must be of what was asked for."""
    _check_question(report, body, job)
    asked = (*body["groups"], *body["metrics"])
    named = report.get("columns")
    columns = tuple(str(c) for c in named) if isinstance(named, list) else asked
    if len(set(columns)) != len(columns) or not set(columns).issuperset(asked):
        raise MalformedResponse(
            f"{job.what}: the answer's columns {list(columns)} are not those asked for"
        )
    return columns


def _check_question(report: Mapping[str, Any], body: Mapping[str, Any], job: WindowJob) -> None:
    """Check that a report answers what was asked, as far as it says so.

    Args:
        report: The answer; the platform repeats the request in `query`.
        body: The request.
        job: The window.

    Raises:
        MalformedResponse: If it is of other days, of another scope, range or time zone, or if a filter was left out.
    """
    what = job.what
    query = report.get("query")
    query = query if isinstance(query, Mapping) else {}
    for end in ("from", "to"):
        for told in (report.get(end), query.get(end)):
            said = str(told or body.get(end)).replace("T", " ")
            if end in body and said != body[end]:
                raise MalformedResponse(f"{what}: asked {end} {body[end]}, answered {end} {said}")
    for name in ("scope", "daterange"):
        told = query.get(name)
        if told is not None and name in body and str(told).casefold() != body[name]:
            raise MalformedResponse(f"{what}: asked {name} {body[name]}, answered {name} {told}")
    zone = query.get("timezone")
    if zone is not None and not _is_same_zone(str(zone), body, report, job.window):
        raise MalformedResponse(
            f"{what}: asked timezone {body['timezone']}, answered timezone {zone}"
        )
    where = query.get("where")
    if isinstance(where, list) and len(where) < len(body["where"]):
        raise MalformedResponse(f"{what}: asked where {body['where']}, answered where {where}")


def _is_same_zone(
    said: str, body: Mapping[str, Any], report: Mapping[str, Any], window: Interval
) -> bool:
    """Return whether a zone's clocks are those of the zone that was asked for: one zone has several names.

    Args:
        said: The zone's name in the answer.
        body: The request.
        report: The answer; of a rolling range it may say the days.
        window: The day to which a rolling report belongs, naive.
    """
    if said.casefold() == body["timezone"].casefold():
        return True
    try:
        first, last = _days_of(body, report, window)
        days = [first + ONE_DAY * n for n in range((last - first).days + 1)]
        asked, answered = Zone(body["timezone"]), Zone(said)
    except (TypeError, ValueError):
        return False
    return all(asked.instant(day) == answered.instant(day) for day in (*days, last))


def _days_of(
    body: Mapping[str, Any], report: Mapping[str, Any], window: Interval
) -> tuple[datetime, datetime]:
    """Return the ends of what was asked for, naive; of a rolling range that nobody dates, ends that enclose it."""
    ends = [body.get(end) or report.get(end) for end in ("from", "to")]
    if all(ends):
        first, last = (datetime.fromisoformat(str(end)) for end in ends)
        return first, last
    last = window.end + ONE_DAY  # some ranges include today
    return _FIRST_DAY if body["daterange"] == "lifetime" else last - _LONGEST_RANGE, last


def _numbers(values: Sequence[Any]) -> list[Any]:
    """Return the numbers among a column's values, which may come as texts."""
    if not _NUMBERS.issuperset(map(type, values)):
        values = list(map(as_decimal, values))
    return [v for v in values if v is not None]


def _totals(report: Mapping[str, Any], metrics: Sequence[str]) -> dict[str, Any]:
    """Return an answer's own totals of the metrics that are known to add up."""
    totals = report.get("totals")
    known: Mapping[str, Any] = totals if isinstance(totals, Mapping) else {}
    return {m: known[m] for m in metrics if m in METRICS and m in known}


def _surely_whole(
    response: Response, report: Mapping[str, Any], columns: Sequence[str], metrics: Sequence[str]
) -> bool:
    """Check whether a long answer is seen to be whole by sums that are near enough; else exact ones must tell."""
    if response.body.size <= MEMORY_BYTES:
        return False
    totals = {m: as_decimal(v) for m, v in _totals(report, metrics).items()}
    counts = {m for m in totals if is_count(METRICS[m])}
    rows = JsonRows(response.body, ("report", "data"))
    near = near_sums(rows, counts, totals.keys() - counts, columns)
    length = as_decimal(report.get("length"))
    return (
        near is not None
        and length in {None, near.rows}
        and all(
            total is None or near.ties(m, total, part=float(_FLOAT32_STEP))
            for m, total in totals.items()
        )
    )


def check(
    report: Mapping[str, Any],
    rows: Callable[[], Iterator[Sequence[Any]]],
    columns: Sequence[str],
    metrics: Sequence[str],
    what: str,
) -> None:
    """Hold an inline answer against what it says of itself.

    Args:
        report: The answer without its rows.
        rows: Opens its rows.
        columns: What their values are.
        metrics: Asked for.
        what: The window, in a user's words.

    Raises:
        MalformedResponse: If a row has another number of values than there are columns.
        ResponseTooLarge: If it holds another number of rows than it says, or its totals are not its rows'.
    """
    known = _totals(report, metrics)
    places = {m: columns.index(m) for m in known if m in columns}
    sums: dict[str, Decimal] = dict.fromkeys(places, Decimal())
    sizes: dict[str, Decimal] = dict.fromkeys(places, Decimal())
    count = 0
    for batch in batches(rows()):
        for at, row in enumerate(batch, count + 1):
            if not isinstance(row, list) or len(row) != len(columns):
                many = len(row) if isinstance(row, list) else "no list of"
                raise MalformedResponse(
                    f"{what}: row {at} has {many} values for {len(columns)} columns"
                )
        count += len(batch)
        for metric, place in places.items():
            numbers = _numbers([row[place] for row in batch])
            sums[metric] += sum(numbers)
            sizes[metric] += sum(map(abs, numbers))
    length = as_decimal(report.get("length"))
    if length is not None and length != count:
        raise RowsMissing(f"{what}: the answer holds {count} rows and says {length}")
    for metric, added in sums.items():
        if (total := as_decimal(known[metric])) is None:
            continue
        room = (
            Decimal() if is_count(METRICS[metric]) else (sizes[metric] + abs(total)) * _FLOAT32_STEP
        )
        if abs(added - total) > room:
            raise RowsMissing(f"{what}: {metric} adds up to {added}, the answer's total is {total}")


def _text(value: object) -> str | None:
    return None if value is None else str(value)
