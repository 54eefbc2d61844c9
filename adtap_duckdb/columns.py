"""What a JSON schema's properties become in DuckDB, and how values are made exact text for it.

Types: string VARCHAR; integer BIGINT (HUGEINT where the schema's bounds ask for it); number and
`x-singer.decimal` DECIMAL; boolean BOOLEAN; date DATE; date-time TIMESTAMP WITH TIME ZONE (stored as
UTC whatever offset came; a moment without an offset is taken as UTC); object, array and untyped
JSON. Properties of several scalar types are VARCHAR.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

import msgspec

from adtap_duckdb.errors import LoadError

VARCHAR, BIGINT, HUGEINT, BOOLEAN, DATE, JSON = (
    "VARCHAR",
    "BIGINT",
    "HUGEINT",
    "BOOLEAN",
    "DATE",
    "JSON",
)
TIMESTAMPTZ = "TIMESTAMP WITH TIME ZONE"

MAX_PRECISION = 38  # DuckDB: "DECIMAL … up to 38 digits", duckdb.org/docs/sql/data_types/numeric
DEFAULT_PRECISION, DEFAULT_SCALE = 38, 18
BIGINT_DIGITS = 19

_BIGINT_MIN, _BIGINT_MAX = -(2**63), 2**63 - 1
_HUGEINT_MIN, _HUGEINT_MAX = -(2**127), 2**127 - 1
_DATE_LENGTH = len("2026-01-01")
# Wide enough that quantize() itself never runs out of digits for a value that fits a column.
_CONTEXT = Context(prec=200, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)

Shape = Callable[[Any], object]
"""Turns one non-null value into text, int or bool that DuckDB casts exactly; raises ValueError."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the stream describes it.

    Attributes:
        name: The property's name, unchanged.
        sql_type: DuckDB's name of the type, as `duckdb_columns()` spells it.
        shape: Makes a value ready for the cast to that type.
    """

    name: str
    sql_type: str
    shape: Shape


def columns_of(stream: str, schema: Mapping[str, Any]) -> tuple[Column, ...]:
    """Give the columns of a stream, in the order of its schema.

    Args:
        stream: The stream's name, for messages.
        schema: The stream's JSON schema.

    Raises:
        LoadError: If the schema has no properties, if two of their names differ only by case
            (DuckDB takes them for one), or if a decimal's scale exceeds its precision.
    """
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties") or {}
    if not properties:
        raise LoadError(f"Stream '{stream}': its schema has no properties, so there is no table.")
    seen: dict[str, str] = {}
    for name in properties:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise LoadError(
                f"Stream '{stream}': columns '{other}' and '{name}' differ only by case, which "
                "DuckDB does not tell apart; rename one with a stream map."
            )
    columns = []
    for name, spec in properties.items():
        try:
            columns.append(_column(name, spec))
        except ValueError as error:
            raise LoadError(f"Stream '{stream}', column '{name}': {error}") from None
    return tuple(columns)


def common_type(table: str, stream: str) -> str | None:
    """Give the type that holds what a table has and what a stream sends, neither losing anything.

    Args:
        table: Type of the column in the file.
        stream: Type the stream's schema asks for now.

    Returns:
        The type, or None if there is none.
    """
    if table in {stream, VARCHAR}:
        return table
    if stream == VARCHAR:
        # A moment's text would change its form on the way (T and Z are gone), so it is not widened.
        return VARCHAR if table != TIMESTAMPTZ and _known(table) else None
    if {table, stream} == {DATE, TIMESTAMPTZ}:
        return TIMESTAMPTZ
    if {table, stream} == {BIGINT, HUGEINT}:
        return HUGEINT
    mine, other = _digits(table), _digits(stream)
    if mine is None or other is None:
        return None
    before, after = max(mine[0], other[0]), max(mine[1], other[1])
    return f"DECIMAL({before + after},{after})" if before + after <= MAX_PRECISION else None


def _known(sql_type: str) -> bool:
    return sql_type in {BIGINT, HUGEINT, BOOLEAN, DATE, JSON} or _digits(sql_type) is not None


def _digits(sql_type: str) -> tuple[int, int] | None:
    """Digits before and after the point; None for what is no decimal and does not fit one."""
    if sql_type == BIGINT:
        return BIGINT_DIGITS, 0
    if match := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", sql_type):
        precision, scale = int(match[1]), int(match[2])
        return precision - scale, scale
    return None


def _column(name: str, spec: Mapping[str, Any]) -> Column:  # noqa: PLR0911 - one return per type
    branches = _branches(spec)
    types = {kind for branch in branches for kind in _types(branch)} - {"null"}
    formats = {branch.get("format") for branch in branches if set(_types(branch)) - {"null"}}
    form = formats.pop() if len(formats) == 1 else None
    if not types or types & {"object", "array"}:
        return Column(name, JSON, _json)
    if form == "x-singer.decimal" and types <= {"string", "number", "integer"}:
        typed = next(branch for branch in branches if branch.get("format") == form)
        return _decimal_column(
            name,
            int(typed.get("precision", DEFAULT_PRECISION)),
            int(typed.get("scale", DEFAULT_SCALE)),
        )
    if types == {"string"} and form == "date-time":
        return Column(name, TIMESTAMPTZ, _moment)
    if types == {"string"} and form == "date":
        return Column(name, DATE, _date)
    if types == {"boolean"}:
        return Column(name, BOOLEAN, _boolean)
    if types == {"integer"}:
        lows = [branch["minimum"] for branch in branches if "minimum" in branch]
        highs = [branch["maximum"] for branch in branches if "maximum" in branch]
        wide = any(low < _BIGINT_MIN for low in lows) or any(high > _BIGINT_MAX for high in highs)
        return Column(name, HUGEINT, _hugeint) if wide else Column(name, BIGINT, _bigint)
    if types <= {"number", "integer"}:
        return _decimal_column(name, DEFAULT_PRECISION, DEFAULT_SCALE)
    return Column(name, VARCHAR, _text)


def _branches(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The alternatives of a property: itself, or what `anyOf` or `oneOf` list."""
    for word in ("anyOf", "oneOf"):
        if word in spec:
            return [leaf for branch in spec[word] for leaf in _branches(branch)]
    return [spec]


