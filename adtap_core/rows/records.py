"""Entity records: the platform's names in snake_case, one type a column, nothing lost, no secret kept."""

import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from itertools import chain
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final

import msgspec

from adtap_core.bodies.digits import PlainNumbers, WholeNumbers, plain_numbers
from adtap_core.names import snake_case
from adtap_core.redact import redact
from adtap_core.rows.schemas import EXTRA, SCALE, WHOLE

log = logging.getLogger("adtaps.records")

_PLAIN_DECIMAL: Final = re.compile(rf"-?+\d{{1,{WHOLE}}}+(?:\.\d{{1,{SCALE}}}+)?+", re.ASCII)
"""A number in plain digits that every column of decimals holds. Possessive (`++`): nothing here is ever worth a
second look."""
_ANY_PLACES: Final = 10_000
_NUMBERS: Final = frozenset({str, int, Decimal, float})
_SMALLEST_PLACE: Final = -1100
"""Further behind the point no float has a digit; such a number is not spelt out."""
_SAFE_DIGITS, _SAFE_EXPONENT = 15, 300
"""What of a number survives a float, as which many read the numbers in `_extra`."""
_decode_integers: Final = msgspec.json.Decoder(list[int]).decode
_INTEGERS: Final = range(-(2**63), 2**63)
"""What a column of whole numbers holds in every warehouse."""
_MAY_BE_LARGE: Final = 2**62
_MOST_DIGITS: Final = 20
_PLAIN_MOMENT: Final = r"\d{4}-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:Z|\+00:00)?+"
_PLAIN_MOMENTS: Final = re.compile(rf"{_PLAIN_MOMENT}(?:\n{_PLAIN_MOMENT})*+", re.ASCII)
_NONE: Final = type(None)
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_TRUTHS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("1", "true", "yes", "on", "t", "y"), True),
    **dict.fromkeys(("0", "false", "no", "off", "f", "n"), False),
    "": None,
}
_SPACE_BEFORE_ZONE: Final = re.compile(r"\s+(?=(?:[+-]\d\d:?(?:\d\d)?|Z)$)")


class ConversionError(ValueError):
    """A value does not fit its column's type.

    Args:
        value: The value.
        instead: What the column holds all the same: a number with more digits behind the point than warehouses
            keep is still that number.
    """

    def __init__(self, value: object, instead: object = None) -> None:
        super().__init__(value)
        self.instead = instead


def kept(value: object) -> object:
    """Return a value as `_extra` keeps it: a number whose digits a float would lose, as text.

    Args:
        value: As the platform sent it.
    """
    if isinstance(value, float):
        value = Decimal(repr(value))
    if not isinstance(value, Decimal):
        return value
    is_safe = value.is_finite() and abs(value.adjusted()) < _SAFE_EXPONENT
    return value if is_safe and len(value.as_tuple().digits) <= _SAFE_DIGITS else str(value)


def noisy_text(value: object) -> str | None:
    """Return a number's digits as plain text, none lost, none added; None for an empty text.

    However many stand behind the point: where a platform adds up floats these are noise.

    Raises:
        ConversionError: If the value is not a number (`NaN` and infinities are none), or a warehouse's column does not hold it.
    """
    if isinstance(value, str) and _PLAIN_DECIMAL.fullmatch(value):
        return value
    number = _number(value)
    if number is None:
        return None
    if not number.is_finite() or (number and number.adjusted() >= WHOLE):
        raise ConversionError(value)
    if int(number.as_tuple().exponent) < _SMALLEST_PLACE:
        raise ConversionError(value)
    return format(number, "f")


def decimal_text(value: object) -> str | None:
    """Return a number's digits as plain text, where a warehouse keeps them all.

    Raises:
        ConversionError: As `noisy_text` does; or if more digits stand behind the point.
    """
    text = noisy_text(value)
    if text is not None and text.partition(".")[2][SCALE:].strip("0"):
        raise ConversionError(value, instead=text)
    return text


def _number(value: object) -> Decimal | None:
    if isinstance(value, str):
        text = value.strip().removeprefix("+")
        if not text:
            return None
        try:
            if "_" not in text:  # Python would read 1_000 as a thousand
                return Decimal(text)
        except InvalidOperation as error:
            raise ConversionError(value) from error
    elif isinstance(value, float):
        return Decimal(repr(value))
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    raise ConversionError(value)


def to_decimal(value: object, text_of: "Cast" = decimal_text) -> Decimal | None:
    """Return a number as an exact `Decimal`.

    Args:
        value: As the platform sent it.
        text_of: Gives its digits, or raises `ConversionError`: `decimal_text` or `noisy_text`.
    """
    try:
        text = text_of(value)
    except ConversionError as error:
        instead = error.instead
        raise ConversionError(value, None if instead is None else Decimal(str(instead))) from error
    return None if text is None else Decimal(text)


