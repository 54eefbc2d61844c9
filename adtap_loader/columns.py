"""What a JSON schema's properties become in a warehouse, and how values are made ready for it.

Types, in DuckDB's words: string VARCHAR; integer BIGINT (HUGEINT where the schema's bounds ask for it);
number and `x-singer.decimal` DECIMAL, or NUMERIC where every digit is wanted, a type that is Postgres' alone;
boolean BOOLEAN; date DATE; date-time TIMESTAMP WITH TIME ZONE
(stored as UTC whatever offset came; a moment without an offset is taken as UTC); object, array and
untyped JSON. Properties of several scalar types are VARCHAR.

A column knows two ways to make a value ready. `shape` takes any decoded value, and says why one is
refused. `wire` is what most values look like on the line; `rows.py` lets those pass as they are.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Annotated, Any, Final

import msgspec

from adtap_loader.errors import LoadError

VARCHAR, BIGINT, HUGEINT, BOOLEAN, DATE, JSON = (
    "VARCHAR",
    "BIGINT",
    "HUGEINT",
    "BOOLEAN",
    "DATE",
    "JSON",
)
TIMESTAMPTZ = "TIMESTAMP WITH TIME ZONE"
NUMERIC = "NUMERIC"
"""A decimal without precision and scale."""

MAX_PRECISION = 38  # DuckDB: "DECIMAL … up to 38 digits", duckdb.org/docs/sql/data_types/numeric
DEFAULT_PRECISION, DEFAULT_SCALE = 38, 18
# Digits on each side of the point; postgresql.org/docs/current/datatype-numeric.html
NUMERIC_WHOLE, NUMERIC_SCALE = 131_072, 16_383
ALTERNATIVES: Final = ("anyOf", "oneOf", "allOf")
"""The words of JSON schema that list schemas of one value."""
BIGINT_DIGITS = 19
REPLACEMENT: Final = "\ufffd"

_BIGINT_MIN, _BIGINT_MAX = -(2**63), 2**63 - 1
_HUGEINT_MIN, _HUGEINT_MAX = -(2**127), 2**127 - 1
_INT_DIGITS = 4_300  # Python's and msgspec's own limit
_DATE_LENGTH = len("2026-01-01")
# Wide enough that quantize() itself never runs out of digits for a value that fits a column.
_CONTEXT = Context(prec=200, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)

# As they stand on the line. A moment with more than six digits of a second takes the other way: the
# warehouses do not agree whether to round or to cut.
_PLAIN_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_PLAIN_HUGEINT: Final = r"0|-?[1-9][0-9]{0,37}+"  # longer ones are compared with the bounds
_PLAIN_MOMENT: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6}+)?+(?:Z|[+-][0-9]{2}:[0-9]{2})?+"
# What else a moment may look like. Postgres would take `yesterday` and `1/8/1999` too.
_MOMENT: Final = re.compile(
    r"[0-9]{4,6}-[0-9]{1,2}-[0-9]{1,2}"
    r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]*)?)?"
    r"(?: ?(?:Z|UTC|[+-][0-9]{2}(?::?[0-9]{2}(?::[0-9]{2})?)?))?)?",
    re.IGNORECASE,
)
_is_plain_moment: Final = re.compile(_PLAIN_MOMENT).fullmatch
_PAST_MICROSECONDS: Final = re.compile(r"(?<=\.[0-9]{6})[0-9]+")
_MIDNIGHT: Final = re.compile(r"[T ]00:00(:00(\.0+)?)?Z?")

Shape = Callable[[Any], object]
"""Turns one non-null value into text, int or bool that a warehouse casts exactly; raises ValueError."""


@dataclass(frozen=True, slots=True)
class Wire:
    """What most values of a column look like on the line.

    Attributes:
        type: What msgspec decodes them to; `msgspec.Raw` for the text as it stands.
        plain: The form in which a text passes as it is; None if any does.
        repeats: Whether few values stand in many rows.
    """

    type: Any
    plain: str | None = None
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the stream describes it.

    Attributes:
        name: The property's name, unchanged.
        sql_type: The type's name, as DuckDB's `duckdb_columns()` spells it.
        shape: Makes any value ready for the cast to that type.
        wire: What its values usually look like.
    """

    name: str
    sql_type: str
    shape: Shape
    wire: Wire


