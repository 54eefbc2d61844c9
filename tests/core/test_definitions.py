"""The user's own reports: entries made of the setting `reports`, faults named before any request."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from adtap_core.declare import Report
from adtap_core.definitions import custom_reports, definition_errors, unknown_fields
from adtap_core.windows import Grain
from tests.core.tiny import TinyPlatform


@dataclass(frozen=True, kw_only=True)
class ScopedReport(Report):
    """A report of which a definition may say more."""

    scope: str | None = None


class Scoped(TinyPlatform):
    """A platform whose reports have a scope."""

    report_type: ClassVar[type[Report]] = ScopedReport


def _report(**fields: Any) -> Report:
    return Report(**{"name": "mine", "dimensions": (), "metrics": ("clicks",), **fields})


def test_a_definition_becomes_an_entry_that_keeps_all_it_says() -> None:
    """Grain, lookback, start, filters and the platform's extras; what it does not say is the platform's."""
    full = {
        "name": "full",
        "dimensions": ["site"],
        "metrics": ["clicks"],
        "grain": "hour",
        "lookback_days": 0,
        "start_date": "2026-01-01",
        "filters": {"site": 1},
        "scope": "network",
    }
    bare = {"name": "bare", "dimensions": [], "metrics": ["clicks"]}
    made = custom_reports({"reports": [full, bare]}, Scoped)
    assert made == [
        ScopedReport(
            name="full",
            dimensions=("site",),
            metrics=("clicks",),
            grain=Grain.HOUR,
            own_lookback_days=0,
            start_date="2026-01-01",
            filters={"site": 1},
            custom=True,
            scope="network",
        ),
        ScopedReport(name="bare", dimensions=(), metrics=("clicks",), custom=True),
    ]


@pytest.mark.parametrize(
    "definition",
    ["text", {"name": "x"}, {"name": 1, "dimensions": [], "metrics": []}, {"name": "x", "dimensions": "site", "metrics": []}],
)  # fmt: skip
def test_what_the_schema_refuses_is_no_entry(definition: object) -> None:
    """Its fault is said by the settings' schema; nothing here breaks off before that is shown."""
    assert custom_reports({"reports": [definition]}, TinyPlatform) == []


@pytest.mark.parametrize(
    ("reports", "words"),
    [
        ([_report(name="spend_daily")], "'spend_daily': the name belongs to a built-in stream"),
        ([_report(), _report()], "the name is used twice in `reports`"),
        ([_report(metrics=("clicks", "spend", "clicks"))], "metric 'clicks' is listed twice"),
        ([_report(dimensions=("site", "site"))], "dimension 'site' is listed twice"),
        (
            [_report(dimensions=("site",), metrics=("clicks", "site"))],
            "'site' is both a dimension and a metric",
        ),
    ],
)
def test_a_definition_that_can_not_be_meant_is_refused_by_name(
    reports: list[Report], words: str
) -> None:
    """One line, whatever else is wrong elsewhere."""
    (fault,) = definition_errors(reports, ["spend_daily"], TinyPlatform, {})
    assert fault.startswith("report ")
    assert words in fault


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"dimensions": ("Day",)}, "the time bucket 'Day' is not a dimension; set `grain`"),
        ({"metrics": ("hour",)}, "the time bucket 'hour' is not a metric"),
        (
            {"metrics": ("first order", "first_order")},
            "'first order' and 'first_order' would both be the column first_order; ask for them in two reports",
        ),
        ({"dimensions": ("siteId",), "metrics": ("site_id",)}, "'siteId' and 'site_id' would both"),
    ],
)
def test_what_would_overwrite_another_column_is_refused(fields: dict[str, Any], words: str) -> None:
    """Both fields are named, before any request."""
    (fault,) = definition_errors([_report(**fields)], [], TinyPlatform, {})
    assert fault.startswith("report 'mine': ")
    assert words in fault


def test_a_field_that_nobody_knows_is_named_with_the_nearest() -> None:
    """Each of them, dimensions first."""
    report = _report(dimensions=("sitee", "site"), metrics=("click",))
    first, second = unknown_fields(report, {"site", "clicks"})
    assert first == "report 'mine': unknown dimension 'sitee' (did you mean site?)"
    assert second == "report 'mine': unknown metric 'click' (did you mean clicks?)"
