"""A lookback that learns: of the days that a platform may still restate, those are read again that were seen to move.

State keeps, for each report, a digest of what each day held when it was read last, all accounts together, and for
each age in days how the last 30 readings of that age turned out. From it follow the ages at which a day is read
again:

- at each age at which days were seen to move (with a day's margin on both sides), as long as that is less than
  `MOST` of what a fixed lookback reads: first the ages that moved most often, of these the youngest;
- never more than a week after its last reading, whether days of its age ever moved or not: a change that nobody
  expects waits no longer than that;
- at the end of its lookback, as with a fixed one: that reading settles it.

Until `FEWEST_RUNS` runs were seen, of several a day one, all is read again. A changed report, account list, time zone or lookback begins
anew. Nothing is forgotten by not being read: the bookmark's own account of young days (`reread`) keeps each of them
until it was read at the end of its lookback.
"""

import base64
import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from adtap_core.sync.window_totals import buckets
from adtap_core.windows import ONE_DAY, Grain, Interval, Zone, join

FEWEST_RUNS: Final = 14
"""Runs that read the whole lookback before any day is left out."""
WEEK: Final = 7
"""Days after which a day is read again whatever is expected of it."""
MOST: Final = 0.29
"""Of a fixed lookback's readings at most this share, where a week allows it."""
READINGS: Final = 30
"""Readings of an age that count."""
LONGEST: Final = 120
"""Ages that are learned; a day that is older is read again once a week. Keeps the state of a report below 2 kB."""
_MARGIN: Final = 1
_DIGEST_BYTES: Final = 5
_UNIT_BYTES: Final = _DIGEST_BYTES + 1
_AGE_BYTES: Final = 4
_UNKNOWN: Final = 255
_HISTORY: Final = (1 << READINGS) - 1


@dataclass
class Seen:
    """What was read of a day last.

    Args:
        digest: Of all accounts' rows of it.
        age: How old it was then, in days.
    """

    digest: int
    age: int


