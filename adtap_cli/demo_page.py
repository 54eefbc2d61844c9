"""What the demo found, as one HTML page that needs nothing else: no script, no font, no network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final

from adtap_cli.demo_chart import chart
from adtap_cli.demo_facts import Facts, Turnover
from adtap_cli.demo_runs import Ran
from adtap_cli.demo_words import CHANGED, LOADED, amount, count, signed, states
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
svg { display: block; width: 100%; height: auto; }
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
"""


@dataclass(frozen=True, kw_only=True)
class Story:
    """How it came into the file.

    Args:
        runs: How long each platform took, for each of the two runs.
        moments: What the sandbox's clock said at each.
        requests: How many requests the sandbox answered.
    """

    runs: Sequence[Sequence[Ran]]
    moments: tuple[datetime, datetime]
    requests: int


def page(facts: Facts, story: Story) -> str:
    """The whole page.

    Args:
        facts: What the DuckDB file holds.
        story: How it came there.
    """
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>adtaps demo</title><style>{STYLE}</style></head><body><main>",
            *_head(facts, story),
            *_money(facts),
            *_loaded(facts),
            *_changed(facts),
            "</main></body></html>\n",
        ]
    )


def _head(facts: Facts, story: Story) -> Iterator[str]:
    names = [escape(ran.choice.platform) for ran in story.runs[0]]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    yield "<header><h1>What the demo loaded</h1>"
    yield (
        f"<p>{listed}, each played by the local sandbox, read by Meltano into one DuckDB file: once on "
        f"{_day(story.moments[0])}, and again on {_day(story.moments[1])}, after days had been restated. "
        "All names and numbers are invented.</p></header>"
    )
    changes = [stream.change for stream in facts.streams]
    tiles = [
        (count(sum(s.rows for s in facts.streams)), f"rows in {len(facts.streams)} streams"),
        (count(story.requests), "requests answered by the sandbox"),
        *(
            (f"{sum(ran.seconds for ran in run):.0f} s", f"{words} run")
            for run, words in zip(story.runs, ("first", "second"), strict=True)
        ),
        (count(sum(c.new for c in changes)), "new rows in the second run"),
        (count(sum(c.restated for c in changes)), "rows restated"),
        (count(sum(c.vanished for c in changes)), "rows vanished"),
    ]
    yield '<dl class="tiles">'
    yield from (f"<div><dt>{words}</dt><dd>{number}</dd></div>" for number, words in tiles)
    yield "</dl>"


def _money(facts: Facts) -> Iterator[str]:
    yield '<section><h2 id="money">Money a day</h2>'
    yield (
        "<p>One chart for each platform, role and currency. They are never added together: "
        "one side's spend is the other side's revenue, and a tracker counts both again.</p>"
    )
    yield '<ul class="key" aria-label="How to read the charts">'
    rect = '<rect class="{}" x="4" y="1" width="14" height="14" rx="1.5"/>'
    line = '<line class="was" x1="1" x2="21" y1="8" y2="8"/>'
    for mark, words in (
        (rect.format("settled"), "settled: final"),
        (rect.format("open"), "provisional: may still change"),
        (line, "what the first run had found"),
    ):
        box = f'<svg viewBox="0 0 22 16" class="buying" aria-hidden="true">{mark}</svg>'
        yield f"<li>{box}{words}</li>"
    yield "</ul>"
    for role, (title, words) in ROLES.items():
        turnovers = [t for t in facts.turnovers if t.money.role is role]
        if not turnovers:
            continue
        yield f'<section class="{role.word}" aria-labelledby="{role.word}"><h3 id="{role.word}">{title}</h3>'
        yield f'<p class="soft">{escape(words)}</p><div class="charts">'
        for number, turnover in enumerate(turnovers):
            yield from _figure(turnover, f"{role.word}{number}")
        yield "</div></section>"
    yield "</section>"


def _figure(turnover: Turnover, name: str) -> Iterator[str]:
    words = f"{turnover.platform}, {turnover.money.words}"
    yield f"<figure><figcaption><b>{escape(words)}</b>"
    yield f"<span>{amount(turnover.total)} {escape(turnover.currency)}</span></figcaption>"
    yield chart(turnover, name)
    yield "<details><summary>The same as a table</summary>"
    yield from _table(
        ("day", "first run", f"now, {turnover.currency}", "state"),
        (
            (
                str(day.day),
                "" if day.before is None else amount(day.before),
                amount(day.now),
                "settled" if day.final else "provisional",
            )
            for day in reversed(turnover.days)
        ),
        numbers={1, 2},
        label=f"{words}, {turnover.currency} a day",
    )
    source = f"{turnover.money.stream}.{turnover.money.column}"
    yield f'<p class="soft">Column <code>{escape(source)}</code>; {signed(turnover.moved)} '
    yield "by restatement of the days that the first run knew.</p></details></figure>"


def _loaded(facts: Facts) -> Iterator[str]:
    yield '<section><h2 id="loaded">What was loaded</h2>'
    yield "<p>A row is <i>provisional</i> while its platform may still restate it, and <i>settled</i> after.</p>"
    yield from _table(
        LOADED,
        (
            (
                s.platform,
                s.name,
                count(s.rows),
                f"{s.first} to {s.last}" if s.first else "",
                states(s),
            )
            for s in facts.streams
        ),
        numbers={2},
        label="What was loaded",
    )
    yield "</section>"


def _changed(facts: Facts) -> Iterator[str]:
    yield '<section><h2 id="changed">What the second run changed</h2>'
    yield (
        "<p>Each report reads again as many days as its platform restates. A <i>vanished</i> row is one that "
        "the platform no longer returns: the ledger <code>sync_windows</code> holds a later read of its day. "
        "It is left out of every number on this page.</p>"
    )
    yield from _table(
        CHANGED,
        (
            (
                s.platform,
                s.name,
                count(s.change.new),
                count(s.change.restated),
                count(s.change.vanished) if s.is_report else "",
                count(s.change.settled) if s.is_report else "",
            )
            for s in facts.streams
        ),
        numbers={2, 3, 4, 5},
        label="What the second run changed",
    )
    yield "</section>"


def _table(
    head: Sequence[str], rows: Iterator[Sequence[str]], *, numbers: set[int], label: str
) -> Iterator[str]:
    """A table that scrolls by itself where the page is narrow, by keyboard too."""

    def cell(kind: str, place: int, text: str, more: str = "") -> str:
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


def _day(moment: datetime) -> str:
    day = moment.astimezone(UTC)
    return f'<time datetime="{day.date()}">{day.day} {day:%B %Y}</time>'
