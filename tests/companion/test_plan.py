"""`adtap plan` says what the sync then does, and asks for no data itself."""

import json
import re
from collections import Counter
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.companion.conftest import Desk
from tests.running import Messages, run_command, run_tap, select

NEXT: Final = "2026-03-20T12:00:00+00:00"
POLLS: Final = ("/pullReport",)
"""Paths of requests that a plan says to follow in a number that nobody can know."""


def key(method: str, url: str, body: Any) -> tuple[Any, ...]:
    """A request as plan and log both know it; the API key that a login adds left out."""
    split = urlsplit(url)
    query = sorted(p for p in parse_qsl(split.query, keep_blank_values=True) if p[0] != "api_key")
    return method, split.path, tuple(query), json.dumps(body, sort_keys=True)


def planned(plan: dict[str, Any]) -> Counter[tuple[Any, ...]]:
    asked = [*plan["metadata"], *(r for s in plan["streams"] for r in s["requests"])]
    return Counter(key(r["method"], r["url"], r["body"]) for r in asked)


def logged(desk: Desk) -> Counter[tuple[Any, ...]]:
    made: Counter[tuple[Any, ...]] = Counter()
    for entry in desk.sandbox.log(desk.case.platform):
        try:
            body = json.loads(entry["body"]) if entry["body"] else None
        except ValueError:
            body = entry["body"]
        if not entry["target"].endswith(POLLS):
            made[key(entry["method"], f"{entry['target']}?{entry['query']}", body)] += 1
    return made


def logins(desk: Desk) -> set[str]:
    """The paths of a login and nothing else."""
    desk.sandbox.clear_log()
    tap = desk.case.tap(config=desk.config())
    tap.platform.http.relogin(0)
    found = {entry["target"] for entry in desk.sandbox.log(desk.case.platform)}
    desk.sandbox.clear_log()
    return found


def only(desk: Desk, *streams: str) -> dict[str, Any]:
    return select(desk.case.tap, desk.config(), set(streams))


def without(asked: Counter[tuple[Any, ...]], paths: set[str]) -> Counter[tuple[Any, ...]]:
    return Counter({k: n for k, n in asked.items() if k[1] not in paths})


def plan_of(
    desk: Desk, catalog: dict[str, Any], state: dict[str, Any] | None = None, **more: Any
) -> tuple[dict[str, Any], set[str]]:
    """Plan what a catalog selects, which asks for no data; gives the plan, and the paths of a login."""
    login = logins(desk)
    arguments = ["--catalog", desk.file("catalog", catalog), "--json"]
    if state is not None:
        arguments += ["--state", desk.file("state", state)]
    done = desk.command("plan", *arguments, **more)
    assert done.code == 0, done.err
    asked = {e["target"] for e in desk.sandbox.log(desk.case.platform)} - login
    pattern = re.compile(desk.case.report_path)
    assert not [t for t in asked if pattern.search(t.removeprefix(f"/{desk.case.platform}"))]
    desk.sandbox.clear_log()
    return done.json, login


def plan_and_sync(
    desk: Desk, state: dict[str, Any] | None = None, **more: Any
) -> tuple[dict[str, Any], Messages, set[str]]:
    """Plan two reports, then read them; the log then holds what was read."""
    catalog = only(desk, desk.case.daily, desk.case.hourly)
    plan, login = plan_of(desk, catalog, state, **more)
    messages = run_tap(desk.case.tap, desk.config(**more), state=state, catalog=catalog)
    return plan, messages, login


def test_the_plan_of_a_first_sync_is_its_request_log(desk: Desk) -> None:
    """Every request of the reports and their metadata is in the plan, once, and nothing else is."""
    plan, messages, login = plan_and_sync(desk)
    expected = planned(plan)
    assert sum(expected.values()) == plan["totals"]["requests"]
    assert without(logged(desk), login) == expected
    assert plan["totals"]["windows"] == len(messages.records["sync_windows"])


def test_control_totals_are_planned_and_tie_out(desk: Desk) -> None:
    """With `control_totals` the plan has the questions beside each window; in every generation they tie out."""
    plan, messages, login = plan_and_sync(desk, control_totals=True)
    assert without(logged(desk), login) == planned(plan)
    without_them, _ = plan_of(desk, only(desk, desk.case.daily, desk.case.hourly))
    assert plan["totals"]["requests"] > without_them["totals"]["requests"]
    for window in messages.records["sync_windows"]:
        assert window["ties"] is True, window
        assert window["control"] or not window["row_count"]


