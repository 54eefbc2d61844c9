"""`adtap check` says what works, and of what does not, which one and what to do."""

from datetime import datetime
from typing import Any

import pytest

from adtap_core.inspect.check import run_check
from adtap_sandbox import credentials
from tests.companion.conftest import CASES, Desk


@pytest.fixture(autouse=True)
def _at_any_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast TerminalOne may be asked has tests of its own."""
    monkeypatch.setattr("tap_terminalone.client.TerminalOne.per_second", None)


def findings(document: dict[str, Any], area: str) -> list[dict[str, Any]]:
    return [f for f in document["findings"] if f["area"] == area]


def test_good_settings_pass(desk: Desk) -> None:
    """Login, accounts and reports are found good, with few requests, none of them for data."""
    done = desk.command("check", "--json")
    assert done.code == 0, done.out + done.err
    assert done.json["good"] is True
    assert findings(done.json, "login")
    selected = {r.name for r in desk.case.tap(config=desk.config()).report_streams() if r.selected}
    assert {f["subject"] for f in findings(done.json, "report")} == selected
    asked = [e["path"] for e in desk.sandbox.log(desk.case.platform)]
    assert not [p for p in asked if p.endswith(("/report", "/generateReport", "/csv_report"))]
    assert done.json["requests"] <= 3 + len(selected)


def test_each_stream_can_be_tried(desk: Desk) -> None:
    """With --streams a little of every selected stream is read."""
    done = desk.command("check", "--streams", "--json")
    assert done.code == 0, done.out
    tap = desk.case.tap(config=desk.config())
    tried = {f["subject"] for f in findings(done.json, "stream")}
    assert tried == {s.name for s in tap.streams_to_read()}


REFUSALS = [
    (name, refusal)
    for name, case in CASES.items()
    if name in {"adjust", "atomx", "openx", "terminalone"}
    for refusal in case.refusals
]


@pytest.mark.parametrize(
    ("desk", "refusal"),
    REFUSALS,
    ids=[f"{name} {refusal.name}" for name, refusal in REFUSALS],
    indirect=["desk"],
)
def test_a_refused_login_names_the_credential(desk: Desk, refusal: Any) -> None:
    """Exit code 1, and the line says which credential, which account, what to do."""
    if refusal.switches:
        desk.sandbox.switch(desk.case.platform, **refusal.switches)
    done = desk.command("check", "--json", **refusal.settings)
    assert done.code == 1
    wrong = [f for f in done.json["findings"] if not f["good"]]
    assert [f["area"] for f in wrong] == ["login"]
    said = wrong[0]["words"] + wrong[0]["advice"]
    assert [w for w in refusal.words if w not in said] == []
    assert wrong[0]["advice"]


@pytest.mark.parametrize("desk", ["atomx", "openx current", "terminalone"], indirect=True)
def test_the_end_of_a_login_is_told_where_the_platform_tells(desk: Desk) -> None:
    """A token with an end: its moment, aware, and that it is renewed by itself."""
    document = desk.command("check", "--json").json
    end = datetime.fromisoformat(document["login_expires_at"])
    assert end.tzinfo is not None
    expiry = next(f for f in document["findings"] if f["subject"] == "expiry")
    assert "by itself" in expiry["words"]


def test_a_missing_setting_is_named_before_any_request(desk: Desk) -> None:
    """What is required and not there has a line of its own, and nothing is asked."""
    config = desk.file("config", {"start_date": "2026-03-01"})
    done = desk.call("check", desk.case.script, "--config", config, "--json")
    assert done.code == 1
    required = set(desk.case.tap.config_jsonschema.get("required", ()))
    assert required <= {f["subject"] for f in findings(done.json, "settings")}
    assert desk.sandbox.log(desk.case.platform) == []


@pytest.mark.parametrize("desk", ["adjust", "openx", "terminalone"], indirect=True)
def test_a_word_that_is_neither_true_nor_false_fails_the_check(
    desk: Desk, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meltano takes it for false and a run goes on; of a variable that the environment has, `.env` does not count."""
    monkeypatch.chdir(tmp_path)
    prefix = f"{desk.case.tap.name.upper().replace('-', '_')}_"
    (tmp_path / ".env").write_text(f"{prefix}INCLUDE_TODAY=ture\n{prefix}LOOKBACK_DAYS=x\n")
    monkeypatch.setenv(f"{prefix}LOOKBACK_DAYS", "3")
    found = run_check(desk.case.tap(config=desk.config()))
    (bad,) = [f for f in found.findings if not f.good]
    assert bad.subject == f"{prefix}INCLUDE_TODAY"
    assert "'ture' is not true or false" in bad.words


@pytest.mark.parametrize("desk", ["adjust", "openx", "terminalone"], indirect=True)
def test_a_wrong_report_field_is_named(desk: Desk) -> None:
    """A misspelt metric of a report of one's own: report, field and the nearest right name."""
    wrong, right = desk.case.bad_field
    report = {**desk.case.report, "metrics": [wrong]}
    done = desk.command("check", "--json", reports=[report])
    assert done.code == 1
    said = " ".join(f["words"] for f in done.json["findings"] if not f["good"])
    assert "mine" in said
    assert wrong in said
    assert right in said


