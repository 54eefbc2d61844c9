"""What a warehouse holds, for the page of `adtap report`: from the ledgers, `sync_days` and the reports' rows."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from adtap_cli import report_days
from adtap_cli.chart import Bar
from adtap_cli.closing import closing_hours
from adtap_cli.commands import account_text
from adtap_cli.demo_choice import CHOICES
from adtap_cli.page import Turnover
from adtap_cli.performance import MONEY, PERFORMANCE, Serves
from adtap_cli.report_days import STATES, Day
from adtap_cli.taps import guessed, installed
from adtap_cli.warehouse import Warehouse, by_day, ledgers, readings
from adtap_core.rows.schemas import DAYS, LEDGER_SCHEMA
from adtap_core.sync.restatements import MovedAfter, Readings, Restatement
from adtap_core.tap import AdTap


@dataclass(frozen=True, kw_only=True)
class Line:
    """A report of an account: its days, and what they cost to read.

    Args:
        platform: As people write it.
        schema: Where its tables are.
        stream: The report.
        account: As a reader is told.
        days: How good each is.
        last_due: The last day that the platform has whole.
        closing_hours: Hours after a day's end until it has.
        last_read: When a window was last read, in UTC.
    """

    platform: str
    schema: str
    stream: str
    account: str
    days: Mapping[date, Day]
    last_due: date
    closing_hours: float
    last_read: datetime

    @property
    def last_whole(self) -> date | None:
        """Return the last day that was read whole; None if there is none."""
        return max((day for day, one in self.days.items() if one.state in STATES[2:]), default=None)

    @property
    def is_late(self) -> bool:
        """Check whether a day that the platform has whole was not read."""
        return self.last_whole is None or self.last_whole < self.last_due


@dataclass(kw_only=True)
class Cost:
    """What reading a report took, over all accounts and windows of the ledger."""

    platform: str
    stream: str
    counts: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, kw_only=True)
class Untied:
    """A window whose rows did not add up to the platform's totals when they were written."""

    platform: str
    stream: str
    account: str
    first: str
    end: str
    control: str
    synced_at: datetime


@dataclass(kw_only=True)
class Facts:
    """All that the page says.

    Args:
        place: The warehouse, without a password.
        now: The present, in UTC.
        since: The first day that is shown.
    """

    place: str
    now: datetime
    since: date
    platforms: list[str] = field(default_factory=list)
    turnovers: list[Turnover] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    compared: int = 0
    untied: list[Untied] = field(default_factory=list)
    has_readings: bool = False
    restatements: list[tuple[str, Restatement]] = field(default_factory=list)
    shares: list[tuple[str, MovedAfter]] = field(default_factory=list)


def facts(
    warehouse: Warehouse, schema: str | None, *, now: datetime, days: int | None = None
) -> Facts:
    """Return what a warehouse holds.

    Args:
        warehouse: Open.
        schema: Only this one; all that have a ledger otherwise.
        now: The present, aware.
        days: How many days are shown, up to the last one in the warehouse.

    Raises:
        SettingsError: There is no ledger.
    """
    found = ledgers(warehouse, schema, LEDGER_SCHEMA["properties"])
    moment = now.astimezone(UTC).replace(tzinfo=None)
    ends = [row["window_end"] for rows in found.values() for row in rows]
    last = max((min(max(ends), moment) if ends else moment).date(), date.min)
    made = Facts(
        place=warehouse.place,
        now=now,
        since=date.min if days is None else last - timedelta(days=days),
    )
    for name, rows in found.items():
        _of_schema(made, warehouse, name, rows)
    made.restatements.sort(key=lambda one: (one[1].at.synced_at, one[1].bucket), reverse=True)
    return made


