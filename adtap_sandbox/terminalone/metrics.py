"""Metrics of both generations over summed rows: counters, money, ratios, and what cannot be added."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from .facts import MONEY_DIGITS, SPEND_PARTS
from .values import floored

Number = Decimal | int

_DIVISORS: Final[dict[str, tuple[str, int]]] = {
    "_pc_cpa": ("post_click_conversions", 1),
    "_pv_cpa": ("post_view_conversions", 1),
    "_cpa": ("total_conversions", 1),
    "_cpcv": ("video_complete", 1),
    "_cpc": ("clicks", 1),
    "_vcpm": ("in_view", 1000),
    "_cpm": ("impressions", 1000),
}
_RATIOS: Final[dict[str, tuple[str, str, Decimal]]] = {
    "ctr": ("clicks", "impressions", Decimal(100)),
    "ctc": ("total_conversions", "clicks", Decimal(100)),
    "rr_per_1k_imps": ("total_conversions", "impressions", Decimal(1000)),
    "post_click_aov": ("post_click_revenue", "post_click_conversions", Decimal(1)),
    "post_view_aov": ("post_view_revenue", "post_view_conversions", Decimal(1)),
    "total_aov": ("total_revenue", "total_conversions", Decimal(1)),
    "measurability_rate": ("measurable", "impressions", Decimal(100)),
    "viewability_rate": ("in_view", "measurable", Decimal(100)),
    "viewability_rate_100_percent": ("in_view_100_percent", "measurable", Decimal(100)),
    "in_view_15_seconds_rate": ("in_view_15_seconds", "in_view", Decimal(100)),
    "in_view_5_seconds_rate": ("in_view_5_seconds", "in_view", Decimal(100)),
    "video_play_rate": ("video_start", "impressions", Decimal(100)),
    "video_engaged_rate": ("video_engaged_impressions", "impressions", Decimal(100)),
    "video_skipped_rate": (
        "video_skipped_impressions",
        "video_skippable_impressions",
        Decimal(100),
    ),
    "video_companion_ctr": (
        "video_companion_clicks",
        "video_companion_impressions",
        Decimal(100),
    ),
    "win_rate": ("wins", "bids", Decimal(100)),
    "bid_rate": ("bids", "biddables", Decimal(100)),
    "average_bid_amount_cpm": ("total_bid_amount_cpm", "bids", Decimal(1)),
    "max_bid_amount_cpm": ("total_bid_amount_cpm", "bids", Decimal(2)),
    "min_bid_amount_cpm": ("total_bid_amount_cpm", "bids", Decimal("0.5")),
    "average_win_amount_cpm": ("total_win_amount_cpm", "wins", Decimal(1)),
    "max_win_amount_cpm": ("total_win_amount_cpm", "wins", Decimal(2)),
    "min_win_amount_cpm": ("total_win_amount_cpm", "wins", Decimal("0.5")),
}


def ratio_of(name: str) -> tuple[str, str, Decimal] | None:
    """Numerator, denominator and factor of a derived metric; None for one that is summed.

    Percentages run from 0 to 100, as in the recorded `ctr` of 3.85 for 1 click in 26.
    """
    usd = "_usd" if name.endswith("_usd") else ""
    plain = name.removesuffix("_usd")
    if plain in _RATIOS:
        over, under, factor = _RATIOS[plain]
        return over + usd, under, factor
    if plain.endswith("_roi"):
        base = plain.removesuffix("_roi")
        for prefix, revenue in (("post_click_", "post_click_revenue"), ("post_view_", None)):
            if base.startswith(prefix):
                return revenue or "post_view_revenue", base.removeprefix(prefix), Decimal(1)
        return "total_revenue", base, Decimal(1)
    if plain.startswith("video_") and "_rate" in plain:
        start, _, rest = plain.partition("_rate")
        under = "impressions" if rest else "video_start"
        return start, under, Decimal(100)
    for suffix, (under, times) in _DIVISORS.items():
        base = plain.removesuffix(suffix)
        if base != plain and (base == "total_spend" or base in SPEND_PARTS):
            return base + usd, under, Decimal(times)
    return None


def needed(metrics: list[str]) -> set[str]:
    """The summable numbers that these metrics are made of."""
    names: set[str] = set()
    for name in metrics:
        ratio = ratio_of(name)
        if name == "uniques":
            names |= {"uniques_of"}
        elif ratio:
            names |= {ratio[0], ratio[1]}
        else:
            names.add(name)
    return names


def finished(name: str, sums: Mapping[str, Number]) -> Number | None:
    """A metric's value from its row's sums; None where a ratio has no denominator."""
    if name == "uniques":
        # De-duplication shrinks with the group, so parts never add up to their whole.
        return int(float(sums["uniques_of"]) ** 0.95)
    ratio = ratio_of(name)
    if ratio is None:
        return sums[name]
    over, under, factor = sums[ratio[0]], sums[ratio[1]], ratio[2]
    if not under:
        return None
    return floored(Decimal(over) * factor / Decimal(under), MONEY_DIGITS)
