"""The benchmarks' own arithmetic: what is compared, counted and drawn; nothing is timed here."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.asked import least_windows
from benchmarks.growth import Growth
from benchmarks.latency import least_seconds
from benchmarks.picture import Line, draw
from benchmarks.sandbox import SUBJECTS

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def subject(name):
    return next(s for s in SUBJECTS if s.name == name)


@pytest.mark.parametrize(
    ("concurrency", "expected"), [(1, 1.4), (2, 0.2 + 0.6), (4, 0.2 + 0.3), (8, 0.2 + 0.2)]
)
def test_requests_before_the_data_wait_alone_and_the_last_round_may_be_half_full(
    concurrency, expected
):
    """Two before, twelve side by side, a tenth of a second each."""
    least = least_seconds(subject("atomx"), before=2, data=12, latency=0.1, concurrency=concurrency)
    assert least == pytest.approx(expected)


def test_a_published_rate_binds_where_concurrency_does_not():
    """250 requests at 10 a second, 50 of them at once."""
    one = subject("terminalone, current")
    least = least_seconds(one, before=2, data=248, latency=0.1, concurrency=8)
    assert least == pytest.approx(20.1)
    assert least_seconds(one, before=0, data=40, latency=0.1, concurrency=8) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("spans", "most", "expected"),
    [
        ([(0, 31), (31, 62), (62, 90)], 31, 3),
        ([(0, 10), (10, 20), (20, 30)], 31, 1),
        # Days apart from the others need a window of their own.
        ([(0, 10), (60, 70)], 31, 2),
        ([(0, 10), (20, 30)], 31, 1),
        ([], 31, 0),
    ],
)
def test_the_fewest_windows_cover_all_that_was_asked_for(spans, most, expected):
    """Whatever windows were read, in whatever order."""
    asked = [(START + a * DAY, START + b * DAY) for a, b in spans]
    assert least_windows(asked[::-1], most) == expected


def test_growth_is_steep_if_a_unit_costs_more_among_many():
    """Linear cost is 1, whatever a unit costs."""
    assert Growth("rows", "", {10: 9.0, 100: 2.0, 1000: 20.0}, {}).steepness == pytest.approx(1)
    assert Growth("rows", "", {10: 9.0, 100: 2.0, 1000: 40.0}, {}).steepness == pytest.approx(2)


def test_a_picture_is_svg_and_holds_every_line_within_its_frame():
    """Straight on two logarithmic axes where cost is linear."""
    lines = [Line("rows & windows", ((10, 0.01), (1000, 1.0))), Line("reports", ((1, 0.5),))]
    root = ET.fromstring(draw(lines, across="number of things", up="CPU seconds"))  # noqa: S314 - our own
    names = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"rows & windows", "reports", "number of things", "CPU seconds"} <= set(names)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for dot in root.iter("{http://www.w3.org/2000/svg}circle"):
        assert 0 < float(dot.attrib["cx"]) < width
        assert 0 < float(dot.attrib["cy"]) < height
