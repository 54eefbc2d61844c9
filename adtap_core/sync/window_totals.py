"""What the rows of a window add up to, while they are written: held against the platform's totals, kept by day.

A report has one `ReportTotals`, each window that is written a `WindowTotals`. Where nobody wants sums there is
neither, and rows cost nothing more.
"""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from adtap_core.declare import Report
from adtap_core.errors import CredentialsError, Interrupted, RequestError, TargetGone
from adtap_core.http.client import RequestStats
from adtap_core.platform import Fetched, Partition, Platform, WindowJob
from adtap_core.rows.columns import Block
from adtap_core.rows.report_rows import data_state
from adtap_core.rows.totals import DIGEST_BITS, ZERO, Key, RowTotals, Sums, add, spell
from adtap_core.state.bookmarks import ledger_moment
from adtap_core.sync.control_totals import ACCOUNT, CURRENCY, Asker, Question, mismatches, question
from adtap_core.windows import ONE_DAY, Grain, Interval, Zone

log = logging.getLogger("adtaps.control")

NOT_ASKED: Final[Mapping[str, Any]] = {"control": None, "ties": None}
_HALF: Final = Decimal("0.5")
_FLOAT: Final = Decimal("1e-9")
"""An answer's own totals went through a float, and each of its rows may be rounded in its last digit."""


class ReportTotals:
    """What of a report's rows is added up, and why.

    Args:
        report: With the metrics that are selected.
        schema: The stream's.
        platform: Its platform.
        settings: The tap's.
        days: Whether each bucket's sums are wanted (the stream `sync_days`).
        digests: Whether digests of what each bucket holds are wanted.
    """

    def __init__(
        self,
        report: Report,
        schema: Mapping[str, Any],
        platform: Platform,
        settings: Mapping[str, Any],
        *,
        days: bool,
        digests: bool,
    ) -> None:
        self.report, self.days, self.digests = report, days, digests or days
        self._properties = schema["properties"]
        self._names = report.columns
        self.additive = tuple(
            c
            for m in report.metrics
            if self._properties[c := self._names[m]].get("x-additivity") == "additive"
        )
        self._asks = bool(settings.get("control_totals"))
        self.question: Question | None = None
        if self._asks or platform.brings_totals:
            self.question = question(report, platform, settings)
            if self.question.why_not:
                if self._asks:
                    log.warning("%s: no control totals: %s", report.name, self.question.why_not)
                self.question = None
        self._asker = (
            Asker(platform, settings, self.question) if self._asks and self.question else None
        )
        self._told = False
        self._lock = threading.Lock()

    @property
    def asked(self) -> Report | None:
        """Return what the platform is asked beside each window; None if nothing is."""
        return None if self._asker is None else self._asker.question.report

    def label(self, column: str, currency: object) -> str:
        """Return the name of a column's sum: `clicks`, and of money `spend EUR`; two currencies are two sums.

        Args:
            column: The metric's column.
            currency: The row's; None: it has none.
        """
        schema = self._properties[column]
        if schema.get("x-unit") == "currency":
            currency = schema.get("x-currency") or currency
            return f"{column} {currency}" if currency else column
        return column

    def control(self, job: WindowJob) -> dict[Key, Sums] | None:
        """Ask for the totals of a window; None if they are not wanted or can't be had. Runs in a worker.

        Returns:
            Sums by account, bucket, currency, time zone and constants.

        Raises:
            CredentialsError: The login is refused.
        """
        if self._asker is None:
            return None
        stats = RequestStats()
        try:
            return self._asker.ask(
                replace(job, stats=stats, remembered={}, remember=lambda _name, _parameters: None)
            )
        except (CredentialsError, Interrupted, TargetGone):
            raise
        except RequestError as error:
            with self._lock:  # windows are asked for side by side
                level = logging.INFO if self._told else logging.WARNING
                self._told = True
            log.log(level, "%s: no control totals: %s", self.report.name, error)
            return None
        finally:
            job.stats.requests += stats.requests
            job.stats.retries += stats.retries

    def window(
        self, fetched: Fetched, control: dict[Key, Sums] | None, accounts: int
    ) -> "WindowTotals | None":
        """Return an account of a window's rows; None where nobody wants one."""
        asked, free = self.question, None
        if asked is not None and control is None and fetched.totals:
            free = {self._names[m]: v for m, v in fetched.totals.items() if m in self._names}
        noisy: tuple[str, ...] = ()
        if asked is not None and control is not None:
            keys, noisy = asked.keys, asked.noisy
        elif self.digests:
            keys = (ACCOUNT, self.report.grain.value, CURRENCY)
        elif (
            free is not None
        ):  # the platform's own totals are of all rows: nothing tells them apart
            keys = (CURRENCY,) if accounts == 1 else ()
        else:
            return None
        columns = self.additive if self.days else ()
        if asked is not None and (control is not None or free is not None):
            columns = tuple(dict.fromkeys([*columns, *asked.columns]))
        rows = RowTotals(columns, keys, digests=self.digests, sizes=noisy)
        return WindowTotals(self, rows, keys, control, free)


