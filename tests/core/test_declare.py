"""The frozen entries a stream is declared with."""

from dataclasses import FrozenInstanceError, dataclass

import pytest

from adtap_core.declare import Entity, Report


@dataclass(frozen=True, kw_only=True)
class ScopedReport(Report):
    """A report of which a tap's table says more."""

    scope: str | None = None
    endpoint: str = ""


def test_an_entry_cannot_be_changed():
    """It is shared by every tap of a process."""
    report = Report(name="r", dimensions=(), metrics=("clicks",))
    with pytest.raises(FrozenInstanceError):
        report.name = "other"
    with pytest.raises(TypeError):
        Entity(name="e", path="/e").columns["id"] = "other"


def test_a_client_reads_its_own_table_only():
    """Another tap's entry is named, not misread."""
    own = ScopedReport(name="r", dimensions=(), metrics=(), scope="dsp")
    assert ScopedReport.of(own) is own
    with pytest.raises(TypeError, match="plain is declared as Report, not as ScopedReport"):
        ScopedReport.of(Report(name="plain", dimensions=(), metrics=()))


def test_extras_are_what_the_taps_own_class_adds_where_it_is_set():
    """Under the names that a definition uses; what the core knows is none."""
    assert ScopedReport.extra_names() == {"scope", "endpoint"}
    assert Report.extra_names() == frozenset()
    assert ScopedReport(name="r", dimensions=(), metrics=(), scope="dsp").extras == {
        "endpoint": "",
        "scope": "dsp",
    }
    assert ScopedReport(name="r", dimensions=(), metrics=()).extras == {"endpoint": ""}


def test_a_restated_report_is_not_settled_before_it_is_read_for_the_last_time():
    """One number for both; all else stays, the tap's own fields too."""
    report = ScopedReport(name="r", dimensions=("site",), metrics=("clicks",), scope="dsp")
    made = report.restated(2, span_days=7)
    assert (made.lookback_days, made.settle_days, made.span_days) == (2, 2, 7)
    assert (made.dimensions, made.scope, made.own_lookback_days) == (("site",), "dsp", None)
