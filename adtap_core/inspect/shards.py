"""A load in shards: by account, each an ordinary run with its own state, for an orchestrator to start.

    Shards ─ Shard ─ Run     a shard holds one run, or several that go one after the other

A shard's name, its state id and its share of the platform depend on its own accounts and the settings alone,
never on which other accounts there are: a new account changes no other shard.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from adtap_core.windows import Grain

SHARE_DIGITS: Final = 6
"""A share is rounded down to so many: shares never add up to more than the whole."""


# -- arithmetic ------------------------------------------------------------------------------


def place(account: str, count: int) -> int:
    """Return which of so many groups an account belongs to, whatever other accounts there are.

    By the highest digest (rendezvous hashing): another group takes its members from all others alike, and no
    account moves between two groups that were there before.

    Args:
        account: Its part's name.
        count: How many groups there are, at least 1.
    """
    return max(range(count), key=lambda n: hashlib.blake2b(f"{n}/{account}".encode()).digest())


def share_of(processes: int) -> float:
    """Return the share of each of so many processes, rounded down."""
    whole = 10**SHARE_DIGITS
    return (whole // processes) / whole


def stretches(start: date, end: date, grain: Grain) -> list[tuple[date, date]]:
    """Return a backfill in pieces that end where calendar days, weeks (Monday) or months do.

    Args:
        start: First day.
        end: Exclusive.
        grain: `day`, `week` or `month`.

    Returns:
        First day and end (exclusive) of each piece, in order.
    """
    made = []
    while start < end:
        if grain is Grain.MONTH:
            after = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        else:
            after = start + timedelta(days=1 if grain is Grain.DAY else 7 - start.weekday())
        made.append((start, min(after, end)))
        start = after
    return made


# -- what an orchestrator gets ---------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the tap.

    Args:
        accounts: Keys of the accounts whose rows are read; empty for what belongs to none.
        state_id_suffix: Keeps its state apart from that of other runs.
        environment: Variables on top of those of the whole.
        requests: The fewest requests that it makes, those for metadata left out.
    """

    accounts: Sequence[Mapping[str, str]]
    state_id_suffix: str
    environment: Mapping[str, str]
    requests: int

    def document(self) -> dict[str, Any]:
        """Return the run for JSON."""
        return {
            "accounts": [dict(a) for a in self.accounts],
            "state_id_suffix": self.state_id_suffix,
            "environment": dict(self.environment),
            "expected_requests": self.requests,
        }


@dataclass(frozen=True, kw_only=True)
class Shard:
    """What one task of an orchestrator does.

    Args:
        name: Its own among all shards of the tap.
        runs: In order, one after the other.
        window: The stretch of a backfill, its end exclusive; None for a run that goes on from state.
    """

    name: str
    runs: Sequence[Run]
    window: tuple[date, date] | None = None

    def document(self) -> dict[str, Any]:
        """Return the shard for JSON."""
        window = self.window
        return {
            "name": self.name,
            "window": window and {"from": window[0].isoformat(), "to": window[1].isoformat()},
            "expected_requests": sum(r.requests for r in self.runs),
            "runs": [r.document() for r in self.runs],
        }


@dataclass
class Shards:
    """A whole load.

    Args:
        tap: Its name.
        at_once: How many shards may run at once.
        per_second: The platform's own limit of requests a second; None if it publishes none.
        concurrency: Most requests in flight at once, over all shards.
        environment: Variables that all runs share, without a secret.
        elsewhere: Names of variables that hold secrets: to be set where the runs are started.
        account_key: The key that tells accounts apart; None where the login is read as one.
        rest: What belongs to no account (entities, reports of a whole login), once.
        shards: One an account, or a group of accounts.
        one_process: The fewest requests of one process that reads everything, metadata left out.
        streams: What the shards read, the ledger left out.
        remarks: What is to be known of this load.
    """

    tap: str
    at_once: int
    per_second: float | None
    concurrency: int
    environment: Mapping[str, str]
    elsewhere: Sequence[str]
    account_key: str | None = None
    rest: list[Shard] = field(default_factory=list)
    shards: list[Shard] = field(default_factory=list)
    one_process: int = 0
    streams: Sequence[str] = ()
    remarks: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return the load for JSON.

        Returns:
            What `docs/companion.md` says: what holds for all, then `rest` and `shards`, lists of shards.
        """
        sharded = sum(r.requests for s in (*self.rest, *self.shards) for r in s.runs)
        return {
            "tap": self.tap,
            "account_key": self.account_key,
            "pool": {
                "name": f"adtaps_{self.tap.replace('-', '_')}",
                "slots": self.at_once,
                "requests_per_second": self.per_second,
                "requests_at_once": self.concurrency,
            },
            "rate_share": share_of(self.at_once),
            "environment": dict(sorted(self.environment.items())),
            "set_elsewhere": list(self.elsewhere),
            "expected_requests": {"sharded": sharded, "one_process": self.one_process},
            "streams": list(self.streams),
            "rest": [s.document() for s in self.rest],
            "shards": [s.document() for s in self.shards],
            "remarks": self.remarks,
        }