@dataclass
class WindowTotals:
    """What a window's rows add up to.

    Args:
        of: The report.
        rows: Takes the rows in.
        keys: The columns that tell sums apart.
        control: The platform's totals, asked for.
        free: The platform's totals of all rows, by column, that came with the answer.
        messages: What does not tie out, a line each; there once `check` was called.
    """

    of: ReportTotals
    rows: RowTotals
    keys: Sequence[str]
    control: Mapping[Key, Sums] | None
    free: Mapping[str, Decimal] | None
    messages: list[str] = field(default_factory=list)
    _ties: dict[str, bool] | bool | None = None

    def add(self, block: Block) -> None:
        """Take written rows in."""
        self.rows.add(block)

    def check(self) -> None:
        """Hold the rows that were written against the platform's totals."""
        asked = self.of.question
        if asked is None:
            return
        if self.control is not None:
            self._ties = {}
            for found in mismatches(self.rows.found, self.control, asked):
                self._ties[str(found.key[0])] = False
                account, bucket, currency = found.key[:3]
                label = self.of.label(found.column, currency)
                self.messages.append(
                    f"{account} {bucket}: {label}: the rows add up to {spell(found.rows) or 'nothing'}, the "
                    f"platform's total is {spell(found.platform) or 'nothing'}"
                )
        elif self.free is not None:
            self._check_free(self.free, asked)

    def _check_free(self, free: Mapping[str, Decimal], asked: Question) -> None:
        whole = self.rows.rolled_up(()).get((), Sums({}))
        compared = [c for c in asked.columns if c in free]
        for column in compared:
            own, total = whole.totals.get(column) or ZERO, free[column]
            if abs(own - total) > _room(own, total, whole.rows):
                self.messages.append(
                    f"{column}: the rows add up to {spell(own)}, the answer's own total is {spell(total)}"
                )
        self._ties = not self.messages if compared else None

    def ledger(self, account: str, *, alone: bool) -> dict[str, Any]:
        """Return the ledger's columns about totals."""
        if self._ties is None:
            return dict(NOT_ASKED)
        if self.control is None:
            assert self.free is not None  # noqa: S101 - one of both
            known = set(self.rows.found) if self.keys else set()
            currency = next(iter(known))[0] if len(known) == 1 else None
            totals = {self.of.label(c, currency): spell(v) for c, v in self.free.items()}
            # Of several accounts in one request the service tells one total: whose it is nobody knows.
            return {"control": totals if alone else None, "ties": self._ties}
        own = {k: s for k, s in self.control.items() if k[0] == account}
        assert isinstance(self._ties, dict)  # noqa: S101 - as asked for
        return {"control": _spelt(self._labelled(own)), "ties": self._ties.get(account, True)}

    def _labelled(self, cells: Mapping[Key, Sums]) -> dict[str, Decimal | None]:
        made: dict[str, Decimal | None] = {}
        at = self.keys.index(CURRENCY)
        for key, sums in cells.items():
            for column, value in sums.totals.items():
                label = self.of.label(column, key[at])
                made[label] = add(made.get(label), value)
        return made

    # -- by bucket ---------------------------------------------------------------------------

    def days(
        self,
        partitions: Sequence[Partition],
        window: Interval,
        zone: Zone,
        *,
        over: datetime,
        settle_days: float,
        synced_at: str,
    ) -> Iterator[dict[str, Any]]:
        """Return the rows of `sync_days`: one for each account and bucket, also where there is no row.

        Args:
            partitions: Whose rows the window holds.
            window: What was read, naive, in the report's zone.
            zone: The report's time zone.
            over: The moment up to which buckets were over when it was read.
            settle_days: Days after a bucket's end until it is final.
            synced_at: When it was read.
        """
        if not self.of.days:
            return
        grain = self.of.report.grain
        cells: dict[tuple[str, str], dict[Key, Sums]] = {}
        for key, sums in self.rows.found.items():
            cells.setdefault((key[0], key[1]), {})[key] = sums
        for partition in partitions:
            for moment, text in buckets(window, grain, zone):
                there = cells.get((partition.text, text), {})
                yield {
                    "stream": self.of.report.name,
                    "account": partition.text,
                    "bucket": ledger_moment(moment, grain, zone),
                    "synced_at": synced_at,
                    "age_days": max(0, (over - grain.after(moment)) // ONE_DAY),
                    "data_state": data_state(
                        moment, grain=grain, zone=zone, now=over, days=settle_days
                    ).value,
                    "row_count": sum(s.rows for s in there.values()),
                    "totals": self._totals(there),
                    "digest": f"{_digest(there.values()):0{DIGEST_BITS // 4}x}",
                }

    def _totals(self, cells: Mapping[Key, Sums]) -> dict[str, str | None]:
        columns = self.of.additive
        if not cells:  # no row: nothing was counted, and there is no currency to name
            return {self.of.label(c, None): "0" for c in columns}
        chosen = {
            k: replace(s, totals={c: s.totals.get(c) for c in columns}) for k, s in cells.items()
        }
        return _spelt(self._labelled(chosen))

    def digested(self) -> dict[tuple[str, str], int]:
        """Return the digest of each account's bucket that has rows.

        Returns:
            Digests by account (JSON text) and bucket (as rows spell it).
        """
        made: dict[tuple[str, str], int] = {}
        for key, sums in self.rows.found.items():
            place = (str(key[0]), str(key[1]))
            made[place] = (made.get(place, 0) + sums.digest) % (1 << DIGEST_BITS)
        return made


def _digest(cells: Iterable[Sums]) -> int:
    return sum((s.digest for s in cells), 0) % (1 << DIGEST_BITS)


def _spelt(totals: Mapping[str, Decimal | None]) -> dict[str, str | None]:
    return {name: spell(value) for name, value in sorted(totals.items())}


def _room(own: Decimal, total: Decimal, rows: int) -> Decimal:
    """Return how far rows may lie from a total that the same answer brings."""
    digits = max(-int(own.as_tuple().exponent), 0)
    if not digits:
        return ZERO
    return rows * _HALF.scaleb(-digits) + abs(total) * _FLOAT


def buckets(window: Interval, grain: Grain, zone: Zone) -> Iterator[tuple[datetime, str]]:
    """Return the buckets of a window: naive starts, and how rows spell them.

    Of an hour that a clock change repeats both, of one that it skips none.
    """
    moment, told = grain.floor(window.start), set()
    while moment < window.end:
        if grain.is_date:
            yield moment, moment.date().isoformat()
        else:
            for one in (moment, moment.replace(fold=1)):
                text = zone.instant(one).strftime("%Y-%m-%dT%H:%M:%SZ")
                if text not in told:
                    told.add(text)
                    yield one, text
        moment = grain.after(moment)
