"""What is looked at before a sync: settings, login, accounts, reports."""

import pytest

from adtap_core.errors import SettingsError
from adtap_core.inspect.check import run_check, settings_error, variable_results
from tests.core.conftest import Tiny
from tests.core.tiny import TapTiny


def test_good_settings_pass_and_cost_no_data_request(tiny: Tiny) -> None:
    """Each report that is selected is named; nothing but what was asked is counted."""
    found = run_check(TapTiny(config=tiny.config))
    assert found.good, found.document()
    assert {f.area for f in found.findings} >= {"settings", "report"}
    assert "spend_daily" in {f.subject for f in found.findings}
    assert found.requests == len(tiny.server.log)


def test_with_streams_a_little_of_each_is_read(tiny: Tiny) -> None:
    """Whether the login may read it shows in no other way."""
    found = run_check(TapTiny(config=tiny.config), streams=True)
    (stream,) = (f for f in found.findings if f.area == "stream")
    assert (stream.subject, stream.good) == ("spend_daily", True)
    assert found.requests == len(tiny.server.log) > 0


def test_a_stream_that_may_not_be_read_says_what_to_do(tiny: Tiny) -> None:
    """The platform's words, and the two ways out."""
    tiny.server.before.append(lambda _p, q: (403, {}, b"not yours") if "from" in q else None)
    found = run_check(TapTiny(config=tiny.config), streams=True)
    (stream,) = (f for f in found.findings if not f.good)
    assert "not yours" in stream.words
    assert stream.advice == "ask the platform for access, or deselect the stream 'spend_daily'"
    assert not found.good


def test_a_missing_setting_is_told_with_its_variable() -> None:
    """Where to put it, in both ways."""
    with pytest.raises(SettingsError) as error:
        TapTiny(config={"accounts": ["x"], "api_url": "http://127.0.0.1:1"})
    (found,) = settings_error(TapTiny, error.value)
    assert (found.area, found.subject, found.good) == ("settings", "token", False)
    assert found.advice == (
        "set TAP_TINY_TOKEN in `.env` or in the environment, or `token` in the file of --config"
    )


def test_a_variable_that_sets_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run goes on without it: whoever wrote it means something."""
    monkeypatch.setenv("TAP_TINY_STRAT_DATE", "2026-01-01")
    (found,) = variable_results(TapTiny)
    assert found.subject == "TAP_TINY_STRAT_DATE"
    assert "TAP_TINY_START_DATE" in found.words
    assert found.advice.startswith("correct the variable's name")


def test_faults_of_the_settings_are_a_finding_each_and_none_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a line names already is not said once more of its variable."""
    monkeypatch.setenv("TAP_TINY_STRAT_DATE", "2026-01-01")
    error = SettingsError(["start_date: 'soon' is no date", "did you mean TAP_TINY_STRAT_DATE?"])
    found = settings_error(TapTiny, error)
    assert [f.words for f in found] == error.errors
    assert found[0].subject == "start_date"
    assert found[0].advice.startswith("correct the setting")
