# ruff: noqa: PLR2004 - rows are made in rhythms of numbers
"""Rows of all models: those that people edit, as they stand at a moment, and those that nobody edits.

An edited row is born at a moment, is edited every few weeks by somebody (which moves `updated_at` and makes the
history), and may be deleted for good: the platform leaves no tombstone. Their templates are in `rows.json`.

Of most of the other models only the name is known; an id and a name are certain, what else a row holds here is made up
(codes, dimensions) so that a reader meets attributes that no documentation names. The small ones are in
`reference.json`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from adtap_sandbox.atomx.models import MODELS
from adtap_sandbox.credentials import EMAIL
from adtap_sandbox.environment import midnight
from adtap_sandbox.tables import fill, table
from adtap_sandbox.world import Campaign, World

Row = dict[str, Any]

USER_ID = 311
NETWORK_ID = 4
"""The network of the agency; 7 is another one whose publishers it buys from."""
OTHER_NETWORK_ID = 7
FIRST_DOMAIN_ID = 780_001

BIG = {"app": 400, "city": 2600, "isp": 1500, "zipcode": 3200, "domain": 4300}
"""Rows of the big tables in a world of size 1. Domains, the biggest, can be created."""


@dataclass(frozen=True)
class Edit:
    """One change that somebody made: attribute -> (old, new)."""

    at: datetime
    user: int
    changes: dict[str, tuple[Any, Any]]
    comment: str | None = None


@dataclass(frozen=True)
class Life:
    """One thing from its birth on: its first row, who edits it how often, and when it ends."""

    row: Row
    born: datetime
    every: timedelta
    # Attribute that is edited -> the values it goes through, by number of the edit.
    edited: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    gone: datetime | None = None

    def edits(self, now: datetime) -> int:
        return max(0, (now - self.born) // self.every) if self.edited else 0

    def at(self, now: datetime) -> Row | None:
        """Return the row as it stands at `now`; None before its birth and after its end."""
        if now < self.born or (self.gone is not None and now >= self.gone):
            return None
        count = self.edits(now)
        row = dict(self.row)
        for attribute, values in self.edited.items():
            row[attribute] = values[count % len(values)]
        row["created_at"] = text(self.born)
        row["updated_at"] = text(self.born + count * self.every)
        return row

    def history(self, now: datetime) -> list[Edit]:
        return [
            Edit(
                at=self.born + nth * self.every,
                user=USER_ID + nth % 2,
                changes={
                    attribute: (values[(nth - 1) % len(values)], values[nth % len(values)])
                    for attribute, values in self.edited.items()
                    if values[(nth - 1) % len(values)] != values[nth % len(values)]
                },
            )
            for nth in range(1, self.edits(now) + 1)
        ]


def text(moment: datetime) -> str:
    """Write a moment as models carry it: seconds, no fraction, no zone, UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True)
class Ground:
    """What a world holds before anybody writes: lives of the edited models, rows of the others."""

    world: World
    lives: dict[str, dict[int, Life]]
    reference: dict[str, dict[int, Row]]


@lru_cache(maxsize=2)
def ground(seed: int, size: int, creatives: int = 0) -> Ground:
    """Return the ground of a world; made once, kept over resets."""
    world = World(seed, size, creatives)
    return Ground(world, _Maker(world).made, _reference_rows(world))


