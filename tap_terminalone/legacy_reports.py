"""Reports V1, `/reporting/v1/std`: CSV, what there is from its own metadata.

Source: the vendor's Reports V1 pages, recorded `/meta` answers and CSV, read 2026-11-20. Both ends of a
date range belong to it; each report tells its zone, currency and fields itself.
"""

import csv
import io
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, Final, cast

from adtap_core.bodies.parsing import Table, separated
from adtap_core.bodies.spool import Spool
from adtap_core.declare import Report
from adtap_core.errors import (
    BadRequest,
    Forbidden,
    MalformedResponse,
    RequestError,
    ResponseTooLarge,
)
from adtap_core.http.client import Call
from adtap_core.http.completeness import check_whole
from adtap_core.http.once import Once
from adtap_core.names import did_you_mean, respelt
from adtap_core.platform import Fetched, RowContext, RowLookup, WindowJob
from adtap_core.windows import Grain, Interval, midnight
from tap_terminalone import fields
from tap_terminalone.api import Api
from tap_terminalone.deals import Deals
from tap_terminalone.default_page import check_not_cut
from tap_terminalone.definitions import (
    ROLLUP_OF,
    conditions,
    is_snapshot,
    legacy_names,
    time_window,
    why_not_comparable,
)
from tap_terminalone.hours import Place, as_instants, fixed_zone, is_zone, wall_clocks
from tap_terminalone.spans import of_one_bucket
from tap_terminalone.streams import TerminalOneReport

log = logging.getLogger("adtaps.terminalone")

DEALS_AT_ONCE: Final = 200
"""Deals in one filter, so that addresses stay short enough for any gateway."""
ZONE: Final = "campaign_timezone"
BUCKET: Final = "start_date"
PIXEL_TYPE: Final = "pixel_type"
DEALS: Final = "deals"
_ALWAYS: Final = frozenset({"start_date", "end_date", "interval"})
_TAIL_BYTES: Final = 64 * 1024
_LAST: Final = re.compile(r"^last_(\d+|X)_(days|hours)$")
_SPECIAL: Final = re.compile(r'[&,"<>=~!:]')

Row = Sequence[Any]


@dataclass(frozen=True)
class Definition:
    """What the platform says of one report.

    Args:
        name: Its path.
        dimensions: Its fields to cut by.
        metrics: Its fields that count.
        rollups: Its time buckets; none: it does not say.
        windows: Its named windows; `X` stands for any number; none: it does not say.
        is_local: Whether days and hours are each campaign's own: it says so, or names no zone and has this field.
        fixed_zone: The one zone that it names; None for UTC, or where it is each campaign's own.
        currency: What its money is in, in the platform's words; empty if it does not say.
        first_day: How far back it goes, if it says so.
    """

    name: str
    dimensions: frozenset[str]
    metrics: frozenset[str]
    rollups: tuple[str, ...]
    windows: tuple[str, ...]
    is_local: bool
    fixed_zone: str | None
    currency: str
    first_day: date | None

    @property
    def in_utc(self) -> bool:
        """Return whether days and hours are UTC's."""
        return not self.is_local and self.fixed_zone is None

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any], today: date) -> "Definition":
        """Read the platform's own definition.

        Args:
            name: The report's name.
            document: The platform's definition.
            today: The platform's day.
        """
        structure = document.get("structure") or {}
        zone = str(document.get("timezone") or "")
        dimensions = frozenset(structure.get("dimensions") or ())
        return cls(
            name=name,
            dimensions=dimensions,
            metrics=frozenset(structure.get("metrics") or ()),
            rollups=tuple(document.get("time_rollups") or ()),
            windows=tuple(document.get("time_windows") or ()),
            is_local="campaign" in zone.lower() or (ZONE in dimensions and not is_zone(zone)),
            fixed_zone=fixed_zone(zone),
            currency=str(document.get("currency") or ""),
            first_day=_first_day(document.get("data_retention"), today),
        )


