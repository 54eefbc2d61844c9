"""Contract §5, row by row: the exit code and what the user reads, the same on all four platforms.

These run the real command: an exit code, two streams and nothing of the tap's own state in our hands.
"""

import json
import re
import time
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.contracts.conftest import Bench, tables
from tests.contracts.platforms import CASES, MOMENT, Refusal
from tests.running import Messages

DEBUG = {"LOGLEVEL": "DEBUG"}
WORDS = "the platform's own words 4711"
HEALING: dict[str, tuple[dict[str, Any], ...]] = {
    "500 then 503": ({"kind": "status", "status": 500}, {"kind": "status", "status": 503}),
    "502": ({"kind": "status", "status": 502},),
    "504": ({"kind": "status", "status": 504},),
    "reset": ({"kind": "reset"},),
    "answer lost": ({"kind": "lost"},),
    "cut": ({"kind": "cut"},),
    "cut in chunks": ({"kind": "cut_chunked"},),
    "cut at the end": ({"kind": "cut_chunked", "at": 1_000_000},),
    "html": ({"kind": "html"},),
    "empty": ({"kind": "empty"},),
    "garbage": ({"kind": "garbage"},),
    "slow": ({"kind": "slow", "seconds": 4.0},),
}
"""Faults that pass."""
AT_LOGIN = {"500 then 503", "502", "504", "reset", "answer lost", "slow"}
"""Those that a login can't take for an answer of its own: a page may be the form that says no."""


def errors(run: Messages) -> list[str]:
    """The lines that a user must read."""
    return [line for line in run.stderr.splitlines() if re.search(r"ERROR|CRITICAL", line)]


def assert_calm(run: Messages, lines: int = 6) -> None:
    """No traceback, and few lines of error: one for each account that failed, one for the run."""
    assert "Traceback" not in run.stderr, run.stderr
    assert len(errors(run)) <= lines, run.stderr


# -- settings --------------------------------------------------------------------------------------


def test_settings_that_are_wrong_are_named_all_at_once(bench: Bench) -> None:
    """One line for each: setting, value, what is expected. Nobody is asked anything; exit code 2: no use to retry."""
    run = bench.command(
        catalog=False,
        start_date="yesterday",
        lookback_days="many",
        max_retries=-1,
        on_empty="maybe",
        api_url="not an address",
        reports=[{**bench.case.report, "metrix": ["x"], "grain": "fortnight"}],
    )
    assert run.code == 2
    said = errors(run)
    for words in (
        r"start_date: 'yesterday'.*2026-01-31",
        r"lookback_days: 'many'.*whole number",
        r"max_retries: -1.*at least 0",
        r"on_empty: 'maybe'.*ok, warn, fail",
        r"api_url: 'not an address'.*https://",
        r"'metrix'.*metrics",
        r"'fortnight'.*day",
    ):
        assert len([line for line in said if re.search(words, line)]) == 1, (words, said)
    assert_calm(run, lines=8)
    assert bench.sandbox.log() == []


def test_a_credential_that_is_missing_is_named(bench: Bench) -> None:
    """Before anybody is asked, and no other setting is blamed."""
    for secret in (k for k, v in bench.case.settings.items() if v in bench.case.secrets):
        run = bench.command(catalog=False, **{secret: None})
        assert run.code == 2
        assert secret in "".join(errors(run)), run.stderr
        assert_calm(run, lines=2)
    assert bench.sandbox.log() == []


@pytest.mark.parametrize("what", ["config", "state", "catalog"])
def test_a_file_that_cannot_be_read_is_named(bench: Bench, what: str) -> None:
    """Missing, cut off, or no object: one line with the file's name, nobody asked, nothing written."""
    arguments = dict(zip(*[iter(bench.files())] * 2, strict=True))
    arguments["--state"] = str(bench.folder / "state.json")
    (bench.folder / "state.json").write_text("{}")
    broken = bench.folder / "broken.json"
    for text in ('{"bookmarks": {"x"', '["no object"]'):
        broken.write_text(text)
        arguments[f"--{what}"] = str(broken)
        run = bench.finished(*(part for pair in arguments.items() for part in pair))
        assert run.code == 2
        assert run.lines == []
        assert "broken.json" in errors(run)[0]
        assert_calm(run, lines=1)
    assert bench.sandbox.log() == []


