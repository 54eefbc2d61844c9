"""Asset checks of one platform's reports, in the words of the companion.

    ledger      days between the first and the last one read that were never read (`adtap status`)
    reconcile   settled days that do not tie out with the platform's own totals (`adtap reconcile`)

A run with a failed check succeeds, and what lies downstream is built, unless the check is `blocking`. So `reconcile`
is: wrong numbers must not go on. `ledger` is not: while a long backfill is on its way, days are missing, and a report
that lacks days is incomplete, not wrong.

In a run that reads partitions `reconcile` holds those alone: what another run of the same backfill has still to mend
must not fail this one. By itself it holds all that was read.
"""

import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import dagster as dg

sys.path.append(str(Path(__file__).resolve().parents[1]))
from adtap_run import FINAL, Ended, Outcome, Project

BLOCKING = ("reconcile",)
ONE_DAY = timedelta(days=1)
RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
ALONE = "dagster/partition"

Stretch = tuple[str, date, date]


def failure(ended: Ended) -> dg.Failure:
    """Return Dagster's failure of a run; what would end the same way again is not tried again."""
    code = ended.outcome.code
    return dg.Failure(
        str(ended), metadata={"exit_code": code}, allow_retries=not ended.outcome.is_final
    )


def stretches(keys: Sequence[str]) -> Iterator[Stretch]:
    """Return the stretches of days that partitions make up, by account; the end of each is exclusive.

    Args:
        keys: Partitions of two dimensions as Dagster writes them, in the order of their names: `account|day`.
    """
    parts = (key.partition("|") for key in keys)
    days = sorted((account, date.fromisoformat(day)) for account, _, day in parts)
    for (account, _), members in groupby(
        enumerate(days), lambda m: (m[1][0], m[1][1].toordinal() - m[0])
    ):
        found = [day for _, (_, day) in members]
        yield account, found[0], found[-1] + ONE_DAY


def partitions_of(
    context: dg.AssetCheckExecutionContext, partitions: dg.PartitionsDefinition[Any]
) -> list[str]:
    """Return the partitions that a check's run reads; none if it reads none.

    A check has no partitions of its own, so `partition_keys` is refused to it; the run's tags have them.
    """
    tags = context.run.tags
    if ALONE in tags:
        return [tags[ALONE]]
    if RANGE[0] not in tags:
        return []
    first, last = (partitions.get_partition_key_from_str(tags[name]) for name in RANGE)
    return list(
        partitions.get_partition_keys_in_range(
            dg.PartitionKeyRange(first, last), dynamic_partitions_store=context.instance
        )
    )


def ads_checks(
    project: Project,
    reports: Sequence[str],
    warehouse: str,
    *,
    partitions: dg.PartitionsDefinition[Any],
    pool: str,
    policy: dg.RetryPolicy,
    schema: str | None = None,
    options: Sequence[str] = (),
    blocking: Collection[str] = BLOCKING,
) -> list[dg.AssetChecksDefinition]:
    """Return two checks a report.

    Args:
        project: Where and what.
        reports: The report streams.
        warehouse: `postgresql://…` or the name of a variable that holds it.
        partitions: Of the reports: account and day.
        pool: Of all that asks this platform.
        policy: How often a check is tried again that could not be made.
        schema: Of the tables; None: the tap's name, as the loaders name it.
        options: More options of `adtap shards`.
        blocking: Names of the checks that keep what lies downstream from being built.
    """
    platform = project.tap.removeprefix("tap-")
    there = schema or project.tap.replace("-", "_")

    def ask(command: Sequence[str], more: Mapping[str, str]) -> tuple[int, dict[str, Any], str]:
        place = os.environ.get(warehouse, warehouse)
        done = subprocess.run(
            (str(Path(project.bin, "adtap")), *command, f"--warehouse={place}", f"--schema={there}"),
            cwd=project.folder, env=project.variables_for(more), capture_output=True, text=True, check=False,
        )  # fmt: skip
        errors = done.stderr.strip()[-2000:]
        try:
            return done.returncode, json.loads(done.stdout), errors
        except ValueError:
            # It has no answer: that says nothing of the data.
            raise failure(Ended(Outcome(done.returncode, errors.splitlines()[-5:]))) from None

    def of_ledger(name: str) -> dg.AssetChecksDefinition:
        @dg.asset_check(
            asset=[platform, name], name="ledger", blocking="ledger" in blocking, retry_policy=policy,
            description="No day is missing between the first and the last one that was read.",
        )  # fmt: skip
        def check() -> dg.AssetCheckResult:
            _, said, errors = ask(("status", "--json"), {})
            found = [s for s in said["streams"] if s["stream"] == name]
            gaps = {json.dumps(s["account"]): s["gaps"] for s in found if s["gaps"]}
            about = {"accounts": len(found), "gaps": gaps, "errors": errors}
            return dg.AssetCheckResult(passed=bool(found) and not gaps, metadata=about)

        return check

    def of_totals(name: str) -> dg.AssetChecksDefinition:
        @dg.asset_check(
            asset=[platform, name], name="reconcile", blocking="reconcile" in blocking, retry_policy=policy,
            pool=pool, description="Settled days tie out with the platform's totals.",
        )  # fmt: skip
        def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
            try:
                found = project.shards(*options)
            except Ended as ended:
                raise failure(ended) from None
            command = (
                "reconcile",
                project.tap,
                "--config=ENV",
                f"--reports={name}",
                "--format=json",
            )
            passed, differences, words = True, 0, []
            for span, more in _questions(found, partitions_of(context, partitions)):
                code, said, errors = ask((*command, *span), more)
                if code in FINAL:
                    raise failure(Ended(Outcome(code, errors.splitlines()[-5:])))
                # What was never read differs as well, and is what the check `ledger` has to say.
                read = [d for r in said["reports"] for d in r["differences"] if d["read_at"]]
                unasked = [
                    r["not_comparable"] or r["accounts_not_comparable"] for r in said["reports"]
                ]
                passed = passed and (code == 0 or not (read or any(unasked)))
                differences += len(read)
                words += errors.splitlines()
            about = {"differences": differences, "errors": "\n".join(words)}
            return dg.AssetCheckResult(passed=passed, metadata=about)

        return check

    return [made for name in reports for made in (of_ledger(name), of_totals(name))]


def _questions(
    found: Mapping[str, Any], keys: Sequence[str]
) -> list[tuple[tuple[str, ...], Mapping[str, str]]]:
    """Return what `adtap reconcile` is asked: options, and variables.

    Args:
        found: The load in shards. Its settings are those that the project holds; secrets are variables of this
            process already.
        keys: Partitions of account and day; none: all that was read.
    """
    if not keys:
        return [((), found["environment"])]
    own = {shard["name"]: shard["runs"][0]["environment"] for shard in found["shards"]}
    questions = []
    for account, first, end in stretches(keys):
        if account not in own:
            raise dg.Failure(
                f"account {account}: the login does not see it any more", allow_retries=False
            )
        more = {**found["environment"], **own[account]}
        questions.append(((f"--from={first}", f"--to={end}"), more))
    return questions
