"""`adtap status --restatements`: what moved after it was read, by how much and how late, as text."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from adtap_cli.commands import account_text, table
from adtap_cli.warehouse import opened, readings, warehouse_error
from adtap_core.inspect.coverage import spell as spell_moment
from adtap_core.rows.schemas import DAYS
from adtap_core.rows.totals import spell
from adtap_core.sync.restatements import AGES, Readings, Restatement

SHOWN: Final = 50
"""Numbers that people are shown; programs get all."""


def read(place: str, schema: str | None) -> Readings:
    """Return all readings in a warehouse: of one schema, or of all that have the table.

    Raises:
        SettingsError: It can't be read, or has no such table.
    """
    with opened(place) as warehouse:
        chosen = warehouse.schemas_with(DAYS) if schema is None else [schema]
        if not chosen:
            raise warehouse_error(
                f" {warehouse.place}: no table {DAYS}; select the stream {DAYS}, it is not selected by default"
            )
        return Readings(row for name in chosen for row in readings(warehouse, name))


def document(found: Readings) -> dict[str, Any]:
    """Return all of it for JSON."""
    return {
        "moved_after": [one.document() for one in found.moved_after()],
        "restatements": [one.document() for one in found.restatements()],
    }


def lines(found: Readings) -> Iterator[str]:
    """Return it as lines for people: the shares first, then the latest numbers that moved."""
    shares = found.moved_after()
    if shares:
        yield "Share of the money that moved after so many days, of buckets that were read before and after"
        yield from table(
            ("report", "metric", "buckets", *(f"{age} d" for age in AGES)),
            [
                (
                    one.stream,
                    f"{one.metric} {one.currency}",
                    one.buckets,
                    *(_percent(one.shares[age]) for age in AGES),
                )
                for one in shares
            ],
        )
        yield ""
    moved = sorted(found.restatements(), key=lambda one: one.at.synced_at, reverse=True)
    if not moved:
        yield "no number has moved between two readings"
        return
    yield f"Numbers that moved between two readings: {len(moved)}, the latest first"
    yield from table(
        ("report", "account", "bucket", "metric", "before", "after", "moved", "age, days", "read"),
        [_row(one) for one in moved[:SHOWN]],
    )
    if len(moved) > SHOWN:
        yield f"and {len(moved) - SHOWN} more (--json lists them)"


def _row(one: Restatement) -> tuple[object, ...]:
    return (
        one.stream,
        account_text(json.loads(one.account)),
        spell_moment(one.bucket),
        f"{one.metric} {one.currency}".strip(),
        spell(one.before) or "(null)",
        spell(one.after) or "(null)",
        spell(one.moved),
        one.at.age_days,
        f"{one.at.synced_at:%Y-%m-%d %H:%M}",
    )


def _percent(share: Decimal | None) -> str:
    return "" if share is None else f"{share * 100:.3f} %"
