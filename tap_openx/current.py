"""Today's generation: bearer login, reports as jobs that end in CSV, the same entities on another host.

Source: the vendor's reporting client of January 2026 and a survey of its public pages; read 2026-11-20.
No list of report fields is published: a wrong dimension is refused by the platform itself.
"""

import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, cast

from adtap_core.bodies.doubles import check_columns
from adtap_core.bodies.parsing import Table, separated
from adtap_core.declare import Report
from adtap_core.errors import (
    BadRequest,
    MalformedResponse,
    RequestError,
    ResponseTooLarge,
    RetriesExhausted,
)
from adtap_core.http.client import Auth, Call
from adtap_core.http.response import Response
from adtap_core.names import did_you_mean
from adtap_core.platform import Fetched, Partition, RowContext, RowLookup, WindowJob
from adtap_core.sync.fetching import NEARLY_CUT
from adtap_core.windows import Grain, Interval, midnight
from tap_openx import fields, responses
from tap_openx.answers import lost_message
from tap_openx.api import Api, Generation, still_held
from tap_openx.auth import BearerLogin
from tap_openx.currencies import COLUMN, added_up
from tap_openx.streams import OpenxReport

log = logging.getLogger("adtaps.openx")

API_URL: Final = "https://api.openx.com"
ORIGIN: Final = "https://unity.openx.com"
HELD_DAYS: Final = {Grain.HOUR: 90, Grain.DAY: 730}
"""Three months of hours, two years of days."""
_EDGE: Final = timedelta(days=2)
"""By so much the platform may count otherwise: three months that hold a February are 89 days, and a limit may lie
within a day."""
_OF_DATES: Final = re.compile(
    r"\b(?:(?:start|end|min|max)_?)?dates?(?:_?(?:from|to|range))?\b"
    r"|\blook-?back|\bretention|\brange\b|\bmonths?\b|\bolder\b|\bhistory\b",
    re.IGNORECASE,
)
"""Words of a refusal by which it may be for the age of what was asked for; nobody has published the platform's own."""
MOST_ROWS: Final = 1_000_000
MOST_BYTES: Final = 10**9
"""The platform's limits of one report. What is cut off at bytes ends with the last whole row before them."""
CLOSING_HOURS: Final = 2.0
"""Hours until a bucket's data are in. Not published; the lookback reads what comes later anyway."""
JOB_SECONDS: Final = 3600.0
"""How long one run waits for a report job; the next run goes on waiting for the same job."""
_WAITS: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
_TYPES: Final = {Grain.HOUR: "HOURLY", Grain.DAY: "DAILY"}
_BUCKETS: Final = {Grain.HOUR: "Hour", Grain.DAY: "Day"}
_JOB_TRIES: Final = 2
_FAILED_POLLS: Final = 2
"""So many polls must say 500, one after the other or not, until a job counts as failed."""
_UNKNOWN_JOB: Final = frozenset({400, 404, 410})
"""Answers to a poll that says nothing but a job's id: what is wrong can only be the job."""
_SMALLEST_ROW_BYTES: Final = 10
_CUT: Final = 0.999
"""The share of `MOST_BYTES` from which on a report counts as cut off."""


