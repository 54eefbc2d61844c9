"""An account that the settings name and the login does not see is named, with those that it sees; others are read."""

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
        key: Of the report's partitions.
        entity: Whose list of accounts the test takes a good id from, and which is read.
        report: A report that is read by account.
        login: How it logs in.
        gone: An id that nobody sees.
    """

    tap: type[AdTap]
    key: str
    entity: str
    report: str
    login: Login
    gone: str = "99999"

    @property
    def setting(self) -> str:
        """The setting."""
        return f"{self.key}s"

    def config(self, sandbox: SandboxHandle, **more: Any) -> dict[str, Any]:
        """The tap's settings."""
        given = {"start_date": "2026-03-15", "max_retries": 0, **more}
        return self.login.config(sandbox.url, **given)

    def good(self, sandbox: SandboxHandle) -> str:
        """Return an id that the login sees."""
        rows = run_tap(self.tap, self.config(sandbox), streams={self.entity}).records[self.entity]
        # Not every account has rows of its own: on OpenX a publisher's has.
        return next(str(r["id"]) for r in rows if "publisher" in r.get("type_full", "publisher"))

    def with_one_gone(self, sandbox: SandboxHandle) -> tuple[dict[str, Any], str]:
        """Settings that name an id that nobody sees, and one that the login does; and the latter."""
        good = self.good(sandbox)
        return self.config(sandbox, **{self.setting: [self.gone, good]}), good


LEGACY = Login(
    logins.TERMINALONE.paths, {**logins.TERMINALONE.settings, "api_generation": "legacy"}
)


def terminalone(login: Login, kind: str) -> Way:
    """A generation's organizations or advertisers."""
    return Way(
        tap=TapTerminalOne,
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
        key="account_id",
        entity="accounts",
        report="inventory_daily",
        login=logins.OPENX,
    ),
    "adjust app": Way(
        tap=TapAdjust,
        key="app_token",
        entity="apps",
        report="app_daily",
        login=logins.ADJUST,
        gone="gonegonegone",
    ),
}
ONE_EACH = ("terminalone advertiser", "openx account", "adjust app")


@pytest.fixture(autouse=True)
def _noon(sandbox: SandboxHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADTAPS_NOW", MOMENT)


def fails(way: Way, config: dict[str, Any], stream: str) -> Messages:
    """Run one stream, expect a failure that another try would not mend; give what was written."""
    written: list[Messages] = []
    catalog = select(way.tap, config, {stream})
    with pytest.raises(RunFailed) as caught:
        run_tap(way.tap, config, catalog=catalog, written=written.append)
    assert caught.value.exit_code == REFUSED_EXIT
    return written[0]


def errors_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The errors that were logged."""
    return [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_entities_name_the_account_that_the_login_does_not_see(sandbox, caplog, way):
    """Once, with those that it sees; lists are read all the same; another try would mend nothing."""
    config, good = way.with_one_gone(sandbox)
    caplog.clear()
    written = fails(way, config, way.entity)
    (line,) = errors_of(caplog)
    assert line.startswith(f"{way.setting}: ")
    assert way.gone in line
    assert good in line
    assert good in {str(r["id"]) for r in written.records[way.entity]}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_reports_name_the_account_that_the_login_does_not_see(sandbox, caplog, way):
    """The others' rows come, and no bookmark of it is written: its days are not read."""
    config, good = way.with_one_gone(sandbox)
    caplog.clear()
    written = fails(way, config, way.report)
    assert [
        line
        for line in errors_of(caplog)
        if way.gone in line and good in line and way.setting in line
    ]
    accounts = {r["_account"] for r in written.records[way.report]}
    assert accounts == {f'{{"{way.key}":"{good}"}}'}
    marks = written.states[-1]["bookmarks"][way.report]["partitions"]
    assert [m["context"] for m in marks if m.get("replication_key_value")] == [{way.key: good}]


@pytest.mark.parametrize("way", [WAYS[name] for name in ONE_EACH], ids=ONE_EACH)
def test_a_check_names_the_account_that_the_login_does_not_see(sandbox, way):
    """Before the first run."""
    config, good = way.with_one_gone(sandbox)
    found = run_check(way.tap(config=config))
    accounts = {f.subject.split()[-1]: f for f in found.findings if f.area == "account"}
    assert accounts[good].good
    assert not accounts[way.gone].good
    assert f"`{way.setting}`" in accounts[way.gone].advice


@pytest.mark.parametrize("way", [WAYS[name] for name in ONE_EACH], ids=ONE_EACH)
def test_a_plan_names_the_account_and_counts_what_is_asked_for_it(sandbox, way):
    """Every request that the sync makes is in the plan, the one for the list of accounts too."""
    config, _ = way.with_one_gone(sandbox)
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