class LegacyReports:
    """Reads Reports V1.

    Args:
        api: What it needs of the platform.
        deals: The deals service.
    """

    def __init__(self, api: Api, deals: Deals) -> None:
        self._api, self._deals = api, deals
        self._url = f"{api.url}/reporting/v1/std"
        self._listed: Once[str, Mapping[str, Any]] = Once()
        self._definitions: Once[str, Definition] = Once()
        self._validated: Once[tuple[str, str], bool] = Once()

    # -- what there is -----------------------------------------------------------------------

    def report_errors(self, reports: Sequence[Report]) -> list[str]:
        """Return one line for each report that the platform has not, or not so."""
        errors = []
        if reports:
            self._catalogue()  # without the list none can be read: that is asked for once, not once for each
        for report in reports:
            try:
                errors += [
                    f"report {report.name!r}: {fault}" for fault in self._definition_error(report)
                ]
            except RequestError as error:
                # Its own turn will tell: the others have nothing to do with it.
                log.info("%s: its metadata could not be read: %s", report.name, error)
        return errors

    def _definition_error(self, report: Report) -> Iterator[str]:
        names = self._names(report)
        if not names:
            wanted = legacy_names(report)[0]
            if report.custom:
                yield f"there is no report {wanted!r}{did_you_mean(wanted, self._catalogue())}"
            return
        definition = self._definition(names[0])
        # A built-in one that does not fit is refused when it is planned, alone.
        if report.custom:
            yield from _field_errors(report, definition)
            if fault := _unfit(report, definition):
                yield fault

    def _catalogue(self) -> Mapping[str, Any]:
        def ask() -> Mapping[str, Any]:
            document = self._meta("meta", "list of reports")
            listed: Mapping[str, Any] = document.get("reports") or {}
            check_whole(document, len(listed), "list of reports")
            return listed

        return self._listed.get("reports", ask)

    def _names(self, report: Report) -> list[str]:
        """Return the V1 reports that hold a stream's rows: one, or the two of a pixel's loads."""
        wanted = legacy_names(report)
        there = [name for name in wanted if name in self._catalogue()]
        if report.name == "pixel_loads_daily":
            return there
        return there[:1]  # the others are earlier names of the same

    def _definition(self, name: str) -> Definition:
        def ask() -> Definition:
            document = self._meta(f"{name}/meta", f"definition of report {name}")
            return Definition.read(name, document, self._api.clock.now().date())

        return self._definitions.get(name, ask)

    def _meta(self, path: str, what: str) -> Mapping[str, Any]:
        response = self._api.http.send(Call(url=f"{self._url}/{path}", what=what, expects="text"))
        with response.body:
            document = response.json()
        return document if isinstance(document, Mapping) else {}

    def needs_organization(self, report: Report) -> bool:
        """Return whether a report can only be read for one organization."""
        return legacy_names(report)[0] == DEALS

    def in_utc(self, report: Report) -> bool:
        """Return whether buckets are UTC's; hours always are, once they are read."""
        if is_snapshot(report) or report.grain is Grain.HOUR:
            return True
        known = next(filter(None, map(self._definitions.known, legacy_names(report))), None)
        return known is not None and known.in_utc

    def available_range(self, report: Report) -> Interval | None:
        """Return what the platform holds of a report.

        Raises:
            Forbidden: If it has no such time buckets, or no such window.
        """
        names = self._names(report)
        definition = self._definition(names[0]) if names else None
        if definition is not None and (fault := _unfit(report, definition)):
            raise Forbidden(f"{report.name}: {fault}")
        today = midnight(self._api.clock.now().date())
        if is_snapshot(report):
            return Interval(today - timedelta(days=1), today)
        first = None if definition is None else definition.first_day
        return None if first is None else Interval(midnight(first), today + timedelta(days=2))

    def coarsest(self, report: Report) -> tuple[str, ...]:
        """Return the dimensions that a report's totals need: V1 takes no question without any.

        Most reports are cut by the campaign's zone or currency anyway; where neither is, its organization is the
        coarsest that there is.
        """
        names = self._names(report)
        definition = self._definition(names[0]) if names else None
        if (
            definition is None
            or definition.is_local
            or _currency(definition, report) == fields.CURRENCY
        ):
            return ()
        offered = ("organization_id", *report.dimensions)
        return tuple(d for d in offered if d in definition.dimensions)[:1]

    def not_comparable(self, report: Report) -> str:
        """Return why no coarser question gives a report's totals; empty if one does."""
        names = self._names(report)
        if not names:
            return f"this login has no report {' or '.join(legacy_names(report))}"
        return why_not_comparable(self._definition(names[0]).metrics & set(report.filters or ()))

    # -- data --------------------------------------------------------------------------------

    def fetch(self, job: WindowJob) -> Fetched:
        """Fetch one window."""
        names = self._names(job.report)
        if not names:
            wanted = " or ".join(legacy_names(job.report))
            raise Forbidden(f"{job.what}: this login has no report {wanted}")
        definitions = [self._definition(name) for name in names]
        made: list[Callable[[], Table]] = []
        bodies: list[Spool] = []
        try:
            for definition in definitions:
                _check_currency(definition, job.report)
                for params in self._params(job, definition):
                    body = self._data(job, definition, params)
                    bodies.append(body)
                    made.append(partial(self._table, body, job, definition))
        except BaseException:
            _close(bodies)
            raise
        known = frozenset().union(*(d.metrics | d.dimensions for d in definitions))
        return Fetched(
            made,
            self._context(job, definitions[0]),
            lambda: _close(bodies),
            not_asked=frozenset(job.report.metrics) - known,
        )

    def _data(self, job: WindowJob, definition: Definition, params: Mapping[str, str]) -> Spool:
        self._validate(job, definition, params)
        call = Call(
            url=f"{self._url}/{definition.name}",
            what=job.what,
            params=params,
            expects="text",
            table=True,
            splittable=job.can_split,
        )
        response = self._api.http.send(call, job.stats)
        try:
            check_not_cut(self._api.http, call, response.body, job.stats)
        except BaseException:
            response.body.close()
            raise
        return response.body

    def _validate(self, job: WindowJob, definition: Definition, params: Mapping[str, str]) -> None:
        """Ask once whether a report may be asked for, before its data are."""
        call = Call(
            url=f"{self._url}/{definition.name}/validate",
            what=f"{job.report.name}, validation",
            params=params,
            expects="text",
            splittable=True,
        )

        def ask() -> bool:
            try:
                self._api.http.send(call, job.stats).body.close()
            except ResponseTooLarge as error:
                # That the whole window is too heavy says nothing against its pieces: the data themselves tell.
                log.info("%s: not validated beforehand (%s)", job.report.name, error)
            return True

        self._validated.get((job.report.name, params["filter"]), ask)

    def _params(self, job: WindowJob, definition: Definition) -> Iterator[dict[str, str]]:
        """Yield the parameters of each request; none if the partitions hold nothing."""
        report = job.report
        dimensions = [d for d in self._dimensions(job, definition) if d in definition.dimensions]
        metrics = [m for m in report.metrics if m in definition.metrics]
        # The brain's reports count nothing: what they tell are dimensions.
        dimensions += [m for m in report.metrics if m in definition.dimensions]
        params = {
            "dimensions": ",".join(dict.fromkeys(dimensions)),
            "filter": "",
            "precision": "8",
            **self._time(job, definition),
        }
        if metrics:
            params["metrics"] = ",".join(metrics)
        having = predicates(report.filters, definition.metrics)
        if having:
            params["having"] = having
        yield from ({**params, "filter": where} for where in self._filters(job, definition))

    def _dimensions(self, job: WindowJob, definition: Definition) -> list[str]:
        wanted = list(job.report.dimensions)
        if job.of_several:
            wanted.append(next(iter(job.partitions[0].key)))
        if definition.is_local and not is_snapshot(job.report):
            wanted.append(ZONE)
        if _currency(definition, job.report) == fields.CURRENCY:
            wanted.append(fields.CURRENCY)
        return wanted

    def _filters(self, job: WindowJob, definition: Definition) -> Iterator[str]:
        """Yield the filters that confine requests to the partitions; none if they hold nothing."""
        level = next(iter(job.partitions[0].key))
        access = f"{level}={','.join(p.key[level] for p in job.partitions)}"
        own = predicates(job.report.filters, definition.dimensions)
        if definition.name != DEALS or "deal_id" in (job.report.filters or {}):
            yield "&".join([access, own] if own else [access])
            return
        deals = self._deals.ids(int(job.partitions[0].key[level]), job.stats)
        # Rows that are not cut by deal can't be added up: theirs must all be asked for at once.
        size = DEALS_AT_ONCE if "deal_id" in job.report.dimensions else max(1, len(deals))
        for at in range(0, len(deals), size):
            listed = f"deal_id={','.join(map(str, deals[at : at + size]))}"
            yield "&".join([access, listed, own] if own else [access, listed])

    def _time(self, job: WindowJob, definition: Definition) -> dict[str, str]:
        report, window = job.report, job.window
        if is_snapshot(report):
            return {"time_rollup": "all", "time_window": time_window(report)}
        rollup = {"time_rollup": ROLLUP_OF[report.grain]}
        if report.grain is not Grain.HOUR:
            # Both ends belong to the range.
            last = window.end - timedelta(days=1)
            return {
                **rollup,
                "start_date": f"{window.start:%Y-%m-%d}",
                "end_date": f"{last:%Y-%m-%d}",
            }
        # Hours on the wall clocks of the campaigns: wide enough for every zone, cut by instant later.
        wide = wall_clocks(window, in_utc=definition.in_utc)
        first, last = wide.start, wide.end - timedelta(hours=1)
        return {**rollup, "start_date": f"{first:%Y-%m-%dT%H}", "end_date": f"{last:%Y-%m-%dT%H}"}

    def _context(self, job: WindowJob, definition: Definition) -> RowContext:
        report = job.report
        snapshot = is_snapshot(report)
        level = next(iter(job.partitions[0].key))
        is_hour = report.grain is Grain.HOUR
        split = definition.is_local and not snapshot and not is_hour
        currency = _currency(definition, report)
        return RowContext(
            currency=RowLookup(fields.CURRENCY) if currency == fields.CURRENCY else currency,
            time_zone=RowLookup(ZONE) if split else None if is_hour else definition.fixed_zone,
            bucket=None if snapshot else BUCKET,
            partition=(
                (level, {p.key[level]: p for p in job.partitions}) if job.of_several else None
            ),
            constants={"_interval": time_window(report)} if snapshot else {},
            # The API adds both ends of the bucket, or the interval, and the fields that `having` names.
            ignored=frozenset({*_ALWAYS, ZONE, level, fields.CURRENCY, *(report.filters or ())}),
        )

    def _table(self, body: Spool, job: WindowJob, definition: Definition) -> Table:
        """Return an answer's rows: hours as instants, sums among a pixel's rows left out.

        Raises:
            MalformedResponse: If the answer lacks the time bucket, or the zone that it is in.
        """
        table = separated(body)
        needed = (
            [] if is_snapshot(job.report) else [BUCKET, *([ZONE] if definition.is_local else [])]
        )
        asked = (*job.report.dimensions, *job.report.metrics, *needed, fields.CURRENCY)
        columns = respelt(table.columns or (), asked)
        if lost := [name for name in needed if name not in columns]:
            msg = f"{job.what}: the answer has no {', '.join(lost)}"
            raise MalformedResponse(msg)
        rows = cast("Iterator[Row]", table.rows)
        if fields.REFERRER in job.report.dimensions and fields.REFERRER in columns:
            at = columns.index(fields.REFERRER)
            rows = (row for row in rows if row[at] != fields.TOTAL)
        if job.report.grain is Grain.HOUR:
            own = columns.index(ZONE) if definition.is_local else None
            place = Place(columns.index(BUCKET), own, definition.fixed_zone)
            rows = as_instants(rows, place, job.window)
        elif not is_snapshot(job.report):
            rows = of_one_bucket(rows, columns, BUCKET, job.report.grain)
        if PIXEL_TYPE in job.report.dimensions and PIXEL_TYPE not in columns:
            kind = definition.name.removesuffix("_pixel_loads")
            columns.append(PIXEL_TYPE)
            rows = ([*row, kind] for row in rows)
        return Table(rows, columns, empty_is_null=True)


