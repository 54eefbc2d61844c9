"""The world behind the sandbox: one agency, the same names on all four platforms.

Everything follows from the seed, so two runs with one seed hold the same world. Names are awkward
on purpose: other scripts, quotes, commas, a tab, a line break, spaces at the end.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Final

AGENCY: Final = "Northwind Media"


@dataclass(frozen=True)
class Advertiser:
    """A client of the agency; money is in its currency, days are in its zone (IANA name)."""

    id: int
    name: str
    currency: str
    time_zone: str


@dataclass(frozen=True)
class Campaign:
    """A campaign; ``status`` is active, paused, archived or deleted; ``end`` is its last day."""

    id: int
    name: str
    advertiser_id: int
    start: date
    end: date | None
    status: str


@dataclass(frozen=True)
class Creative:
    """An ad; ``size`` is width and height in pixels."""

    id: int
    name: str
    campaign_id: int
    size: tuple[int, int]


@dataclass(frozen=True)
class Publisher:
    """A seller of ad space."""

    id: int
    name: str
    currency: str
    time_zone: str


@dataclass(frozen=True)
class Site:
    """A publisher's site."""

    id: int
    name: str
    domain: str
    publisher_id: int


@dataclass(frozen=True)
class AdUnit:
    """A place for ads on a site; ``size`` is width and height in pixels."""

    id: int
    name: str
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