@dataclass
class Learned:
    """What earlier runs saw days of a report move, and what this run sees.

    Args:
        meaning: A digest of what all this is about: report, accounts, zone, lookback.
        lookback_days: Of the report.
        grain: Its bucket.
        zone: Its time zone.
        over: The moment up to which buckets are over now, naive, in the zone.
        accounts: All of them: a day counts only if it was read of each.
        runs: How many runs were seen.
        last: `over` of the last one.
        days: What was read last of each day.
        ages: For each age, from 0 on, a bit for each of its last readings (1: it had moved), behind a leading 1.
    """

    meaning: str
    lookback_days: int
    grain: Grain
    zone: Zone
    over: datetime
    accounts: frozenset[str]
    runs: int = 0
    last: datetime | None = None
    days: dict[datetime, Seen] = field(default_factory=dict)
    ages: list[int] = field(default_factory=list)
    _read: dict[str, list[Interval]] = field(default_factory=dict)
    _digests: dict[datetime, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        kept: object,
        meaning: Sequence[Any],
        *,
        accounts: Iterable[str],
        lookback_days: int,
        grain: Grain,
        zone: Zone,
        over: datetime,
    ) -> "Learned":
        """Return what state keeps; nothing if it is about something else, or can't be read.

        Args:
            kept: Of the state.
            meaning: What the report's rows are: a change begins anew.
            accounts: The report's accounts, as JSON text.
            lookback_days: Days before the bookmark that a fixed lookback reads again.
            grain: The report's bucket.
            zone: Its time zone.
            over: The moment up to which buckets are over now.
        """
        all_accounts = frozenset(accounts)
        text = json.dumps(
            [*meaning, sorted(all_accounts), lookback_days, zone.name], sort_keys=True, default=str
        )
        digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        made = cls(digest, lookback_days, grain, zone, over, all_accounts)
        if isinstance(kept, Mapping) and kept.get("of") == digest:
            # What is damaged is learned anew, which loses nothing but time.
            with contextlib.suppress(ValueError, TypeError, KeyError):
                made._take(kept)
        return made

    @property
    def _unit(self) -> Grain:
        """What is learned of: of hours, their days."""
        return Grain.DAY if self.grain is Grain.HOUR else self.grain

    # -- what to read ------------------------------------------------------------------------

    @property
    def is_learning(self) -> bool:
        """Check whether too little was seen yet: then all is read again."""
        return self.runs < FEWEST_RUNS

    def moving(self) -> list[int]:
        """Return the ages at which days were seen to move, margin included: the most often first, then the youngest."""
        often: dict[int, float] = {}
        for age, history in enumerate(self.ages):
            count = history.bit_length() - 1
            moved = (history & ((1 << max(count, 0)) - 1)).bit_count()
            for near in range(age - _MARGIN, age + _MARGIN + 1) if moved else ():
                if 0 < near <= self.lookback_days:
                    often[near] = max(often.get(near, 0.0), moved / count)
        return sorted(often, key=lambda age: (-often[age], age))

    def due_ages(self) -> tuple[int, ...]:
        """Return the ages at which a day is read again; all of the lookback while too little was seen.

        Returns:
            Days from a bucket's end, youngest first.
        """
        last = self.lookback_days
        if self.is_learning:
            return tuple(range(1, last + 1))
        chosen: set[int] = set()
        due = _filled(chosen, last)
        for age in self.moving():
            wider = _filled({*chosen, age}, last)
            if len(wider) <= MOST * last:
                chosen.add(age)
                due = wider
        return due

    def later(self, young: Sequence[tuple[Interval, datetime]], over: datetime) -> list[Interval]:
        """Return which of the young stretches need not be read again in this run.

        Args:
            young: Stretches that may have been restated since they were read, with up to where buckets were over
                then.
            over: Up to where they are over now.
        """
        if self.is_learning:
            return []
        due = self.due_ages()
        # The next run is expected after as long as the last one ago: waiting for it must not pass a week.
        gap = 1 if self.last is None else max(1, (over - self.last + ONE_DAY / 2) // ONE_DAY)
        waiting = [
            day
            for stretch, read in young
            for day in self._days_of(stretch)
            if not self._is_due(day, read, over, due, gap)
        ]
        return join(waiting)

    def _is_due(
        self, day: Interval, read: datetime, over: datetime, due: Sequence[int], gap: int
    ) -> bool:
        before, age = ((moment - day.end) // ONE_DAY for moment in (read, over))
        if before < 0:  # it was not over yet
            return True
        return any(before < d <= age for d in due) or age - before + gap > WEEK

    def _days_of(self, stretch: Interval) -> Iterator[Interval]:
        """Return the whole days in a stretch; of weeks and months, the whole buckets."""
        unit = self._unit
        day = unit.ceil(stretch.start)
        while (end := unit.after(day)) <= stretch.end:
            yield Interval(day, end)
            day = end

    # -- what was read -----------------------------------------------------------------------

    def note(
        self, accounts: Iterable[str], window: Interval, digests: Mapping[tuple[str, str], int]
    ) -> None:
        """Note what a window held that was read whole.

        Args:
            accounts: Whose window it is, as JSON text.
            window: Naive, in the report's zone.
            digests: Of what each account's bucket holds; where there is none it holds nothing.
        """
        for account in accounts:
            self._read.setdefault(account, []).append(window)
            for moment, text in buckets(window, self.grain, self.zone):
                day = self._unit.floor(moment)
                self._digests[day] = self._digests.get(day, 0) + digests.get((account, text), 0)

    def ended(self) -> dict[str, Any]:
        """Return what state keeps once the run is over: only days that were read of every account are learned."""
        if frozenset(self._read) == self.accounts:
            for day in self._whole_days():
                self._learn(day)
            # Of the runs of a day one counts: the others see each day at the same age.
            self.runs += self.last is None or self.last.date() < self.over.date()
            self.last = self.over
        return self._spelt()

    def _whole_days(self) -> Iterator[Interval]:
        """Return the days that every account was read for, from their beginning to their end."""
        stretches = [join(windows) for windows in self._read.values()]
        first, *others = ({d for s in joined for d in self._days_of(s)} for joined in stretches)
        yield from sorted(first.intersection(*others))

    def _learn(self, day: Interval) -> None:
        age = (self.over - day.end) // ONE_DAY
        if age < 0:
            return
        digest = self._digests.get(day.start, 0) % (1 << 8 * _DIGEST_BYTES)
        before = self.days.get(day.start)
        if before is not None and before.age < age:
            # Since it was read last: nobody knows at which of the ages in between.
            for passed in range(before.age + 1, min(age, LONGEST, self.lookback_days) + 1):
                self.ages += [1] * (passed + 1 - len(self.ages))
                history = self.ages[passed] << 1 | (before.digest != digest)
                if history.bit_length() > READINGS + 1:
                    history = history & _HISTORY | 1 << READINGS
                self.ages[passed] = history
        if before is None or before.age != age:
            # Of several readings at one age the first: what moves between them shows at the next age.
            self.days[day.start] = Seen(digest, age)

    # -- state -------------------------------------------------------------------------------

    def _spelt(self) -> dict[str, Any]:
        """Return it as state keeps it: always the same keys, for states that are merged into older ones."""
        oldest = self.over - timedelta(days=min(self.lookback_days, LONGEST) + WEEK)
        kept = {d: s for d, s in self.days.items() if d >= oldest and s.age < self.lookback_days}
        first, packed = min(kept, default=None), bytearray()
        day = first
        while day is not None and day <= max(kept):
            seen = kept.get(day, Seen(0, _UNKNOWN))
            packed += seen.digest.to_bytes(_DIGEST_BYTES, "big") + bytes([min(seen.age, _UNKNOWN)])
            day = self._unit.after(day)
        ages = b"".join(history.to_bytes(_AGE_BYTES, "big") for history in self.ages)
        return {
            "of": self.meaning,
            "runs": min(self.runs, 1_000_000),
            "last": None if self.last is None else self.last.isoformat(timespec="hours"),
            "first": None if first is None else first.date().isoformat(),
            "days": base64.b64encode(packed).decode(),
            "ages": base64.b64encode(ages).decode(),
        }

    def _take(self, kept: Mapping[str, Any]) -> None:
        runs, ages = int(kept["runs"]), base64.b64decode(kept["ages"], validate=True)
        last, day = (
            None if kept[name] is None else datetime.fromisoformat(kept[name])
            for name in ("last", "first")
        )
        days: dict[datetime, Seen] = {}
        packed = base64.b64decode(kept["days"], validate=True)
        for at in range(0, len(packed), _UNIT_BYTES):
            assert day is not None  # noqa: S101 - there is a first where there are any
            digest, age = packed[at : at + _DIGEST_BYTES], packed[at + _DIGEST_BYTES]
            if age != _UNKNOWN:
                days[day] = Seen(int.from_bytes(digest, "big"), age)
            day = self._unit.after(day)
        self.runs, self.last, self.days = runs, last, days
        self.ages = [
            int.from_bytes(ages[at : at + _AGE_BYTES], "big") or 1
            for at in range(0, len(ages), _AGE_BYTES)
        ]


def _filled(chosen: Iterable[int], last: int) -> tuple[int, ...]:
    """Return some ages, the last one, and what lies between so that none is more than a week after another."""
    made: list[int] = []
    before = 0
    for age in sorted({*chosen, last} - {0}):
        while age - before > WEEK:
            before += WEEK
            made.append(before)
        made.append(age)
        before = age
    return tuple(made)
