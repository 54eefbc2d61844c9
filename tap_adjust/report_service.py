"""The Report Service: lists, and reports asked for window by window.

All GET, all query string, no paging: a report is sliced by days and by apps. Adjust documentation,
"Report Service API", read 2026-11-20.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from adtap_core.bodies.parsing import Table
from adtap_core.declare import Report
from adtap_core.errors import (
    BadRequest,
    Forbidden,
    MalformedResponse,
    OfflineError,
    ResponseTooLarge,
    RowsMissing,
)
from adtap_core.http.client import Call, RequestStats
from adtap_core.http.completeness import check_whole, next_address, says_more
from adtap_core.http.once import Once
from adtap_core.http.response import Response
from adtap_core.names import did_you_mean
from adtap_core.platform import Fetched, RowContext, RowLookup, WindowJob
from adtap_core.rows.totals import EXACT, ZERO, as_decimal, joined
from adtap_core.windows import Grain
from tap_adjust import listed, transports
from tap_adjust.choices import Choices, word
from tap_adjust.fields import near_names
from tap_adjust.service import Service
from tap_adjust.streams import AdjustReport
from tap_adjust.transports import Answer, as_objects, within
from tap_adjust.unpivot import Ask, asks

log = logging.getLogger("adtaps.adjust")

ACCEPTS: Final[Mapping[str, str]] = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/octet-stream",
}
METRIC_OPERATORS: Final = ("lt", "lte", "gt", "gte", "eq", "ne")
DIMENSION_OPERATORS: Final = (
    "in",
    "not_in",
    "contains",
    "exclude",
    "starts_with",
    "not_starts_with",
    "ends_with",
    "not_ends_with",
)
_COMPARISON: Final = re.compile(rf"__({'|'.join(METRIC_OPERATORS)})(__column)?$")
"""The end of a parameter that compares a metric; the dashboard's own variant of it has a word more."""
_UNSUPPORTED: Final = re.compile(
    r"Unsupported metrics?: *(?P<quote>[\"'`]?)(?P<name>.+?)(?P=quote)[.;]?"
    r"(?: loc=| \(|: correlation id| *(?:…|\.\.\.)|\s*$)",
    re.IGNORECASE,
)
"""A metric that the service refuses; what follows its name is not always there."""

_CUT: Final = re.compile(
    r"\brows?\b.*\b(?:limit|limited|truncated|cut)\b|\b(?:limit|limited|truncated|cut)\b.*\brows?\b|\brow[ _]limit|limit_rows",
    re.IGNORECASE,
)
"""A warning in words that rows are missing; the service's own slug for it is `limit_rows`."""
_ROUNDED: Final = "(rows are rounded)"
_CURRENCY: Final = "currency_code"
"""The dimension that says an app's reporting currency."""
_EVENTS: Final = "/events"
_COMPANIONS: Final = frozenset({"attr_dependency"})
"""Ids that go with a row's dimensions: sent unless refused, and each is a dimension of its own."""

Option = dict[str, Any]


