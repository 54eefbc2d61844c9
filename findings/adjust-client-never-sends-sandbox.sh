#!/usr/bin/env bash
# adjust-client never sends its setting `environment`: what a test sends as "sandbox" goes out as any event.
#
# A good guess: AdjustClientConfig(environment="sandbox") marks each event as one of the sandbox, as the
# parameter `environment` of Adjust's server-to-server API does; and all of the client's errors can be caught
# as its AdjustClientError.
# What happens (adjust-client 1.0.8, httpx 0.25.2, tenacity 8.5.0): the setting is kept and read by nothing; the
# request is the same with "sandbox" and "production", and has no `environment`. Fields that were not given
# are sent as empty texts (adid, ip_address, created_at_unix, created_at, callback_params). A device known by its adid
# alone is refused before anything is sent. After three answers of 500 tenacity's RetryError comes out, which
# is no AdjustClientError.
# For a user: a staging server's purchases may be counted with the real ones, in events, revenue and every
# report made of them. `base_url` can't carry the parameter either: a given address becomes an object that
# httpx refuses. Send test events to an app of their own, or by plain httpx with environment=sandbox.
set -euo pipefail
unset PYTHONPATH
packages=(adjust-client==1.0.8 httpx==0.25.2 tenacity==8.5.0 pydantic==2.14.4)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import asyncio
import sys
from importlib.metadata import version

import httpx
from adjust_client import AdjustClient, AdjustClientConfig
from adjust_client.exceptions import AdjustClientError

print(*(f"{name} {version(name)}" for name in ("adjust-client", "httpx", "tenacity")))
sent, status = [], [200]


def answer(request):
    sent.append(dict(request.url.params))
    return httpx.Response(status[0], json={"status": "OK"})


class Client(httpx.AsyncClient):
    def __init__(self):
        super().__init__(transport=httpx.MockTransport(answer))


httpx.AsyncClient = Client


async def no_wait(seconds):
    pass


AdjustClient.send_event.retry.sleep = no_wait


def send(environment="production", **data):
    client = AdjustClient(AdjustClientConfig(app_token="app", environment=environment))
    sent.clear()
    try:
        asyncio.run(client.send_event("purchase", data))
    except Exception as error:
        return error
    return sent[-1]


idfa = "00000000-0000-4000-8000-000000000001"
sandbox, production = send("sandbox", idfa=idfa), send("production", idfa=idfa)
print('environment="sandbox" sends:', sandbox)
print("the same as production:", sandbox == production)
by_adid, adid_requests = send(adid="a1"), len(sent)
print("adid alone:", type(by_adid).__name__, "- requests:", adid_requests)
status[0] = 500
broken, tries = send(idfa=idfa), len(sent)
is_of_client = isinstance(broken, AdjustClientError)
print(f"500, {tries} requests:", type(broken).__name__, "- an AdjustClientError:", is_of_client)
status[0] = 200
client = AdjustClient(AdjustClientConfig(app_token="app", base_url="https://s2s.adjust.com/event"))
try:
    asyncio.run(client.send_event("purchase", {"idfa": idfa}))
    given = "sent"
except TypeError:
    given = "TypeError"
print("with a base_url given:", given)
stated = (
    sandbox == production
    and "environment" not in sandbox
    and [name for name, value in sandbox.items() if value == ""]
    == ["adid", "ip_address", "created_at_unix", "created_at", "callback_params"]
    and (type(by_adid).__name__, adid_requests) == ("ValidationError", 0)
    and (type(broken).__name__, tries) == ("RetryError", 3)
    and not is_of_client
    and given == "TypeError"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
