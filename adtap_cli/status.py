"""`adtap status`: what was read by now, from a state file or from the ledger in a warehouse."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from adtap_cli import filled, restated
from adtap_cli.commands import (
    account_text,
    json_option,
    lines_for_errors,
    open_tap,
    read_state,
    table,
    tap_kind,
    write_found,
)
from adtap_cli.taps import guessed
from adtap_cli.warehouse import ledgers, opened
from adtap_core.errors import SettingsError
from adtap_core.inspect.coverage import Coverage, from_ledger, from_state, spell
from adtap_core.sync.planning import settle_days
from adtap_core.tap import AdTap

GAPS_SHOWN: Final = 3


@click.command()
@click.argument("tap_name", metavar="[TAP]", required=False)
@click.option(
    "--state", metavar="FILE", help="A Singer state file (also what `meltano state get` writes)."
)
@click.option(
    "--warehouse",
    metavar="PLACE",
    help="A DuckDB file, or a PostgreSQL URL: the tables `sync_windows` in it are read.",
)
@click.option("--schema", metavar="NAME", help="Only this schema of the warehouse.")
@click.option(
    "--config", "configs", multiple=True, metavar="FILE", help="With --state: the tap's settings."
)
@click.option(
    "--restatements",
    is_flag=True,
    help="With --warehouse: what moved between two readings, from the tables `sync_days`.",
)
@json_option
@lines_for_errors
def status(
    tap_name: str | None,
    state: str | None,
    warehouse: str | None,
    schema: str | None,
    configs: tuple[str, ...],
    *,
    restatements: bool,
    as_json: bool,
) -> None:
    """Show for each stream and account what was read: from, to, settled until, last run, gaps.

    Reads a state (--state) or the ledger in a warehouse (--warehouse); asks no platform. A state does not say
    when a day is final, the tap's declarations do: TAP is guessed from the streams' names if it is not given.
    With both, the state is shown, and the rows tell from when on a metric is filled that was added to a report:
    a backfill of it leaves no trace in state.
    """
    if state is None and warehouse is None:
        raise click.UsageError("give --state FILE, or --warehouse PLACE, or both")
    if restatements:
        if warehouse is None:
            raise click.UsageError("--restatements reads a warehouse; give --warehouse PLACE")
        moved = restated.read(warehouse, schema)
        write_found(lambda: restated.document(moved), restated.lines(moved), as_json=as_json)
        return
    if state is not None:
        found = _of_state(read_state(state), state, tap_name, configs)
        if warehouse is not None:
            filled.look(warehouse, schema, found)
    else:
        found = _of_warehouse(str(warehouse), schema)
    write_found(lambda: {"streams": [c.document() for c in found]}, lines(found), as_json=as_json)


# -- a state ---------------------------------------------------------------------------------


def _of_state(
    state: Mapping[str, Any], path: str, tap_name: str | None, configs: Sequence[str]
) -> list[Coverage]:
    marks = state.get("bookmarks", {})
    if not isinstance(marks, Mapping) or not all(isinstance(m, Mapping) for m in marks.values()):
        raise SettingsError([f"--state {path}: `bookmarks` can't be understood"])
    tap = _tap(tap_name, configs, marks)
    try:
        found = from_state(state, {} if tap is None else final_after(tap))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingsError(
            [f"--state {path}: holds something that is not a date ({error})"]
        ) from error
    # The state has no clock in it; whoever wrote the file did so when the run went on.
    written = datetime.fromtimestamp(Path(path).stat().st_mtime, tz=UTC)
    for coverage in found:
        coverage.last_run = written
    return found


def _tap(tap_name: str | None, configs: Sequence[str], marks: Mapping[str, Any]) -> AdTap | None:
    """Return the tap that a state belongs to; None if that can't be told."""
    if tap_name is not None and configs:
        return open_tap(tap_name, configs)
    if tap_name is not None:
        return _bare(tap_kind(tap_name))
    kind = guessed(marks)
    return None if kind is None else _bare(kind)


def _bare(kind: type[AdTap]) -> AdTap:
    return kind(config={}, validate_config=False, setup_mapper=False)


def final_after(tap: AdTap) -> dict[str, int]:
    """Return the days after which a bucket is final, by report: of its declaration and the settings."""
    reports = {r.name: r for r in tap.reports} | {s.name: s.report for s in tap.report_streams()}
    platform = tap.platform_class.lookback_days
    return {name: settle_days(report, tap.config, platform) for name, report in reports.items()}


# -- a warehouse -----------------------------------------------------------------------------


def _of_warehouse(place: str, schema: str | None) -> list[Coverage]:
    with opened(place) as warehouse:
        found = ledgers(warehouse, schema)
        return [c for name, rows in found.items() for c in from_ledger(rows, name)]


# -- output ----------------------------------------------------------------------------------


def lines(found: Sequence[Coverage]) -> Iterator[str]:
    """Yield the coverage as lines for people."""
    reports = [c for c in found if not c.entity]
    entities = [c for c in found if c.entity]
    several = len({c.place for c in reports}) > 1
    if reports:
        head = ("stream", "account", "from", "to", "settled until", "last run", "gaps")
        rows = [
            (
                f"{c.place}.{c.stream}" if several else c.stream,
                account_text(c.account),
                spell(c.covered[0].start) if c.covered else "(nothing)",
                spell(c.covered[-1].end) if c.covered else "",
                spell(c.settled_until) or "(unknown)",
                f"{c.last_run:%Y-%m-%d %H:%M}" if c.last_run else "(unknown)",
                len(c.gaps) or "none",
            )
            for c in reports
        ]
        yield from table(head, rows)
    for c in reports:
        where = f"{c.stream} {account_text(c.account)}"
        for gap in c.gaps[:GAPS_SHOWN]:
            yield f"{where}: never read from {spell(gap.start)} to {spell(gap.end)}"
        if len(c.gaps) > GAPS_SHOWN:
            yield f"{where}: and {len(c.gaps) - GAPS_SHOWN} gaps more (--json lists them)"
        if c.unfinished is not None:
            yield f"{where}: the run of {spell(c.unfinished)} was interrupted; the next run resumes it, or starts over if a day has passed"
        yield from (f"{where}: {line}" for line in filled.lines(c))
    if entities:
        if reports:
            yield ""
        rows_of_entities = [(c.stream, spell(c.bookmark)) for c in entities]
        yield from table(("entity", "read with all changes up to"), rows_of_entities)
    if not found:
        yield "nothing has been read yet"
