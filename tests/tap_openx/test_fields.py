"""The account's list of report fields, and what a report's definition says of them."""

import json

import pytest

from adtap_core.errors import SettingsError
from adtap_core.tap import RunFailed

METRICS = [{"id": "marketRequests", "format": "Number"}]
DIMENSIONS = [{"id": "publisherSiteId", "format": "Number"}]
ONE_DAY = {"start_date": "2026-03-16", "end_date": "2026-03-17"}


@pytest.mark.parametrize(
    "body",
    [
        {"metrics": METRICS},
        {"metrics": METRICS, "dimensions": None},
        {"metrics": {}, "dimensions": DIMENSIONS},
        {"metrics": METRICS, "dimensions": [None]},
        {"metrics": [{"metadataMetrics": None}], "dimensions": DIMENSIONS},
        {"metrics": [{"format": "Number"}], "dimensions": DIMENSIONS},
        [{"http_status": 500, "type": "Error", "message": "boom"}],
    ],
    ids=["no dimensions", "null", "object", "null in it", "null wrapped", "no id", "errors"],
)
def test_a_list_of_fields_that_is_none_is_a_failure(room, body):
    """Without its dimensions the presets were rows of another grain; without a list nothing was read, exit code 0."""
    room.sandbox.fault("status", path="/report/fields$", status=200, body=body, times=None)
    written = []
    with pytest.raises(RunFailed, match="device_daily"):
        room.run(room.legacy(**ONE_DAY, max_retries=0), "device_daily", written=written.append)
    assert not written[0].windows("device_daily")
    assert room.asked("/report") == []


@pytest.mark.parametrize("body", [{"metrics": METRICS}, []], ids=["no dimensions", "a list"])
def test_a_list_of_fields_that_is_not_whole_is_asked_for_again(room, body):
    """As any other answer that is none."""
    whole = room.run(room.legacy(**ONE_DAY), "device_daily").final("device_daily")
    room.sandbox.fault("status", path="/report/fields$", status=200, body=body)
    found = room.run(room.legacy(**ONE_DAY), "device_daily").final("device_daily")
    assert found.keys() == whole.keys()


@pytest.mark.parametrize(
    ("generation", "fields", "words"),
    [
        (
            "legacy",
            {"dimensions": ["publisherSiteId", "publishersiteid"], "metrics": ["clicks"]},
            "dimensions 'publisherSiteId' and 'publishersiteid' are one field",
        ),
        (
            "legacy",
            {"dimensions": [], "metrics": ["marketRequests", "marketrequests"]},
            "metrics 'marketRequests' and 'marketrequests' are one field",
        ),
        (
            "current",
            {"dimensions": [], "metrics": ["publisherRevenue", "PublisherRevenueInPCoin"]},
            "metrics 'publisherRevenue' and 'PublisherRevenueInPCoin' are one field",
        ),
    ],
)
def test_a_field_in_two_spellings_is_refused_without_network(room, generation, fields, words):
    """The platform gives one value for both: the other column was empty, in every row."""
    config = getattr(room, generation)(reports=[{"name": "x_daily", **fields}])
    with pytest.raises(SettingsError) as caught:
        room.run(config, "x_daily")
    (fault,) = caught.value.errors
    assert words in fault
    assert room.sandbox.log("openx") == []


@pytest.mark.parametrize(
    ("value", "sent"), [(True, "true"), ([7, False], ["7", "false"])], ids=["one", "list"]
)
def test_a_value_of_a_filter_is_sent_as_json_spells_it(room, value, sent):
    """`Boolean` is a format of report fields; `True` would match nothing."""
    room.list_fields("isMobile", metrics=("marketRequests",))
    room.hold()
    row = {"day": "2026-03-16", "marketRequests": 2}
    room.answer_reports(status=200, body={"reportData": [row], "reportMetadata": {}})
    report = {
        "name": "mobile_daily",
        "dimensions": [],
        "metrics": ["marketRequests"],
        "filters": {"name": "ismobile", "value": value, "operator": "EQ"},
    }
    room.run(room.legacy(**ONE_DAY, reports=[report]), "mobile_daily")
    (asked,) = room.asked("/report")
    assert json.loads(asked["body"])["filters"] == {
        "name": "isMobile",
        "value": sent,
        "operator": "EQ",
    }


def test_a_metric_that_goes_with_no_attribute_is_asked_for(room):
    """An empty list says nothing of it: no report could hold it otherwise."""
    clicks = {"metadataDetails": {"dimensionsAvailable": []}}
    room.list_fields("publisherSiteId", metrics=("marketRequests", "clicks"), clicks=clicks)
    report = {"name": "by_day", "dimensions": ["publisherSiteId"], "metrics": ["clicks"]}
    found = room.run(room.legacy(**ONE_DAY, reports=[report]), "by_day")
    assert found.records["by_day"]
    assert all(r["clicks"] is not None for r in found.records["by_day"])


@pytest.mark.parametrize("buckets", [["day"], []], ids=["by day only", "not said"])
def test_a_metric_that_the_list_gives_by_day_only_is_not_asked_for_by_hour(room, buckets):
    """The time bucket is an attribute as any other; a list that names no bucket says nothing of it."""
    available = [{"id": d} for d in ("publisherSiteId", *buckets)]
    clicks = {"metadataDetails": {"dimensionsAvailable": available}}
    room.list_fields("publisherSiteId", metrics=("marketRequests", "clicks"), clicks=clicks)
    report = {"dimensions": ["publisherSiteId"], "metrics": ["clicks", "marketRequests"]}
    config = room.legacy(
        **ONE_DAY,
        reports=[
            {**report, "name": "by_day"},
            {**report, "name": "by_hour", "grain": "hour"},
        ],
    )
    if not buckets:
        found = room.run(config, "by_day", "by_hour")
        assert found.records["by_day"]
        assert found.records["by_hour"]
        return
    with pytest.raises(SettingsError) as caught:
        room.run(config, "by_day", "by_hour")
    (fault,) = caught.value.errors
    assert "report 'by_hour': metric 'clicks' can't be broken down by 'hour'" in fault
    assert room.asked("/report") == []
