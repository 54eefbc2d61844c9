"""What a warehouse holds, as one HTML page that needs nothing else: no script, no font, no network."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from html import escape
from itertools import groupby
from typing import Final

from adtap_cli.formatting import amount, count, signed
from adtap_cli.page import Earlier, by_role, document, key, table, tiles
from adtap_cli.report_days import STATES, Day, all_tie
from adtap_cli.report_facts import Facts, Line
from adtap_core.rows.totals import spell
from adtap_core.sync.restatements import AGES, Restatement

ACCOUNTS_SHOWN: Final = 20
"""Accounts of a report that have a line of their own in the calendar; of more, the worst of all is one line."""
SHOWN: Final = 25
"""Restated numbers, windows and warnings that are listed; the others are counted."""
# Signs that every font has: colour alone tells nothing to who does not see it.
MARKS: Final = {"missing": "×", "partial": "…", "provisional": "~", "settled": "•"}
MEANS: Final = {
    "missing": "never read, or not all of it",
    "partial": "the platform's day is not over yet",
    "provisional": "read; the platform may still change it",
    "settled": "read when it was final",
}
_FIRST_READING: Final = Earlier(
    column="at the first reading", found="the first reading found", since="since the first readings"
)
_NO_READINGS: Final = (
    "<p>Nobody wrote down what days held before. Select the stream <code>sync_days</code>, and from then on every "
    "number that moves stands here, with how much and how late.</p>"
)
_NOT_COMPARED: Final = (
    "<p>Nothing was compared: with <code>control_totals: true</code> a tap asks for the platform's own totals "
    "beside each window.</p>"
)
# Nothing may be loaded, whatever a name in the data looks like.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE: Final = """
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 1rem 0; padding: 0; }
a { color: var(--buying); } a:focus-visible { outline: 2px solid var(--buying); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: 1rem; }
.out { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
ul.needs { margin: .5rem 0 1rem; padding-left: 1.2rem; max-width: 60rem; }
:root { --bad: #b3261e; --badly: #fbe3e1; --late: #8a5a00; --lately: #fdf0d5; --open: #e7eefb; --done: #d9f0e5; }
@media (prefers-color-scheme: dark) { :root {
  --bad: #ff8a80; --badly: #4a1f1c; --late: #ffce73; --lately: #43340f; --open: #1d2c49; --done: #153a2b; } }
h3 { margin-bottom: .3rem; } section > h3::before { content: none; } section.buying > h3::before, section.selling > h3::before,
section.measuring > h3::before { content: ""; }
table.days { width: auto; } table.days th, table.days td { padding: .22rem .38rem; }
table.days tbody th { padding-left: .9rem; }
table.days tbody th, table.days th[rowspan] { position: sticky; left: 0; background: var(--card); }
table.days td { min-width: 1.7rem; }
table.days td { text-align: center; border-left: 1px solid var(--line); }
table.days { direction: ltr; margin-right: auto; }
/* Begins at the right end, where the latest days are. */
.calendar { direction: rtl; }
.day.missing { background: var(--badly); color: var(--bad); font-weight: 700; }
.day.partial { background: var(--lately); color: var(--late); }
.day.provisional { background: var(--open); } .day.settled { background: var(--done); }
.day.untied { outline: 2px solid var(--bad); outline-offset: -2px; }
.day.restated { background-image: linear-gradient(225deg, var(--ink) .3rem, transparent .31rem);
  background-repeat: no-repeat; background-clip: padding-box; }
ul.marks { columns: 18rem; list-style: none; padding: 0; color: var(--soft); font-size: .92rem; }
ul.marks li { padding-left: 2.1em; text-indent: -2.1em; break-inside: avoid; }
ul.marks b { display: inline-block; text-indent: 0; width: 1.6em; text-align: center; color: var(--ink); margin: 0 .5em .15em 0; }
h1 { overflow-wrap: anywhere; }
@media (max-width: 34rem) { table.days tbody th { max-width: 9rem; white-space: normal; overflow-wrap: anywhere; font-size: .85em; line-height: 1.25; } }
@media print { .scroll { overflow: visible; } nav { display: none; } }
"""


def page(facts: Facts) -> str:
    """Return the whole page."""
    head = [
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>adtaps: what {escape(_short(facts.place))} holds</title>",
    ]
    skip = '<a class="skip" href="#needs">To the content</a><main>'
    body = (skip, *_head(facts), *_needs(facts), *_sections(facts), "</main>")
    return document(head, _STYLE, body)


def _sections(facts: Facts) -> Iterator[str]:
    for name, (_, title, body) in _SECTIONS.items():
        yield f'<section aria-labelledby="{name}"><h2 id="{name}">{title}</h2>'
        yield from body(facts)
        yield "</section>"


def _head(facts: Facts) -> Iterator[str]:
    yield f"<header><h1>What {escape(_short(facts.place))} holds</h1>"
    yield (
        f"<p>{escape(', '.join(facts.platforms))}. Made on "
        f'<time datetime="{facts.now.isoformat(timespec="minutes")}">{_moment(facts.now)}</time> from the ledgers <code>sync_windows</code>'
        f"{', the readings of <code>sync_days</code>' if facts.has_readings else ''} and the reports themselves; "
        "nothing was asked of a platform.</p>"
    )
    yield '<nav aria-label="Sections"><ul>'
    yield "".join(
        f'<li><a href="#{name}">{label}</a></li>' for name, (label, *_) in _SECTIONS.items()
    )
    yield "</ul></nav></header>"


def _short(place: str) -> str:
    """Return a warehouse's own name: the file's, or the database's."""
    return place.partition("?")[0].rstrip("/").rpartition("/")[2] or place


def _needs(facts: Facts) -> Iterator[str]:
    """Yield what somebody should look at, worst first."""
    missing = [
        (line, [d for d, day in line.days.items() if day.state == "missing"])
        for line in facts.lines
    ]
    missing = [(line, days) for line, days in missing if days]
    late = [line for line in facts.lines if line.is_late]
    retried = sum(cost.counts["retries"] for cost in facts.costs)
    recent = {(p, r.stream, r.account, r.bucket) for p, r in facts.restatements}
    numbers = (
        (count(sum(len(days) for _, days in missing)), "days missing"),
        (count(len(late)), "reports and accounts late"),
        (
            count(len(facts.untied)),
            f"windows that do not tie out, of {count(facts.compared)} compared",
        ),
        (count(len(recent)) if facts.has_readings else "?", "buckets restated"),
        (count(retried), "requests retried"),
    )
    yield from tiles(numbers, ' id="needs"')
    wanted = [f"{_name(line)}: {_stretches(days)} missing" for line, days in missing]
    wanted += [
        f"{one.platform}, {one.stream}, {one.account}: {one.first} to {one.end} does not tie out"
        for one in facts.untied
    ]
    if not wanted:
        yield "<p>No day is missing, and whatever was compared with the platform's own totals ties out.</p>"
        return
    yield "<h2>What needs somebody</h2>"
    yield f'<ul class="needs">{"".join(f"<li>{escape(label)}</li>" for label in wanted[:SHOWN])}</ul>'
    yield from _more(len(wanted), "in the sections below")


def _more(number: int, where: str) -> Iterator[str]:
    if number > SHOWN:
        yield f'<p class="soft">And {count(number - SHOWN)} more, {where}.</p>'


def _name(line: Line) -> str:
    return f"{line.platform}, {line.stream}, {line.account}"


def _stretches(days: Sequence[date]) -> str:
    """Return days as text, those that follow each other as one stretch."""
    made = []
    for _, run in groupby(enumerate(days), key=lambda one: one[1] - timedelta(days=one[0])):
        each = [day for _, day in run]
        made.append(str(each[0]) if len(each) == 1 else f"{each[0]} to {each[-1]}")
    return ", ".join(made)


# -- money -----------------------------------------------------------------------------------


def _money(facts: Facts) -> Iterator[str]:
    yield (
        "<p>One chart for each platform, role and currency. They are never added together: one side's spend is the "
        "other side's revenue, and a tracker counts both again. Rows that a platform took back are left out.</p>"
    )
    if not facts.turnovers:
        yield "<p>None of the reports that the charts are drawn from is loaded.</p>"
        return
    marks = [("settled", "settled: final"), ("open", "provisional or partial: may still change")]
    if facts.has_readings:
        marks.append(("was", "what the first reading after the day's end had found"))
    yield from key(marks)
    yield from by_role(facts.turnovers, _FIRST_READING)


# -- days ------------------------------------------------------------------------------------


def _days(facts: Facts) -> Iterator[str]:
    yield '<ul class="marks" aria-label="How to read the calendar">'
    for state in STATES:
        yield f'<li><b class="day {state}" aria-hidden="true">{MARKS[state]}</b>{state}: {MEANS[state]}</li>'
    yield '<li><b class="day restated" aria-hidden="true">&nbsp;</b>marked corner, restated: a later reading found other sums</li>'
    yield '<li><b class="day untied" aria-hidden="true">&nbsp;</b>red frame: does not tie out to the platform&#39;s totals</li></ul>'
    for platform, lines in groupby(facts.lines, key=lambda line: line.platform):
        yield f"<h3>{escape(platform)}</h3>"
        yield from _calendar(platform, _folded(list(lines)))


def _folded(lines: Sequence[Line]) -> list[tuple[str, Mapping[date, Day]]]:
    """Return the lines of a calendar: a report's accounts, or the worst of them if they are many."""
    made: list[tuple[str, Mapping[date, Day]]] = []
    for stream, group in groupby(lines, key=lambda line: line.stream):
        accounts = list(group)
        if len(accounts) <= ACCOUNTS_SHOWN:
            made += [(f"{stream}, {line.account}", line.days) for line in accounts]
            continue
        days: dict[date, Day] = {}
        for line in accounts:
            for day, one in line.days.items():
                days[day] = one if day not in days else _worse(days[day], one)
        made.append((f"{stream}, the worst of {count(len(accounts))} accounts", days))
    return made


def _worse(one: Day, other: Day) -> Day:
    state = min(one.state, other.state, key=STATES.index)
    reads = [at for at in (one.read_at, other.read_at) if at is not None]
    return Day(
        state=state,
        ties=all_tie((one.ties, other.ties)),
        read_at=min(reads, default=None),
        restated=one.restated or other.restated,
    )


def _calendar(platform: str, lines: Sequence[tuple[str, Mapping[date, Day]]]) -> Iterator[str]:
    first = min(min(days) for _, days in lines)
    last = max(max(days) for _, days in lines)
    each = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    label = f"Days of {platform}"
    yield f'<div class="scroll calendar" tabindex="0" role="region" aria-label="{escape(label)}"><table class="days"><thead><tr>'
    yield '<th scope="col" rowspan="2">report, account</th>'
    for (_, label), days in groupby(each, key=lambda day: ((day.year, day.month), f"{day:%b %Y}")):
        yield f'<th scope="colgroup" colspan="{len(list(days))}">{label}</th>'
    yield "</tr><tr>"
    yield "".join(f'<th scope="col"><time datetime="{day}">{day.day}</time></th>' for day in each)
    yield "</tr></thead><tbody>"
    for name, known in lines:
        yield f'<tr><th scope="row">{escape(name)}</th>{"".join(_cell(day, known.get(day)) for day in each)}</tr>'
    yield "</tbody></table></div>"


def _cell(day: date, one: Day | None) -> str:
    if one is None:
        return '<td><span class="out">not asked</span></td>'
    parts = [one.state]
    kinds = [one.state]
    if one.restated:
        parts.append("restated")
        kinds.append("restated")
    if one.ties is not None:
        parts.append("ties out" if one.ties else "does not tie out")
        kinds += [] if one.ties else ["untied"]
    more = "" if one.read_at is None else f"; read {one.read_at:%Y-%m-%d %H:%M} UTC"
    text = ", ".join(parts)
    return (
        f'<td class="day {" ".join(kinds)}" title="{day}: {text}{more}"><span aria-hidden="true">{MARKS[one.state]}</span>'
        f'<span class="out">{text}</span></td>'
    )


# -- the rest --------------------------------------------------------------------------------


def _restated(facts: Facts) -> Iterator[str]:
    if not facts.has_readings:
        yield _NO_READINGS
        return
    shares = [(platform, one) for platform, one in facts.shares if any(one.shares.values())]
    if shares:
        yield "<details><summary>Of the money, the share that moved after so many days</summary>"
        yield from table(
            ("platform", "report", "amount", "buckets", *(f"after {age} d" for age in AGES)),
            (
                (
                    platform, one.stream, f"{one.metric} {one.currency}", count(one.buckets),
                    *("" if (s := one.shares[age]) is None else f"{s * 100:.3f} %" for age in AGES),
                )
                for platform, one in shares
            ),
            numbers=set(range(3, 4 + len(AGES))),
            label="Share of the money that moved after an age",
        )  # fmt: skip
        yield "</details>"
    if not facts.restatements:
        yield "<p>No number has moved between two readings.</p>"
        return
    yield f"<p>{count(len(facts.restatements))} numbers moved between two readings; money and the latest first:</p>"
    money_first = sorted(facts.restatements, key=lambda one: not one[1].currency)
    yield from table(
        (
            "platform",
            "report",
            "bucket",
            "number",
            "before",
            "after",
            "moved",
            "age, days",
            "read, UTC",
        ),
        (_moved(platform, one) for platform, one in money_first[:SHOWN]),
        numbers={4, 5, 6, 7},
        label="Numbers that moved",
    )
    yield from _more(
        len(facts.restatements), "which <code>adtap status --restatements --json</code> lists"
    )


def _moved(platform: str, one: Restatement) -> tuple[str, ...]:
    whole = amount if one.currency else spell
    before, after = (("(null)" if v is None else str(whole(v))) for v in (one.before, one.after))
    by = signed(one.moved) if one.currency else f"{one.moved:+f}".rstrip("0").rstrip(".")
    bucket = f"{one.bucket:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
    return (
        platform, one.stream, bucket, f"{one.metric} {one.currency}".strip(), before, after, by,
        str(one.at.age_days), f"{one.at.synced_at:%Y-%m-%d %H:%M}",
    )  # fmt: skip


def _fresh(facts: Facts) -> Iterator[str]:
    yield (
        "<p>A day is due when the platform has it whole: so many hours after the day's end. "
        "Late is a report whose last due day was not read whole.</p>"
    )
    lines = sorted(facts.lines, key=lambda line: (not line.is_late, _name(line)))
    yield from table(
        (
            "report, account",
            "platform has a day after",
            "last day due",
            "last day read whole",
            "last read, UTC",
            "",
        ),
        (
            (
                _name(line),
                f"{line.closing_hours:g} h",
                str(line.last_due),
                str(line.last_whole or "none"),
                f"{line.last_read:%Y-%m-%d %H:%M}",
                "late" if line.is_late else "in time",
            )
            for line in lines
        ),
        numbers=set(),
        label="Freshness by report and account",
    )


def _cost(facts: Facts) -> Iterator[str]:
    yield from table(
        ("platform", "report", "windows read", "rows", "requests", "retries", "splits"),
        (
            (
                cost.platform,
                cost.stream,
                *(
                    count(cost.counts[n])
                    for n in ("windows", "row_count", "requests", "retries", "splits")
                ),
            )
            for cost in facts.costs
        ),
        numbers=set(range(2, 7)),
        label="What reading took",
    )
    # By their words where counts are equal: a warehouse gives rows in any order.
    warned = [
        (cost, warning, n)
        for cost in facts.costs
        for warning, n in sorted(cost.warnings.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    if warned:
        yield f"<details><summary>What was warned of ({count(len(warned))})</summary><ul>"
        for cost, warning, number in warned[:SHOWN]:
            yield f"<li>{escape(f'{cost.platform}, {cost.stream}: {warning}')} ({count(number)}×)</li>"
        yield "</ul>"
        yield from _more(len(warned), "in the ledgers' column <code>warnings</code>")
        yield "</details>"


def _ties(facts: Facts) -> Iterator[str]:
    if not facts.compared:
        yield _NOT_COMPARED
        return
    yield (
        f"<p>{count(facts.compared)} windows were compared with the platform's own totals when they were written; "
        f"{count(len(facts.untied))} did not tie out.</p>"
    )
    if facts.untied:
        yield from table(
            ("platform", "report", "account", "from", "to (excluded)", "the platform's totals", "read, UTC"),
            (
                (
                    one.platform, one.stream, one.account, one.first, one.end, one.control,
                    f"{one.synced_at:%Y-%m-%d %H:%M}",
                )
                for one in facts.untied[:SHOWN]
            ),
            numbers=set(),
            label="Windows that did not tie out",
        )  # fmt: skip
        yield from _more(len(facts.untied), "in the ledgers, with <code>ties</code> false")


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


_SECTIONS: Final[dict[str, tuple[str, str, Callable[[Facts], Iterator[str]]]]] = {
    "money": ("Money", "Money a day", _money),
    "days": ("Days", "How good each day is", _days),
    "restated": ("Restated", "What was restated", _restated),
    "fresh": ("Freshness", "Freshness", _fresh),
    "cost": ("Requests", "Requests, retries and splits", _cost),
    "ties": ("Ties out", "What did not tie out", _ties),
}
"""By its anchor: a section's name in the navigation, its title, and what it holds."""
