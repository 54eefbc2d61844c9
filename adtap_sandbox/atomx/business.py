"""Rows of the models that people edit, as they stand at a moment.

A row is born at a moment, is edited every few weeks by somebody (which moves `updated_at` and makes the history), and
may be deleted for good: the platform leaves no tombstone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adtap_sandbox.atomx.models import MODELS
from adtap_sandbox.atomx.reference import DOMAINS, Row, host, reference_rows
from adtap_sandbox.credentials import EMAIL
from adtap_sandbox.world import World

if TYPE_CHECKING:
    from adtap_sandbox.world import Campaign

USER_ID = 311
NETWORK_ID = 4
"""The network of the agency; 7 is another one whose publishers it buys from."""
OTHER_NETWORK_ID = 7

_DASH = "\N{EN DASH}"


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
        """Count the edits made until `now`."""
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
        """List the edits made until `now`, oldest first."""
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


def midnight(day: date) -> datetime:
    """Return the start of `day` in UTC."""
    return datetime.combine(day, time(), UTC)


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
    return Ground(world, _Maker(world).made, reference_rows(world))


class _Maker:
    def __init__(self, world: World) -> None:
        self.world = world
        self.made: dict[str, dict[int, Life]] = {
            model.name: {} for model in MODELS.values() if model.stamped or model.writable
        }
        self.sizes = {
            size: nth
            for nth, size in enumerate(
                dict.fromkeys(
                    [*(c.size for c in world.creatives), *(u.size for u in world.ad_units)]
                ),
                1,
            )
        }
        self.campaigns = {campaign.id: campaign for campaign in world.campaigns}
        self._buy_side()
        self._creatives()
        self._sell_side()
        self._domains()
        self._people()

    def add(
        self,
        model: str,
        row: Row,
        *,
        day: date | None = None,
        every_days: int = 30,
        edited: dict[str, tuple[Any, ...]] | None = None,
        gone: datetime | None = None,
    ) -> None:
        """Add a life; its birth and its rhythm come from the world."""
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
        for advertiser in self.world.advertisers:
            ident = advertiser.id
            budget = float(self.between(20, 90, "budget", ident) * 1000)
            self.add(
                "advertiser",
                {
                    "id": ident,
                    "name": advertiser.name,
                    "state": "ACTIVE",
                    "network": NETWORK_ID,
                    "account_manager": USER_ID + 1,
                    "budget": budget,
                    "budget_cap_amount": budget / 10,
                    "budget_cap_pacing": "EVEN" if ident % 2 else "ASAP",
                    "trusted": True,
                    "is_dsp": False,
                    "adult": False,
                },
                every_days=60,
                edited={"budget": (budget, budget * 1.1, budget * 1.25, budget * 0.9)},
            )
            self.add(
                "conversion_pixel",
                {
                    "id": ident + 500,
                    "name": f"{advertiser.name} {_DASH} thank-you page",
                    "state": "ACTIVE",
                    "advertiser": ident,
                    "duration": 30 * 86_400,
                },
            )
            self.add(
                "segment",
                {"id": ident + 700, "name": f"{advertiser.name} visitors", "advertiser": ident},
            )
        for campaign in self.world.campaigns:
            self._campaign(campaign)

    def _campaign(self, campaign: Campaign) -> None:
        ident = campaign.id
        # 0.1 + 0.2: prices carry the noise of binary floats, as the platform's do.
        bid = self.between(5, 40, "bid", ident) / 10 + 0.1
        gone = (
            midnight(campaign.end) + timedelta(days=40)
            if campaign.status == "deleted" and campaign.end
            else None
        )
        self.add(
            "campaign",
            {
                "id": ident,
                "name": campaign.name,
                "state": "ACTIVE" if campaign.status == "active" else "INACTIVE",
                "advertiser": campaign.advertiser_id,
                "profile": ident + 3,
                "start_time": f"{campaign.start.isoformat()}T00:00:00",
                "end_time": f"{campaign.end.isoformat()}T23:59:59" if campaign.end else None,
                "budget": float(self.between(2, 50, "campaign budget", ident) * 500),
                "daily_budget_amount": self.between(20, 400, "daily", ident) + 0.3,
                "daily_budget_per": 86_400,
                "pricemodel": ("CPM", "DCPM", "CPC", "CPA")[ident % 4],
                "bid": bid,
                "brokerfee": 12.5,
                "creatives": [
                    creative.id
                    for creative in self.world.creatives
                    if creative.campaign_id == ident
                ],
                "conversion_pixels": [campaign.advertiser_id + 500] if ident % 3 else [],
            },
            day=campaign.start,
            every_days=21,
            edited={"bid": (bid, bid + 0.1, bid + 0.2, bid - 0.1)},
            gone=gone,
        )
        countries = [1 + ident % 8, 1 + (ident + 3) % 8]
        self.add(
            "profile",
            {
                "id": ident + 3,
                "name": f"{campaign.name} {_DASH} targeting",
                "advertiser": campaign.advertiser_id,
                "click_frequency_cap_amount": 1,
                "click_frequency_cap_per": 86_400,
                "user_impression_frequency_cap_amount": 5,
                "user_impression_frequency_cap_per": 3_600,
                "ip_impression_frequency_cap_amount": 40 if ident % 2 else None,
                "ip_impression_frequency_cap_per": 86_400 if ident % 2 else None,
                "countries_filter": sorted(set(countries)),
                "countries_filter_action": "INCLUDE",
                "device_types_filter": [2, 3],
                "device_types_filter_action": "INCLUDE",
                "operating_systems_filter": [],
                "browsers_filter": [],
                "networks_filter": [],
                "networks_filter_action": "INCLUDE",
                "publishers_filter": [],
                "publishers_filter_action": "EXCLUDE",
                "domains_filter": [780_001],
                "domains_filter_action": "EXCLUDE",
                "domain_categories_filter": [],
                "domain_categories_filter_action": "INCLUDE",
                "domain_attributes_filter": [5],
                "domain_attributes_filter_action": "EXCLUDE",
                "request_attributes_filter": [2],
                "request_attributes_filter_action": "EXCLUDE",
                "connection_types_filter": [],
                "connection_types_filter_action": "INCLUDE",
                "times_filter": [[480, 1320], [1920, 2760]],
                "times_filter_action": "INCLUDE",
            },
            day=campaign.start,
            every_days=25,
            edited={"click_frequency_cap_per": (86_400, 43_200, 3_600)},
            gone=gone,
        )

    def _creatives(self) -> None:
        for nth, creative in enumerate(self.world.creatives):
            campaign = self.campaigns[creative.campaign_id]
            ident = creative.id
            born = midnight(campaign.start)
            name: str | None = creative.name
            if nth % 23 == 5:  # noqa: PLR2004 - any rhythm that meets few rows
                name = None
            elif nth % 23 == 11:  # noqa: PLR2004
                name = ""
            self.add(
                "creative",
                {
                    "id": ident,
                    "state": "ACTIVE" if campaign.status == "active" else "INACTIVE",
                    "name": name,
                    "title": f"{creative.name} {_DASH} title",
                    "advertiser": campaign.advertiser_id,
                    "category": 1 + ident % 22,
                    "size": self.sizes[creative.size],
                    "language": None if nth % 7 == 0 else 1 + ident % 7,
                    "attributes": [1 + nth % 10] if nth % 4 else [],
                    "bans": [
                        {
                            "url": "http://landing.example/?a=1&b=2",
                            "reason": {"id": 4, "description": "Broken landing page"},
                        }
                    ]
                    if nth % 9 == 4  # noqa: PLR2004
                    else [],
                    "checks": [{"url": f"https://scan.example/{ident}"}],
                    "content_type": ("IMAGE", "IFRAME", "JAVASCRIPT", "VAST", "REDIRECT")[nth % 5],
                    "extension": "PNG",
                    "final_url": f"https://landing.example/{campaign.id}",
                    "url": f"https://landing.example/{campaign.id}?c={ident}",
                    "click_url": "${CLICK_URL}",
                    # Each written attribute shows on some rows at least.
                    "content": "PGh0bWw+" if nth % 5 == 1 else None,
                    "mopup": "1" if nth % 11 == 3 else None,  # noqa: PLR2004
                    "javascript": "document.write('<b>é\t</b>')" if nth % 5 == 2 else None,  # noqa: PLR2004
                    "html": '<a href="${CLICK_URL}">\n\t<img src="x.png">\n</a>',
                    "size_bytes": self.between(8_000, 200_000, "bytes", ident),
                    "types": ["IFRAME", "JAVASCRIPT"],
                    "https": True,
                    "audited_at": text(born + timedelta(hours=7)),
                    "checked_at": None if nth % 5 == 0 else text(born + timedelta(hours=9)),
                    "notify": False,
                    "modified_by": USER_ID,
                },
                day=campaign.start,
                every_days=17,
                edited={"title": (f"{creative.name} {_DASH} title", "shiny", "Neu: «glänzend»")},
                # Deleted while its campaign ran: reports still hold its id.
                gone=born + timedelta(days=500 + 20 * nth)
                if nth % 19 == 9  # noqa: PLR2004
                else None,
            )

    def _sell_side(self) -> None:
        for nth, name in ((NETWORK_ID, "Northwind Media"), (OTHER_NETWORK_ID, "Nordlys Netværk")):
            self.add(
                "network",
                {
                    "id": nth,
                    "name": name,
                    "seller_profile": nth,
                    "only_buy_from_self": nth == OTHER_NETWORK_ID,
                },
            )
        for nth in (1, 2, 3, NETWORK_ID, OTHER_NETWORK_ID):
            self.add("seller_profile", {"id": nth})
        for index, publisher in enumerate(self.world.publishers):
            ident = publisher.id
            share = self.between(550, 800, "revshare", ident) / 10
            self.add(
                "publisher",
                {
                    "id": ident,
                    "state": "ACTIVE",
                    "name": publisher.name,
                    "revshare": share,
                    "network": OTHER_NETWORK_ID if index % 4 == 3 else NETWORK_ID,  # noqa: PLR2004
                    "seller_profile": 1 + index % 3,
                    "banned": False,
                    "ssp": None if index % 2 else 1,
                },
                every_days=45,
                edited={"revshare": (share, share + 0.1, share - 0.2)},
            )
            self.add(
                "fallback",
                {"id": ident + 90, "name": f"House ads {publisher.name}", "publisher": ident},
            )
        for index, site in enumerate(self.world.sites):
            self.add(
                "site",
                {
                    "id": site.id,
                    "state": "INACTIVE" if index % 9 == 8 else "ACTIVE",  # noqa: PLR2004
                    "name": site.name,
                    "domain": 780_001 + index,
                    "publisher": site.publisher_id,
                    "seller_profile": None if index % 2 else 1,
                },
                every_days=70,
                edited={"state": ("ACTIVE", "ACTIVE", "INACTIVE")},
            )
        for index, unit in enumerate(self.world.ad_units):
            floor = self.between(1, 12, "floor", unit.id) / 10
            self.add(
                "placement",
                {
                    "id": unit.id,
                    "state": "ACTIVE",
                    "name": unit.name if index % 29 != 17 else "",  # noqa: PLR2004
                    "site": unit.site_id,
                    "size": self.sizes[unit.size],
                    "placement_type": 1 + index % 5,
                    "floor_price": floor,
                },
                every_days=35,
                edited={"floor_price": (floor, floor + 0.2, floor + 0.1)},
            )

    def _domains(self) -> None:
        sites = self.world.sites
        for nth in range(DOMAINS * self.world.size):
            number = self.world.number("atomx domain", nth)
            self.add(
                "domain",
                {
                    "id": 780_001 + nth,
                    "name": sites[nth].domain if nth < len(sites) else host(self.world, nth),
                    "category": 1 + number % 22,
                    "language": None if number % 3 == 0 else 1 + number % 7,
                    "attributes": [1 + number % 5] if number % 4 == 0 else [],
                },
                day=self.world.first_day + timedelta(days=nth % 300),
            )

    def _people(self) -> None:
        people = (
            ("reporting-bot", EMAIL),
            ("Jörg Ñandú", "jorg@northwind.example"),
            ("O'Brien, Pat", "pat@northwind.example"),
        )
        for nth, (name, email) in enumerate(people):
            self.add(
                "user",
                {
                    "id": USER_ID + nth,
                    "name": name,
                    "email": email,
                    "networks": [NETWORK_ID],
                    "publishers": [publisher.id for publisher in self.world.publishers],
                    "advertisers": [advertiser.id for advertiser in self.world.advertisers],
                },
            )
        first = self.world.creatives[0].id
        self.made["creative_ban"][1] = Life(
            {"id": 1, "creative": first, "url": "http://bad.example/", "reason": 1},
            midnight(self.world.first_day),
            timedelta(days=30),
        )
