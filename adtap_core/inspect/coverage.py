"""What was read by now, of each stream and account: from a state, or from the ledger in a warehouse."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adtap_core.state.bookmarks import unfinished_of
from adtap_core.state.compaction import expanded
from adtap_core.state.fingerprints import as_mapping
from adtap_core.windows import Interval, join, subtract


@dataclass(frozen=True)
class Read:
    """One window as the ledger has it.

    Args:
        window: What was read.
        synced_at: When.
        data_state: `partial`, `provisional` or `settled`: of its latest bucket.
        rows: How many rows came.
        requests: What it cost.
    """

    window: Interval
    synced_at: datetime
    data_state: str
    rows: int
    requests: int


@dataclass
class Coverage:
    """What was read of one account of a stream.

    Args:
        stream: The stream.
        account: The partition's key; empty for the login as a whole, and for entities.
        place: Where it was found: the state, or a schema of the warehouse.
        covered: What was read at least once.
        bookmark: Where the next run begins, before its lookback.
        settled_until: Up to which nothing changes any more; None if nobody can tell.
        last_run: When a window was last read; None if nobody can tell.
        unfinished: When a run began that broke off.
        reread: What the next run reads again: it was younger than the lookback when it was read.
        filled_from: From when on ordinary runs fill each metric that a report got later than its first rows.
        filled_in: From when on such a metric is filled in a warehouse, where one was looked at.
        entity: Whether it is an entity: it has a bookmark and no windows.
        rows: Rows of the ledger's windows.
        requests: Requests of the ledger's windows.
    """

    stream: str
    account: Mapping[str, Any]
    place: str
    covered: list[Interval] = field(default_factory=list)
    bookmark: datetime | None = None
    settled_until: datetime | None = None
    last_run: datetime | None = None
    unfinished: datetime | None = None
    reread: list[Interval] = field(default_factory=list)
    filled_from: dict[str, str] = field(default_factory=dict)
    filled_in: dict[str, str] = field(default_factory=dict)
    entity: bool = False
    rows: int | None = None
    requests: int | None = None

    @property
    def gaps(self) -> list[Interval]:
        """Return what lies between the first and the last bucket read, and was never read."""
        if not self.covered:
            return []
        return subtract([Interval(self.covered[0].start, self.covered[-1].end)], self.covered)

    def document(self) -> dict[str, Any]:
        """Return it for JSON.

        Returns:
            `stream`, `account`, `place`, `kind`, `bookmark`; of a report the stretches read, its gaps and what is read
            again besides, moments in the report's zone.
        """
        made: dict[str, Any] = {
            "stream": self.stream,
            "account": dict(self.account),
            "place": self.place,
            "kind": "entity" if self.entity else "report",
            "bookmark": spell(self.bookmark),
        }
        if self.entity:
            return made
        return made | {
            "from": spell(self.covered[0].start) if self.covered else None,
            "to": spell(self.covered[-1].end) if self.covered else None,
            "settled_until": spell(self.settled_until),
            "last_run": None
            if self.last_run is None
            else self.last_run.isoformat(timespec="seconds"),
            "unfinished_since": spell(self.unfinished),
            "read_again": [[spell(i.start), spell(i.end)] for i in self.reread],
            "filled_from": self.filled_from,
            "filled_in_warehouse": self.filled_in,
            "gaps": [[spell(g.start), spell(g.end)] for g in self.gaps],
            "rows": self.rows,
            "requests": self.requests,
        }


def spell(moment: datetime | None) -> str | None:
    """Return a window's border as text: a date where it is midnight."""
    if moment is None:
        return None
    whole = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return moment.date().isoformat() if whole else moment.isoformat(timespec="minutes")


# -- from a state ----------------------------------------------------------------------------


def from_state(state: Mapping[str, Any], settle_days: Mapping[str, int]) -> list[Coverage]:
    """Return what a state says.

    Args:
        state: The Singer state.
        settle_days: Days after a bucket's end until it is final, by report; a stream that is not in it
            has no moment up to which it is settled.

    Raises:
        ValueError: If the state holds something that is no date.
    """
    found: list[Coverage] = []
    for name, mark in sorted((expanded(state).get("bookmarks") or {}).items()):
        own = [{**mark, "context": {}}] if "replication_key_value" in mark else []
        entries = (*own, *(mark.get("partitions") or []))
        found += [_from_entry(name, entry, mark, settle_days) for entry in entries]
    return found


