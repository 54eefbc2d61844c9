"""A stream explained from the declarations that run: grain, units, zones, lookback, the very request."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from adtap_core.declare import Entity, Report
from adtap_core.errors import AdtapError, OfflineError
from adtap_core.formatting import count
from adtap_core.http.client import Call
from adtap_core.inspect.dry_run import (
    entity_calls,
    last_bucket,
    plain,
    record_requests,
    request_document,
    window_calls,
)
from adtap_core.platform import Partition, RowContext, RowLookup
from adtap_core.rows.schemas import LEDGER, LEDGER_KEYS, LEDGER_SCHEMA
from adtap_core.sync.reports import ReportStream
from adtap_core.sync.streams import EntityStream
from adtap_core.tap import AdTap
from adtap_core.windows import Interval

T = TypeVar("T")
_LATELY: Final = re.compile(r"\((?P<why>.*?)\)\. A report may override it")
_MOST_UNKNOWN: Final = 40
_BUCKETS: Final = frozenset({"hour", "day", "week", "month"})


@dataclass(frozen=True)
class Column:
    """A column.

    Args:
        name: As it is written.
        platform_name: As the platform calls it; empty for a column of ours.
        role: `key`, `bucket`, `dimension`, `metric`, `attribute` or `about the row`.
        kind: `integer`, `decimal`, `text`, `date`, …
        unit: `currency`, or what the schema says; empty if none.
        additivity: `additive`, `ratio` or `distinct`, for a metric.
        description: In words.
        personal: Whether it is personal data.
    """

    name: str
    platform_name: str
    role: str
    kind: str
    unit: str
    additivity: str
    description: str
    personal: bool = False


@dataclass
class Explanation:
    """What is to be known of a stream.

    Args:
        tap: Its tap's name.
        stream: Its name.
        kind: `report` or `entity`.
        facts: Name and words, in the order they are read.
        columns: All of them.
        requests: What is sent for one bucket of one account, or for an entity's first page.
        ui: How to get the same numbers in the platform's own interface, step by step.
    """

    tap: str
    stream: str
    kind: str
    facts: dict[str, str] = field(default_factory=dict)
    columns: list[Column] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    ui: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return it for JSON.

        Returns:
            `tap`, `stream`, `kind`, each fact under its name with `_` for spaces, `columns`, `requests`, `reproduce`
            (steps in the UI).
        """
        return {
            "tap": self.tap,
            "stream": self.stream,
            "kind": self.kind,
            **{name.replace(" ", "_"): message for name, message in self.facts.items()},
            "columns": [vars(c) for c in self.columns],
            "requests": self.requests,
            "reproduce": self.ui,
        }


def declared(kind: type[AdTap]) -> dict[str, Entity | Report]:
    """Return a tap's own streams by name, those of every generation of its API."""
    entries: list[Entity | Report] = [*kind.entities, *kind.reports]
    return {e.name: e for e in entries}


def explain(tap: AdTap, entry: Entity | Report, *, offline: bool) -> Explanation:
    """Explain a stream.

    Args:
        tap: With settings, or with none at all.
        entry: The stream's declaration.
        offline: Whether not even metadata may be asked for.
    """
    found = tap.streams.get(entry.name)
    try:
        if isinstance(entry, Report):
            if not isinstance(found, ReportStream):
                found = ReportStream(tap.current, entry)
            return _report(tap, found, offline=offline)
        if not isinstance(found, EntityStream):
            found = EntityStream(tap.current, entry, tap.package)
        return _entity(tap, found)
    finally:
        tap.workers.close()


def ledger(tap_name: str) -> Explanation:
    """Explain `sync_windows`, which no platform has: the reports write it."""
    made = Explanation(tap_name, LEDGER, "ledger")
    made.facts = {
        "grain": "one row for each window read, for each report and account",
        "key": ", ".join(LEDGER_KEYS),
        "written": "by every report, after a window's last row and before its STATE; no request of its own",
        "use": "a report row whose bucket lies in a window with a later synced_at is one that the platform no "
        "longer returns",
    }
    made.columns = _columns(LEDGER_SCHEMA, LEDGER_KEYS)
    return made


# -- reports ---------------------------------------------------------------------------------


