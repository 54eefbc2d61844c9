"""Who exists in Adjust's room: accounts, apps, events, links, and the cells that hold numbers.

A cell is the finest thing with numbers of its own: an app's link down to the creative, in one
country, on one device type. Everything follows from the world's seed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Any, Final

from adtap_sandbox.environment import Environment
from adtap_sandbox.tables import fill, table
from adtap_sandbox.world import Campaign, World

from .metrics import AD_REVENUE_SOURCES, Catalogue

MAIN_ACCOUNT: Final = "1001"
"""The account that the sandbox token's user defaults to; it owns the world's apps."""
SECOND_ACCOUNT: Final = "2002"
"""Another account of the same user, with apps of its own."""

_DATA: Final = table(__package__ or "", "data")
CURRENCY_NAMES: Final[dict[str, str]] = _DATA["currencies"]
USD_MICROS: Final[dict[str, int]] = _DATA["usd_micros"]
COUNTRY_NAMES: Final[dict[str, tuple[str, str]]] = _DATA["countries"]
"""Name and region by code."""
_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
ORGANIC_PARTNER: Final = "-300"
_DAYS_UNTIL_PAUSED: Final = 400


@dataclass(frozen=True)
class AdjustApp:
    """An app of one account. ``store_type`` and ``os_name`` are Adjust's own words."""

    index: int
    token: str
    name: str
    store_id: str
    store_type: str
    currency: str
    account: str

    @property
    def os_name(self) -> str:
        """The system that apps of its store run on."""
        return "ios" if self.store_type == "app_store" else "android"


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
    children: "list[Link]" = field(default_factory=list)


Path = tuple[Link, ...]
"""A link and those above it, level 1 first."""


@dataclass(frozen=True, eq=False)
class Cell:
    """The finest thing with numbers."""

    app: AdjustApp  # whose it is
    # every dimension's value except time; values are strings, `""` or None
    dims: dict[str, str | None]
    base: int  # seed of its numbers
    weight: int  # its size, in per cent
    organic: bool  # nobody is paid for it: no clicks, no cost
    attributed: bool  # holds attribution numbers
    spending: bool  # holds network numbers (spend)
    integrated: bool  # its partner reports spend
    skan: bool  # holds SKAdNetwork numbers
    source: str  # slug of its ad revenue's source
    start: date  # first day with numbers
    end: date | None  # last day with numbers, None while it runs
    campaign: str  # key of its campaign; rows vanish by campaign
    links: tuple[str, ...]  # tokens of its links, level 1 first


_catalogue = lru_cache(maxsize=16)(Catalogue)


@lru_cache(maxsize=2)
def _kept(world: World) -> tuple[dict[str, tuple[Cell, ...]], dict[str, list[Link]]]:  # noqa: ARG001 - tells worlds apart
    """Cells and links of a world's apps, filled when first asked for; kept over resets."""
    return {}, {}


