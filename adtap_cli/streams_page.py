"""The page of all streams, `docs/reference/streams.md`, made from the declarations that run."""

from collections.abc import Iterator
from pathlib import Path

from adtap_cli.generated_files import HEADER
from adtap_cli.taps import TAPS, tap_class
from adtap_core.declare import Entity, Report
from adtap_core.sync.planning import lookback_days, settle_days
from adtap_core.tap import AdTap

HEAD = """\
# Streams

A stream marked ○ is read only if you select it: it holds personal data, is very large, belongs to an API that a platform has retired, or repeats another one by the hour.

**Entities** are things that exist. *Incremental* ones are read from their bookmark on, where the API can filter or sort by modification time; all others are read whole on every run.

**Reports** are things that are counted. The primary key of each is `_row_key`, a digest of the time bucket, the account and every dimension; its replication key is the bucket.
*Lookback* is how many days before the bookmark are read again on every run because the platform may restate them; the settings `lookback_days` and a report's own `lookback_days` change it.
*Settled* is how many days after its end a bucket may be called final, at the earliest.
Every report also has the columns `_time_zone`, `_currency`, `_data_state`, `_account`, `_synced_at` and `_extra` (what fits no other column): see [time and money](../time-and-money.md) and [data states](../data-states.md).

Each tap also writes `sync_windows`, its ledger: see [windows and state](../windows-and-state.md).
"""


def _code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _mark(entry: Entity | Report) -> str:
    return f"`{entry.name}`" if entry.selected else f"`{entry.name}` ○"


def _generations(entry: Entity | Report) -> str:
    """Return which API generation has it, where a platform has two."""
    return f"; {entry.generations[0]} API only" if len(entry.generations) == 1 else ""


def entity_lines(tap: type[AdTap]) -> Iterator[str]:
    """Yield the table of a tap's entity streams."""
    yield "| entity | key | how it is read |"
    yield "|---|---|---|"
    for entity in tap.entities:
        how = (
            f"incremental by `{entity.replication_key}`"
            if entity.replication_key
            else "whole on every run"
        )
        if entity.parent:
            which = "changed one" if entity.parent_changed_only else "one"
            how += f", for each {which} of `{entity.parent}`"
        yield f"| {_mark(entity)} | {_code(entity.keys)} | {how}{_generations(entity)} |"


def report_lines(tap: type[AdTap]) -> Iterator[str]:
    """Yield the table of a tap's report streams."""
    yield "| report | bucket | dimensions | metrics | lookback | settled |"
    yield "|---|---|---|---|---|---|"
    for report in tap.reports:
        names = report.columns
        restated = tap.platform_class.lookback_days
        cells = (
            f"{_mark(report)}{_generations(report)}",
            report.grain.value,
            _code(tuple(names[d] for d in report.dimensions)),
            _code(tuple(names[m] for m in report.metrics)),
            f"{lookback_days(report, {}, restated)} days",
            f"{settle_days(report, {}, restated)} days",
        )
        yield f"| {' | '.join(cells)} |"


def page() -> str:
    """Return the whole page."""
    lines = [f"<!-- {HEADER} -->\n", HEAD]
    for name in TAPS:
        tap = tap_class(name)
        lines += [f"## {name}", "", (tap.__doc__ or "").strip().split("\n")[0], ""]
        if tap.entities:
            lines += [*entity_lines(tap), ""]
        if tap.reports:
            lines += [*report_lines(tap), ""]
    return "\n".join(lines)


def files() -> dict[Path, str]:
    """Return the page, by its path in the repository."""
    return {Path("docs/reference/streams.md"): page()}
