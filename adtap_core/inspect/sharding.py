"""A tap's load cut into shards: which accounts there are, what each is asked, and the variables of its runs.

Planned by the code that reads, as `adtap plan` does it; only metadata is asked for (lists of accounts and fields).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from adtap_core.bodies import exact_json
from adtap_core.errors import AdtapError, SettingsError
from adtap_core.inspect.dry_run import record_requests
from adtap_core.inspect.plan import StreamPlan, asked_for, control_of, entity_plan
from adtap_core.inspect.shards import Run, Shard, Shards, place, share_of
from adtap_core.platform import Partition
from adtap_core.redact import redact
from adtap_core.state.parts import REST, part_name
from adtap_core.sync.planning import PartitionPlan, Planner
from adtap_core.sync.reports import ReportStream
from adtap_core.sync.run import RunFailed
from adtap_core.sync.streams import EntityStream
from adtap_core.tap import AdTap
from adtap_plugin.variables import prefix_of, variable_of

Piece = tuple[date, date]


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How a load is cut.

    Args:
        count: Accounts are put into so many groups; None: a shard for each account.
        together: A group's accounts are read in one run, with one state, instead of one after the other.
        at_once: How many shards run at once; None: as many as requests may be in flight.
        pieces: Stretches of a backfill; empty: the runs go on from their states.
    """

    count: int | None = None
    together: bool = False
    at_once: int | None = None
    pieces: Sequence[Piece] = ()


def shards_of(tap: AdTap, cut: Cut) -> Shards:
    """Return a tap's load in shards. Asks the platform for metadata only.

    Args:
        tap: With its settings, state and catalog; of no other use afterwards.
        cut: How.

    Raises:
        SettingsError: If a report can't be asked for, or more shards shall run than requests may be in flight.
        RunFailed: If the platform can't be asked about its reports now.
        AdtapError: If the accounts can't be listed.
    """
    most = tap.whole_concurrency
    at_once = most if cut.at_once is None else cut.at_once
    if at_once > most:
        why = "each process has at least one request in flight; raise the setting if the platform allows it"
        raise SettingsError(
            [f"--at-once {at_once}: more than the setting `concurrency` ({most}), and {why}"]
        )
    common, elsewhere = _environment(tap, share_of(at_once))
    made = Shards(tap.name, at_once, tap.platform.per_second, most, common, elsewhere)
    pieces: Sequence[Piece | None] = cut.pieces or (None,)
    try:
        for piece in pieces:
            _add(made, tap if piece is None else _for_backfill(tap, piece), cut, piece)
    finally:
        tap.workers.close()
    made.remarks = list(dict.fromkeys(made.remarks))
    return made


def _for_backfill(tap: AdTap, piece: Piece) -> AdTap:
    backfill: dict[str, Any] = {"from": piece[0].isoformat(), "to": piece[1].isoformat()}
    if streams := (tap.config.get("backfill") or {}).get("streams"):
        backfill["streams"] = streams
    made = type(tap)(
        config={**tap.config, "backfill": backfill}, catalog=tap.input_catalog, validate_config=True
    )
    # One login, one list of accounts and fields, for all stretches.
    made.current.platform, made.current.workers = tap.platform, tap.workers
    return made


def _add(made: Shards, tap: AdTap, cut: Cut, piece: Piece | None) -> None:
    """Add the shards of one stretch of a backfill, or those of the daily run."""
    watch = record_requests(tap.platform.http)
    tap.check_reports()
    if tap.failures:
        raise RunFailed("; ".join(f.line() for f in tap.failures), tap.failures)
    streams = tap.streams_to_read()
    reports = [_Cost.of(tap, s) for s in streams if isinstance(s, ReportStream)]
    entities = [s for s in streams if isinstance(s, EntityStream)]
    made.account_key = key = _account_key(tap, reports)
    cut_up = [r for r in reports if key is not None and r.is_cut_by(key)]
    whole = [r for r in reports if r not in cut_up]
    made.streams = [r.stream.name for r in cut_up]
    accounts = list(dict.fromkeys(p for r in cut_up for p in r.partitions))
    maker = _Maker(tap, cut, piece, key or "", cut_up)
    made.shards += [maker.shard(name, members) for name, members in _groups(accounts, cut.count)]
    made.one_process += sum(r.requests() for r in reports)
    # Last, and nothing of it kept: what stands for the entities' answers must reach no report.
    first_pages = sum(len(entity_plan(tap, watch, s).requests) for s in entities)
    made.one_process += first_pages
    if entities or whole:
        names = [*(s.name for s in entities), *(r.stream.name for r in whole)]
        requests = first_pages + sum(r.requests() for r in whole)
        made.rest.append(maker.rest(names, requests))
    made.remarks += _remarks(tap, key, whole, together=cut.together)


def _account_key(tap: AdTap, reports: "Sequence[_Cost]") -> str | None:
    """Return the key by which accounts are told apart, the finest that reports are read by; None if by none."""
    found = {key for r in reports for p in r.partitions for key in p.key}
    settings = list(tap.platform_class.account_settings)
    return next((key for key in reversed(settings) if key in found), None)


def _groups(
    accounts: Sequence[Partition], count: int | None
) -> Iterator[tuple[str, list[Partition]]]:
    """Return accounts by the name of their shard, in the order of the names."""
    named = sorted((part_name(a.key), a) for a in accounts)
    if count is None:
        yield from ((name, [account]) for name, account in named)
        return
    groups: dict[int, list[Partition]] = {}
    for name, account in named:
        groups.setdefault(place(name, count), []).append(account)
    for number in sorted(groups):
        yield f"group-{number + 1}-of-{count}", groups[number]