class AdjustStore:
    """All of Adjust's room, made from the environment's world."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.world = environment.world
        self.apps = self._make_apps()
        self.partners = self._make_partners()
        self._cells, self._roots = _kept(environment.world)

    def token(self, length: int, *key: object) -> str:
        """A token of lower-case letters and digits that depends on the key alone."""
        number = self.world.number("adjust-token", *key)
        return "".join(_LETTERS[(number // 36**place) % 36] for place in range(length))

    def _make_apps(self) -> tuple[AdjustApp, ...]:
        rows = []
        for app in self.world.apps:
            itunes = str(self.world.between(10**8, 10**9, "itunes", app.token))
            ident = itunes if app.store == "app_store" else app.bundle_id
            rows.append((app.token, app.name, ident, app.store, app.currency, MAIN_ACCOUNT))
        for number, name in enumerate(_DATA["second_account"]):
            token, ident = self.token(12, "second", number), f"example.northwind.labs{number}"
            rows.append((token, name, ident, "google_play", "GBP", SECOND_ACCOUNT))
        return tuple(AdjustApp(index, *row) for index, row in enumerate(rows))

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
        renamed = self.environment.switch("renamed_events")
        made = []
        for number, (name, money, skan) in enumerate(_DATA["events"]):
            tokens = {
                app.token: self.token(6, "event", name, app.token)
                for app in self.apps
                if (app.index + number) % 3  # no event is in every app
            }
            shown = renamed.get(name, name)
            made.append(Event(shown.lower(), shown, money, skan, tokens))
        return tuple(made)

    def catalogue(self, account: str) -> Catalogue:
        owned = self.apps_of(account).keys()
        slugs = tuple(event.slug for event in self.events if owned & event.tokens.keys())
        return _catalogue(slugs)

    @property
    def closed(self) -> frozenset[str]:
        """Tokens of apps that the user may not read (switch ``forbidden_apps``)."""
        return frozenset(self.environment.switch("forbidden_apps"))

    def apps_of(self, account: str) -> dict[str, AdjustApp]:
        return {app.token: app for app in self.apps if app.account == account}

    @cached_property
    def by_token(self) -> dict[str, AdjustApp]:
        return {app.token: app for app in self.apps}

    def cells(self, app: AdjustApp) -> tuple[Cell, ...]:
        if app.token not in self._cells:
            # Whole before anybody sees it: two reports may ask at once.
            roots: list[Link] = []
            cells = tuple(self._make_cells(app, roots))
            self._roots[app.token], self._cells[app.token] = roots, cells
        return self._cells[app.token]

    def links(self, app: AdjustApp) -> list[Link]:
        """The app's links of level 1; deeper ones hang below them."""
        self.cells(app)
        return self._roots[app.token]

    def _make_cells(self, app: AdjustApp, roots: list[Link]) -> Iterator[Cell]:
        """The app's cells; its links of level 1 are put into the list."""
        for position, network in enumerate(self.world.networks):
            partner = self.partners.get(network)
            root = Link(self.token(6, app.token, network), network, network, 1, partner)
            roots.append(root)
            if partner is None:
                yield from self._plain_cells(app, root, organic=network == "Organic")
                continue
            campaigns, shift = self.world.campaigns, app.index + position
            chosen = [one for number, one in enumerate(campaigns) if (number + shift) % 6 == 0]
            for place, campaign in enumerate(chosen):
                # Two campaigns of one name: only their ids tell them apart.
                named = chosen[0] if position == 1 and place == 1 else campaign
                yield from self._campaign_cells(app, root, partner, campaign, named.name)

    def _plain_cells(self, app: AdjustApp, root: Link, *, organic: bool) -> Iterator[Cell]:
        """Organic and unattributed activity: no campaign below the network."""
        for country in (*self.world.countries[:3], ""):
            dims = {
                **self._shared_dims(app, country or None),
                **dict.fromkeys(_DATA["dimensions"]["network"], None if organic else ""),
                **fill(_DATA["dimensions"]["plain"], {"root": root}),
                "partner_name": "Organic" if organic else "",
                "partner_id": ORGANIC_PARTNER if organic else None,
                "partner": "Organic" if organic else None,
            }
            yield self._cell(app, dims, (root,))

    def _campaign_cells(
        self, app: AdjustApp, root: Link, partner: Partner, campaign: Campaign, name: str
    ) -> Iterator[Cell]:
        archived = campaign.status in ("archived", "deleted")

        def link(parent: Link, label: str, *key: object) -> Link:
            """A link below another; its token follows from the key."""
            token, name = self.token(7, *key), f"{parent.name}::{label}"
            made = Link(token, name, label, parent.level + 1, partner, archived)
            parent.children.append(made)
            return made

        level2 = link(root, f"{name} ({campaign.id})", app.token, root.name, str(campaign.id))
        creatives = [c for c in self.world.creatives if c.campaign_id == campaign.id][:2]
        for number in range(2):
            group_id = f"{campaign.id}{number + 1}"
            group = _DATA["adgroups"][(campaign.id + number) % len(_DATA["adgroups"])]
            level3 = link(level2, f"{group} ({group_id})", level2.token, group_id)
            for creative in creatives[: 1 + number]:
                label = f"{creative.name} ({creative.id})"
                level4 = link(level3, label, level3.token, creative.id)
                values: dict[str, Any] = {
                    "root": root,
                    "level2": level2,
                    "level3": level3,
                    "level4": level4,
                    "campaign": campaign,
                    "name": name,
                    "group": group,
                    "group_id": group_id,
                    "creative": creative,
                    "partner": partner,
                    "device": self._choose(_DATA["devices"], "device", level4),
                }
                source, source_id = self._choose(_DATA["sources"], "source", level4)
                values |= {"source": source, "source_id": source_id}
                country = self._choose(self.world.countries, "country", level4)
                dims: dict[str, str | None] = {
                    **self._shared_dims(app, country),
                    **fill(_DATA["dimensions"]["campaign"], values),
                }
                path = (root, level2, level3, level4)
                yield from self._split(app, dims, path, campaign)

    def _choose(self, choices: Sequence[Any], what: str, link: Link) -> Any:
        return choices[self.world.number(what, link.token) % len(choices)]

    def _split(
        self, app: AdjustApp, dims: dict[str, str | None], path: Path, campaign: Campaign
    ) -> Iterator[Cell]:
        """One cell, or two where a network's spend does not join the attribution's names."""
        partner = path[0].partner
        spending = partner is not None and partner.integrated
        if partner is None or not partner.splits:
            yield self._cell(app, dims, path, campaign, spending=spending)
            return
        blank = {
            **dict.fromkeys(("campaign", "adgroup", "creative"), "unknown"),
            **dict.fromkeys(_DATA["dimensions"]["network"], ""),
        }
        yield self._cell(app, {**dims, **blank}, path, campaign)
        yield self._cell(app, dims, path, campaign, attributed=False, spending=spending)

    def _cell(
        self,
        app: AdjustApp,
        dims: dict[str, str | None],
        path: Path,
        campaign: Campaign | None = None,
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
        links = tuple(link.token for link in path)
        base = self.world.number("cell", app.token, *links, dims["country_code"], attributed)
        partner = path[0].partner
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

    def _shared_dims(self, app: AdjustApp, country: str | None) -> dict[str, str | None]:
        """The dimensions of an app's cells, and those of a country."""
        currency = CURRENCY_NAMES.get(app.currency, app.currency)
        dims: dict[str, str | None] = fill(
            _DATA["dimensions"]["app"], {"app": app, "currency": currency}
        )
        if country is None:
            return dims | {"country": None, "country_code": None, "region": ""}
        name, region = COUNTRY_NAMES.get(country, (country, "Other"))
        return dims | {"country": name, "country_code": country, "region": region}
