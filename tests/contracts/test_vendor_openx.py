"""OpenX's published client, unmodified, works against the sandbox.

`ox3apiclient` 0.6.3 is the vendor's last release for the legacy generation. It can be given no port
and drops cookies of a host without a dot, so two ways lead it here: setting its `domain` after the
log-on, or the name of a host and the sandbox as an HTTP proxy. The current generation has no
package; its client here is written from the steps of the vendor's own example.
"""

import json
import textwrap

import pytest

from adtap_sandbox import credentials
from tests.contracts.vendors import run_vendor, tunnel

NAME = "ox3apiclient"
PRELUDE = f"""
import json, sys
import ox3apiclient

url = sys.argv[1]
host = url.split("//")[1]

def client(domain, api_path, base=url, **more):
    return ox3apiclient.Client(
        domain=domain,
        realm="",
        consumer_key={credentials.OPENX_CONSUMER_KEY!r},
        consumer_secret={credentials.OPENX_CONSUMER_SECRET!r},
        request_token_url=base + "/api/index/initiate",
        access_token_url=base + "/api/index/token",
        authorization_url=base + "/login/process",
        api_path=api_path,
        email={credentials.EMAIL!r},
        password={credentials.OPENX_PASSWORD!r},
        **more,
    )

def logged_on(api_path):
    ox = client("127.0.0.1", api_path)
    ox.logon()
    ox.domain = host
    return ox

"""


def run(url: str, script: str):
    """Run a script with the client; gives what it printed, as JSON."""
    return json.loads(run_vendor(NAME, PRELUDE + textwrap.dedent(script), url))


@pytest.fixture
def url(sandbox):
    """The bare sandbox: this client can carry no path before the API's own."""
    sandbox.clock("2026-03-18T12:30:00+00:00")
    return sandbox.url


def test_it_logs_on_lists_reads_and_logs_off(sandbox, url):
    """Single sign-on, a list, one object, another page, log-off; the token is what its cookie says."""
    seen = run(
        url,
        """
        ox = logged_on("/ox/4.0")
        page = ox.get("/site", params={"limit": 4, "offset": 4})
        site = ox.get("/site/" + page["objects"][0]["uid"])
        account = ox.get("/account")
        session = ox.get("/session")
        ox.logoff()
        try:
            ox.get("/session")
            after = 200
        except Exception as error:
            after = error.response.status_code
        print(json.dumps([page, site, account["limit"], session["user"]["email"], after]))
        """,
    )
    page, site, limit, email, after = seen
    assert site == [page["objects"][0]]
    assert (page["limit"], page["offset"], page["has_more"]) == (4, 4, True)
    assert (limit, email, after) == (10, credentials.EMAIL, 401)
    statuses = [entry["status"] for entry in sandbox.log("openx")]
    assert statuses == [200] * 8 + [401]


def test_it_writes_with_bodies_that_name_no_type(url):
    """post, put and delete send JSON without a Content-Type."""
    made, changed, deleted = run(
        url,
        """
        ox = logged_on("/ox/4.0")
        made = ox.post("/site", data={"name": "By client", "url": "https://new.example"})[0]
        changed = ox.put("/site/" + made["uid"], data={"status": "Inactive"})[0]
        deleted = ox.delete("/site/" + made["uid"])
        print(json.dumps([made, changed, deleted]))
        """,
    )
    assert made["name"] == "By client"
    assert (changed["status"], changed["uid"]) == ("Inactive", made["uid"])
    assert deleted == []


@pytest.mark.parametrize("prefix", ["/data/1.0", "/data/ods/1.0"])
def test_it_reads_the_data_service(url, prefix):
    """Fields, range and report, below the prefix it knows and, by full URLs, the documented one."""
    fields, dates, report = run(
        url,
        f"""
        ox = logged_on("/ox/4.0" if "ods" in {prefix!r} else "/data/1.0")
        base = url + {prefix!r} if "ods" in {prefix!r} else ""
        ask = {{"attributes": [{{"id": "day"}}, {{"id": "publisherCurrency"}}],
               "metrics": [{{"id": "marketRequests"}}, {{"id": "marketPublisherRevenue"}}]}}
        fields = ox.get(base + "/report/fields")
        dates = ox.post(base + "/date-range", data=ask)
        report = ox.post(base + "/report/", data={{
            "startDate": "2026-03-10T00:00:00Z", "endDate": "2026-03-12T00:00:00Z", **ask,
            "filters": {{"name": "publisherCurrency", "value": "EUR", "operator": "EQ"}}}})
        print(json.dumps([fields, dates, report]))
        """,
    )
    assert fields["metrics"][0]["metadataMetrics"]["id"] == "billableImpressions"
    assert dates["dateRange"][0]["maxEndDate"] == "2026-03-18T11:00:00Z"
    assert sorted((row["day"], row["publisherCurrency"]) for row in report["reportData"]) == [
        ("2026-03-10", "EUR"),
        ("2026-03-11", "EUR"),
    ]
    assert all(row["marketPublisherRevenueInPCoin"] > 0 for row in report["reportData"])


def test_a_partial_report_looks_whole_to_it(sandbox, url):
    """It hides the 206, which is why no tap may stand on it."""
    sandbox.switch("openx", row_cap=1, shuffle_rows=False)
    (rows,) = run(
        url,
        """
        ox = logged_on("/data/1.0")
        report = ox.post("/report", data={
            "startDate": 20260310, "endDate": 20260312,
            "attributes": [{"id": "day"}], "metrics": [{"id": "clicks"}]})
        print(json.dumps([report["reportData"]]))
        """,
    )
    assert [row["day"] for row in rows] == ["2026-03-10"]
    assert sandbox.log("openx")[-1]["status"] == 206


