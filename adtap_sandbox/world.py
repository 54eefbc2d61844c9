"""The world behind the sandbox: one agency, the same names on all four platforms.

Everything follows from the seed, so two runs with one seed hold the same world. Names stand in
`world.json`, awkward on purpose.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, TypeVar

from adtap_sandbox.tables import table

AGENCY: Final = "Northwind Media"


@dataclass(frozen=True)
class Thing:
    """What has an id and a name."""

    id: int
    name: str


@dataclass(frozen=True)
class Company(Thing):
    """Who buys or sells; money is in its currency, days are in its zone (IANA name)."""

    currency: str
    time_zone: str


class Advertiser(Company):
    """A client of the agency."""


class Publisher(Company):
    """A seller of ad space."""


@dataclass(frozen=True)
class Campaign(Thing):
    """A campaign; ``status`` is active, paused, archived or deleted; ``end`` is its last day."""

    advertiser_id: int
    start: date
    end: date | None
    status: str


@dataclass(frozen=True)
class Creative(Thing):
    """An ad; ``size`` is width and height in pixels."""

    campaign_id: int
    size: tuple[int, int]


@dataclass(frozen=True)
class Site(Thing):
    """A publisher's site."""

    domain: str
    publisher_id: int


@dataclass(frozen=True)
class AdUnit(Thing):
    """A place for ads on a site; ``size`` is width and height in pixels."""

    site_id: int
    size: tuple[int, int]


@dataclass(frozen=True)
class App:
    """A mobile app; ``store`` is ``app_store`` or ``google_play``."""

    token: str
    name: str
    bundle_id: str
    store: str
    currency: str


OneCompany = TypeVar("OneCompany", bound=Company)

_NAMES: Final = table(__package__, "world")
_SIZES: Final = tuple((width, height) for width, height in _NAMES["sizes"])
_TOKEN_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_SITES_AT_SIZE_1: Final = len(_NAMES["sites"])
_AD_UNITS_AT_SIZE_1: Final = 30
_NUMBERS_KEPT: Final = 100_000
_CAMPAIGNS_PER_ADVERTISER: Final = 3


