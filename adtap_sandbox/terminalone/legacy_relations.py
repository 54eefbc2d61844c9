"""How legacy collections hang together: relations for `with`, chains for `limit`, and what hangs below an entity."""

from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from starlette.responses import Response

from adtap_sandbox.tables import fill

from .data import FOREIGN
from .legacy_render import (
    WORDS,
    Node,
    Style,
    data_reply,
    json_entity,
    one_reply,
    refuse,
    reply,
    xml_attributes,
    xml_entity,
    xml_result,
)
from .store import Store
from .values import Record

_CHANGE: Final = itemgetter("field_name", "old_value", "new_value")
SPECIAL: Final = ("permissions", "acl", "target_dimensions", "target_values", "settings")


@dataclass(frozen=True)
class Relation:
    """A relation: to one record by a field of ours, or to many by a field of theirs."""

    collection: str
    field: str
    single: bool


class Relations:
    """Relations of the legacy collections."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._types = {name: str(declared["type"]) for name, declared in store.legacy.items()}

    def known(self, collection: str) -> bool:
        """Whether `/api/v2.0` serves the collection."""
        return collection in self._types and collection not in WORDS["children_only"]

    def fields(self, collection: str) -> tuple[str, ...]:
        """Fields of a full entity, beyond id and version."""
        fields = self.store.legacy.get(collection, {"fields": ()})["fields"]
        return tuple(name for name in ("name", *fields) if name not in ("id", "version"))

    def find(self, collection: str, name: str) -> Relation:
        """Find a relation by its name; 400 if the collection has none of that name."""
        path = f"{collection}/{name}"
        if path in WORDS["parents"]:
            field, target = WORDS["parents"][path]
            return Relation(target, field, single=True)
        field = f"{name}_id"
        if field in FOREIGN and field in self.fields(collection):
            return Relation(FOREIGN[field], field, single=True)
        field = WORDS["children"].get(path, f"{self._types.get(collection)}_id")
        if name in self._types and field in self.fields(name):
            return Relation(name, field, single=False)
        raise refuse(400, "invalid", f"unknown relation {name}", name)

    def related(self, collection: str, record: Record, relation: str) -> list[Record]:
        """The records that a relation leads to."""
        found = self.find(collection, relation)
        if not found.single:
            return self.store.pointing_to(found.collection, found.field, record["id"])
        number = record.get(found.field)
        if not isinstance(number, int) or not self.store.exists(found.collection, number):
            return []
        return [self.store.record(found.collection, number)]

    def limited(self, collection: str, condition: str) -> list[Record]:
        """Records below an ancestor, for `.../limit/advertiser.agency=22`; 400 for what can't be read."""
        chain, equals, value = condition.partition("=")
        if not equals:
            raise refuse(400, "invalid", "a limit is written relation=value", "limit")
        path = chain.split(".")
        step = collection
        for relation in path:
            step = self.find(step, relation).collection

        def below() -> list[Record]:
            records = self.store.records(collection)
            return [one for one in records if self._below(collection, one, path, value)]

        return self.store.environment.kept(f"{collection} {condition}", below)

    def _below(self, collection: str, record: Record, path: list[str], value: str) -> bool:
        found = self.find(collection, path[0])
        if len(path) == 1 and found.single:
            return str(record.get(found.field)) == value
        others = self.related(collection, record, path[0])
        if len(path) == 1:
            return any(str(other["id"]) == value for other in others)
        return any(self._below(found.collection, other, path[1:], value) for other in others)

    def node(
        self, collection: str, record: Record, full: str, paths: list[list[str]], *, top: bool
    ) -> Node:
        """An entity ready for writing, in full if `full` (`*` or names of types) or `top` says so.

        `paths` are the relations to embed, each a path of names.
        """
        names = full.split(",")
        whole = top or full == "*" or str(record["entity_type"]) in names
        node = Node(record, self.fields(collection), whole)
        firsts = dict.fromkeys(path[0] for path in paths if path)
        for relation in firsts:
            found = self.find(collection, relation)
            rest = [path[1:] for path in paths if path[:1] == [relation]]
            for other in self.related(collection, record, relation):
                below = self.node(found.collection, other, full, rest, top=False)
                below.single = found.single
                # The client tells one from many by whether `rel` equals the type.
                below.rel = relation
                node.embedded.append(below)
        return node


