"""The world, the clock and the restatement curve: what every number of the sandbox stands on."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_sandbox.environment import MILLION, SETTLE_DAYS, Clock, Environment
from adtap_sandbox.world import World

WORLD = World()
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
KEYS = st.tuples(st.text(), st.integers())


def environment_at(day: date) -> Environment:
    clock = Clock()
    clock.set(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    return Environment(WORLD, clock)


def things(world: World) -> list[tuple[object, ...]]:
    return [
        world.advertisers,
        world.campaigns,
        world.creatives,
        world.publishers,
        world.sites,
        world.ad_units,
        world.apps,
    ]


def test_a_long_list_of_creatives_needs_no_large_world():
    """The rest stays as it is, the first creatives too, and every campaign gets its share."""
    long = World(1, 1, creatives=1000)
    assert things(long)[:2] + things(long)[3:] == things(WORLD)[:2] + things(WORLD)[3:]
    assert long.creatives[: len(WORLD.creatives)] == WORLD.creatives
    assert len({c.id for c in long.creatives}) == len(long.creatives) == 1000
    shares = Counter(c.campaign_id for c in long.creatives)
    assert set(shares) == {c.id for c in WORLD.campaigns}
    assert max(shares.values()) - min(shares.values()) <= 2


def test_many_apps_need_no_large_world():
    """The rest stays as it is, and so do the first apps; no token comes twice."""
    many = World(1, 1, apps=500)
    assert things(many)[:-1] == things(WORLD)[:-1]
    assert many.apps[: len(WORLD.apps)] == WORLD.apps
    assert len({app.token for app in many.apps}) == len(many.apps) == 500


def test_one_seed_is_one_world():
    """Ids and numbers too, in any process: these were written down once."""
    assert things(World(7, 2)) == things(World(7, 2))
    assert WORLD.number("a", 1, date(2026, 1, 1)) == 13_425_971_360_906_999_677
    assert WORLD.campaigns[0].id == 2_300_003
    assert WORLD.apps[0].token == "v2l9phcjggd7"


def test_another_seed_is_another_world_under_the_same_names():
    """So that a test can tell the seed from the demo's story."""
    other = World(2)
    assert [a.name for a in other.advertisers] == [a.name for a in WORLD.advertisers]
    assert [a.id for a in other.advertisers] != [a.id for a in WORLD.advertisers]


def test_a_larger_world_holds_the_smaller_one():
    """More of everything; what was there keeps its ids."""
    for small, large in zip(things(WORLD), things(World(1, 3)), strict=True):
        assert large[: len(small)] == small
        assert len(large) == pytest.approx(3 * len(small), rel=0.05)


def test_ids_are_unique_and_relations_lead_somewhere():
    """At any size."""
    world = World(1, 4)
    for kind in (world.advertisers, world.campaigns, world.creatives, world.sites, world.ad_units):
        ids = [thing.id for thing in kind]
        assert sorted(set(ids)) == ids
    assert {c.advertiser_id for c in world.campaigns} == {a.id for a in world.advertisers}
    assert {c.campaign_id for c in world.creatives} == {c.id for c in world.campaigns}
    assert {s.publisher_id for s in world.sites} == {p.id for p in world.publishers}
    assert {u.site_id for u in world.ad_units} == {s.id for s in world.sites}
    assert len({app.token for app in world.apps}) == len(world.apps)
    assert len({site.domain for site in world.sites}) == len(world.sites)


def test_the_world_is_awkward_on_purpose():
    """Quotes, commas, a tab, a line break, other scripts, two currencies, every status."""
    names = "".join(t.name for kind in things(WORLD) for t in kind)  # type: ignore[attr-defined]
    for awkward in ('"', ",", "\t", "\n", "'", "<", "&", "東", "Ч", "ø", "🎉"):
        assert awkward in names
    assert {a.currency for a in WORLD.advertisers} == {"EUR", "USD"}
    assert {a.currency for a in WORLD.apps} == {"EUR", "USD"}
    assert {c.status for c in WORLD.campaigns} == {"active", "paused", "archived", "deleted"}


