"""A report's totals, asked of the platform: the same question with the fewest dimensions that it answers.

Both ways of looking at numbers stand on it: `adtap reconcile` holds a warehouse against the totals, and the
setting `control_totals` holds each window's rows against them while it is read. Everything goes through the
platform's own `fetch`: whatever that asks for with a report, it asks for with the totals.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from adtap_core.declare import Report
from adtap_core.platform import TIES_EXACTLY, Platform, Tolerance, WindowJob
from adtap_core.rows.report_rows import RowShaper
from adtap_core.rows.schemas import report_schema
from adtap_core.rows.totals import ZERO, Key, RowTotals, Sums, subtract
from adtap_core.sync.fetching import Fetcher

ACCOUNT, CURRENCY, TIME_ZONE = "_account", "_currency", "_time_zone"
UNREAD: Final = ""
"""`_synced_at` of totals: they are nobody's rows."""


@dataclass(frozen=True)
class Question:
    """What is asked for a report's totals.

    Args:
        report: With the fewest dimensions, and the metrics that add up alone.
        columns: The columns of these metrics.
        keys: Columns that tell totals apart: account, bucket, currency, time zone, constants.
        left_out: Metrics that are not compared, by column, and why.
        tolerances: By how much the platform's totals may miss the rows, by column.
        why_not: Why there is no such question at all; empty if there is.
    """

    report: Report
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    why_not: str = ""

    @property
    def noisy(self) -> tuple[str, ...]:
        """Return the columns whose numbers carry noise of their own."""
        return tuple(c for c in self.columns if self.tolerance(c).relative)

    def tolerance(self, column: str) -> Tolerance:
        """Return by how much a column's totals may miss its rows."""
        return self.tolerances.get(column, TIES_EXACTLY)

    def totals(self) -> RowTotals:
        """Return an empty account of rows, kept as the answer to this question is."""
        return RowTotals(self.columns, self.keys, sizes=self.noisy)


def question(report: Report, platform: Platform, settings: Mapping[str, Any]) -> Question:
    """Return what to ask for a report's totals. May ask the platform which fields there are."""
    names = report.columns
    keys = (
        ACCOUNT,
        report.grain.value,
        CURRENCY,
        TIME_ZONE,
        *sorted(platform.constant_columns(report, settings)),
    )
    if why_not := platform.not_comparable(report):
        return Question(report, (), keys, why_not=why_not)
    left_out = {names[m]: why for m in report.metrics if (why := platform.not_added(report, m))}
    metrics = tuple(m for m in report.metrics if names[m] not in left_out)
    if not metrics:
        message = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        return Question(
            report, (), keys, left_out, why_not=f"it has no metric that can be added up ({message})"
        )
    coarse = platform.coarsest(replace(report, metrics=metrics))
    tolerances = {names[m]: platform.tolerance(report, m) for m in metrics}
    return Question(coarse, tuple(names[m] for m in metrics), keys, left_out, tolerances)


class Asker:
    """Asks the platform for totals, window by window."""

    def __init__(self, platform: Platform, settings: Mapping[str, Any], asked: Question) -> None:
        self._platform, self.question = platform, asked
        self._schema = report_schema(asked.report, type(platform), settings)
        self._fetcher = Fetcher(platform)

    def ask(self, job: WindowJob) -> dict[Key, Sums]:
        """Ask for the totals of a window. Runs in a worker.

        Args:
            job: The window; its report is replaced by the question's.

        Returns:
            The totals by account, bucket, currency, time zone and constants.

        Raises:
            AdtapError: If they can't be had.
        """
        job = replace(job, report=self.question.report)
        totals = self.question.totals()
        with closing(self._fetcher.fetch(job)) as fetched:
            shaper = RowShaper(
                job=job,
                schema=self._schema,
                context=fetched.context,
                now=job.window.end,  # totals have no state
                settle_days=0,
                keyed=frozenset(),
                synced_at=UNREAD,
            )
            for open_table in fetched.tables:
                for block in shaper.blocks(open_table()):
                    totals.add(block)
        return totals.found


@dataclass(frozen=True)
class Mismatch:
    """A total that is not what its rows add up to.

    Args:
        key: Account, bucket, currency, time zone and constants.
        column: The metric's column.
        rows: What the rows add up to; None if there is no number in any.
        platform: The platform's total; None if it gives none.
    """

    key: Key
    column: str
    rows: Decimal | None
    platform: Decimal | None

    @property
    def difference(self) -> Decimal:
        """Return by how much the rows are above the platform's total; negative: below."""
        return subtract(self.rows, self.platform)


def mismatches(
    rows: Mapping[Key, Sums], platform: Mapping[Key, Sums], asked: Question
) -> Iterator[Mismatch]:
    """Return each total that is not what its rows add up to, in the order of the keys.

    Null counts as nothing: a platform that gives no number and one that gives 0 say the same of a total.
    """
    nothing = Sums({})
    for key in sorted(rows.keys() | platform.keys(), key=_order):
        own, total = rows.get(key, nothing), platform.get(key, nothing)
        for column in asked.columns:
            found = Mismatch(key, column, own.totals.get(column), total.totals.get(column))
            room = asked.tolerance(column).room(
                size=own.sizes.get(column, ZERO) + total.sizes.get(column, ZERO),
                rows=own.rows + total.rows,
            )
            if abs(found.difference) > room:
                yield found


def _order(key: Key) -> tuple[tuple[bool, str], ...]:
    return tuple((part is not None, str(part)) for part in key)
