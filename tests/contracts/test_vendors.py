"""The harness for the vendors' clients: each can be had here, and can be brought to the sandbox."""

import pytest

from tests.contracts.vendors import HOSTS, VENDORS, run_vendor, tunnel


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", sorted(VENDORS))
def test_a_vendor_s_client_is_there_as_published(name: str):
    """In the version that is pinned, importable, on a Python it runs on."""
    distribution, _, version = VENDORS[name].requirements[0].partition("==")
    script = f"""
from importlib.metadata import version
import {VENDORS[name].module}
print(version({distribution!r}))
"""
    assert run_vendor(name, script).strip() == version


@pytest.mark.timeout(400)
def test_the_tunnel_brings_a_hard_coded_https_host_to_the_sandbox(sandbox):
    """The client checks the certificate, and the sandbox sees the request as it was written."""
    script = """
import requests
with requests.Session() as session:
    for host in ("HOSTS").split():
        print(session.post(f"https://{host}/nowhere/at/all?x=1", data=b"y" * 200000).status_code)
"""
    with tunnel(sandbox.url) as env:
        said = run_vendor("adjusty", script.replace("HOSTS", " ".join(HOSTS)), env=env)
    assert said.split() == ["404"] * len(HOSTS)
    log = sandbox.log("unrouted")
    assert [entry["headers"]["host"] for entry in log] == list(HOSTS)
    assert {(e["target"], e["query"], len(e["body"])) for e in log} == {
        ("/nowhere/at/all", "x=1", 200_000)
    }


def test_a_script_that_fails_shows_its_own_words():
    """Else nobody could tell what a client did not like."""
    with pytest.raises(AssertionError, match="the client said no"):
        run_vendor("adjusty", "raise SystemExit('the client said no')")
