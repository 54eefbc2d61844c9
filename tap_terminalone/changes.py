"""Entries of change logs, which the platform gives no id."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from tap_terminalone.walks import id_of


def change(row: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return an entry of an entity's change log with a key: the digest of all that it says.

    Args:
        row: The entry as the platform sent it.
        number: The id of the entity that changed.

    Raises:
        MalformedResponse: If it says that it is of another one, and its id is no number.
    """
    whose = {"id": row.get("entity_id") or number}
    entry = {**row, "entity_id": id_of(whose, "entry of a change log")}
    text = msgspec.json.encode(_texts(entry), order="deterministic")
    return {"change_key": hashlib.blake2b(text, digest_size=16).hexdigest(), **entry}


def _texts(value: Any) -> Any:
    """Spell everything as text: XML writes `17` what JSON writes as 17."""
    if isinstance(value, Mapping):
        return {k: _texts(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_texts(v) for v in value]
    return value if value is None else str(value)
