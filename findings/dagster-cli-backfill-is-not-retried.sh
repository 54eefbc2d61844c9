#!/usr/bin/env bash
# Runs that `dagster job backfill` starts are never started again by run_retries; those of a backfill
# from the UI are, and both carry the tag dagster/will_retry: true.
#
# A good guess: the command line and the UI launch the same backfill, and with run_retries enabled a
# run whose process was killed (out of memory, a node gone) is started again, whoever launched it.
# What happens (Dagster 1.13.28): the command queues its runs itself and writes the backfill down as
# COMPLETED at once, before any of them has begun. The daemon retries no run of a backfill that has
# ended, so none of these ever is; it says so in an event of the run, while the run's tags and the
# list of runs still announce a retry. A backfill from the UI (launchPartitionBackfill) is open until
# its runs have ended, and its runs are retried.
# For a user: launch from the UI, by GraphQL or by a schedule, as scripts with `dagster-graphql` can
# too; after `dagster job backfill` look for failed runs yourself (docs/scale.md).
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
run_retries: {enabled: true, max_retries: 2, retry_on_asset_or_op_failure: false}
telemetry: {enabled: false}
YML
cat >loads.py <<'PY'
import os
import signal
from pathlib import Path

import dagster as dg

accounts = dg.StaticPartitionsDefinition(["by_command", "by_ui"])


@dg.asset(partitions_def=accounts)
def load(context: dg.AssetExecutionContext) -> None:
    """Be killed at the first try, as by the kernel when memory is short."""
    tried = Path(os.environ["DAGSTER_HOME"], f"tried-{context.partition_key}")
    if not tried.exists():
        tried.touch()
        os.kill(os.getpid(), signal.SIGKILL)


job = dg.define_asset_job("all_loads", [load])
defs = dg.Definitions(assets=[load], jobs=[job], executor=dg.in_process_executor)
PY
python - 2>log.txt <<'PY'
import json
import subprocess
import sys
import time

import dagster as dg

print("Dagster", dg.__version__)
# Not run_monitoring's: a process that has gone is noticed by the code server that started it.
daemon = subprocess.Popen(["dagster-daemon", "run", "-m", "loads"], stdout=open("daemon.txt", "w"), stderr=subprocess.STDOUT)
with dg.DagsterInstance.get() as instance:

    def runs(name):
        found = [r for r in instance.get_runs() if r.tags.get("dagster/partition") == name]
        return found[::-1]

    def wait(name, enough, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until and not enough([r.status.value for r in runs(name)]):
            time.sleep(1)

    try:
        # The daemon heeds no failure from before its first look at the log of events.
        until = time.monotonic() + 120
        while time.monotonic() < until and "ignoring older" not in open("daemon.txt").read():
            time.sleep(1)
        time.sleep(3)
        subprocess.run(
            ["dagster", "job", "backfill", "-m", "loads", "-j", "all_loads", "--noprompt", "--partitions", "by_command"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
        )
        selector = {
            "partitionSetName": "all_loads_partition_set",
            "repositorySelector": {"repositoryLocationName": "loads", "repositoryName": "__repository__"},
        }
        mutation = (
            "mutation ($asked: LaunchBackfillParams!) "
            "{ launchPartitionBackfill(backfillParams: $asked) { __typename } }"
        )
        asked = {"asked": {"selector": selector, "partitionNames": ["by_ui"]}}
        subprocess.run(
            ["dagster-graphql", "-m", "loads", "-t", mutation, "-v", json.dumps(asked)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
        )
        wait("by_ui", lambda s: "SUCCESS" in s, 240)
        # The other one failed before: time enough has gone by, and some more.
        wait("by_command", lambda s: "SUCCESS" in s, 30)
        seen = {name: [r.status.value for r in runs(name)] for name in ("by_command", "by_ui")}
        first = runs("by_command")[0]
        announced = first.tags.get("dagster/will_retry")
        said = [e.user_message or e.message for e in instance.all_logs(first.run_id)]
        why = [line for line in said if "Not retrying" in line]
    finally:
        daemon.kill()
        daemon.wait()
print("runs of `dagster job backfill`:", *seen["by_command"], f"(dagster/will_retry: {announced})")
print("its event:", *why)
print("runs of a backfill from the UI:", *seen["by_ui"])
stated = seen == {"by_command": ["FAILURE"], "by_ui": ["FAILURE", "SUCCESS"]} and announced == "true" and len(why) == 1
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
