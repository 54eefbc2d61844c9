#!/usr/bin/env bash
# A Dagster run with a failed asset check of severity ERROR succeeds, and what lies downstream is
# built.
#
# A good guess: WARN lets a run pass and ERROR stops it; that is what the two are for, as in dbt.
# What happens (Dagster 1.13.27): both let it pass. The run ends as a success and the assets that
# depend on the checked one are materialised from it; only the check itself is shown red. The
# severity changes how the check is displayed and alerted. With `blocking=True` on the check,
# downstream is skipped and the run fails.
# For a user: a check "the numbers tie out" in front of a mart doesn't keep wrong numbers out of it,
# and nothing that watches run status or exit codes hears of it. Say blocking=True on every check
# that guards something: settled days, control totals.
set -euo pipefail
unset PYTHONPATH
packages=(dagster==1.13.27)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - 2>log.txt <<'PY'
import sys

import dagster as dg

print("Dagster", dg.__version__)


def outcome(severity, blocking):
    built = []

    @dg.asset
    def spend():
        return 1

    @dg.asset_check(asset=spend, blocking=blocking)
    def ties_out():
        return dg.AssetCheckResult(passed=False, severity=severity)

    @dg.asset(deps=[spend])
    def mart():
        built.append("mart")

    definitions = dg.Definitions(assets=[spend, mart], asset_checks=[ties_out])
    job = definitions.resolve_implicit_global_asset_job_def()
    instance = dg.DagsterInstance.ephemeral()
    run = job.execute_in_process(raise_on_error=False, instance=instance)
    return run.success, built == ["mart"]


warn, error = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR
seen = {
    "failed check, WARN": outcome(warn, blocking=False),
    "failed check, ERROR": outcome(error, blocking=False),
    "failed check, ERROR, blocking=True": outcome(error, blocking=True),
}
for case, (success, downstream) in seen.items():
    print(f"{case}: run succeeded {success}, downstream built {downstream}")
stated = list(seen.values()) == [(True, True), (True, True), (False, False)]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
