#!/usr/bin/env bash
# Kedro's IncrementalDataset never loads a file that arrives after a later one was confirmed.
#
# A good guess: an incremental dataset loads the files that no run has loaded and confirmed yet; the
# checkpoint is a list of them, or the time of the last run.
# What happens (kedro-datasets 9.6.0): the checkpoint is one name, that of the last file in the order of the
# alphabet, and only names behind it are loaded. With January 5 and 7 confirmed, the late file of January 6
# isn't loaded by any run, nor is one of January 7 that was replaced. Names with numbers compare as text:
# after part-9 the file part-10 is never new.
# For a user: platforms deliver late and restated days as files of the days before (by account, or by hour);
# they stay in the bucket, and the table has a hole there. Keep the names loaded in a table of your own and
# load what is missing in it, or set `force_checkpoint` back by the look-back in each run.
set -euo pipefail
unset PYTHONPATH
packages=(kedro==1.7.0 kedro-datasets==9.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import sys
from importlib.metadata import version
from pathlib import Path

logging.disable()
from kedro_datasets.partitions import IncrementalDataset

print(*(f"{name} {version(name)}" for name in ("kedro", "kedro-datasets")))


def runs(folder, *arrivals):
    """Return what each run loads, if these files arrive before it."""
    Path(folder).mkdir()
    loaded = []
    for names in arrivals:
        for name in names:
            Path(folder, name).write_text("day,spend\n")
        dataset = IncrementalDataset(
            path=folder, dataset={"type": "text.TextDataset"}, filename_suffix=".csv"
        )
        loaded.append(sorted(dataset.load()))
        dataset.confirm()
    return loaded


days = runs(
    "days",
    ["2026-01-05.csv", "2026-01-07.csv"],
    ["2026-01-06.csv", "2026-01-07.csv", "2026-01-08.csv"],
    [],
)
parts = runs("parts", ["part-8.csv", "part-9.csv"], ["part-10.csv"])
print("days, run by run:", *days)
print("parts, run by run:", *parts)
stated = days == [["2026-01-05", "2026-01-07"], ["2026-01-08"], []] and parts == [
    ["part-8", "part-9"],
    [],
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
