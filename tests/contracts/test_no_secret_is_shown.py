"""No secret in any output, at the most talkative log level, with the login cut at each of its steps.

What counts as a secret is not a list of ours: it is whatever the sandbox was sent as a credential (headers, cookies,
forms, signatures), and whatever its answers gave out.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import pytest

from adtap_core.errors import AdtapError
from adtap_plugin.redact import Redactor, redact
from tests.companion.conftest import CASES
from tests.conftest import SandboxHandle
from tests.contracts.platforms import MOMENT, Case
from tests.running import run_tap, select

GIVEN_OUT = "canaryAa1b2C3d4E5f6G7h8"
"""Begins every value that a spoilt answer gives out."""
NAMES = ("access_token", "refresh_token", "id_token", "idToken", "auth_token", "oauth_token",
         "oauth_token_secret", "oauth_verifier", "session_id", "sessionid")  # fmt: skip
AS_FORM = "&".join(f"{name}={GIVEN_OUT}{name}" for name in NAMES)
AS_JSON = json.dumps({"error": "no", "data": {name: f"{GIVEN_OUT}{name}" for name in NAMES}})
FAULTS = {
    "reset": {"kind": "reset"},
    "its own answer cut": {"kind": "cut"},
    "another answer cut": {"kind": "cut", "body": AS_FORM, "at": 200},
    "refused with tokens as a form": {"kind": "status", "status": 400, "body": AS_FORM},
    "failed with tokens as JSON": {"kind": "status", "status": 500, "body": AS_JSON},
    "a page": {"kind": "html", "status": 401, "body": f"<p>token={GIVEN_OUT}; api_token: {GIVEN_OUT}</p>"},
}  # fmt: skip
# Words of an Authorization header that are no secret.
OPEN = re.compile(r'oauth_(version|timestamp|signature_method|callback)="[^"]*"')


def sent(sandbox: SandboxHandle) -> Iterator[str]:
    """Every value that was sent as a credential, as it travelled and decoded."""
    for entry in sandbox.log():
        header = OPEN.sub("", entry["headers"].get("authorization", ""))
        yield from re.findall(r'oauth_[a-z_]+="([^"]+)"', header)
        if not header.startswith("OAuth"):
            yield header.rpartition(" ")[2].rpartition("=")[2]
        for cookie in entry["headers"].get("cookie", "").split("; "):
            yield cookie.partition("=")[2]
        for pairs in (entry["query"], entry["body"]):
            for name, value in parse_qsl(pairs):
                if not name.startswith("app_token") and re.search(
                    r"password|token|secret|verifier|^key$|^code$|session", name
                ):
                    yield value


class Heard(logging.Handler):
    """What all loggers of the process said, as a terminal and as Meltano would show it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("uvicorn"):
            return  # the platform's side
        shown = {k: v for k, v in vars(record).items() if k not in {"pathname", "filename"}}
        self.lines.append(f"{self.format(record)} {shown}")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """Every logger at its most talkative, a redactor that has learned nothing yet."""
    monkeypatch.setenv("ADTAPS_NOW", MOMENT)
    handler = Heard()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def leaks(said: str, secrets: set[str]) -> list[str]:
    """The secrets that stand in a text, in any spelling; a cut one counts too."""
    long = {s for s in secrets if len(s) >= 6}
    found = [s for s in long if any(t in said for t in (s, quote(s, safe=""), unquote(s)))]
    return found + ([GIVEN_OUT] if GIVEN_OUT[:16] in said else [])


def tried(case: Case, catalog: Mapping[str, Any], sandbox: SandboxHandle, heard: Heard) -> str:
    """All that a run says: log, error, and what it writes."""
    config = case.config(sandbox.url, max_retries=0, concurrency=1)
    sandbox.clear_log()
    heard.lines.clear()
    # A process that has learned nothing: what an earlier run was told must not help this one.
    vars(redact).update(vars(Redactor()))
    out = ""
    try:
        out = str(run_tap(case.tap, config, catalog=catalog).lines)
    except AdtapError as error:
        out = str(error)
    return "\n".join([*heard.lines, out])


@pytest.mark.parametrize("name", CASES)
def test_a_login_cut_at_any_step_shows_no_secret(
    name: str, sandbox: SandboxHandle, heard: Heard
) -> None:
    """Each request up to the first data, spoilt in each way: nothing sent and nothing given out is said."""
    case = CASES[name]
    catalog = select(case.tap, case.config(sandbox.url), {case.entity})
    said = tried(case, catalog, sandbox, heard)
    steps = []
    for entry in sandbox.log():
        steps.append((entry["method"], entry["path"]))
        if re.search(case.entity_path, entry["path"]):
            break
    known = {*case.secrets, *sent(sandbox)}
    assert leaks(said, known) == []
    assert len(heard.lines) > 3
    for method, path in dict.fromkeys(steps):
        for what, fault in FAULTS.items():
            sandbox.reset()
            sandbox.fault(
                **fault,
                platform=case.platform,
                method=method,
                path=f"^{re.escape(path)}$",
                times=None,
            )
            said = tried(case, catalog, sandbox, heard)
            assert leaks(said, {*case.secrets, *sent(sandbox)}) == [], (method, path, what)