def _types(branch: Mapping[str, Any]) -> Sequence[str]:
    kind = branch.get("type", ())
    return (kind,) if isinstance(kind, str) else tuple(kind)


def _decimal_column(name: str, precision: int, scale: int) -> Column:
    if not 0 <= scale <= precision or precision < 1 or scale > MAX_PRECISION:
        raise ValueError(f"a decimal of precision {precision} and scale {scale} cannot be stored.")
    # More digits than DuckDB has: the room before the point shrinks; a value that needs it fails.
    precision = min(precision, MAX_PRECISION)
    return Column(name, f"DECIMAL({precision},{scale})", decimal_shape(precision, scale))


def decimal_shape(precision: int, scale: int) -> Shape:
    """Make the shape of a decimal column.

    Digits after the `scale`-th are rounded half to even, as platforms send float noise there. Digits
    before the point are never lost: a value that does not fit is an error.

    Args:
        precision: All digits of the column.
        scale: Digits after the point.
    """
    whole = precision - scale
    # Texts of this form are stored digit by digit; all others take the slow way below.
    fraction = rf"(?:\.[0-9]{{1,{scale}}})?" if scale else ""
    plain = re.compile(rf"-?[0-9]{{1,{whole}}}{fraction}" if whole else r"(?!)")
    matches, unit = plain.fullmatch, Decimal(1).scaleb(-scale)

    def shape(value: object) -> object:
        if type(value) is str:
            if matches(value):
                return value
            if "_" in value:  # Python would read 1_000 as a thousand
                raise ValueError("not a decimal number")
        elif type(value) is bool or not isinstance(value, (int, Decimal, float)):
            raise ValueError("not a decimal number")
        try:
            number = Decimal(repr(value) if type(value) is float else value)
            if not number.is_finite():
                raise ValueError("not a finite number")
            if number and number.adjusted() >= whole:
                raise ValueError(f"does not fit DECIMAL({precision},{scale})")
            number = number.quantize(unit, context=_CONTEXT)
        except InvalidOperation:
            raise ValueError("not a decimal number") from None
        if number and number.adjusted() >= whole:  # rounding up made one digit more
            raise ValueError(f"does not fit DECIMAL({precision},{scale})")
        return format(number, "f")

    return shape


def _integer_between(low: int, high: int, name: str) -> Shape:
    def shape(value: object) -> object:
        if type(value) is not int:
            if not isinstance(value, Decimal) or value != value.to_integral_value():
                raise ValueError("not an integer")
            if value.adjusted() > MAX_PRECISION:
                raise ValueError(f"does not fit {name}")
            value = int(value)  # 3.0 and 1e3 are integers in JSON schema
        if not low <= value <= high:
            raise ValueError(f"does not fit {name}")
        return value

    return shape


_bigint = _integer_between(_BIGINT_MIN, _BIGINT_MAX, BIGINT)
_hugeint = _integer_between(_HUGEINT_MIN, _HUGEINT_MAX, HUGEINT)
_encode_json = msgspec.json.Encoder(decimal_format="number").encode


def _json(value: object) -> object:
    return _encode_json(value).decode()


def _boolean(value: object) -> object:
    if type(value) is not bool:
        raise ValueError("not a boolean")
    return value


def _text(value: object) -> object:
    if type(value) is str:
        return value
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    # Decimal's own text may be 1E+2; JSON's digits are the same value.
    return str(value) if type(value) is Decimal else _encode_json(value).decode()


def _moment(value: object) -> object:
    if type(value) is str:
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    raise ValueError("not a date-time")


def _date(value: object) -> object:
    if type(value) is str:
        # DuckDB would drop the hours of a date-time without a word.
        if len(value) == _DATE_LENGTH or re.fullmatch(r"[T ]00:00(:00(\.0+)?)?Z?", value[10:]):
            return value
        raise ValueError("not a date")
    if isinstance(value, date):
        return value.isoformat()[:_DATE_LENGTH]
    raise ValueError("not a date")
