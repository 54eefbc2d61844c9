"""How long a stretch is asked for at once, learned from what came back."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from adtap_core.sync.fetching import AdaptiveWindow
from adtap_core.windows import ONE_DAY, Grain, Interval
from tests.core.tiny import local

START = local("2026-03-01")


def window(days: float) -> Interval:
    return Interval(START, START + timedelta(days=days))


def test_at_first_a_window_is_asked_for_whole():
    """The declared span is the platform's own."""
    assert AdaptiveWindow().pieces(window(31), Grain.DAY) == [window(31)]


def test_a_window_that_was_too_long_makes_the_next_ones_half_as_long():
    """Down to hours, if it must be."""
    reach = AdaptiveWindow()
    reach.shrink(window(8), Grain.DAY)
    assert [p.end - p.start for p in reach.pieces(window(8), Grain.DAY)] == [4 * ONE_DAY] * 2
    reach.shrink(window(1), Grain.HOUR)
    hours = [p.end - p.start for p in reach.pieces(window(1), Grain.HOUR)]
    assert hours == [timedelta(hours=12)] * 2


def test_a_bucket_is_never_cut():
    """A month that is too much stays a month."""
    reach = AdaptiveWindow()
    reach.shrink(window(62), Grain.DAY)
    march = Interval(local("2026-03-01"), local("2026-04-01"))
    both = Interval(march.start, local("2026-05-01"))
    assert reach.pieces(both, Grain.MONTH)[0] == march
    reach.shrink(march, Grain.MONTH)
    assert reach.pieces(march, Grain.MONTH) == [march]


def test_after_some_whole_pieces_a_longer_one_is_tried_and_ever_more_rarely():
    """A platform that was only busy is not asked for short pieces for ever."""
    reach = AdaptiveWindow()
    tries = []
    for n in range(400):
        first = reach.pieces(window(8), Grain.DAY)[0]
        if first.end - first.start > ONE_DAY:
            tries.append(n)
            reach.shrink(first, Grain.DAY)
        else:
            reach.grow(first)
    gaps = [b - a for a, b in pairwise(tries[3:])]
    assert len(gaps) >= 2
    assert gaps == sorted(gaps)
    assert gaps[-1] > 2 * gaps[0]


@given(
    cuts=st.lists(st.integers(1, 60), max_size=6),
    days=st.integers(1, 60),
    grain=st.sampled_from([Grain.HOUR, Grain.DAY]),
)
def test_pieces_tile_the_window(cuts, days, grain):
    """None overlap, none is missing, whatever was learned."""
    reach = AdaptiveWindow()
    for cut in cuts:
        reach.shrink(window(cut), grain)
    pieces = reach.pieces(window(days), grain)
    assert pieces[0].start == START
    assert pieces[-1].end == window(days).end
    assert all(a.end == b.start for a, b in pairwise(pieces))
    assert not any(p.is_empty for p in pieces)
