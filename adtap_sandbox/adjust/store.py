"""Who exists in Adjust's room: accounts, apps, events, links, and the cells that hold numbers.

A cell is the finest thing with numbers of its own: an app's link down to the creative, in one
country, on one device type. Everything follows from the world's seed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Final

from adtap_sandbox.stage import Stage
from adtap_sandbox.world import Campaign

from .metrics import AD_REVENUE_SOURCES, Catalogue

MAIN_ACCOUNT: Final = "1001"
"""The account that the sandbox token's user defaults to; it owns the world's apps."""
SECOND_ACCOUNT: Final = "2002"
"""Another account of the same user, with apps of its own."""

CURRENCY_NAMES: Final = {
    "EUR": "Euro",
    "USD": "US Dollar",
    "GBP": "British Pound",
    "JPY": "Japanese Yen",
    "DKK": "Danish Krone",
}
USD_MICROS: Final = {
    "USD": 1_000_000,
    "EUR": 1_080_000,
    "GBP": 1_250_000,
    "JPY": 6_700,
    "DKK": 145_000,
}
"""What one unit of a currency is worth, in millionths of a dollar; fixed, so totals are exact."""

COUNTRY_NAMES: Final = {
    "DE": ("Germany", "EMEA"),
    "US": ("United States of America", "North America"),
    "GB": ("United Kingdom", "EMEA"),
    "FR": ("France", "EMEA"),
    "DK": ("Denmark", "EMEA"),
    "JP": ("Japan", "APAC"),
    "BR": ("Brazil", "LATAM"),
    "SE": ("Sweden", "EMEA"),
}
_EVENTS: Final = (
    # name, earns money, also measured by SKAdNetwork
    ("first order", True, True),
    ("add_to_cart", False, False),
    ("purchase", True, True),
    ("level 10 reached", False, True),
    ("registration", False, False),
    ("Größe „XL“ gewählt", False, False),
)
_ADGROUPS: Final = ("Broad", 'Lookalike "1%"', "Retargeting, 7d", "Größe\tM")
_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
ORGANIC_PARTNER: Final = "-300"
_DAYS_UNTIL_PAUSED: Final = 400
_DEVICES: Final = ("phone", "phone", "tablet", "unknown")


@dataclass(frozen=True)
class AdjustApp:
    """An app of one account. ``store_type`` and ``os_name`` are Adjust's own words."""

    token: str
    name: str
    store_id: str
    store_type: str
    os_name: str
    currency: str
    account: str
    index: int


@dataclass(frozen=True)
class Event:
    """An event name; ``tokens`` maps app token to the event's six characters there."""

    slug: str
    name: str
    money: bool
    skan: bool
    tokens: dict[str, str]

    def tokens_of(self, apps: tuple[AdjustApp, ...]) -> str:
        """The event's token in the first of the apps that has it."""
        return next(self.tokens[app.token] for app in apps if app.token in self.tokens)


@dataclass(frozen=True)
class Partner:
    """An ad network as Adjust knows it: ``id`` and slug; ``integrated`` networks report spend."""

    id: str
    slug: str
    name: str
    integrated: bool
    splits: bool


@dataclass
class Link:
    """A tracker: level 1 network, 2 campaign, 3 ad group, 4 creative."""

    token: str
    name: str
    label: str
    level: int
    partner: Partner | None
    archived: bool = False
    children: list[Link] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Cell:
    """The finest thing with numbers.

    Attributes:
        app: Whose it is.
        dims: Every dimension's value except time; values are strings, ``""`` or None.
        base: Seed of its numbers.
        weight: Its size, in per cent.
        organic: Nobody is paid for it: no clicks, no cost.
        attributed: Holds attribution numbers.
        spending: Holds network numbers (spend).
        integrated: Its partner reports spend.
        skan: Holds SKAdNetwork numbers.
        source: Slug of its ad revenue's source.
        start: First day with numbers.
        end: Last day with numbers, None while it runs.
        campaign: Key of its campaign; rows vanish by campaign.
        links: Tokens of its links, level 1 first.
    """

    app: AdjustApp
    dims: dict[str, str | None]
    base: int
    weight: int
    organic: bool
    attributed: bool
    spending: bool
    integrated: bool
    skan: bool
    source: str
    start: date
    end: date | None
    campaign: str
    links: tuple[str, ...]