# -- small things --------------------------------------------------------------------------------


def csv_error(body: Spool) -> str | None:
    """Return what is wrong with a CSV answer, or None if nothing is seen.

    An answer that breaks off between two rows looks whole: the transfer's own end guards against that.
    One that breaks off in a row is seen here.
    """
    header = next(
        csv.reader(io.StringIO(body.excerpt(_TAIL_BYTES).decode("utf-8-sig", "replace"))), []
    )
    if not header:
        return "the answer is empty: not even a header"
    tail = body.tail(_TAIL_BYTES)
    if tail.endswith(b"\n"):
        return None
    line = tail.rpartition(b"\n")[2]
    if len(next(csv.reader([line.decode("utf-8", "replace")]), [])) == len(header):
        return None
    if line.count(b'"') % 2 and not sum(c.count(b'"') for c in body.chunks()) % 2:
        return None  # a quoted value that began on an earlier line ends here
    return "the answer ends in the middle of a row"


def predicates(filters: object, names: frozenset[str]) -> str:
    """Return a definition's conditions on some fields in V1's grammar, joined by `&`.

    Args:
        filters: As a definition has them.
        names: The fields whose conditions are meant.
    """
    return "&".join(
        f"{name}{operator}{','.join(map(_quoted, values))}"
        for name, operator, values in conditions(filters)
        if name in names
    )


