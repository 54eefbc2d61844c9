"""One chart as inline SVG: a platform's daily money in one role and one currency."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from typing import Final

from adtap_cli.demo_facts import Day, Turnover
from adtap_cli.demo_words import amount

WIDTH: Final = 640
HEIGHT: Final = 208
LEFT, RIGHT, TOP, BOTTOM = 58, 6, 10, 26
_GRIDLINES: Final = 3
_DATES: Final = 6
"""Most dates below the chart: more would touch each other."""


def chart(turnover: Turnover, name: str) -> str:
    """The SVG of one turnover.

    Drawing needs no exact numbers, so heights are floats; each bar's words have the exact ones.

    Args:
        turnover: What to draw.
        name: An id that no other chart of the page has.
    """
    days = turnover.days
    highest = max((float(max(d.now, d.before or d.now)) for d in days), default=0.0)
    step = _nice(highest / _GRIDLINES)
    top = step * max(1, math.ceil(highest / step - 1e-9))
    inner = HEIGHT - TOP - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(days))
    bar = min(slot * 0.72, 34.0)

    def y(value: float) -> float:
        return TOP + inner * (1 - max(0.0, value) / top)

    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name}-t {name}-d">',
        f'<title id="{name}-t">{escape(_title(turnover))}</title>',
        f'<desc id="{name}-d">{escape(_description(turnover))}</desc>',
    ]
    for line in range(round(top / step) + 1):
        height = y(step * line)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}"/>'
            f'<text class="tick" x="{LEFT - 8}" y="{height + 3.5:.1f}" text-anchor="end">{_short(step * line)}</text>'
        )
    every = math.ceil(len(days) / _DATES)
    for place, day in enumerate(days):
        x = LEFT + slot * (place + 0.5)
        parts.append(_bar(day, x=x, width=bar, y=y, currency=turnover.currency))
        # Counted from the last day: that is the one people look for.
        if (len(days) - 1 - place) % every == 0:
            words = f"{day.day.day} {day.day:%b}"
            # The last one would be cut off at the border if it were centred.
            anchor = "end" if place == len(days) - 1 else "middle"
            at = min(x + slot / 2, WIDTH - RIGHT) if anchor == "end" else x
            parts.append(
                f'<text class="tick" x="{at:.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{words}</text>'
            )
    return "".join([*parts, "</svg>"])


def _bar(day: Day, *, x: float, width: float, y: Callable[[float], float], currency: str) -> str:
    height = y(float(day.now))
    kind = "settled" if day.final else "open"
    words = (
        f"{day.day}: {amount(day.now)} {currency}, {'settled' if day.final else 'may still change'}"
    )
    mark = ""
    if day.before is None:
        words += "; new in the second run"
    elif day.before != day.now:
        words += f"; the first run found {amount(day.before)}"
        was = y(float(day.before))
        mark = (
            f'<line class="was" x1="{x - width / 2 - 2:.1f}" x2="{x + width / 2 + 2:.1f}" '
            f'y1="{was:.1f}" y2="{was:.1f}"/>'
        )
    return (
        f"<g><title>{escape(words)}</title>"
        f'<rect class="{kind}" x="{x - width / 2:.1f}" y="{height:.1f}" width="{width:.1f}" '
        f'height="{y(0.0) - height:.1f}" rx="1.5"/>{mark}</g>'
    )


def _title(turnover: Turnover) -> str:
    return f"{turnover.platform}, {turnover.money.words}, {turnover.currency} a day"


def _description(turnover: Turnover) -> str:
    days = turnover.days
    high = max(days, key=lambda d: d.now)
    low = min(days, key=lambda d: d.now)
    return (
        f"A bar for each day from {days[0].day} to {days[-1].day}. "
        f"Highest {amount(high.now)} on {high.day}, lowest {amount(low.now)} on {low.day}, "
        f"together {amount(turnover.total)} {turnover.currency}."
    )


def _nice(rough: float) -> float:
    """The next round number at or above: 1, 2, 2.5 or 5 times a power of ten."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * 0.999)


def _short(value: float) -> str:
    """A tick's label: 1,500 as 1.5k."""
    for size, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