class World:
    """Who and what exists, and a source of numbers that depend on seed and key alone.

    Args:
        seed: Another seed gives other ids and numbers, under the same names.
        size: How many times the number of things; the things of a smaller world stay as they are.
        creatives: Least number of creatives, for a list that is long in a world that is not; those
            beyond what the size makes belong to the campaigns in turn.
        apps: Least number of apps, for many accounts in a world that is small.

    Raises:
        ValueError: If the size is below one.
    """

    first_day: date = date(2024, 1, 1)
    """Activity exists from this day to the clock's now."""

    def __init__(self, seed: int = 1, size: int = 1, creatives: int = 0, apps: int = 0) -> None:
        if size < 1:
            raise ValueError(f"the size of the world is {size}; it is at least 1")
        self.seed, self.size, self.least_creatives = seed, size, creatives
        self.least_apps = apps
        self._salt = f"{seed}\x1e".encode()
        # A reset makes rooms anew from the same numbers, and each report asks for those of its days.
        self._known = lru_cache(maxsize=_NUMBERS_KEPT, typed=True)(self._number)
        self.countries: tuple[str, ...] = tuple(_NAMES["countries"])
        self.networks: tuple[str, ...] = tuple(_NAMES["networks"])
        self.advertisers = self._make_companies(Advertiser, 110_000)
        self.campaigns = tuple(self._make_campaigns())
        self.creatives = tuple(self._make_creatives())
        self.publishers = self._make_companies(Publisher, 310_000)
        self.sites = tuple(self._make_sites())
        self.ad_units = tuple(self._make_ad_units())
        self.apps = tuple(self._make_apps())

    def number(self, *key: object) -> int:
        """64 bits that depend on the seed and the key alone; a key's parts are whatever has a stable text."""
        return self._known(*key)

    def _number(self, *key: object) -> int:
        # The type is part of the text: the id 7 and the name "7" are different keys.
        text = "\x1f".join([f"{type(part).__name__}:{part}" for part in key])
        digest = hashlib.blake2b(self._salt + text.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big")

    def between(self, low: int, high: int, *key: object) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + self.number(*key) % (high - low + 1)

    def _id(self, kind: str, base: int, index: int) -> int:
        """An id that grows with the index, has gaps, and differs by seed."""
        return base + 40 * index + self.between(0, 39, "id", kind, index)

    def _make_companies(self, made: type[OneCompany], base: int) -> tuple[OneCompany, ...]:
        kind = made.__name__.lower()
        listed = _NAMES[f"{kind}s"]
        count = len(listed)
        rest = ((_numbered(listed, n), *listed[n % count][1:3]) for n in range(count * self.size))
        return tuple(made(self._id(kind, base, n), *row) for n, row in enumerate(rest))

    def _make_campaigns(self) -> Iterator[Campaign]:
        themes, states = _NAMES["campaign_themes"], _NAMES["campaign_states"]
        for index in range(len(self.advertisers) * _CAMPAIGNS_PER_ADVERTISER):
            advertiser = self.advertisers[index // _CAMPAIGNS_PER_ADVERTISER]
            theme = themes[(index * 2 + index // 9) % len(themes)]
            status, end = states[index % len(states)]
            # The first of each advertiser runs from the first day, so that no day is without any.
            first = index % _CAMPAIGNS_PER_ADVERTISER == 0
            offset = 0 if first else self.between(1, 300, "campaign start", index)
            yield Campaign(
                id=self._id("campaign", 2_300_000, index),
                name=f"{advertiser.name} | {theme}",
                advertiser_id=advertiser.id,
                start=self.first_day + timedelta(days=offset),
                end=date.fromisoformat(end) if end else None,
                status=status,
            )

    def _make_creatives(self) -> Iterator[Creative]:
        places = [
            (campaign, nth)
            for index, campaign in enumerate(self.campaigns)
            for nth in range(3 if index % 4 == 0 else 2)
        ]
        places += [
            (self.campaigns[number % len(self.campaigns)], number)
            for number in range(len(places), self.least_creatives)
        ]
        themes = _NAMES["creative_themes"]
        for number, (campaign, nth) in enumerate(places):
            width, height = size = _SIZES[number % len(_SIZES)]
            name = f"{width}x{height} {themes[(number + nth) % len(themes)]}"
            yield Creative(self._id("creative", 5_400_000, number), name, campaign.id, size)

    def _make_sites(self) -> Iterator[Site]:
        for index in range(_SITES_AT_SIZE_1 * self.size):
            lap, place = divmod(index, _SITES_AT_SIZE_1)
            domain = _NAMES["sites"][place][1]
            yield Site(
                id=self._id("site", 420_000, index),
                name=_numbered(_NAMES["sites"], index),
                domain=domain if lap == 0 else f"www{lap + 1}.{domain}",
                publisher_id=self.publishers[place % 4 + 4 * lap].id,
            )

    def _make_ad_units(self) -> Iterator[AdUnit]:
        for index in range(_AD_UNITS_AT_SIZE_1 * self.size):
            lap, place = divmod(index, _AD_UNITS_AT_SIZE_1)
            site = self.sites[place % _SITES_AT_SIZE_1 + _SITES_AT_SIZE_1 * lap]
            width, height = size = _SIZES[place % len(_SIZES)]
            spot = _NAMES["places"][place // _SITES_AT_SIZE_1 % len(_NAMES["places"])]
            name = f"{site.name} \N{EN DASH} {spot} {width}x{height}"
            yield AdUnit(self._id("ad unit", 8_700_000, index), name, site.id, size)

    def _make_apps(self) -> Iterator[App]:
        for index in range(max(len(_NAMES["apps"]) * self.size, self.least_apps)):
            lap, place = divmod(index, len(_NAMES["apps"]))
            name, bundle_id, store, currency = _NAMES["apps"][place]
            yield App(
                token=self._token(index),
                name=name if lap == 0 else f"{name} {lap + 1}",
                bundle_id=bundle_id if lap == 0 else f"{bundle_id}{lap + 1}",
                store=store,
                currency=currency,
            )

    def _token(self, index: int) -> str:
        """Twelve letters and digits, as Adjust's app tokens have."""
        number = self.number("app token", index)
        return "".join(_TOKEN_LETTERS[number // 36**place % 36] for place in range(12))


def _numbered(listed: list[list[str]], index: int) -> str:
    lap, place = divmod(index, len(listed))
    name = listed[place][0]
    return name if lap == 0 else f"{name} {lap + 1}"
