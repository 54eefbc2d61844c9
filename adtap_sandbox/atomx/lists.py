"""Reading models: filters, order, paging, and rendering by depth."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from adtap_sandbox import lists
from adtap_sandbox.atomx.data import Row
from adtap_sandbox.atomx.models import MODELS, Model
from adtap_sandbox.atomx.replies import Refusal
from adtap_sandbox.atomx.store import View

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
"""From the platform's wiki; more is clamped, and the reply's `limit` says so."""

DEFAULT_DEPTH = 1
"""Assumed: relations are objects whose own relations are ids."""

MAX_DEPTH = 3

_RESERVED = ("limit", "offset", "depth", "expand", "attributes")
_MOMENT = re.compile(r"^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?Z?)?$")


@dataclass(frozen=True)
class Shape:
    """How rows are to be rendered: depth, and attributes to expand or to keep."""

    depth: int = DEFAULT_DEPTH
    expand: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """One filter parameter: a dotted attribute, an operator (`=`, `>`, `<`) and its value as sent."""

    path: str
    operator: str
    value: str


@dataclass(frozen=True)
class Question:
    """A list request, read."""

    conditions: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    sort: str
    limit: int
    offset: int
    shape: Shape


@dataclass(frozen=True)
class Reader:
    """Reads models at one moment."""

    view: View  # the rows
    stats: Callable[[Model, int], dict[str, dict[str, Any]]]  # gives the quickstats of a row
    internal: bool  # whether attributes are shown that only a user inside atomx sees
    bounds: bool  # whether `<attribute>>` and `<attribute><` are honoured

    def select(self, model: Model, question: Question) -> list[Row]:
        """Return the rows that meet all conditions, in order; not yet paged."""
        for path in (*(each.path for each in question.conditions), *dict(question.order)):
            self._known(model, path)
        tests = [
            partial(self._meets, model, condition)
            for condition in question.conditions
            if condition.operator == "=" or self.bounds
        ]
        rows = lists.select(self.view.rows(model.name).values(), tests)
        keys = [(partial(self._sort_key, model, path), down) for path, down in question.order]
        return lists.sort(rows, keys)

    def render(self, model: Model, row: Row, shape: Shape) -> Row:
        """Return `row` as it is sent: relations by depth, hidden attributes left out."""
        made: Row = {}
        for key, value in row.items():
            if key in model.many or (key in model.hidden and not self.internal):
                continue
            if key in model.one and value is not None:
                made[key] = self._related(model.one[key], value, shape, key)
            else:
                made[key] = value
        for key in (*model.many, *model.children):
            if shape.depth >= 1 or _wants(shape, key):
                made[key] = self.collection(model, row, key, _below(shape, key))
        if model.stats and _wants(shape, "quickstats"):
            made["quickstats"] = self.stats(model, row["id"])
        if shape.attributes:
            made = {key: made[key] for key in ("id", *shape.attributes) if key in made}
        return made

    def collection(self, model: Model, row: Row, attribute: str, shape: Shape) -> list[Row]:
        """Return the rows of a to-many relation, rendered; what was deleted is left out."""
        if attribute in model.many:
            target = MODELS[model.many[attribute]]
            ids: Iterable[int] = row.get(attribute) or ()
        else:
            name, back = model.children[attribute]
            target = MODELS[name]
            ids = self.view.children(name, back, row["id"])
        rows = self.view.rows(target.name)
        return [self.render(target, rows[ident], shape) for ident in ids if ident in rows]

    def lookup(self, model: Model, row: Row, path: str) -> object:
        """Return the value at a dotted path, through to-one relations and quickstats."""
        head, _, rest = path.partition(".")
        if head == "hostname" and model.name == "domain":
            head = "name"
        if head == "quickstats" and model.stats:
            value: object = self.stats(model, row["id"])
        else:
            bare = head.removesuffix("_id")
            value = row.get(bare if head not in row and bare in model.one else head)
        if not rest:
            return value
        if head in model.one and isinstance(value, int):
            target = MODELS[model.one[head]]
            found = self.view.rows(target.name).get(value)
            return None if found is None else self.lookup(target, found, rest)
        for key in rest.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def _related(self, target: str, ident: int, shape: Shape, key: str) -> Row | int:
        found = self.view.rows(target).get(ident)
        # What was deleted leaves its id behind.
        if found is None or not (shape.depth >= 1 or _wants(shape, key)):
            return ident
        return self.render(MODELS[target], found, _below(shape, key))

    def _known(self, model: Model, path: str) -> None:
        """Refuse an attribute that no row has: an unknown parameter is a filter like any other."""
        head = path.partition(".")[0]
        if (model.name == "domain" and head == "hostname") or (
            model.stats and head == "quickstats"
        ):
            return
        if head in model.one or head.removesuffix("_id") in model.one:
            return
        rows = self.view.rows(model.name)
        if rows and not any(head in row for row in rows.values()):
            raise Refusal(400, f"{model.name} has no attribute {head!r}")

    def _sort_key(self, model: Model, path: str, row: Row) -> tuple[int, Any]:
        return lists.sort_key(self.lookup(model, row, path))

    def _meets(self, model: Model, condition: Condition, row: Row) -> bool:
        have = self.lookup(model, row, condition.path)
        want = condition.value
        if condition.operator == "=":
            if "," in want and condition.path == "id":
                return str(have) in want.split(",")
            return _equal(have, want)
        if have is None or isinstance(have, (dict, list)):
            return False
        mine, theirs = _comparable(have, want)
        # Lower bounds are inclusive; that upper ones are not is the invoices' rule, assumed for all.
        return bool(mine >= theirs) if condition.operator == ">" else bool(mine < theirs)


def ask(params: list[tuple[str, str]], *, order_names: tuple[str, ...]) -> Question:
    """Read the query string of a list request; 400 if a number is none or an order is malformed.

    `order_names` says which of `order_by` and `sort` order the list; any other is taken for a filter.
    """
    given = dict(params)
    sort = next((given[name] for name in order_names if name in given), "")
    conditions = []
    for name, value in params:
        if name in _RESERVED or name in order_names:
            continue
        operator = name[-1] if name[-1:] in ("<", ">") else "="
        conditions.append(Condition(name.rstrip("<>"), operator, value))
    return Question(
        conditions=tuple(conditions),
        order=tuple(order(sort)),
        sort=sort,
        limit=min(whole(given, "limit", DEFAULT_LIMIT), MAX_LIMIT),
        offset=whole(given, "offset", 0),
        shape=Shape(
            depth=min(whole(given, "depth", DEFAULT_DEPTH), MAX_DEPTH),
            expand=words(given.get("expand", "")),
            attributes=words(given.get("attributes", "")),
        ),
    )


def order(sort: str) -> list[tuple[str, bool]]:
    """Read `a.asc,b.desc` as pairs of a path and whether it descends; 400 if a part is malformed."""
    made = []
    for part in words(sort):
        path, dot, direction = part.rpartition(".")
        if not dot or direction.lower() not in ("asc", "desc"):
            raise Refusal(400, f"Can't sort by {part!r}, expected <attribute>.asc or .desc")
        made.append((path, direction.lower() == "desc"))
    return made


def whole(given: dict[str, str], name: str, default: int) -> int:
    """Read a parameter as a whole number that is not negative; 400 if it is none."""
    value = given.get(name) or None
    refused = Refusal(400, f"{name} must be a number, not {value!r}")
    return lists.whole_number(value, default, refused)


def words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def matches(pattern: str, name: str) -> bool:
    """Return whether `name` is what a pattern with `*` at either end asks for; case is ignored."""
    parts = [re.escape(part) for part in pattern.split("*")]
    return re.fullmatch(".*".join(parts), name, re.IGNORECASE | re.DOTALL) is not None


def _wants(shape: Shape, key: str) -> bool:
    return any(name == key or name.startswith(f"{key}.") for name in shape.expand) or (
        key == "quickstats" and key in shape.attributes
    )


def _below(shape: Shape, key: str) -> Shape:
    """Return the shape of what stands under `key`."""
    inner = tuple(
        name.removeprefix(f"{key}.") for name in shape.expand if name.startswith(f"{key}.")
    )
    return Shape(depth=max(shape.depth - 1, 0), expand=inner)


def _equal(have: object, want: str) -> bool:  # noqa: PLR0911 - one line per kind of value
    if have is None:
        return want in ("", "null", "None")
    if isinstance(have, bool):
        return want.lower() in (("true", "1") if have else ("false", "0"))
    if isinstance(have, (int, float)):
        try:
            return float(want) == float(have)
        except ValueError:
            return False
    if isinstance(have, list):
        return any(_equal(item, want) for item in have)
    if isinstance(have, dict):
        return _equal(have.get("id"), want)
    text = str(have)
    if "*" in want:
        return matches(want, text)
    return text == want or (_MOMENT.match(text) is not None and _moment(text) == _moment(want))


def _comparable(have: object, want: str) -> tuple[Any, Any]:
    if isinstance(have, (int, float)):
        try:
            return float(have), float(want)
        except ValueError:
            raise Refusal(400, f"{want!r} is not a number") from None
    text = str(have)
    return (_moment(text), _moment(want)) if _MOMENT.match(text) else (text, want)


def _moment(text: str) -> str:
    """Bring the spellings of a moment to one: fractions and a final Z are dropped."""
    found = _MOMENT.match(text)
    if found is None:
        return text
    time = found[2] or "00:00:00"
    return f"{found[1]}T{time if len(time) > len('00:00') else time + ':00'}"
