"""`adtap reconcile`: is what stands in the warehouse what the platform says now?"""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import click

from adtap_cli.commands import (
    Failed,
    account_text,
    config_option,
    lines_for_errors,
    masked_json,
    open_tap,
    table,
    tap_argument,
    warehouse_option,
)
from adtap_cli.meltano_project import meltano_option
from adtap_cli.warehouse import Warehouse, groups, ledger, opened
from adtap_core.inspect import coverage
from adtap_core.inspect.coverage import Read, reads_of
from adtap_core.inspect.reconcile import Backfill, Difference, Reconciled, reconcile, repairs
from adtap_core.names import did_you_mean
from adtap_core.redact import redact
from adtap_core.rows.totals import spell
from adtap_core.sync.reports import ReportStream
from adtap_core.tap import AdTap

COLUMNS: Final = (
    "report",
    "account",
    "day",
    "hour",
    "currency",
    "time_zone",
    "metric",
    "warehouse",
    "platform",
    "difference",
    "data_state",
    "read_at",
    "remark",
)
"""Of `--format csv`, and of a difference in `--format json`."""
SHOWN: Final = 200
"""Differences that people are shown; programs get all."""


@click.command("reconcile")
@tap_argument
@click.argument("more", metavar="", nargs=-1)
@config_option
@meltano_option
@click.option("--catalog", metavar="FILE", help="Singer catalog: which metrics were selected.")
@warehouse_option
@click.option(
    "--schema", metavar="NAME", help="The tables' schema. Default: the tap's, such as tap_adjust."
)
@click.option(
    "--from", "first", metavar="DATE", help="First day. Default: the first that was read."
)
@click.option("--to", "last", metavar="DATE", help="End, exclusive. Default: all that was read.")
@click.option(
    "--reports",
    multiple=True,
    metavar="NAME …",
    help="Only these reports. Default: all in the ledger.",
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
)
@click.option(
    "--repair", is_flag=True, help="Also print the `backfill` settings that would mend it."
)
@lines_for_errors
def command(
    *,
    tap_name: str,
    more: tuple[str, ...],
    configs: tuple[str, ...],
    loader: str | None,
    catalog: str | None,
    place: str,
    schema: str | None,
    first: str | None,
    last: str | None,
    reports: tuple[str, ...],
    shape: str,
    repair: bool,
) -> None:
    """Compare a warehouse's rows with what the platform says now.

    For each report, account and bucket the platform is asked for its total, and the warehouse's current rows are
    added up. The exit code is 0 only if every settled day agrees to the last digit that the platform gives; days
    that it may still restate are shown apart and do not fail.
    """
    if more and not reports:
        raise click.UsageError(f"unexpected argument {more[0]!r}")
    wanted = [n for name in (*reports, *more) for n in name.split(",") if n]
    days = (_day("--from", first), _day("--to", last))
    tap = open_tap(tap_name, configs, catalog=catalog, meltano=loader)
    with opened(place) as warehouse:
        there = warehouse.schema_for(schema, tap.name.replace("-", "_"))
        found = _reconciled(tap, warehouse, there, wanted, days)
        place = warehouse.place
    ways = repairs(found) if repair else []
    if shape == "json":
        click.echo(masked_json(_document(tap, place, there, found, ways if repair else None)))
    elif shape == "csv":
        _write_csv(found)
        for way in ways:
            click.echo(_spelt(way), err=True)
    else:
        for line in lines(found, ways):
            click.echo(redact(line))
    if errors := list(_errors(found)):
        raise Failed(errors)