def test_an_active_campaign_runs_for_every_advertiser_from_the_first_day():
    """No day of the demo is empty for anybody."""
    always = {
        c.advertiser_id
        for c in WORLD.campaigns
        if c.start == WORLD.first_day and c.end is None and c.status == "active"
    }
    assert always == {a.id for a in WORLD.advertisers}


def test_a_number_and_its_text_are_different_keys():
    """Else an id and a name that reads like it would share their numbers."""
    assert WORLD.number(7) != WORLD.number("7")
    assert WORLD.number("a", "b") != WORLD.number("ab")


@given(low=st.integers(-50, 50), width=st.integers(0, 50), key=KEYS)
def test_between_stays_between(low: int, width: int, key: tuple[object, ...]):
    """Both ends included."""
    assert low <= WORLD.between(low, low + width, *key) <= low + width


@given(day=DAYS, key=KEYS, kind=st.sampled_from(sorted(SETTLE_DAYS)))
def test_a_bucket_grows_every_day_until_it_settles(day: date, key: tuple[object, ...], kind: str):
    """Strictly, from at least four fifths to exactly one, and never back."""
    settle = SETTLE_DAYS[kind]
    shares = [
        environment_at(day + timedelta(days=age)).millionths(day, *key, kind=kind)
        for age in range(settle + 3)
    ]
    assert 800_000 <= shares[0] < MILLION
    assert all(a < b for a, b in pairwise(shares[: settle + 1]))
    assert shares[settle:] == [MILLION] * 3


def test_a_day_ahead_of_utc_counts_as_today():
    """In Tokyo it is tomorrow already, and that bucket is young, not negative."""
    environment = environment_at(date(2026, 3, 18))
    assert environment.age(date(2026, 3, 19)) == 0
    assert environment.millionths(date(2026, 3, 19)) < MILLION


def test_a_moment_and_its_day_have_one_share():
    """A room may hand in either."""
    environment = environment_at(date(2026, 3, 18))
    moment = datetime(2026, 3, 18, 5, tzinfo=UTC)
    assert environment.millionths(moment, "k") == environment.millionths(date(2026, 3, 18), "k")


def test_a_few_rows_vanish_after_two_days():
    """They are there on the first two days and gone for good after."""
    day = date(2026, 3, 1)
    gone = {n for n in range(1000) if environment_at(date(2026, 3, 3)).vanished(day, n)}
    assert 5 < len(gone) < 60
    for later in range(4, 30):
        assert {
            n for n in range(1000) if environment_at(date(2026, 3, later)).vanished(day, n)
        } == gone
    for younger in (1, 2):
        assert not any(environment_at(date(2026, 3, younger)).vanished(day, n) for n in gone)


def test_a_clock_runs_from_where_it_was_put():
    """From the moment given, and from where it stood when let go."""
    then = datetime(2025, 1, 1, tzinfo=UTC)
    clock = Clock(then)
    first, second = clock.now(), clock.now()
    assert then <= first <= second < then + timedelta(minutes=1)
    clock.set(then)
    assert (clock.now(), clock.now(), clock.frozen) == (then, then, True)
    clock.advance(timedelta(days=2))
    clock.follow()
    clock.advance(timedelta(days=-1))
    assert then + timedelta(days=1) <= clock.now() < then + timedelta(days=1, minutes=1)


def test_a_moment_without_a_zone_is_refused():
    """It would mean another hour on another machine."""
    with pytest.raises(ValueError, match="has no time zone"):
        Clock().set(datetime(2025, 1, 1))


def test_a_world_of_no_size_is_refused():
    """An empty world would make every test pass."""
    with pytest.raises(ValueError, match="at least 1"):
        World(1, 0)
