"""Every dimension of every report: a name and a finest row in, a value out."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from .facts import Delivery, Fact
from .store import Store
from .values import Record, field_value, local

# Name -> (which bits choose, values). Names with the same bits vary together.
CHOICES: Final[dict[str, tuple[int, tuple[object, ...]]]] = {
    "country_id": (3, (84, 251, 113, None)),
    "country_code": (3, ("DE", "US", "JP", None)),
    "country_name": (3, ("Germany", "United States", "Japan", None)),
    "region_id": (5, (501, 502, 503)),
    "region_code": (5, ("BY", "CA", "IDF")),
    "region_name": (5, ("Bayern", "California", "Île-de-France")),
    "dma_id": (5, (1001, 1002, None)),
    "dma_name": (5, ("New York, NY", "Los Angeles, CA", "")),
    "city_id": (5, (11, 12, 13)),
    "city_name": (5, ("München", "San José", "Saint-Denis")),
    "postal_code_id": (5, (80331, 94103, 93200)),
    "postal_code_name": (5, ("80331", "94103", "93200")),
    "browser": (7, ("Chrome", "Safari", "Firefox", "")),
    "browser_version": (7, ("131", "18.1", "132", None)),
    "device_make": (9, ("Apple", "Samsung", None)),
    "device_model": (9, ("iPhone", 'Tab "S9", Wi-Fi', None)),
    "form_factor": (9, ("Smartphone", "Tablet", "Desktop")),
    "openrtb_device_type": (9, ("Phone", "Tablet", "Personal Computer")),
    "inventory_type": (9, ("Mobile", "Mobile", "Desktop")),
    "os_type": (9, ("iOS", "Android", "Windows")),
    "os_version": (9, ("18", "15", "11")),
    "inventory_browser_type": (7, ("In-app", "Mobile web", "Desktop web")),
    "inventory_market_type": (11, ("Open", "Private", "Open")),
    "mm_buying_modality": (11, ("RTB", "PMP", "RTB")),
    "auction_type": (11, ("FIRST_PRICED", "SECOND_PRICED")),
    "exchange_id": (11, (1001, 1002, 1003, 1004)),
    "exchange_name": (11, ("Exchange A", "Börse Nord", "AdX", "OpenX")),
    "deal_id": (13, (None, 7001, 7002, None, 7003)),
    "site_domain": (15, ("nordlys.example", "dailyharbor.example", "", "a,b.example", None)),
    "publisher_id": (15, (310, 311, None, 312, None)),
    "publisher_name": (15, ("Nordlys Medien", "Daily Harbor, LLC", None, 'The "Local"', None)),
    "primary_seller_id": (15, ("pub-1", "pub-2", None)),
    "primary_seller_name": (15, ("Seller\tOne", "Seller Two", None)),
    "app_id": (17, (None, "com.example.app", "1234567890")),
    "app_name": (17, (None, "Beispiel\nApp", "東京カメラ")),
    "app_store": (17, (None, "google_play", "app_store")),
    "media_name": (15, ("News", "Sports", None)),
    "channel_type": (17, ("Web", "App", "App")),
    "content_title": (19, (None, "Episode 1: «Pilot»", "")),
    "video_placement": (19, ("In-Stream", "Out-Stream", None)),
    "video_skippability": (19, ("Skippable", "Non-Skippable", None)),
    "isp_id": (21, (71, 72)),
    "isp_name": (21, ("Telekom", "Comcast")),
    "conn_speed_id": (21, (1, 2)),
    "conn_speed_name": (21, ("Broadband", "Mobile")),
    "ads_txt_type": (23, ("DIRECT", "RESELLER", None)),
    "ads_txt_verified": (23, ("AUTHORIZED", "AUTHORIZED", "UNKNOWN")),
    "bid_price_impact": (23, ("High", "Low")),
    "attribution_group": (25, ("MediaMath Last Touch",)),
    "flight_id": (27, (1, 2)),
    "prisma_campaign_id": (27, (None, "P-1")),
    "prisma_campaign_name": (27, (None, "Prisma, one")),
    "prisma_client_product_estimate": (27, (None, "C/P/E")),
    "prisma_io_number": (27, (None, "IO-1")),
    "strategy_supply_type": (29, ("RTB & Private Market Place (PMP)", "Batch Supply")),
    "context": (31, ("News", "Sports", "Arts & Leisure")),
}

ALIASES: Final[dict[str, str]] = {
    "audience_name": "context",
    "campaign_budget": "campaign_total_budget",
    "campaign_timezone": "campaign_zone_name",
    "campaign_timezone_code": "campaign_zone_name",
    "category_name": "context",
    "device_type": "form_factor",
    "domain": "site_domain",
    "metro_name": "dma_name",
    "provider_id": "pixel_provider_id",
    "operating_system": "os_type",
    "strategy_channel": "strategy_media_type",
    "tpas_placement_id": "creative_tpas_placement_id",
    "tpas_placement_name": "creative_tpas_placement_name",
}
"""V1 names and their V2 twins, and names that only reports use."""

_HOUSES: Final = (
    ("campaign_merit_pixel_", "pixel_bundles"),
    ("pixel_provider_", "pixel_providers"),
    ("organization_", "organizations"),
    ("advertiser_", "advertisers"),
    ("campaign_", "campaigns"),
    ("strategy_", "strategies"),
    ("creative_", "atomic_creatives"),
    ("concept_", "concepts"),
    ("agency_", "agencies"),
    ("pixel_", "pixel_bundles"),
    ("deal_", "deals"),
)
_OF_DEALS: Final = {
    "external_id": "deal_identifier",
    "start_date": "start_datetime",
    "end_date": "end_datetime",
}
_UNITS: Final = ("_minutes", "_amount", "_id", "_rank", "_position", "_cap")
_YES_NO: Final = ("_eligible", "_status", "_archived", "_friendly", "_merit", "_is_native")


class Dimensions:
    """Looks dimensions up; made per request, so that a record is read once.

    Args:
        store: The entities behind the rows.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[object, ...], object] = {}
        self._records: dict[tuple[str, int], Record] = {}

    def value(self, fact: Fact, name: str) -> object:
        """The value of a dimension on a row; None where the row has none."""
        name = ALIASES.get(name, name)
        if name in CHOICES:
            shift, values = CHOICES[name]
            return values[(fact.bits >> shift) % len(values)]
        special = self._special(fact, name)
        if special is not None:
            return special
        for prefix, house in _HOUSES:
            if name.startswith(prefix):
                number = self._owner(fact, house)
                if number is None:
                    return None
                key = (house, number, name)
                if key not in self._known:
                    self._known[key] = self._attribute(house, number, name, prefix)
                return self._known[key]
        return None

    def record(self, collection: str, number: int) -> Record:
        """An entity's record, read once."""
        key = (collection, number)
        if key not in self._records:
            self._records[key] = self._store.record(collection, number)
        return self._records[key]

    def _special(self, fact: Fact, name: str) -> object:  # noqa: PLR0911, PLR0912, C901
        """Dimensions that follow from the row itself."""
        slot = fact.slot
        if name == "day_part_id":
            return fact.hour // 6 + 1
        if name == "day_part_name":
            return ("Night", "Morning", "Afternoon", "Evening")[fact.hour // 6]
        if name == "week_day_id":
            return fact.day.isoweekday()
        if name == "week_day_name":
            return fact.day.strftime("%A")
        if name == "frequency":
            return fact.bits % 10 + 1
        if name == "frequency_bin":
            return ("1", "2", "3-5", "3-5", "3-5", "6+", "6+", "6+", "6+", "6+")[fact.bits % 10]
        if name == "referrer":
            return ("https://shop.example/checkout?a=1&b=2", "https://été.example/", "")[slot % 3]
        if name == "referrer_rank":
            return slot + 1
        if name == "feature":
            return ("browser", "site", "hour", "Größe")[slot % 4]
        if name in ("index", "mean", "bid_impact"):
            return Decimal(fact.bits % 3000) / 1000
        if name == "position":
            return slot + 1
        if name == "model_goal":
            return "cpa"
        if name == "feature_report_type":
            return ("top_features", "bottom_features")[slot % 2]
        if name == "feature_value":
            return ("Chrome", "nordlys.example", "17", "300x250, mobil")[slot % 4]
        if name == "is_numeric":
            return "Y" if slot % 4 == 2 else "N"  # noqa: PLR2004
        if name == "creative_size" and isinstance(fact, Delivery):
            creative = self.record("atomic_creatives", fact.creative)
            return f"{creative['width']}x{creative['height']}"
        return None

    def _owner(self, fact: Fact, house: str) -> int | None:  # noqa: PLR0911, C901
        """The id of the entity that a row belongs to, in a collection."""
        record = fact.record
        if house == "deals":
            values = CHOICES["deal_id"][1]
            number = values[(fact.bits >> CHOICES["deal_id"][0]) % len(values)]
            return number if isinstance(number, int) else None
        if house == "strategies":
            return _id(record, "id") if "campaign_id" in record else None
        if house == "atomic_creatives":
            return fact.creative if isinstance(fact, Delivery) else None
        if house == "pixel_bundles" and "pixel_type" in record:
            return _id(record, "id")
        if house == "pixel_providers":
            return self._provider(fact)
        campaign = record
        if "campaign_id" in record:
            campaign = self.record("campaigns", _id(record, "campaign_id") or 0)
        if house == "campaigns":
            return _id(campaign, "id")
        if house == "concepts":
            number = _id(campaign, "id")
            return number + 4_000_000 if number else None
        if house == "pixel_bundles":
            return _id(campaign, "merit_pixel_id")
        advertiser = self.record("advertisers", _id(campaign, "advertiser_id") or 0)
        if house == "advertisers":
            return _id(advertiser, "id")
        agency = self.record("agencies", _id(advertiser, "agency_id") or 0)
        return _id(agency, "id") if house == "agencies" else _id(agency, "organization_id")

    def _provider(self, fact: Fact) -> int | None:
        record = fact.record
        if "pixel_type" not in record:
            pixel = _id(self.record("campaigns", _id(record, "campaign_id") or 0), "merit_pixel_id")
            record = self.record("pixel_bundles", pixel or 0)
        return _id(record, "provider_id")

    def _attribute(self, house: str, number: int, name: str, prefix: str) -> object:
        record = self.record(house, number)
        field = name.removeprefix(prefix)
        if field.endswith("_campaign_tz"):
            moment = record[field.removesuffix("_campaign_tz")]
            zone = str(record["zone_name"])
            # The same moment on the campaign's wall clock, without a zone.
            return local(moment, zone).strftime("%Y-%m-%dT%H:%M:%S")  # type: ignore[arg-type]
        # The whole name first: a pixel has both a `pixel_type` and a `type`.
        for candidate in (name, field):
            if candidate in record:
                value = record[candidate]
                # A deal's price is an object; its currency has a dimension of its own.
                return value["value"] if isinstance(value, dict) else value
        if house == "deals" and field in _OF_DEALS:
            return record.get(_OF_DEALS[field])
        kind = "str"
        if field.endswith(_UNITS) or f"_{field}".endswith(_UNITS):
            kind = "int?"
        elif f"_{field}".endswith(_YES_NO):
            kind = "bool"
        elif field.endswith("_on"):
            kind = "dt?"
        return field_value(self._store.world, (house, number), field, kind)


def _id(record: Record, field: str) -> int | None:
    value = record.get(field)
    return value if isinstance(value, int) else None