def _report(tap: AdTap, stream: ReportStream, *, offline: bool) -> Explanation:
    report, platform = stream.report, tap.platform_class
    notes = platform.notes(report, tap.config)
    found = _dry_run(tap, stream, offline=offline)
    made = Explanation(tap.name, report.name, "report")
    grain = [c for c in stream.schema["x-grain"] if c != "_account"]
    planner = stream.planner()
    zone = planner.zone.name
    made.facts = {
        "grain": f"one row for each account (_account), {', '.join(grain)}",
        "key": "_row_key, a digest of these",
        "buckets": f"{report.grain.value}s in {zone}" + _plus(notes.get("time_zone")),
        "currency": _currency(found.context) + _plus(notes.get("currency")),
        "lookback": f"{count(planner.lookback_days, 'day')}, from {_lookback_source(tap, stream)}"
        + _plus(notes.get("lookback") or _why(tap)),
        "settled": _settled(tap, stream) + _plus(notes.get("settled")),
        "retention": _retention(notes, found.available),
        "window": f"one request covers at most {count(report.span_days, 'day')}"
        + _plus(platform.follows(report, tap.config)),
        "selected by default": "yes" if report.selected else "no",
    }
    if source := stream.schema.get("$comment"):
        made.facts["source"] = str(source).removeprefix("Source: ")
    if found.unknown:
        made.facts["request not known"] = found.unknown
    made.columns = list(_report_columns(stream))
    made.requests = [request_document(c) for c in found.calls]
    made.ui = list(_reproduce(stream, notes, zone))
    return made


def _plus(message: str | None) -> str:
    return f"; {message}" if message else ""


@dataclass(frozen=True)
class _Bucket:
    """What is known of a bucket that nobody asked for."""

    calls: Sequence[Call] = ()
    context: RowContext | None = None
    available: Interval | None = None
    unknown: str = ""


def _dry_run(tap: AdTap, stream: ReportStream, *, offline: bool) -> _Bucket:
    def bucket() -> _Bucket:
        record_requests(tap.platform.http, offline=offline)
        return _bucket(tap, stream)

    try:
        return _with_names(tap, bucket) or _Bucket(unknown="give --config")
    except OfflineError as error:
        return _Bucket(unknown=f"give --config: {error}")
    except AdtapError as error:
        return _Bucket(unknown=str(error))


def _with_names(tap: AdTap, ask: Callable[[], T]) -> T | None:
    """Return an answer for which a setting's name in brackets stands where nobody gave it; None if too many lack."""
    for _ in range(_MOST_UNKNOWN):
        try:
            return ask()
        except KeyError as error:
            name = str(error.args[0])
            if name not in tap.config_jsonschema["properties"] or name in tap.config:
                raise
            cast("dict[str, Any]", tap._config)[name] = f"<{name}>"  # noqa: SLF001 - no settings given
    return None


def _bucket(tap: AdTap, stream: ReportStream) -> _Bucket:
    platform, planner = tap.platform, stream.planner()
    partition, available = Partition(platform.example_partition), None
    with contextlib.suppress(OfflineError):
        partition = next(iter(platform.partitions(planner.report)), partition)
    with contextlib.suppress(OfflineError):
        available = platform.available_range(planner.report, partition)
    job = last_bucket(planner, partition, available)
    calls, fetched = window_calls(platform, job)
    return _Bucket(calls, None if fetched is None else fetched.context, available)


def _currency(context: RowContext | None) -> str:
    base = "column _currency of each row"
    if context is None:
        return base
    if isinstance(context.currency, RowLookup):
        by = "looked up by" if context.currency.lookup is not None else "taken from"
        return f"{base}, {by} the platform's {context.currency.field}"
    return (
        f"{base}: {context.currency}"
        if context.currency
        else f"{base}; null, the platform does not say"
    )


def _lookback_source(tap: AdTap, stream: ReportStream) -> str:
    if stream.report.own_lookback_days is not None:
        return "the report's definition"
    if tap.config.get("lookback_days") is not None:
        return "the setting lookback_days"
    return "this report's own" if stream.report.lookback_days is not None else "the platform's"


def _why(tap: AdTap) -> str:
    """Return the platform's reason, as the setting's description has it."""
    description = tap.config_jsonschema["properties"]["lookback_days"]["description"]
    found = _LATELY.search(description)
    return found["why"].removeprefix("because ") if found else ""