def _of_schema(
    made: Facts, warehouse: Warehouse, schema: str, ledger: list[dict[str, Any]]
) -> None:
    kind = _tap(schema, {str(row["stream"]) for row in ledger})
    platform = _platform(kind, schema)
    made.platforms.append(platform)
    has_days = DAYS in warehouse.columns(schema)
    made.has_readings |= has_days
    history = Readings(readings(warehouse, schema) if has_days else ())
    moved = list(history.restatements())
    made.restatements += [(platform, one) for one in moved if one.bucket.date() >= made.since]
    made.shares += [(platform, one) for one in history.moved_after()]
    restated = history.restated()
    states = history.states()
    hours = {} if kind is None else {r.name: closing_hours(kind, r) for r in kind.reports}
    for (stream, account), rows in _grouped(ledger).items():
        closing = hours.get(stream, max(hours.values(), default=0.0))
        due = report_days.last_due(made.now.astimezone(UTC).replace(tzinfo=None), closing)
        buckets = {d: found for (s, a, d), found in states.items() if (s, a) == (stream, account)}
        each = report_days.days(
            [report_days.reading(row) for row in rows], buckets, since=made.since, due=due
        )
        made.lines.append(
            Line(
                platform=platform,
                schema=schema,
                stream=stream,
                account=account_text(json.loads(account)),
                days={
                    day: replace(one, restated=(stream, account, day) in restated)
                    for day, one in each
                },
                last_due=due,
                closing_hours=closing,
                last_read=max(row["synced_at"] for row in rows),
            )
        )
    made.costs += _costs(platform, ledger)
    made.compared += sum(row["ties"] is not None for row in ledger)
    made.untied += _untied(platform, ledger)
    if kind is not None:
        made.turnovers += _turnovers(warehouse, schema, kind, history, made.since)


def _tap(schema: str, streams: set[str]) -> type[AdTap] | None:
    """Return the installed tap that a schema is of: by its name, else by the streams of its ledger."""
    named = (kind for kind in installed() if schema == kind.name.replace("-", "_"))
    return next(named, None) or guessed(streams)


def _platform(kind: type[AdTap] | None, schema: str) -> str:
    names = {choice.tap: choice.platform for choice in CHOICES}
    if kind is None:
        return schema
    name = names.get(kind.name, kind.name.removeprefix("tap-"))
    return name if schema == kind.name.replace("-", "_") else f"{name} ({schema})"


def _grouped(ledger: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in ledger:
        found.setdefault((str(row["stream"]), str(row["account"])), []).append(row)
    return dict(sorted(found.items()))


def _costs(platform: str, ledger: list[dict[str, Any]]) -> Iterator[Cost]:
    found: dict[str, Cost] = {}
    for row in ledger:
        stream = str(row["stream"])
        cost = found.setdefault(stream, Cost(platform=platform, stream=stream))
        cost.counts["windows"] += 1
        for name in ("row_count", "requests", "retries", "splits"):
            cost.counts[name] += int(row[name] or 0)
        if row["warnings"]:
            cost.warnings[str(row["warnings"])] += 1
    yield from (found[name] for name in sorted(found))


def _untied(platform: str, ledger: list[dict[str, Any]]) -> Iterator[Untied]:
    for row in sorted(ledger, key=lambda row: row["synced_at"], reverse=True):
        if row["ties"] is not False:
            continue
        control = row["control"]
        yield Untied(
            platform=platform,
            stream=str(row["stream"]),
            account=account_text(json.loads(row["account"])),
            first=f"{row['window_start']:%Y-%m-%d}",
            end=f"{row['window_end']:%Y-%m-%d}",
            control=control if isinstance(control, str) else json.dumps(control) if control else "",
            synced_at=row["synced_at"],
        )


def _turnovers(
    warehouse: Warehouse, schema: str, kind: type[AdTap], history: Readings, since: date
) -> Iterator[Turnover]:
    tables = warehouse.columns(schema)
    for entry in PERFORMANCE:
        table = tables.get(entry.report, {})
        if entry.tap != kind.name or Serves.DAILY not in entry.serves or "day" not in table:
            continue
        for measure in MONEY:
            column = entry.columns.get(measure)
            if column is None or column not in table:
                continue
            first = history.first_found(entry.report, column)
            series: dict[str, list[Bar]] = {}
            for day, currency, rank, amount in by_day(
                warehouse, schema, entry.report, column, since
            ):
                if amount is None:
                    continue
                place = (currency or "", datetime.combine(day, datetime.min.time()))
                series.setdefault(currency or "unknown", []).append(
                    Bar(day=day, now=amount, before=first.get(place), state=STATES[rank + 1])
                )
            for currency, days in sorted(series.items()):
                yield Turnover(
                    platform=_platform(kind, schema),
                    role=entry.role,
                    label=entry.labels.get(measure, column),
                    column=f"{entry.report}.{column}",
                    currency=currency,
                    days=tuple(days),
                )