def test_a_state_that_cannot_be_understood_is_refused(bench: Bench) -> None:
    """Reading everything again would be the quiet way to be wrong."""
    state = {"bookmarks": {bench.case.daily: {"replication_key_value": "last Tuesday"}}}
    run = bench.command(state=state)
    assert run.code == 2
    assert re.search(rf"{bench.case.daily}.*not a date", errors(run)[0])
    assert_calm(run, lines=1)
    assert bench.sandbox.log() == []


def test_a_field_that_does_not_exist_is_refused_with_the_nearest_name(bench: Bench) -> None:
    """Before any data request where the platform's metadata can tell; else its 400 is final."""
    wrong, right = bench.case.bad_field
    report = {**bench.case.report, "metrics": [wrong]}
    run = bench.command(catalog=False, reports=[report], start_date="2026-03-16")
    assert run.code != 0
    line = next(line for line in errors(run) if wrong in line)
    assert "mine" in line
    if bench.case.checked:
        assert right in line
        assert bench.asked(bench.case.report_path) == []
        assert not run.records
    else:
        refused = [e for e in bench.asked(bench.case.report_path) if e["status"] == 400]
        assert len(refused) == 1, "a request that is wrong was asked again"
    assert_calm(run)


# -- login -----------------------------------------------------------------------------------------


def refusals() -> list[Any]:
    return [
        pytest.param(case, refusal, id=f"{case.platform}-{refusal.name.replace(' ', '-')}")
        for case in CASES
        for refusal in case.refusals
    ]


@pytest.mark.parametrize(("case", "refusal"), refusals())
def test_a_refused_login_ends_the_run_at_once(bench: Bench, refusal: Refusal) -> None:
    """Which credential, which account; asked once, for one stream, without a pause; exit code 3: no use to retry."""
    bench.sandbox.switch(bench.case.platform, **refusal.switches)
    begun = time.monotonic()
    run = bench.command(environment=DEBUG, max_retries=6, **refusal.settings)
    assert (
        time.monotonic() - begun < 30
    )  # a retry storm of six tries would take longer than a minute
    assert run.code == 3
    assert not run.records
    for word in refusal.words:
        assert word in errors(run)[0], (word, run.stderr)
    assert_calm(run, lines=1)
    log = bench.sandbox.log(bench.case.platform)
    assert len(log) <= 4, [e["path"] for e in log]
    bench.assert_no_secret("".join(map(json.dumps, run.lines)), run.stderr)
    for value in refusal.settings.values():
        assert value not in run.stderr


@pytest.mark.parametrize("fault", ["503", "429", "cut", "html"])
@pytest.mark.parametrize("case", [c for c in CASES if c.login_path], ids=lambda c: c.platform)
def test_a_login_that_fails_is_not_refused(bench: Bench, fault: str) -> None:
    """A fault of platform or network that stays: exit code 1, another try may mend it; 3 is for credentials alone."""
    kind = {"kind": fault} if fault in {"cut", "html"} else {"kind": "status", "status": int(fault)}
    # OpenX's legacy login says no by a page at the step that posts the password.
    is_no = fault == "html" and bench.case.platform == "openx"
    path = "/api/index/initiate$" if is_no else bench.case.login_path
    bench.sandbox.fault(platform=bench.case.platform, path=path, times=None, **kind)
    run = bench.command({bench.case.entity}, max_retries=1)
    assert run.code == 1, run.stderr
    assert not run.records
    assert not any("refused" in line for line in errors(run)), run.stderr
    assert_calm(run)


