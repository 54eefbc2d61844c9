"""What the pages of `adtap demo` and `adtap report` share: style, roles, key of the charts, tables. No script, no font."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Final

from adtap_cli.chart import Bar, chart
from adtap_cli.formatting import amount, signed
from adtap_cli.performance import Role

ROLES: Final = {
    Role.BUY: ("Buying", "What advertisers spend."),
    Role.SELL: ("Selling", "What publishers earn."),
    Role.MEASURE: (
        "Measuring",
        "What a tracker counts. Its cost is what the ad networks report: money of the buying side, seen again.",
    ),
}

STYLE: Final = """
:root { color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1b2430; --soft: #566173; --line: #dde2ea;
  --buying: #2563c9; --selling: #0f7a58; --measuring: #a85608; --was: #1b2430; }
@media (prefers-color-scheme: dark) { :root {
  --page: #10141a; --card: #181e27; --ink: #e8ecf2; --soft: #a2adbd; --line: #2c3542;
  --buying: #79a8ff; --selling: #46c08f; --measuring: #eda35a; --was: #fff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .25rem; }
h3 { font-size: 1.02rem; margin: 1.5rem 0 .1rem; }
h3::before { content: ""; display: inline-block; width: .7em; height: .7em; border-radius: .15em;
  margin-right: .5em; background: var(--hue); }
p { margin: .25rem 0 .75rem; max-width: 46rem; } .soft { color: var(--soft); }
.buying { --hue: var(--buying); } .selling { --hue: var(--selling); } .measuring { --hue: var(--measuring); }
dl.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1.5rem 0; }
dl.tiles div, figure, .scroll { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
dl.tiles div { padding: .8rem 1rem; display: flex; flex-direction: column; }
dl.tiles dt { color: var(--soft); font-size: .86rem; }
dl.tiles dd { order: -1; margin: 0; font-size: 1.45rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; }
figure { margin: .5rem 0 0; padding: .9rem 1rem 1rem; }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; margin-bottom: .35rem; }
figcaption b { font-weight: 650; } figcaption span { color: var(--soft); font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; height: auto; } figure svg { overflow: visible; }
svg .grid { stroke: var(--line); stroke-width: 1; } svg .tick { fill: var(--soft); font-size: 11.5px; }
svg .settled, svg .open { fill: var(--hue); stroke: var(--hue); stroke-width: 1; }
svg .open { fill-opacity: .22; } svg .was { stroke: var(--was); stroke-width: 2; }
svg g:hover rect { filter: brightness(1.15); }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; color: var(--soft); font-size: .92rem; padding: 0; list-style: none; }
.key svg { display: inline-block; width: 1.4em; height: 1em; vertical-align: -.12em; margin-right: .4em; }
.scroll { overflow-x: auto; margin-top: .75rem; }
table { border-collapse: collapse; width: 100%; font-size: .94rem; font-variant-numeric: tabular-nums; }
th, td { padding: .42rem .9rem; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; } thead th { color: var(--soft); font-weight: 550; }
tbody th { font-weight: 500; } td.n, th.n { text-align: right; }
details { margin-top: .5rem; font-size: .92rem; } summary { cursor: pointer; color: var(--soft); }
summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--buying); outline-offset: 2px; }
code { font-size: .92em; }
@media (max-width: 34rem) { figure svg .tick { font-size: 20px; } }
"""


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: set[int], label: str
) -> Iterator[str]:
    """Yield a table that scrolls by itself where the page is narrow, by keyboard too.

    Args:
        head: The columns' names.
        rows: The first cell of each is the row's head.
        numbers: Columns that are aligned to the right.
        label: What the table is, for who listens.
    """

    def cell(kind: str, place: int, text: str, more: str) -> str:
        right = ' class="n"' if place in numbers else ""
        return f"<{kind}{right}{more}>{escape(text)}</{kind}>"

    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table><thead><tr>'
    yield "".join(cell("th", i, text, ' scope="col"') for i, text in enumerate(head))
    yield "</tr></thead><tbody>"
    for row in rows:
        cells = [
            cell("th" if i == 0 else "td", i, text, ' scope="row"' if i == 0 else "")
            for i, text in enumerate(row)
        ]
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


@dataclass(frozen=True, kw_only=True)
class Turnover:
    """A platform's money of one kind, in one role and one currency: nothing else may be added to it.

    Args:
        platform: As people write it.
        role: The side of the trade.
        label: What the money is, for a reader.
        column: The report's column that it is the sum of.
        currency: In what; `unknown` if the platform does not say.
        days: Day by day, at least one.
    """

    platform: str
    role: Role
    label: str
    column: str
    currency: str
    days: tuple[Bar, ...]

    @property
    def total(self) -> Decimal:
        """The sum over all days."""
        return sum((day.now for day in self.days), Decimal())

    @property
    def final(self) -> Decimal:
        """The sum over the days that can't change any more."""
        return sum((day.now for day in self.days if day.state == "settled"), Decimal())

    @property
    def moved(self) -> Decimal:
        """By how much the days changed that an earlier reading knew."""
        return sum((d.now - d.before for d in self.days if d.before is not None), Decimal())


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """How a page calls the earlier reading that it compares with.

    Args:
        column: At the head of a column of amounts.
        found: Before an amount.
        since: Behind the difference.
        unknown: Behind an amount that it does not know.
    """

    column: str
    found: str
    since: str
    unknown: str = ""


