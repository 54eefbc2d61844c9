"""The `q` search expression of both generations, read into a predicate over one record."""

import fnmatch
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias, TypeVar

from adtap_sandbox.environment import rfc3339
from adtap_sandbox.lists import COMPARISONS

Predicate: TypeAlias = Callable[[Mapping[str, object]], bool]

Row = TypeVar("Row", bound=Mapping[str, object])

_BETWEEN = re.compile(r"id>(\d+)(?:&id<=(\d+))?")
_PART = re.compile(r"^\s*(\w+)\s*(==|!=|>=|<=|=:|:!|>|<|:)\s*(.*)$", re.DOTALL)


class QueryError(ValueError):
    """The expression cannot be read, or names a field that the resource does not have."""

    def __init__(self, message: str, field: str = "q") -> None:
        super().__init__(message)
        self.field = field


def parse(text: str, known: set[str]) -> Predicate:
    """Read `id>5&status==true` into a predicate; a `QueryError` for an unknown field or operator, or a wrong value.

    `(1,2,3)` alone means "id is one of". `known` are the names that a condition may use.
    """
    tests = [_condition(part, known) for part in text.split("&")]
    return lambda record: all(test(record) for test in tests)


def select(
    rows: Sequence[Row],
    text: str,
    known: Callable[[Sequence[Row]], set[str]],
    shown: Callable[[Row], Mapping[str, object]] = dict,
) -> list[Row]:
    """The rows that meet an expression, in their order; refused as by `parse`.

    `known` gives the names that a condition may use, `shown` the fields of a row that a condition sees.
    """
    between = _BETWEEN.fullmatch(text)
    ids = [row.get("id") for row in rows] if between else []
    numbers = [number for number in ids if isinstance(number, int)]
    if between and len(numbers) == len(rows) and numbers == sorted(numbers):
        # How long lists are walked, in hundreds of pages: looking at every row took seconds each.
        behind, upto = (bisect_right(numbers, int(n)) if n else None for n in between.groups())
        return list(rows[behind:upto])
    test = parse(text, known(rows))
    return [row for row in rows if test(shown(row))]


def _condition(part: str, known: set[str]) -> Predicate:
    if part.startswith("(") and part.endswith(")"):
        wanted = _ids(part)
        return lambda record: record.get("id") in wanted
    match = _PART.match(part)
    if match is None:
        raise QueryError(f"cannot read the expression {part!r}")
    field, operator, literal = match.groups()
    if field not in known:
        raise QueryError(f"unknown field {field}", field)
    if operator in (":", ":!"):
        if literal.lstrip("!") != "null":
            raise QueryError(f"only null may follow {operator}", field)
        want_null = operator == ":" and not literal.startswith("!")
        return lambda record: (record.get(field) is None) == want_null
    if operator == "==" and literal.startswith("("):
        wanted = _ids(literal)
        return lambda record: record.get(field) in wanted
    if operator == "=:":
        pattern = literal.casefold()
        return lambda record: fnmatch.fnmatchcase(str(record.get(field, "")).casefold(), pattern)
    return lambda record: _compare(record.get(field), operator, literal, field)


def _ids(text: str) -> set[int]:
    try:
        return {int(item) for item in text.strip("()").split(",")}
    except ValueError:
        raise QueryError("only whole numbers may stand in a list") from None


def _compare(value: object, operator: str, literal: str, field: str) -> bool:
    """Compare a record's value with a literal, in the value's own type."""
    if value is None:
        return operator == "!="
    return COMPARISONS[operator](_sign(value, literal, field), 0)


def _sign(value: object, literal: str, field: str) -> int:
    """Whether the value is below (-1), at (0) or above (1) the literal."""
    if isinstance(value, (bool, int, Decimal)):
        exact, wanted = _numbers(value, literal, field)
        return (exact > wanted) - (exact < wanted)
    if isinstance(value, datetime):
        # Without a zone it is UTC.
        try:
            moment = datetime.fromisoformat(literal)
        except ValueError:
            raise QueryError(f"{field} is a time, not {literal!r}", field) from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        text, other = rfc3339(value), rfc3339(moment)
    else:
        text, other = (value.isoformat() if isinstance(value, date) else str(value)), literal
    return (text > other) - (text < other)


def _numbers(value: Decimal | int, literal: str, field: str) -> tuple[Decimal, Decimal]:
    if isinstance(value, bool):
        if literal not in ("0", "1", "true", "false"):
            raise QueryError(f"{field} is a boolean, not {literal!r}", field)
        return Decimal(int(value)), Decimal(int(literal in ("1", "true")))
    try:
        return Decimal(value), Decimal(literal)
    except InvalidOperation:
        raise QueryError(f"{field} is a number, not {literal!r}", field) from None
