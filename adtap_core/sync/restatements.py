"""What each bucket held at each reading, as the stream `sync_days` keeps it: what moved, by how much, how late."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from adtap_core.rows.totals import EXACT, ZERO, as_decimal, spell, subtract

AGES: Final = (1, 3, 7, 14, 30)
"""Ages in days after which money still moves or does not."""
_LAST: Final = 6


@dataclass(frozen=True)
class Held:
    """What a bucket held at one reading.

    Args:
        synced_at: When it was read.
        age_days: How old it was.
        data_state: How final.
        totals: Its sums, by metric and currency.
    """

    synced_at: datetime
    age_days: int
    data_state: str
    totals: Mapping[tuple[str, str], Decimal | None]


@dataclass(frozen=True)
class Restatement:
    """A number of a bucket that was another one when it was read again.

    Args:
        stream: The report.
        account: Whose, as JSON text.
        bucket: Which, as `sync_days` spells it.
        metric: The metric's column.
        currency: Of money; empty otherwise.
        before: What it was; None if there was no number.
        after: What it became.
        at: The reading that saw it.
    """

    stream: str
    account: str
    bucket: datetime
    metric: str
    currency: str
    before: Decimal | None
    after: Decimal | None
    at: Held

    @property
    def moved(self) -> Decimal:
        """Return by how much."""
        return subtract(self.after, self.before)

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "stream": self.stream,
            "account": json.loads(self.account),
            "bucket": self.bucket.isoformat(timespec="seconds"),
            "metric": self.metric,
            "currency": self.currency or None,
            "before": spell(self.before),
            "after": spell(self.after),
            "moved": spell(self.moved),
            "age_days": self.at.age_days,
            "data_state": self.at.data_state,
            "synced_at": self.at.synced_at.isoformat(timespec="seconds"),
        }


@dataclass(frozen=True)
class MovedAfter:
    """How much of a report's money moved after an age.

    Args:
        stream: The report.
        metric: The metric's column.
        currency: Of the money.
        buckets: How many buckets were read more than once.
        shares: By age in days: what moved later, without signs, as a share of what there is now; None where no
            bucket was read both before and after.
    """

    stream: str
    metric: str
    currency: str
    buckets: int
    shares: Mapping[int, Decimal | None]

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "stream": self.stream,
            "metric": self.metric,
            "currency": self.currency,
            "buckets": self.buckets,
            "moved_after_days": {str(age): spell(share) for age, share in self.shares.items()},
        }


class Readings:
    """All readings of all buckets.

    Args:
        rows: Of the table `sync_days`, as a warehouse gives them.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._held: dict[tuple[str, str, datetime], list[Held]] = {}
        for row in rows:
            place = (str(row["stream"]), str(row["account"]), row["bucket"])
            held = Held(
                row["synced_at"],
                int(row["age_days"] or 0),
                str(row["data_state"]),
                _totals(row["totals"]),
            )
            self._held.setdefault(place, []).append(held)
        for readings in self._held.values():
            readings.sort(key=lambda held: held.synced_at)

    def restatements(self) -> Iterator[Restatement]:
        """Return every number that moved, by bucket and reading."""
        for (stream, account, bucket), readings in sorted(self._held.items()):
            labels = _labels(readings)
            for before, after in pairwise(readings):
                for metric, currency in labels:
                    old, new = (_value(h, metric, currency) for h in (before, after))
                    if old is not _NOT_ASKED and new is not _NOT_ASKED and old != new:
                        yield Restatement(
                            stream, account, bucket, metric, currency, old, new, after
                        )

    def first_found(self, stream: str, metric: str) -> dict[tuple[str, datetime], Decimal]:
        """Return what was found at the first reading after a bucket's end, all accounts added, by currency and bucket.

        The metric is one that is additive.
        """
        found: dict[tuple[str, datetime], Decimal] = {}
        for (name, _account, bucket), readings in self._held.items():
            whole = [held for held in readings if held.data_state != "partial"]
            if name != stream or not whole:
                continue
            for (label, currency), number in whole[0].totals.items():
                if label == metric and number is not None:
                    place = (currency, bucket)
                    found[place] = EXACT.add(found.get(place, ZERO), number)
        return found

    def restated(self) -> set[tuple[str, str, date]]:
        """Return stream, account and day of buckets that held other sums at a later reading.

        What a running bucket held says nothing of a restatement.
        """
        return {
            (stream, account, bucket.date())
            for (stream, account, bucket), found in self._held.items()
            for before, after in pairwise(found)
            if before.data_state != "partial" and before.totals != after.totals
        }

    def states(self) -> dict[tuple[str, str, date], list[tuple[datetime, str]]]:
        """Return of each stream, account and day when its buckets were last read, and how final each was then."""
        found: dict[tuple[str, str, date], list[tuple[datetime, str]]] = {}
        for (stream, account, bucket), readings in self._held.items():
            latest = readings[-1]
            place = (stream, account, bucket.date())
            found.setdefault(place, []).append((latest.synced_at, latest.data_state))
        return found

    def moved_after(self) -> list[MovedAfter]:
        """Return how much money moved after each age, by report, metric and currency."""
        groups: dict[tuple[str, str, str], list[Sequence[tuple[int, Decimal]]]] = {}
        for (stream, _account, _bucket), readings in sorted(self._held.items()):
            for metric, currency in _labels(readings):
                if not currency:
                    continue
                curve = [
                    (h.age_days, v or ZERO)
                    for h in readings
                    if (v := _value(h, metric, currency)) is not _NOT_ASKED
                ]
                if len(curve) > 1:
                    groups.setdefault((stream, metric, currency), []).append(curve)
        return [
            MovedAfter(*group, len(curves), {age: _share(curves, age) for age in AGES})
            for group, curves in groups.items()
        ]


_NOT_ASKED: Final[Any] = object()


def _totals(value: object) -> dict[tuple[str, str], Decimal | None]:
    found = json.loads(value) if isinstance(value, str) else value
    if not isinstance(found, Mapping):
        return {}
    made = {}
    for label, number in found.items():
        metric, _, currency = str(label).partition(" ")
        made[metric, currency] = as_decimal(number)
    return made


def _labels(readings: Sequence[Held]) -> list[tuple[str, str]]:
    """Return the metrics and currencies of a bucket; money of a reading without rows names no currency."""
    known = {label for held in readings for label in held.totals}
    money = {metric for metric, currency in known if currency}
    return sorted(label for label in known if label[1] or label[0] not in money)


def _value(held: Held, metric: str, currency: str) -> Any:
    """Return what a bucket held: nothing is 0, null is None, and what was not asked is told apart."""
    if (metric, currency) in held.totals:
        return held.totals[metric, currency]
    return ZERO if any(known == metric for known, _ in held.totals) else _NOT_ASKED


def _share(curves: Sequence[Sequence[tuple[int, Decimal]]], age: int) -> Decimal | None:
    moved = whole = ZERO
    seen = False
    for curve in curves:
        young = [value for known, value in curve if known <= age]
        if not young or curve[-1][0] <= age:
            continue
        seen, last = True, curve[-1][1]
        moved = EXACT.add(moved, abs(EXACT.subtract(last, young[-1])))
        whole = EXACT.add(whole, abs(last))
    if not seen:
        return None
    return round(moved / whole, _LAST) if whole else ZERO
