"""TerminalOne as the core asks for it: one face, two generations behind it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

from typing_extensions import override

from adtap_core.clock import Clock
from adtap_core.declare import Entity, Report
from adtap_core.errors import BadRequest, RequestError
from adtap_core.http import outcomes
from adtap_core.http.client import Auth, Call, Http
from adtap_core.http.outcomes import Action, Outcome
from adtap_core.http.response import Response
from adtap_core.http.workers import Workers
from adtap_core.platform import (
    EntityQuery,
    Fetched,
    Partition,
    Platform,
    ProbeResult,
    Tolerance,
    WindowJob,
)
from adtap_core.windows import Grain, Interval, Zone
from tap_terminalone import accounts, auth, companion, definitions, fields, responses
from tap_terminalone.api import Api
from tap_terminalone.current import Current
from tap_terminalone.legacy import Legacy
from tap_terminalone.streams import (
    CURRENT,
    LEGACY,
    LOOKBACK_DAYS,
    TerminalOneEntity,
    TerminalOneReport,
    restated,
)

LAST_ZONE_HOURS: Final = 12
"""A day that each campaign begins at its own midnight is over everywhere when it is over in UTC-12."""
WRITTEN_HOURS: Final = 6
"""Daily numbers are written once, some hours after a campaign's midnight; the vendor's table of hours by
zone could not be read, so this is a guess on the safe side."""
HOURLY_HOURS: Final = 1
"""Hourly numbers come at the top of the hour with one hour's delay; vendor's guide, read 2026-11-20."""
BURST: Final = 40
"""Of the 50 that the current generation's bucket holds; the page on rate limits, read 2026-11-20. What the
legacy gateway allows is not published."""
BUNDLE: Final = 50
"""Organizations or advertisers in one report request."""
_UTC: Final = "UTC"


def generation(settings: Mapping[str, Any]) -> str:
    """Return the generation that settings mean."""
    return str(settings.get("api_generation") or CURRENT)


class TerminalOne(Platform):
    """Answers the core's questions; what differs by generation is asked of that."""

    concurrency: ClassVar[int] = 4
    per_second: float | None = 10.0
    """What the vendor guarantees; its pages of different dates promise up to 50."""
    timeout_seconds: ClassVar[float] = 300
    lookback_days: ClassVar[int] = LOOKBACK_DAYS
    clock_margin_seconds: ClassVar[float] = 300.0
    """Times of change are whole seconds of the platform's clock, and a change may be stored later than it is dated."""
    report_type: ClassVar[type[Report]] = TerminalOneReport
    account_settings: ClassVar[Mapping[str, str]] = accounts.SETTINGS
    example_partition: ClassVar[Mapping[str, str]] = {"organization_id": "1"}
    secret_fields: ClassVar[frozenset[str]] = frozenset(
        {
            auth.SESSION_COOKIE,
            "ad_server_password",
            "password",
            "password_reset_sent",
            "password_reset_token",
            "sso_auth_token",
        }
    )

    def __init__(self, settings: Mapping[str, Any], clock: Clock) -> None:
        super().__init__(settings, clock)
        self._spoken: type[Current | Legacy] = Legacy if generation(settings) == LEGACY else Current
        if generation(settings) == CURRENT:
            self.burst = BURST

    @override
    def connect(self, http: Http, prefetch: Workers) -> None:
        super().connect(http, prefetch)
        url = str(self.settings.get("api_url") or "").rstrip("/")
        self._generation: Current | Legacy = self._spoken(
            Api(http, prefetch, url, self.settings, self.clock, self.organizations)
        )
        self.accounts = accounts.Accounts(self.settings, self._generation.lists)

    # -- settings and schemas ----------------------------------------------------------------

    @classmethod
    @override
    def setting_errors(cls, settings: Mapping[str, Any]) -> list[str]:
        which, how = generation(settings), auth.method(settings)
        errors = [
            f"{name} is missing; it is required for `auth_method` {how}"
            for name in auth.NEEDED[how]
            if not settings.get(name)
        ]
        if which == CURRENT and how not in auth.BEARERS:
            errors.append(
                f"auth_method: {how} opens the legacy generation only; `api_generation` current takes "
                f"{', '.join(auth.BEARERS)}"
            )
        errors += [
            f"{name}: {number!r} is not an id; a whole number is expected"
            for name in accounts.SETTINGS.values()
            for number in settings.get(name) or ()
            if not (number.isascii() and number.isdigit())
        ]
        zone = settings.get("time_zone")
        if zone is not None and str(zone).upper() not in {"UTC", "Z", "ETC/UTC"}:
            errors.append(
                f"time_zone: {zone!r} is not possible; TerminalOne counts days in each campaign's own zone and "
                "hours in UTC"
            )
        return errors

    @classmethod
    @override
    def offers(cls, entry: Entity | Report, settings: Mapping[str, Any]) -> bool:
        return generation(settings) in (entry.generations or (CURRENT, LEGACY))

    @classmethod
    @override
    def has_column(cls, column: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
        return generation(settings) in column.get("x-generations", (CURRENT, LEGACY))

    @classmethod
    @override
    def definition_errors(cls, report: Report, settings: Mapping[str, Any]) -> list[str]:
        which = generation(settings)
        return [f"report {report.name!r}: {f}" for f in definitions.errors(report, which)]

    @classmethod
    @override
    def finish_definition(cls, report: Report, settings: Mapping[str, Any]) -> Report:
        grain = definitions.grain(report)
        # What a snapshot said yesterday can't be asked again, so nothing restates it.
        days = 0 if definitions.is_snapshot(report) else LOOKBACK_DAYS
        money = any(map(fields.is_money, report.metrics))
        return restated(replace(TerminalOneReport.of(report), grain=grain, money=money), days)

    @classmethod
    @override
    def constant_columns(
        cls, report: Report, settings: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]]:
        if not definitions.is_snapshot(report):
            return {}
        return {
            "_interval": {
                "type": ["string", "null"],
                "description": "The window that the row sums up, ending with `day`; part of the key.",
            }
        }

    @classmethod
    @override
    def field_schema(cls, report: Report, name: str, role: str) -> dict[str, Any]:
        return fields.dimension_schema(name) if role == "dimension" else fields.metric_schema(name)

    @classmethod
    @override
    def key_columns(cls, report: Report) -> frozenset[str]:
        return frozenset()  # a report's rows bring both or never do, whatever the settings

    @override
    def zone(self, report: Report) -> Zone:
        # Days are each campaign's own and only have a date: the zone of windows is merely a yardstick.
        return Zone(_UTC)

    # -- requests ----------------------------------------------------------------------------

    @override
    def make_login(self) -> Auth:
        return auth.make_auth(self.settings, legacy=generation(self.settings) == LEGACY)

    @override
    def classify(self, call: Call, response: Response) -> Outcome:
        said = responses.error_message(response) if response.status >= responses.ERRORS else ""
        if not call.login:
            if response.status < responses.REDIRECTS and not _is_document(response):
                return Outcome(
                    Action.RETRY, f"neither JSON nor XML at the login: {response.excerpt(120)}"
                )
            return responses.over_quota(response) or outcomes.of_login(response, said)
        # No service here redirects: what a proxy says is no answer, and the same again would be none; but to log in.
        if response.leads_to_login:
            outcome = Outcome(Action.REFRESH_LOGIN, "a login page")
        elif response.is_redirect:
            outcome = outcomes.by_status(response)
        else:
            outcome = self._generation.classify(call, response, said)
        if outcome.action is Action.REFRESH_LOGIN and not self.auth.can_refresh:
            return Outcome(
                Action.REFRESH_LOGIN,
                f"{outcome.message}; the setting `{auth.method(self.settings)}` has expired or is wrong: such a "
                "token or session lives 24 hours and is not renewed",
            )
        return outcome

    # -- reports -----------------------------------------------------------------------------

    @override
    def report_errors(self, reports: Sequence[Report]) -> list[str]:
        return self._generation.report_errors(reports)

    @override
    def partitions(self, report: Report) -> list[Partition]:
        advertisers = self.accounts.wanted(accounts.ADVERTISERS)
        if advertisers and not self._generation.needs_organization(report):
            return [Partition({"advertiser_id": i}) for i in advertisers]
        organizations = self.organizations()
        if not organizations:
            raise RequestError("the login sees no organization (look at its permissions)")
        return [Partition({"organization_id": i}) for i in organizations]

    @override
    def account_keys(self, report: Report) -> Sequence[str] | None:
        by_advertiser = self.settings.get("advertiser_ids")
        if by_advertiser and not self._generation.needs_organization(report):
            return ("advertiser_id",)
        return ("organization_id",)

    def organizations(self) -> list[str]:
        """Return the ids of the organizations that are read: as configured, else all that the login sees."""
        return self.accounts.wanted(accounts.ORGANIZATIONS) or self.accounts.organizations()

    @override
    def unseen_accounts(self) -> Iterator[str]:
        return self.accounts.errors()

    @override
    def bundle_size(self, report: Report) -> int:
        alone = self._generation.needs_organization(report) or definitions.is_snapshot(report)
        return 1 if alone else BUNDLE

    @override
    def available_range(self, report: Report, partition: Partition) -> Interval | None:
        """Return what the platform holds.

        Raises:
            BadRequest: If the login does not see the organization or advertiser; the others are read.
        """
        # Whether a service refuses such an account or answers with no row is not documented for all of them.
        if message := self._unseen([partition]):
            raise BadRequest(message)
        return self._generation.available_range(report)

    @override
    def closing_hours(self, report: Report) -> float:
        if definitions.is_snapshot(report):
            return 0.0
        if report.grain is Grain.HOUR:
            return HOURLY_HOURS
        return WRITTEN_HOURS + self.zone_spread_hours(report)

    @override
    def zone_spread_hours(self, report: Report) -> float:
        return 0.0 if self._generation.in_utc(report) else LAST_ZONE_HOURS

    @override
    def fetch(self, job: WindowJob) -> Fetched:
        try:
            return self._generation.fetch(job)
        except BadRequest as error:
            if message := self._unseen(job.partitions):
                raise type(error)(f"{error}; {message}", status=error.status) from error
            raise

    def _unseen(self, partitions: Iterable[Partition]) -> str:
        """Return the lines about partitions that the login does not see; empty if it sees them."""
        keys = ((accounts.SETTINGS[k], number) for p in partitions for k, number in p.key.items())
        return "; ".join(filter(None, (self.accounts.fault(*key) for key in keys)))

    # -- totals ------------------------------------------------------------------------------

    @override
    def coarsest(self, report: Report) -> Report:
        return replace(report, dimensions=self._generation.coarsest(report))

    @override
    def not_comparable(self, report: Report) -> str:
        if definitions.is_snapshot(report):
            return "a window that ends yesterday is answered as of now, what it said before can't be asked again"
        return self._generation.not_comparable(report)

    @override
    def tolerance(self, report: Report, metric: str) -> Tolerance:
        return self._generation.tolerance(metric)

    # -- the companion -----------------------------------------------------------------------

    @override
    def probe(self) -> Iterator[ProbeResult]:
        return companion.probe(self.settings, self.accounts)

    @classmethod
    @override
    def notes(cls, report: Report, settings: Mapping[str, Any]) -> Mapping[str, str]:
        return companion.notes(
            report, "days in each campaign's own time zone; windows are cut in UTC"
        )

    # -- entities ----------------------------------------------------------------------------

    @override
    def pages(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        return self._generation.pages(TerminalOneEntity.of(entity), query)

    @override
    def normalize(self, entity: Entity, record: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._spoken.normalize(entity, record)


def _is_document(response: Response) -> bool:
    """Return whether an answer is the login's own: a proxy's page, nothing, or garbage is not."""
    if response.looks_like_html():
        return False
    # A session may come as a cookie alone.
    return (
        bool(response.cookies)
        or responses.xml_root(response) is not None
        or response.json_or_none() is not None
    )
