"""Who exists on TerminalOne: the world under the platform's own entities, and their relations.

Only ids, names and relations are decided here, most of them by the tables in `data.json`; every other
field is filled in by the store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from adtap_sandbox.tables import fill, table
from adtap_sandbox.world import Campaign, World

from .values import midnight

ACCESS: Final = ("organization_id", "agency_id", "advertiser_id", "campaign_id", "strategy_id")
"""Dimensions of reports on which access is granted."""
USER: Final = 4711
AGENCIES: Final = (22, 23)
_CLOSED_AGENCY: Final = 24
_FIRST_EXCHANGE: Final = 1001
_FIRST_DEAL: Final = 7001

_DATA: Final = table(__package__ or "", "data")
FOREIGN: Final[dict[str, str]] = _DATA["foreign"]
"""Fields that point to another collection, under whatever collection they stand."""


@dataclass(frozen=True)
class Seed:
    """An entity before its fields are filled."""

    id: int
    name: str
    born: datetime
    fixed: Mapping[str, object] = field(default_factory=dict)
    gone: datetime | None = None

    def alive(self, now: datetime) -> bool:
        return self.born <= now and (self.gone is None or now < self.gone)


class Entities:
    """All entities by collection and id, for one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.collections: dict[str, dict[int, Seed]] = {}
        self.campaigns: dict[int, Campaign] = {item.id: item for item in world.campaigns}
        self._start = datetime(world.first_day.year, 1, 1, tzinfo=UTC)
        for collection, rows in _DATA["rows"].items():
            for row in rows:
                fixed = {name: value for name, value in row.items() if name != "id"}
                if "rate" in fixed:
                    fixed["rate"] = Decimal(fixed["rate"])
                self._add(collection, row["id"], fixed)
        self._advertisers()
        for index, campaign in enumerate(world.campaigns):
            self._campaign(index, campaign)
        self._creatives()
        self._inventory()
        self._groups()

    def ids(self, collection: str) -> list[int]:
        """Ids of a collection in ascending order; empty for a collection without members."""
        return sorted(self.collections.get(collection, {}))

    def pick(self, collection: str, *key: object) -> int | None:
        """Choose a member of a collection by key."""
        ids = self.ids(collection)
        return ids[self.world.number("t1", "pick", collection, *key) % len(ids)] if ids else None

    def _add(
        self,
        collection: str,
        number: int,
        fixed: Mapping[str, Any],
        born: datetime | None = None,
        gone: datetime | None = None,
    ) -> None:
        """Add one entity; without `born` it is some months older than the world."""
        age = self.world.between(40, 900, "t1", "age", collection, number)
        moment = born or self._start - timedelta(days=age, seconds=age * 37)
        self.collections.setdefault(collection, {})[number] = Seed(
            number, fixed["name"], moment, fixed, gone
        )

    def _make(
        self,
        collection: str,
        number: int,
        born: datetime | None = None,
        gone: datetime | None = None,
        **values: Any,
    ) -> None:
        """Add one entity by its collection's template, which names the values."""
        self._add(collection, number, fill(_DATA["templates"][collection], values), born, gone)

    def _advertisers(self) -> None:
        advertisers = self.world.advertisers
        for index, one in enumerate(advertisers):
            self._make("advertisers", one.id, one=one, agency=AGENCIES[index % 2])
        # A client of the closed office: listed, switched off, never delivers.
        closed = {"name": "Closed & Gone, Inc.", "agency_id": _CLOSED_AGENCY, "status": False}
        self._add("advertisers", advertisers[-1].id + 500, closed)

    def _campaign(self, index: int, campaign: Campaign) -> None:
        house = next(a for a in self.world.advertisers if a.id == campaign.advertiser_id)
        # One campaign in nine keeps its days and its money apart from its advertiser's.
        apart = index % 9 == 4  # noqa: PLR2004 - any rhythm that meets few
        zone, currency = ("Asia/Kolkata", "GBP") if apart else (house.time_zone, house.currency)
        begin = midnight(campaign.start, zone)
        end = midnight(campaign.end + timedelta(days=1), zone) if campaign.end else None
        finish = end or begin + timedelta(days=3650)
        pixel, concept = campaign.id + 6_000_000, campaign.id + 4_000_000
        born = begin - timedelta(days=14, hours=index % 20)
        values: dict[str, Any] = {
            "campaign": campaign,
            "active": campaign.status == "active",
            "archived": campaign.status in ("archived", "deleted"),
            "begin": begin,
            "end": finish - timedelta(seconds=1),
            "zone": zone,
            "currency": currency,
            "pixel": pixel,
            "concept": concept,
        }
        self._make(
            "pixel_bundles",
            pixel,
            born,
            agency=AGENCIES[index % 2] if index % 3 == 0 else None,
            pixel_type=("event", "data")[index % 2],
            keywords=None if index % 3 else "sale, été",
            **values,
        )
        self._make("pixels", pixel + 100_000, born, **values)
        goal = ("cpc", "ctr", "roi", "spend")[index % 4]
        self._make("campaigns", campaign.id, born, goal=goal, **values)
        middle = begin + (finish - begin) / 2
        for nth, (first, last) in enumerate(((begin, middle), (middle, finish))):
            until = last - timedelta(seconds=1)
            flight: dict[str, Any] = {"nth": nth + 1, "first": first, "last": until}
            self._make("budget_flights", campaign.id * 10 + nth, born, **values, **flight)
        self._make("vendor_contracts", campaign.id, born, **values)
        self._make("concepts", concept, born, **values)
        for nth in range(2):
            self._strategy(campaign.id * 10 + nth, nth, born, values)

    def _strategy(self, number: int, nth: int, born: datetime, values: dict[str, Any]) -> None:
        between = self.world.between
        self._make(
            "strategies",
            number,
            born,
            label=("Prospecting", "Retargeting, «warm»")[nth],
            media=("DISPLAY", "VIDEO")[nth],
            type=("GBO", "REM")[nth],
            pixels=f"( [{values['pixel']}] ) AND NOT ( [11] )" if nth else "",
            goal=("cpa", "vcr")[nth],
            **values,
        )
        joins = [*_DATA["joins"]]
        if number % 3 == 0:
            joins.append("strategy_deals")
        if number % 6 == 0:
            joins.append("retired_strategy_audience_segments")
        for collection in joins:
            removed = between(0, 12, "t1", "removed", collection, number) == 0
            # Rows of join tables are deleted for good, and nothing tells.
            gone = born + timedelta(days=between(200, 1000, "t1", collection, number))
            self._make(
                collection,
                number,
                born,
                gone if removed else None,
                strategy=number,
                nth=nth,
                hour=6 * nth,
                exchange=_FIRST_EXCHANGE + number % 4,
                deal=_FIRST_DEAL + number % 6,
                concept=values["concept"],
            )

    def _creatives(self) -> None:
        for index, one in enumerate(self.world.creatives):
            campaign = self.campaigns[one.campaign_id]
            born = midnight(campaign.start, "UTC") - timedelta(days=10)
            active = campaign.status == "active"
            self._make(
                "atomic_creatives",
                one.id,
                born,
                one=one,
                width=one.size[0],
                height=one.size[1],
                concept=campaign.id + 4_000_000,
                campaign=campaign,
                active=active,
                archived=not active and index % 2 == 0,
            )
            creative = one.id + 1_000_000
            self._make("creatives", creative, born, one=one)
            self._make("creative_assets", one.id + 2_000_000, born)
            for nth in range(2):
                exchange = _FIRST_EXCHANGE + nth
                self._make(
                    "creative_approvals", one.id * 10 + nth, born, one=one, exchange=exchange
                )
            if index % 5 == 0:
                self._make("vendor_pixels", one.id, creative=creative)
                self._make("vendor_pixel_domains", one.id, one=one)

    def _inventory(self) -> None:
        for publisher in self.world.publishers:
            self._make("publishers", publisher.id, one=publisher)
        for site in self.world.sites:
            self._make("publisher_sites", site.id, one=site)
        for unit in self.world.ad_units:
            self._make("site_placements", unit.id, one=unit)
            width, height = unit.size
            self._make("placement_slots", unit.id, one=unit, width=width, height=height)

    def _groups(self) -> None:
        for strategy in self.ids("strategies")[:2]:
            self._make("rmx_strategies", strategy, strategy=strategy)
            self._make("rmx_strategy_roi_target_pixels", strategy, strategy=strategy)
        for number in self.ids("campaigns")[:3]:
            self._make("new_strategy_groups", number, one=self.campaigns[number])
        for house in self.world.advertisers[:3]:
            self._make("campaign_plans", house.id, one=house)
