#!/usr/bin/env bash
# Sling makes one id of two when it reads JSON.
#
# A good guess: ids of seventeen digits that stand in JSON as whole numbers stay what they are; a column that
# is declared as a string is written as it stands.
# What happens (sling 1.4.11, the binary on PyPI): each number of a JSON file is a float. 23851234567890123
# and 23851234567890125 are both written as 23851234567890124, flattened or as one column of JSON, from JSON
# Lines as from a list; 12345678901234567.89 is 12345678901234568. Declaring the column as a string comes
# too late: it is the text of the wrong number. Ids that are text in the JSON stay right, and so do all of
# them in CSV.
# For a user: two ads are one after the load, and a load by key keeps one of them. Have ids written as text,
# or hand Sling CSV.
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "skipped: needs Linux on x86_64"; exit 0; }
set -euo pipefail
unset PYTHONPATH
packages=(sling-linux-amd64==1.4.11)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export SLING_HOME_DIR="$dir/home" SLING_DISABLE_TELEMETRY=true
cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import sling_linux_amd64

print("sling-linux-amd64", version("sling-linux-amd64"))
PROGRAM = Path(sling_linux_amd64.__file__).parent / "bin/sling-linux-amd64"
FOLDER = f"file://{os.getcwd()}/"
IDS = ["23851234567890123", "23851234567890125"]


def load(name, text, *options):
    """Load a file into a CSV file; return the lines of that."""
    Path(name).write_text(text)
    words = [PROGRAM, "run", "--src-stream", FOLDER + name, "--tgt-object", FOLDER + "out.csv", *options]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-500:])
    return Path("out.csv").read_text().split()[1:]


numbers = [f'{{"id": {IDS[0]}, "spend": 12345678901234567.89}}', f'{{"id": {IDS[1]}, "spend": 0.5}}']
texts = [json.dumps({"id": number, "spend": "0.5"}) for number in IDS]
flat = ("--src-options", '{"flatten": true}')
seen = {
    "JSON Lines": load("a.jsonl", "\n".join(numbers) + "\n", *flat),
    "a list": load("b.json", f"[{','.join(numbers)}]", *flat),
    "id declared as string": load("c.jsonl", "\n".join(numbers) + "\n", *flat, "--columns", '{"id": "string"}'),
    "one column of JSON": load("d.jsonl", "\n".join(numbers) + "\n"),
    "ids as text": load("e.jsonl", "\n".join(texts) + "\n", *flat),
    "CSV": load("f.csv", "id,spend\n" + "".join(f"{number},0.5\n" for number in IDS)),
}
for name, lines in seen.items():
    print(f"{name}:", *lines)
one = ["23851234567890124,12345678901234568", "23851234567890124,0.5"]
right = [f"{number},0.5" for number in IDS]
stated = (
    seen["JSON Lines"] == seen["a list"] == seen["id declared as string"] == one
    and [line.count("23851234567890124") for line in seen["one column of JSON"]] == [1, 1]
    and seen["ids as text"] == seen["CSV"] == right
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