@dataclass
class ReportService(Service):
    """Asks the Report Service."""

    _lists: Once[str, tuple[list[Option], RequestStats]] = field(default_factory=Once)
    _apps: Once[str, list[Option] | Forbidden] = field(default_factory=Once)
    _seen: Once[str, list[Option] | None] = field(default_factory=Once)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _told: set[tuple[str, str]] = field(default_factory=set)
    _refused: dict[object, dict[str, str]] = field(default_factory=dict)
    _doubted: set[object] = field(default_factory=set)
    _believed: set[str] = field(default_factory=set)

    # -- lists -------------------------------------------------------------------------------

    def options(self, filter_name: str, stats: RequestStats | None = None) -> list[Option]:
        """Return the options of a filter of `/filters_data`, asked once a run.

        Args:
            filter_name: The filter.
            stats: Counts what they cost, also if somebody else asked before.
        """
        params = {"required_filters": filter_name}
        return self._once(filter_name, "/filters_data", params, stats)

    def events(self, stats: RequestStats | None = None) -> list[Option]:
        """Return the events of all apps, asked once a run."""
        return self._once("events", _EVENTS, {"tokens_mapping": "true"}, stats)

    def apps(self) -> list[Option]:
        """Return the apps that the token sees; one that may not list them asks once, too.

        Raises:
            Forbidden: If it may not.
        """

        def ask() -> list[Option] | Forbidden:
            try:
                return self.options("apps")
            except Forbidden as error:
                return error

        found = self._apps.get("apps", ask)
        if isinstance(found, Forbidden):
            raise Forbidden(str(found), status=found.status) from found
        return found

    def seen_apps(self) -> list[Option] | None:
        """Return the same; None if the token may not list them: reports of apps that are named may be read."""

        def ask() -> list[Option] | None:
            try:
                return self.apps()
            except Forbidden as error:
                log.warning("apps can't be listed: those that are named are read (%s)", error)
                return None

        return self._seen.get("apps", ask)

    def app_tokens(self) -> list[str]:
        """Return the tokens of the apps that the token sees; none if it may not list them."""
        return listed.app_ids(self.seen_apps() or ())

    def _once(
        self, name: str, path: str, params: Mapping[str, str], stats: RequestStats | None
    ) -> list[Option]:
        def ask() -> tuple[list[Option], RequestStats]:
            cost = RequestStats()
            try:
                found = self._listed(name, path, params, cost)
            except MalformedResponse as error:  # it may have been damaged on the way
                # A dry run gives no list, and notes each call: a second one is none that a sync would make.
                if not self.http.limits.max_retries or self.http.before is not None:
                    raise
                cost.retries += 1
                log.info("%s: asked for again: %s", name, error)
                found = self._listed(name, path, params, cost)
            if stats is not None:  # whoever asked first has caused the requests
                stats.requests += cost.requests
                stats.retries += cost.retries
            return found, cost

        found, cost = self._lists.get(name, ask)
        if stats is not None:
            stats.replaced += cost.replaced
        return found

    def _listed(
        self, name: str, path: str, params: Mapping[str, str], cost: RequestStats
    ) -> list[Option]:
        """Return a list: its one page, and further ones should it ever have some.

        Raises:
            MalformedResponse: If it is none, or says that there is more and not where.
        """
        call = self._call(path, name, params)
        found: list[Option] = []
        seen = {call.url}
        while True:
            response = self.http.send(call, cost)
            with response.body:
                document = response.json() if response.body.size else []
                held = document.get(name) if isinstance(document, Mapping) else document
                # A list that is not among others is empty; without any list it is another answer. Events come alone.
                others = document.values() if isinstance(document, Mapping) else ()
                others = () if path == _EVENTS else others
                empty = held is None and any(v is None or isinstance(v, list) for v in others)
                rows = [] if empty else held
                if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                    raise MalformedResponse(
                        f"{name}: the answer holds no list of objects: {response.excerpt(120)}"
                    )
            before = len(found)
            found += rows
            if says_more(document, len(rows), before) is None:
                return found
            address = next_address(document, response.url, name)
            if address is None:
                check_whole(document, len(rows), name, before)
            if address is None or address in seen:
                raise MalformedResponse(f"{name}: the list's pages go round in circles")
            seen.add(address)
            call = replace(call, url=address, params=None)

    def _call(self, path: str, what: str, params: Mapping[str, str], kind: str = "json") -> Call:
        headers = {"Accept": ACCEPTS[kind]}
        params = dict(params)
        if (account := self.settings.get("account_id")) is not None:
            # The documentation's draft names a header, published clients send a parameter; without
            # either the token means the first account of its user.
            headers["X-Account-ID"] = str(account)
            params["adjust_account_id__in"] = str(account)
        return Call(
            url=f"{self.url}{path}",
            what=what,
            params=params,
            headers=headers,
            expects={"json": "json", "csv": "text"}.get(kind, "any"),
            table=kind == "csv",
        )

    # -- reports -----------------------------------------------------------------------------

    def format_of(self, report: Report) -> str:
        """Return a report's transport; `auto` is JSON, the only one that proves itself whole."""
        chosen = Choices(report, self.settings).get("report_format") or "auto"
        return "json" if chosen == "auto" else str(chosen)

    def fetch(self, job: WindowJob) -> Fetched:
        """Fetch a window.

        Raises:
            ResponseTooLarge: If rows are missing, or the service says that it is too much.
        """
        report, settings = job.report, self.settings
        choices = Choices(report, settings)
        tokens = [p.key["app_token"] for p in job.partitions]
        bucket = None if report.grain is Grain.WEEK else report.grain.value
        parts: list[_Part] = []
        lost: list[str] = []
        try:
            for ask in asks(AdjustReport.of(report), lambda: self._events_of(tokens, lost)):
                parts += self._parts(
                    job, ask, partial(self._part, job, choices, tokens, bucket), lost
                )
        except BaseException:
            for part in parts:
                part.response.body.close()
            raise
        return Fetched(
            tables=[part.open for part in parts],
            context=RowContext(
                currency=self._currency(choices),
                bucket=bucket,
                partition=("app_token", {p.key["app_token"]: p for p in job.partitions}),
                constants=choices.constants(),
                told=None if bucket else report.grain.value,
                ignored=_COMPANIONS | {*self._told_along(choices)},
            ),
            close=lambda: _close(parts),
            warnings=list(dict.fromkeys([*lost, *(w for part in parts for w in part.warnings)])),
            left_out=list(dict.fromkeys(lost)),
            totals=None if cuts_rows(report) else joined(part.totals() for part in parts),
        )

    def _currency(self, choices: Choices) -> str | RowLookup:
        """Return what money is in: what is asked for, else each app's reporting currency."""
        if asked := choices.get("currency"):
            return str(asked)
        apps = self.seen_apps()
        return (
            RowLookup(_CURRENCY)
            if apps is None
            else RowLookup("app_token", listed.currencies(apps))
        )

    def _told_along(self, choices: Choices) -> Sequence[str]:
        """Return what rows must say beside their own dimensions: the currency, where no list of apps tells it."""
        if choices.get("currency"):
            return ()
        try:
            return (_CURRENCY,) if self.seen_apps() is None else ()
        except OfflineError:
            return ()  # a dry run without a network: most tokens may list apps

    def _events_of(self, tokens: Sequence[str], lost: list[str]) -> list[str]:
        """Return the slugs of some apps' events; one that can't be asked for is put into `lost`."""
        try:
            given = self.events()
        except OfflineError:
            return ["EVENT"]  # a dry run without a network: one event stands for all
        slugs = listed.slugs(given, tokens)
        lost += [
            f"event {slug!r} is left out: lists of metrics are joined by commas, so it can't be asked for"
            for slug in slugs
            if "," in slug
        ]
        return [s for s in slugs if "," not in s]

    def _parts(
        self, job: WindowJob, ask: Ask, read: "Callable[[Ask], _Part]", lost: list[str]
    ) -> "Iterator[_Part]":
        """Return the answers to one request: without the events that the service refuses, which go to `lost`.

        What was refused for these apps is not asked for again in the report's other windows.
        """
        refused = self._refused.setdefault((job.report.name, job.partitions), {})
        for name, message in [*refused.items()]:
            smaller = ask.without(name)
            if smaller is not None:
                lost.append(message)
                ask = smaller
        while ask.metrics:
            try:
                part = read(ask)
            except BadRequest as error:
                found = _UNSUPPORTED.search(str(error))
                smaller = ask.without(found["name"]) if found else None
                if found is None or smaller is None:
                    raise
                name = found["name"]
                # Windows that are read at once are refused at once: what the first was told stands for all.
                message = f"event of {name!r} is left out: the service refuses it ({error})"
                lost.append(refused.setdefault(name, message))
                ask = smaller
                continue
            parts = [part, *self._following(job, part, ask)]
            if len(parts) > 1:
                self._check_pages(job, parts, ask)
            yield from parts
            return

    def _check_pages(self, job: WindowJob, parts: "Sequence[_Part]", ask: Ask) -> None:
        """Hold all pages of an answer against the totals, which are those of all."""
        whole = transports.Sums(ask.metrics)
        for part in parts:
            whole.rows += part.answer.rows
            for name, value in part.answer.sums.totals.items():
                whole.totals[name] = EXACT.add(whole.totals[name], value)
        totals = parts[0].answer.envelope.get("totals")
        if isinstance(totals, Mapping) and not cuts_rows(job.report):
            short = whole.short(totals)
            if short is not None:
                raise RowsMissing(f"{job.what}: {short}")

    def _following(self, job: WindowJob, first: "_Part", ask: Ask) -> "Iterator[_Part]":
        """Return the answer's further pages, should it ever have some: this service never had any.

        Raises:
            ResponseTooLarge: If there is more, and nothing says where.
            MalformedResponse: If the pages lead back to one that was read, or one comes again.
        """
        part, seen, before = first, {first.response.url}, 0
        while said := says_more(part.answer.envelope, part.answer.rows, before):
            address = next_address(part.answer.envelope, part.response.url, job.what)
            if address is None:
                raise ResponseTooLarge(f"{job.what}: the answer says that there is more ({said})")
            if address in seen:
                raise MalformedResponse(f"{job.what}: the answer's pages go round in circles")
            seen.add(address)
            before += part.answer.rows
            call = replace(self._call("", job.what, {}, "json"), url=address, params=None)
            response = self.http.send(call, job.stats)
            answer = transports.read(response, "json", first.dimensions, ask.metrics)
            if answer.begins_like(part.answer):
                response.body.close()
                raise MalformedResponse(
                    f"{job.what}: a further page of the answer is the one before it"
                )
            # The first page's totals are those of all pages.
            part = _Part(response, answer, ask, first.hours, (), first.dimensions, said={})
            yield part

    def _part(
        self, job: WindowJob, choices: Choices, tokens: Sequence[str], bucket: str | None, ask: Ask
    ) -> "_Part":
        report = job.report
        # app_token always: it says whose row it is, and in which currency.
        asked = ["app_token", *ask.dimensions, *self._told_along(choices)]
        dimensions = [*dict.fromkeys([*([bucket] if bucket else []), *asked])]
        params = {
            "dimensions": ",".join(dimensions),
            "metrics": ",".join(ask.metrics),
            "date_period": date_period(job),
            "app_token__in": ",".join(tokens),
            **choices.parameters(),
            **filters(report),
        }
        kind = self.format_of(report)
        warnings: list[str] = []
        totals = self._totals(job, params, kind, ask, warnings)
        response = self._send(
            job,
            transports.PATHS[kind],
            {**params, "format_dates": "false"}
            | ({"include_attr_dependency": "false"} if kind == "json" else {}),
            kind,
        )
        try:
            answer = transports.read(response, kind, dimensions, ask.metrics)
            job.stats.replaced += answer.replaced
            if kind == "json":
                totals = answer.envelope.get("totals")
            paged = says_more(answer.envelope, answer.rows) is not None
            # Of an answer with pages the totals are those of all.
            self._check(job, answer, None if paged else totals, warnings)
        except BaseException:
            response.body.close()
            raise
        # Of a day asked for because some of its hours are wanted the totals are the whole day's.
        of_all = not _is_cut(job, bucket) and isinstance(totals, Mapping)
        return _Part(
            response,
            answer,
            ask,
            self._hours(job, bucket),
            warnings,
            dimensions,
            said=totals if of_all else None,
        )

    def _totals(
        self, job: WindowJob, params: Mapping[str, str], kind: str, ask: Ask, warnings: list[str]
    ) -> Mapping[str, Any] | None:
        """Return the service's totals for a transport that carries none: a small JSON request before it.

        Before, not after: numbers of the running day only grow in between.
        """
        if kind == "json" or not transports.Sums(ask.metrics).names or cuts_rows(job.report):
            return None
        response = self._send(
            job,
            transports.PATHS["json"],
            {**params, "dimensions": "app_token", "include_attr_dependency": "false"},
            "json",
        )
        with response.body:
            document = response.json() if response.body.size else {}
        totals: Mapping[str, Any] = document.get("totals") or {}
        warnings += [f"{slug}: {message}" for slug, message in self._tell(job.report, document)]
        return totals

    def _send(self, job: WindowJob, path: str, params: Mapping[str, str], kind: str) -> Response:
        call = self._call(path, job.what, params, kind)
        call = replace(call, splittable=job.can_split)
        try:
            return self.http.send(call, job.stats)
        except BadRequest as error:
            message = str(error)
            if (found := _UNSUPPORTED.search(message)) is None:
                raise
            near = did_you_mean(found["name"], near_names(found["name"]))
            raise type(error)(f"{message}{near}", status=error.status) from error

    def _check(self, job: WindowJob, answer: Answer, totals: object, warnings: list[str]) -> None:
        """Hold an answer's rows against what the service itself says of them.

        Raises:
            ResponseTooLarge: If rows are missing.
            MalformedResponse: If there are too many, the first time.
        """
        for slug, message in self._tell(job.report, answer.envelope):
            warnings.append(f"{slug}: {message}")
            if ("limit" in slug and "row" in slug) or _CUT.search(message):
                raise ResponseTooLarge(f"{job.what}: the answer is cut ({slug}: {message})")
        if isinstance(totals, Mapping) and not cuts_rows(job.report):
            short = answer.short(totals)
            if short is not None:
                raise RowsMissing(f"{job.what}: {short}")
            over = answer.over(totals)
            if over is not None and self._doubts(job, job.report.name):
                raise MalformedResponse(f"{job.what}: {over}")
            # Rounded rows may miss a total by as much as a small row: whether this service rounds is not documented.
            lost = answer.short(totals, exactly=True)
            if lost is not None and self._doubts(job, _ROUNDED):
                raise MalformedResponse(f"{job.what}: {lost}, or rounded")

    def _doubts(self, job: WindowJob, what: str) -> bool:
        """Check whether rows that do not add up are to be asked for again: one may have been doubled or lost on the way.

        If they come twice, the service means them; what else is so is then believed at once.

        Args:
            job: Whose rows they are.
            what: The report whose rows are more than the totals, or that rows are rounded.
        """
        if not self.http.limits.max_retries:
            return False
        window = (what, job.report.name, job.window, tuple(str(p.key) for p in job.partitions))
        with self._lock:
            if window in self._doubted:
                self._believed.add(what)
            self._doubted.add(window)
            return what not in self._believed

    def _tell(self, report: Report, envelope: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Log what the service warns of, once for each report."""
        found = []
        for key in ("warnings", "data_warnings"):
            given = envelope.get(key) or []
            for item in given if isinstance(given, list) else [given]:
                text = item if isinstance(item, dict) else {"body": str(item)}
                slug = str(text.get("slug") or "warning")
                message = str(text.get("body") or text.get("title") or "")
                found.append((slug, message))
                self._say(report, slug, f"the service warns: {slug}: {message}")
        return found

    def _say(self, report: Report, slug: str, message: str) -> None:
        with self._lock:
            if (report.name, slug) in self._told:
                return
            self._told.add((report.name, slug))
        log.warning("%s: %s", report.name, message)

    @staticmethod
    def _hours(job: WindowJob, bucket: str | None) -> Callable[[Table], Table]:
        start, end = job.window.start, job.window.end
        if not _is_cut(job, bucket):
            return lambda table: table
        return lambda table: within(table, "hour", start, end)


@dataclass
class _Part:
    """One answer of a window, and how its rows are opened.

    Args:
        response: The answer.
        answer: What was read of it.
        ask: What was asked.
        hours: Leaves out the hours that were not wanted.
        warnings: What the service warned of.
        dimensions: What it was cut by.
        said: The service's own totals of its rows; None if there are none.
    """

    response: Response
    answer: Answer
    ask: Ask
    hours: Callable[[Table], Table]
    warnings: Sequence[str]
    dimensions: Sequence[str]
    said: Mapping[str, Any] | None

    def open(self) -> Table:
        """Open the rows."""
        table = self.hours(self.answer.open())
        if self.ask.expand is None:
            return table
        return Table(self.ask.expand(as_objects(table)))

    def totals(self) -> dict[str, Decimal] | None:
        """Return the service's own totals, by the report's metric; None if there are none."""
        if self.said is None:
            return None
        made: dict[str, Decimal] = {}
        for metric, name in self.ask.spelled():
            if (value := as_decimal(self.said.get(name))) is not None:
                made[metric] = EXACT.add(made.get(metric, ZERO), value)
        return made


def _is_cut(job: WindowJob, bucket: str | None) -> bool:
    """Check whether only some hours of the days that are asked for are wanted."""
    return bucket == "hour" and (job.window.start.hour, job.window.end.hour) != (0, 0)


def _close(parts: Iterable[_Part]) -> None:
    for part in parts:
        part.response.body.close()


def date_period(job: WindowJob) -> str:
    """Return a window as the service spells it: both days belong to it."""
    last = (job.window.end - timedelta(microseconds=1)).date()
    return f"{job.window.start.date().isoformat()}:{last.isoformat()}"


def filters(report: Report) -> dict[str, str]:
    """Return a report's filters as parameters: `country_code__in` → `DE,US`."""
    return {key: word(value) for key, value in (report.filters or {}).items()}


def cuts_rows(report: Report) -> bool:
    """Return whether rows are left out by their numbers: totals may count them all the same."""
    return any(
        _COMPARISON.search(key)
        for keys in (report.filters, AdjustReport.of(report).parameters)
        for key in keys or ()
    )
