"""References within a JSON schema (`$ref`), as many taps send them: followed, so that columns get their types."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from adtap_loader.columns import ALTERNATIVES

_REF: Final = "$ref"
_ALL: Final = "allOf"


def resolved(schema: Mapping[str, Any], depth: int = 0) -> Mapping[str, Any]:
    """Return a stream's schema with the references of its properties replaced by what they point to.

    One that points out of the schema, to nothing or into itself is left out: such a property is untyped.

    Args:
        schema: The stream's JSON schema.
        depth: How many levels of the properties' own properties are looked through, too.

    Returns:
        The same object if there is nothing to replace.
    """
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return schema
    made = {name: _followed(spec, schema, (), depth) for name, spec in properties.items()}
    if made == properties:
        return schema
    return {**schema, "properties": made}


def _followed(spec: Any, schema: Mapping[str, Any], before: tuple[str, ...], depth: int) -> Any:
    """Return a property's schema without references, those among its alternatives too."""
    if not isinstance(spec, Mapping):
        return spec
    address = spec.get(_REF)
    if isinstance(address, str):
        rest = {key: value for key, value in spec.items() if key != _REF}
        target = None if address in before else _target(schema, address)
        if target is None:
            return rest
        return rest | _followed(target, schema, (*before, address), depth)
    made: dict[str, Any] = {
        word: [_followed(branch, schema, before, depth) for branch in spec[word]]
        for word in ALTERNATIVES
        if isinstance(spec.get(word), list)
    }
    own = spec.get("properties")
    if depth and isinstance(own, Mapping):
        made["properties"] = {
            name: _followed(inner, schema, before, depth - 1) for name, inner in own.items()
        }
    if all(spec[word] == followed for word, followed in made.items()):
        return spec
    whole = {**spec, **made}
    match whole.get(_ALL):
        case [Mapping() as only]:
            # So a reference is written that has a title of its own (pydantic 1).
            del whole[_ALL]
            return {**whole, **only}
    return whole


def _target(schema: Mapping[str, Any], address: str) -> Mapping[str, Any] | None:
    """Return what an address within the schema points to (RFC 6901); None if that is no schema."""
    if not address.startswith("#/"):
        return None
    found: Any = schema
    for part in address.removeprefix("#/").split("/"):
        name = unquote(part).replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None
