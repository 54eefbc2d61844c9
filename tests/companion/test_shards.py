"""`adtap shards`: what an orchestrator gets, held against what the runs then ask and write."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from adtap_core.state.parts import REST, merged, parts
from tests.companion.conftest import Desk
from tests.running import Messages, run_tap, select

STREAMS = {"apps", "app_daily", "campaign_daily"}
NEXT_DAY = "2026-03-19T12:00:00+00:00"
adjust = pytest.mark.parametrize("desk", ["adjust"], indirect=True)


def listed(desk: Desk, *arguments: str, **more: Any) -> dict[str, Any]:
    """Return what `adtap shards` prints for some streams of Adjust."""
    catalog = desk.file("catalog", desk.case.tap(config=desk.config()).catalog_dict)
    if desk.case.platform == "adjust":
        catalog = desk.file("catalog", chosen(desk, STREAMS))
    done = desk.command("shards", "--catalog", catalog, *arguments, **more)
    assert done.code == 0, done.err
    found: dict[str, Any] = done.json
    return found


def chosen(desk: Desk, streams: Iterable[str]) -> Mapping[str, Any]:
    """Return a catalog with these streams and the ledger selected."""
    return select(desk.case.tap, desk.config(), {*streams, "sync_windows"})


def runs(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the runs of all shards."""
    return [run for shard in found["shards"] for run in shard["runs"]]


def streams_of(run: Mapping[str, Any]) -> set[str]:
    """Return what a run selects, the ledger left out."""
    (text,) = (v for k, v in run["environment"].items() if k.endswith("__SELECT_FILTER"))
    return set(json.loads(text)) - {"sync_windows", "sync_days"}


def read(desk: Desk, run: Mapping[str, Any], state: Mapping[str, Any] | None = None) -> Messages:
    """Run the tap as the variables of a run say."""
    prefix = f"{desk.case.script.upper().replace('-', '_')}_"
    settings = {
        name.removeprefix(prefix).lower(): json.loads(value)
        for name, value in run["environment"].items()
        if not name.endswith("__SELECT_FILTER")
    }
    catalog = chosen(desk, streams_of(run))
    return run_tap(desk.case.tap, desk.config(**settings), state=state, catalog=catalog)


def rows(messages: Iterable[Messages]) -> Counter[str]:
    """Return the rows of all reports, without the moment at which they were read."""
    return Counter(
        json.dumps({**row, "_synced_at": None}, sort_keys=True, default=str)
        for one in messages
        for stream, found in one.records.items()
        if stream in STREAMS - {"apps"}
        for row in found
    )


def windows_asked(desk: Desk) -> int:
    """Return how many requests for report rows the platform has seen."""
    return len([e for e in desk.sandbox.log("adjust") if e["path"].endswith("/report")])


def test_every_selected_stream_is_read_once(desk: Desk) -> None:
    """By its accounts or in `rest`; no secret is shown, and shares of all that run at once are no more than 1."""
    found = listed(desk)
    tap = desk.case.tap(config=desk.config())
    names = {s.name for s in tap.streams_to_read()} - {"sync_windows", "sync_days"}
    if desk.case.platform == "adjust":
        names = STREAMS
    rest = [streams_of(run) for shard in found["rest"] for run in shard["runs"]]
    together = [*rest, set(found["streams"])]
    assert Counter(n for part in together for n in part) == Counter(names)
    assert all(streams_of(run) == set(found["streams"]) for run in runs(found))
    assert found["rate_share"] * found["pool"]["slots"] <= 1
    assert found["set_elsewhere"], "where the secrets belong"
    assert bool(found["shards"]) is (found["account_key"] is not None)
    assert found["shards"] or "nothing to split" in found["remarks"][0]


@adjust
def test_shards_read_what_one_process_reads_and_their_state_comes_and_goes(desk: Desk) -> None:
    """One process's state, split by account: the shards ask for the same days; merged it is one process's again."""
    whole = {"environment": {"TAP_ADJUST__SELECT_FILTER": json.dumps(sorted(STREAMS))}}
    first = read(desk, whole).last_state
    desk.now(NEXT_DAY)
    alone = read(desk, whole, first)
    states = parts(first)
    found = listed(desk)
    everything = [*runs(found), *(r for s in found["rest"] for r in s["runs"])]
    assert {r["state_id_suffix"] for r in everything} == {*states, REST}
    desk.sandbox.clear_log()
    done = {r["state_id_suffix"]: read(desk, r, states[r["state_id_suffix"]]) for r in everything}
    assert rows(done.values()) == rows([alone])
    key = ("stream", "account", "window_start", "window_end", "row_count")
    windows = [
        Counter(tuple(w[k] for k in key) for m in some for w in m.records["sync_windows"])
        for some in (done.values(), [alone])
    ]
    assert windows[0] == windows[1]
    assert merged(m.last_state for m in done.values()) == merged([alone.last_state])


