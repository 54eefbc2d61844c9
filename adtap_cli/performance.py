"""Which column of which report is a platform's delivery and money: the one table behind mart, page and demo.

A platform may say the same delivery in several reports; each entry names one report that holds all of it once.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """Which side of the trade numbers are of. Those of two roles are never added together.

    The buying side's spend is the selling side's revenue, and what is measured repeats the buying side's cost
    as the ad networks report it: adding any two counts the same money twice.
    """

    BUY = "buy"
    SELL = "sell"
    MEASURE = "measure"

    @property
    def word(self) -> str:
        """How a reader is told: buying, selling or measuring."""
        return {"buy": "buying", "sell": "selling", "measure": "measuring"}[self.value]


class Serves(StrEnum):
    """What a report is used for: no level is added up from two reports of one platform and role."""

    DAILY = "daily"
    AD_GROUP = "ad_group"
    AD = "ad"
    COUNTRY = "country"


LABELS: Final = (
    "account_id",
    "channel",
    "campaign_id",
    "campaign_name",
    "ad_group_id",
    "ad_group_name",
    "ad_id",
    "ad_name",
    "site_id",
    "site_name",
    "country",
)
"""What a report's rows may be told apart by, in the mart's words."""
COUNTS: Final = ("impressions", "clicks", "conversions", "installs")
MONEY: Final = ("spend", "revenue", "conversion_value")
MEASURES: Final = (*COUNTS, *MONEY)


@dataclass(frozen=True, kw_only=True)
class Performance:
    """One report in the mart's words.

    Args:
        tap: Whose report.
        report: The report stream; its bucket is the day.
        role: The side of the trade that its numbers are of.
        account_kind: What an account is there.
        columns: The report's columns, by the mart's: of `LABELS` and `MEASURES`; what is missing is null.
        serves: What it is used for.
        labels: What its money is, for a reader, by the mart's column.
    """

    tap: str
    report: str
    role: Role
    account_kind: str
    columns: dict[str, str]
    serves: frozenset[Serves]
    labels: dict[str, str]

    @property
    def platform(self) -> str:
        """The platform's name in the mart: `openx`."""
        return self.tap.removeprefix("tap-")

    @property
    def model(self) -> str:
        """The dbt model that says it in the mart's words."""
        return f"int_{self.platform}__{self.report}"


def _entry(
    tap: str,
    report: str,
    role: Role,
    *serves: Serves,
    account: tuple[str, str],
    columns: dict[str, str],
    labels: dict[str, str] | None = None,
) -> Performance:
    kind, column = account
    return Performance(
        tap=tap,
        report=report,
        role=role,
        account_kind=kind,
        columns={"account_id": column, **columns},
        serves=frozenset(serves),
        labels=labels or {},
    )


_COUNTED: Final = {"impressions": "impressions", "clicks": "clicks"}
_ATOMX: Final = {**_COUNTED, "conversions": "conversions"}
_ADJUST: Final = {
    **_COUNTED,
    "channel": "partner_name",
    "campaign_id": "campaign_id_network",
    "campaign_name": "campaign_network",
    "country": "country_code",
    "installs": "installs",
    "spend": "cost",
    "revenue": "revenue",
}
_ADJUST_GROUP: Final = {
    **_ADJUST,
    "ad_group_id": "adgroup_id_network",
    "ad_group_name": "adgroup_network",
}
_ADJUST_LABELS: Final = {
    "spend": "cost as networks report it",
    "revenue": "revenue inside the apps",
}
_TERMINALONE: Final = {
    **_COUNTED,
    "campaign_id": "campaign_id",
    "conversions": "total_conversions",
    "spend": "total_spend",
}
_T1_LABELS: Final = {"spend": "total spend", "conversion_value": "value of conversions"}

PERFORMANCE: Final = (
    _entry(
        "tap-atomx", "advertiser_delivery_daily", Role.BUY,
        Serves.DAILY, Serves.AD, Serves.COUNTRY,
        account=("advertiser", "advertiser_id"),
        columns={**_ATOMX, "campaign_id": "campaign_id", "ad_id": "creative_id",
                 "country": "country_id", "spend": "campaign_cost"},
        labels={"spend": "cost of campaigns"},
    ),
    # What publishers earn is in no column of this report that the platform documents.
    _entry(
        "tap-atomx", "publisher_delivery_daily", Role.SELL, Serves.DAILY,
        account=("publisher", "publisher_id"),
        columns={**_ATOMX, "site_id": "site_id", "country": "country_id"},
    ),
    _entry(
        "tap-adjust", "campaign_daily", Role.MEASURE, Serves.DAILY, Serves.COUNTRY,
        account=("app", "app_token"),
        columns=_ADJUST,
        labels=_ADJUST_LABELS,
    ),
    _entry(
        "tap-adjust", "adgroup_daily", Role.MEASURE, Serves.AD_GROUP,
        account=("app", "app_token"),
        columns=_ADJUST_GROUP,
        labels=_ADJUST_LABELS,
    ),
    _entry(
        "tap-adjust", "creative_daily", Role.MEASURE, Serves.AD,
        account=("app", "app_token"),
        columns={**_ADJUST_GROUP, "ad_id": "creative_id_network", "ad_name": "creative_network"},
        labels=_ADJUST_LABELS,
    ),
    _entry(
        "tap-terminalone", "performance_daily", Role.BUY, Serves.DAILY, Serves.AD_GROUP,
        account=("advertiser", "advertiser_id"),
        columns={**_TERMINALONE, "ad_group_id": "strategy_id", "conversion_value": "total_revenue"},
        labels=_T1_LABELS,
    ),
    # The report has no advertiser; the campaign's own record names it.
    _entry(
        "tap-terminalone", "creatives_daily", Role.BUY, Serves.AD,
        account=("advertiser", ""),
        columns={**_TERMINALONE, "ad_group_id": "strategy_id", "ad_id": "creative_id",
                 "conversion_value": "total_revenue"},
        labels=_T1_LABELS,
    ),
    _entry(
        "tap-terminalone", "geo_daily", Role.BUY, Serves.COUNTRY,
        account=("advertiser", ""),
        columns={**_TERMINALONE, "country": "country_name"},
        labels=_T1_LABELS,
    ),
    _entry(
        "tap-openx", "inventory_daily", Role.SELL, Serves.DAILY,
        account=("account", "publisher_account_id"),
        columns={"impressions": "market_impressions", "clicks": "clicks",
                 "site_id": "publisher_site_id", "site_name": "publisher_site_name",
                 "revenue": "market_publisher_revenue"},
        labels={"revenue": "market publisher revenue"},
    ),
    _entry(
        "tap-openx", "exchange_daily", Role.SELL, Serves.DAILY,
        account=("platform", "publisher_platform_id"),
        columns={"impressions": "impressions", "site_id": "page_domain",
                 "revenue": "publisher_revenue"},
        labels={"revenue": "publisher revenue"},
    ),
)  # fmt: skip
"""By tap and report."""