class _Maker:
    """Makes the lives of the edited models."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.templates = table(__package__, "rows")
        self.made: dict[str, dict[int, Life]] = {
            model.name: {} for model in MODELS.values() if model.stamped or model.writable
        }
        self.sizes = {size: nth for nth, size in enumerate(_sizes(world), 1)}
        self.campaigns = {campaign.id: campaign for campaign in world.campaigns}
        self._buy_side()
        self._creatives()
        self._sell_side()
        self._domains()
        self._people()

    def add(
        self,
        model: str,
        *,
        day: date | None = None,
        every_days: int = 30,
        edited: dict[str, tuple[Any, ...]] | None = None,
        gone: datetime | None = None,
        **values: Any,
    ) -> None:
        """Add a life with the values that its model's template names; its birth and its rhythm come from the world.

        Born on the world's first day, or two days before `day`; `every_days` is the least between two edits, each of
        which moves the `edited` attributes on to the next of their values.
        """
        row: Row = fill(self.templates[model], values)
        number = self.world.number("atomx life", model, row["id"])
        born = midnight(day or self.world.first_day) - timedelta(days=2, seconds=number % 86_400)
        every = timedelta(days=every_days + number % 11, seconds=number % 50_021)
        # An attribute that no documentation names, on some rows only.
        if number % 3 == 0:
            row["qa_score"] = number % 100
        self.made[model][row["id"]] = Life(row, born, every, edited or {}, gone)

    def between(self, low: int, high: int, *key: object) -> int:
        return self.world.between(low, high, "atomx", *key)

    def _buy_side(self) -> None:
        for one in self.world.advertisers:
            budget = float(self.between(20, 90, "budget", one.id) * 1000)
            self.add(
                "advertiser",
                one=one,
                budget=budget,
                daily=budget / 10,
                pacing="EVEN" if one.id % 2 else "ASAP",
                every_days=60,
                edited={"budget": (budget, budget * 1.1, budget * 1.25, budget * 0.9)},
            )
            self.add("conversion_pixel", one=one, pixel=one.id + 500)
            self.add("segment", one=one, segment=one.id + 700)
        for campaign in self.world.campaigns:
            self._campaign(campaign)

    def _campaign(self, campaign: Campaign) -> None:
        ident = campaign.id
        # 0.1 + 0.2: prices carry the noise of binary floats, as the platform's do.
        bid = self.between(5, 40, "bid", ident) / 10 + 0.1
        deleted = campaign.status == "deleted" and campaign.end
        gone = midnight(campaign.end) + timedelta(days=40) if deleted and campaign.end else None
        creatives = [one.id for one in self.world.creatives if one.campaign_id == ident]
        self.add(
            "campaign",
            one=campaign,
            profile=ident + 3,
            state=_state(campaign),
            end_time=f"{campaign.end}T23:59:59" if campaign.end else None,
            budget=float(self.between(2, 50, "campaign budget", ident) * 500),
            daily=self.between(20, 400, "daily", ident) + 0.3,
            price_model=("CPM", "DCPM", "CPC", "CPA")[ident % 4],
            bid=bid,
            creatives=creatives,
            pixels=[campaign.advertiser_id + 500] if ident % 3 else [],
            day=campaign.start,
            every_days=21,
            edited={"bid": (bid, bid + 0.1, bid + 0.2, bid - 0.1)},
            gone=gone,
        )
        self.add(
            "profile",
            one=campaign,
            profile=ident + 3,
            ip_cap=40 if ident % 2 else None,
            ip_per=86_400 if ident % 2 else None,
            countries=sorted({1 + ident % 8, 1 + (ident + 3) % 8}),
            day=campaign.start,
            every_days=25,
            edited={"click_frequency_cap_per": (86_400, 43_200, 3_600)},
            gone=gone,
        )

    def _creatives(self) -> None:
        reason = {"id": 4, "description": "Broken landing page"}
        ban = {"url": "http://landing.example/?a=1&b=2", "reason": reason}
        for nth, creative in enumerate(self.world.creatives):
            campaign = self.campaigns[creative.campaign_id]
            ident = creative.id
            born = midnight(campaign.start)
            title = f"{creative.name} \N{EN DASH} title"
            # Each written attribute shows on some rows at least, by rhythms that meet few of them.
            self.add(
                "creative",
                one=creative,
                campaign=campaign,
                state=_state(campaign),
                name={5: None, 11: ""}.get(nth % 23, creative.name),
                title=title,
                category=1 + ident % 22,
                size=self.sizes[creative.size],
                language=None if nth % 7 == 0 else 1 + ident % 7,
                attributes=[1 + nth % 10] if nth % 4 else [],
                bans=[ban] if nth % 9 == 4 else [],
                content_type=("IMAGE", "IFRAME", "JAVASCRIPT", "VAST", "REDIRECT")[nth % 5],
                content="PGh0bWw+" if nth % 5 == 1 else None,
                mopup="1" if nth % 11 == 3 else None,
                javascript="document.write('<b>é\t</b>')" if nth % 5 == 2 else None,
                size_bytes=self.between(8_000, 200_000, "bytes", ident),
                audited_at=text(born + timedelta(hours=7)),
                checked_at=None if nth % 5 == 0 else text(born + timedelta(hours=9)),
                day=campaign.start,
                every_days=17,
                edited={"title": (title, "shiny", "Neu: «glänzend»")},
                # Deleted while its campaign ran: reports still hold its id.
                gone=born + timedelta(days=500 + 20 * nth) if nth % 19 == 9 else None,
            )

    def _sell_side(self) -> None:
        self.add("network", id=NETWORK_ID, name="Northwind Media", other=False)
        self.add("network", id=OTHER_NETWORK_ID, name="Nordlys Netværk", other=True)
        for ident in (1, 2, 3, NETWORK_ID, OTHER_NETWORK_ID):
            self.add("seller_profile", id=ident)
        for index, publisher in enumerate(self.world.publishers):
            share = self.between(550, 800, "revshare", publisher.id) / 10
            self.add(
                "publisher",
                one=publisher,
                share=share,
                network=OTHER_NETWORK_ID if index % 4 == 3 else NETWORK_ID,
                seller=1 + index % 3,
                ssp=None if index % 2 else 1,
                every_days=45,
                edited={"revshare": (share, share + 0.1, share - 0.2)},
            )
            self.add("fallback", one=publisher, fallback=publisher.id + 90)
        for index, site in enumerate(self.world.sites):
            self.add(
                "site",
                one=site,
                state="INACTIVE" if index % 9 == 8 else "ACTIVE",
                domain=FIRST_DOMAIN_ID + index,
                seller=None if index % 2 else 1,
                every_days=70,
                edited={"state": ("ACTIVE", "ACTIVE", "INACTIVE")},
            )
        for index, unit in enumerate(self.world.ad_units):
            floor = self.between(1, 12, "floor", unit.id) / 10
            self.add(
                "placement",
                one=unit,
                name=unit.name if index % 29 != 17 else "",
                size=self.sizes[unit.size],
                kind=1 + index % 5,
                floor=floor,
                every_days=35,
                edited={"floor_price": (floor, floor + 0.2, floor + 0.1)},
            )

    def _domains(self) -> None:
        sites = self.world.sites
        for nth in range(BIG["domain"] * self.world.size):
            number = self.world.number("atomx domain", nth)
            self.add(
                "domain",
                id=FIRST_DOMAIN_ID + nth,
                name=sites[nth].domain if nth < len(sites) else host(self.world, nth),
                category=1 + number % 22,
                language=None if number % 3 == 0 else 1 + number % 7,
                attributes=[1 + number % 5] if number % 4 == 0 else [],
                day=self.world.first_day + timedelta(days=nth % 300),
            )

    def _people(self) -> None:
        people = {
            "reporting-bot": EMAIL,
            "Jörg Ñandú": "jorg@northwind.example",
            "O'Brien, Pat": "pat@northwind.example",
        }
        for nth, (name, email) in enumerate(people.items()):
            self.add(
                "user",
                id=USER_ID + nth,
                name=name,
                email=email,
                publishers=[publisher.id for publisher in self.world.publishers],
                advertisers=[advertiser.id for advertiser in self.world.advertisers],
            )
        ban = fill(self.templates["creative_ban"], {"creative": self.world.creatives[0].id})
        begin = midnight(self.world.first_day)
        self.made["creative_ban"][1] = Life(ban, begin, timedelta(days=30))


def _state(campaign: Campaign) -> str:
    return "ACTIVE" if campaign.status == "active" else "INACTIVE"


# -- the models that nobody edits ------------------------------------------------------------

_SYLLABLES = ("atom", "nord", "vent", "blau", "kiosk", "mini", "nova", "é", "pixel", "str", "han")
_ENDINGS = ("example", "test.example", "news.example", "blog.example")


def word(world: World, *key: object) -> str:
    """Return a made-up lower-case word that depends on the key alone."""
    number = world.number(*key)
    parts = []
    for _ in range(2 + number % 2):
        number, nth = divmod(number, len(_SYLLABLES))
        parts.append(_SYLLABLES[nth])
    return "".join(parts)


def host(world: World, number: int) -> str:
    """Return the host name of the made-up domain `number`; every one is another."""
    ending = _ENDINGS[world.number("host end", number) % len(_ENDINGS)]
    return f"{word(world, 'host', number).replace('é', 'e')}{number}.{ending}"


def _reference_rows(world: World) -> dict[str, dict[int, Row]]:
    rows: dict[str, list[Row]] = {
        model: [{"id": nth, "name": name} for nth, name in enumerate(names, 1)]
        for model, names in table(__package__, "reference").items()
    }
    # Only `description` is evidenced for these two, and `name` nowhere.
    for row in rows["creative_ban_reason"]:
        row["description"] = row.pop("name")
    for row, code in zip(rows["country"], world.countries, strict=True):
        row["code"] = code
    rows["size"] = [
        {"id": nth, "name": f"{width}x{height}", "width": width, "height": height}
        for nth, (width, height) in enumerate(_sizes(world), 1)
    ]
    rows["dma"] = [{"id": 500 + nth, "name": f"Market {nth:03d}, US"} for nth in range(210)]
    for row in rows["ssp"]:
        row["seller_profile"] = row["id"]
    rows["app"] = _apps(world)
    countries = len(world.countries)
    rows |= {"city": [], "isp": [], "zipcode": []}
    for nth in range(BIG["city"] * world.size):
        # Names repeat, as cities do; a key made of names would lose rows.
        name = word(world, "city", nth % 1700).capitalize()
        rows["city"].append({"id": 1000 + nth, "name": name, "country": 1 + nth % countries})
    for nth in range(BIG["isp"] * world.size):
        name = f"{word(world, 'isp', nth).capitalize()} Telecom"
        country = 1 + world.number("isp country", nth) % countries
        rows["isp"].append({"id": 1 + nth * 3, "name": name, "country": country})
    for nth in range(BIG["zipcode"] * world.size):
        name = f"{nth * 29 % 100_000:05d}"  # leading zeros: a zip code is no number
        rows["zipcode"].append({"id": 1 + nth, "name": name, "country": 1 + nth % countries})
    return {model: {row["id"]: row for row in made} for model, made in rows.items()}


def _sizes(world: World) -> dict[tuple[int, int], None]:
    """Return the sizes that things of the world have, and three that nothing has, each once."""
    used = [*(one.size for one in world.creatives), *(unit.size for unit in world.ad_units)]
    return dict.fromkeys([*used, (468, 60), (120, 600), (1, 1)])


def _apps(world: World) -> list[Row]:
    made: list[tuple[str | None, str, int]] = [
        (app.name, app.bundle_id, 1 if app.store == "app_store" else 2) for app in world.apps
    ]
    for nth in range(len(made) + 1, BIG["app"] * world.size + 1):
        # An app that the store no longer names.
        name = None if nth % 50 == 0 else f"{word(world, 'app', nth).capitalize()} {nth}"
        made.append((name, f"com.example.{word(world, 'bundle', nth)}{nth}", 1 + nth % 2))
    names = ("id", "name", "bundle", "appstore")
    return [dict(zip(names, (nth, *app), strict=True)) for nth, app in enumerate(made, 1)]
