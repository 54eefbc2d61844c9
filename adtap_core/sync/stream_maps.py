"""Stream maps, as far as this project has something to say of them: exact decimals, nulls, whose fault it is."""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from adtap_core.errors import RequestError
from adtap_core.names import did_you_mean

EVERY: Final = "*"
_DECIMAL: Final = "x-singer.decimal"
_FILTER, _ELSE, _KEYS, _NULL = "__filter__", "__else__", "__key_properties__", "__NULL__"
_SOURCE: Final = "__source__"
_OPTIONS: Final = frozenset({_FILTER, _ELSE, _KEYS, _SOURCE, "__alias__"})
_FUNCTIONS: Final = frozenset(
    {"md5", "sha256", "str", "int", "float", "bool", "rand", "randint", "datetime", "json"}
)
"""What the SDK lets expressions call."""


def maps_of(settings: Mapping[str, Any], stream: str) -> dict[str, str]:
    """Return the expressions of a stream's map, by column, `__filter__` among them: those of `*` too.

    Args:
        settings: The tap's settings.
        stream: Its name.
    """
    given = settings.get("stream_maps") or {}
    found: dict[str, str] = {}
    for name in (EVERY, stream):
        of_stream = given.get(name)
        if isinstance(of_stream, Mapping):
            found |= {k: v for k, v in of_stream.items() if isinstance(v, str)}
    return {k: v for k, v in found.items() if not k.startswith("__") or k == _FILTER}


@dataclass(frozen=True)
class Mapped:
    """What a map has to know of a stream.

    Args:
        columns: All its columns.
        keys: Those of its key.
        selected: Whether it is read.
    """

    columns: Collection[str]
    keys: Sequence[str]
    selected: bool


def fitted(given: object, streams: Mapping[str, Mapped]) -> Any:
    """Return stream maps that ask each stream only for what it has, and leave it its key.

    A column that a stream does not have is no fault of `*`: the stream goes without what is made of it. And
    `__else__` leaves out what is not named, but never the key, without which rows can't be told apart.

    Args:
        given: The stream maps of the settings.
        streams: The streams.
    """
    if not isinstance(given, Mapping):
        return given
    made: dict[str, Any] = {}
    for name, rules in given.items():
        # Of several maps that reach a stream the last one counts.
        made.pop(name, None)
        if not isinstance(rules, Mapping) or _SOURCE in rules:
            made[name] = rules
            continue
        for stream, mapped in streams.items():
            if fnmatchcase(stream, name):
                kept = {
                    column: rule
                    for column, rule in rules.items()
                    if stream == name or _suits(column, rule, mapped.columns)
                }
                if _ELSE in rules and _KEYS not in rules:
                    kept = {**{key: key for key in mapped.keys}, **kept}
                made.pop(stream, None)
                made[stream] = kept
    return made


def _suits(column: str, rule: object, columns: Collection[str]) -> bool:
    """Check whether a stream has what a rule needs."""
    if not isinstance(rule, str) or column in _OPTIONS - {_FILTER}:
        return True
    return not _lacking(rule, column, columns)


def _lacking(expression: str, column: str, there: Collection[str]) -> list[str]:
    """Return the names of an expression that a stream does not have."""
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError:
        return []
    known = {*there, *_KNOWN} - (set() if column in there else {"self"})
    bound = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    called = {
        n.func.id
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return sorted(used - known - bound - called)


def map_errors(settings: Mapping[str, Any], streams: Mapping[str, Mapped]) -> list[str]:
    """Return one line for each rule of a map that can't be used: before anything is asked.

    Args:
        settings: The tap's settings.
        streams: The streams; of those that are not read nothing can be wrong.
    """
    given = settings.get("stream_maps")
    found: dict[str, str] = {}
    for name, rules in given.items() if isinstance(given, Mapping) else ():
        for stream, mapped in streams.items():
            if not isinstance(rules, Mapping) or not mapped.selected:
                continue
            source = str(rules.get(_SOURCE, name))
            if fnmatchcase(stream, source):
                for column, message in _rule_errors(rules, stream, mapped, is_own=stream == source):
                    # What is wrong for all streams is said for the first one.
                    found.setdefault(f"stream_maps.{name}.{column}", message)
    return [f"{place}: {message}" for place, message in found.items()]


def _rule_errors(
    rules: Mapping[str, Any], stream: str, mapped: Mapped, *, is_own: bool
) -> Iterator[tuple[str, str]]:
    for column, rule in rules.items():
        is_null = rule is None or rule == _NULL
        if column == _ELSE:
            if not is_null:
                yield column, f"{rule!r:.60} is not known; null leaves out what is not named"
        elif column in _OPTIONS - {_FILTER}:
            continue
        elif is_null:
            if column in mapped.keys and _KEYS not in rules:
                message = f"it is in the key of {stream}, without which rows can't be told apart; leave it in"
                yield column, message
        elif isinstance(rule, str):
            wrong = _expression_error(rule)
            if wrong is None and is_own and (lost := _lacking(rule, column, mapped.columns)):
                near = did_you_mean(lost[0], mapped.columns)
                wrong = f"names {lost[0]}, which {stream} does not have{near}"
            if wrong is not None:
                yield column, f"`{rule}` {wrong}"
        else:
            yield column, f"{rule!r:.60} is no expression; a text or null is expected"


def _expression_error(expression: str) -> str | None:
    """Return what is wrong with an expression whatever the stream; None if nothing is."""
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError as error:
        return f"is no expression ({error.msg}); correct it"
    calls = (
        n.func.id
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    )
    for called in calls:
        if called not in _FUNCTIONS:
            names = ", ".join(sorted(_FUNCTIONS))
            return f"calls {called}, which is not a function of stream maps; there are {names}"
    return None


def arithmetic_errors(
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
            cure = (
                f"write `float({used[0]} or 0)`, or set `decimals_as: number`"
                if column == _FILTER
                else "set `decimals_as: number`, or calculate in the warehouse"
            )
            yield (
                f"stream_maps.{stream}.{column}: `{expression}` calculates with {', '.join(used)}, whose exact digits "
                f"are text; {cure}"
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
    {"md5", "sha256", "str", "int", "float", "bool", "datetime", "json", "record", "config", "fake", "Faker", "__original_stream_name__", "None", "True", "False", "_", "self", "len", "re", "__stream_name__", "null"}
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
