"""Stream maps, as far as this project has something to say of them: exact decimals, nulls, whose fault it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any, Final

from adtap_core.errors import RequestError

EVERY: Final = "*"
_DECIMAL: Final = "x-singer.decimal"


def maps_of(settings: Mapping[str, Any], stream: str) -> dict[str, str]:
    """Return the expressions of a stream's map, by column: those of `*` too."""
    given = settings.get("stream_maps") or {}
    found: dict[str, str] = {}
    for name in (EVERY, stream):
        of_stream = given.get(name)
        if isinstance(of_stream, Mapping):
            found |= {k: v for k, v in of_stream.items() if isinstance(v, str)}
    return {k: v for k, v in found.items() if not k.startswith("__")}


def arithmetic_faults(
    settings: Mapping[str, Any], stream: str, schema: Mapping[str, Any]
) -> Iterator[str]:
    """Return one line for each expression that calculates with a column whose digits are text.

    `"cost * 2"` would give the digits twice, and `cost > 1` fail.

    Args:
        settings: The tap's settings.
        stream: Its name.
        schema: Its JSON schema.
    """
    exact = {k for k, v in schema.get("properties", {}).items() if v.get("format") == _DECIMAL}
    for column, expression in maps_of(settings, stream).items():
        used = sorted(exact & set(_operands(expression)))
        if used:
            yield (
                f"stream_maps.{stream}.{column}: `{expression}` calculates with {', '.join(used)}, whose exact digits "
                "are text; set `decimals_as: number`, or calculate in the warehouse"
            )


def _operands(expression: str) -> Iterator[str]:
    """Return the columns that stand directly beside an operator."""
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError:
        return  # the SDK says so itself
    for node in ast.walk(tree):
        sides: list[ast.expr] = []
        if isinstance(node, ast.BinOp):
            sides = [node.left, node.right]
        elif isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
            sides = [node.operand]
        elif isinstance(node, ast.Compare) and any(
            isinstance(side, ast.Constant) and isinstance(side.value, int | float)
            for side in (node.left, *node.comparators)
        ):
            sides = [node.left, *node.comparators]
        for side in sides:
            if isinstance(side, ast.Name):
                yield side.id
            elif isinstance(side, ast.Subscript) and isinstance(side.slice, ast.Constant):
                yield str(side.slice.value)


def map_failure(
    settings: Mapping[str, Any], stream: str, record: Mapping[str, Any], error: Exception
) -> RequestError:
    """Return what a user reads when an expression fails on a record: stream, map, field, and the cure.

    Args:
        settings: The tap's settings.
        stream: Its name.
        record: The record, before the map.
        error: What the SDK raised.
    """
    for column, expression in maps_of(settings, stream).items():
        try:
            names = {
                n.id
                for n in ast.walk(ast.parse(expression, mode="eval"))
                if isinstance(n, ast.Name)
            }
        except SyntaxError:
            continue
        empty = sorted(n for n in names if n in record and record[n] is None)
        if empty:
            return RequestError(
                f"stream_maps.{stream}.{column}: `{expression}` fails where {empty[0]} is null; write "
                f"`{expression} if {empty[0]} else None`"
            )
        absent = sorted(n for n in names if n not in record and n not in _KNOWN)
        if absent:
            return RequestError(
                f"stream_maps.{stream}.{column}: `{expression}` names {absent[0]}, which {stream} does not have"
            )
    return RequestError(f"stream_maps.{stream}: an expression fails on a record: {error}")


_KNOWN: Final = frozenset(
    {"md5", "sha256", "str", "int", "float", "bool", "datetime", "json", "record", "config", "fake", "Faker", "None", "True", "False", "_", "self", "len", "re", "__stream_name__", "null"}
)  # fmt: skip
"""Names that the SDK gives to expressions."""


def empty_filters(value: object, where: str) -> Iterator[str]:
    """Return the places of a filter whose value is an empty text: a variable that is not set vanishes.

    Args:
        value: The filter, or a part of it.
        where: Its place, for the message.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from empty_filters(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from empty_filters(inner, f"{where}[{at}]")
    elif isinstance(value, str) and not value.strip():
        yield where