def test_the_plan_of_the_next_sync_is_its_request_log(desk: Desk) -> None:
    """With a state, two days later: lookback and new days are told apart, and requested as planned."""
    _, first, _ = plan_and_sync(desk)
    desk.now(NEXT)
    plan, messages, login = plan_and_sync(desk, first.last_state)
    assert without(logged(desk), login) == planned(plan)
    streams = {s["stream"]: s for s in plan["streams"]}
    for account in streams[desk.case.daily]["accounts"]:
        assert account["new"] == 2
        assert account["lookback"] > 0
    windows = {
        (s["stream"], w["from"], w["to"])
        for s in plan["streams"]
        for a in s["accounts"]
        for w in a["windows"]
        if s["grain"] == "day"
    }
    read = {
        (w["stream"], w["window_start"][:10], w["window_end"][:10])
        for w in messages.windows(desk.case.daily)
    }
    assert windows == read


def test_an_entitys_first_request_is_planned(desk: Desk) -> None:
    """An entity's list begins with the request that the plan shows."""
    login = logins(desk)
    catalog = only(desk, desk.case.entity)
    done = desk.command("plan", "--catalog", desk.file("catalog", catalog), "--json")
    assert done.code == 0, done.err
    assert without(logged(desk), login) == Counter()
    desk.sandbox.clear_log()
    run_tap(desk.case.tap, desk.config(), catalog=catalog)
    expected = planned(done.json)
    assert expected
    assert expected <= without(logged(desk), login)


def test_a_budget_that_is_passed_fails(desk: Desk) -> None:
    """One request too many is exit code 1 and one line; exactly enough is none."""
    catalog = desk.file("catalog", only(desk, desk.case.daily))
    needed = desk.command("plan", "--catalog", catalog, "--json").json["totals"]["requests"]
    fits = desk.command("plan", "--catalog", catalog, "--max-requests", str(needed))
    assert (fits.code, fits.err) == (0, "")
    passed = desk.command("plan", "--catalog", catalog, "--max-requests", str(needed - 1))
    assert passed.code == 1
    assert passed.err.startswith("Budget passed")
    assert len(passed.err.splitlines()) == 1


def test_offline_asks_nothing(desk: Desk) -> None:
    """With --offline there is not one request, not even a login, and what is not known is said."""
    desk.sandbox.clear_log()
    done = desk.command("plan", "--offline", "--json")
    assert done.code == 0, done.err
    assert desk.sandbox.log(desk.case.platform) == []
    assert done.json["metadata"] == []
    for stream in done.json["streams"]:
        if stream["kind"] == "report" and not stream["requests"]:
            assert stream["remarks"] or not any(a["windows"] for a in stream["accounts"])


def test_all_streams_are_shown_for_people(desk: Desk) -> None:
    """Without --json each selected stream has a line, and the totals end the page."""
    done = desk.command("plan")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    tap = desk.case.tap(config=desk.config())
    names = {s.name for s in tap.streams_to_read()}
    assert names <= {line.split()[0] for line in lines if line.strip()}
    assert lines[-1].startswith("Total: at least ")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ('{"start_date": "yesterday"}', "start_date"),
        ("[1]", "a JSON object is expected"),
        ("{", "can't be read as JSON"),
    ],
)
def test_bad_settings_are_a_line_each(desk: Desk, document: str, words: str) -> None:
    """Settings that can't be used end in exit code 1, in lines, before any request."""
    path = desk.folder / "bad.json"
    path.write_text(document, encoding="utf-8")
    done = desk.call("plan", desk.case.script, "--config", str(path))
    assert done.code == 1
    assert words in done.err
    assert desk.sandbox.log(desk.case.platform) == []


def test_an_empty_file_is_a_line(desk: Desk) -> None:
    """What a run without STATE leaves behind `> state.json`: no riddle about a value in line 1."""
    empty = desk.folder / "empty.json"
    empty.write_text("\n")
    for option in ("state", "catalog"):
        done = desk.command("plan", f"--{option}", str(empty))
        assert done.code == 1
        assert (
            done.err.strip()
            == f"--{option} {empty}: the file is empty; leave the option out if there is none"
        )


