"""One DAG a platform: tables once, then entities and a mapped task a shard, then the alerts of the ledger.

    shards ─> tables ─> rest           ─> alerts
                    └─> shard [0 … n] ─┘

A scheduled run goes on from the state of each shard. A run of `airflow backfill create`, or one that is triggered
with `from` and `to`, reads its stretch as a backfill and touches no bookmark. `cron=None` makes a DAG for
backfills alone, so that one that takes a night stands in no daily run's way.
The page docs/scale.md says what to set up: the pool, the variables, the views.
"""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, BaseOperator, CronDataIntervalTimetable, Param, task  # isort: skip
from airflow.sdk import get_current_context  # isort: skip
from airflow.sdk.exceptions import AirflowException, AirflowFailException

sys.path.append(str(Path(__file__).resolve().parents[1]))
from adtap_run import Ended, Meltano, Outcome, Project, run_shard

DAY = "%Y-%m-%d"


class RunShard(BaseOperator):
    """Run a shard: every line into the task's log, every count into the asset's event.

    An operator and not a function, because only an operator hears SIGTERM (`on_kill`): then the tap ends after its
    last whole window, and the loader commits what it has. Trying again is always safe: what was read whole is not
    read again, rows are replaced by key. Settings and credentials that are wrong are not tried again.

    Args:
        project: Where and what.
        shard: `{"shard": …, "environment": …}`; one of a mapped task.
    """

    template_fields: Sequence[str] = ("shard",)

    def __init__(self, *, project: Project, shard: Mapping[str, Any], **rest: Any) -> None:
        super().__init__(**rest)
        self.project, self.shard = project, shard
        self._meltano: Meltano | None = None

    def execute(self, context: Any) -> dict[str, int]:
        """Run it to its end; give the rows by stream."""
        try:
            outcome = run_shard(
                self.project,
                self.shard["shard"],
                self.shard["environment"],
                say=self.log.info,
                started=self._started,
            )
        except Ended as ended:
            self._tell(context, ended.outcome)
            kind = AirflowFailException if ended.outcome.is_final else AirflowException
            raise kind(str(ended.outcome)) from None
        self._tell(context, outcome)
        return outcome.rows

    def on_kill(self) -> None:
        """Let the tap finish: it has until Airflow's own patience ends, and goes on without us after that."""
        if self._meltano is not None:
            self._meltano.stop()

    def _started(self, meltano: Meltano) -> None:
        self._meltano = meltano

    def _tell(self, context: Any, outcome: Outcome) -> None:
        for asset in self.outlets:
            context["outlet_events"][asset].extra = {
                "shard": self.shard["shard"]["name"],
                "exit_code": outcome.code,
                "windows": outcome.rows.get("sync_windows", 0),
                "rows": {k: n for k, n in outcome.rows.items() if k != "sync_windows"},
            }


def stretch(context: Mapping[str, Any]) -> list[str]:
    """Return the options of `adtap shards` for the stretch that a run is for; none for the daily run.

    Args:
        context: Of the run. A backfill's interval comes from the timetable: with a plain `@daily` schedule
            Airflow 3 gives both its ends the same moment, and nothing would be read.
    """
    run, params = context["dag_run"], context["params"]
    start, end = params.get("from"), params.get("to")
    if run.run_type == "backfill":
        start, end = (m.strftime(DAY) for m in (run.data_interval_start, run.data_interval_end))
    if not start and not end and context["dag"].timetable.can_be_scheduled:
        return []
    if not (start and end and start < end):
        raise AirflowFailException(
            f"backfill from {start!r} to {end!r}: two days are expected, the second one exclusive"
        )
    return [f"--from={start}", f"--to={end}", f"--grain={params.get('grain') or 'month'}"]


