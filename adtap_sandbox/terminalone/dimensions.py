"""Every dimension of every report: a name and a finest row in, a value out."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from adtap_sandbox.tables import table

from .facts import Delivery, Fact
from .store import Store
from .values import Record, field_value, local

_TABLE: Final = table(__package__, "dimensions")
CHOICES: Final[dict[str, tuple[int, list[Any]]]] = _TABLE["choices"]

_OF_ROW: Final[dict[str, Callable[[Fact], object]]] = {
    "day_part_id": lambda fact: fact.hour // 6 + 1,
    "day_part_name": lambda fact: _TABLE["day_parts"][fact.hour // 6],
    "week_day_id": lambda fact: fact.day.isoweekday(),
    "week_day_name": lambda fact: fact.day.strftime("%A"),
    **dict.fromkeys(("index", "mean", "bid_impact"), lambda fact: Decimal(fact.bits % 3000) / 1000),
}
"""Dimensions that follow from the row itself."""


class Dimensions:
    """Looks dimensions up; made per request, so that a record is read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[object, ...], object] = {}
        self._records: dict[tuple[str, int], Record] = {}

    def value(self, fact: Fact, name: str) -> object:  # noqa: PLR0911 - one source after the other
        """The value of a dimension on a row; None where the row has none."""
        name = _TABLE["aliases"].get(name, name)
        if name in CHOICES:
            return _chosen(fact, name)
        if name in _TABLE["by_slot"]:
            values = _TABLE["by_slot"][name]
            return values[fact.slot % len(values)]
        if name in _OF_ROW:
            return _OF_ROW[name](fact)
        if name == "creative_size" and isinstance(fact, Delivery):
            creative = self.record("atomic_creatives", fact.creative)
            return f"{creative['width']}x{creative['height']}"
        for prefix, house in _TABLE["owners"].items():
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
        key = (collection, number)
        if key not in self._records:
            self._records[key] = self._store.record(collection, number)
        return self._records[key]

    def _owner(self, fact: Fact, house: str) -> int | None:  # noqa: PLR0911, C901
        """The id of the entity that a row belongs to, in a collection."""
        record = fact.record
        if house == "deals":
            deal: int | None = _chosen(fact, "deal_id")
            return deal
        if house == "strategies":
            return _id(record, "id") if "campaign_id" in record else None
        if house == "atomic_creatives":
            return fact.creative if isinstance(fact, Delivery) else None
        if house == "pixel_bundles" and "pixel_type" in record:
            return _id(record, "id")
        if house == "pixel_providers":
            if "pixel_type" not in record:
                campaign = self.record("campaigns", _id(record, "campaign_id") or 0)
                record = self.record("pixel_bundles", _id(campaign, "merit_pixel_id") or 0)
            return _id(record, "provider_id")
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

    def _attribute(self, house: str, number: int, name: str, prefix: str) -> object:
        record = self.record(house, number)
        field = name.removeprefix(prefix)
        if field.endswith("_campaign_tz"):
            moment = record[field.removesuffix("_campaign_tz")]
            zone = str(record["zone_name"])
            # The same moment on the campaign's wall clock, without a zone.
            return local(moment, zone).strftime("%Y-%m-%dT%H:%M:%S")
        # The whole name first: a pixel has both a `pixel_type` and a `type`.
        for candidate in (name, field):
            if candidate in record:
                value = record[candidate]
                # A deal's price is an object; its currency has a dimension of its own.
                return value["value"] if isinstance(value, dict) else value
        if house == "deals" and field in _TABLE["of_deals"]:
            return record.get(_TABLE["of_deals"][field])
        kinds = (
            kind for kind, ends in _TABLE["kinds"].items() if f"_{field}".endswith(tuple(ends))
        )
        return field_value(self._store.world, (house, number), field, next(kinds, "str"))


def _chosen(fact: Fact, name: str) -> Any:
    shift, values = CHOICES[name]
    return values[(fact.bits >> shift) % len(values)]


def _id(record: Record, field: str) -> int | None:
    value = record.get(field)
    return value if isinstance(value, int) else None
