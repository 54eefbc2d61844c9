"""An account that the settings name and the login does not see is named, with those that it sees; others are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from adtap_core.errors import REFUSED_EXIT
from adtap_core.inspect.check import run_check
from adtap_core.inspect.plan import make_plan
from adtap_core.sync.run import RunFailed
from adtap_core.tap import AdTap
from tap_adjust.tap import TapAdjust
from tap_openx.tap import TapOpenx
from tap_terminalone.tap import TapTerminalOne
from tests import logins
from tests.conftest import MOMENT, SandboxHandle
from tests.logins import Login
from tests.running import Messages, run_tap, select


@dataclass(frozen=True, kw_only=True)
class Way:
    """A setting that names accounts.

    Args:
        tap: The tap.
        setting: The setting.
        gone: An id that nobody sees.
        key: Of the report's partitions.
        entity: Whose list of accounts the test takes a good id from, and which is read.
        report: A report that is read by account.
        login: How it logs in.
    """

    tap: type[AdTap]
    setting: str
    gone: str
    key: str
    entity: str
    report: str
    login: Login

    def config(self, sandbox: SandboxHandle, **more: Any) -> dict[str, Any]:
        """The tap's settings."""
        given = {"start_date": "2026-03-15", "max_retries": 0, **more}
        return self.login.config(sandbox.url, **given)

    def good(self, sandbox: SandboxHandle) -> str:
        """Return an id that the login sees."""
        rows = run_tap(self.tap, self.config(sandbox), streams={self.entity}).records[self.entity]
        # Not every account has rows of its own: on OpenX a publisher's has.
        return next(str(r["id"]) for r in rows if "publisher" in r.get("type_full", "publisher"))


LEGACY = Login(
    logins.TERMINALONE.paths, {**logins.TERMINALONE.settings, "api_generation": "legacy"}
)


def terminalone(login: Login, kind: str) -> Way:
    """A generation's organizations or advertisers."""
    return Way(
        tap=TapTerminalOne,
        setting=f"{kind}_ids",
        gone="99999",
        key=f"{kind}_id",
        entity=f"{kind}s",
        report="performance_daily",
        login=login,
    )


WAYS = {
    "terminalone organization": terminalone(logins.TERMINALONE, "organization"),
    "terminalone advertiser": terminalone(logins.TERMINALONE, "advertiser"),
    "terminalone legacy organization": terminalone(LEGACY, "organization"),
    "terminalone legacy advertiser": terminalone(LEGACY, "advertiser"),
    "openx account": Way(
        tap=TapOpenx,
        setting="account_ids",
        gone="99999",
        key="account_id",
        entity="accounts",
        report="inventory_daily",
        login=logins.OPENX,
    ),
    "adjust app": Way(
        tap=TapAdjust,
        setting="app_tokens",
        gone="gonegonegone",
        key="app_token",
        entity="apps",
        report="app_daily",
        login=logins.ADJUST,
    ),
}


@pytest.fixture(autouse=True)
def _noon(sandbox: SandboxHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADTAPS_NOW", MOMENT)


def fails(way: Way, config: dict[str, Any], stream: str) -> tuple[RunFailed, Messages]:
    """Run one stream, expect a failure; give it, and what was written."""
    written: list[Messages] = []
    catalog = select(way.tap, config, {stream})
    with pytest.raises(RunFailed) as caught:
        run_tap(way.tap, config, catalog=catalog, written=written.append)
    return caught.value, written[0]


@pytest.mark.parametrize("name", WAYS)
def test_entities_name_the_account_that_the_login_does_not_see(
    sandbox: SandboxHandle, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Once, with those that it sees; lists are read all the same; another try would mend nothing."""
    way = WAYS[name]
    good = way.good(sandbox)
    caplog.clear()
    error, written = fails(way, way.config(sandbox, **{way.setting: [way.gone, good]}), way.entity)
    assert error.exit_code == REFUSED_EXIT
    errors = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    (line,) = errors
    assert line.startswith(f"{way.setting}: ")
    assert way.gone in line
    assert good in line
    assert good in {str(r["id"]) for r in written.records[way.entity]}


@pytest.mark.parametrize("name", WAYS)
def test_reports_name_the_account_that_the_login_does_not_see(
    sandbox: SandboxHandle, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """The others' rows come, and no bookmark of it is written: its days are not read."""
    way = WAYS[name]
    good = way.good(sandbox)
    caplog.clear()
    error, written = fails(way, way.config(sandbox, **{way.setting: [way.gone, good]}), way.report)
    assert error.exit_code == REFUSED_EXIT
    errors = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert [line for line in errors if way.gone in line and good in line and way.setting in line]
    accounts = {r["_account"] for r in written.records[way.report]}
    assert accounts == {f'{{"{way.key}":"{good}"}}'}
    marks = written.states[-1]["bookmarks"][way.report]["partitions"]
    assert [m["context"] for m in marks if m.get("replication_key_value")] == [{way.key: good}]


@pytest.mark.parametrize("name", ["terminalone advertiser", "openx account", "adjust app"])
def test_a_check_names_the_account_that_the_login_does_not_see(
    sandbox: SandboxHandle, name: str
) -> None:
    """Before the first run."""
    way = WAYS[name]
    good = way.good(sandbox)
    found = run_check(way.tap(config=way.config(sandbox, **{way.setting: [way.gone, good]})))
    accounts = {f.subject.split()[-1]: f for f in found.findings if f.area == "account"}
    assert accounts[good].good
    assert not accounts[way.gone].good
    assert f"`{way.setting}`" in accounts[way.gone].advice


@pytest.mark.parametrize("name", ["terminalone advertiser", "openx account", "adjust app"])
def test_a_plan_names_the_account_and_counts_what_is_asked_for_it(
    sandbox: SandboxHandle, name: str
) -> None:
    """Every request that the sync makes is in the plan, the one for the list of accounts too."""
    way = WAYS[name]
    good = way.good(sandbox)
    config = way.config(sandbox, **{way.setting: [way.gone, good]})
    catalog = select(way.tap, config, {way.entity})
    sandbox.clear_log()
    plan = make_plan(way.tap(config=config, catalog=catalog))
    asked = [e["path"] for e in sandbox.log()]
    assert [
        line for line in plan.failures if line.startswith(f"{way.setting}: ") and way.gone in line
    ]
    assert plan.metadata
    sandbox.clear_log()
    fails(way, config, way.entity)
    made = [e["path"] for e in sandbox.log()]
    assert set(asked) <= set(made)
    logins = len([p for p in made if "login" in p or "oauth" in p or "/api/index/" in p])
    assert plan.requests <= len(made) - logins


def test_who_may_not_list_accounts_is_not_told_that_they_are_not_there(
    sandbox: SandboxHandle, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody can tell then: rows are read, and a line says that it was not looked at."""
    way = WAYS["openx account"]
    good = way.good(sandbox)
    sandbox.fault("status", platform="openx", path="/account$", status=403, times=100)
    caplog.clear()
    config = way.config(sandbox, account_ids=[good])
    found = run_tap(way.tap, config, streams={"sites", way.report})
    assert found.records[way.report]
    assert "sees all accounts that the settings name" in caplog.text