@pytest.mark.parametrize(
    ("desk", "settings", "words"),
    [
        ("adjust", {"app_tokens": ["nosuchapp"]}, "nosuchapp"),
        ("openx", {"account_ids": ["999999999"]}, "999999999"),
        ("terminalone", {"organization_ids": ["999999999"]}, "999999999"),
    ],
    ids=["adjust app", "openx account", "terminalone organization"],
    indirect=["desk"],
)
def test_an_account_that_the_login_does_not_see_is_named(
    desk: Desk, settings: dict[str, Any], words: str
) -> None:
    """The account is named, with what to do."""
    done = desk.command("check", "--json", **settings)
    assert done.code == 1, done.out
    wrong = [f for f in done.json["findings"] if not f["good"]]
    assert words in " ".join(f["subject"] + f["words"] for f in wrong)
    assert all(f["advice"] for f in wrong)


def test_a_forbidden_stream_is_named(desk: Desk) -> None:
    """403 on one entity: the stream is named, and that it can be deselected; others are looked at."""
    desk.sandbox.fault(
        "status", platform=desk.case.platform, path=desk.case.entity_path, status=403, times=1000
    )
    done = desk.command("check", "--streams", "--json")
    assert done.code == 1
    wrong = {f["subject"]: f for f in findings(done.json, "stream") if not f["good"]}
    if desk.case.entity in wrong:
        assert desk.case.entity in wrong[desk.case.entity]["advice"]
        assert len(findings(done.json, "stream")) > len(wrong)
    else:
        # The very list is needed to know the accounts: then it is the login that lacks the permission.
        assert [f for f in done.json["findings"] if not f["good"]]


def test_an_address_where_nobody_answers_is_one_line(desk: Desk) -> None:
    """No traceback and no long wait: the address is named."""
    by_oauth = "oauth" in str(desk.case.login_path)
    name = "auth_url" if by_oauth else next(iter(desk.case.paths))
    done = desk.command("check", **{name: "http://127.0.0.1:9", "max_retries": 0})
    assert done.code == 1
    assert "127.0.0.1" in done.out
    assert "→" in done.out


@pytest.mark.parametrize("desk", ["openx"], indirect=True)
def test_an_unknown_tap_is_a_usage_error(desk: Desk) -> None:
    """The usage's exit code, and the names there are."""
    done = desk.call("check", "facebook")
    assert done.code == 2
    assert "tap-openx" in done.err


@pytest.mark.parametrize("desk", ["openx"], indirect=True)
def test_people_read_marks_and_advice(desk: Desk) -> None:
    """Without --json each finding is a line; a failure's next line says what to do."""
    good = desk.command("check")
    assert all(line.startswith(("ok ", "tap-openx")) for line in good.out.splitlines())
    assert credentials.EMAIL in good.out
    bad = desk.command("check", password="canary-wrong-password")
    assert "FAIL" in bad.out
    assert "→" in bad.out
    assert bad.err == "1 of 2 checks failed\n"


@pytest.mark.parametrize("desk", ["openx"], indirect=True)
def test_a_missing_setting_names_its_variable(desk: Desk) -> None:
    """What to do is said: the variable and the key of the file; a misspelt variable is not said twice."""
    bad = desk.command("check", password=None)
    assert "TAP_OPENX_PASSWORD" in bad.out
    assert "`password` in the file of --config" in bad.out


@pytest.mark.parametrize("desk", ["openx"], indirect=True)
def test_a_setting_of_a_file_that_the_tap_does_not_have_fails_the_check(desk: Desk) -> None:
    """A run goes on without it: the check names it once, with the nearest setting, and is not good."""
    bad = desk.command("check", lookback_day=3)
    assert bad.code == 1
    said = "Setting 'lookback_day' is not known (did you mean lookback_days"
    assert (bad.out + bad.err).count(said) == 1
    (line,) = [line for line in bad.out.splitlines() if line.startswith("FAIL")]
    assert said in line
    # Its name is the subject, whatever is in it; nothing says that the settings are valid.
    odd = desk.command("check", "--json", **{"it's": 3})
    assert [f["subject"] for f in findings(odd.json, "settings")] == ["it's"]
    assert findings(desk.command("check", "--json").json, "settings")[0]["words"] == "valid"
    # Where other settings can't be used the log says it.
    bad = desk.command("check", lookback_day=3, concurrency=0)
    assert bad.code == 1


@pytest.mark.parametrize("desk", ["openx"], indirect=True)
def test_one_fault_of_several_reports_is_one_line(desk: Desk) -> None:
    """An account that nobody sees is named once for all reports that are read by it, with what mends it."""
    bad = desk.command("check", account_ids=["999999999"])
    lines = [line for line in bad.out.splitlines() if line.startswith("FAIL  report")]
    assert len(lines) == 1
    assert "also " in lines[0]
    assert "deselect" not in bad.out


@pytest.mark.parametrize("desk", ["openx"], indirect=True)
def test_a_report_of_the_other_generation_says_which(desk: Desk) -> None:
    """It is not read under these settings, and the line says under which it is."""
    good = desk.command("check")
    (line,) = [line for line in good.out.splitlines() if "country_daily" in line]
    assert "only `api_generation` current has it" in line
