"""Assets of one platform: each report by day and account, entities, and the daily load that goes on from state.

    <platform>/<report>   a day of an account: materialised as a backfill, which touches no bookmark
    <platform>/load       an account: the daily run, which goes on from state
    <platform>/entities   what belongs to no account

Accounts are a dynamic partition: the job `<platform>_accounts` asks the platform for them. Checks hold the reports
against the ledger (days that were never read) and against the platform's own totals (`adtap reconcile`).
The page docs/scale.md says what to set up: the pool, the run queue, the variables.
"""

import json
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

sys.path += [str(Path(__file__).resolve().parents[n]) for n in (0, 1)]
from adtap_run import Ended, Outcome, Project, run_shard
from adtaps_checks import BLOCKING, ads_checks, failure, stretches

ACCOUNT = "adtaps/account"


def run(
    context: Any, project: Project, shard: Mapping[str, Any], common: Mapping[str, str]
) -> Outcome:
    """Run a shard; what would end the same way again is not tried again.

    Raises:
        dagster.Failure: It did not end well.
    """
    try:
        return run_shard(project, shard, common, say=context.log.info)
    except Ended as ended:
        raise failure(ended) from None


def listed(project: Project, *options: str) -> dict[str, Any]:
    """Return the load in shards.

    Raises:
        dagster.Failure: It can't be had.
    """
    try:
        return project.shards(*options)
    except Ended as ended:
        raise failure(ended) from None