class Children:
    """Answers below one entity."""

    def __init__(self, store: Store, relations: Relations) -> None:
        self.store, self.relations = store, relations

    def rows(self, collection: str, number: int, child: str) -> tuple[str, list[Record]]:
        """Rows of an ordinary child, and the collection they are from; 404 if there is no such child."""
        if f"{collection}/{child}" in WORDS["through"]:
            join, field = WORDS["through"][f"{collection}/{child}"]
            target, joins = FOREIGN[field], self.store.pointing_to(join, "strategy_id", number)
            return target, [self.store.record(target, row[field]) for row in joins]
        if child == "site_lists" and collection in ("campaigns", "strategies"):
            return child, self.store.records(child)[:2]
        prefixed = f"strategy_{child}" if collection == "strategies" else child
        if child == "retired_audience_segments":
            prefixed = "retired_strategy_audience_segments"
        for name in (prefixed, child):
            if self.relations.known(name):
                found = self.relations.find(collection, name)
                if not found.single:
                    return name, self.store.pointing_to(name, found.field, number)
        raise refuse(404, "not_found", "Entity Not Found")

    def special(self, style: Style, collection: str, number: int, rest: list[str]) -> Response:
        """Children that are no entities of their own."""
        child = rest[0]
        if child == "permissions" and collection == "users":
            return self._permissions(style, number)
        if child == "acl":
            return self._acl(style, collection, number)
        if collection == "strategies" and child == "target_dimensions" and len(rest) > 1:
            return self._dimension(style, number, rest[1])
        if collection == "strategies" and child == "target_values":
            return self._target_values(style, number)
        if collection == "users" and child == "settings":
            return data_reply({"zone_name": "UTC"}, style, "settings")
        raise refuse(404, "not_found", "Entity Not Found")

    # --- permissions --------------------------------------------------------------------------

    def _permissions(self, style: Style, number: int) -> Response:
        user = self.store.record("users", number)
        flags = {name: str(int(bool(user[name]))) for name in WORDS["flags"]}
        flags |= {name: str(user[name]) for name in WORDS["words"]}
        # A user with access to everything has no list of entities.
        levels = {} if user["scope"] == "GLOBAL" else self._levels()
        if style.json:
            access = [{"type": k, "value": v} for k, v in flags.items()]
            entities = {k: [{"access": v}] for k, v in levels.items()}
            permissions = {"flags": [{"access": access}], "entities": entities}
            identity = {"id": number, "name": user["name"], "type": "user"}
            data = {"permissions": permissions, "user": identity}
            return data_reply(data, style, f"permissions{number}")
        inner = ""
        for level, rows in levels.items():
            inner += f"<{level}>{''.join(_xml('access', row) for row in rows)}</{level}>"
        owned = f"<entities>{inner}</entities>" if levels else ""
        flagged = "".join(_xml("access", {"type": k, "value": v}) for k, v in flags.items())
        body = f"<permissions>{owned}<flags>{flagged}</flags></permissions>"
        tail = _xml("user", {"id": str(number), "name": str(user["name"]), "type": "user"})
        return reply(xml_result(body + tail, style))

    def _levels(self) -> dict[str, list[dict[str, str]]]:
        parents = {"organizations": "", "agencies": "organization_id", "advertisers": "agency_id"}
        levels = {}
        for collection, parent in parents.items():
            rows = []
            for record in self.store.records(collection)[:2]:
                row = {"id": str(record["id"]), "name": str(record["name"]), "value": "w"}
                row |= {"dmp_enabled": "disabled", "child_count": "1"}
                if parent:
                    row[parent] = str(record[parent])
                rows.append(row)
            levels[str(self.store.records(collection)[0]["entity_type"])] = rows
        return levels

    def _acl(self, style: Style, collection: str, number: int) -> Response:
        record = self.store.record(collection, number)
        kind = record["entity_type"]
        own: Record = {"id": number, "name": record["name"], "entity_type": f"{kind}_acl"}
        own |= {"version": 1, "editable": "1", f"{kind}_id": number}
        return one_reply(Node(own, ("editable", f"{kind}_id"), full=True), style, "acl")

    # --- targeting ----------------------------------------------------------------------------

    def _dimension(self, style: Style, strategy: int, text: str) -> Response:
        if not text.isdigit() or not self.store.exists("target_dimensions", int(text)):
            raise refuse(404, "not_found", "Entity Not Found")
        rows = self.store.pointing_to("target_values", "target_dimension_id", int(text))
        fields = self.relations.fields("target_values")
        nodes = [Node(row, fields, full=True) for row in rows]
        cut = 1 + strategy % max(1, len(nodes))
        sides = {"include": nodes[:cut], "exclude": nodes[cut:]}
        active = strategy % 3 != 0
        if style.json:
            data: Record = {"enabled": {"active": active}, "include_op": "OR", "exclude_op": "OR"}
            data |= {side: [json_entity(node, style) for node in sides[side]] for side in sides}
            return data_reply(data, style, f"{strategy}/{text}")
        inner = f'<enabled active="{int(active)}"/>'
        for side, members in sides.items():
            written = "".join(xml_entity(node) for node in members)
            inner += f'<{side}><entities target_op="OR">{written}</entities></{side}>'
        return reply(xml_result(inner, style))

    def _target_values(self, style: Style, strategy: int) -> Response:
        data: list[Record] = []
        for dimension in self.store.seeds("target_dimensions"):
            number = dimension.id
            values = self.store.pointing_to("target_values", "target_dimension_id", number)[:1]
            kind = {"entity_type": "target_value"}
            stubs = [{**kind, "id": row["id"], "name": row["name"]} for row in values]
            ids = {"id": strategy * 100 + number, "strategy": strategy}
            made = {**ids, "dimension": dimension, "values": stubs}
            data.append(fill(WORDS["strategy_target"], made))
        counts: Record = {"count": len(data), "total_count": 0, "offset": 0}
        return data_reply(data, style, f"targets{strategy}", **counts)

    # --- change log ---------------------------------------------------------------------------

    def history(self, style: Style, collection: str, number: int) -> Response:
        """The change log; the entry's attributes follow the current generation's."""
        rows = self.store.history(collection, number)
        if style.json:
            return data_reply({"log_entries": rows}, style, f"history{number}")
        inner = ""
        for row in rows:
            start = xml_attributes({k: str(v) for k, v in row.items() if k != "fields"})
            written = "".join(
                _xml("field", {"name": name, "old_value": old or "", "new_value": new})
                for name, old, new in map(_CHANGE, row["fields"])
            )
            inner += f"<entry{start}>{written}</entry>"
        return reply(xml_result(f"<log_entries>{inner}</log_entries>", style))


def _xml(tag: str, attributes: dict[str, str]) -> str:
    return f"<{tag}{xml_attributes(attributes)}/>"