def _remarks(
    tap: AdTap, key: str | None, whole: "Sequence[_Cost]", *, together: bool
) -> Iterator[str]:
    settings = tap.platform_class.account_settings
    if key is None:
        way = f"; to read by account, set {' or '.join(settings.values())}" if settings else ""
        yield f"{tap.name} reads the whole login as one account: there is nothing to split{way}"
        return
    for cost in whole:
        yield f"{cost.stream.name}: not split by {key}, read whole in `rest`"
    if together:
        yield "one state for each group: `adtap state split` and `merge` take it apart if the count changes"


# -- what a run costs ------------------------------------------------------------------------


@dataclass
class _Cost:
    """What reading a report costs: all its accounts, those that can't be planned among them, or some of them."""

    stream: ReportStream
    planner: Planner
    partitions: Sequence[Partition]
    plans: Sequence[PartitionPlan]
    _known: dict[tuple[object, ...], int] = field(default_factory=dict)

    @staticmethod
    def of(tap: AdTap, stream: ReportStream) -> "_Cost":
        """Plan a report."""
        planner = stream.planner()
        partitions = tap.platform.partitions(planner.report)
        plans = stream.plans(planner, partitions, ask_platform=True)
        return _Cost(stream, planner, partitions, plans)

    def is_cut_by(self, key: str) -> bool:
        """Check whether a setting narrows this report to accounts with this key."""
        setting = self.stream.run.platform_class.account_settings[key]
        # A definition that names its own accounts does not hear the setting.
        own = self.stream.report.extras.get(setting)
        return (
            not own and bool(self.partitions) and all(set(p.key) == {key} for p in self.partitions)
        )

    def requests(self, accounts: Sequence[Partition] | None = None) -> int:
        """Return the fewest requests of a run that reads some accounts, or all."""
        wanted = None if accounts is None else set(accounts)
        plans = [p for p in self.plans if wanted is None or p.partition in wanted]
        # Accounts with the same windows cost the same: hundreds of them are looked at once.
        known = tuple(sorted(tuple((w.start, w.end) for w in p.windows) for p in plans))
        if known not in self._known:
            self._known[known] = self._count(plans)
        return self._known[known]

    def _count(self, plans: Sequence[PartitionPlan]) -> int:
        control = control_of(self.stream, StreamPlan(self.stream.name))
        count = 0
        for task in self.stream.tasks(self.planner, plans):
            try:
                count += len(asked_for(self.stream.run.platform, task.job, control))
            except AdtapError:
                count += 1
        return count


# -- runs and their variables ----------------------------------------------------------------


@dataclass(frozen=True)
class _Maker:
    """Makes the shards of one stretch of a backfill, or those of the daily run, from the reports that are cut by a key."""

    tap: AdTap
    cut: Cut
    piece: Piece | None
    key: str
    reports: Sequence[_Cost]

    def shard(self, name: str, accounts: Sequence[Partition]) -> Shard:
        """Return the shard of some accounts."""
        groups = [(name, accounts)]
        if not self.cut.together:
            groups = [(part_name(a.key), [a]) for a in accounts]
        names = [r.stream.name for r in self.reports]
        runs = [
            self._run(part, names, sum(r.requests(members) for r in self.reports), members)
            for part, members in groups
        ]
        return Shard(name=self._named(name), runs=runs, window=self.piece)

    def rest(self, streams: Sequence[str], requests: int) -> Shard:
        """Return what belongs to no account."""
        run = self._run(REST, streams, requests)
        return Shard(name=self._named(REST), runs=(run,), window=self.piece)

    def _run(
        self, name: str, streams: Sequence[str], requests: int, accounts: Sequence[Partition] = ()
    ) -> Run:
        ledgers = [self.tap.ledger, self.tap.days]
        selected = [*streams, *(s.name for s in ledgers if s.selected)]
        variables = {f"{prefix_of(self.tap.name)}_SELECT_FILTER": _text(selected)}
        if accounts:
            setting = self.tap.platform_class.account_settings[self.key]
            ids = [a.key[self.key] for a in accounts]
            variables = {variable_of(self.tap.name, setting): _text(ids), **variables}
        if self.piece is not None:
            variables[variable_of(self.tap.name, "backfill")] = _text(self.tap.config["backfill"])
            # A state id of its own: it may run beside the daily run, and touches no bookmark of it.
            name = f"{name}-backfill-{self.piece[0]}"
        return Run(
            accounts=[a.key for a in accounts],
            state_id_suffix=name,
            environment=variables,
            requests=requests,
        )

    def _named(self, name: str) -> str:
        return name if self.piece is None else f"{name}-{self.piece[0]}"


def _environment(tap: AdTap, share: float) -> tuple[dict[str, str], list[str]]:
    """Return the settings that all runs share as variables, and the names of those that hold secrets."""
    made: dict[str, str] = {}
    elsewhere: list[str] = []
    for name, rules in tap.config_jsonschema["properties"].items():
        value = tap.config.get(name)
        if value is None or name in {"backfill", "rate_share"} or value == rules.get("default"):
            continue
        variable = variable_of(tap.name, name)
        text = _text(value)
        # A value in which a secret stands (a password in an address) is one.
        if rules.get("secret") or redact(text) != text:
            elsewhere.append(variable)
        else:
            made[variable] = text
    if share < 1:
        made[variable_of(tap.name, "rate_share")] = f"{share:.6f}"
    return made, elsewhere


def _text(value: Any) -> str:
    """Return a setting's value as a variable holds it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping | list | tuple | bool):
        return msgspec.json.format(exact_json.encode(value), indent=0).decode()
    return str(value)