def _quoted(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not _SPECIAL.search(text):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _unfit(report: Report, definition: Definition) -> str:
    """Return why a report has no such time buckets or no such window; empty if it has, or does not say."""
    window, windows, rollups = time_window(report), definition.windows, definition.rollups
    if window:
        has = not windows or not {window, _template(window)}.isdisjoint(windows)
        return (
            ""
            if has
            else f"{definition.name} has no `time_window` {window}; it has {', '.join(windows)}"
        )
    has = not rollups or ROLLUP_OF[report.grain] in rollups
    return (
        ""
        if has
        else f"{definition.name} has no `grain` {report.grain.value}; it has {', '.join(rollups)}"
    )


def _field_errors(report: Report, definition: Definition) -> Iterator[str]:
    either = definition.dimensions | definition.metrics
    for kind, names, known in (
        ("dimension", report.dimensions, definition.dimensions),
        ("metric", report.metrics, definition.metrics or definition.dimensions),
    ):
        for name in names:
            if name in known:
                continue
            if name in either:
                yield f"{name!r} is not a {kind} of {definition.name}"
            else:
                yield f"{definition.name} has no {kind} {name!r}{did_you_mean(name, known)}"
    for name in report.filters or ():
        if name not in either:
            yield f"filters: {definition.name} has no field {name!r}{did_you_mean(name, either)}"


def _currency(definition: Definition, report: Report) -> str | None:
    """Return the currency of a report's money: a code, the field that holds it, or None.

    A snapshot without money is not split: its unique users could not be added up again.
    """
    if is_snapshot(report) and not TerminalOneReport.of(report).money:
        return None
    said = definition.currency
    if not said or "campaign" in said.lower():
        return fields.CURRENCY if fields.CURRENCY in definition.dimensions else None
    return said


def _check_currency(definition: Definition, report: Report) -> None:
    """Check that a report's rows don't add up money of campaigns in several currencies.

    Raises:
        BadRequest: If they may.
    """
    money = [m for m in report.metrics if m in definition.metrics and fields.is_money(m)]
    told = (
        _currency(definition, report) is not None or "campaign" not in definition.currency.lower()
    )
    if money and not told and fields.OF_ONE_CAMPAIGN.isdisjoint(report.dimensions):
        raise BadRequest(
            f"report {report.name!r}: its money is in each campaign's currency, and {definition.name} has no "
            f"dimension {fields.CURRENCY} to tell them apart; add campaign_id to the dimensions, or take out {', '.join(money)}"
        )


def _template(window: str) -> str:
    return _LAST.sub(r"last_X_\2", window)


def _first_day(said: object, today: date) -> date | None:
    """Read how far back a report goes: a window such as `last_90_days`, or a date."""
    text = str(said or "")
    if found := _LAST.match(text):
        count = int(found[1]) if found[1].isdigit() else None
        if count is None:
            return None
        return today - timedelta(days=count if found[2] == "days" else count // 24)
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _close(bodies: Sequence[Spool]) -> None:
    for body in bodies:
        body.close()
