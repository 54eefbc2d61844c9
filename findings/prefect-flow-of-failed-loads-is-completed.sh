#!/usr/bin/env bash
# A Prefect flow that starts its loads side by side is Completed, whatever becomes of them.
#
# A good guess: a flow of which one task failed has failed, as it was in Prefect 2; at the latest
# when the flow waits for its tasks.
# What happens (Prefect 3.9.1): a task that was started by submit() or map() and raised is red, the
# flow that started it is Completed, with wait() as well. Only what the flow returns or asks for
# counts: result() raises, and a returned list of futures makes it Failed; a number of loads does
# not.
# For a user: automations and alerts on failed flow runs stay silent, what is scheduled behind them
# runs, and one account of forty is missing. Return the futures, or call result() for each.
set -euo pipefail
unset PYTHONPATH
packages=(prefect==3.9.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export PREFECT_HOME="$dir/home" PREFECT_LOGGING_LEVEL=CRITICAL PREFECT_SERVER_ANALYTICS_ENABLED=false
export DO_NOT_TRACK=1 PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS=120
cd "$dir" && cat > flows.py <<'PY'
import sys

import prefect
from prefect import flow, task

ACCOUNTS = ["a", "b", "c"]


@task
def load(account):
    if account == "b":
        raise RuntimeError(f"account {account} could not be read")
    return account


@flow
def submitted():
    for account in ACCOUNTS:
        load.submit(account)


@flow
def waited():
    load.map(ACCOUNTS).wait()


@flow
def counted():
    futures = [load.submit(account) for account in ACCOUNTS]
    for future in futures:
        future.wait()
    return len(futures)


@flow
def returned():
    return [load.submit(account) for account in ACCOUNTS]


@flow
def asked():
    return load.map(ACCOUNTS).result()


print("Prefect", prefect.__version__)
flows = (submitted, waited, counted, returned, asked)
seen = {run.name: run(return_state=True).type.value for run in flows}
for name, state in seen.items():
    print(f"{name}: {state}")
failed = {name for name, state in seen.items() if state == "FAILED"}
stated = failed == {"returned", "asked"} and len(set(seen.values())) == 2
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
env/bin/python -W ignore flows.py
