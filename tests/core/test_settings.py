"""Faults of settings, said so that their place is found."""

import pytest

from adtap_core.settings import common_errors, ids, schema_errors, texts, with_types
from tests.core.tiny import TapTiny

SCHEMA = {**TapTiny.config_jsonschema, "required": []}
GOOD = {"name": "mine", "dimensions": ["site"], "metrics": ["clicks"]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metrics": []}, "(reports[1].metrics): at least one entry is expected"),
        ({"metrics": None}, "(reports[1].metrics): None is not a list"),
        ({"dimensions": "site"}, "(reports[1].dimensions): 'site' is not a list"),
        ({"metrics": ["clicks", ""]}, "(reports[1].metrics[1]) is empty; an unset variable"),
        ({"dimensions": [""]}, "(reports[1].dimensions[0]) is empty; an unset variable"),
        ({"grain": "year"}, "(reports[1].grain): 'year' is not one of hour, day, week, month"),
        ({"metrix": 1}, "(reports[1]): unknown key 'metrix' (did you mean metrics?)"),
        ({"start_date": "soon"}, "(reports[1].start_date): 'soon' is not a date or date-time"),
    ],
)
def test_a_fault_of_a_definition_names_the_report(change, words):
    """Whoever has twenty definitions in a variable does not count brackets to find the one that is wrong."""
    settings = {"reports": [{**GOOD, "name": "other"}, {**GOOD, **change}]}
    (fault,) = [*schema_errors(settings, SCHEMA), *common_errors(settings)]
    assert fault.startswith("report 'mine' ")
    assert words in fault


def test_a_definition_without_a_name_is_told_by_its_place():
    """There is nothing better; the first has the number 0, as in JSON."""
    settings = {"reports": [{k: v for k, v in GOOD.items() if k != "name"}]}
    assert schema_errors(settings, SCHEMA) == ["reports[0]: name is missing; it is required"]


@pytest.mark.parametrize(
    "name",
    ["lookback_days", "concurrency", "max_retries", "request_timeout_seconds"],
)
def test_a_number_that_nobody_can_mean_is_refused(name):
    """A typing error of nine digits is a fault of the settings, not of the calendar."""
    (fault,) = schema_errors({name: 1_000_000_000}, SCHEMA)
    assert fault.startswith(f"{name}: 1000000000 is too large; at most ")


def test_an_empty_entry_of_a_list_of_texts_is_refused():
    """It is what is left of a variable that is not set, and would be asked for as it is."""
    schema = {"properties": {"option_keys": texts("Keys", "")}}
    (fault,) = schema_errors({"option_keys": ["os_options", ""]}, schema)
    assert fault.startswith("option_keys[1] is empty; an unset variable")


def test_a_reports_own_lookback_is_bounded_too():
    """As the tap's."""
    (fault,) = schema_errors({"reports": [{**GOOD, "lookback_days": 10**9}]}, SCHEMA)
    assert "lookback_days): 1000000000 is too large" in fault


def test_an_id_that_is_written_in_two_ways_is_one():
    """A number and a text name the same account: it is read once."""
    schema = {"properties": {"account_ids": ids("Accounts", "")}}
    assert with_types({"account_ids": ["7", 7, 8.0, "8", 9]}, schema)["account_ids"] == [
        "7",
        "8",
        "9",
    ]


def test_what_a_list_of_texts_names_twice_is_read_once():
    """Read twice, its rows would be written twice; its order stays."""
    schema = {"properties": {"audited_types": texts("Types", "")}}
    given = {"audited_types": ["site", "account", "site"]}
    assert with_types(given, schema) == {"audited_types": ["site", "account"]}
    assert with_types({"audited_types": ["site", 5, 5]}, schema)["audited_types"] == ["site", 5, 5]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"on_empty": 1}, "on_empty: 1 is not text"),
        ({"lookback_days": -0.5}, "lookback_days: -0.5 is not a whole number"),
        ({"start_date": 20260101}, "start_date: 20260101 is not text"),
        ({"end_date": [""]}, "end_date: [''] is not text"),
        ({"reports": 5}, "reports: 5 is not a list"),
        ({"reports": [{**GOOD, "start_date": 1}]}, "report 'mine' (reports[0].start_date): 1 is"),
        ({"backfill": {"from": 1, "to": "2026-01-02"}}, "backfill.from: 1 is not text"),
        ({"flattening_enabled": True}, "flattening_max_depth is missing; it is required where"),
    ],
    ids=str,
)
def test_a_value_that_is_wrong_in_two_ways_is_told_once(settings, words):
    """What is of the wrong type is no list, no date and no number either: that goes without saying."""
    (fault,) = [*schema_errors(settings, SCHEMA), *common_errors(settings)]
    assert fault.startswith(words)
