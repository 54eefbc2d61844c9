#!/usr/bin/env bash
# tap-taboola told to read one account reads another, if the login belongs to that one.
#
# A good guess: `account_id` says whose campaigns and amounts are read; a login that belongs to an
# agency may read each of its clients, one that may not is refused.
# What happens (tap-taboola 0.3.1): the platform is asked whom the login belongs to, and when that
# isn't the account in the settings, there is a warning, and the login's own account is read instead.
# The rows have no account. Two runs for the clients shop-a and shop-b by an agency's login both
# read the agency, with the same rows under both names.
# For a user: spend by client is wrong for every client, and added up it is counted once for each.
# Compare a day of each account with the platform's pages, and look for «doesn't match» in the log.
# Our taps read the accounts that are named, end with 4 when a login doesn't see one, and put the
# account into each row.
set -euo pipefail
unset PYTHONPATH
packages=(tap-taboola==0.3.1 singer-python==5.13.0 requests==2.31.0 python-dateutil==2.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > run.py <<'PY'
import json
import sys
from types import SimpleNamespace
from urllib.parse import urlsplit

import requests
import tap_taboola

# The platform: the login belongs to `agency`, and may read both of its clients.
CAMPAIGNS = {"agency": 1, "shop-a": 2, "shop-b": 3}


def answer(url, **_):
    path = urlsplit(url).path.split("/")
    if path[-1] == "token":
        body = {"access_token": "x"}
    elif "token-details" in path:
        body = {"account_id": "agency"}
    elif "reports" in path:
        row = {"campaign": CAMPAIGNS[path[4]], "spent": 9.5, "date": "2026-01-01 00:00:00.0"}
        body = {"results": [row]}
    else:
        body = {"results": [{"id": CAMPAIGNS[path[4]], "name": f"campaign of {path[4]}"}]}
    response = requests.Response()
    response.status_code, response._content = 200, json.dumps(body).encode()
    return response


tap_taboola.requests = SimpleNamespace(get=answer, post=answer, exceptions=requests.exceptions)
sys.argv[0] = "tap-taboola"
tap_taboola.main()
PY
env/bin/python -c 'import importlib.metadata as m; print("tap-taboola", m.version("tap-taboola"))'
for account in agency shop-a shop-b; do
  echo '{"account_id": "'$account'", "username": "x", "password": "x", "client_id": "x",
    "client_secret": "x", "start_date": "2026-01-01"}' > config.json
  env/bin/python -W ignore run.py -c config.json > out.jsonl 2> log.txt || { cat log.txt; exit 1; }
  env/bin/python - $account <<'PY'
import json, sys
rows = [json.loads(line).get("record") for line in open("out.jsonl")]
rows = [row.get("name") or f"campaign {row['campaign_id']} spent {row['spent']}" for row in rows if row]
print(f"{sys.argv[1]} asked for:", *rows, sep="  ")
PY
done | tee seen.txt
if [ "$(grep -c 'asked for:  campaign of agency  campaign 1 spent 9.5' seen.txt)" = 3 ]; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