def test_wrong_credentials_fail_the_way_it_knows(url):
    """A wrong password is its KeyError, a wrong key its OAuthException."""
    password, key = run(
        url,
        """
        seen = []
        for name in ("_password", "consumer_key"):
            ox = client("127.0.0.1", "/ox/4.0")
            assert hasattr(ox, name)
            setattr(ox, name, "wrong")
            try:
                ox.logon()
            except Exception as error:
                seen.append(type(error).__name__ + " " + str(error))
        print(json.dumps(seen))
        """,
    )
    assert password.startswith("KeyError")
    assert "oauth_verifier" in password
    assert key.startswith("OAuthException")
    assert "401" in key


def test_version_three_by_proxy(url):
    """Through the sandbox as a proxy it runs on a host's name, and validates its session there."""
    ids, objects = run(
        url,
        """
        ox = client("ui.openx.test", "/ox/3.0", base="http://sso.openx.test", http_proxy=url)
        ox.logon()
        ids = ox.get("/a/account")
        objects = ox.get("/a/account", params={"overload": "medium"})
        ox.logoff()
        print(json.dumps([ids, objects]))
        """,
    )
    assert ids == [item["id"] for item in objects]


def test_by_its_own_addresses_over_tls(url):
    """With nothing redirected but the network: the vendor's SSO host, a UI host, https.

    It signs the https addresses it knows; the sandbox sees plain http behind the tunnel.
    """
    script = f"""
        ox = ox3apiclient.Client(
            {credentials.OPENX_INSTANCE_HOSTNAME!r}, "", {credentials.OPENX_CONSUMER_KEY!r},
            {credentials.OPENX_CONSUMER_SECRET!r}, scheme="https", api_path="/ox/4.0",
            email={credentials.EMAIL!r}, password={credentials.OPENX_PASSWORD!r})
        ox.logon()
        print(json.dumps([ox.get("/session")["instance"]["hostname"]]))
        """
    with tunnel(url) as env:
        said = run_vendor(NAME, PRELUDE + textwrap.dedent(script), url, env=env)
    assert json.loads(said) == [credentials.OPENX_INSTANCE_HOSTNAME]


CURRENT = """
import base64, hashlib, json, os, re, sys
import requests

base = sys.argv[1]
email, password, key, client_id, instance = sys.argv[2:]
verifier = base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()
digest = hashlib.sha256(verifier.encode()).digest()
redirect = "https://" + instance

def checked(reply):
    reply.raise_for_status()
    return reply

identity = checked(requests.post(
    base + "/v1/accounts:signInWithPassword?key=" + key,
    data={"email": email, "password": password, "returnSecureToken": True},
)).json()["idToken"]
landed = requests.get(base + "/oauth2/v1/authorize", params={
    "scope": "openid email profile api", "response_type": "code", "client_id": client_id,
    "redirect_uri": redirect, "state": "abcd", "nonce": "nonce-1",
    "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
    "code_challenge_method": "S256",
})
session_id = re.search(r"[?&]session_id=([^&]+)", landed.url).group(1)
headers = {"Authorization": "Bearer " + identity, "Origin": "https://login.openx.com"}
scope = checked(requests.get(
    base + "/oauth2/v1/login/session-info", params={"session_id": session_id}, headers=headers,
)).json()["scope"]
code = checked(requests.post(base + "/oauth2/v1/login/consent", headers=headers, data={
    "consent": "true", "scope": scope, "session_id": session_id, "instance_hostname": instance,
})).json()["code"]
token = checked(requests.post(base + "/oauth2/v1/token", data={
    "grant_type": "authorization_code", "code": code, "redirect_uri": redirect,
    "client_id": client_id, "code_verifier": verifier,
})).json()
headers = {
    "Authorization": "Bearer " + token["access_token"],
    "Origin": "https://unity.openx.com",
    "X-Openx-Instance": instance,
}
job = checked(requests.post(base + "/api/v1/reporting-api/generateReport", headers=headers, json={
    "reportType": "HOURLY", "dateFrom": "2026-03-10T00:00:00Z", "dateTo": "2026-03-10T02:00:00Z",
    "dimensions": ["Hour", "PageDomain"], "metrics": ["AllRequests"],
})).json()["id"]
statuses = []
while True:
    reply = requests.post(
        base + "/api/v1/reporting-api/pullReport", headers=headers, json={"id": job}
    )
    statuses.append(reply.status_code)
    if reply.status_code != 202:
        break
sites = checked(requests.get(base + "/api/v1/ox/4.0/site", headers=headers)).json()
print(json.dumps([token["expires_in"], statuses, reply.text, sites["limit"]]))
"""


@pytest.mark.parametrize("prefix", ["", "/openx"])
def test_the_current_generation_from_login_to_csv(url, prefix):
    """A plain `requests` program that takes the documented steps, with and without the prefix."""
    said = run_vendor(
        NAME,
        CURRENT,
        url + prefix,
        credentials.EMAIL,
        credentials.OPENX_PASSWORD,
        credentials.OPENX_IDENTITY_KEY,
        credentials.OPENX_CLIENT_ID,
        credentials.OPENX_INSTANCE_HOSTNAME,
    )
    expires, statuses, text, limit = json.loads(said)
    assert (expires, statuses, limit) == (3600, [202, 200], 10)
    lines = text.splitlines()
    assert lines[0] == "Hour,PageDomain,AllRequests"
    assert {line[:20] for line in lines[1:]} == {"2026-03-10T00:00:00Z", "2026-03-10T01:00:00Z"}