def _settled(tap: AdTap, stream: ReportStream) -> str:
    planner = stream.planner()
    try:
        hours = tap.platform.closing_hours(stream.report)
        running = tap.platform.zone_spread_hours(stream.report)
    except AdtapError:
        hours = running = 0.0
    message = f"{count(planner.settle_days, 'day')} after the bucket ends"
    if running:
        message += f" everywhere ({running:g} hours after its end in {planner.zone.name})"
    message += ", then `_data_state` is settled; until then provisional"
    if hours and planner.waits_until_closed:
        message += f"; read from {hours:g} hours after its end on"
    return message


def _retention(notes: Mapping[str, str], available: Interval | None) -> str:
    message = notes.get("retention", "")
    if available is None:
        return message or "the platform publishes no limit"
    return f"read from {available.start:%Y-%m-%d} on, no earlier{_plus(message)}"


def _report_columns(stream: ReportStream) -> Iterator[Column]:
    report = stream.report
    spelt = {c: n for n, c in report.columns.items()}
    metrics = set(stream.metric_columns().values())
    for name, prop in stream.schema["properties"].items():
        if name == report.grain.value:
            role = "bucket"
        elif name in spelt:
            role = "metric" if name in metrics else "dimension"
        else:
            role = "key" if name == "_row_key" else "about the row"
        yield _column(name, prop, role, spelt.get(name, ""))


def _columns(schema: Mapping[str, Any], keys: Sequence[str]) -> list[Column]:
    return [
        _column(name, prop, "key" if name in keys else "attribute")
        for name, prop in schema["properties"].items()
    ]


def _column(name: str, prop: Mapping[str, Any], role: str, platform_name: str = "") -> Column:
    return Column(
        name,
        platform_name,
        role,
        _kind(prop),
        str(prop.get("x-unit", "")),
        str(prop.get("x-additivity", "")),
        str(prop.get("description", "")),
        bool(prop.get("x-pii")),
    )


def _kind(prop: Mapping[str, Any]) -> str:
    given = prop.get("type", "string")
    kinds = [given] if isinstance(given, str) else [k for k in given if k != "null"]
    written = str(prop.get("format", ""))
    if written == "x-singer.decimal" or kinds == ["number"]:
        return "decimal"
    if kinds == ["string"]:
        return written or "text"
    return " or ".join(kinds)


def _reproduce(stream: ReportStream, notes: Mapping[str, str], zone: str) -> Iterator[str]:
    """Return the way to the same number: the platform's own steps, then what must agree."""
    report = stream.report
    yield notes.get("ui") or "open the report on this subject in the platform's own interface"
    yield f"set its time zone to {zone}; compare whole {report.grain.value}s whose `_data_state` is settled"
    yield f"break it down by {', '.join(report.dimensions) or 'nothing'}"
    if report.filters:
        yield f"filter it by {plain(report.filters)}"
    metrics = [c for c in _report_columns(stream) if c.role == "metric"]
    sums = [c.platform_name for c in metrics if c.additivity == "additive"]
    others = [c.platform_name for c in metrics if c.additivity != "additive"]
    if sums:
        yield f"add up over rows, each currency separately: {', '.join(sums)}"
    if others:
        yield f"do not add up: compare row by row, or recompute from their parts: {', '.join(others)}"
    yield (
        "leave out rows the platform no longer returns: those whose window was read again later "
        "(sync_windows.synced_at after the row's _synced_at)"
    )


# -- entities --------------------------------------------------------------------------------


def _entity(tap: AdTap, stream: EntityStream) -> Explanation:
    entity = stream.entity
    made = Explanation(tap.name, entity.name, "entity")
    made.facts = {
        "grain": "one row for each thing that exists",
        "key": ", ".join(entity.keys),
        "replication": f"incremental by {entity.replication_key}"
        if entity.replication_key
        else "full table on every run",
        "selected by default": "yes" if entity.selected else "no",
    }
    if entity.parent:
        changed = " that changed" if entity.parent_changed_only else ""
        made.facts["asked for"] = f"each of the {entity.parent}{changed}, one by one"
    if source := stream.schema.get("$comment"):
        made.facts["source"] = str(source).removeprefix("Source: ")
    made.requests = [request_document(c) for c in _entity_calls(tap, entity)]
    made.columns = _columns(stream.schema, entity.keys)
    made.ui = ["open the object with this key in the platform's own interface"]
    return made


def _entity_calls(tap: AdTap, entity: Entity) -> list[Call]:
    def calls() -> list[Call]:
        watch = record_requests(tap.platform.http, offline=True)
        return list(entity_calls(tap.platform, watch, entity, None))

    return _with_names(tap, calls) or []