_ADVERTISERS: Final = (
    ("Fjord Outdoor", "EUR", "Europe/Berlin"),
    ('"Blue Bottle" Coffee, Inc.', "USD", "America/New_York"),
    ("Müller & Söhne GmbH", "EUR", "Europe/Berlin"),
    ("東京カメラ", "USD", "Asia/Tokyo"),
    ("Smørrebrød A/S", "EUR", "Europe/Copenhagen"),
    ("O'Neill <Travel>", "USD", "America/Los_Angeles"),
)
_CAMPAIGN_THEMES: Final = (
    "Brand awareness",
    "Spring sale, 20% off",
    'Retargeting "warm"',
    "Été – découverte",  # noqa: RUF001 - awkward on purpose
    "Черная пятница",
    "Always on; prospecting",
    "App installs\tiOS",
    "夏のキャンペーン",
    "Store opening 🎉",
)
_CREATIVE_THEMES: Final = (
    "Hero",
    "Logo, dark",
    'Product "A"',
    "Video 15s",
    "Two\nlines",
    "Größe XL",
    "Trailing space ",
)
_CAMPAIGN_STATES: Final = (
    ("active", None),
    ("active", None),
    ("paused", None),
    ("active", None),
    ("active", date(2026, 6, 30)),
    ("archived", date(2025, 12, 31)),
    ("active", None),
    ("deleted", date(2025, 3, 31)),
    ("active", None),
)
_PUBLISHERS: Final = (
    ("Nordlys Medien", "EUR", "Europe/Berlin"),
    ("Daily Harbor, LLC", "USD", "America/New_York"),
    ("Éditions du Pont", "EUR", "Europe/Paris"),
    ('The "Local" Post', "USD", "UTC"),
)
_SITES: Final = (
    ("Nordlys Nachrichten", "nordlys.example"),
    ("Daily Harbor", "dailyharbor.example"),
    ("Le Pont", "lepont.example"),
    ("The Local Post", "localpost.example"),
    ("Nordlys Wetter", "wetter.nordlys.example"),
    ("Harbor, Sports", "sports.dailyharbor.example"),
    ("Le Pont Cuisine – Été", "cuisine.lepont.example"),  # noqa: RUF001 - as above
    ("Müsli-Magazin", "xn--msli-magazin-dlb.example"),
    ('Harbor "Deals"', "deals.dailyharbor.example"),
)
_PLACES: Final = ("Top", "Right rail", "In-article", "Footer", 'Sticky "mobile"', "Haut de page")
_SIZES: Final = ((300, 250), (728, 90), (160, 600), (320, 50), (970, 250))
_APPS: Final = (
    ("Fjord Routes", "example.fjord.routes", "app_store", "EUR"),
    ("Fjord Routes", "example.fjord.routes.android", "google_play", "EUR"),
    ("Blue Bottle, Order", "example.bluebottle.order", "app_store", "USD"),
    ("東京カメラ Editor", "example.tokyocamera.editor", "google_play", "USD"),
)
_COUNTRIES: Final = ("DE", "US", "GB", "FR", "DK", "JP", "BR", "SE")
_NETWORKS: Final = (
    "Organic",
    "Google Ads ACI",
    "Facebook Installs",
    "Apple Search Ads",
    "Unattributed",
    "Nordlys Netværk",
    'Video, "Rewarded"',
    "TikTok SAN",
)
_TOKEN_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_SITES_AT_SIZE_1: Final = 9
_AD_UNITS_AT_SIZE_1: Final = 30
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
        self.seed = seed
        self.size = size
        self.least_creatives = creatives
        self.least_apps = apps
        self._salt = f"{seed}\x1e".encode()
        self.countries: tuple[str, ...] = _COUNTRIES
        self.networks: tuple[str, ...] = _NETWORKS
        self.advertisers = self._make_advertisers()
        self.campaigns = self._make_campaigns()
        self.creatives = self._make_creatives()
        self.publishers = self._make_publishers()
        self.sites = self._make_sites()
        self.ad_units = self._make_ad_units()
        self.apps = self._make_apps()

    def number(self, *key: object) -> int:
        """64 bits that depend on the seed and the key alone.

        Args:
            key: Strings, numbers, dates: whatever has a stable text.
        """
        # The type is part of the text: the id 7 and the name "7" are different keys.
        text = "\x1f".join(f"{type(part).__name__}:{part}" for part in key)
        digest = hashlib.blake2b(self._salt + text.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big")

    def between(self, low: int, high: int, *key: object) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + self.number(*key) % (high - low + 1)

    def count(self, mean: int, *key: object) -> int:
        """A count around the mean: from half of it to one and a half."""
        return mean * self.between(500, 1500, *key) // 1000

    def money(self, mean: str, *key: object, digits: int = 6) -> Decimal:
        """An amount around the mean (half to one and a half), rounded down.

        Args:
            mean: The mean as decimal text, in whole units of the currency.
            key: What the amount belongs to.
            digits: Digits after the point.
        """
        amount = Decimal(mean) * self.between(500_000_000, 1_500_000_000, *key) / 1_000_000_000
        return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_DOWN)

    def _id(self, kind: str, base: int, index: int) -> int:
        """An id that grows with the index, has gaps, and differs by seed."""
        return base + 40 * index + self.between(0, 39, "id", kind, index)

    def _make_advertisers(self) -> tuple[Advertiser, ...]:
        return tuple(
            Advertiser(
                id=self._id("advertiser", 110_000, index),
                name=_numbered(_ADVERTISERS, index),
                currency=_ADVERTISERS[index % len(_ADVERTISERS)][1],
                time_zone=_ADVERTISERS[index % len(_ADVERTISERS)][2],
            )
            for index in range(len(_ADVERTISERS) * self.size)
        )

    def _make_campaigns(self) -> tuple[Campaign, ...]:
        made = []
        for index in range(len(self.advertisers) * _CAMPAIGNS_PER_ADVERTISER):
            advertiser = self.advertisers[index // _CAMPAIGNS_PER_ADVERTISER]
            theme = _CAMPAIGN_THEMES[(index * 2 + index // 9) % len(_CAMPAIGN_THEMES)]
            status, end = _CAMPAIGN_STATES[index % len(_CAMPAIGN_STATES)]
            # The first of each advertiser runs from the first day, so that no day is without any.
            offset = (
                0
                if index % _CAMPAIGNS_PER_ADVERTISER == 0
                else self.between(1, 300, "campaign start", index)
            )
            made.append(
                Campaign(
                    id=self._id("campaign", 2_300_000, index),
                    name=f"{advertiser.name} | {theme}",
                    advertiser_id=advertiser.id,
                    start=self.first_day + timedelta(days=offset),
                    end=end,
                    status=status,
                )
            )
        return tuple(made)

    def _make_creatives(self) -> tuple[Creative, ...]:
        places = [
            (campaign, nth)
            for index, campaign in enumerate(self.campaigns)
            for nth in range(3 if index % 4 == 0 else 2)
        ]
        places += [
            (self.campaigns[number % len(self.campaigns)], number)
            for number in range(len(places), self.least_creatives)
        ]
        made = []
        for number, (campaign, nth) in enumerate(places):
            width, height = size = _SIZES[number % len(_SIZES)]
            theme = _CREATIVE_THEMES[(number + nth) % len(_CREATIVE_THEMES)]
            made.append(
                Creative(
                    id=self._id("creative", 5_400_000, number),
                    name=f"{width}x{height} {theme}",
                    campaign_id=campaign.id,
                    size=size,
                )
            )
        return tuple(made)

    def _make_publishers(self) -> tuple[Publisher, ...]:
        return tuple(
            Publisher(
                id=self._id("publisher", 310_000, index),
                name=_numbered(_PUBLISHERS, index),
                currency=_PUBLISHERS[index % len(_PUBLISHERS)][1],
                time_zone=_PUBLISHERS[index % len(_PUBLISHERS)][2],
            )
            for index in range(len(_PUBLISHERS) * self.size)
        )

    def _make_sites(self) -> tuple[Site, ...]:
        made = []
        for index in range(_SITES_AT_SIZE_1 * self.size):
            lap, place = divmod(index, _SITES_AT_SIZE_1)
            domain = _SITES[place][1]
            made.append(
                Site(
                    id=self._id("site", 420_000, index),
                    name=_numbered(_SITES, index),
                    domain=domain if lap == 0 else f"www{lap + 1}.{domain}",
                    publisher_id=self.publishers[place % 4 + 4 * lap].id,
                )
            )
        return tuple(made)

    def _make_ad_units(self) -> tuple[AdUnit, ...]:
        made = []
        for index in range(_AD_UNITS_AT_SIZE_1 * self.size):
            lap, place = divmod(index, _AD_UNITS_AT_SIZE_1)
            site = self.sites[place % _SITES_AT_SIZE_1 + _SITES_AT_SIZE_1 * lap]
            width, height = size = _SIZES[place % len(_SIZES)]
            spot = _PLACES[place // _SITES_AT_SIZE_1 % len(_PLACES)]
            made.append(
                AdUnit(
                    id=self._id("ad unit", 8_700_000, index),
                    name=f"{site.name} – {spot} {width}x{height}",  # noqa: RUF001 - as above
                    site_id=site.id,
                    size=size,
                )
            )
        return tuple(made)

    def _make_apps(self) -> tuple[App, ...]:
        made = []
        for index in range(max(len(_APPS) * self.size, self.least_apps)):
            lap, place = divmod(index, len(_APPS))
            name, bundle_id, store, currency = _APPS[place]
            made.append(
                App(
                    token=self._token(index),
                    name=name if lap == 0 else f"{name} {lap + 1}",
                    bundle_id=bundle_id if lap == 0 else f"{bundle_id}{lap + 1}",
                    store=store,
                    currency=currency,
                )
            )
        return tuple(made)

    def _token(self, index: int) -> str:
        """Twelve letters and digits, as Adjust's app tokens have."""
        rest = self.number("app token", index)
        letters = []
        for _ in range(12):
            rest, place = divmod(rest, len(_TOKEN_LETTERS))
            letters.append(_TOKEN_LETTERS[place])
        return "".join(letters)


def _numbered(table: tuple[tuple[str, ...], ...], index: int) -> str:
    lap, place = divmod(index, len(table))
    name = table[place][0]
    return name if lap == 0 else f"{name} {lap + 1}"
