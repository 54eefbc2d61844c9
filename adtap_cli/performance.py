"""Which column of which report is a platform's delivery and money: the one table behind mart, page and demo.

A platform may say the same delivery in several reports; each entry names one report that holds all of it once.
"""

from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Performance:
    """One report in the mart's words.

    Args:
        tap: Whose report.
        report: The report stream; its bucket is the day.
        role: The side of the trade that its numbers are of.
        account_kind: What an account is there.
        serves: What it is used for.
        columns: The report's columns, by the mart's: of `LABELS` and `MEASURES`; what is missing is null.
        labels: What its money is, for a reader, by the mart's column.
    """

    tap: str
    report: str
    role: Role
    account_kind: str
    serves: set[Serves]
    columns: dict[str, str]
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def platform(self) -> str:
        """The platform's name in the mart: `openx`."""
        return self.tap.removeprefix("tap-")

    @property
    def model(self) -> str:
        """The dbt model that says it in the mart's words."""
        return f"int_{self.platform}__{self.report}"


_COUNTED: Final = {"impressions": "impressions", "clicks": "clicks"}
_ATOMX: Final = {**_COUNTED, "conversions": "conversions"}
_ADJUST: Final = {
    **_COUNTED,
    "account_id": "app_token",
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
    Performance(
        "tap-atomx", "advertiser_delivery_daily", Role.BUY, "advertiser",
        serves={Serves.DAILY, Serves.AD, Serves.COUNTRY},
        columns={"account_id": "advertiser_id", **_ATOMX, "campaign_id": "campaign_id", "ad_id": "creative_id",
                 "country": "country_id", "spend": "campaign_cost"},
        labels={"spend": "cost of campaigns"},
    ),
    # What publishers earn is in no column of this report that the platform documents.
    Performance(
        "tap-atomx", "publisher_delivery_daily", Role.SELL, "publisher",
        serves={Serves.DAILY},
        columns={"account_id": "publisher_id", **_ATOMX, "site_id": "site_id", "country": "country_id"},
    ),
    Performance(
        "tap-adjust", "campaign_daily", Role.MEASURE, "app",
        serves={Serves.DAILY, Serves.COUNTRY},
        columns=_ADJUST,
        labels=_ADJUST_LABELS,
    ),
    Performance(
        "tap-adjust", "adgroup_daily", Role.MEASURE, "app",
        serves={Serves.AD_GROUP},
        columns=_ADJUST_GROUP,
        labels=_ADJUST_LABELS,
    ),
    Performance(
        "tap-adjust", "creative_daily", Role.MEASURE, "app",
        serves={Serves.AD},
        columns={**_ADJUST_GROUP, "ad_id": "creative_id_network", "ad_name": "creative_network"},
        labels=_ADJUST_LABELS,
    ),
    Performance(
        "tap-terminalone", "performance_daily", Role.BUY, "advertiser",
        serves={Serves.DAILY, Serves.AD_GROUP},
        columns={"account_id": "advertiser_id", **_TERMINALONE, "ad_group_id": "strategy_id", "conversion_value": "total_revenue"},
        labels=_T1_LABELS,
    ),
    # The report has no advertiser; the campaign's own record names it.
    Performance(
        "tap-terminalone", "creatives_daily", Role.BUY, "advertiser",
        serves={Serves.AD},
        columns={"account_id": "", **_TERMINALONE, "ad_group_id": "strategy_id", "ad_id": "creative_id",
                 "conversion_value": "total_revenue"},
        labels=_T1_LABELS,
    ),
    Performance(
        "tap-terminalone", "geo_daily", Role.BUY, "advertiser",
        serves={Serves.COUNTRY},
        columns={"account_id": "", **_TERMINALONE, "country": "country_name"},
        labels=_T1_LABELS,
    ),
    Performance(
        "tap-openx", "inventory_daily", Role.SELL, "account",
        serves={Serves.DAILY},
        columns={"account_id": "publisher_account_id", "impressions": "market_impressions", "clicks": "clicks",
                 "site_id": "publisher_site_id", "site_name": "publisher_site_name",
                 "revenue": "market_publisher_revenue"},
        labels={"revenue": "market publisher revenue"},
    ),
    Performance(
        "tap-openx", "exchange_daily", Role.SELL, "platform",
        serves={Serves.DAILY},
        columns={"account_id": "publisher_platform_id", "impressions": "impressions", "site_id": "page_domain",
                 "revenue": "publisher_revenue"},
        labels={"revenue": "publisher revenue"},
    ),
)  # fmt: skip
"""By tap and report."""