def to_integer(value: object) -> int | None:
    """Return a whole number; `"31"`, `31` and `31.0` are, `31.5` is not, nor is one of more than 64 bits.

    Raises:
        ConversionError: If the value is not a whole number.
    """
    if type(value) is int:
        whole = value
    elif (
        isinstance(value, str)
        and len(value) <= _MOST_DIGITS
        and value.isascii()
        and value.isdigit()
    ):
        whole = int(value)
    else:
        number = _number(value)
        if number is None:
            return None
        if (
            not number.is_finite()
            or number.adjusted() > _MOST_DIGITS
            or number != number.to_integral_value()
        ):
            raise ConversionError(value)
        whole = int(number)
    if whole not in _INTEGERS:
        raise ConversionError(value)
    return whole


def to_boolean(value: object) -> bool | None:
    """Return true or false; `1`/`0` and the words count, an empty string is absent.

    Raises:
        ConversionError: If the value is neither.
    """
    word = str(value).strip().lower()
    if word not in _TRUTHS:
        raise ConversionError(value)
    return _TRUTHS[word]


def to_text(value: object) -> str:
    """Return a value as text; what is nested as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return msgspec.json.encode(value).decode()


def _written(value: object) -> str | None:
    """Return a date or time stamp as it is written; None if it is empty, or MySQL's for none.

    Raises:
        ConversionError: If it is a number, such as one of seconds: `1710121512` could be read as a day of 1710.
    """
    text = str(value).strip()
    whole = text.partition(".")[0]
    if whole.isdigit() and len(whole) != len("20260301"):
        raise ConversionError(value)
    return None if not text or text.startswith("0000-00-00") else text


@lru_cache(maxsize=65536)
def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(_SPACE_BEFORE_ZONE.sub("", text.upper()))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def to_moment(value: object) -> str | None:
    """Return a time stamp as UTC with `Z`; one without a zone is UTC already.

    Raises:
        ConversionError: If the value is not a time stamp.
    """
    text = _written(value)
    if text is None:
        return None
    try:
        moment = _moment(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:  # in the year 10000, elsewhere
        raise ConversionError(value) from error
    return moment.isoformat().replace("+00:00", "Z")


def to_date(value: object) -> str | None:
    """Return a calendar date; of a time stamp its own date, whatever its zone.

    Raises:
        ConversionError: If the value is not a date.
    """
    text = _written(value)
    if text is None:
        return None
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError as error:
        raise ConversionError(value) from error


def _as_is(value: object) -> object:
    return value


def _array(value: object) -> object:
    if isinstance(value, list | tuple):
        return list(value)
    raise ConversionError(value)


def _object(value: object) -> object:
    if isinstance(value, Mapping):
        return value
    raise ConversionError(value)


Cast = Callable[[Any], Any]


def cast_column(  # noqa: PLR0911 - one answer for each kind of column
    cast: Cast, values: Sequence[Any]
) -> Sequence[Any] | None:
    """Make a whole column fit at once, where its values are alike and plain; None where they aren't.

    Gives exactly what `cast` would give value by value; only faster.

    Args:
        cast: Fits one value.
        values: The column's values, in the rows' order.
    """
    places = _PLACES.get(cast)
    if places is not None and isinstance(values, PlainNumbers):
        return values
    if places is not None and (plain := plain_numbers(values, whole=WHOLE, places=places)):
        return plain
    kinds = set(map(type, values))
    if kinds == {int} and cast is to_integer:
        whole = WholeNumbers(values)
        return whole if _surely_fit(whole) else None
    if kinds <= {_PLAIN_KINDS.get(cast), _NONE}:
        fit = int not in kinds or _surely_fit(WholeNumbers(filter(None, values)))
        return values if fit else None
    if _NONE in kinds and len(kinds) > 1:
        there = cast_column(cast, [v for v in values if v is not None])
        if there is None:
            return None
        line = iter(there)
        return [None if v is None else next(line) for v in values]
    if cast is to_moment:
        return _moments(values) if kinds == {str} else None
    if cast is to_integer:
        return _integers(values) if kinds == {str} else None
    if places is not None and kinds <= _NUMBERS:
        return plain_numbers(list(map(str, values)), whole=WHOLE, places=places)
    return None


def fitted(
    cast: Cast, values: Sequence[Any]
) -> tuple[Sequence[Any], list[tuple[int, ConversionError]]]:
    """Return a column made to fit, and why some values do not, by place: there it holds the error's `instead`."""
    quick = cast_column(cast, values)
    if quick is not None:
        return quick, []
    made: list[Any] = []
    misfits = []
    for place, value in enumerate(values):
        try:
            made.append(None if value is None else cast(value))
        except ConversionError as error:
            made.append(error.instead)
            misfits.append((place, error))
    return made, misfits


