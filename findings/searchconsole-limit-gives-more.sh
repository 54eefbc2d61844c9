#!/usr/bin/env bash
# searchconsole's limit of 30,000 rows gives 50,000.
#
# A good guess: `query.limit(30000).get()` gives at most 30,000 rows, the last page cut to what is missing.
# What happens (searchconsole 0.1.0): rows are asked for by 25,000, and the next page is asked for while
# there are fewer than the limit; it is never cut. 30,000 gives 50,000 rows, 25,001 too; up to 25,000 the
# limit holds.
# For a user: «the first 30,000 keywords» of several sites are 50,000 of the large ones and all of the small
# ones, and averages over them compare different things. Cut the rows: `report.rows[:30000]`.
set -euo pipefail
unset PYTHONPATH
packages=(searchconsole==0.1.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

from searchconsole.query import Query

print("searchconsole", version("searchconsole"))
asked = []


class Site:
    """A site of 120,000 keywords: what the client calls, in one object."""

    url = "https://shop.example/"

    @property
    def account(self):
        return self

    service = account

    def searchanalytics(self):
        return self

    def query(self, siteUrl, body):
        asked.append((body["startRow"], body["rowLimit"]))
        self.body = body
        return self

    def execute(self):
        start, count = self.body["startRow"], self.body["rowLimit"]
        numbers = range(start, min(start + count, 120_000))
        metrics = {"clicks": 1, "impressions": 1, "ctr": 1.0, "position": 1.0}
        return {"rows": [{"keys": [f"word {n}"], **metrics} for n in numbers]}


Query._wait = lambda self: 0
seen = {}
for limit in (10, 25_000, 25_001, 30_000):
    asked.clear()
    query = Query(Site()).range("2026-01-01", "2026-01-31").dimension("query").limit(limit)
    seen[limit] = len(query.get().rows)
    print(f"limit {limit}: {seen[limit]} rows, requests (start, count):", *asked)
stated = seen == {10: 10, 25_000: 25_000, 25_001: 50_000, 30_000: 50_000}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
