"""What is known of report fields: which dataset has them, and what their columns are.

The platform publishes names but no types for Reporting V2, and its V1 metadata can't be read without a
login; so types follow from the names, as the V1 definitions that are on record confirm.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

CURRENCY: Final = "campaign_currency_code"
ZONE: Final = "campaign_zone_name"
BUCKET: Final = "agg_timestamp"
REFERRER: Final = "referrer"
TOTAL: Final = "Total"
UTC: Final = "UTC"
CAMPAIGN: Final = "campaign"

_BY_DAY: Final = ("by_day", "by_week", "by_month")
_BY_HOUR: Final = ("by_hour", *_BY_DAY)
SNAPSHOT: Final = "all"
YEAR_DAYS: Final = 365


@dataclass(frozen=True)
class Dataset:
    """One dataset of Reporting V2.

    Source: the vendor's OpenAPI and guide of Reporting V2, read 2026-11-20.

    Args:
        name: Its path.
        rollups: The time buckets it has; `all` alone for one that only knows windows up to now.
        retention_days: How far back it goes; None: to the beginning, in 2013.
        zone: What its days are in: `campaign` (each campaign's own) or `UTC`.
        hours_in_utc: Whether its hours can be had in UTC.
        to_date: Whether it can be had from a campaign's beginning to yesterday.
    """

    name: str
    rollups: tuple[str, ...] = _BY_DAY
    retention_days: int | None = None
    zone: str = CAMPAIGN
    hours_in_utc: bool = False
    to_date: bool = False

    @property
    def dimensions(self) -> frozenset[str]:
        """The fields that rows can be cut by, without the time bucket."""
        return _fields("dimensions")[self.name] - {BUCKET}

    @property
    def metrics(self) -> frozenset[str]:
        """The fields that are counted. The brain datasets count nothing: all they have is dimensions."""
        return _fields("metrics")[self.name] or self.dimensions

    @property
    def only_snapshots(self) -> bool:
        """Return whether it knows no time buckets, only windows that end yesterday."""
        return self.rollups == (SNAPSHOT,)

    @property
    def snapshots(self) -> tuple[str, ...]:
        """The windows up to yesterday that it sums up in one row."""
        if self.name.startswith("brain"):
            return ()
        return (*SNAPSHOT_WINDOWS, *(TO_DATE if self.to_date else ()))


DATASETS: Final[Mapping[str, Dataset]] = {
    d.name: d
    for d in (
        Dataset("all-dimensions-and-metrics", retention_days=3 * YEAR_DAYS),
        Dataset("performance", to_date=True),
        Dataset("performance-hourly", _BY_HOUR, 90, hours_in_utc=True),
        Dataset("day-part", retention_days=YEAR_DAYS, to_date=True),
        Dataset("reach-frequency", (SNAPSHOT,)),
        Dataset("win-loss", _BY_HOUR, YEAR_DAYS),
        Dataset("pixel-loads", retention_days=90, zone=UTC),
        Dataset("deals", _BY_HOUR, YEAR_DAYS, zone=UTC, hours_in_utc=True),
        Dataset("brain-feature-summary", ("by_day",), 30, zone=UTC),
        Dataset("brain-feature-value", ("by_day",), 30, zone=UTC),
    )
}
TO_DATE: Final = ("campaign_to_date", "flight_to_date")
SNAPSHOT_WINDOWS: Final = (
    "yesterday",
    "last_7_days",
    "last_14_days",
    "last_30_days",
    "last_60_days",
    "last_90_days",
)
OF_ONE_CAMPAIGN: Final = frozenset({"campaign_id", "strategy_id", "campaign_name", "strategy_name"})
"""Dimensions whose values belong to one campaign, and so to one currency."""
ACCESS: Final = ("organization_id", "agency_id", "advertiser_id", "campaign_id", "strategy_id")

NAMES_IN_V2: Final[Mapping[str, str]] = {
    "campaign_budget": "campaign_total_budget",
    "campaign_timezone": "campaign_zone_name",
    "campaign_timezone_code": "campaign_zone_name",
    "country_code": "country_id",
    "device_type": "form_factor",
    "metro_name": "dma_name",
    "operating_system": "os_type",
    "tpas_placement_id": "creative_tpas_placement_id",
    "tpas_placement_name": "creative_tpas_placement_id",
}
"""V1's names and what V2 calls the same; inferred from both lists of fields."""


@cache
def _fields(kind: str) -> Mapping[str, frozenset[str]]:
    text = resources.files(__package__).joinpath("reporting.json").read_text("utf-8")
    found: dict[str, set[str]] = {name: set() for name in DATASETS}
    for group in json.loads(text)[kind]:
        for name in group["datasets"]:
            found[name] |= set(group["fields"])
    return {name: frozenset(fields) for name, fields in found.items()}


# -- columns -------------------------------------------------------------------------------------

_OUR_IDS: Final = re.compile(
    r"^(organization|agency|advertiser|campaign|strategy|concept|creative|exchange|deal|pixel|provider"
    r"|campaign_merit_pixel|campaign_merit_pixel_provider|pixel_provider|pixel_provider_vendor|flight"
    r"|country|region|city|dma|isp|conn_speed|day_part|week_day|deal_group)_id$"
)
"""Ids that TerminalOne itself gives. Those of others (`app_id`, `deal_external_id`) are any text."""
_JOINS: Final = {
    "organization_id": "organizations",
    "agency_id": "agencies",
    "advertiser_id": "advertisers",
    "campaign_id": "campaigns",
    "strategy_id": "strategies",
    "concept_id": "concepts",
    "creative_id": "atomic_creatives",
    "exchange_id": "supply_sources",
    "deal_id": "deals",
    "pixel_id": "pixel_bundles",
    "campaign_merit_pixel_id": "pixel_bundles",
    "provider_id": "pixel_providers",
    "pixel_provider_id": "pixel_providers",
}
_WHOLE: Final = re.compile(
    r"(_minutes|_rank|^position|^frequency|_impression_budget|impression_cap_amount"
    r"|frequency_amount|impression_pacing_amount)$"
)
_AMOUNT: Final = re.compile(
    r"(_amount|_budget|_goal_value|_bid|_bid_wm|_roi_target|_pv_pct|_daily_cap|_cpm|_cpts|_provider_tax"
    r"|_aggressiveness|_price|^index|^mean|^bid_impact)$"
)
_MOMENT: Final = re.compile(r"(_on|_date)$")
_YES_NO: Final = re.compile(
    r"(_status|_archived|_automatic|_political|_optimization|_eligible|_friendly|_merit|_is_native"
    r"|_is_programmatic_guaranteed|_has_custom_attribution|_bid_price_is_media_only"
    r"|_site_restriction_transparent_urls|_use_campaign_end|_use_campaign_start|_use_mm_freq)$"
)
_TEXT: Final = frozenset({"strategy_exchange_type_for_run_on_all", "deal_price_type"})

_RATIO: Final = re.compile(
    r"(_rate(_.*)?|_roi|_cp[acm]|_cpcv|_vcpm|_aov|_ctr|^ctr|^ctc|^rr_per_1k_imps)$"
)
_BIDS: Final = re.compile(r"^(average|max|min)_(bid|win)_amount_cpm$")
_SUMS: Final = re.compile(r"^total_(bid|win)_amount_cpm$")
_MODEL: Final = frozenset({"index", "mean", "bid_impact", "position"})
_MONEY: Final = re.compile(
    r"(spend|cost|_fee|^margin|_margin_share|revenue|_aov|_amount_cpm|_cp[acm]$|_cpcv|_vcpm)"
)
_FRACTIONAL: Final = re.compile(r"^(post_view_conversions(_raw)?|total_conversions)$")


def dimension_schema(name: str) -> dict[str, Any]:
    """Return the schema of a dimension's column."""
    words = name.replace("_", " ")
    said = f"Dimension: {words}."
    if name in _JOINS:
        said = f"Dimension. Joins {_JOINS[name]}.id."
    if name in _TEXT:
        return {"type": ["string", "null"], "description": said}
    if _OUR_IDS.search(name) or _WHOLE.search(name):
        return {"type": ["integer", "null"], "description": said}
    if _AMOUNT.search(name):
        return {"type": ["number", "null"], "description": said}
    if name.endswith("_campaign_tz"):
        said = f"Dimension: {words.removesuffix(' campaign tz')}, in the campaign's own time zone."
    elif _MOMENT.search(name):
        return {"type": ["string", "null"], "format": "date-time", "description": said}
    elif _YES_NO.search(name):
        return {"type": ["boolean", "null"], "description": said}
    return {"type": ["string", "null"], "description": said}


def is_money(name: str) -> bool:
    """Check whether a metric is an amount in the campaign's currency; those in US dollars say so in their name."""
    return metric_schema(name).get("x-unit") == "currency" and not name.endswith("_usd")


def metric_schema(name: str) -> dict[str, Any]:
    """Return the schema of a metric's column: its type, whether it adds up, whether it is money."""
    words = name.replace("_", " ")
    plain = name.removesuffix("_usd")
    if name in {"uniques", "frequency"}:
        return {
            "type": ["integer", "null"],
            "x-additivity": "distinct",
            "description": "Metric: unique users. Not additive: a user counts once in each row.",
        }
    if name in _MODEL:
        return {
            "type": ["number", "null"],
            "x-additivity": "ratio",
            "description": f"Metric: {words} of the model's feature. Not additive.",
        }
    is_ratio = bool(_RATIO.search(plain) or _BIDS.search(plain)) and not _SUMS.search(plain)
    is_money = bool(_MONEY.search(plain)) and not plain.endswith(("_roi", "_rate"))
    is_decimal = is_ratio or is_money or bool(_FRACTIONAL.search(plain))
    column: dict[str, Any] = {
        "type": ["number" if is_decimal else "integer", "null"],
        "x-additivity": "ratio" if is_ratio else "additive",
    }
    said = f"Metric: {words}."
    if is_money:
        column["x-unit"] = "currency"
        said += (
            " US dollars, whatever `_currency` says."
            if plain != name
            else " In the row's `_currency`."
        )
    elif _FRACTIONAL.search(plain):
        said += " Fractions occur: a conversion after a view counts in part."
    if is_ratio:
        said += " Not additive."
    return {**column, "description": said}