def by_role(turnovers: Sequence[Turnover], earlier: Earlier) -> Iterator[str]:
    """Yield a section for each role that has turnovers: its title and its charts."""
    for role, (title, label) in ROLES.items():
        drawn = [turnover for turnover in turnovers if turnover.role is role]
        if not drawn:
            continue
        yield f'<section class="{role.word}" aria-labelledby="{role.word}"><h3 id="{role.word}">{title}</h3>'
        yield f'<p class="soft">{escape(label)}</p><div class="charts">'
        for number, turnover in enumerate(drawn):
            yield from figure(turnover, f"{role.word}{number}", earlier)
        yield "</div></section>"


def key(marks: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield how to read the charts.

    Args:
        marks: A mark (`settled`, `open`, `was`) and what it means.
    """
    yield '<ul class="key" aria-label="How to read the charts">'
    for mark, label in marks:
        shape = (
            '<line class="was" x1="1" x2="21" y1="8" y2="8"/>'
            if mark == "was"
            else f'<rect class="{mark}" x="4" y="1" width="14" height="14" rx="1.5"/>'
        )
        box = f'<svg viewBox="0 0 22 16" class="buying" aria-hidden="true">{shape}</svg>'
        yield f"<li>{box}{escape(label)}</li>"
    yield "</ul>"


def figure(turnover: Turnover, name: str, earlier: Earlier) -> Iterator[str]:
    """Yield a chart of money by day, with its sum, and the same as a table.

    Args:
        turnover: The money.
        name: An id that no other chart of the page has.
        earlier: What its days are compared with.
    """
    bars, currency = turnover.days, turnover.currency
    label, total = f"{turnover.platform}, {turnover.label}", amount(turnover.total)
    high, low = max(bars, key=lambda bar: bar.now), min(bars, key=lambda bar: bar.now)
    title = f"{label}, {currency} a day"
    description = (
        f"A bar for each day from {bars[0].day} to {bars[-1].day}. Highest {amount(high.now)} on {high.day}, "
        f"lowest {amount(low.now)} on {low.day}, together {total} {currency}."
    )
    yield f"<figure><figcaption><b>{escape(label)}</b><span>{total} {escape(currency)}</span></figcaption>"
    yield chart(title, description, bars, [_label(bar, currency, earlier) for bar in bars], name)
    yield "<details><summary>The same as a table</summary>"
    yield from table(
        ("day", f"{currency} now", earlier.column, "state"),
        (
            (
                str(bar.day),
                amount(bar.now),
                "" if bar.before is None else amount(bar.before),
                bar.state,
            )
            for bar in reversed(bars)
        ),
        numbers={1, 2},
        label=title,
    )
    yield (
        f'<p class="soft">Column <code>{escape(turnover.column)}</code>; {signed(turnover.moved)} {earlier.since}.'
        "</p></details></figure>"
    )


def _label(bar: Bar, currency: str, earlier: Earlier) -> str:
    label = f"{bar.day}: {amount(bar.now)} {currency}, {bar.state}"
    if bar.before is None:
        return label + earlier.unknown
    return label if bar.before == bar.now else f"{label}; {earlier.found} {amount(bar.before)}"


def document(head: Sequence[str], style: str, body: Iterable[str]) -> str:
    """Return a whole page: what stands in its head, its own style after `STYLE`, its elements."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            *head,
            f"<style>{STYLE}{style}</style></head><body>",
            *body,
            "</body></html>\n",
        ]
    )


def tiles(numbers: Iterable[tuple[str, str]], more: str = "") -> Iterator[str]:
    """Yield numbers in large type, each with what it is."""
    yield f'<dl class="tiles"{more}>'
    yield from (f"<div><dt>{label}</dt><dd>{number}</dd></div>" for number, label in numbers)
    yield "</dl>"