def _from_entry(
    name: str, entry: Mapping[str, Any], mark: Mapping[str, Any], settle_days: Mapping[str, int]
) -> Coverage:
    value = entry.get("replication_key_value")
    metrics = as_mapping((mark.get("report") or {}).get("metrics")) or {}
    made = Coverage(
        name,
        entry.get("context") or {},
        "state",
        bookmark=None if value is None else moment(value),
        entity="covered" not in entry and "report" not in mark and name not in settle_days,
        covered=_stretches(entry, "covered"),
        reread=_stretches(entry, "reread"),
        filled_from={metric: str(day) for metric, day in metrics.items() if day is not None},
    )
    if begun := unfinished_of(entry).get("begun"):
        made.unfinished = moment(begun)
    if made.covered and entry.get("settled") is not None:
        # Exactly the buckets whose rows say so: what was read last when it was final.
        first = made.covered[0].start
        settled = [i for i in _stretches(entry, "settled") if i.start <= first < i.end]
        made.settled_until = settled[0].end if settled else first
    elif name in settle_days and made.bookmark is not None and made.covered:
        final = made.bookmark - timedelta(days=settle_days[name])  # a state of 0.1 says no more
        made.settled_until = max(final, made.covered[0].start)
    return made


def _stretches(entry: Mapping[str, Any], name: str) -> list[Interval]:
    return join(Interval(moment(a), moment(b)) for a, b, *_ in entry.get(name) or [])


def moment(value: object) -> datetime:
    """Return a moment as state and ledger write it: naive, in UTC if it has a zone."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


# -- from a ledger ---------------------------------------------------------------------------


def from_ledger(rows: Iterable[Mapping[str, Any]], place: str) -> list[Coverage]:
    """Return what a ledger says.

    Args:
        rows: Of the table `sync_windows`, as a warehouse gives them.
        place: Its schema.
    """
    return [
        _from_reads(stream, json.loads(account), place, reads)
        for stream, accounts in sorted(reads_of(rows).items())
        for account, reads in sorted(accounts.items())
    ]


LEDGER_COLUMNS: Final = (
    "stream", "account", "window_start", "window_end", "synced_at", "row_count", "requests", "data_state",
)  # fmt: skip
"""Columns of the ledger that `reads_of` looks at."""


def reads_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, list[Read]]]:
    """Return what a ledger says of each stream and account (as JSON text).

    Args:
        rows: Of the table `sync_windows`, as a warehouse gives them; `LEDGER_COLUMNS` of it.

    Returns:
        Readings by stream, then by account.
    """
    streams: dict[str, dict[str, list[Read]]] = {}
    for row in rows:
        read = Read(
            Interval(moment(row["window_start"]), moment(row["window_end"])),
            moment(row["synced_at"]).replace(tzinfo=UTC),
            str(row["data_state"]),
            int(row["row_count"] or 0),
            int(row["requests"] or 0),
        )
        accounts = streams.setdefault(str(row["stream"]), {})
        accounts.setdefault(str(row["account"]), []).append(read)
    return streams


def _from_reads(
    stream: str, account: Mapping[str, Any], place: str, reads: Sequence[Read]
) -> Coverage:
    whole = join(r.window for r in reads if r.data_state != "partial")
    made = Coverage(
        stream,
        account,
        place,
        covered=whole,
        last_run=max(r.synced_at for r in reads),
        bookmark=whole[-1].end if whole else None,
        rows=sum(r.rows for r in reads),
        requests=sum(r.requests for r in reads),
    )
    # The latest reading of a bucket says what it is; from the first one on that may change, all may.
    changing: list[Interval] = []
    for read in sorted(reads, key=lambda r: r.synced_at):
        if read.data_state == "settled":
            changing = subtract(changing, [read.window])
        else:
            changing = join([*changing, read.window])
    if whole:
        made.settled_until = min(changing[0].start, whole[-1].end) if changing else whole[-1].end
    return made
