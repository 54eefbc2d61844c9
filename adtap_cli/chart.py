"""One chart as inline SVG: a bar for each day of one amount, which takes its colours from the page.

Drawn here and not by a library: those for Python fix their colours (no dark page) or bring numpy along, and those for
the browser need a script of half a megabyte or more in each page, and show nothing where scripts are blocked.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 208
LEFT, RIGHT, TOP, BOTTOM = 58, 6, 10, 26
_GRIDLINES: Final = 3
_DATES: Final = 6
"""Most dates below the chart: more would touch each other."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A day of a chart.

    Args:
        day: The day.
        now: Its amount.
        before: What it was at an earlier reading, which gets a mark; None if there is nothing to mark.
        state: How final it is: `settled` can't change any more, all else is drawn pale.
    """

    day: date
    now: Decimal
    before: Decimal | None
    state: str


def chart(
    title: str, description: str, days: Sequence[Bar], labels: Sequence[str], name: str
) -> str:
    """Return the SVG of a series of amounts.

    Drawing needs no exact numbers, so heights are floats; each bar's label has the exact ones.

    Args:
        title: What the amounts are, and in what.
        description: The same in a sentence for who can't see it.
        days: Day by day.
        labels: All of each bar in words, for who points at it or listens.
        name: An id that no other chart of the page has.
    """
    highest = max(
        (float(max(d.now, d.now if d.before is None else d.before)) for d in days), default=0.0
    )
    step = _nice(highest / _GRIDLINES)
    top = step * max(1, math.ceil(highest / step - 1e-9))
    inner = HEIGHT - TOP - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(days))
    bar = min(slot * 0.72, 34.0)

    def y(value: float) -> float:
        return TOP + inner * (1 - max(0.0, value) / top)

    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name}-t {name}-d">',
        f'<title id="{name}-t">{escape(title)}</title>',
        f'<desc id="{name}-d">{escape(description)}</desc>',
    ]
    for line in range(round(top / step) + 1):
        height = y(step * line)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}"/>'
            f'<text class="tick" x="{LEFT - 8}" y="{height + 3.5:.1f}" text-anchor="end">{_short(step * line)}</text>'
        )
    every = math.ceil(len(days) / _DATES)
    for place, (day, label) in enumerate(zip(days, labels, strict=True)):
        x = LEFT + slot * (place + 0.5)
        parts.append(_bar(day, label, x=x, width=bar, y=y))
        # Counted from the last day: that is the one people look for.
        if (len(days) - 1 - place) % every == 0:
            # The last one would be cut off at the border if it were centred.
            anchor = "end" if place == len(days) - 1 else "middle"
            at = min(x + slot / 2, WIDTH - RIGHT) if anchor == "end" else x
            parts.append(
                f'<text class="tick" x="{at:.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{day.day.day} {day.day:%b}</text>'
            )
    return "".join([*parts, "</svg>"])


def _bar(bar: Bar, label: str, *, x: float, width: float, y: Callable[[float], float]) -> str:
    height = y(float(bar.now))
    kind = "settled" if bar.state == "settled" else "open"
    mark = ""
    if bar.before is not None and bar.before != bar.now:
        was = y(float(bar.before))
        mark = (
            f'<line class="was" x1="{x - width / 2 - 2:.1f}" x2="{x + width / 2 + 2:.1f}" '
            f'y1="{was:.1f}" y2="{was:.1f}"/>'
        )
    return (
        f"<g><title>{escape(label)}</title>"
        f'<rect class="{kind}" x="{x - width / 2:.1f}" y="{height:.1f}" width="{width:.1f}" '
        f'height="{y(0.0) - height:.1f}" rx="1.5"/>{mark}</g>'
    )


def _nice(rough: float) -> float:
    """Return the next round number at or above: 1, 2, 2.5 or 5 times a power of ten."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * 0.999)


def _short(value: float) -> str:
    """Return a tick's label: 1,500 as 1.5k."""
    for size, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
