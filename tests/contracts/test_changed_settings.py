"""A setting that changes what rows mean, under a state that knows other rows: refused, on each platform."""

from typing import Any

import pytest

from adtap_core.errors import SettingsError
from tests.contracts.conftest import Bench
from tests.running import run_tap

CHANGES: dict[str, list[dict[str, Any]]] = {
    "adjust": [{"currency": "USD"}, {"attribution_types": ["click"]}, {"report_format": "csv"}],
    "openx": [{"account_ids": ["537100001"]}],
    "terminalone": [{"advertiser_ids": [1]}],
    "atomx": [{"time_zone": "Europe/Berlin"}],
}
"""Settings of a tap that change the rows of its daily report."""
FILTERS: dict[str, Any] = {
    "adjust": {"country_code__in": "de"},
    "openx": {"name": "publisherSiteId", "value": "1", "operator": "EQ"},
    "terminalone": [{"field": "campaign_id", "op": "=", "value": 1}],
    "atomx": [["campaign_id", "==", 1]],
}


def refused(bench: Bench, state: Any, streams: set[str], **more: Any) -> str:
    """The words of the refusal; nothing was asked."""
    bench.sandbox.clear_log()
    with pytest.raises(SettingsError) as refusal:
        bench.run(streams, state, **more)
    assert bench.sandbox.log() == []
    return str(refusal.value)


def test_a_changed_setting_is_refused_before_any_request(bench: Bench) -> None:
    """Rows of two meanings would stand in one table; three ways out are named."""
    state = bench.run({bench.case.daily}).last_state
    for change in CHANGES[bench.case.platform]:
        words = refused(bench, state, {bench.case.daily}, **change)
        assert f"report {bench.case.daily!r}" in words
        for way in ("new name", "--clear", "backfill", "--accept"):
            assert way in words


def test_filters_that_change_under_a_name_are_refused(bench: Bench) -> None:
    """A report of one's own with another filter is another report."""

    def run(report: Any, state: Any = None) -> Any:
        config = bench.config(reports=[report])
        return run_tap(bench.case.tap, config, state=state, streams={"mine"})

    state = run(bench.case.report).last_state
    bench.sandbox.clear_log()
    changed = {**bench.case.report, "filters": FILTERS[bench.case.platform]}
    with pytest.raises(SettingsError, match="`filters` was not set"):
        run(changed, state)
    assert bench.sandbox.log() == []