def ads_definitions(  # noqa: C901 - one place that shows all of it
    project: Project,
    *,
    reports: Sequence[str],
    start: str,
    warehouse: str | None = None,
    schema: str | None = None,
    blocking: Collection[str] = BLOCKING,
    cron: str = "0 6 * * *",
    days_per_run: int = 31,
    options: Sequence[str] = (),
    retries: int = 3,
    retry_delay: float = 360,
) -> dg.Definitions:
    """Return the definitions of one platform.

    Args:
        project: Where and what.
        reports: The report streams that are selected; `adtap shards` lists them as `streams`.
        start: The first day of the reports' partitions.
        warehouse: `postgresql://…` as `adtap status` and `adtap reconcile` take it, or the name of a variable that
            holds it; without it there are no checks.
        schema: Of its tables; None: the tap's name, as the loaders name it.
        blocking: Which of the checks `ledger` and `reconcile` keep what lies downstream from being built.
        cron: When the daily load runs.
        days_per_run: How many partitions of a backfill one run reads.
        options: More options of `adtap shards`.
        retries: How often a run is tried again.
        retry_delay: Seconds, more than 300: so long Meltano takes a killed run for a running one.
    """
    platform = project.tap.removeprefix("tap-")
    accounts = dg.DynamicPartitionsDefinition(name=f"{platform}_accounts")
    daily = dg.DailyPartitionsDefinition(start_date=start)
    by_day = dg.MultiPartitionsDefinition({"day": daily, "account": accounts})
    policy = dg.RetryPolicy(max_retries=retries, delay=retry_delay)
    pool = f"adtaps_{project.tap.replace('-', '_')}"
    common: dict[str, Any] = {"retry_policy": policy, "pool": pool}

    @dg.multi_asset(
        name=f"{platform}_reports",
        specs=[
            dg.AssetSpec([platform, name], skippable=True, kinds={"singer"}) for name in reports
        ],
        partitions_def=by_day,
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=days_per_run),
        **common,
    )
    def read_days(context: dg.AssetExecutionContext) -> Iterator[Any]:
        """Read days of accounts again, as a backfill: beside the daily load, without touching its state."""
        names = [key.path[-1] for key in context.selected_asset_keys]
        rows: dict[str, int] = {}
        for account, first, end in stretches(context.partition_keys):
            found = listed(project, *options, f"--from={first}", f"--to={end}", "--grain=month")
            wanted = [s for s in found["shards"] if s["name"].startswith(f"{account}-")]
            if not wanted:
                raise dg.Failure(
                    f"account {account}: the login does not see it any more", allow_retries=False
                )
            for shard in wanted:
                outcome = run(
                    context, project, _narrowed(project, shard, names), found["environment"]
                )
                for name, count in outcome.rows.items():
                    rows[name] = rows.get(name, 0) + count
        for name in names:
            yield dg.MaterializeResult(
                asset_key=[platform, name],
                metadata={"rows": rows.get(name, 0), "windows": rows.get("sync_windows", 0)},
            )

    @dg.asset(key=[platform, "load"], partitions_def=accounts, kinds={"singer"}, **common)
    def load(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Go on from an account's state: new days, and the lookback."""
        return _whole(context, context.partition_key, "shards")

    @dg.asset(key=[platform, "entities"], kinds={"singer"}, **common)
    def entities(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Read what belongs to no account."""
        return _whole(context, "rest", "rest")

    def _whole(context: dg.AssetExecutionContext, name: str, part: str) -> dg.MaterializeResult:
        found = listed(project, *options)
        shard = next((s for s in found[part] if s["name"] == name), None)
        if shard is None:
            raise dg.Failure(f"{name}: the login does not see it any more", allow_retries=False)
        outcome = run(context, project, shard, found["environment"])
        windows = outcome.rows.pop("sync_windows", 0)
        counts = {f"rows/{n}": c for n, c in outcome.rows.items()}
        return dg.MaterializeResult(metadata={"windows": windows, **counts})

    @dg.op(name=f"{platform}_list_accounts", pool=pool)
    def list_accounts(context: dg.OpExecutionContext) -> None:
        """Add the accounts that are new, and make the tables: several writers must not make them at once."""
        found = listed(project, *options)
        names = [shard["name"] for shard in found["shards"]]
        context.instance.add_dynamic_partitions(str(accounts.name), names)
        run(context, project, project.tables(), {})

    @dg.job(name=f"{platform}_accounts")
    def list_job() -> None:
        list_accounts()

    # By this tag the queue holds a second load of an account back (dagster.yaml).
    tagged = dg.PartitionedConfig(
        accounts, lambda _: {}, tags_for_partition_key_fn=lambda name: {ACCOUNT: f"{platform}/{name}"}
    )  # fmt: skip
    every = dg.define_asset_job(f"{platform}_load", [load], config=tagged)
    once = dg.define_asset_job(f"{platform}_entities", [entities])

    @dg.schedule(name=f"{platform}_daily", job=every, cron_schedule=cron)
    def daily_load(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        """Start a run for each account; the pool and the queue see to it that not all of them ask at once."""
        names = context.instance.get_dynamic_partitions(str(accounts.name))
        day = f"{context.scheduled_execution_time:%Y-%m-%d}"
        return [dg.RunRequest(run_key=f"{day}/{name}", partition_key=name) for name in names]

    checks = [] if warehouse is None else ads_checks(
        project, reports, warehouse, partitions=by_day, pool=pool, policy=policy, schema=schema,
        options=options, blocking=blocking,
    )  # fmt: skip
    return dg.Definitions(
        assets=[read_days, load, entities],
        asset_checks=checks,
        jobs=[list_job, every, once],
        # A run reads one account: its process is the one that a monitor looks after, and there is one less.
        executor=dg.in_process_executor,
        schedules=[daily_load, dg.ScheduleDefinition(job=once, cron_schedule=cron)],
    )


def _narrowed(project: Project, shard: Mapping[str, Any], streams: Sequence[str]) -> dict[str, Any]:
    """Return a backfill's shard that reads some of its reports only."""
    name = f"{project.tap.upper().replace('-', '_')}_BACKFILL"

    def only(run: Mapping[str, Any]) -> dict[str, Any]:
        asked = {**json.loads(run["environment"][name]), "streams": list(streams)}
        return {**run, "environment": {**run["environment"], name: json.dumps(asked)}}

    return {**shard, "runs": [only(r) for r in shard["runs"]]}
