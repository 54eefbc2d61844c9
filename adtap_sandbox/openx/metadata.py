"""The Platform API's own metadata: `available_fields`, `options` and `subtypes`.

The keys, and where they are from: `options.json`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from adtap_sandbox.openx.objects import SUBTYPES, Document
from adtap_sandbox.tables import table

_DECLARED: Final[dict[str, Any]] = table(__package__, "options")
OPTION_KEYS: Final = {f"{name}_options" for name in _DECLARED["plain"]} | {*_DECLARED["named"]}
OBJECT_OPTIONS: Final[dict[str, tuple[str, dict[str, str]]]] = _DECLARED["objects"]
"""Keys that list objects: which type, narrowed by what."""


def options(key: str) -> list[Document]:
    """The rows of an option key that lists no objects; every row has `id` and `name`."""
    fixed: dict[str, list[Document]] = _DECLARED["fixed"]
    if key in fixed:
        return fixed[key]
    if key == "subtype_names":
        return _named(name for names in SUBTYPES.values() for name in names)
    if key.endswith("_status_options") or key == "status_options_common":
        return _named(("Active", "Inactive"))
    label = key.removesuffix("_options").replace("_", " ")
    return [{"id": str(nth), "name": f"{label} {nth}"} for nth in (1, 2)]


def _named(names: Iterable[str]) -> list[Document]:
    return [{"id": name, "name": name} for name in names]


def describe(sample: Mapping[str, Any]) -> Document:
    """`available_fields` of a type, from one of its objects as the API shows it."""
    described: Document = {}
    for name, value in sample.items():
        readonly = name in _DECLARED["read_only"]
        entry: Document = {
            "type": _type_of(name, value),
            "required": name == "name",
            "readonly": readonly,
            "has_dependencies": name == "type_full",
        }
        if readonly:
            entry["auto"] = True
        if entry["type"] == "varchar":
            entry["maxlen"] = 255
        if isinstance(value, list):
            entry["items"] = {
                "type": "object" if value and isinstance(value[0], dict) else "varchar"
            }
        if isinstance(value, dict):
            entry["available_fields"] = describe(value)
        if name in _DECLARED["urls"]:
            entry["url"] = _DECLARED["urls"][name]
        described[name] = entry
    return described


def _type_of(name: str, value: object) -> str:
    types: dict[str, str] = _DECLARED["types"]
    if name in types:
        return types[name]
    endings = {"_uid": "uid", "_id": "int", "_date": "datetime"}
    for ending, kind in endings.items():
        if name.endswith(ending):
            return kind
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else "varchar"


def subtypes() -> Document:
    """The `/subtypes` document: creation rules by subtype."""
    return {
        kind: {name: {"creatable": True, "parent": kind} for name in names}
        for kind, names in SUBTYPES.items()
    }