def columns_of(
    stream: str, schema: Mapping[str, Any], *, all_digits: bool = False
) -> tuple[Column, ...]:
    """Return the columns of a stream, in the order of its schema.

    Args:
        stream: The stream's name, for messages.
        schema: The stream's JSON schema.
        all_digits: Whether decimals keep every digit, whatever precision and scale they are declared with.

    Raises:
        LoadError: If the schema has no properties, or if a decimal's scale exceeds its precision.
    """
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        raise LoadError(f"Stream '{stream}': its schema has no properties, so there is no table.")
    columns = []
    for name, spec in properties.items():
        if not isinstance(spec, Mapping):
            raise LoadError(f"Stream '{stream}', column '{name}': its schema is no object.")
        try:
            columns.append(_column(name, spec, all_digits=all_digits))
        except (TypeError, ValueError) as error:  # a bound, precision or scale that is no number
            raise LoadError(f"Stream '{stream}', column '{name}': {error}") from None
    return tuple(columns)


def common_type(table: str, stream: str) -> str | None:
    """Return the type that holds what a table has and what a stream sends, neither losing anything.

    Args:
        table: Type of the column in the warehouse.
        stream: Type the stream's schema asks for now.

    Returns:
        The type, or None if there is none.
    """
    if table in {stream, VARCHAR}:
        return table
    if stream == VARCHAR:
        # A moment's text would change its form on the way (T and Z are gone), so it is not widened.
        return VARCHAR if table != TIMESTAMPTZ and _known(table) else None
    for narrow, wide in ((DATE, TIMESTAMPTZ), (BIGINT, HUGEINT)):
        if {table, stream} == {narrow, wide}:
            return wide
    if NUMERIC in {table, stream} and _is_number(table) and _is_number(stream):
        return NUMERIC
    mine, other = _digits(table), _digits(stream)
    if mine is None or other is None:
        return None
    before, after = max(mine[0], other[0]), max(mine[1], other[1])
    return f"DECIMAL({before + after},{after})" if before + after <= MAX_PRECISION else None


def short(sql_type: str) -> str:
    """Return a type's usual name for a message."""
    return "TIMESTAMPTZ" if sql_type == TIMESTAMPTZ else sql_type


def _known(sql_type: str) -> bool:
    return sql_type in {BOOLEAN, DATE, JSON} or _is_number(sql_type)


def _is_number(sql_type: str) -> bool:
    return sql_type in {HUGEINT, NUMERIC} or _digits(sql_type) is not None


def _digits(sql_type: str) -> tuple[int, int] | None:
    """Digits before and after the point; None for what is no decimal and does not fit one."""
    if sql_type == BIGINT:
        return BIGINT_DIGITS, 0
    if match := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", sql_type):
        precision, scale = int(match[1]), int(match[2])
        return precision - scale, scale
    return None


def _column(  # noqa: PLR0911 - one return per type
    name: str, spec: Mapping[str, Any], *, all_digits: bool
) -> Column:
    branches = _branches(spec)
    types = {kind for branch in branches for kind in _types(branch)} - {"null"}
    formats = {branch.get("format") for branch in branches if set(_types(branch)) - {"null"}}
    form = formats.pop() if len(formats) == 1 else None
    if not types or types & {"object", "array"}:
        return Column(name, JSON, json_text, Wire(msgspec.Raw))
    if form == "x-singer.decimal" and types <= {"string", "number", "integer"}:
        wire = str if types == {"string"} else msgspec.Raw
        declared = next(branch for branch in branches if branch.get("format") == form)
        return _decimal_column(name, declared, wire=wire, all_digits=all_digits)
    if types == {"string"} and form == "date-time":
        return Column(name, TIMESTAMPTZ, _moment, Wire(str, _PLAIN_MOMENT, repeats=True))
    if types == {"string"} and form == "date":
        return Column(name, DATE, _date, Wire(str, _PLAIN_DATE, repeats=True))
    if types == {"boolean"}:
        return Column(name, BOOLEAN, _boolean, Wire(bool))
    if types == {"integer"}:
        lows = [branch["minimum"] for branch in branches if "minimum" in branch]
        highs = [branch["maximum"] for branch in branches if "maximum" in branch]
        if any(low < _BIGINT_MIN for low in lows) or any(high > _BIGINT_MAX for high in highs):
            return Column(name, HUGEINT, _hugeint, Wire(msgspec.Raw, _PLAIN_HUGEINT))
        bounded = Annotated[int, msgspec.Meta(ge=_BIGINT_MIN, le=_BIGINT_MAX)]
        return Column(name, BIGINT, _bigint, Wire(bounded))
    if types <= {"number", "integer"}:
        return _decimal_column(name, {}, wire=msgspec.Raw, all_digits=all_digits)
    return Column(name, VARCHAR, _text, Wire(str if types == {"string"} else msgspec.Raw))


