"""Values on their way out: exact JSON, time stamps, and made-up but repeatable field contents."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from adtap_sandbox.environment import rfc3339
from adtap_sandbox.tables import table
from adtap_sandbox.world import World

Record: TypeAlias = dict[str, Any]

_TEXTS = table(__package__, "texts")


def to_json(value: object) -> str:
    """Return JSON text in which a Decimal keeps every digit, as the platform's own numbers do.

    A float would show up as 0.30000000000000004, so none is ever made on the way.
    """
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return json.dumps(rfc3339(value))
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k)}: {to_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(to_json(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


def midnight(day: date, zone: str) -> datetime:
    """Return the instant, in UTC, at which a day begins in a zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def floored(value: Decimal, digits: int) -> Decimal:
    """Cut a number down to so many decimals, the way all totals here are rounded."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_DOWN)


def _moment(number: int) -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=number % 40_000_000)


_MADE_UP: Final[dict[str, Callable[[int], object]]] = {
    "int": lambda number: number % 5000 + 1,
    "num": lambda number: Decimal(number % 10_000_000) / Decimal(10_000),
    "bool": lambda number: number % 2 == 0,
    "dt": _moment,
    "date": lambda number: _moment(number).date(),
}


def field_value(world: World, key: tuple[object, ...], name: str, kind: str) -> object:
    """Make up one scalar field: the same for the same world and key (collection and id), plausible for its name.

    The kind is `int`, `num`, `bool`, `dt`, `date`, `str`, `object` or `enum:a b`, with a trailing `?` for a field that
    may be null (one in four is).
    """
    number = world.number("t1", *key, name)
    if kind.endswith("?"):
        kind = kind[:-1]
        if number % 4 == 0:
            return None
        number //= 4
    if kind.startswith("enum:"):
        choices = kind[5:].split() or [""]
        return choices[number % len(choices)].replace("_", " " if "3rd" in kind else "_")
    if kind in _MADE_UP:
        return _MADE_UP[kind](number)
    if kind == "object":
        return {"id": number % 900 + 1, "name": f"{name} {number % 900 + 1}"}
    return _text(number, key, name)


def _text(number: int, key: tuple[object, ...], name: str) -> str:
    """Make up a string that fits its field's name; one free text in sixteen is awkward."""
    fixed = _TEXTS["by_name"].get(name)
    if fixed:
        return str(fixed[number % len(fixed)])
    if name.endswith(("_url", "website", "facebook", "linkedin", "twitter")):
        return f"https://www.example.com/{name}/{number % 997}"
    if "password" in name or "token" in name:
        return f"secret-{name}-{number % 100_000}"
    if name.endswith("email"):
        return f"person{number % 997}@northwind.example"
    if number % 16 == 0:
        return str(_TEXTS["awkward"][number // 16 % len(_TEXTS["awkward"])])
    return f"{name.replace('_', ' ')} {key[-1]}"
