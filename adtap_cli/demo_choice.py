"""What the demo loads of each platform, and which of its money columns it adds up.

A demo shall end in minutes: per platform one or two entity lists and the daily reports. Everything
else is there as well; `meltano run` without these choices reads it.
"""

from dataclasses import dataclass
from typing import Final

from adtap_cli.performance import PERFORMANCE, Role, Serves

ABOUT_THE_SYNC: Final = ("sync_windows", "sync_days")
"""Streams that say what was read, and what each day held at each reading."""


@dataclass(frozen=True, kw_only=True)
class Money:
    """A money column that stands for a platform's turnover in one role.

    Args:
        stream: A report stream that holds all of it once.
        column: The column.
        role: The side of the trade.
        label: What the sum is, for a reader.
    """

    stream: str
    column: str
    role: Role
    label: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the demo loads of one platform.

    Args:
        tap: The tap.
        platform: The platform's name as people write it.
        urls: The tap's address settings, each with its path in the sandbox.
        entities: Entity streams to read.
        reports: Report streams to read.
        money: What is added up.
    """

    tap: str
    platform: str
    urls: dict[str, str]
    entities: tuple[str, ...]
    reports: tuple[str, ...]
    money: tuple[Money, ...]

    @property
    def job(self) -> str:
        """The platform's job in `meltano.yml`."""
        return self.tap.removeprefix("tap-")

    @property
    def schema(self) -> str:
        """The schema of its tables: the extractor's namespace."""
        return self.tap.replace("-", "_")

    @property
    def select(self) -> list[str]:
        """The streams to read, as Meltano's `select`."""
        return [f"{name}.*" for name in (*self.entities, *self.reports, *ABOUT_THE_SYNC)]


def _choice(
    tap: str, platform: str, urls: dict[str, str], entities: tuple[str, ...], *reports: str
) -> Choice:
    """Return a choice that adds up what the mart calls spend and revenue in its reports."""
    money = [
        Money(stream=e.report, column=e.columns[m], role=e.role, label=e.labels[m])
        for e in PERFORMANCE
        if e.tap == tap and e.report in reports and Serves.DAILY in e.serves
        for m in ("spend", "revenue")
        if m in e.columns
    ]
    return Choice(
        tap=tap,
        platform=platform,
        urls=urls,
        entities=entities,
        reports=reports,
        money=tuple(money),
    )


CHOICES: Final = (
    _choice(
        "tap-atomx", "atomx", {"api_url": "/atomx/v3"},
        ("advertisers", "campaigns"), "advertiser_delivery_daily", "publisher_delivery_daily",
    ),
    _choice(
        "tap-adjust", "Adjust", {"api_url": "/adjust/reports-service", "kpi_api_url": "/adjust/kpis/v1"},
        ("apps", "events"), "campaign_daily", "cohorts_daily",
    ),
    _choice(
        "tap-terminalone", "TerminalOne", {"api_url": "/terminalone", "auth_url": "/terminalone"},
        ("advertisers", "campaigns"), "performance_daily",
    ),
    _choice(
        "tap-openx", "OpenX", {"api_url": "/openx", "sso_url": "/openx", "identity_url": "/openx"},
        ("accounts", "sites", "ad_units"), "inventory_daily", "demand_daily",
    ),
)  # fmt: skip


def choice(name: str) -> Choice:
    """Return the choice for a tap: `tap-openx`, or `openx`.

    Raises:
        LookupError: No tap has this name; the message lists those that exist.
    """
    for one in CHOICES:
        if name in {one.tap, one.job}:
            return one
    raise LookupError(f"no tap is called {name!r}; there are {', '.join(c.tap for c in CHOICES)}")
