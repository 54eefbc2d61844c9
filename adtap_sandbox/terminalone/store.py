"""The state behind TerminalOne's HTTP: complete records of both generations, as of the clock's now."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from adtap_sandbox.credentials import USERNAME
from adtap_sandbox.environment import Environment, rfc3339
from adtap_sandbox.tables import table
from adtap_sandbox.world import World

from .data import FOREIGN, USER, Entities, Seed
from .values import Record, field_value

_KINDS: Final = {
    "integer": "int",
    "number": "num",
    "boolean": "bool",
    "datetime": "dt",
    "string": "str",
}
_OF_CAMPAIGN: Final = (
    *("name", "start_date", "end_date", "zone_name", "service_type"),
    *("goal_type", "goal_value", "merit_pixel_id"),
)
_MODIFIED: Final = ("updated_on", "last_modified", "udpated_on")


@lru_cache(maxsize=2)
def _entities(world: World) -> Entities:
    """The entities of a world; made once, kept over resets."""
    return Entities(world)


class Store:
    """Records of every collection; what is created or changed later than now is not there yet."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.world = environment.world
        self.entities = _entities(environment.world)
        self.legacy: Record = table(__package__, "fields_v2")
        self.current: Record = table(__package__, "fields_v3")
        self._records: dict[tuple[str, int, int], Record] = {}
        self._eldests = {name: min(members) for name, members in self.entities.collections.items()}
        self._index: dict[tuple[str, str], dict[object, list[int]]] = {}

    def seeds(self, collection: str) -> Iterator[Seed]:
        """Members of a collection that exist now, by ascending id."""
        now = self.environment.clock.now()
        members = self.entities.collections.get(collection, {})
        for number in sorted(members):
            if members[number].alive(now):
                yield members[number]

    def exists(self, collection: str, number: int) -> bool:
        seed = self.entities.collections.get(collection, {}).get(number)
        return seed is not None and seed.alive(self.environment.clock.now())

    def modifications(self, collection: str, seed: Seed) -> list[datetime]:
        """Instants at which an entity was changed, oldest first, from its creation to now.

        Changes come in nightly batches at 06:00 UTC, so many entities share one second.
        """
        now = self.environment.clock.now()
        period = self.world.between(20, 120, "t1", "period", collection, seed.id)
        phase = self.world.between(0, period - 1, "t1", "phase", collection, seed.id)
        first = datetime(2019, 1, 1, 6, tzinfo=UTC) + timedelta(days=phase)
        behind = max(0, (seed.born - first) // timedelta(days=period) + 1)
        moment = first + timedelta(days=period * behind)
        moments = [seed.born.replace(microsecond=0)]
        while moment <= now:
            moments.append(moment)
            moment += timedelta(days=period)
        return moments

    def record(self, collection: str, number: int) -> Record:
        """The flat record of one entity: legacy names, Python values, money as Decimal."""
        seed = self.entities.collections[collection][number]
        moments = self.modifications(collection, seed)
        key = (collection, number, len(moments))
        if key not in self._records:
            self._records[key] = self._build(collection, seed, moments)
        return self._records[key]

    def records(self, collection: str) -> list[Record]:
        """Flat records of all members that exist now, by ascending id."""
        return self.environment.kept(
            collection,
            lambda: [self.record(collection, seed.id) for seed in self.seeds(collection)],
        )

    def nested(self, resource: str, number: int, collection: str) -> Record:
        """The record in the current generation's shape: nested groups over the same values."""
        flat = self.record(collection, number)
        made = self._shaped(self.current[resource], flat, (resource, number))
        # Relations come only when asked for by `with`.
        made.pop("agency", None)
        if resource == "campaigns":
            own = self.pointing_to("strategies", "campaign_id", number)
            made["strategies"] = {
                "count": len(own),
                "strategies_list": [item["id"] for item in own],
                "distinct_strategy_goal_types": sorted({str(item["goal_type"]) for item in own}),
            }
        return made

    def _shaped(self, shape: Record, flat: Record, key: tuple[object, ...]) -> Record:
        return {
            name: self._leaf(name, kind, flat, key) for name, kind in shape.items() if name != "?"
        }

    def _leaf(  # noqa: PLR0911 - one shape after the other
        self, name: str, kind: Any, flat: Record, key: tuple[object, ...]
    ) -> object:
        """A field: of a kind if a text, an object if it is one, a list of what a list holds."""
        if isinstance(kind, str):
            return flat[name] if name in flat else self._filled(key, name, kind)
        inside = (*key, name)
        nothing = self.world.number("t1", *inside, "null") % 4 == 0 and not self._eldest(key)
        if isinstance(kind, dict):
            return None if "?" in kind and nothing else self._shaped(kind, flat, inside)
        if nothing:
            return None if len(kind) > 1 else []
        if isinstance(kind[0], dict):
            own = self._children(name, flat)
            if own is not None:
                return [self._shaped(kind[0], item, (*inside, item["id"])) for item in own]
            return [self._shaped(kind[0], {}, (*inside, 0))]
        if name in flat and not isinstance(flat[name], (dict, list)):
            # What the legacy API has as one value, such as `org_type`.
            return [flat[name]]
        return [self._filled((*inside, 0), name, kind[0])]

    def _children(self, name: str, flat: Record) -> list[Record] | None:
        """Real rows behind a nested list, where the platform has them as entities too."""
        if name == "flights":
            return self.pointing_to("budget_flights", "campaign_id", flat["id"])
        if name == "creative_groups":
            return self.pointing_to("strategy_concepts", "strategy_id", flat["id"])
        if name == "site_lists":
            return self.records("site_lists")[:2]
        if name == "deals" and "campaign_id" in flat:
            return self.pointing_to("strategy_deals", "strategy_id", flat["id"])
        return None

    def pointing_to(self, collection: str, field: str, value: object) -> list[Record]:
        """Records of a collection whose field points to the given id."""
        key = (collection, field)
        if key not in self._index:
            # Who points to whom never changes, so one pass serves all later questions.
            found: dict[object, list[int]] = {}
            for number in self.entities.ids(collection):
                found.setdefault(self.record(collection, number).get(field), []).append(number)
            self._index[key] = found
        numbers = self._index[key].get(value, [])
        return [self.record(collection, n) for n in numbers if self.exists(collection, n)]

    def _eldest(self, key: tuple[object, ...]) -> bool:
        """Whether the key is that of its collection's first member, which has every field."""
        return self._eldests.get(str(key[0])) == key[1]

    def _filled(self, key: tuple[object, ...], name: str, kind: str) -> object:
        if self._eldest(key):
            kind = kind.removesuffix("?")
        if kind.removesuffix("?") == "int" and name in FOREIGN:
            nullable = kind.endswith("?") and self.world.number("t1", *key, name) % 4 == 0
            return None if nullable else self.entities.pick(FOREIGN[name], *key, name)
        return field_value(self.world, key, name, kind)

    def _build(self, collection: str, seed: Seed, moments: list[datetime]) -> Record:
        unknown = {"fields": {}, "type": collection.removesuffix("s")}
        declared: Record = self.legacy.get(collection, unknown)
        kind_of = {name: _KINDS.get(kind, kind) for name, kind in declared["fields"].items()}
        made: Record = {"id": seed.id, **seed.fixed}
        for name, kind in kind_of.items():
            if name not in made:
                made[name] = self._filled((collection, seed.id), name, kind)
        made["entity_type"] = declared["type"]
        made["version"] = len(moments)
        made["created_on"] = moments[0]
        if "created_at" in kind_of:
            made["created_at"] = moments[0]
        for name in _MODIFIED:
            if name in kind_of or name == "updated_on":
                made[name] = moments[-1]
        if collection in ("campaigns", "budget_flights"):
            # What a nightly batch changes: the budget grows by a hundred.
            made["total_budget"] = Decimal(5000 + 100 * len(moments)).quantize(Decimal("0.01"))
        # Answers about strategies and concepts borrow columns from their parents.
        if collection == "strategies":
            campaign = self.record("campaigns", made["campaign_id"])
            made |= {f"campaign_{name}": campaign[name] for name in _OF_CAMPAIGN}
        if collection == "concepts":
            house = self.entities.collections["advertisers"][made["advertiser_id"]]
            made["advertiser_name"] = house.name
        return made

    def history(self, collection: str, number: int) -> list[Record]:
        """Change log of one entity, newest first, in the current generation's shape."""
        seed = self.entities.collections[collection][number]
        moments = self.modifications(collection, seed)
        rows: list[Record] = []
        for index, moment in enumerate(moments):
            name, old, new = "version", index, index + 1
            if collection in ("campaigns", "budget_flights"):
                name, old, new = "total_budget", 5000 + 100 * old, 5000 + 100 * new
            change = {"field_name": name, "old_value": str(old) if index else None}
            row: Record = {"action": "update" if index else "insert", "date": rfc3339(moment)}
            row |= {"fields": [{**change, "new_value": str(new)}], "user_name": USERNAME}
            row |= {"user_id": USER, "collection": collection, "entity_id": number}
            rows.append({**row, "tool_name": "T1 UI" if index % 2 else "API"})
        return rows[::-1]
