# ruff: noqa: PLR2004 - the roster is a table of numbers
"""Who exists on TerminalOne: the world's things under the platform's own entities, with their ties.

Only ids, names and ties are decided here; every other field is filled in by the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from adtap_sandbox.world import AGENCY, Campaign, World

from .values import midnight

ORGANIZATION: Final = 33
ARCHIVED_ORGANIZATION: Final = 34
AGENCIES: Final = (22, 23)
ARCHIVED_AGENCY: Final = 24
USER: Final = 4711

DIMENSIONS: Final[dict[int, tuple[str, tuple[str, ...]]]] = {
    1: ("DMAX", ("New York, NY", "Los Angeles, CA", "Berlin")),
    2: ("CSPD", ("Broadband", "Dialup")),
    3: ("ISPX", ("Telekom", "Comcast")),
    4: ("BSER", ("Chrome", "Safari", "Firefox")),
    5: ("OSXX", ("Windows", "macOS", "Android", "iOS")),
    7: ("REGN", ("Bayern", "California", "Île-de-France")),
    8: ("MS250", ("MathSelect 250",)),
    14: ("COUNTRY", ("Germany", "United States", "Japan")),
    15: ("SAFETY", ("Safe", "Moderate")),
    16: ("CHANNELS", ("News", "Sports")),
    19: ("FOLD", ("Above", "Below")),
    20: ("VLIN", ("Linear", "Non-linear")),
    21: ("VCON", ("Autoplay", "Click to play")),
    22: ("VAUD", ("Sound on", "Sound off")),
    23: ("VPSZ", ("Small", "Large")),
    24: ("DVCE", ("Phone", "Tablet", "Desktop")),
}
"""Target dimensions: id to code and the names of its values."""


@dataclass(frozen=True)
class Seed:
    """An entity before its fields are filled.

    `born` and `gone` are instants: the entity is listed from the first until the second.
    """

    id: int
    name: str
    born: datetime
    fixed: Mapping[str, object] = field(default_factory=dict)
    gone: datetime | None = None


class Roster:
    """All entities by collection and id, for one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.collections: dict[str, dict[int, Seed]] = {}
        self.campaigns: dict[int, Campaign] = {item.id: item for item in world.campaigns}
        self._start = datetime(world.first_day.year, 1, 1, tzinfo=UTC)
        self._people_and_houses()
        self._advertisers()
        self._reference()
        for index, campaign in enumerate(world.campaigns):
            self._campaign(index, campaign)
        self._creatives()
        self._audiences()
        self._inventory()
        self._rest()

    def add(
        self,
        collection: str,
        number: int,
        name: str,
        *,
        born: datetime | None = None,
        gone: datetime | None = None,
        **fixed: object,
    ) -> int:
        """Add one entity and give its id; without `born` it is some months older than the world."""
        age = self.world.between(40, 900, "t1", "age", collection, number)
        moment = born or self._start - timedelta(days=age, seconds=age * 37)
        self.collections.setdefault(collection, {})[number] = Seed(
            number, name, moment, {"name": name, **fixed}, gone
        )
        return number

    def ids(self, collection: str) -> list[int]:
        """Ids of a collection in ascending order; empty for a collection without members."""
        return sorted(self.collections.get(collection, {}))

    def pick(self, collection: str, *key: object) -> int | None:
        """Choose a member of a collection by key."""
        ids = self.ids(collection)
        return ids[self.world.number("t1", "pick", collection, *key) % len(ids)] if ids else None

    def _people_and_houses(self) -> None:
        self.add("organizations", ORGANIZATION, AGENCY, status=True, terminated=False)
        self.add(
            "organizations", ARCHIVED_ORGANIZATION, f"{AGENCY} (old)", status=False, terminated=True
        )
        for number, name in zip(AGENCIES, (f"{AGENCY} Berlin", f"{AGENCY} New York"), strict=True):
            self.add("agencies", number, name, organization_id=ORGANIZATION, status=True)
        self.add(
            "agencies",
            ARCHIVED_AGENCY,
            f"{AGENCY} closed office",
            organization_id=ARCHIVED_ORGANIZATION,
            status=False,
        )
        people = (("Ada", "Ops"), ("Björk", "Guðmundsdóttir"), ('Sam "T1"', "O'Neill"), ("Lee", ""))
        for index, (first, last) in enumerate(people):
            self.add("contacts", 901 + index, f"{first} {last}", first_name=first, last_name=last)
            self.add(
                "users",
                USER + index,
                f"{first} {last}".strip(),
                username="ops@northwind.example"
                if index == 0
                else f"user{index}@northwind.example",
                first_name=first,
                last_name=last,
                active=index < len(people) - 1,
                creator_id=USER,
                role="ADMIN" if index == 0 else "REPORTER",
                scope="GLOBAL" if index == 0 else "SELECT",
                type="AGENCY",
            )
        for index, organization in enumerate((ORGANIZATION, ARCHIVED_ORGANIZATION)):
            self.add(
                "contracts",
                801 + index,
                f"Contract {801 + index}",
                organization_id=organization,
                contract_number=70_001 + index,
                currency_code="USD",
            )

    def _advertisers(self) -> None:
        for index, name in enumerate(("Retail", "Travel", "Food & Drink", "Electronics")):
            self.add("verticals", 61 + index, name)
        for index, name in enumerate(("None", "DART", "Sizmek")):
            self.add("ad_servers", 1 + index, name)
        for index, item in enumerate(self.world.advertisers):
            self.add(
                "advertisers",
                item.id,
                item.name,
                agency_id=AGENCIES[index % 2],
                status=True,
            )
        # A client of the closed office: listed, switched off, never delivers.
        last = self.world.advertisers[-1].id
        self.add(
            "advertisers",
            last + 500,
            "Closed & Gone, Inc.",
            agency_id=ARCHIVED_AGENCY,
            status=False,
        )

    def _reference(self) -> None:
        for index, name in enumerate(("MediaMath", "Nielsen", "Peer39", "DoubleVerify", "IAS")):
            vendor = self.add("vendors", 401 + index, name)
            self.add(
                "vendor_domains",
                451 + index,
                f"{name.lower()}.example",
                vendor_id=vendor,
                domain=f"{name.lower()}.example",
            )
            self.add("targeting_vendors", 471 + index, name)
        for index, name in enumerate(("Exchange A", "Börse Nord", "AdX", "OpenX", "External")):
            source = self.add("supply_sources", 1001 + index, name, status=index < 4)
            self.add(
                "seats",
                1051 + index,
                f"Seat {index}",
                organization_id=ORGANIZATION,
                supply_source_id=source,
                status=index < 4,
            )
            self.add("marketplaces", 1081 + index, f"Marketplace {name}")
        for index in range(3):
            self.add(
                "pixel_providers", 501 + index, f"Provider {index}", agency_id=AGENCIES[index % 2]
            )
        deal_types = ("FIXED", "FLOOR")
        for index in range(6):
            self.add(
                "deals",
                7001 + index,
                f"Deal {index}, Früh & Spät",
                organization_id=ORGANIZATION,
                supply_source_id=1001 + index % 4,
                status=index != 5,
                price_type=deal_types[index % 2],
                deal_identifier=f"NW-{7001 + index}",
                zone_name="UTC",
                currency_code=("USD", "EUR")[index % 2],
                price={
                    "value": str(Decimal("2.5000") + index),
                    "currency_code": ("USD", "EUR")[index % 2],
                },
            )
        for index in range(4):
            self.add(
                "site_lists",
                3001 + index,
                f"List {index}, blocked",
                organization_id=ORGANIZATION,
                status=index < 3,
            )
        for code, (index, rate) in {
            "USD": (1, "1"),
            "EUR": (2, "0.92"),
            "GBP": (3, "0.79"),
            "JPY": (4, "151.25"),
            "INR": (5, "83.1"),
        }.items():
            self.add("currency_rates", index, code, currency_code=code, rate=Decimal(rate))
        zones = sorted(
            {item.time_zone for item in self.world.advertisers} | {"UTC", "Asia/Kolkata"}
        )
        for index, zone in enumerate(zones):
            self.add("timezones", 1 + index, zone, zone_name=zone, display_name=zone)

    def _campaign(self, index: int, campaign: Campaign) -> None:
        house = next(a for a in self.world.advertisers if a.id == campaign.advertiser_id)
        # One campaign in nine keeps its days and its money apart from its advertiser's.
        zone, currency = (
            ("Asia/Kolkata", "GBP") if index % 9 == 4 else (house.time_zone, house.currency)
        )
        begin = midnight(campaign.start, zone)
        born = begin - timedelta(days=14, hours=index % 20)
        end = midnight(campaign.end + timedelta(days=1), zone) if campaign.end else None
        finish = end or begin + timedelta(days=3650)
        span: dict[str, Any] = {"start_date": begin, "end_date": finish - timedelta(seconds=1)}
        active = campaign.status == "active"
        money: dict[str, Any] = {"currency_code": currency, "zone_name": zone}
        pixel = campaign.id + 6_000_000
        self.add(
            "pixel_bundles",
            pixel,
            f"Pixel {campaign.name}",
            born=born,
            advertiser_id=campaign.advertiser_id,
            agency_id=AGENCIES[index % 2] if index % 3 == 0 else None,
            pixel_type=("event", "data")[index % 2],
            keywords=None if index % 3 else "sale, été",
        )
        self.add("pixels", pixel + 100_000, "", born=born, bundle_id=pixel)
        self.add(
            "campaigns",
            campaign.id,
            campaign.name,
            born=born,
            advertiser_id=campaign.advertiser_id,
            status=active,
            archived=campaign.status in ("archived", "deleted"),
            goal_type=("cpc", "ctr", "roi", "spend")[index % 4],
            merit_pixel_id=pixel,
            pc_window_minutes=43_200,
            pv_window_minutes=20_160,
            initial_start_date=begin,
            **span,
            **money,
        )
        middle = begin + (finish - begin) / 2
        for nth, (first, last) in enumerate(((begin, middle), (middle, finish))):
            self.add(
                "budget_flights",
                campaign.id * 10 + nth,
                f"Flight {nth + 1}",
                born=born,
                campaign_id=campaign.id,
                start_date=first,
                end_date=last - timedelta(seconds=1),
                **money,
            )
        self.add(
            "vendor_contracts",
            campaign.id,
            f"Contract {campaign.id}",
            born=born,
            campaign_id=campaign.id,
        )
        concept = self.add(
            "concepts",
            campaign.id + 4_000_000,
            f"Concept {campaign.name}",
            born=born,
            advertiser_id=campaign.advertiser_id,
            status=active,
        )
        for nth in range(2):
            self._strategy(campaign, nth, born, concept, {**span, **money})

    def _strategy(
        self,
        campaign: Campaign,
        nth: int,
        born: datetime,
        concept: int,
        shared: Mapping[str, Any],
    ) -> None:
        number = campaign.id * 10 + nth
        media = ("DISPLAY", "VIDEO")[nth]
        self.add(
            "strategies",
            number,
            f"{('Prospecting', 'Retargeting, «warm»')[nth]} {campaign.id}",
            born=born,
            campaign_id=campaign.id,
            status=campaign.status == "active",
            archived=campaign.status in ("archived", "deleted"),
            media_type=media,
            type=("GBO", "REM")[nth],
            pixel_target_expr=f"( [{campaign.id + 6_000_000}] ) AND NOT ( [11] )" if nth else "",
            goal_type=("cpa", "vcr")[nth],
            **shared,
        )
        joins: dict[str, dict[str, Any]] = {
            "strategy_concepts": {"concept_id": concept, "status": True},
            "strategy_day_parts": {"start_hour": 6 * nth, "end_hour": 23},
            "strategy_audience_segments": {},
            "strategy_targeting_segments": {},
            "strategy_domain_restrictions": {"domain": f"blocked{nth}.example"},
            "strategy_supply_sources": {"supply_source_id": 1001 + number % 4},
            "strategy_target_values": {},
            "strategy_ip_addresses": {},
            "strategy_postal_codes": {},
        }
        if number % 3 == 0:
            joins["strategy_deals"] = {"deal_id": 7001 + number % 6}
        if number % 6 == 0:
            joins["retired_strategy_audience_segments"] = {}
        for collection, ties in joins.items():
            removed = self.world.between(0, 12, "t1", "removed", collection, number) == 0
            self.add(
                collection,
                number,
                "",
                born=born,
                # Rows of join tables are deleted for good, and nothing tells.
                gone=born + timedelta(days=self.world.between(200, 1000, "t1", collection, number))
                if removed
                else None,
                strategy_id=number,
                **ties,
            )

    def _creatives(self) -> None:
        for index, item in enumerate(self.world.creatives):
            campaign = self.campaigns[item.campaign_id]
            born = midnight(campaign.start, "UTC") - timedelta(days=10)
            self.add(
                "atomic_creatives",
                item.id,
                item.name,
                born=born,
                width=item.size[0],
                height=item.size[1],
                concept_id=campaign.id + 4_000_000,
                advertiser_id=campaign.advertiser_id,
                status=campaign.status == "active",
                archived=campaign.status != "active" and index % 2 == 0,
            )
            self.add("creatives", item.id + 1_000_000, "", born=born, atomic_creative_id=item.id)
            self.add("creative_assets", item.id + 2_000_000, "", born=born)
            for nth in range(2):
                self.add(
                    "creative_approvals",
                    item.id * 10 + nth,
                    "",
                    born=born,
                    atomic_creative_id=item.id,
                    supply_source_id=1001 + nth,
                )
            if index % 5 == 0:
                pixel = self.add("vendor_pixels", item.id, "", creative_id=item.id + 1_000_000)
                self.add(
                    "vendor_pixel_domains",
                    item.id,
                    "",
                    vendor_pixel_id=pixel,
                    vendor_domain_id=451,
                )

    def _audiences(self) -> None:
        self.add("audience_vendors", 81, "Vendor of segments", vendor_id=404)
        for branch in range(3):
            parent = self.add(
                "audience_segments",
                90_000 + branch * 100,
                f"Branch {branch}",
                parent_audience_segment_id=None,
                child_count=5,
                full_path=f"Branch {branch}",
            )
            for leaf in range(1, 6):
                self.add(
                    "audience_segments",
                    parent + leaf,
                    f"Leaf {leaf}",
                    parent_audience_segment_id=parent,
                    child_count=0,
                    full_path=f"Branch {branch} - Leaf {leaf}",
                )
            self.add("retired_audience_segments", 95_000 + branch, f"Retired {branch}")
            self.add("targeting_segment_objectives", 96_000 + branch, f"Objective {branch}")
            self.add("targeting_segments", 97_000 + branch, f"Context {branch}")
            self.add("path_targeting_segments", 97_000 + branch, f"Context {branch}")

    def _inventory(self) -> None:
        for publisher in self.world.publishers:
            self.add("publishers", publisher.id, publisher.name, organization_id=ORGANIZATION)
        for site in self.world.sites:
            self.add("publisher_sites", site.id, site.name, publisher_id=site.publisher_id)
        for unit in self.world.ad_units:
            place = self.add("site_placements", unit.id, unit.name, publisher_site_id=unit.site_id)
            self.add(
                "placement_slots",
                unit.id,
                unit.name,
                site_placement_id=place,
                width=unit.size[0],
                height=unit.size[1],
            )

    def _rest(self) -> None:
        for dimension, (code, names) in DIMENSIONS.items():
            self.add("target_dimensions", dimension, code)
            for index, name in enumerate(names):
                self.add(
                    "target_values",
                    dimension * 1000 + index,
                    name,
                    target_dimension_id=dimension,
                    dimension_code=code,
                    code=f"{code}{index}",
                    value=index,
                    is_targetable=True,
                )
        for strategy in self.ids("strategies")[:2]:
            number = self.add("rmx_strategies", strategy, f"RMX {strategy}", strategy_id=strategy)
            self.add("rmx_strategy_roi_target_pixels", strategy, "", rmx_strategy_id=number)
        for campaign in self.ids("campaigns")[:3]:
            self.add("new_strategy_groups", campaign, f"Group {campaign}", campaign_id=campaign)
        for house in self.world.advertisers[:3]:
            self.add("campaign_plans", house.id, f"Plan {house.name}", advertiser_id=house.id)
