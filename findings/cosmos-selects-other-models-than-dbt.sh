#!/usr/bin/env bash
# Cosmos selects other dbt models than dbt does, from the same selector: of two config.tags the last one
# counts, and two paths are added up.
#
# A good guess: `select` of Cosmos' RenderConfig takes dbt's selectors and makes tasks of the models that
# `dbt ls` lists for them, or refuses what it doesn't know.
# What happens (astronomer-cosmos 1.15.1, Airflow 3.3.2, dbt-core 1.11.16): with a manifest, the usual
# way, Cosmos reads selectors itself; its documentation says so, and not where the two differ.
# `config.tags:daily,config.tags:money` is every model tagged money, as the second tag replaces the first.
# `path:models/ads,path:models/staging`, which no model can be in, is both folders. `path:models/ads+`
# takes models/ads_archive along, since it looks for the text anywhere in the path. A config that it
# doesn't know (`tag:money,config.alias:report`) is left out of the condition; `stg_*` and `tag:night*`
# find nothing. There is no error, at most a warning.
# For a user: a DAG rebuilds tables that it was not to touch, or has no task for the models in question,
# and is green. Compare the task list of each DAG with `dbt ls --select …`, or set
# `load_method=LoadMode.DBT_LS`, which asks dbt.
set -euo pipefail
unset PYTHONPATH
packages=(astronomer-cosmos==1.15.1 apache-airflow==3.3.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

dbt_packages=(dbt-core==1.11.16 dbt-duckdb==1.11.1 duckdb==1.4.4)
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/dbt" && VIRTUAL_ENV="$dir/dbt" uv pip install -q "${dbt_packages[@]}"
else
  python3 -m venv "$dir/dbt" && "$dir/dbt/bin/pip" install -q "${dbt_packages[@]}"
fi

mkdir -p "$dir/ads/models/"{ads,ads_archive,staging} && cd "$dir/ads" && cat > dbt_project.yml <<'YML'
name: ads
version: "1.0"
profile: ads
flags: {send_anonymous_usage_stats: false}
YML
cat > profiles.yml <<'YML'
ads: {target: dev, outputs: {dev: {type: duckdb, path: ads.duckdb}}}
YML
model() { echo "{{ config($2) }} select 1 as spend" > "models/$1.sql"; }
model ads/report "tags=['daily', 'money'], alias='report'"
model ads/clicks "tags=['daily']"
model ads_archive/old_report "tags=['money']"
model staging/stg_rows "tags=['nightly']"
cat > selectors.json <<'JSON'
["config.tags:daily,config.tags:money", "path:models/ads,path:models/staging", "path:models/ads+",
 "tag:money,config.alias:report", "stg_*", "tag:night*", "tag:daily,tag:money"]
JSON
export DBT_PROFILES_DIR=. AIRFLOW_HOME="$dir/airflow" AIRFLOW__LOGGING__LOGGING_LEVEL=CRITICAL
"$dir/dbt/bin/python" -W ignore - > log.txt 2>&1 <<'PY' || { tail -n 30 log.txt; exit 1; }
import json

from dbt.cli.main import dbtRunner

with open("selectors.json") as file:
    selectors = json.load(file)
runner, listed = dbtRunner(), {}
for selector in selectors:
    done = runner.invoke(["ls", "--quiet", "--select", selector, "--output", "name"])
    assert done.success, done.exception
    listed[selector] = sorted(done.result)
with open("listed.json", "w") as file:
    json.dump(listed, file)
PY
"$dir/env/bin/python" -W ignore - 2>log.txt <<'PY' || { tail -n 30 log.txt; exit 1; }
import json
import logging
import sys
from importlib.metadata import version

logging.disable(logging.CRITICAL)
from cosmos.config import ExecutionConfig, ProjectConfig, RenderConfig
from cosmos.constants import LoadMode
from cosmos.dbt.graph import DbtGraph

names = ("astronomer-cosmos", "apache-airflow")
print(*(f"{name} {version(name)}" for name in names))
with open("listed.json") as file:
    by_dbt = json.load(file)


def by_cosmos(selector):
    graph = DbtGraph(
        project=ProjectConfig(manifest_path="target/manifest.json", project_name="ads"),
        render_config=RenderConfig(load_method=LoadMode.DBT_MANIFEST, select=[selector]),
        execution_config=ExecutionConfig(dbt_project_path="."),
    )
    graph.load_from_dbt_manifest()
    return sorted(node.name for node in graph.filtered_nodes.values())


seen = {selector: (listed, by_cosmos(selector)) for selector, listed in by_dbt.items()}
for selector, (listed, selected) in seen.items():
    print(f"{selector}\n  dbt: {listed}\n  Cosmos: {selected}")
report, both = ["report"], ["old_report", "report"]
stated = list(seen.values()) == [
    (report, both),
    ([], ["clicks", "report", "stg_rows"]),
    (["clicks", "report"], ["clicks", "old_report", "report"]),
    (report, both),
    (["stg_rows"], []),
    (["stg_rows"], []),
    (report, report),
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
