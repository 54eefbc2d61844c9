"""Metrics of both generations over summed rows: counters, money, ratios, and what cannot be added."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from adtap_sandbox.tables import table

from .facts import MONEY_DIGITS, SPEND_PARTS
from .values import floored

Number = Decimal | int

_TABLE: Final = table(__package__, "numbers")


def ratio_of(name: str) -> tuple[str, str, Decimal] | None:
    """Numerator, denominator and factor of a derived metric; None for one that is summed.

    Percentages run from 0 to 100, as in the recorded `ctr` of 3.85 for 1 click in 26.
    """
    usd = "_usd" if name.endswith("_usd") else ""
    plain = name.removesuffix("_usd")
    if plain in _TABLE["ratios"]:
        over, under, factor = _TABLE["ratios"][plain]
        return over + usd, under, Decimal(factor)
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
    for suffix, (under, times) in _TABLE["divisors"].items():
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