class AdjustStore:
    """All of Adjust's room, made from the stage's world.

    Args:
        stage: Clock, world and restatement curve.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.world = stage.world
        self.apps = self._make_apps()
        self.partners = self._make_partners()
        self._cells: dict[str, tuple[Cell, ...]] = {}
        self._roots: dict[str, list[Link]] = {}
        self.cache: dict[str, object] = {}

    def token(self, length: int, *key: object) -> str:
        """A token of lower-case letters and digits that depends on the key alone."""
        number = self.world.number("adjust-token", *key)
        return "".join(_LETTERS[(number // 36**place) % 36] for place in range(length))

    def _make_apps(self) -> tuple[AdjustApp, ...]:
        made: list[AdjustApp] = []
        for app in self.world.apps:
            ios = app.store == "app_store"
            made.append(
                AdjustApp(
                    token=app.token,
                    name=app.name,
                    store_id=str(self.world.between(10**8, 10**9, "itunes", app.token))
                    if ios
                    else app.bundle_id,
                    store_type=app.store,
                    os_name="ios" if ios else "android",
                    currency=app.currency,
                    account=MAIN_ACCOUNT,
                    index=len(made),
                )
            )
        for number, name in enumerate(("Northwind Labs, Puzzle", "Northwind Labs “Café”")):
            made.append(
                AdjustApp(
                    token=self.token(12, "second", number),
                    name=name,
                    store_id=f"example.northwind.labs{number}",
                    store_type="google_play",
                    os_name="android",
                    currency="GBP",
                    account=SECOND_ACCOUNT,
                    index=len(made),
                )
            )
        return tuple(made)

    def _make_partners(self) -> dict[str, Partner]:
        made: dict[str, Partner] = {}
        for index, name in enumerate(self.world.networks):
            if name in ("Organic", "Unattributed"):
                continue
            slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
            made[name] = Partner(
                id=str(30 + index),
                slug=slug,
                name=name.removesuffix(" Installs").removesuffix(" SAN"),
                integrated=index % 4 != 2,  # noqa: PLR2004 - every fourth reports no spend
                splits=index % 5 == 0,
            )
        return made

    @property
    def events(self) -> tuple[Event, ...]:
        """The events; a renamed one has its new slug (switch ``renamed_events``)."""
        renamed = self.stage.switch("adjust", "renamed_events")
        names = renamed if isinstance(renamed, dict) else {}
        made = []
        for number, (name, money, skan) in enumerate(_EVENTS):
            tokens = {
                app.token: self.token(6, "event", name, app.token)
                for app in self.apps
                if (app.index + number) % 3  # no event is in every app
            }
            shown = str(names.get(name, name))
            made.append(Event(shown.lower(), shown, money, skan, tokens))
        return tuple(made)

    def catalogue(self, account: str) -> Catalogue:
        """The metrics an account may ask for."""
        owned = {app.token for app in self.apps if app.account == account}
        slugs = tuple(event.slug for event in self.events if owned & event.tokens.keys())
        key = f"catalogue {slugs}"
        found = self.cache.get(key)
        if not isinstance(found, Catalogue):
            found = self.cache[key] = Catalogue(slugs)
        return found

    @cached_property
    def by_token(self) -> dict[str, AdjustApp]:
        """Apps by their token."""
        return {app.token: app for app in self.apps}

    def cells(self, app: AdjustApp) -> tuple[Cell, ...]:
        """The app's cells."""
        if app.token not in self._cells:
            self._roots[app.token] = []
            self._cells[app.token] = tuple(self._make_cells(app))
        return self._cells[app.token]

    def links(self, app: AdjustApp) -> list[Link]:
        """The app's links of level 1; deeper ones hang below them."""
        self.cells(app)
        return self._roots[app.token]

    def _make_cells(self, app: AdjustApp) -> Iterator[Cell]:
        for position, network in enumerate(self.world.networks):
            partner = self.partners.get(network)
            root = Link(self.token(6, app.token, network), network, network, 1, partner)
            self._roots[app.token].append(root)
            if partner is None:
                yield from self._plain_cells(app, root, organic=network == "Organic")
                continue
            chosen = [
                campaign
                for number, campaign in enumerate(self.world.campaigns)
                if (number + app.index + position) % 6 == 0
            ]
            for place, campaign in enumerate(chosen):
                # Two campaigns of one name: only their ids tell them apart.
                named = chosen[0] if position == 1 and place == 1 else campaign
                yield from self._campaign_cells(app, root, partner, campaign, named.name)

    def _plain_cells(self, app: AdjustApp, root: Link, *, organic: bool) -> Iterator[Cell]:
        """Organic and unattributed activity: no campaign below the network."""
        for country in (*self.world.countries[:3], ""):
            dims = {
                **self._app_dims(app),
                **self._country_dims(country or None),
                **dict.fromkeys(("campaign", "adgroup", "creative"), "unknown"),
                **dict.fromkeys(_NETWORK_DIMENSIONS, None if organic else ""),
                "network": root.name,
                "channel": root.name,
                "partner_name": "Organic" if organic else "",
                "partner_id": ORGANIC_PARTNER if organic else None,
                "partner": "Organic" if organic else None,
                "device_type": "phone",
            }
            yield self._cell(app, dims, (root.token,), None, None)

    def _campaign_cells(
        self, app: AdjustApp, root: Link, partner: Partner, campaign: Campaign, name: str
    ) -> Iterator[Cell]:
        campaign_id = str(campaign.id)
        archived = campaign.status in ("archived", "deleted")
        label = f"{name} ({campaign_id})"
        level2 = Link(
            self.token(7, app.token, root.name, campaign_id),
            f"{root.name}::{label}",
            label,
            2,
            partner,
            archived,
        )
        root.children.append(level2)
        creatives = [c for c in self.world.creatives if c.campaign_id == campaign.id][:2]
        for number in range(2):
            group_id = f"{campaign_id}{number + 1}"
            group = _ADGROUPS[(campaign.id + number) % len(_ADGROUPS)]
            level3 = Link(
                self.token(7, level2.token, group_id),
                f"{level2.name}::{group} ({group_id})",
                f"{group} ({group_id})",
                3,
                partner,
                archived,
            )
            level2.children.append(level3)
            for creative in creatives[: 1 + number]:
                level4 = Link(
                    self.token(7, level3.token, creative.id),
                    f"{level3.name}::{creative.name} ({creative.id})",
                    f"{creative.name} ({creative.id})",
                    4,
                    partner,
                    archived,
                )
                level3.children.append(level4)
                country = self.world.countries[
                    self.world.number("country", level4.token) % len(self.world.countries)
                ]
                source = self.world.number("source", level4.token) % 4
                dims: dict[str, str | None] = {
                    **self._app_dims(app),
                    **self._country_dims(country),
                    "network": root.name,
                    "campaign": level2.label,
                    "adgroup": level3.label,
                    "creative": level4.label,
                    "campaign_network": name,
                    "campaign_id_network": campaign_id,
                    "adgroup_network": group,
                    "adgroup_id_network": group_id,
                    "creative_network": creative.name,
                    "creative_id_network": str(creative.id),
                    "source_network": (None, "", "Daily Harbor", "Le Pont")[source],
                    "source_id_network": (None, "", "1284", "1310")[source],
                    "ad_account_id": f"act_{campaign.advertiser_id}",
                    "channel": partner.name,
                    "partner_name": partner.name,
                    "partner_id": partner.id,
                    "partner": partner.slug,
                    "device_type": _DEVICES[self.world.number("device", level4.token) % 4],
                }
                links = (root.token, level2.token, level3.token, level4.token)
                yield from self._split(app, dims, links, campaign, partner)

    def _split(
        self,
        app: AdjustApp,
        dims: dict[str, str | None],
        links: tuple[str, ...],
        campaign: Campaign,
        partner: Partner,
    ) -> Iterator[Cell]:
        """One cell, or two where a network's spend does not join the attribution's names."""
        if not partner.splits:
            yield self._cell(app, dims, links, campaign, partner, spending=partner.integrated)
            return
        blank = {
            **dict.fromkeys(("campaign", "adgroup", "creative"), "unknown"),
            **dict.fromkeys(_NETWORK_DIMENSIONS, ""),
        }
        yield self._cell(app, {**dims, **blank}, links, campaign, partner)
        yield self._cell(
            app, dims, links, campaign, partner, attributed=False, spending=partner.integrated
        )

    def _cell(
        self,
        app: AdjustApp,
        dims: dict[str, str | None],
        links: tuple[str, ...],
        campaign: Campaign | None,
        partner: Partner | None,
        *,
        attributed: bool = True,
        spending: bool = False,
    ) -> Cell:
        organic = dims["partner_id"] == ORGANIC_PARTNER
        start, end = self.world.first_day, None
        if campaign is not None:
            start, end = max(campaign.start, start), campaign.end
            if campaign.status == "paused":
                end = start + timedelta(days=_DAYS_UNTIL_PAUSED)
        key = ("cell", app.token, *links, dims["country_code"], attributed)
        base = self.world.number(*key)
        sources = tuple(AD_REVENUE_SOURCES)
        return Cell(
            app=app,
            dims=dims,
            base=base,
            weight=60 if campaign is None else 10 + base % 40,
            organic=organic,
            attributed=attributed,
            spending=spending,
            integrated=partner is not None and partner.integrated,
            skan=app.os_name == "ios" and not organic and len(links) > 1,
            source=sources[(base >> 8) % 5],
            start=start,
            end=end,
            campaign=f"{dims['network']}/{campaign.id if campaign else ''}",
            links=links,
        )

    def _app_dims(self, app: AdjustApp) -> dict[str, str | None]:
        return {
            "app": app.name,
            "app_token": app.token,
            "store_id": app.store_id,
            "store_type": app.store_type,
            "app_network": f"{app.store_type}:{app.store_id}",
            "currency": CURRENCY_NAMES.get(app.currency, app.currency),
            "currency_code": app.currency,
            "os_name": app.os_name,
            "platform": app.os_name,
        }

    def _country_dims(self, code: str | None) -> dict[str, str | None]:
        if code is None:
            return {"country": None, "country_code": None, "region": ""}
        name, region = COUNTRY_NAMES.get(code, (code, "Other"))
        return {"country": name, "country_code": code, "region": region}


_NETWORK_DIMENSIONS: Final = (
    "campaign_network",
    "campaign_id_network",
    "adgroup_network",
    "adgroup_id_network",
    "creative_network",
    "creative_id_network",
    "source_network",
    "source_id_network",
    "ad_account_id",
)