def _integers(values: Sequence[str]) -> WholeNumbers | None:
    """Return texts of whole numbers as numbers: what JSON reads as one each, is one each."""
    try:
        whole = WholeNumbers(_decode_integers(f"[{','.join(values)}]"))
    except msgspec.DecodeError:
        return None
    return whole if len(whole) == len(values) and _surely_fit(whole) else None


def _surely_fit(whole: WholeNumbers) -> bool:
    """Check whether a column holds each of some numbers: one that is too large shows in the sum, if none is negative."""
    least = min(whole, default=0)
    most = whole.added if least >= 0 else max(*whole, -least)
    return most < _MAY_BE_LARGE


def _moments(values: Sequence[str]) -> Sequence[str] | None:
    if not _all_match(_PLAIN_MOMENTS, values):
        return None
    try:
        for day in {v[:10] for v in values}:
            date.fromisoformat(day)
    except ValueError:
        return None
    return [f"{v[:10]}T{v[11:19]}Z" for v in values]


def _all_match(lines: re.Pattern[str], values: Sequence[str]) -> bool:
    text = "\n".join(values)
    return text.count("\n") == len(values) - 1 and bool(lines.fullmatch(text))


_PLAIN_KINDS: Final[Mapping[Cast, type]] = {
    to_text: str,
    to_integer: int,
    to_boolean: bool,
    _array: list,
    _object: dict,
}
"""Values of this kind are what their column wants as they are."""
_PLACES: Final[Mapping[Cast, int]] = {decimal_text: SCALE, noisy_text: _ANY_PLACES}
"""How many digits behind the point a column of decimals takes as they are."""
_FLAT: Final = frozenset({str, int, bool, float, Decimal, _NONE})
_MAY_NEST: Final = frozenset({_array, _object, _as_is})


def caster(prop: Mapping[str, Any], *, noisy: bool = False) -> Cast:
    """Return the function that makes a value fit a column; it gets no null.

    Args:
        prop: The column's schema. `x-singer.decimal` means digits as text.
        noisy: Whether the platform's own numbers carry noise far larger than what warehouses round.
    """
    kinds = prop.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else [k for k in kinds if k != "null"]
    form = prop.get("format")
    if form == "x-singer.decimal":
        return noisy_text if noisy else decimal_text
    if form == "date-time":
        return to_moment
    if form == "date":
        return to_date
    if len(kinds) != 1:
        return _as_is
    casts: Mapping[str, Cast] = {
        "integer": to_integer,
        "number": partial(to_decimal, text_of=noisy_text if noisy else decimal_text),
        "boolean": to_boolean,
        "string": to_text,
        "array": _array,
        "object": _object,
    }
    return casts.get(kinds[0], _as_is)


