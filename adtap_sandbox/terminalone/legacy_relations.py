"""How legacy collections hang together: relations for `with`, chains for `limit`, children."""

from dataclasses import dataclass

from .data import FOREIGN
from .legacy_render import WORDS, Node, refuse
from .store import Store
from .values import Record


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
        self._checked(collection, path)
        return self.store.standing(
            (collection, condition),
            lambda: [
                record
                for record in self.store.records(collection)
                if self._below(collection, record, path, value)
            ],
        )

    def _checked(self, collection: str, path: list[str]) -> None:
        for relation in path:
            collection = self.find(collection, relation).collection

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
        """Make an entity ready for writing.

        Args:
            collection: Where the record is from.
            record: The entity.
            full: `*` or names of types to give in full.
            paths: Relations to embed, each a path of names.
            top: Whether it is given in full whatever `full` says.
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
