"""What the demo found, as lines for a terminal."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from adtap_cli.demo_facts import Facts, Stream
from adtap_cli.formatting import aligned, amount, count, signed
from adtap_cli.performance import Role

LOADED: Final = ("platform", "stream", "rows", "days", "data state")
MONEY: Final = ("role", "platform", "money", "in", "sum", "settled", "changed by")
CHANGED: Final = ("platform", "stream", "new rows", "restated", "vanished", "became settled")


def states(stream: Stream) -> str:
    """Return rows by data state in words: 800 settled, 60 provisional."""
    order = ("settled", "provisional", "partial")
    return ", ".join(f"{count(stream.states[s])} {s}" for s in order if stream.states.get(s))


def loaded(facts: Facts) -> list[tuple[str, ...]]:
    """Return what was loaded, a row for each stream, under the titles `LOADED`."""
    return [
        (s.platform, s.name, count(s.rows), f"{s.first} to {s.last}" if s.first else "", states(s))
        for s in facts.streams
    ]


def changed(facts: Facts) -> list[tuple[str, ...]]:
    """Return what the second run changed, a row for each stream, under the titles `CHANGED`."""
    return [
        (
            s.platform,
            s.name,
            count(s.change.new),
            count(s.change.restated),
            count(s.change.vanished) if s.is_report else "",
            count(s.change.settled) if s.is_report else "",
        )
        for s in facts.streams
    ]


def lines(facts: Facts) -> Iterator[str]:
    """Yield all of it, line by line."""
    yield "Loaded"
    yield from table(LOADED, loaded(facts), right={2})

    yield ""
    yield "Money by role, and by how much the second run changed it (roles are never added up)"
    money = [
        (
            t.role.word,
            t.platform,
            t.label,
            t.currency,
            amount(t.total),
            amount(t.final),
            signed(t.moved),
        )
        for role in Role
        for t in facts.turnovers
        if t.role is role
    ]
    yield from table(MONEY, money, right={4, 5, 6})

    yield ""
    yield "What the second run changed"
    yield from table(CHANGED, changed(facts), right={2, 3, 4, 5})


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int]
) -> Iterator[str]:
    """Yield rows under a head, columns aligned; what repeats the row above in the first column is left out.

    Args:
        head: The columns' titles.
        rows: The cells.
        right: Columns that are set to the right, counted from 0.
    """
    above = None
    shown = []
    for first, *others in (head, *rows):
        shown.append(["" if first == above else first, *others])
        above = first
    yield from (f"  {line}" for line in aligned(shown, right))