class Current(Generation):
    """Answers the platform's questions over today's reporting API."""

    name = "current"

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._url = _base_url(self._settings)

    @staticmethod
    def login(settings: Mapping[str, Any]) -> Auth:
        """Return how credentials get onto a request."""
        return BearerLogin(settings, _base_url(settings))

    @property
    def entity_url(self) -> str:
        """Return where the Platform API's lists are."""
        return f"{self._url}/api/v1/ox/4.0"

    # -- metadata ----------------------------------------------------------------------------

    def field_records(self) -> Iterator[dict[str, Any]]:
        """Yield nothing: this generation publishes no list of its report fields."""
        log.info("report_fields: the current generation publishes no list of report fields")
        yield from ()

    def report_errors(self, reports: Sequence[Report]) -> list[str]:
        """Check the user's reports: all metrics are published, of the dimensions only some."""
        errors: list[str] = []
        for report in reports:
            if not report.custom:
                continue
            where = f"report {report.name!r}"
            errors += [
                f"{where}: unknown metric {name!r}{did_you_mean(name, fields.CURRENT_METRICS)}; there are "
                + ", ".join(fields.CURRENT_METRICS)
                for name in report.metrics
                if fields.current_name(name, "metric") is None
            ]
            for name in report.dimensions:
                if fields.current_name(name, "dimension") is None:
                    log.warning(
                        "%s: dimension %r is not among the published ones%s; asking for it as it is spelled",
                        where,
                        name,
                        did_you_mean(name, fields.CURRENT_DIMENSIONS),
                    )
        return errors

    @staticmethod
    def _platform_id(report: Report) -> str | None:
        """Return the report's name of the dimension that tells publishers apart."""
        wanted = fields.PLATFORM_ID.lower()
        return next((d for d in report.dimensions if d.lower() == wanted), None)

    def _adds_publishers(self, report: Report) -> bool:
        """Check whether a report's rows add up what several publishers earned."""
        return OpenxReport.of(report).by_currency and self._platform_id(report) is None

    def _adds_by_currency(self, report: Report) -> bool:
        """Check whether a report's rows would add up money of several currencies, if nothing were done."""
        return self._adds_publishers(report) and bool(self._api.currencies.several())

    # -- what there is -----------------------------------------------------------------------

    def partitions(self, report: Report) -> list[Partition]:
        """Return the login: reports here can't be narrowed to accounts.

        Raises:
            BadRequest: If money of several currencies would be added up, and can't be kept apart.
        """
        if (
            self._adds_publishers(report)
            and any(fields.is_money(m) for m in report.metrics)
            and self._api.currencies.refusal() is not None
        ):
            raise self._api.currencies.unknown_error(report)
        if self._adds_by_currency(report):
            fault = self._api.currencies.addition_error(report, report.metrics)
            if fault is not None:
                raise fault
        return [Partition({})]

    def bundle_size(self) -> int:
        """One partition, one request."""
        return 1

    def available_range(self, report: Report) -> Interval:
        """Return what the platform's published retention holds, up to the running hour's end: hours are asked for whole."""
        now = self._api.clock.now().replace(tzinfo=None)
        first = midnight(now.date()) - timedelta(days=HELD_DAYS[report.grain])
        return Interval(first, Grain.HOUR.ceil(now))

    def closing_hours(self) -> float:
        """Return the hours after which a bucket's data are in."""
        return CLOSING_HOURS

    def coarsest(self, report: Report) -> tuple[str, ...]:
        """Return the dimensions that a report's totals need: what tells publishers' currencies apart."""
        found = self._platform_id(report)
        return () if found is None else (found,)

    def not_added(self, report: Report, metric: str) -> str:  # noqa: ARG002
        """Return why a metric is not in a report's rows: here all are.

        Args:
            report: The report.
            metric: The platform's name of the metric.
        """
        return ""

    # -- reading -----------------------------------------------------------------------------

    def fetch(self, job: WindowJob) -> Fetched:
        """Run a report job, or go on with one that an earlier run began, and read its CSV.

        Raises:
            ResponseTooLarge: If the report is too big for one job.
        """
        grain = job.report.grain
        window = still_held(job, self.available_range(job.report).start)
        if window.is_empty:
            return Fetched([], RowContext(bucket=grain.value), held_from=window.start)
        # Before the report, not after: a job that was paid for must not be lost to a list that fails.
        currency = self._currency(job.report)
        dimensions = list(job.report.dimensions)
        if currency is None and self._adds_by_currency(job.report):
            dimensions.append(fields.PLATFORM_ID)
        names = {
            _BUCKETS[grain].lower(): grain.value,
            **{_sent(d, "dimension").lower(): d for d in dimensions},
            **{_sent(m, "metric").lower(): m for m in job.report.metrics},
        }
        response, window = self._run_held(job, window, dimensions)
        if response is None:
            return Fetched([], RowContext(bucket=grain.value), held_from=window.start)

        def table() -> Table:
            found = separated(response.body)
            columns = [names.get(h.lower(), h) for h in found.columns or ()]
            return Table(found.rows, columns, empty_is_null=True)

        try:
            fill_ratio = self._check(job, response, names)
            found = Fetched(
                [table],
                RowContext(currency=currency, bucket=grain.value),
                response.body.close,
            )
            if len(dimensions) > len(job.report.dimensions):
                found = self._by_currency(job, response, table())
        except BaseException:
            response.body.close()
            raise
        found.fill_ratio = fill_ratio
        found.held_from = window.start if window.start > job.window.start else None
        return found

    def _by_currency(self, job: WindowJob, response: Response, table: Table) -> Fetched:
        """Return a report's rows added up by the currency of the publisher, which was asked for along with it."""
        known = {job.report.grain.value, *job.report.dimensions, *job.report.metrics}
        wanted = [n for n, c in enumerate(table.columns or ()) if c in {*known, fields.PLATFORM_ID}]
        asked = Table(
            ([row[n] for n in wanted] for row in cast("Iterator[list[str]]", table.rows)),
            [(table.columns or ())[n] for n in wanted],
            empty_is_null=True,
        )
        lost = lost_message(set(table.columns or ()).difference(asked.columns or ()))
        lookup = self._api.currencies.lookup(job.report.name)
        found = added_up(asked, fields.PLATFORM_ID, job.report.metrics, lookup)
        response.body.close()
        return Fetched(
            [lambda: found],
            RowContext(currency=RowLookup(COLUMN), bucket=job.report.grain.value),
            warnings=lost,
        )

    def _currency(self, report: Report) -> str | RowLookup | None:
        """Money is in the publisher's currency: its account says which."""
        currencies = self._api.currencies
        platform_id = self._platform_id(report)
        if platform_id is not None:
            return RowLookup(platform_id, currencies.lookup(report.name))
        return currencies.only()

    @staticmethod
    def _check(job: WindowJob, response: Response, names: Mapping[str, str]) -> float:
        """Check that every column is there, and take a report that fills a limit for a cut one.

        Returns:
            The report's share of what the platform puts into one.
        """
        header = [h.lower() for h in responses.header(response)]
        there = set(header)
        check_columns([h for h in header if h in names], f"{job.what}: the report")
        missing = [n for n in names if n not in there]
        if missing:
            raise MalformedResponse(f"{job.what}: the report has no column {', '.join(missing)}")
        size = response.body.size
        if size >= MOST_BYTES * _CUT:
            raise ResponseTooLarge(
                f"{job.what}: {size} bytes, the platform's limit is {MOST_BYTES}"
            )
        if size < MOST_ROWS * NEARLY_CUT * _SMALLEST_ROW_BYTES:
            return size / MOST_BYTES
        lines = sum(chunk.count(b"\n") for chunk in response.body.chunks())
        if lines >= MOST_ROWS:
            raise ResponseTooLarge(
                f"{job.what}: {lines} lines, the platform's limit is {MOST_ROWS} rows"
            )
        return max(lines / MOST_ROWS, size / MOST_BYTES)

    def _run_held(
        self, job: WindowJob, window: Interval, dimensions: Sequence[str]
    ) -> tuple[Response | None, Interval]:
        """Return the report of what of a window the platform still holds, and what that is.

        Where its limits lie to the hour is not published: what is refused for its age, at the edge, is gone.

        Args:
            job: The window.
            window: The part of it that is surely held, or lies at the edge.
            dimensions: What is asked for beside the time bucket.
        """
        try:
            return self._run(job, self._question(job, window, dimensions)), window
        except BadRequest as error:
            first = self.available_range(job.report).start + _EDGE
            said = str(error).removeprefix(job.what)
            is_old = error.status == HTTPStatus.BAD_REQUEST and window.start < first
            if not is_old or not _OF_DATES.search(said):
                raise
            log.info("%s: %s", job.what, said)
        kept = still_held(job, first)
        if kept.is_empty:
            return None, kept
        return self._run(job, self._question(job, kept, dimensions)), kept

    @staticmethod
    def _question(job: WindowJob, window: Interval, dimensions: Sequence[str]) -> dict[str, Any]:
        """Return the body of a report request."""
        report = job.report
        body: dict[str, Any] = {
            "reportType": _TYPES[report.grain],
            "dateFrom": _text(window.start),
            "dateTo": _text(window.end),
            "dimensions": [_BUCKETS[report.grain], *(_sent(d, "dimension") for d in dimensions)],
            "metrics": [_sent(m, "metric") for m in report.metrics],
        }
        return body | ({"filters": report.filters} if report.filters else {})

    def _run(self, job: WindowJob, body: Mapping[str, Any]) -> Response:
        """Return a report job's CSV; a job that failed is asked for once more."""
        name = f"{body['dateFrom']}/{body['dateTo']}"
        known = job.remembered.get(name)
        number: str | int | None = None
        if isinstance(known, Mapping) and known.get("request") == dict(body):
            number = known.get("id")
            log.info("%s: going on with report job %s of an earlier run", job.what, number)
        failed = ""
        # What an earlier run began is no try of this one.
        for _ in range(_JOB_TRIES + (number is not None)):
            if number is None:
                number = self._begin(job, body)
                job.remember(name, {"id": number, "request": dict(body)})
            try:
                response = self._wait(job, number)
            except BadRequest as error:
                if error.status not in _UNKNOWN_JOB:
                    raise
                failed = str(error).removeprefix(f"{job.what}: ")
                log.info(
                    "%s: report job %s is no longer known (%s); starting another",
                    job.what,
                    number,
                    failed,
                )
                number = None
                continue
            if response.status != HTTPStatus.INTERNAL_SERVER_ERROR:
                return response
            with response.body:
                failed = responses.error_message(response) or response.excerpt(200)
            log.warning("%s: report job %s failed: %s", job.what, number, failed)
            job.stats.retries += 1
            number = None
        message = f"{job.what}: the report job failed {_JOB_TRIES} times: {failed}"
        if job.can_split:
            # Nothing in the answer tells a job that is too big from another failure.
            raise ResponseTooLarge(message, status=HTTPStatus.INTERNAL_SERVER_ERROR)
        raise RequestError(message, status=HTTPStatus.INTERNAL_SERVER_ERROR)

    def _begin(self, job: WindowJob, body: Mapping[str, Any]) -> str | int:
        """Begin a job; give its id as it came: whoever hands out numbers may want a number back."""
        response = self._post("generateReport", body, job, expects="json")
        with response.body:
            document = response.json()
            begins = response.excerpt(200)
        number = document.get("id") if isinstance(document, Mapping) else None
        if not number or not isinstance(number, str | int):
            raise MalformedResponse(f"{job.what}: generateReport gave no job id: {begins}")
        return number

    def _wait(self, job: WindowJob, number: str | int) -> Response:
        """Poll a job; give its CSV or its failure, if it says so twice: one 500 may be the service's own.

        Raises:
            BadRequest: If the platform no longer knows it.
            RetriesExhausted: If it is not done in time.
        """
        begun = time.monotonic()
        polls = failures = 0
        while True:
            response = self._post("pullReport", {"id": number}, job, expects="text")
            has_failed = response.status == HTTPStatus.INTERNAL_SERVER_ERROR
            failures += has_failed
            is_waiting = response.status == HTTPStatus.ACCEPTED
            if failures >= _FAILED_POLLS or not (has_failed or is_waiting):
                return response
            response.body.close()
            if time.monotonic() - begun > JOB_SECONDS:
                raise RetriesExhausted(
                    f"{job.what}: report job {number} is not done after {JOB_SECONDS:.0f} s; the next run goes on "
                    "waiting for it"
                )
            self._api.http.pause(_WAITS[min(polls, len(_WAITS) - 1)], f"report job {number}")
            polls += 1

    def _post(
        self, path: str, body: Mapping[str, Any], job: WindowJob, *, expects: str
    ) -> Response:
        return self._api.http.send(
            Call(
                url=f"{self._url}/api/v1/reporting-api/{path}",
                what=job.what,
                method="POST",
                headers={"Origin": ORIGIN},
                json=body,
                expects=expects,
                table=expects == "text",
                splittable=job.can_split and path == "generateReport",
            ),
            job.stats,
        )


def _sent(name: str, role: str) -> str:
    return fields.current_name(name, role) or name


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _base_url(settings: Mapping[str, Any]) -> str:
    return str(settings.get("api_url") or API_URL).rstrip("/")
