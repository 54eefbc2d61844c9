"""What the demo found, as one HTML page that needs nothing else: no script, no font, no network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from itertools import chain

from adtap_cli.demo_facts import Facts
from adtap_cli.demo_runs import Ran, seconds_words
from adtap_cli.demo_text import CHANGED, LOADED, changed, loaded
from adtap_cli.formatting import count
from adtap_cli.page import Earlier, by_role, document, key, table, tiles

_FIRST_RUN = Earlier(
    column="first run",
    found="the first run found",
    since="by restatement of the days that the first run knew",
    unknown="; new in the second run",
)


@dataclass(frozen=True, kw_only=True)
class Story:
    """How it came into the file.

    Args:
        runs: How long each platform took, for each of the two runs.
        seconds: How long each of the two runs took, Meltano's start included.
        moments: What the sandbox's clock said at each.
        requests: How many requests the sandbox answered.
    """

    runs: Sequence[Sequence[Ran]]
    seconds: Sequence[float]
    moments: tuple[datetime, datetime]
    requests: int


def page(facts: Facts, story: Story) -> str:
    """Return the whole page."""
    parts = (_head(facts, story), _money(facts), _loaded(facts), _changed(facts))
    body = ("<main>", *chain.from_iterable(parts), "</main>")
    return document(["<title>adtaps demo</title>"], "", body)


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
    numbers = [
        (count(sum(s.rows for s in facts.streams)), f"rows in {len(facts.streams)} streams"),
        (count(story.requests), "requests answered by the sandbox"),
        *(
            (seconds_words(seconds), f"{label} run")
            for seconds, label in zip(story.seconds, ("first", "second"), strict=True)
        ),
        (count(sum(c.new for c in changes)), "new rows in the second run"),
        (count(sum(c.restated for c in changes)), "rows restated"),
        (count(sum(c.vanished for c in changes)), "rows vanished"),
    ]
    yield from tiles(numbers)


def _money(facts: Facts) -> Iterator[str]:
    yield '<section><h2 id="money">Money a day</h2>'
    yield (
        "<p>One chart for each platform, role and currency. They are never added together: "
        "one side's spend is the other side's revenue, and a tracker counts both again.</p>"
    )
    yield from key(
        (
            ("settled", "settled: final"),
            ("open", "provisional: may still change"),
            ("was", "what the first run had found"),
        )
    )
    yield from by_role(facts.turnovers, _FIRST_RUN)
    yield "</section>"


def _loaded(facts: Facts) -> Iterator[str]:
    yield '<section><h2 id="loaded">What was loaded</h2>'
    yield "<p>A row is <i>provisional</i> while its platform may still restate it, and <i>settled</i> after.</p>"
    yield from table(LOADED, loaded(facts), numbers={2}, label="What was loaded")
    yield "</section>"


def _changed(facts: Facts) -> Iterator[str]:
    yield '<section><h2 id="changed">What the second run changed</h2>'
    yield (
        "<p>Each report reads again as many days as its platform restates. A <i>vanished</i> row is one that "
        "the platform no longer returns: the ledger <code>sync_windows</code> holds a later read of its day. "
        "It is left out of every number on this page.</p>"
    )
    yield from table(
        CHANGED, changed(facts), numbers={2, 3, 4, 5}, label="What the second run changed"
    )
    yield "</section>"


def _day(moment: datetime) -> str:
    day = moment.astimezone(UTC)
    return f'<time datetime="{day.date()}">{day.day} {day:%B %Y}</time>'