def ads_dag(
    project: Project,
    *,
    start: datetime,
    cron: str | None = "0 6 * * *",
    name: str | None = None,
    pool: str | None = None,
    options: Sequence[str] = (),
    alerts: str | None = None,
    retries: int = 3,
    retry_delay: timedelta = timedelta(minutes=6),
    **rest: Any,
) -> DAG:
    """Return the DAG of one platform.

    Args:
        project: Where and what.
        start: The first day of the schedule, with a time zone.
        cron: When it runs, UTC; None: never by itself, for backfills.
        name: The DAG's id; None: `ads_<platform>`, and `ads_<platform>_backfill` without a schedule.
        pool: As many slots as shards may run at once; `adtap shards` names it and says how many.
        options: More options of `adtap shards`, such as `--count=20`.
        alerts: A connection to the warehouse: the run fails if its view `sync_alerts` says anything.
        retries: How often a task is tried again.
        retry_delay: More than five minutes: so long Meltano takes a killed run for a running one.
        rest: More arguments of the DAG, such as `on_failure_callback`.
    """
    pool = pool or f"adtaps_{project.tap.replace('-', '_')}"
    platform = project.tap.removeprefix("tap-")
    asset = Asset(name=f"ads_{platform}", uri=f"adtaps://{platform}")
    again = {"retries": retries, "retry_delay": retry_delay, "pool": pool}

    with DAG(
        dag_id=name or f"ads_{platform}{'' if cron else '_backfill'}",
        schedule=CronDataIntervalTimetable(cron, timezone="UTC") if cron else None,
        start_date=start,
        catchup=False,
        max_active_runs=1,  # two runs of one shard would fetch the same windows
        params={
            "from": Param(None, type=["null", "string"], description="Backfill from this day on."),
            "to": Param(None, type=["null", "string"], description="Up to this day, exclusive."),
            "grain": Param("month", enum=["day", "week", "month"]),
        },
        **rest,
    ) as dag:

        @task(retries=retries, retry_delay=timedelta(minutes=1), pool=pool)
        def shards() -> dict[str, Any]:
            """Ask which accounts there are today, and what each is to read."""
            try:
                found = project.shards(*options, *stretch(get_current_context()))
            except Ended as ended:
                kind = AirflowFailException if ended.outcome.is_final else AirflowException
                raise kind(str(ended.outcome)) from None
            return found

        @task
        def pick(found: dict[str, Any], part: str) -> list[dict[str, Any]]:
            return [{"shard": s, "environment": found["environment"]} for s in found[part]]

        found = shards()
        tables = RunShard(
            task_id="tables",
            project=project,
            shard={"shard": project.tables("{{ run_id }}"), "environment": {}},
            **again,
        )
        # Side by side, the entities first in the queue: an account's failure is its own, and theirs is no account's.
        entities = RunShard.partial(
            task_id="rest", project=project, outlets=[asset], priority_weight=10, **again
        ).expand(shard=pick.override(task_id="list_rest")(found, "rest"))
        accounts = RunShard.partial(
            task_id="shard", project=project, outlets=[asset],
            map_index_template="{{ task.shard['shard']['name'] }}", **again,
        ).expand(shard=pick.override(task_id="list_shards")(found, "shards"))  # fmt: skip
        found >> tables >> [entities, accounts]

        if alerts is not None:

            @task(trigger_rule="all_done", retries=0)
            def read_alerts() -> None:
                """Fail with what the ledger has to say: days missing or never finished, accounts not read."""
                from airflow.sdk import BaseHook  # noqa: PLC0415 - asks the database only when it runs

                hook = BaseHook.get_hook(alerts)
                schema = project.tap.replace("-", "_")
                columns = "alert, stream, account, COUNT(*), MIN(day), MAX(day)"
                query = (
                    f"SELECT {columns} FROM {schema}.sync_alerts GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"  # noqa: S608 - its own name
                )
                if lines := hook.get_records(query):
                    said = "\n".join("{}: {} {}, {} days, {} to {}".format(*line) for line in lines)
                    raise AirflowFailException(f"alerts of {schema}.sync_alerts:\n{said}")

            [entities, accounts] >> read_alerts()
    return dag