def _day(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - a day of the report's own zone
    except ValueError:
        raise click.UsageError(f"{option}: {text!r} is not a day; YYYY-MM-DD is expected") from None


def _reconciled(
    tap: AdTap,
    warehouse: Warehouse,
    schema: str,
    wanted: Sequence[str],
    days: tuple[datetime | None, datetime | None],
) -> list[Reconciled]:
    reads = reads_of(ledger(warehouse, schema))
    streams = {s.name: s for s in tap.report_streams()}
    for name in wanted:
        if name not in streams:
            known = did_you_mean(name, streams)
            raise click.UsageError(f"--reports: {tap.name} has no report {name!r}{known}")
    chosen = [s for n, s in streams.items() if (n in wanted if wanted else n in reads)]
    try:
        made = [_one(stream, warehouse, schema, reads, days) for stream in chosen]
    finally:
        tap.workers.close()
    return made


def _one(
    stream: ReportStream,
    warehouse: Warehouse,
    schema: str,
    reads: Mapping[str, Mapping[str, Sequence[Read]]],
    days: tuple[datetime | None, datetime | None],
) -> Reconciled:
    holds = partial(groups, warehouse, schema, stream.name)
    return reconcile(stream, reads.get(stream.name, {}), holds, days)


# -- output ----------------------------------------------------------------------------------


def lines(found: Sequence[Reconciled], ways: Sequence[Backfill]) -> Iterator[str]:
    """Return what was found as lines for people."""
    head = ("report", "from", "to", "numbers", "differ", "provisional", "requests")
    compared = [made for made in found if not made.why_not]
    if compared:
        yield from table(head, [_summary(made) for made in compared])
    for title, which in (
        ("Settled days that differ", "differences"),
        ("Days that the platform may still restate: the next run reads them again", "provisional"),
    ):
        rows = [(made, d) for made in found for d in getattr(made, which)]
        if rows:
            yield ""
            yield title
            yield from table(_HEAD, [_row(made, d) for made, d in rows[:SHOWN]])
            if len(rows) > SHOWN:
                yield f"and {len(rows) - SHOWN} more (--format json or csv lists them)"
    remarks: dict[str, list[str]] = {}
    for made in found:
        for remark in _remarks(made):
            remarks.setdefault(remark, []).append(made.report.name)
    if remarks:
        yield ""
        yield from (f"{', '.join(names)}: {remark}" for remark, names in remarks.items())
    if ways:
        yield ""
        yield "To mend it, run the tap once with each of these settings:"
        yield from map(_spelt, ways)
    if not found:
        yield "the ledger knows no report of this tap"


_HEAD: Final = (
    "report",
    "account",
    "day",
    "metric",
    "warehouse",
    "platform",
    "difference",
    "state",
    "read",
    "",
)


def _summary(made: Reconciled) -> tuple[object, ...]:
    return (
        made.report.name,
        coverage.spell(made.first),
        coverage.spell(made.last),
        made.compared,
        len(made.differences) or "none",
        len(made.provisional) or "none",
        made.requests,
    )


def _row(made: Reconciled, one: Difference) -> tuple[object, ...]:
    found = one.found
    currency, zone = found.key[2:4]
    named = [found.column, *(w for w in (currency, zone) if w)]
    return (
        made.report.name,
        account_text(json.loads(one.account)),
        f"{one.day} {one.hour}".strip(),
        " ".join(map(str, named)),
        spell(found.rows) or "(null)",
        spell(found.platform) or "(null)",
        spell(found.difference),
        one.state.value,
        f"{one.read_at:%Y-%m-%d %H:%M}" if one.read_at else "never",
        one.remark,
    )


def _remarks(made: Reconciled) -> Iterator[str]:
    if made.why_not:
        yield f"not comparable: {made.why_not}"
        return
    for account, remark in made.accounts.items():
        yield f"{account_text(json.loads(account))}: not comparable: {remark}"
    if made.asked is not None:
        alike: dict[str, list[str]] = {}
        for column, remark in made.asked.left_out.items():
            alike.setdefault(remark, []).append(column)
        for remark, columns in alike.items():
            yield f"not compared: {', '.join(columns)}: {remark}"
        for remark in sorted({t.source for t in made.asked.tolerances.values() if t.source}):
            yield f"compared with a tolerance: {remark}"
    yield from made.remarks


def _spelt(way: Backfill) -> str:
    return json.dumps({"backfill": way.setting()})


def _errors(found: Sequence[Reconciled]) -> Iterator[str]:
    for made in found:
        name = made.report.name
        if made.why_not and made.wrong:
            yield f"{name}: not comparable: {made.why_not}"
        for account, remark in made.accounts.items():
            yield f"{name} {account}: not comparable: {remark}"
        if made.differences:
            days = sorted({d.day for d in made.differences})
            yield (
                f"{name}: {len(made.differences)} of {made.compared} numbers differ from the platform's, on "
                f"{len(days)} settled day{'s' if len(days) > 1 else ''} ({days[0]} to {days[-1]})"
            )


def _record(made: Reconciled, one: Difference) -> dict[str, Any]:
    found = one.found
    values = (
        made.report.name,
        one.account,
        one.day,
        one.hour or None,
        *found.key[2:4],
        found.column,
        spell(found.rows),
        spell(found.platform),
        spell(found.difference),
        one.state.value,
        None if one.read_at is None else one.read_at.isoformat(timespec="seconds"),
        one.remark or None,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _write_csv(found: Sequence[Reconciled]) -> None:
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for made in found:
        for one in (*made.differences, *made.provisional):
            writer.writerow(_record(made, one))


def _document(
    tap: AdTap,
    place: str,
    schema: str,
    found: Sequence[Reconciled],
    ways: Sequence[Backfill] | None,
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "tap": tap.name,
        "warehouse": place,
        "schema": schema,
        "ties": all(one.ties for one in found),
        "reports": [_report(one) for one in found],
    }
    if ways is not None:
        made["repair"] = [{"backfill": way.setting()} for way in ways]
    return made


def _report(made: Reconciled) -> dict[str, Any]:
    asked = made.asked
    return {
        "report": made.report.name,
        "ties": made.ties,
        "not_comparable": made.why_not or None,
        "from": coverage.spell(made.first),
        "to": coverage.spell(made.last),
        "dimensions": None if asked is None else list(asked.report.dimensions),
        "compared": made.compared,
        "requests": made.requests,
        "left_out": {} if asked is None else dict(asked.left_out),
        "accounts_not_comparable": made.accounts,
        "remarks": made.remarks,
        "differences": [_record(made, one) for one in made.differences],
        "provisional": [_record(made, one) for one in made.provisional],
    }
