"""Calls on reports: running, storing, listing, downloading; and the figures that need the same numbers."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from starlette.responses import Response, StreamingResponse

from adtap_sandbox.atomx import invoices
from adtap_sandbox.atomx.data import USER_ID, text
from adtap_sandbox.atomx.facts import Facts, Quickstats, no_stats
from adtap_sandbox.atomx.lists import whole
from adtap_sandbox.atomx.models import Call, Model
from adtap_sandbox.atomx.replies import Refusal, success
from adtap_sandbox.atomx.reports import Query, answer, read, rows, totals
from adtap_sandbox.atomx.store import Store, StoredReport
from adtap_sandbox.cube import Groups, Labels
from adtap_sandbox.environment import Environment
from adtap_sandbox.tables import csv_text, fill, table

TSV_LINES_PER_CHUNK = 500
_JOB = table(__package__, "reports")["job"]


class ReportsApi:
    """Answers calls on reports."""

    def __init__(self, environment: Environment, store: Store) -> None:
        self.environment, self.store = environment, store
        self._stats_at: datetime | None = None
        self._stats: Quickstats = {}
        self._polls: dict[str, int] = {}

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.environment)

    def quickstats(self, model: Model, ident: int) -> dict[str, dict[str, Any]]:
        """Return the quickstats of a row, to the minute."""
        minute = self.environment.clock.now().replace(second=0, microsecond=0)
        if minute != self._stats_at:
            self._stats = self.facts.quickstats(minute)
            self._stats_at = minute
        return self._stats.get((model.name, ident), no_stats())

    def invoices(self, call: Call) -> Response:
        """Answer `invoices/{type}[/{id}[/{month}]]`; 404 for an unknown type or owner, 400 for a bad month."""
        words = call.words[1:]
        if not words or call.verb != "GET":
            raise Refusal(404, "Not found")
        kind = invoices.type_of(words[0])
        now = self.environment.clock.now()
        owner = int(words[1]) if len(words) > 1 and words[1].isdigit() else None
        if len(words) > 1 and owner is None:
            raise Refusal(404, f"{words[1]!r} is no id")
        if len(words) > 2 and owner is not None:  # noqa: PLR2004 - type, owner, month
            return Response(invoices.pdf(kind, owner, words[2]), media_type="application/pdf")
        months = invoices.months(dict(call.params), now, year=owner is not None)
        asked = f"invoices {kind} {months} {owner} {self.store.writes}"
        make = partial(invoices.invoices, self.facts, self.store, kind, months, owner)
        made = self.environment.kept(asked, make)
        return success(now, "invoices", made, count=len(made))

    def call(self, call: Call) -> Response:
        """Answer a call on `report` or `reports`; 404 for an unknown report, 400 for a bad query."""
        given = dict(call.params)
        if len(call.words) == 1:
            if call.verb == "GET":
                return self._listed()
            if call.verb == "POST" and call.head == "report":
                return self._run(call, given)
        if len(call.words) == 2:  # noqa: PLR2004 - report and id
            report = self._find(call.words[1])
            if call.verb == "GET":
                return self._again(call, report, given)
            if call.verb == "PUT":
                return self._change(report, call.body)
            if call.verb == "DELETE":
                del self.store.reports[report.ident]
                now = self.environment.clock.now()
                return success(now, "deleted", {"report": [report.ident]})
        raise Refusal(404, "Not found")

    def _find(self, ident: str) -> StoredReport:
        report = self.store.reports.get(ident.lower())
        if report is None:
            raise Refusal(404, f"report {ident} not found")
        return report

    def _read(self, given: object) -> Query:
        if isinstance(given, dict) and "metrics" not in given and "sums" in given:
            # The first version's word for metrics.
            given = {**given, "metrics": given["sums"]}
        return read(given, self.environment.clock.now(), self.environment.world.first_day)

    def _run(self, call: Call, given: dict[str, str]) -> Response:
        query = self._read(call.body)
        # Checked before anything is stored: a refused report leaves no trace.
        whole(given, "limit", 0)
        whole(given, "offset", 0)
        scheduled = bool(call.body.get("when"))
        emails = call.body.get("emails") or []
        if not isinstance(emails, list):
            raise Refusal(400, "emails must be a list")
        report = self.store.store_report(
            call.body, name=call.body.get("name"), emails=emails, scheduled=scheduled
        )
        if call.version != "v3":
            return self._started(report)
        if scheduled:
            # It will run when its time comes; for now there is nothing to show.
            return success(self.environment.clock.now(), "report", self._head(report, None))
        return self._result(report, query, given)

    def _again(self, call: Call, report: StoredReport, given: dict[str, str]) -> Response:
        query = self._read(report.query)
        if call.version == "v3":
            return self._result(report, query, given)
        if "status" in given:
            return self._started(report)
        found = self._answer(query)
        return self._download(query, rows(query, found, given.get("sort", "")), header=False)

    def _result(self, report: StoredReport, query: Query, given: dict[str, str]) -> Response:
        found = self._answer(query)
        made = rows(query, found, given.get("sort", ""))
        limit, offset = whole(given, "limit", 0), whole(given, "offset", 0)
        # 0 is unlimited, as the wiki says.
        page = made[offset : offset + limit] if limit else made[offset:]
        if "download" in given and self.environment.switch("downloads"):
            return self._download(query, page, header=True)
        length = page if self.environment.switch("length_is_page") else made
        shown = {**self._head(report, query), "columns": list(query.columns), "data": page}
        shown |= {"length": len(length), "totals": totals(query, found)}
        return success(self.environment.clock.now(), "report", shown)

    def _answer(self, query: Query) -> Groups[Labels]:
        asked, now = f"{query} {self.store.writes}", self.environment.clock.now()
        kept = self.environment.kept
        return kept(asked, lambda: answer(self.facts, self.store, query, now))

    def _head(self, report: StoredReport, query: Query | None) -> dict[str, Any]:
        """Return what is known of a report without running it."""
        head: dict[str, Any] = {
            "id": report.ident,
            "user_id": USER_ID,
            "name": report.name,
            "emails": report.emails,
            "is_scheduled_report": report.scheduled,
            "created_at": text(report.created),
            "query": report.query,
        }
        if query is not None and not report.scheduled:
            head["from"] = f"{query.begin:%Y-%m-%d %H}:00:00"
            head["to"] = f"{query.end:%Y-%m-%d %H}:00:00"
        return head

    def _listed(self) -> Response:
        listed = [report for report in self.store.reports.values() if report.listed]
        made: dict[str, list[dict[str, Any]]] = {"reports": [], "scheduled": []}
        for report in listed:
            kind = "scheduled" if report.scheduled else "reports"
            made[kind].append(self._head(report, self._read(report.query)))
        return success(self.environment.clock.now(), "reporting", made)

    def _change(self, report: StoredReport, given: object) -> Response:
        if not isinstance(given, dict):
            raise Refusal(400, "The body must be a JSON object")
        if "name" in given:
            report.name = given["name"]
        if "emails" in given:
            report.emails = given["emails"] or []
        dates = {key: given[key] for key in ("from", "to", "daterange") if key in given}
        if dates and not report.query.get("editable"):
            raise Refusal(403, "The dates of this report can not be changed")
        query = self._read({**report.query, **dates})
        report.query = {**report.query, **dates}
        return success(self.environment.clock.now(), "report", self._head(report, query))

    def _download(self, query: Query, made: list[list[Any]], *, header: bool) -> Response:
        kind = "text/tab-separated-values; charset=UTF-8"
        return StreamingResponse(self._lines(query, made, header=header), media_type=kind)

    def _lines(self, query: Query, made: list[list[Any]], *, header: bool) -> Iterator[str]:
        last_newline = self.environment.switch("tsv_last_newline")
        lines = [list(query.columns), *made] if header else made
        for start in range(0, len(lines), TSV_LINES_PER_CHUNK):
            written = csv_text(lines[start : start + TSV_LINES_PER_CHUNK], delimiter="\t")
            if start + TSV_LINES_PER_CHUNK >= len(lines) and not last_newline:
                written = written.removesuffix("\n")
            yield written

    def _started(self, report: StoredReport) -> Response:
        """Answer as v1 and v2 do, which make the caller ask until the report is ready."""
        polls = self._polls.get(report.ident, -1) + 1
        self._polls[report.ident] = polls
        ready = polls >= self.environment.switch("report_polls")
        began, now = int(report.created.timestamp()), self.environment.clock.now()
        ended = int(now.timestamp()) if ready else None
        values = {"report": report, "began": began, "ended": ended, "ready": ready}
        values["took"] = ended and ended - began
        return success(now, "report", fill(_JOB, values), query=report.query)
