"""A stream of the contract's own extremes, for what the sandbox's world does not reach in every tap."""

import json
from typing import Any, Final

from tests.running import Messages, parse

STREAM: Final = "edges_of_what_the_contract_allows_in_a_table_name_of_63_letters"
LONG_COLUMN: Final = "a_metric_whose_name_is_as_long_as_a_column_name_may_be_letter_"
assert len(STREAM) == len(LONG_COLUMN) + 1 == 63

_DECIMAL: Final = {
    "type": ["string", "null"],
    "format": "x-singer.decimal",
    "precision": 38,
    "scale": 18,
}
_TEXT: Final = {"type": ["string", "null"]}
_MOMENT: Final = {"type": ["string", "null"], "format": "date-time"}
_PROPERTIES: Final[dict[str, Any]] = {
    "_row_key": {"type": "string"},
    "day": {"type": "string", "format": "date"},
    "hour": _MOMENT,
    "spend": _DECIMAL,
    "count": {"type": ["integer", "null"]},
    "flag": {"type": ["boolean", "null"]},
    "name": _TEXT,
    # Words that SQL keeps for itself.
    "order": _TEXT,
    "group": _TEXT,
    "select": {"type": ["integer", "null"]},
    "user": _TEXT,
    "tree": {"type": ["object", "null"], "additionalProperties": True},
    "list": {"type": ["array", "null"], "items": {}},
    f"{LONG_COLUMN}a": _DECIMAL,
    f"{LONG_COLUMN}b": _TEXT,
}
_ROWS: Final[tuple[dict[str, Any], ...]] = (
    {
        "spend": "12345678901234567890.123456789012345678",
        "hour": "2026-03-29T01:30:00Z",
        "count": 2**63 - 1,
        "flag": True,
        "name": "Äpfel & Öl \u2013 東京 🚀",
        "tree": {"a": {"b": [1, 2, {"c": None}]}, "ключ": "значение", "empty": {}},
        "list": ["a", "", "ü"],
        "order": "first",
        "select": 1,
        f"{LONG_COLUMN}a": "0.000000000000000001",
        f"{LONG_COLUMN}b": "b",
    },
    {
        "spend": "-0.000000000000000001",
        # In New York this hour of the night does not exist.
        "hour": "2026-03-08T02:30:00Z",
        "count": -(2**63) + 1,
        "flag": False,
        "name": "",
        "tree": {},
        "list": [],
        "group": "",
        f"{LONG_COLUMN}b": "",
    },
    {
        "spend": "0",
        # And this one comes twice.
        "hour": "2026-11-01T05:30:00Z",
        "name": "quotes \" and ' and \\ and\ttab, comma;\r\nnew line \u2028",
        "list": [{"x": "y"}],
        "user": "NULL",
    },
    {
        "spend": "99999999999999999999.999999999999999999",
        "hour": "1970-01-01T00:00:00Z",
        "name": "\\N",
        "order": "null",
    },
    {"spend": None, "hour": "2026-03-18T12:00:00.123456Z", "name": None},
    {"hour": None, "name": "e\u0301 is not é"},
)


def text() -> str:
    """The messages of a run that has nothing but extremes."""
    head = {
        "type": "SCHEMA",
        "stream": STREAM,
        "schema": {"type": "object", "properties": _PROPERTIES},
        "key_properties": ["_row_key"],
        "bookmark_properties": ["day"],
    }
    records = [
        {
            "type": "RECORD",
            "stream": STREAM,
            "record": {
                **dict.fromkeys(_PROPERTIES),
                "_row_key": f"k{place}",
                "day": ("2024-02-29", "2026-03-18")[place % 2],
                **row,
            },
        }
        for place, row in enumerate(_ROWS)
    ]
    state = {"type": "STATE", "value": {"bookmarks": {STREAM: {"until": "2026-03-18"}}}}
    return "\n".join(json.dumps(message) for message in (head, *records, state)) + "\n"


def messages() -> Messages:
    """The same, read."""
    return parse(text())
