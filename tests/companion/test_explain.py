"""`adtap explain` says what the declarations that run say, of every stream there is."""

import json

from adtap_core.declare import Report
from adtap_core.inspect.explain import declared
from tests.companion.conftest import Desk


def test_every_stream_is_explained_without_settings(desk: Desk) -> None:
    """Each declared stream of each tap, with no settings and no request."""
    desk.monkeypatch.delenv("ADTAPS_NOW")
    for name, entry in declared(desk.case.tap).items():
        done = desk.call("explain", desk.case.script, name, "--json")
        assert done.code == 0, (name, done.err)
        made = done.json
        assert made["stream"] == name
        assert made["kind"] == ("report" if isinstance(entry, Report) else "entity")
        assert made["requests"], f"{name}: its request is not shown"
        assert made["key"]
        if isinstance(entry, Report):
            metrics = [c for c in made["columns"] if c["role"] == "metric"]
            assert [c["platform_name"] for c in metrics] == list(entry.metrics)
            assert all(c["additivity"] in {"additive", "ratio", "distinct"} for c in metrics)
            for fact in ("buckets", "currency", "lookback", "settled", "retention"):
                assert made[fact], f"{name}: {fact}"
            assert made["reproduce"]
    assert desk.sandbox.log(desk.case.platform) == []


def test_the_request_is_the_one_that_is_sent(desk: Desk) -> None:
    """With settings the request shown is that of the sandbox's own address, metadata asked, no data."""
    done = desk.command("explain", desk.case.daily, "--json")
    assert done.code == 0, done.err
    request = done.json["requests"][0]
    assert request["url"].startswith(desk.sandbox.url)
    assert "2026-03-1" in request["url"] + json.dumps(request["body"])


def test_a_report_of_ones_own_is_explained(desk: Desk) -> None:
    """A report of the settings is a stream like the others; its lookback is the user's."""
    report = {**desk.case.report, "lookback_days": 11}
    done = desk.command("explain", "mine", "--json", reports=[report])
    assert done.code == 0, done.err
    assert done.json["lookback"].startswith("11 days, from the report's definition")


def test_people_get_it_in_lines(desk: Desk) -> None:
    """Without --json: facts, columns, the request and the way to the platform's own number."""
    done = desk.command("explain", desk.case.daily)
    assert done.code == 0, done.err
    assert done.out.startswith(f"{desk.case.script} {desk.case.daily} (report)")
    for words in ("lookback", "metrics", "Request", "The same number"):
        assert words in done.out


def test_an_unknown_stream_is_a_usage_error(desk: Desk) -> None:
    """A misspelt stream: the usage's exit code and the nearest name."""
    done = desk.call("explain", desk.case.script, desk.case.daily + "s")
    assert done.code == 2
    assert f"did you mean {desk.case.daily}" in done.err


def test_the_ledger_is_explained(desk: Desk) -> None:
    """`sync_windows` has no request, but a grain, a key and columns."""
    done = desk.call("explain", desk.case.script, "sync_windows", "--json")
    assert done.code == 0, done.err
    assert done.json["key"] == "stream, account, window_start, window_end"
    assert {c["name"] for c in done.json["columns"]} >= {"row_count", "synced_at"}
    assert done.json["requests"] == []
