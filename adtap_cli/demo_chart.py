"""One chart of the demo: a platform's daily money in one role and one currency."""

from __future__ import annotations

from adtap_cli import chart as drawing
from adtap_cli.demo_facts import Day, Turnover
from adtap_cli.demo_text import amount


def chart(turnover: Turnover, name: str) -> str:
    """Return the SVG of one turnover.

    Args:
        turnover: What to draw.
        name: An id that no other chart of the page has.
    """
    bars = tuple(
        drawing.Bar(
            day=day.day,
            now=day.now,
            before=day.before,
            final=day.final,
            label=_label(day, turnover.currency),
        )
        for day in turnover.days
    )
    title = f"{turnover.platform}, {turnover.money.label}, {turnover.currency} a day"
    series = drawing.Series(title=title, description=description(turnover), bars=bars)
    return drawing.chart(series, name)


def description(turnover: Turnover) -> str:
    """Return what a chart shows, in words."""
    days = turnover.days
    high = max(days, key=lambda d: d.now)
    low = min(days, key=lambda d: d.now)
    return (
        f"A bar for each day from {days[0].day} to {days[-1].day}. "
        f"Highest {amount(high.now)} on {high.day}, lowest {amount(low.now)} on {low.day}, "
        f"together {amount(turnover.total)} {turnover.currency}."
    )


def _label(day: Day, currency: str) -> str:
    label = (
        f"{day.day}: {amount(day.now)} {currency}, {'settled' if day.final else 'may still change'}"
    )
    if day.before is None:
        return f"{label}; new in the second run"
    return label if day.before == day.now else f"{label}; the first run found {amount(day.before)}"
