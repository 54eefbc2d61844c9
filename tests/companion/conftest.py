"""The companion's commands against the sandbox, as a user calls them."""

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from adtap_cli.main import main
from adtap_sandbox import credentials
from tests import logins
from tests.conftest import SandboxHandle
from tests.contracts.platforms import ADJUST, ATOMX, MOMENT, OPENX, TERMINALONE, Case

OPENX_CURRENT: Final = replace(
    OPENX,
    login=logins.OPENX_CURRENT,
    daily="exchange_daily",
    hourly="exchange_hourly",
    entity_path="/ox/4.0/site$",
    report={"name": "mine", "dimensions": ["publisherPlatformId"], "metrics": ["impressions"]},
    report_path="/generateReport$",
    secrets=(credentials.OPENX_PASSWORD, credentials.OPENX_IDENTITY_KEY),
)
TERMINALONE_LEGACY: Final = replace(
    TERMINALONE,
    login=logins.TERMINALONE_LEGACY,
    login_path="^/api/v2.0/login$",
    entity_path="/api/v2.0/advertisers$",
    report_path=r"^/reporting/v1/std/(?!meta$)[^/]+$",
    secrets=(credentials.T1_PASSWORD, credentials.T1_API_KEY),
)
CASES: Final = {
    "adjust": ADJUST,
    "atomx": ATOMX,
    "openx": OPENX,
    "openx current": OPENX_CURRENT,
    "terminalone": TERMINALONE,
}
if importlib.util.find_spec("tap_terminalone.legacy"):
    CASES["terminalone legacy"] = TERMINALONE_LEGACY


@dataclass
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote, as JSON."""
        return json.loads(self.out)


@dataclass
class Desk:
    """A tap's settings, the sandbox behind them, and the companion.

    Args:
        case: The tap.
        sandbox: Its platform.
        folder: Where files are written.
    """

    case: Case
    sandbox: SandboxHandle
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def now(self, moment: str) -> None:
        """Hold the platform's clock at a moment; the tap's begins there."""
        self.sandbox.clock(moment)
        self.monkeypatch.setenv("ADTAPS_NOW", moment)

    def config(self, **more: Any) -> dict[str, Any]:
        """Settings of the tap."""
        return self.case.config(self.sandbox.url, **more)

    def file(self, name: str, document: Mapping[str, Any]) -> str:
        """Write a JSON file; give its path."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(document, default=str), encoding="utf-8")
        return str(path)

    def call(self, *arguments: str) -> Done:
        """Call `adtap`; nothing that it says may hold a secret or a traceback."""
        done = CliRunner().invoke(main, list(arguments))
        said = done.stdout + done.stderr
        shown = [s for s in (*self.case.secrets, "canary") if s in said]
        assert not shown, f"adtap {arguments} shows {shown}"
        assert "Traceback" not in said
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    def command(self, name: str, *arguments: str, **more: Any) -> Done:
        """Call a command that takes a tap and its settings."""
        config = self.file("config", self.config(**more))
        return self.call(name, self.case.script, *arguments, "--config", config)


@pytest.fixture(params=CASES)
def desk(
    request: pytest.FixtureRequest,
    sandbox: SandboxHandle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    """Each tap, in each generation of its API, on 18 March 2026 at noon."""
    # A job of OpenX is asked for again after a moment, not after seconds.
    monkeypatch.setattr("tap_openx.current._WAITS", (0.02,) * 5)
    made = Desk(CASES[request.param], sandbox, tmp_path, monkeypatch)
    made.now(MOMENT)
    return made
