"""A load in shards: each account is read once, and no more is asked at once than one process may."""

from datetime import date

import pytest

from adtap_core.errors import SettingsError
from adtap_core.inspect.sharding import Cut, shards_of
from tests.core.restating import RestatingServer, TapRestating, select

ACCOUNTS = [f"a{n}" for n in range(7)]


@pytest.fixture
def tap(monkeypatch: pytest.MonkeyPatch):
    """Return a tap with seven accounts, one of whose reports is selected."""
    monkeypatch.setenv("ADTAPS_NOW", "2026-03-20T12:00:00+00:00")
    with RestatingServer() as server:
        config = {"api_url": server.url, "accounts": ACCOUNTS, "start_date": "2026-03-02", "concurrency": 4}  # fmt: skip
        yield TapRestating(config=config, catalog=select(TapRestating, config, {"by_day"}))
        assert server.log == [], "a plan asks for no data"


@pytest.mark.parametrize("count", [None, 1, 2, 3, 20])
@pytest.mark.parametrize("together", [False, True])
def test_each_account_is_in_one_shard(tap, count, together):
    """However many there are; an account keeps its name, so its state is found again."""
    made = shards_of(tap, Cut(count=count, together=together))
    found = [a["account"] for s in made.shards for r in s.runs for a in r.accounts]
    assert sorted(found) == ACCOUNTS
    assert len(made.shards) <= (count or len(ACCOUNTS))
    names = [s.name for s in made.shards]
    assert len({*names}) == len(names)
    suffixes = [r.state_id_suffix for s in made.shards for r in s.runs]
    assert len({*suffixes}) == len(suffixes), "two runs would overwrite each other's state"
    assert made.account_key == "account"
    assert made.streams == ["by_day"]
    if together:
        assert all(len(s.runs) == 1 for s in made.shards)


def test_what_shards_may_ask_adds_up_to_what_one_process_may(tap):
    """Each gets its share; more at once than may be in flight are refused."""
    made = shards_of(tap, Cut(at_once=2))
    assert (made.at_once, made.concurrency) == (2, 4)
    assert made.document()["rate_share"] == 0.5
    with pytest.raises(
        SettingsError, match=r"--at-once 5: more than the setting `concurrency` \(4\)"
    ):
        shards_of(tap, Cut(at_once=5))


def test_a_backfill_has_a_shard_for_each_account_and_stretch(tap):
    """The daily run's states are not touched by it."""
    pieces = [(date(2026, 1, 1), date(2026, 2, 1)), (date(2026, 2, 1), date(2026, 3, 1))]
    made = shards_of(tap, Cut(count=1, pieces=pieces))
    assert [s.window for s in made.shards] == pieces
    assert len({s.name for s in made.shards}) == 2


def test_no_secret_stands_in_what_an_orchestrator_is_given(tap):
    """They are set where the runs are started; what is there is what the runs need."""
    made = shards_of(tap, Cut())
    assert "TAP_RESTATING_API_URL" in made.environment
    expected = made.document()["expected_requests"]
    assert expected["one_process"] > 0
    assert expected["sharded"] >= expected["one_process"], "accounts no longer share a request"