def _columns(records: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield each field's values; of a record that lacks it, null."""
    names = list(dict.fromkeys(chain.from_iterable(records)))
    if len(names) > 1 and set(map(len, records)) == {len(names)}:  # all have all
        yield from zip(names, zip(*map(itemgetter(*names), records), strict=True), strict=True)
        return
    for name in names:
        yield name, [record.get(name) for record in records]


def tells_secret(name: str) -> bool:
    """Check whether a field is called like a secret."""
    # As it is, too: a column's name may be cut short.
    return redact.names_secret(name) or redact.names_secret(snake_case(name))


def without_secrets(value: Any, secrets: Collection[str]) -> Any:
    """Return a value without what is a secret, or called like one, however deep it nests.

    Args:
        value: Of JSON.
        secrets: The platform's own names of secrets.
    """
    if isinstance(value, dict):
        return {
            k: without_secrets(v, secrets)
            for k, v in value.items()
            if k not in secrets and not tells_secret(str(k)) and not redact.is_secret(v)
        }
    if isinstance(value, list) and not _FLAT.issuperset(map(type, value)):
        return [without_secrets(v, secrets) for v in value]
    return value


def _are_flat(values: Sequence[Any]) -> bool:
    """Return whether nothing nests in a column but lists of plain values."""
    kinds = set(map(type, values))
    if list in kinds:
        lists = (v for v in values if type(v) is list)
        kinds = kinds - {list} | set(map(type, chain.from_iterable(lists)))
    return kinds <= _FLAT


def keep(extras: dict[int, dict[str, Any]], place: int, key: str, name: str, value: Any) -> None:
    """Put a value into a record's `_extra`.

    Args:
        extras: By the record's place.
        place: The record's.
        key: What the value is called there.
        name: The field as the platform spells it: its name there if another field has the usual one.
        value: The value.
    """
    extra = extras.setdefault(place, {})
    if key in extra:
        key = name
    while key in extra:
        key += "_"
    extra[key] = value


class RecordShaper:
    """Makes an entity's records fit its schema.

    Args:
        stream: The stream's name, for the log.
        schema: Its schema, `_extra` included.
        secrets: Columns that are dropped, besides those with a telling name.
        named: Columns that are called otherwise than the platform's field, by field.
    """

    def __init__(
        self,
        stream: str,
        schema: Mapping[str, Any],
        secrets: frozenset[str],
        named: Mapping[str, str] = _NOTHING,
    ) -> None:
        self._stream, self._named = stream, named
        self._casters = {
            name: caster(prop) for name, prop in schema["properties"].items() if name != EXTRA
        }
        self.columns = tuple(schema["properties"])
        self._secrets = secrets
        self._fields: dict[str, tuple[str, Cast | None]] = {}
        self._told: set[str] = set()

    def shape(self, records: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Return the values of records in the order of the columns: absent ones null, the unknown in `_extra`.

        Made column by column: many values at once cost a third of what they cost one by one.

        Returns:
            A tuple of values for each record.
        """
        cells: dict[str, tuple[str, Sequence[Any]]] = {}
        extras: dict[int, dict[str, Any]] = {}
        for name, given in _columns(records):
            column, cast = self._fields.get(name) or self._field(name)
            if not column:
                continue
            values = given
            if redact.knows_one_of(given):
                values = [None if redact.is_secret(v) else v for v in given]
            if cast is None:
                self._keep_unknown(name, column, values, extras)
                continue
            found = name, self._cast(name, column, cast, values, extras)
            before = cells.get(column)
            cells[column] = found if before is None else self._merge(column, before, found, extras)
        made = {column: values for column, (_name, values) in cells.items()}
        if extras:
            made[EXTRA] = [extras.get(place) for place in range(len(records))]
        nothing = [None] * len(records)
        return list(zip(*(made.get(c, nothing) for c in self.columns), strict=True))

    def _keep_unknown(
        self, name: str, column: str, values: Sequence[Any], extras: dict[int, dict[str, Any]]
    ) -> None:
        for place, value in enumerate(values):
            if value is not None:
                keep(extras, place, column, name, self._without_secrets(value))
                self._tell(column, "is not in the schema yet: kept in `_extra`")

    def _merge(
        self,
        column: str,
        earlier: tuple[str, Sequence[Any]],
        later: tuple[str, Sequence[Any]],
        extras: dict[int, dict[str, Any]],
    ) -> tuple[str, Sequence[Any]]:
        """Make one column of two fields that both belong there.

        Args:
            column: Their column.
            earlier: A field's name and values.
            later: The other's.
            extras: Takes values that find no room.

        Returns:
            The name of the field that goes first (the one spelt like the column, else the earlier), and the
            column's values.
        """
        first, second = (later, earlier) if later[0] == column else (earlier, later)
        merged = []
        for place, (kept, left) in enumerate(zip(first[1], second[1], strict=True)):
            merged.append(left if kept is None else kept)
            if kept is not None and left is not None and kept != left:
                keep(extras, place, second[0], second[0], left)
                self._tell(
                    column, f"comes as `{second[0]}` too, with another value: kept in `_extra`"
                )
        return first[0], merged

    def _cast(
        self,
        name: str,
        column: str,
        cast: Cast,
        values: Sequence[Any],
        extras: dict[int, dict[str, Any]],
    ) -> Sequence[Any]:
        made, misfits = fitted(cast, values)
        for place, error in misfits:
            keep(extras, place, column, name, kept(self._without_secrets(values[place])))
            self._tell(
                column,
                "does not fit its column's type: kept in `_extra`"
                if error.instead is None
                else f"has more than {SCALE} digits behind the point, which warehouses round: whole in `_extra`",
            )
        if cast not in _MAY_NEST or _are_flat(made):
            return made
        return [self._without_secrets(v) for v in made]

    def _field(self, name: str) -> tuple[str, Cast | None]:
        """Return a field's column, empty if it is hidden, and what makes its values fit; remembered."""
        column = self._named.get(name, name)
        if column not in self._casters:
            column = snake_case(column)
        cast = self._casters.get(column)
        if column in self._secrets or (cast is None and redact.names_secret(column)):
            column = ""
        self._fields[name] = column, cast
        return column, cast

    def _without_secrets(self, value: Any) -> Any:
        return without_secrets(value, self._secrets)

    def _tell(self, column: str, what: str) -> None:
        if column not in self._told:
            self._told.add(column)
            log.info("%s: field `%s` %s", self._stream, column, what)