def test_a_session_that_ends_in_the_middle_is_renewed(bench: Bench) -> None:
    """One new login inside the retry loop: nothing twice, nothing lost. A static token ends the run."""
    streams = {bench.case.entity, bench.case.daily, bench.case.hourly}
    whole = bench.undisturbed(streams)
    bench.spoil("report", "status", status=401, after=1)
    if bench.case.login_path is None:
        # One at a time: with more, it may be the first report's window that comes second.
        run = bench.command(streams, concurrency=1)
        assert run.code == 3
        assert "api_token" in errors(run)[0]
        assert len([e for e in bench.asked(bench.case.report_path) if e["status"] == 401]) == 1
        assert run.last_state["bookmarks"].keys() >= {bench.case.daily}
        assert "replication_key_value" not in json.dumps(
            run.last_state["bookmarks"].get(bench.case.hourly, {})
        )
        return
    run = bench.command(streams, concurrency=1)
    assert run.code == 0, run.stderr
    assert tables(run) == tables(whole)
    assert len(bench.asked(bench.case.login_path)) == 2
    good = [
        (e["path"], e["query"], e["body"])
        for e in bench.asked(bench.case.report_path)
        if e["status"] == 200
    ]
    assert len(set(good)) == len(good), "a window was read twice"
    bench.assert_no_secret(run.stderr)


def test_sessions_that_end_by_the_platforms_own_rule_are_renewed(bench: Bench) -> None:
    """Where the sandbox can end a session as the platform does, in the platform's own words."""
    if bench.case.dies is None:
        assert bench.case.login_path is None or bench.case.platform == "openx"
        return
    whole = bench.undisturbed()
    bench.sandbox.switch(bench.case.platform, **bench.case.dies)
    run = bench.command(max_retries=2)
    assert run.code == 0, run.stderr
    assert tables(run) == tables(whole)
    assert len(bench.asked(bench.case.login_path or "")) > 1


# -- faults that pass ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HEALING)
def test_a_fault_that_passes_is_not_noticed_in_the_data(bench: Bench, name: str) -> None:
    """At the login, in a list and in a report: exit 0, the same rows, each retry in the ledger.

    And no secret in any line, though the log shows everything it has.
    """
    whole = bench.undisturbed()
    for where in ("login", "entity", "report"):
        if where == "login" and (bench.case.login_path is None or name not in AT_LOGIN):
            continue
        for fault in HEALING[name]:
            bench.spoil(where, **fault)
    patience = 1.5 if name == "slow" else 60
    run = bench.command(environment=DEBUG, request_timeout_seconds=patience)
    assert run.code == 0, run.stderr[-3000:]
    assert tables(run) == tables(whole)
    struck = [e for e in bench.sandbox.log(bench.case.platform) if e["fault"]]
    assert len(struck) >= 2 * len(HEALING[name])
    assert sum(w["retries"] + w["splits"] for w in run.windows(bench.case.daily)) > 0
    assert_calm(run, lines=0)
    bench.assert_no_secret("".join(map(json.dumps, run.lines)), run.stderr)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed(bench: Bench, form: str) -> None:
    """Two seconds, as a number or as a moment of the platform's clock: not asked a moment before."""
    whole = bench.undisturbed()
    until = format_datetime(datetime.fromisoformat(MOMENT) + timedelta(seconds=2), usegmt=True)
    header = {"Retry-After": "2" if form == "seconds" else until}
    bench.spoil("report", "status", status=429, headers=header)
    run = bench.command(concurrency=1)
    assert run.code == 0, run.stderr
    assert tables(run) == tables(whole)
    asked = bench.asked(bench.case.report_path)
    struck = next(n for n, e in enumerate(asked) if e["fault"])
    waited = datetime.fromisoformat(asked[struck + 1]["started_at"]) - datetime.fromisoformat(
        asked[struck]["started_at"]
    )
    assert 1.9 <= waited.total_seconds() < 6


def test_a_page_under_200_costs_one_retry_and_then_one_login(bench: Bench) -> None:
    """A proxy's page passes; a login form stays until somebody logs in."""
    whole = bench.undisturbed()
    bench.spoil("report", "html", times=2)
    run = bench.command(concurrency=1)
    assert run.code == 0, run.stderr
    assert tables(run) == tables(whole)
    if bench.case.login_path is not None:
        assert len(bench.asked(bench.case.login_path)) == 2


# -- faults that stay ------------------------------------------------------------------------------


def echo(bench: Bench) -> str:
    """A body in the platform's words that shows our own secrets back to us."""
    secrets = " ".join(bench.case.secrets)
    return json.dumps({"message": WORDS, "error": {"message": WORDS}, "echo": secrets})


