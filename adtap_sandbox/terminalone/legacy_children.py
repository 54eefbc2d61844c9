"""What hangs below a legacy entity: join rows, permissions, target dimensions, the change log."""

from operator import itemgetter
from typing import Final

from starlette.responses import Response

from adtap_sandbox.tables import fill

from .data import FOREIGN
from .legacy_relations import Relations
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


class Children:
    """Answers below one entity."""

    def __init__(self, store: Store, relations: Relations) -> None:
        self.store = store
        self.relations = relations

    def rows(self, collection: str, number: int, child: str) -> tuple[str, list[Record]]:
        """Rows of an ordinary child, and the collection they are from; 404 if there is no such child."""
        if f"{collection}/{child}" in WORDS["through"]:
            join, field = WORDS["through"][f"{collection}/{child}"]
            target = FOREIGN[field]
            return target, [
                self.store.record(target, row[field])
                for row in self.store.pointing_to(join, "strategy_id", number)
            ]
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
        inner = "".join(
            f"<{level}>{''.join(_xml('access', row) for row in rows)}</{level}>"
            for level, rows in levels.items()
        )
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
        own: Record = {
            "id": number,
            "name": record["name"],
            "entity_type": f"{record['entity_type']}_acl",
            "version": 1,
            "editable": "1",
            f"{record['entity_type']}_id": number,
        }
        node = Node(own, ("editable", f"{record['entity_type']}_id"), full=True)
        return one_reply(node, style, "acl")

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
            stubs = [
                {"entity_type": "target_value", "id": row["id"], "name": row["name"]}
                for row in values
            ]
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