def _branches(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the alternatives of a property: itself, or what `anyOf` or `oneOf` list."""
    for word in ALTERNATIVES[:2]:
        if isinstance(spec.get(word), list):
            return [leaf for one in _schemas(spec[word]) for leaf in _branches(one)]
    return [spec]


def _schemas(listed: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Those of a list that are schemas: a stream map of the SDK adds the word "null", and lists within lists."""
    found: list[Any] = []
    for one in listed:
        found += _schemas(one) if isinstance(one, list) else [one]
    return [one for one in found if isinstance(one, Mapping)]


def _types(branch: Mapping[str, Any]) -> Sequence[str]:
    kind = branch.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return [one for one in kinds if isinstance(one, str)]


def typed(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON schema with alternatives as lists of types, within properties too.

    The SDK's flattening leaves out properties with most other alternatives (`anyOf` of an integer and null).

    Args:
        spec: The schema of a stream or of a property.
    """
    branches = _branches(spec)
    types = list(dict.fromkeys(kind for branch in branches for kind in _types(branch)))
    valued = [branch for branch in branches if set(_types(branch)) - {"null"}]
    made = {key: value for key, value in spec.items() if key not in ALTERNATIVES}
    if len(valued) == 1:
        made.update(valued[0])
    if types:
        made["type"] = types
    else:  # a list would be taken for one of alternatives
        made = {key: value for key, value in made.items() if not isinstance(value, list)}
    if isinstance(made.get("properties"), Mapping):
        made["properties"] = {
            name: typed(inner) if isinstance(inner, Mapping) else inner
            for name, inner in made["properties"].items()
        }
    return made


def _decimal_column(
    name: str, declared: Mapping[str, Any], *, wire: Any, all_digits: bool
) -> Column:
    if all_digits:
        return Column(name, NUMERIC, _numeric, Wire(wire, _PLAIN_NUMERIC))
    precision = int(declared.get("precision", DEFAULT_PRECISION))
    scale = int(declared.get("scale", DEFAULT_SCALE))
    if not 0 <= scale <= precision or precision < 1 or scale > MAX_PRECISION:
        raise ValueError(f"a decimal of precision {precision} and scale {scale} cannot be stored.")
    # More digits than DuckDB has: the room before the point shrinks; a value that needs it fails.
    precision = min(precision, MAX_PRECISION)
    plain = _plain_decimal(precision - scale, scale)
    return Column(
        name, f"DECIMAL({precision},{scale})", decimal_shape(precision, scale), Wire(wire, plain)
    )


def _plain_decimal(whole: int, scale: int) -> str:
    """Return the form of texts that are stored digit by digit; all others are computed."""
    # Nothing is tried twice (`+` behind a count): twice as fast.
    fraction = rf"(?:\.[0-9]{{1,{scale}}}+)?+" if scale else ""
    return rf"-?[0-9]{{1,{whole}}}+{fraction}" if whole else r"(?!)"


def decimal_shape(precision: int, scale: int) -> Shape:
    """Return the shape of a decimal column.

    Digits after the `scale`-th are rounded half to even, as platforms send float noise there. Digits
    before the point are never lost: a value that does not fit is an error.

    Args:
        precision: All digits of the column.
        scale: Digits after the point.
    """
    whole = precision - scale
    matches, unit = (re.compile(_plain_decimal(whole, scale)).fullmatch, Decimal(1).scaleb(-scale))

    def shape(value: object) -> object:
        if type(value) is str and matches(value):
            return value
        number = _finite(value)
        if number and number.adjusted() >= whole:
            raise ValueError(f"does not fit DECIMAL({precision},{scale})")
        # The digits as they came: where the table has a text, they are what is stored.
        if number.adjusted() >= -scale and matches(text := format(number, "f")):
            return text
        try:
            number = number.quantize(unit, context=_CONTEXT)
        except InvalidOperation:
            raise ValueError("not a decimal number") from None
        if number and number.adjusted() >= whole:  # rounding up made one digit more
            raise ValueError(f"does not fit DECIMAL({precision},{scale})")
        return format(number, "f")

    return shape


_PLAIN_NUMERIC: Final = _plain_decimal(NUMERIC_WHOLE, NUMERIC_SCALE)
_is_plain_numeric: Final = re.compile(_PLAIN_NUMERIC).fullmatch


def _numeric(value: object) -> object:
    """The shape of a decimal column without precision and scale."""
    if type(value) is str and _is_plain_numeric(value):
        return value
    number = _finite(value)
    if not number:
        return "0"
    # Before it is written out: 1e999999999 would be a text of a gigabyte.
    fits = -NUMERIC_SCALE <= number.adjusted() < NUMERIC_WHOLE
    whole, point, fraction = format(number, "f").partition(".") if fits else ("", "", "")
    if len(fraction) > NUMERIC_SCALE:
        fraction = fraction.rstrip("0")
    if not fits or len(fraction) > NUMERIC_SCALE:
        raise ValueError(
            f"does not fit {NUMERIC}, which has {NUMERIC_WHOLE} digits before the point and {NUMERIC_SCALE} behind it"
        )
    return whole + point + fraction


def _finite(value: object) -> Decimal:
    """Return a decoded number, or the number that a text is.

    Raises:
        ValueError: If it is none, or is not finite.
    """
    if type(value) is str:
        if "_" in value:  # Python would read 1_000 as a thousand
            raise ValueError("not a decimal number")
    elif type(value) is bool or not isinstance(value, (int, Decimal, float)):
        raise ValueError("not a decimal number")
    try:
        number = Decimal(repr(value) if type(value) is float else value)
    except InvalidOperation:
        raise ValueError("not a decimal number") from None
    if not number.is_finite():
        raise ValueError("not a finite number")
    return number


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


def _exact(digits: str) -> Decimal:
    """Return a number of JSON with every digit."""
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent of eighteen digits and more
        raise ValueError(f"the number {digits[:40]} is out of all bounds") from None


def _exact_integer(digits: str) -> int | Decimal:
    """Return an integer of JSON, as a Decimal where Python would refuse its digits."""
    return Decimal(digits) if len(digits) > _INT_DIGITS else int(digits)


decode: Final = msgspec.json.Decoder(float_hook=_exact).decode
"""Returns the value of JSON, numbers with every digit.

Refuses what is no JSON, half a surrogate pair, and an integer of more than 4,300 digits; for the latter two there is
`mend`.
"""


def json_text(value: object) -> str:
    """Return a decoded value as compact JSON, numbers with every digit."""
    return _encode_json(value).decode()


def mend(line: bytes) -> tuple[Any, bool]:
    """Return the value of JSON that `decode` can't take, and whether a character was replaced.

    That is U+FFFD for each half of a surrogate pair, which no warehouse can hold.

    Raises:
        ValueError: If it is no JSON.
    """
    read = json.loads(
        line.decode(), parse_float=_exact, parse_int=_exact_integer, parse_constant=_no_number
    )
    mended = _everywhere(
        read, lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )
    return mended, mended != read


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is not valid JSON")


def without_zeros(value: Any) -> Any:
    """Return a decoded value with U+FFFD for each U+0000, in texts and in names."""
    return _everywhere(value, lambda text: text.replace("\0", REPLACEMENT))


def _everywhere(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(name): _everywhere(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [_everywhere(inner, change) for inner in value]
    return value


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
    return str(value) if type(value) is Decimal else json_text(value)


def _moment(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if type(value) is not str:
        raise ValueError("not a date-time")
    if _is_plain_moment(value):
        return value
    if not _MOMENT.fullmatch(value):
        raise ValueError(f"not a value of {short(TIMESTAMPTZ)}")
    value = _PAST_MICROSECONDS.sub("", value)
    try:
        return datetime.fromisoformat(value).isoformat()
    except ValueError:
        return value  # 24:00, a year of five digits: the warehouse's own to judge


def _date(value: object) -> object:
    if type(value) is str:
        # A warehouse would drop the hours of a date-time without a word.
        if len(value) == _DATE_LENGTH or _MIDNIGHT.fullmatch(value[_DATE_LENGTH:]):
            if re.fullmatch(_PLAIN_DATE, value[:_DATE_LENGTH]):
                return value[:_DATE_LENGTH]
            raise ValueError(f"not a value of {DATE}")
        raise ValueError("not a date")
    if isinstance(value, date):
        return value.isoformat()[:_DATE_LENGTH]
    raise ValueError("not a date")