def test_a_folder_for_a_file_is_a_line(desk: Desk) -> None:
    """The option, the folder and what to do, whichever option it is."""
    for option in ("config", "state", "catalog"):
        done = desk.command("plan", f"--{option}", str(desk.folder))
        assert done.code == 1
        said = f"--{option} {desk.folder}: that is a folder: name the JSON file in it"
        assert done.err.removeprefix("Setting: ").strip() == said


def test_a_wrong_password_is_one_line(desk: Desk) -> None:
    """A refused login ends the plan; the message names the credential."""
    refusal = desk.case.refusals[0]
    done = desk.command("plan", **refusal.settings)
    if desk.case.platform == "atomx":
        # Nothing of atomx's metadata is needed: the plan does not even log in.
        assert done.code == 0
        return
    assert done.code == 1
    assert done.err.startswith("Login refused: ")


def test_a_bad_state_is_refused(desk: Desk) -> None:
    """A state that can't be understood is refused, not taken for a first run."""
    state = desk.file("state", {"bookmarks": {desk.case.daily: {"replication_key_value": "soon"}}})
    done = desk.command("plan", "--state", state)
    assert done.code == 1
    assert "--state" in done.err


def test_a_backfill_is_planned_as_it_is_read(desk: Desk) -> None:
    """Exactly the days asked for, no lookback, no entity, whatever the state says."""
    backfill = {"from": "2026-03-10", "to": "2026-03-13", "streams": [desk.case.daily]}
    done = desk.command("plan", "--json", backfill=backfill)
    assert done.code == 0, done.err
    (stream,) = done.json["streams"]
    assert stream["stream"] == desk.case.daily
    for account in stream["accounts"]:
        assert (account["new"], account["lookback"], account["bookmark"]) == (3, 0, None)
        assert {w["kind"] for w in account["windows"]} == {"backfill"}
    assert "(backfill)" in desk.command("plan", backfill=backfill).out


@pytest.mark.parametrize("command", ["check", "plan"])
@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"bookmarks": {}}, "there is no list `streams` in it"),
        ({"streams": [{"schema": {}}]}, "not a Singer catalog"),
        ({"streams": "all"}, "there is no list `streams` in it"),
    ],
    ids=["a state", "an entry without a name", "a text"],
)
@pytest.mark.parametrize("desk", ["openx"], indirect=True)
def test_a_file_that_is_no_catalog_is_refused(
    desk: Desk, document: dict[str, Any], words: str, command: str
) -> None:
    """Taken for a catalog that selects nothing, it would make a good check and an empty plan."""
    path = desk.file("other", document)
    done = desk.command(command, "--catalog", path)
    assert done.code == 1
    said = (done.out + done.err).replace(f"{path}: ", f"{path}  ")
    assert f"--catalog {path}  not a Singer catalog" in said
    assert words in said
    assert "a defect" not in done.out + done.err
    assert desk.sandbox.log(desk.case.platform) == []


@pytest.mark.parametrize("ran", ["from a file", "from variables"])
@pytest.mark.parametrize("desk", ["adjust"], indirect=True)
def test_a_filter_is_the_same_from_a_file_and_from_variables(desk: Desk, ran: str) -> None:
    """State keeps it with the digits it was written with: who goes from one to the other has changed nothing."""
    report = {"name": "dear", "dimensions": ["app_token"], "metrics": ["installs", "cost"]}
    config = desk.config(reports=[{**report, "filters": {"cost__gt": 0.5, "installs__gt": 1}}])
    for name, value in config.items():
        text = value if isinstance(value, str) else json.dumps(value)
        desk.monkeypatch.setenv(f"TAP_ADJUST_{name.upper()}", text)
    catalog = select(desk.case.tap, config, {"dear"})
    from_file = {"config": config} if ran == "from a file" else {}
    from_variables = () if from_file else ("--config=ENV",)
    done = run_command(
        desk.case.script, *from_variables, folder=desk.folder, catalog=catalog, **from_file
    )
    assert done.code == 0, done.stderr
    state = desk.file("state", done.last_state)
    other = desk.file("config", config) if from_variables else "ENV"
    plan = desk.call("plan", desk.case.script, "--config", other, "--state", state)
    assert plan.code == 0, plan.err
