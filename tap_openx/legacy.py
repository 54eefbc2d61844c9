"""The generation of the Data Service: cookie login, synchronous JSON reports, hour and day in UTC."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from adtap_core.bodies.parsing import OTHERS, Table
from adtap_core.declare import Report
from adtap_core.errors import (
    BadRequest,
    MalformedResponse,
    OfflineError,
    RequestError,
    ResponseTooLarge,
    RetriesExhausted,
)
from adtap_core.http.client import Auth, Call
from adtap_core.http.completeness import check_whole
from adtap_core.http.once import Once
from adtap_core.http.response import Response
from adtap_core.platform import Fetched, Partition, RowContext, RowLookup, WindowJob
from adtap_core.windows import Interval
from tap_openx import fields
from tap_openx.answers import Answered, Answers, date_range, lost_message, named_alone
from tap_openx.api import Api, Generation, still_held
from tap_openx.auth import CookieLogin
from tap_openx.catalogue import Asked, Catalogue
from tap_openx.currencies import COLUMN, added_up, check_groups
from tap_openx.responses import error_beside
from tap_openx.splits import AnyOf, Asker, Filter, FilterSplit, Given, Taught, add_up, both
from tap_openx.streams import REPORTS, OpenxReport

log = logging.getLogger("adtaps.openx")

DATA_SERVICE_PATHS: Final = ("/data/ods/1.0", "/data/1.0")
"""The documented prefix, and the one that every published client uses."""
REPORT: Final = "report"
ACCOUNTS_AT_ONCE: Final = 100
_OF_ONE_ACCOUNT: Final = frozenset(
    {fields.SITE.lower(), fields.AD_UNIT.lower(), fields.ACCOUNT_NAME.lower()}
)
_ACCEPT: Final = "application/json, text/html;q=0.9, */*;q=0.8"


class Legacy(Generation):
    """Answers the platform's questions over the Data Service."""

    name = "legacy"

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._url = str(self._settings["api_url"]).rstrip("/")
        self._catalogues: Once[str, Catalogue] = Once()
        self._path = str(self._settings.get("data_service_path") or DATA_SERVICE_PATHS[0])
        self._ranges: Once[tuple[str, ...], Interval] = Once()
        self._answers = Answers()
        self._proofs: frozenset[str] = frozenset()
        self._trusts_413 = True
        """Whether 413 is taken at its word, that there are too many accounts; else time is cut first."""
        self._taught: dict[str, Taught] = {}
        """What refusals taught of each report."""

    @staticmethod
    def login(settings: Mapping[str, Any]) -> Auth:
        """Return how credentials get onto a request."""
        return CookieLogin(settings)

    @property
    def entity_url(self) -> str:
        """Return where the Platform API's lists are."""
        return f"{self._url}/ox/4.0"

    # -- metadata ----------------------------------------------------------------------------

    def _read_catalogue(self) -> Catalogue:
        response = self._read_fields()
        with response.body:
            document = response.json()
        found = Catalogue.read(document)
        check_whole(document, len(found.dimensions) + len(found.metrics), "report fields")
        if said := error_beside(document):
            raise MalformedResponse(f"report fields: {said}")
        return found

    def catalogue(self) -> Catalogue:
        """Return the account's list of report fields; asked for once."""
        try:
            return self._catalogues.get("fields", self._read_catalogue)
        except OfflineError:
            # Offline: as if the account listed all that is declared.
            own = [
                OpenxReport(
                    name=r["name"], dimensions=tuple(r["dimensions"]), metrics=tuple(r["metrics"])
                )
                for r in self._settings.get("reports") or []
            ]
            return Catalogue.assumed([*REPORTS, *own])

    def _read_fields(self) -> Response:
        paths = [self._path, *(p for p in DATA_SERVICE_PATHS if p != self._path)]
        refused: BadRequest | None = None
        for path in paths:
            try:
                response = self._api.http.send(
                    Call(
                        url=f"{self._url}/{path.strip('/')}/report/fields",
                        what="report fields",
                        headers={"Accept": _ACCEPT},
                    )
                )
            except BadRequest as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                refused = error
                continue
            if path != self._path:
                log.info("The Data Service is at %s, not at %s", path, self._path)
                self._path = path
            return response
        raise BadRequest(
            f"{refused}; no Data Service at {' or '.join(paths)} (settings `api_url`, `data_service_path`)",
            status=HTTPStatus.NOT_FOUND,
        )

    def field_records(self) -> Iterator[dict[str, Any]]:
        """Yield the account's report fields as records."""
        yield from self.catalogue().records()

    def report_errors(self, reports: Sequence[Report]) -> list[str]:
        """Check the user's reports against the account's fields."""
        custom = [r for r in reports if r.custom]
        if not custom:
            return []
        catalogue = self.catalogue()
        return [fault for report in custom for fault in catalogue.errors(report)]

    # -- what there is -----------------------------------------------------------------------

    def partitions(self, report: Report) -> list[Partition]:
        """Return the login, or the accounts that the setting names, each with its own bookmark.

        Raises:
            BadRequest: If money of several currencies would be added up, and can't be kept apart.
        """
        self._check_currency(report)
        if not self._asked(report).metrics:
            log.warning("%s: not read, the account lists none of its metrics", report.name)
            return []
        accounts = self._settings.get("account_ids")
        if not accounts:
            return [Partition({})]
        return [Partition({"account_id": str(a)}) for a in accounts]

    def _asked(self, report: Report) -> Asked:
        """Return what of a report can be asked, the account with it where only that tells currencies apart."""
        return self.catalogue().asked(report, by_account=self._needs_account(report))

    def _mixes_currencies(self, report: Report) -> bool:
        """Check whether rows would add up money of several currencies, if the account were not asked along."""
        return self._adds_accounts(report) and bool(self._api.currencies.several())

    def _adds_accounts(self, report: Report) -> bool:
        """Check whether rows may add up what several accounts earned, and do not say in which currency."""
        told = self.catalogue().is_currency_told(report) or self._account_of(report) is not None
        return not told and not self._settings.get("account_ids")

    def _may_mix(self, report: Report) -> bool:
        """Check whether nobody can tell if rows would add up money of several currencies."""
        return (
            self._adds_accounts(report)
            and {d.lower() for d in report.dimensions}.isdisjoint(_OF_ONE_ACCOUNT)
            and self._api.currencies.refusal() is not None
        )

    def _needs_account(self, report: Report) -> bool:
        listed = fields.ACCOUNT.lower() in self.catalogue().dimensions
        return listed and self._mixes_currencies(report)

    @staticmethod
    def _account_of(report: Report) -> str | None:
        """Return the report's name of the dimension that tells publishers apart."""
        wanted = fields.ACCOUNT.lower()
        return next((d for d in report.dimensions if d.lower() == wanted), None)

    def _check_currency(self, report: Report) -> None:
        """Check that money of several currencies can be kept apart.

        Raises:
            BadRequest: If it can't.
        """
        self._check_other_money(report)
        if self._may_mix(report):
            raise self._api.currencies.unknown_error(report)
        if not self._mixes_currencies(report):
            return
        catalogue, currencies = self.catalogue(), self._api.currencies
        account = catalogue.dimensions.get(fields.ACCOUNT.lower())
        if account is None:
            # A site, and what is below it, is one publisher's: its rows add up nothing.
            if {d.lower() for d in report.dimensions}.isdisjoint(_OF_ONE_ACCOUNT):
                raise BadRequest(
                    f"report {report.name!r}: its rows would add up money of several currencies "
                    f"({', '.join(currencies.several())}): the account's report fields list neither "
                    f"{fields.CURRENCY} nor {fields.ACCOUNT}; cut it by {fields.SITE}"
                )
            return
        listed = (catalogue.metrics.get(m.lower()) for m in report.metrics)
        clash = [m.id for m in listed if m is not None and catalogue.clash(m, [account.id])]
        if clash:
            raise BadRequest(
                f"report {report.name!r}: {', '.join(clash)} can't be broken down by {account.id}, which alone tells money "
                f"of several currencies ({', '.join(currencies.several())}) apart; take it out of the metrics"
            )
        fault = currencies.addition_error(report, report.metrics)
        if fault is not None:
            raise fault

    def _check_other_money(self, report: Report) -> None:
        """Check that money which only the account's list knows for money is not added up over several currencies.

        Raises:
            BadRequest: If it would be, or nobody can tell.
        """
        money = self.catalogue().other_money(report)
        one = {*_OF_ONE_ACCOUNT, fields.ACCOUNT.lower(), fields.CURRENCY.lower()}
        kept_apart = OpenxReport.of(report).by_currency or self._settings.get("account_ids")
        if not money or kept_apart or not one.isdisjoint(d.lower() for d in report.dimensions):
            return
        if self._api.currencies.refusal() is not None:
            raise self._api.currencies.unknown_error(report)
        if several := self._api.currencies.several():
            raise BadRequest(
                f"report {report.name!r}: its rows would add up money of several currencies ({', '.join(several)}): "
                f"{', '.join(money)} is money, as the account's report fields say; add {fields.CURRENCY} to its dimensions"
            )

    def bundle_size(self) -> int:
        """Return how many accounts one request may read."""
        return ACCOUNTS_AT_ONCE

    def available_range(self, report: Report) -> Interval | None:
        """Return the range of dates that the platform holds for the report's very fields."""
        asked = self._asked(report)
        return self._ranges.get(_range_key(report, asked), lambda: self._read_range(report, asked))

    def _read_range(self, report: Report, asked: Asked) -> Interval:
        response = self._post(
            "date-range",
            {
                "attributes": [{"id": name} for name in [report.grain.value, *asked.attributes]],
                "metrics": [{"id": name} for name in asked.metrics],
            },
            what=f"{report.name} date range",
        )
        with response.body:
            document = response.json()
        return date_range(document, report.name)

    def closing_hours(self) -> float:
        """Nothing to add: the date range says what is complete."""
        return 0.0

    def coarsest(self, report: Report) -> tuple[str, ...]:
        """Return the dimensions that a report's totals need: what tells currencies apart."""
        return tuple(d for d in report.dimensions if d.lower() == fields.CURRENCY.lower())

    def not_added(self, report: Report, metric: str) -> str:
        """Return why a metric is not in a report's rows; empty if it is.

        Args:
            report: The report.
            metric: The platform's name of the metric.
        """
        read = self.catalogue().asked(report).metrics.values()
        return "" if metric in read else "left empty, the account's report fields do not allow it"

    # -- reading -----------------------------------------------------------------------------

    def fetch(self, job: WindowJob) -> Fetched:
        """Ask for a window; in parts if a single bucket is too much.

        Raises:
            ResponseTooLarge: If the window is longer than a bucket and too much.
        """
        asked = self._asked(job.report)
        accounts = {p.key["account_id"]: p for p in job.partitions if p.key}
        attributes = [job.report.grain.value, *asked.attributes]
        account = self._spelled(fields.ACCOUNT)
        if accounts and account not in attributes:
            attributes.append(account)
        inside: Filter | None = None
        if job.report.filters:
            inside = Given(self.catalogue().spell_filter(job.report.filters))
        if accounts:
            inside = both(inside, AnyOf(account, tuple(accounts)))
        bucket = job.report.grain.value
        names = {bucket: bucket, **asked.attributes, **asked.metrics}
        whose = names.setdefault(account, account)  # as the report spells it, if it asks for it
        read = partial(
            self._read, job, attributes=attributes, metrics=list(asked.metrics), inside=inside
        )
        (responses, merged, unproven), window = self._read_held(job, read)
        columns = tuple(dict.fromkeys(names.values()))
        tables: list[Callable[[], Table]] = [
            partial(self._answers.table, response, names, columns, job.what)
            for response in responses
        ]
        others: set[str] = set()
        if merged:
            parts = [named_alone(open_table(), others) for open_table in tables]
            rows = (dict(zip(columns, row, strict=True)) for part in parts for row in part.rows)
            whole = add_up(rows, [asked.metrics[m] for m in asked.metrics])
            seen = {name for part in parts for name in part.seen or ()}
            tables = [
                lambda: Table((tuple(map(row.get, columns)) for row in whole), columns, seen=seen)
            ]

        def close() -> None:
            for response in responses:
                response.body.close()

        if tables and self._needs_account(job.report):
            try:
                tables = [
                    self._by_currency(
                        tables, whose, asked.metrics.values(), job.report.name, others
                    )
                ]
            finally:
                close()
        return Fetched(
            tables,
            RowContext(
                currency=self._currency(job.report, asked, whose if accounts else None),
                bucket=bucket,
                partition=(whose, accounts) if accounts else None,
                # Without the currency that was asked for money would come under other keys than at the next reading.
                optional=frozenset(
                    d
                    for d in job.report.dimensions
                    if d.lower() != fields.CURRENCY.lower() or d not in asked.attributes.values()
                ),
                ignored=self._proofs,
            ),
            close,
            warnings=[*unproven, *lost_message(others, self._proofs)],
            not_asked=frozenset(job.report.metrics).difference(asked.metrics.values()),
            held_from=window.start if window.start > job.window.start else None,
        )

    def _by_currency(
        self,
        tables: Sequence[Callable[[], Table]],
        account: str,
        metrics: Iterable[str],
        report: str,
        others: set[str],
    ) -> Callable[[], Table]:
        """Return the rows of tables added up by the currency of the account, which was asked for along with them."""
        found = [
            t if OTHERS not in (t.columns or ()) else named_alone(t, others)
            for t in (o() for o in tables)
        ]
        columns = tuple(found[0].columns or ())
        rows = (row for table in found for row in table.rows)
        lookup = self._api.currencies.lookup(report)
        whole = added_up(Table(rows, columns), account, list(metrics), lookup)
        whole.seen = {COLUMN}.union(*(table.seen or () for table in found))
        return lambda: whole

    def _currency(
        self, report: Report, asked: Asked, account: str | None
    ) -> str | RowLookup | None:
        """Return the currency of a report's money: as its rows say, else as the account that they are cut by.

        Args:
            report: The report.
            asked: What of it is asked.
            account: The field of the rows that says whose they are, if they are cut by the configured accounts.
        """
        told = next(
            (n for n in asked.attributes.values() if n.lower() == fields.CURRENCY.lower()), None
        )
        if told is not None:
            return RowLookup(told)
        if self.catalogue().is_currency_told(report):
            return None  # no money
        currencies = self._api.currencies
        if self._needs_account(report):
            return RowLookup(COLUMN)
        account = self._account_of(report) or account
        if account is not None:
            return RowLookup(account, currencies.lookup(report.name))
        return currencies.only()

    def _read_held(
        self, job: WindowJob, read: Callable[[Interval], Answered]
    ) -> tuple[Answered, Interval]:
        """Read what of a window the platform still holds; what it dropped since the run was planned is left out.

        A long first read outlives midnight, and with it the oldest day of the retention.

        Returns:
            What was answered, and for what part of the window.
        """
        window = self._still_held(job)
        try:
            return (Answered() if window.is_empty else read(window)), window
        except BadRequest as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            available = self._available_now(job.report)
            if available.start <= window.start:
                raise
            kept = still_held(job, available.start)
            return (Answered() if kept.is_empty else read(kept)), kept

    def _available_now(self, report: Report) -> Interval:
        asked = self._asked(report)
        found = self._read_range(report, asked)
        self._ranges.put(_range_key(report, asked), found)
        return found

    def _still_held(self, job: WindowJob) -> Interval:
        """Return the part of a window that the platform still holds, as far as is known by now."""
        try:
            available = self.available_range(job.report)
        except OfflineError:
            available = None
        return job.window if available is None else still_held(job, available.start)

    def _read(
        self,
        job: WindowJob,
        window: Interval,
        attributes: list[str],
        metrics: list[str],
        inside: Filter | None,
    ) -> Answered:
        """Return the answers that hold the window."""

        def send(
            these: Sequence[str],
            those: Sequence[str],
            tree: dict[str, Any] | None,
            partial: bool,  # noqa: FBT001 - one caller
        ) -> Response:
            return self._report(job, window, these, those, tree, partial=partial)

        def is_crowded(error: ResponseTooLarge) -> bool:
            # A shorter window holds fewer rows but not fewer accounts; unless the words mean something else.
            is_413 = (
                error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and not job.partitions[0].key
            )
            says_accounts = "account" in str(error).removeprefix(job.what)
            return is_413 and self._trusts_413 and says_accounts

        ask = Asker(send, self._taught.setdefault(job.report.name, Taught()), is_crowded)
        try:
            return Answered([ask(attributes, metrics, inside, in_parts=True)])
        except RetriesExhausted as error:
            if not error.heavy or job.can_split or len(job.partitions) > 1:
                raise
            # A single bucket that times out each time may be too big; where a part of it fares no better, the
            # service is ill, and that is what the user must hear.
            try:
                return self._read_in_parts(job, attributes, metrics, ask, inside=inside, why=error)
            except (RetriesExhausted, ResponseTooLarge):
                raise error from None
        except ResponseTooLarge as error:
            too_large = error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            too_large = too_large and not job.partitions[0].key
            if (job.can_split and not is_crowded(error)) or len(job.partitions) > 1:
                raise
            if too_large and self._spelled(fields.ACCOUNT) not in attributes:
                check_groups(metrics, error, can_split=job.can_split)
            try:
                answered = self._read_in_parts(
                    job, attributes, metrics, ask, inside=inside, why=error, many_accounts=too_large
                )
            except ResponseTooLarge as part:
                # One account alone is too much as well, and not for its rows (206): what was remembered counts no more.
                is_cut = part.status == HTTPStatus.PARTIAL_CONTENT
                self._trusts_413 = self._trusts_413 and (is_cut or not job.can_split)
                raise
            ask.learn()
            return answered

    def _read_in_parts(
        self,
        job: WindowJob,
        attributes: list[str],
        metrics: list[str],
        ask: Asker,
        *,
        inside: Filter | None,
        why: RequestError,
        many_accounts: bool = False,
    ) -> Answered:
        log.info("%s: %s; reading it by filter values", job.what, why)
        job.stats.splits += 1
        account = self._spelled(fields.ACCOUNT)
        foreign = many_accounts and account not in attributes
        levels = self._levels(job, attributes)
        split = self._split(
            job, attributes, metrics, ask, [account, *levels] if foreign else levels
        )
        return Answered(split.read(inside), merged=foreign, unproven=split.warnings)

    def _levels(self, job: WindowJob, attributes: Sequence[str]) -> list[str]:
        """Return the attributes to cut by: the report's own, or a row would lie across two parts."""
        own = [a for a in attributes if a != job.report.grain.value]
        order = [name.lower() for name in fields.SPLIT_LEVELS]
        # The sort is stable: behind the hierarchy, coarse to fine, come the others as declared.
        return sorted(
            own, key=lambda a: order.index(a.lower()) if a.lower() in order else len(order)
        )

    def _split(
        self,
        job: WindowJob,
        attributes: list[str],
        metrics: list[str],
        ask: Asker,
        levels: Sequence[str],
    ) -> FilterSplit:
        catalogue = self.catalogue()
        listed, counts = catalogue.proving(metrics, levels, job.report.grain)
        if not counts:
            raise RequestError(
                f"{job.what}: the answer is cut off, and without a count among the metrics its parts can't be "
                "proven whole; add one"
            )
        currency = catalogue.dimensions.get(fields.CURRENCY.lower())
        self._proofs |= set(counts).difference(metrics)
        return FilterSplit(
            ask=ask,
            attributes=attributes,
            metrics=metrics,
            counts=counts,
            listed=listed,
            levels=levels,
            currency=currency.id if currency else None,
            known=self._api.known_values,
            stats=job.stats,
            what=job.what,
            shorter=job.can_split,
        )

    def _report(
        self,
        job: WindowJob,
        window: Interval,
        attributes: Sequence[str],
        metrics: Sequence[str],
        tree: dict[str, Any] | None,
        *,
        partial: bool,
    ) -> Response:
        body: dict[str, Any] = {
            "startDate": f"{window.start:%Y-%m-%dT%H:00:00Z}",
            "endDate": f"{window.end:%Y-%m-%dT%H:00:00Z}",
            "attributes": [{"id": name} for name in attributes],
            "metrics": [{"id": name} for name in metrics],
        }
        if tree is not None:
            body["filters"] = tree
        return self._post(REPORT, body, what=job.what, job=job, partial=partial)

    def _post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        what: str,
        job: WindowJob | None = None,
        partial: bool = False,
    ) -> Response:
        return self._api.http.send(
            Call(
                url=f"{self._url}/{self._path.strip('/')}/{path}",
                what=what,
                method="POST",
                headers={"Accept": _ACCEPT},
                json=body,
                splittable=job is not None and (job.can_split or len(job.partitions) > 1),
                partial=partial,
            ),
            *([job.stats] if job else []),
        )

    def _spelled(self, name: str) -> str:
        listed = self.catalogue().dimensions.get(name.lower())
        return listed.id if listed else name


def _range_key(report: Report, asked: Asked) -> tuple[str, ...]:
    return (report.grain.value, *asked.attributes, *asked.metrics)
