"""What a state says of a report's rows, held against the settings of this run: refused before any request.

Rows of two meanings under one name would be added up by whoever sums the table. So a report keeps, beside its
bookmark, what its rows mean: grain, time zone, and each setting that changes them (currency, attribution,
filters, scope …). A change is refused with the ways out of it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adtap_core.declare import Report
from adtap_core.redact import redact
from adtap_core.state.bookmarks import CLOCK_TOLERANCE, write_moment
from adtap_core.windows import Grain, Interval, Zone, join, subtract

STATE_VERSION: Final = 2
"""Of what a report's state means; that of 0.1 says none."""


def fingerprint(
    report: Report, *, tap: str, grain: Sequence[str], time_zone: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a report's rows mean, as state keeps it.

    Args:
        report: The report.
        tap: The tap's name: two taps may have a report of one name.
        grain: The columns that tell its rows apart.
        time_zone: Of its buckets.
        settings: Settings and extras of its definition that change what rows mean, as they take effect.
    """
    meaning = {name: _text(value) for name, value in settings.items() if value is not None}
    if report.filters:
        meaning["filters"] = _text(report.filters)
    return {
        "tap": tap,
        "version": STATE_VERSION,
        "grain": sorted(grain),
        "time_zone": time_zone,
        # Pairs: of an object that is merged into an older one, what is gone would come back.
        "settings": [[*pair] for pair in sorted(meaning.items())],
    }


def as_mapping(pairs: object) -> dict[str, Any] | None:
    """Return what state keeps as a list of pairs; None if it keeps nothing of it."""
    return dict(pairs) if isinstance(pairs, list | Mapping) else None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def changed_lines(tap: str, report: Report, known: Any, now: Mapping[str, Any]) -> Iterator[str]:
    """Return one line for each way in which rows would mean something else than the known fingerprint says.

    One of 0.1 keeps no settings, and is taken as it is.

    Args:
        tap: The tap's name, for the commands.
        report: The report.
        known: What its state says.
        now: Its fingerprint in this run.
    """
    if not isinstance(known, Mapping):
        return
    name = f"report {report.name!r}"
    if known.get("tap") not in (None, tap):
        yield (
            f"{name}: the state was written by {known['tap']}; give {tap} a state of its own (another "
            "`--state-id-suffix`, or none for a first run)"
        )
        return
    if isinstance(known.get("version"), int) and known["version"] > STATE_VERSION:
        yield (
            f"{name}: the state was written by a later version of {tap} and can't be understood: install that "
            "version again, or use a copy of the state from before"
        )
        return
    # The account's column was called `_partition` in 0.1.
    grain = sorted("_account" if c == "_partition" else c for c in known.get("grain") or ())
    if grain and grain != now["grain"]:
        yield f"{name}: its grain was {grain}, now it is {now['grain']}; {_ways_out(tap, report)}"
    if known.get("time_zone") not in (None, now["time_zone"]):
        yield (
            f"{name}: its days were in {known['time_zone']}, now they are in {now['time_zone']}; "
            f"{_ways_out(tap, report)}"
        )
    before, after = as_mapping(known.get("settings")), dict(now["settings"])
    if before is None:
        return
    for setting in sorted({*before, *after}):
        old, new = before.get(setting), after.get(setting)
        if old != new:
            yield (
                f"{name}: `{setting}` was {_shown(old)}, now it is {_shown(new)}; {_ways_out(tap, report)}"
            )


def _shown(value: object) -> str:
    return "not set" if value is None else redact.beginning(value, 120)


def _ways_out(tap: str, report: Report) -> str:
    clear = f"adtap state set {tap} --state state.json --report {report.name}"
    return (
        "rows of both would stand in one table. Either give the changed report a new name; or load it anew "
        f"(`{clear} --clear`, and drop the table {report.name}); or read its whole range once more with the "
        f"setting `backfill`, then accept the change (`{clear} --accept`)"
    )


def kind_lines(
    tap: str,
    report: Report,
    marks: Mapping[str, Any],
    keys: Sequence[str] | None,
    account_settings: Mapping[str, str],
) -> Iterator[str]:
    """Return a line if state keeps the report by another kind of account than this run reads it by.

    Each day would be there twice: under the old accounts and under the new ones.

    Args:
        tap: The tap's name, for the commands.
        report: The report.
        marks: Its state.
        keys: The names of this run's accounts' keys; empty: the login is the account; None: settings can't change them.
        account_settings: The setting that chooses accounts, by their key.
    """
    if keys is None:
        return
    known = {
        tuple(sorted(entry.get("context") or {}))
        for entry in marks.get("partitions") or ()
        if entry.get("replication_key_value") is not None
    }
    if marks.get("replication_key_value") is not None:
        known.add(())
    for kind in sorted(known - {tuple(sorted(keys))}):
        settings = [f"`{s}`" for key, s in account_settings.items() if key in {*kind, *keys}]
        chosen = f" (chosen by the setting {' or '.join(settings)})" if settings else ""
        yield (
            f"report {report.name!r}: it was read by {_kind(kind)}, now it is read by {_kind(keys)}{chosen}: each day "
            f"would be there twice; {_ways_out(tap, report)}"
        )


def _kind(keys: Sequence[str]) -> str:
    return " and ".join(keys) or "the login as a whole"


def future_lines(
    tap: str, stream: str, marks: Mapping[str, Any], read: Callable[[str], datetime], now: datetime
) -> Iterator[str]:
    """Return a line for each bookmark that lies in the future: nothing would be read, and nobody would know.

    Args:
        tap: The tap's name, for the command.
        stream: The stream.
        marks: Its state.
        read: Reads a bookmark as a moment comparable with `now`.
        now: The present.
    """
    for entry in (marks, *(marks.get("partitions") or ())):
        value = entry.get("replication_key_value")
        if value is None or read(str(value)) <= now + CLOCK_TOLERANCE:
            continue
        account = entry.get("context") or {}
        whose = f" of {_text(account)}" if account else ""
        option = f" --account '{_text(account)}'" if account else ""
        yield (
            f"state of {stream!r}: the bookmark {value}{whose} lies in the future, so nothing would be read. If "
            f"the machine's clock is right, set it back: adtap state set {tap} --state state.json --report "
            f"{stream}{option} --bookmark {now:%Y-%m-%d}"
        )


@dataclass(frozen=True)
class Filled:
    """From when on each metric of a report is filled; null: from the first day on.

    Args:
        now: Before this run has read anything.
        then: When it has read all it planned.
        message: A warning, if a metric is new.
    """

    now: Mapping[str, str | None]
    then: Mapping[str, str | None]
    message: str | None = None


def filled_from(
    report: Report,
    known: Any,
    plans: Iterable[tuple[Sequence[Interval], Sequence[Interval]]],
    zone: Zone,
) -> Filled:
    """Return from when on each metric is filled: one that is new is null in what was read before it.

    Args:
        report: With the metrics that are asked for.
        known: What state says of this.
        plans: Of each account, what was read before and what this run reads.
        zone: The report's time zone.
    """
    if not isinstance(known, Mapping):
        return Filled(dict.fromkeys(report.metrics), dict.fromkeys(report.metrics))
    old = {metric: known[metric] for metric in report.metrics if metric in known}
    fresh = [metric for metric in report.metrics if metric not in known]
    pairs = list(plans)
    before = join(i for covered, _ in pairs for i in covered)
    unread = join(i for covered, windows in pairs for i in subtract(covered, windows))
    if not fresh or not before:
        made = old | dict.fromkeys(fresh)
        return Filled(made, made)
    now = old | dict.fromkeys(fresh, write_moment(before[-1].end, report.grain, zone))
    if not unread:
        return Filled(now, old | dict.fromkeys(fresh))
    since = write_moment(unread[-1].end, report.grain, zone)
    to = Grain.DAY.ceil(unread[-1].end)
    backfill = {
        "from": unread[0].start.date().isoformat(),
        "to": to.date().isoformat(),
        "streams": [report.name],
    }
    message = (
        f"{report.name}: {', '.join(fresh)} {'is' if len(fresh) == 1 else 'are'} new: null before {since}, where rows "
        f"were read without. To fill them, run once with the setting backfill: {json.dumps(backfill)}"
    )
    return Filled(now, old | dict.fromkeys(fresh, since), message)
