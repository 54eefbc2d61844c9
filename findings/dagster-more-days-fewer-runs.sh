#!/usr/bin/env bash
# A backfill of two days by account makes more runs than one of five, though max_partitions_per_run has room for both.
#
# A good guess: with BackfillPolicy.multi_run(max_partitions_per_run=31) a backfill of six partitions
# is one run, and one of fifteen is one run too; at worst the larger makes as many runs as the smaller.
# What happens (Dagster 1.13.28): partitions of two dimensions (account and day) are first cut into
# ranges, and 31 only bounds each of them. All partitions are grouped by the dimension of which fewer
# values are asked for, and the other one is cut wherever a value in between is left out. Two days of
# three accounts out of four, not neighbours: a range for each day and each stretch of neighbouring
# accounts, four runs of one day. Five days of the same accounts: one run an account.
# For a user of a source that takes many days in one request: ask for more days than accounts, or for
# one account at a time; an account that has gone and is left out cuts the list, too (docs/scale.md).
set -euo pipefail
unset PYTHONPATH
packages=(dagster==1.13.28 dagster-webserver==1.13.28)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && export DAGSTER_HOME="$dir" PATH="$dir/env/bin:$PATH" PYTHONPATH="$dir"
cat >dagster.yaml <<'YML'
run_coordinator: {module: dagster.core.run_coordinator, class: QueuedRunCoordinator}
telemetry: {enabled: false}
YML
cat >reports.py <<'PY'
import dagster as dg

accounts = dg.StaticPartitionsDefinition(["a", "b", "c", "d"])
days = dg.DailyPartitionsDefinition(start_date="2026-01-01", end_date="2026-02-01")


@dg.asset(
    partitions_def=dg.MultiPartitionsDefinition({"day": days, "account": accounts}),
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=31),
)
def spend() -> None: ...


defs = dg.Definitions(assets=[spend], executor=dg.in_process_executor)
PY
python - 2>log.txt <<'PY'
import json
import subprocess
import sys
import time

import dagster as dg

print("Dagster", dg.__version__)
daemon = subprocess.Popen(["dagster-daemon", "run", "-m", "reports"], stdout=open("daemon.txt", "w"), stderr=subprocess.STDOUT)
mutation = (
    "mutation ($asked: LaunchBackfillParams!) "
    "{ launchPartitionBackfill(backfillParams: $asked) { __typename } }"
)


def ranges(instance, count):
    """Launch a backfill of the first days as the UI does; give first and last partition of each of its runs."""
    keys = [f"{account}|2026-01-0{n + 1}" for account in "acd" for n in range(count)]
    asked = {"asked": {"assetSelection": [{"path": ["spend"]}], "partitionNames": keys, "title": str(count)}}
    subprocess.run(
        ["dagster-graphql", "-m", "reports", "-t", mutation, "-v", json.dumps(asked)],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
    )
    until = time.monotonic() + 240
    while time.monotonic() < until:
        made = [b for b in instance.get_backfills() if b.title == str(count)]
        if made and made[0].status.value == "COMPLETED_SUCCESS":
            break
        time.sleep(1)
    runs = [r for r in instance.get_runs() if r.tags.get("dagster/backfill") == made[0].backfill_id]
    ends = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    return sorted(tuple(r.tags.get(end, r.tags.get("dagster/partition")) for end in ends) for r in runs)


try:
    with dg.DagsterInstance.get() as instance:
        two, five = ranges(instance, 2), ranges(instance, 5)
finally:
    daemon.kill()
    daemon.wait()
for count, found in ((2, two), (5, five)):
    print(f"{count} days of 3 accounts, {count * 3} partitions, at most 31 a run: {len(found)} runs")
    for first, last in found:
        print("  ", first, "to", last)
stated = (len(two), len(five)) == (4, 3) and all(first[0] == last[0] for first, last in five)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