def test_a_report_that_stays_broken_is_named_after_the_others_are_done(bench: Bench) -> None:
    """Stream, window, status, the platform's words, its request id; exit ≠ 0; its bookmark stays."""
    whole = tables(bench.undisturbed())
    bench.spoil(
        "report",
        "status",
        status=503,
        times=None,
        body=echo(bench),
        headers={"X-Request-Id": "r-0815"},
    )
    run = bench.command(environment=DEBUG, max_retries=1)
    assert run.code not in (0, 143, 130)
    assert tables(run)[bench.case.entity] == whole[bench.case.entity]
    assert not run.records[bench.case.daily]
    line = next(line for line in errors(run) if bench.case.daily in line)
    for words in ("2026-03-09", "503", "4711", "r-0815"):
        assert words in line, (words, line)
    assert "replication_key_value" not in json.dumps(
        run.last_state["bookmarks"].get(bench.case.daily, {})
    )
    assert_calm(run)
    bench.assert_no_secret("".join(map(json.dumps, run.lines)), run.stderr)


def test_a_list_that_stays_broken_does_not_stop_the_reports(bench: Bench) -> None:
    """The other way round."""
    whole = tables(bench.undisturbed())
    bench.spoil("entity", "status", status=500, times=None, body=echo(bench))
    run = bench.command(environment=DEBUG, max_retries=1)
    assert run.code not in (0, 143, 130)
    assert tables(run)[bench.case.daily] == whole[bench.case.daily]
    line = next(line for line in errors(run) if bench.case.entity in line)
    assert "500" in line
    assert "4711" in line
    assert_calm(run)
    bench.assert_no_secret("".join(map(json.dumps, run.lines)), run.stderr)


@pytest.mark.parametrize("kind", ["html", "garbage", "empty", "cut", "reset"])
def test_an_answer_that_stays_unreadable_is_never_taken_for_an_empty_one(
    bench: Bench, kind: str
) -> None:
    """Exit ≠ 0, no row, no window in the ledger, no bookmark."""
    bench.spoil("report", kind, times=None)
    run = bench.command(environment=DEBUG, max_retries=1)
    assert run.code != 0
    assert not run.windows(bench.case.daily)
    assert not run.records[bench.case.daily]
    assert "replication_key_value" not in json.dumps(
        run.last_state.get("bookmarks", {}).get(bench.case.daily, {})
    )
    assert_calm(run)
    bench.assert_no_secret("".join(map(json.dumps, run.lines)), run.stderr)


def test_a_wrong_request_is_never_asked_again(bench: Bench) -> None:
    """400 is final, and its words reach the user without our secrets; exit code 4: no use to retry."""
    bench.spoil("report", "status", status=400, times=None, body=echo(bench))
    run = bench.command({bench.case.daily}, environment=DEBUG, max_retries=6)
    assert run.code == 4
    assert "4711" in "".join(errors(run))
    bodies = [(e["query"], e["body"]) for e in bench.asked(bench.case.report_path)]
    assert len(set(bodies)) == len(bodies), "the same request was sent twice"
    assert_calm(run)
    bench.assert_no_secret(run.stderr)


# -- forbidden -------------------------------------------------------------------------------------


def test_a_forbidden_stream_that_was_selected_is_an_error(bench: Bench) -> None:
    """Named, with what to do; the others complete; asked once."""
    whole = tables(bench.undisturbed())
    bench.spoil("entity", "status", status=403, times=None, body=echo(bench))
    run = bench.command(environment=DEBUG)
    assert run.code == 4
    line = next(line for line in errors(run) if bench.case.entity in line)
    assert "deselect" in line
    assert tables(run)[bench.case.daily] == whole[bench.case.daily]
    assert len(bench.asked(bench.case.entity_path)) == 1
    bench.assert_no_secret(run.stderr)


def test_a_forbidden_stream_that_nobody_selected_is_a_warning(bench: Bench) -> None:
    """Without a catalogue the tap reads what it may."""
    bench.spoil("entity", "status", status=403, times=None)
    run = bench.command(catalog=False, start_date="2026-03-16", lookback_days=0)
    assert run.code == 0, run.stderr
    assert not run.records[bench.case.entity]
    assert any("WARNING" in line and bench.case.entity in line for line in run.stderr.splitlines())
    assert run.records[bench.case.daily]
