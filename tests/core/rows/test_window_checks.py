"""A window's rows looked at as a whole: what is kept and said, and what the window fails for."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from adtap_core.errors import MalformedResponse
from adtap_core.rows.window_checks import oddities, window_error


def shaped(**what: Any) -> Any:
    """What a shaper noted of a window's rows."""
    none: dict[str, Any] = {"unfit": {}, "fine": {}, "beside": 0, "outside": Counter(), "told": set(), "absent": []}  # fmt: skip
    return SimpleNamespace(**none | what)


@pytest.mark.parametrize(
    ("what", "replaced", "said"),
    [
        ({}, 0, []),
        ({"unfit": {"clicks": 1}}, 0, ["clicks: 1 value does not fit the column's type: null there, kept in `_extra`"]),
        ({"unfit": {"b": 2, "a": 3}}, 0, [
            "a: 3 values do not fit the column's type: null there, kept in `_extra`",
            "b: 2 values do not fit the column's type: null there, kept in `_extra`",
        ]),
        ({"fine": {"spend": 1}}, 0, [
            "spend: 1 value has more than 18 digits behind the point, which warehouses round: whole in `_extra`"
        ]),
        ({"beside": 1}, 0, [
            "1 row of the day that begins where the request ends came along: left out, as the next request asks for it"
        ]),
        ({"beside": 2}, 0, [
            "2 rows of the day that begins where the request ends came along: left out, as the next request asks for them"
        ]),
    ],
)  # fmt: skip
def test_what_could_be_kept_is_said_and_fails_nothing(what, replaced, said):
    """Once a column, in their order, in the singular where there is one."""
    assert [line for _, line in oddities(shaped(**what), replaced, "day")] == said
    assert window_error(shaped(unfit=what.get("unfit", {})), "mine", not_asked=()) is None


def test_kinds_of_oddities_tell_them_apart():
    """A warning is said once a kind and column, however many windows have it."""
    shaper = shaped(unfit={"clicks": 1}, fine={"clicks": 1}, beside=1)
    kinds = [kind for kind, _ in oddities(shaper, 3, "hour")]
    assert kinds == ["clicks", "clicks digits", "characters", "beside"]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (
            {"outside": Counter({"2026-03-02": 3, "2026-03-01": 1})},
            "4 rows outside the window that was asked for (2026-03-01 to 2026-03-02): in another time zone?",
        ),
        (
            {"told": {"2026-03-08", "2026-03-01"}},
            "rows of 2 buckets (2026-03-01 to 2026-03-08) where one was asked for",
        ),
        ({"absent": ["spend", "clicks"]}, "clicks is in no row, though it was requested"),
    ],
    ids=["outside", "two buckets", "absent"],
)
def test_rows_that_would_not_be_the_windows_fail_it(what, words):
    """Its bookmark must not move: days would be missing, or stand under two keys."""
    error = window_error(shaped(**what), "mine 2026-03-01", not_asked={"spend"})
    assert isinstance(error, MalformedResponse)
    assert str(error).startswith("mine 2026-03-01: ")
    assert words in str(error)


def test_a_metric_that_this_api_does_not_know_is_not_missed():
    """It was not asked for; and one bucket is the one that was."""
    assert window_error(shaped(absent=["spend"]), "x", not_asked={"spend"}) is None
    assert window_error(shaped(told={"2026-03-01"}), "x", not_asked=()) is None
