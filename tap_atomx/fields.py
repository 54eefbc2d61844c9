"""What is known of report columns, and the naming system for those of which only the name is known.

The platform publishes no list of its columns that could be obtained, and no metadata: a report takes any
name, and the platform's own answer to a wrong one is final. Columns with evidence come from the vendor's
wiki (`api`, `reporting`) and its clients for Python 1.7, Go and PHP; read 2026-11-20.
"""

from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from adtap_core.platform import TIES_EXACTLY, Tolerance
from adtap_core.rows.schemas import is_count

FLOAT_NOISE: Final = Tolerance(
    # Half the distance between two neighbours of 32-bit floats.
    relative=Decimal(2) ** -24,
    source="numbers come with the noise of 32-bit floats, e.g. 0.00189999995 for 0.0019 (the TSV example of the "
    "vendor's PHP client, read 2026-11-20)",
)
SCOPES: Final = (
    "advertiser",
    "publisher",
    "inventory",
    "dsp",
    "network_managed",
    "network_buy",
    "network_sell",
)
DATE_RANGES: Final = (
    "today",
    "yesterday",
    "last7days",
    "last14days",
    "last30days",
    "monthtodate",
    "lastmonth",
    "yeartodate",
    "lifetime",
)
OPERATORS: Final = ("==", "!=", "<", ">", "in", "not in")
LIST_OPERATORS: Final = ("in", "not in")

_COUNT: Final[dict[str, Any]] = {"type": ["integer", "null"], "x-additivity": "additive"}
_MONEY: Final[dict[str, Any]] = {
    "type": ["number", "null"],
    "x-additivity": "additive",
    "x-unit": "currency",
}
METRICS: Final = MappingProxyType(
    {
        "impressions": {**_COUNT, "description": "Metric. Impressions; recent days are restated."},
        "clicks": {**_COUNT, "description": "Metric. Clicks; fraud filtering takes some back."},
        "conversions": {**_COUNT, "description": "Metric. Conversions; they arrive late."},
        "campaign_cost": {
            **_MONEY,
            "description": "Metric. What campaigns cost, in US dollars, with the platform's float noise.",
        },
        "advertiser_network_profit": {
            **_MONEY,
            "description": "Metric. Profit of the advertiser's network, in US dollars.",
        },
    }
)
"""Metrics with evidence. Their totals are checked against the rows where the answer has totals."""
JOINS: Final = MappingProxyType(
    {
        "advertiser": "advertisers",
        "advertiser_network": "networks",
        "app": "apps",
        "browser": "browsers",
        "campaign": "campaigns",
        "category": "categories",
        "city": "cities",
        "connection_type": "connection_types",
        "conversion_pixel": "conversion_pixels",
        "country": "countries",
        "creative": "creatives",
        "device_type": "device_types",
        "dma": "dmas",
        "domain": "domains",
        "dsp": "dsps",
        "isp": "isps",
        "network": "networks",
        "operating_system": "operating_systems",
        "placement": "placements",
        "placement_type": "placement_types",
        "publisher": "publishers",
        "publisher_network": "networks",
        "segment": "segments",
        "site": "sites",
        "size": "sizes",
        "ssp": "ssps",
        "zipcode": "zipcodes",
    }
)
_RATIO_WORDS: Final = frozenset(
    {"ctr", "cr", "cvr", "cpm", "ppm", "cpc", "cpa", "ecpm", "ecpc", "rate", "ratio", "percent"}
    | {"average", "avg", "share", "margin"}
)
_DISTINCT_WORDS: Final = frozenset({"unique", "uniques", "users", "reach"})
_MONEY_WORDS: Final = frozenset(
    {"cost", "profit", "revenue", "spend", "payout", "bid", "brokerfee", "earnings", "budget"}
    | {"cpm", "ppm", "cpc", "cpa", "ecpm", "ecpc"}
)


def dimension_schema(name: str) -> dict[str, Any]:
    """Return the column of a group: `*_id` is a whole number, all else text."""
    if name.endswith("_name_id"):
        what = f"`Name (id)` of the {_message(name.removesuffix('_name_id'))}"
        return _text(f"Dimension. {what}: display text, a rename changes it.")
    if name.endswith("_name"):
        return _text(f"Dimension. Name of the {_message(name.removesuffix('_name'))}.")
    if name.endswith("_id"):
        entity = name.removesuffix("_id")
        join = f" Joins {JOINS[entity]}.id." if entity in JOINS else ""
        return {
            "type": ["integer", "null"],
            "description": f"Dimension. Id of the {_message(entity)}.{join}",
        }
    return _text(f"Dimension. The platform's column `{name}`.")


def metric_schema(name: str) -> dict[str, Any]:
    """Return the column of a metric; one without evidence is an exact decimal, its kind read off its name."""
    if name in METRICS:
        return dict(METRICS[name])
    words = set(name.split("_"))
    additivity = "additive"
    if words & _RATIO_WORDS:
        additivity = "ratio"
    elif words & _DISTINCT_WORDS:
        additivity = "distinct"
    schema: dict[str, Any] = {
        "type": ["number", "null"],
        "description": f"Metric. The platform's column `{name}`; additivity read off its name.",
        "x-additivity": additivity,
    }
    if words & _MONEY_WORDS and not words & {"margin", "percent", "share", "ratio"}:
        schema["x-unit"] = "currency"
    return schema


def tolerance(metric: str) -> Tolerance:
    """Return by how much totals may miss the rows: counts by nothing, amounts by their own noise."""
    return TIES_EXACTLY if is_count(metric_schema(metric)) else FLOAT_NOISE


def _message(name: str) -> str:
    return name.replace("_", " ")


def _text(description: str) -> dict[str, Any]:
    return {"type": ["string", "null"], "description": description}