@adjust
def test_what_a_shard_is_expected_to_ask_it_asks(desk: Desk) -> None:
    """Request by request, for a first run and for the months of a backfill."""
    for arguments in ((), ("--from=2026-01-20", "--to=2026-03-05")):
        run = runs(listed(desk, *arguments))[0]
        desk.sandbox.clear_log()
        read(desk, run)
        assert windows_asked(desk) == run["expected_requests"] > 0


@adjust
def test_a_new_account_gets_a_shard_of_its_own(desk: Desk) -> None:
    """Nothing of the others changes: name, state, variables, expected requests. In groups, one gets a member."""
    tokens = [run["accounts"][0]["app_token"] for run in runs(listed(desk))]
    assert len(tokens) > 2
    before, after = (listed(desk, app_tokens=some) for some in (tokens[1:], tokens))
    assert [s for s in after["shards"] if s not in before["shards"]] == [
        s for s in after["shards"] if tokens[0] in json.dumps(s["runs"][0]["accounts"])
    ]
    assert all(s in after["shards"] for s in before["shards"])
    grouped = [
        listed(desk, "--count=2", app_tokens=some)["shards"] for some in (tokens[1:], tokens)
    ]
    changed = [s for s in grouped[1] if s not in grouped[0]]
    assert len(changed) == 1
    # One state an account: a group that has got a member goes on from the states that its accounts have.
    suffixes = [{r["state_id_suffix"] for s in shards for r in s["runs"]} for shards in grouped]
    assert len(suffixes[1] - suffixes[0]) == 1
    assert suffixes[0] < suffixes[1]


@adjust
def test_a_backfill_is_cut_into_months_beside_the_daily_run(desk: Desk) -> None:
    """States of its own, exactly the days that were asked for, no bookmark moved, no entity read."""
    found = listed(desk, "--from=2026-01-20", "--to=2026-03-05")
    assert not found["rest"]
    assert {(s["window"]["from"], s["window"]["to"]) for s in found["shards"]} == {
        ("2026-01-20", "2026-02-01"),
        ("2026-02-01", "2026-03-01"),
        ("2026-03-01", "2026-03-05"),
    }
    daily = {r["state_id_suffix"] for r in runs(listed(desk))}
    assert not daily & {r["state_id_suffix"] for r in runs(found)}
    assert len({s["name"] for s in found["shards"]}) == len(found["shards"])
    got = read(
        desk,
        next(r for s in found["shards"] if s["window"]["to"] == "2026-03-05" for r in s["runs"]),
    )
    days = {row["day"] for row in got.records["app_daily"]}
    assert days == {f"2026-03-0{n}" for n in range(1, 5)}
    assert not got.last_state.get("bookmarks")


@adjust
@pytest.mark.parametrize(
    ("arguments", "settings", "code", "words"),
    [
        (["--at-once=64"], {}, 2, "concurrency"),
        (["--from=2026-01-01"], {}, 2, "--from and --to"),
        (["--from=2026-01-02", "--to=2026-01-02"], {}, 2, "is not after"),
        ([], {"start_date": "soon"}, 2, "start_date"),
        ([], {"api_token": "wrong"}, 3, "api_token"),
        ([], {"rate_share": 1.5}, 2, "rate_share"),
        ([], {"rate_share": 0}, 2, "rate_share"),
    ],
)  # fmt: skip
def test_what_can_not_be_cut_is_refused(
    desk: Desk, arguments: list[str], settings: dict[str, Any], code: int, words: str
) -> None:
    """In a line; the exit code is the tap's, so that an orchestrator knows whether to try again."""
    done = desk.command("shards", *arguments, **settings)
    assert (done.code, done.out) == (code, "")
    assert words in done.err


@adjust
def test_a_filter_with_a_fraction_stays_a_number(desk: Desk) -> None:
    """A variable holds the settings as they were written: as text it would be another filter."""
    report = {
        "name": "dear",
        "dimensions": ["app_token"],
        "metrics": ["installs", "cost"],
        "filters": {"cost__gt": 0.5},
    }
    found = listed(desk, reports=[report])
    assert json.loads(found["environment"]["TAP_ADJUST_REPORTS"]) == [report]
