"""What a section gives: a table of figures, and bars that the figures must reach."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

QUICK_REPEATS: Final = 1
FULL_REPEATS: Final = 5
QUICK_ROWS: Final = (10**5,)
FULL_ROWS: Final = (10**4, 10**5, 10**6)


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        quick: The short form.
        repeats: How often each contender runs; the median counts.
        rows: Sizes of report bodies, smallest first.
    """

    quick: bool
    repeats: int
    rows: tuple[int, ...]

    @classmethod
    def of(cls, *, quick: bool, repeats: int | None, rows: Sequence[int] | None) -> "Size":
        """The short form or the whole, each with numbers of its own unless some are given."""
        if quick:
            return cls(quick=True, repeats=repeats or QUICK_REPEATS, rows=tuple(rows or QUICK_ROWS))
        return cls(
            quick=False, repeats=repeats or FULL_REPEATS, rows=tuple(sorted(rows or FULL_ROWS))
        )


@dataclass(frozen=True)
class Bar:
    """A bound that a figure must keep.

    Attributes:
        claim: What is compared, in words.
        measured: The figure, with its unit; or why there is none.
        bound: What it must be, such as ``≥ 5``.
        good: Whether it is; None where it could not be measured.
    """

    claim: str
    measured: str
    bound: str
    good: bool | None


@dataclass
class Section:
    """Figures of one kind.

    Attributes:
        title: A heading.
        lead: What was measured and how; markdown.
        columns: Headings of the table.
        rows: The table's cells, as shown.
        bars: What the figures must reach.
        after: Markdown after the table and bars: pictures, what stands in the way of a bar.
        contenders: Versions of programs that are not ours, by name.
        page: Of docs/, where the section stands.
    """

    title: str
    lead: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    after: str = ""
    contenders: dict[str, str] = field(default_factory=dict)
    page: str = "performance.md"

    @property
    def short(self) -> list[str]:
        """The bars that fall short: claim, figure and bound of each."""
        return [f"{b.claim}: {b.measured} ({b.bound})" for b in self.bars if b.good is False]


def at_least(claim: str, measured: float, bound: float, *, unit: str = "×") -> Bar:
    """A bar from below."""
    return Bar(claim, f"{measured:.2f} {unit}", f"≥ {bound:g} {unit}", measured >= bound)


def at_most(claim: str, measured: float, bound: float, *, unit: str = "×") -> Bar:
    """A bar from above: as `at_least`, but the bound is the most that is good."""
    return Bar(claim, f"{measured:.2f} {unit}", f"≤ {bound:g} {unit}", measured <= bound)


def not_measured(claim: str, bound: float, why: str) -> Bar:
    """A bar from below whose contender is not to be had on this machine; why, in one line."""
    return replace(at_least(claim, 0, bound), measured=f"not measured: {why}", good=None)


def seconds(value: float) -> str:
    """Seconds, to the hundredth."""
    return f"{value:.2f}"


def thousands(value: float) -> str:
    """A number such as rows per second, in three significant digits at least."""
    return f"{value:,.0f}"


def megabytes(value: float) -> str:
    """Bytes as MB (10⁶ bytes)."""
    return f"{value / 10**6:.1f}"
