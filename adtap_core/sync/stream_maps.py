"""Stream maps, as far as this project has something to say of them: exact decimals, nulls, whose fault it is."""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from adtap_core.errors import RequestError
from adtap_core.names import did_you_mean
from adtap_core.redact import redact

_DECIMAL: Final = "x-singer.decimal"
_FILTER, _ELSE, _KEYS, _NULL = "__filter__", "__else__", "__key_properties__", "__NULL__"
_SOURCE: Final = "__source__"
_OPTIONS: Final = frozenset({_ELSE, _KEYS, _SOURCE, "__alias__"})
"""Rules that are no expression."""
_FUNCTIONS: Final = frozenset(
    {"md5", "sha256", "str", "int", "float", "bool", "rand", "randint", "datetime", "json"}
)
"""What the SDK lets expressions call."""
_KNOWN: Final = _FUNCTIONS | {
    "record", "config", "fake", "Faker", "__original_stream_name__", "None", "True", "False", "_", "self", "len", "re", "__stream_name__", "null"
}  # fmt: skip
"""Names that the SDK gives to expressions."""


class Expression:
    """An expression of a stream map.

    Args:
        text: As the user wrote it.
    """

    def __init__(self, text: str) -> None:
        self.error: str | None = None
        """Why it is none."""
        self._nodes: list[ast.AST] = []
        try:
            self._nodes = [*ast.walk(ast.parse(text, mode="eval"))]
        except SyntaxError as error:
            self.error = error.msg
        calls = (n.func for n in self._nodes if isinstance(n, ast.Call))
        self.called = [f.id for f in calls if isinstance(f, ast.Name)]
        """The functions that it calls."""
        names = [n for n in self._nodes if isinstance(n, ast.Name)]
        bound = {n.id for n in names if isinstance(n.ctx, ast.Store)}
        self.names = {n.id for n in names} - bound - {*self.called}
        """What it takes its values from."""

    def lacking(self, column: str, there: Collection[str]) -> list[str]:
        """Return the names that a stream does not have.

        Args:
            column: What the expression fills: of a column that is there, `self` is the value.
            there: The stream's columns.
        """
        known = {*there, *_KNOWN} - (set() if column in there else {"self"})
        return sorted(self.names - known)

    def operands(self) -> Iterator[str]:
        """Return the columns that stand directly beside an operator."""
        for node in self._nodes:
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


def expressions_of(
    settings: Mapping[str, Any], stream: str
) -> Iterator[tuple[str, str, str, Expression]]:
    """Return the expressions that are made of a stream's records, those that filter them among them.

    Returns:
        Of each its place in the settings, its column, its text, and itself.
    """
    given = settings.get("stream_maps")
    made: dict[str, Mapping[str, Any]] = {}
    for name, rules in given.items() if isinstance(given, Mapping) else ():
        if isinstance(rules, Mapping) and fnmatchcase(stream, str(rules.get(_SOURCE, name))):
            # Of several maps that reach a stream the last one counts; a copy is a stream of its own.
            made[name if _SOURCE in rules else stream] = rules
    for name, rules in made.items():
        for column, text in rules.items():
            if isinstance(text, str) and column not in _OPTIONS:
                yield f"stream_maps.{name}.{column}", column, text, Expression(text)


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
    is_expression = isinstance(rule, str) and column not in _OPTIONS
    return not is_expression or not Expression(str(rule)).lacking(column, columns)


def map_errors(settings: Mapping[str, Any], streams: Mapping[str, Mapped]) -> list[str]:
    """Return one line for each rule of a map that can't be used, before anything is asked; none of streams that are off."""
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
                yield (
                    column,
                    f"{redact.beginning(repr(rule), 60)} is not known; null leaves out what is not named",
                )
        elif column in _OPTIONS:
            continue
        elif is_null:
            if column in mapped.keys and _KEYS not in rules:
                message = f"it is in the key of {stream}, without which rows can't be told apart; leave it in"
                yield column, message
        elif isinstance(rule, str):
            wrong = _expression_error(Expression(rule), column, stream, mapped, is_own=is_own)
            if wrong is not None:
                yield column, f"`{rule}` {wrong}"
        else:
            yield (
                column,
                f"{redact.beginning(repr(rule), 60)} is no expression; a text or null is expected",
            )


def _expression_error(
    expression: Expression, column: str, stream: str, mapped: Mapped, *, is_own: bool
) -> str | None:
    """Return what is wrong with an expression; None if nothing is."""
    if expression.error is not None:
        return f"is no expression ({expression.error}); correct it"
    for called in expression.called:
        if called not in _FUNCTIONS:
            names = ", ".join(sorted(_FUNCTIONS))
            return f"calls {called}, which is not a function of stream maps; there are {names}"
    if is_own and (lost := expression.lacking(column, mapped.columns)):
        near = did_you_mean(lost[0], mapped.columns)
        return f"names {lost[0]}, which {stream} does not have{near}"
    return None


def arithmetic_errors(
    settings: Mapping[str, Any], stream: str, schema: Mapping[str, Any]
) -> Iterator[str]:
    """Return one line for each expression that calculates with a column whose digits are text.

    `"cost * 2"` would give the digits twice, and `cost > 1` fail.
    """
    exact = {k for k, v in schema.get("properties", {}).items() if v.get("format") == _DECIMAL}
    for place, column, text, expression in expressions_of(settings, stream):
        if used := sorted(exact.intersection(expression.operands())):
            cure = (
                f"write `float({used[0]} or 0)`, or set `decimals_as: number`"
                if column == _FILTER
                else "set `decimals_as: number`, or calculate in the warehouse"
            )
            yield (
                f"{place}: `{text}` calculates with {', '.join(used)}, whose exact digits "
                f"are text; {cure}"
            )


def map_failure(
    settings: Mapping[str, Any], stream: str, record: Mapping[str, Any], error: Exception
) -> RequestError:
    """Return what a user reads when an expression fails on a record: stream, map, field, and the cure."""
    for place, column, text, expression in expressions_of(settings, stream):
        if empty := sorted(n for n in expression.names if n in record and record[n] is None):
            cure = f"`{text} if {empty[0]} else None`"
            return RequestError(f"{place}: `{text}` fails where {empty[0]} is null; write {cure}")
        if absent := expression.lacking(column, record):
            return RequestError(
                f"{place}: `{text}` names {absent[0]}, which {stream} does not have"
            )
    return RequestError(f"stream_maps.{stream}: an expression fails on a record: {error}")


def empty_filters(value: object, where: str) -> Iterator[str]:
    """Return the places of a filter whose value is an empty text: a variable that is not set vanishes."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from empty_filters(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from empty_filters(inner, f"{where}[{at}]")
    elif isinstance(value, str) and not value.strip():
        yield where
