"""The four platforms as the contract tests see them: one body, a row of this table each.

A row says where a tap is, how it is pointed at the sandbox, which of its streams stand for an entity
and a report, and which requests belong to the login, the entity and the report, so that a test can
spoil exactly these.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adtap_core.tap import AdTap
from adtap_sandbox import credentials
from tests import logins
from tests.logins import Login

MOMENT: Final = "2026-03-18T12:00:00+00:00"
"""Noon of the day that the tests play, on the platform and in the tap."""
TODAY: Final = "2026-03-18"
START: Final = "2026-03-09"
"""Where the reports of a test begin: nine days, so that there is more than one window somewhere."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A way in which a login is refused for good.

    Args:
        name: For the test's name.
        settings: Settings over the good ones.
        switches: Switches of the sandbox.
        words: What the user must read: the credential, the account where there is one.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    switches: Mapping[str, Any] = field(default_factory=dict)
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A tap and its platform.

    Args:
        platform: The sandbox's name of the platform.
        module: Package of the tap.
        class_name: Its class in `tap.py`.
        login: How it logs in to the sandbox.
        secrets: Values that no output may show.
        daily: A built-in report by day.
        hourly: A built-in report by the hour.
        entity: An entity whose list is read by requests of its own.
        incremental: An entity that is read from its bookmark, None if the API can't filter or sort.
        login_path: Regular expression of the request that carries the credentials; None if there is no
            login.
        entity_path: Of the entity's list.
        report_path: Of the reports' data.
        report: A user's report that is right.
        bad_field: A metric misspelt, and the name that is meant.
        checked: Whether the platform's metadata can tell before any data request that it is misspelt.
        refusals: Ways in which the login is refused.
        dies: Switches under which a session ends in the middle of a run; None: the API answers 401.
        lag_days: Days after which a day is whole on the platform, beyond its own end.
        vanishing: A report by day from which the sandbox takes rows back.
        killed: Streams of the runs that are killed.
    """

    platform: str
    module: str
    class_name: str
    login: Login
    secrets: tuple[str, ...]
    daily: str
    hourly: str
    entity: str
    incremental: str | None
    login_path: str | None
    entity_path: str
    report_path: str
    report: Mapping[str, Any]
    bad_field: tuple[str, str]
    checked: bool = True
    refusals: tuple[Refusal, ...]
    dies: Mapping[str, Any] | None = None
    lag_days: int = 0
    vanishing: str
    killed: frozenset[str]

    @property
    def paths(self) -> Mapping[str, str]:
        """The settings that hold an address, with their paths."""
        return self.login.paths

    @property
    def settings(self) -> Mapping[str, Any]:
        """The other settings of the login."""
        return self.login.settings

    @property
    def script(self) -> str:
        """The tap's command."""
        return self.module.replace("_", "-")

    @property
    def tap(self) -> type[AdTap]:
        """The tap's class."""
        found: type[AdTap] = getattr(importlib.import_module(f"{self.module}.tap"), self.class_name)
        return found

    def config(self, url: str, **more: Any) -> dict[str, Any]:
        """Settings for the sandbox at `url`; a value of None takes a setting out."""
        return self.login.config(url, **{"start_date": START, "max_retries": 3, **more})


WRONG_PASSWORD: Final = Refusal(
    name="wrong password",
    settings={"password": "canary-wrong-password"},
    words=("password", credentials.EMAIL),
)
ADJUST: Final = Case(
    platform="adjust",
    module="tap_adjust",
    class_name="TapAdjust",
    login=logins.ADJUST,
    secrets=(credentials.ADJUST_API_TOKEN,),
    daily="campaign_daily",
    hourly="hourly",
    entity="events",
    incremental=None,
    login_path=None,
    entity_path="/events$",
    report_path="/report$",
    report={
        "name": "mine",
        "dimensions": ["app_token", "country_code"],
        "metrics": ["installs", "cost"],
    },
    bad_field=("instals", "installs"),
    refusals=(
        Refusal(
            name="wrong token", settings={"api_token": "canary-wrong-token"}, words=("api_token",)
        ),
    ),
    vanishing="campaign_daily",
    killed=frozenset(
        {"apps", "events", "partners", "app_daily", "channel_daily", "country_daily", "hourly"}
    ),
)
OPENX: Final = Case(
    platform="openx",
    module="tap_openx",
    class_name="TapOpenx",
    login=logins.OPENX,
    secrets=(
        credentials.OPENX_PASSWORD,
        credentials.OPENX_CONSUMER_KEY,
        credentials.OPENX_CONSUMER_SECRET,
    ),
    daily="inventory_daily",
    hourly="inventory_hourly",
    entity="sites",
    incremental="audit_trail",
    login_path="^/login/process$",
    entity_path="^/ox/4.0/site$",
    report_path="/report$",
    report={
        "name": "mine",
        "dimensions": ["publisherAccountId", "publisherCurrency"],
        "metrics": ["marketImpressions", "marketPublisherRevenue"],
    },
    bad_field=("marketImpresions", "marketImpressions"),
    refusals=(
        WRONG_PASSWORD,
        Refusal(
            name="wrong key",
            settings={"consumer_key": "canary-wrong-key"},
            words=("consumer_key",),
        ),
        Refusal(
            name="password expired",
            switches={"password_expired": True},
            words=("password", "expire", credentials.EMAIL),
        ),
    ),
    vanishing="inventory_daily",
    killed=frozenset({"accounts", "sites", "inventory_daily", "demand_daily", "inventory_hourly"}),
)
ATOMX: Final = Case(
    platform="atomx",
    module="tap_atomx",
    class_name="TapAtomx",
    login=logins.ATOMX,
    secrets=(credentials.ATOMX_PASSWORD,),
    daily="advertiser_delivery_daily",
    hourly="advertiser_delivery_hourly",
    entity="advertisers",
    incremental="campaigns",
    login_path="/login$",
    entity_path="/advertisers?$",
    report_path="/report$",
    report={
        "name": "mine",
        "scope": "advertiser",
        "dimensions": ["campaign_id"],
        "metrics": ["impressions", "campaign_cost"],
    },
    bad_field=("impresions", "impressions"),
    checked=False,
    refusals=(
        WRONG_PASSWORD,
        Refusal(
            name="second factor",
            switches={"second_factor": True},
            words=("totp", credentials.EMAIL),
        ),
    ),
    dies={"requests_per_token": 1},
    vanishing="advertiser_delivery_daily",
    killed=frozenset(
        {"advertisers", "campaigns", "advertiser_delivery_daily", "advertiser_delivery_hourly"}
    ),
)
TERMINALONE: Final = Case(
    platform="terminalone",
    module="tap_terminalone",
    class_name="TapTerminalOne",
    login=logins.TERMINALONE,
    secrets=(credentials.T1_PASSWORD, credentials.T1_CLIENT_SECRET),
    daily="performance_daily",
    hourly="performance_hourly",
    entity="advertisers",
    incremental="campaigns",
    login_path="^/oauth/token$",
    entity_path="^/api/v3.0/advertisers$",
    report_path="^/reporting/v2/",
    report={
        "name": "mine",
        "report": "performance",
        "dimensions": ["campaign_id"],
        "metrics": ["impressions", "clicks"],
    },
    bad_field=("impresions", "impressions"),
    refusals=(WRONG_PASSWORD,),
    dies={"token_requests": 2},
    lag_days=1,  # written once a day for each campaign's own time zone
    vanishing="creatives_daily",
    killed=frozenset({"advertisers", "campaigns", "performance_daily", "performance_hourly"}),
)
CASES: Final = (ADJUST, ATOMX, OPENX, TERMINALONE)
