"""What was sent against what a store holds, property by property."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.running import Messages
from tests.warehouses.stores import Load, Store, kind, typed

PROPERTIES: Final = {
    "rows": "rows",
    "keys": "keys",
    "decimals": "decimals",
    "dates": "dates",
    "moments": "time stamps",
    "whole": "integers, booleans",
    "text": "text",
    "unicode": "unicode, control characters",
    "empty": 'null and `""`',
    "nested": "nested",
    "names": "63-character names",
    "state": "state",
}
"""What is compared, and its heading on the page."""
LONGEST: Final = 63


@dataclass(frozen=True)
class Difference:
    """A value that is not what was sent.

    Args:
        stream: The stream.
        column: The column, or what else it is about.
        sent: What the tap sent.
        held: What the store holds.
    """

    stream: str
    column: str
    sent: Any
    held: Any


@dataclass
class Findings:
    """How many values were compared for each property, and which differ."""

    compared: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PROPERTIES, 0))
    differences: dict[str, list[Difference]] = field(
        default_factory=lambda: {name: [] for name in PROPERTIES}
    )

    def note(self, name: str, stream: str, column: str, sent: Any, held: Any) -> None:
        """Compare one value."""
        self.compared[name] += 1
        if type(sent) is not type(held) or sent != held:
            self.differences[name].append(Difference(stream, column, sent, held))


def compare(sent: Messages, store: Store, load: Load) -> Findings:
    """Compare everything a run sent with what the store holds after it."""
    found = Findings()
    found.note("state", "", "last STATE", sent.last_state, load.state)
    for stream, schema in sent.schemas.items():
        _compare_stream(found, sent, schema, store)
        columns = set(schema["schema"]["properties"])
        if sent.records[stream] and (len(stream) == LONGEST or max(map(len, columns)) == LONGEST):
            missing = columns - set(store.types(stream))
            found.note("names", stream, "columns", set(), missing)
    return found


def _compare_stream(
    found: Findings, sent: Messages, schema: Mapping[str, Any], store: Store
) -> None:
    stream, keys = schema["stream"], schema["key_properties"]
    kinds = {name: kind(spec) for name, spec in schema["schema"]["properties"].items()}
    wanted = final(sent, stream)
    rows = store.rows(schema)
    records = sent.records[stream]
    found.note("rows", stream, "rows", len(wanted if store.upserts else records), len(rows))
    held = {tuple(row[key] for key in keys): row for row in rows}
    found.note("keys", stream, "keys", set(), wanted.keys() ^ held.keys())
    for key, row in wanted.items():
        if key not in held:
            continue
        for (name, value), there in zip(row.items(), map(held[key].__getitem__, row), strict=True):
            if value is None or value == "" or there is None:
                found.note("empty", stream, name, value, there)
                continue
            found.note(kinds[name], stream, name, value, there)
            if kinds[name] == "text" and not (value.isascii() and value.isprintable()):
                found.note("unicode", stream, name, value, there)


def final(sent: Messages, stream: str) -> dict[Any, dict[str, Any]]:
    """A stream's rows by key as an upsert leaves them, each value as its property's type; made once for all stores."""
    known = vars(sent).setdefault("finals", {})
    if stream not in known:
        known[stream] = _final(sent, stream)
    return known[stream]


def _final(sent: Messages, stream: str) -> dict[Any, dict[str, Any]]:
    schema = sent.schemas[stream]
    kinds = {name: kind(spec) for name, spec in schema["schema"]["properties"].items()}
    rows = {}
    for record in sent.records[stream]:
        row = {name: typed(record.get(name), kinds[name]) for name in kinds}
        rows[tuple(row[key] for key in schema["key_properties"])] = row
    return rows
