"""What Adjust's metrics are: their names, their formats, and what they are computed from.

A metric is a formula over atoms. An atom is a whole number that the store holds for one cell and
one day; atoms add up over cells and days, metrics mostly don't. Names and formulas come from the
vendor's metric list of November 2023 and its glossary of July 2026 (``metrics.tsv``).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import blake2b
from itertools import product

from typing_extensions import override

from adtap_sandbox.tables import lines, table

from .replies import unsupported_metric

MICROS = 1_000_000
PERIOD_DAYS = {"d": 1, "w": 7, "m": 30}
LAST_PERIOD = {"d": 120, "w": 52, "m": 36}
"""The longest cohort periods: D120, W52, M36."""
SPEND_MODES = {"adjust": "adjust_cost", "network": "network_cost", "mixed": "mixed_cost"}

_FAMILIES = table(__package__, "families")
AD_REVENUE_SOURCES: dict[str, str] = _FAMILIES["ad_revenue_sources"]
SUBSCRIPTION_EVENTS = tuple(_FAMILIES["subscription_events"])
SUMS: dict[str, list[str]] = _FAMILIES["sums"]


@dataclass(frozen=True)
class Listed:
    """One line of the vendor's metric list; ``id`` may hold ``{event_slug}`` and a period."""

    section: str
    id: str
    format: str
    frequency: str
    flag: str
    name: str
    formula: str


@dataclass(frozen=True)
class Atom:
    """A whole number held per cell and day."""

    name: str  # the metric (or cohort stem) it stands for
    format: str  # `int`, `money` (in millionths), `sec` or `dec`
    section: str  # which clock it keeps: `network` and `skan` are daily, the rest hourly
    unit: str = ""  # `d`, `w` or `m` for a cohort atom
    period: int = 0  # the cohort period's number
    slug: str = ""  # the event it belongs to

    @cached_property
    def salt(self) -> int:
        """64 bits of its own, the same in every process."""
        text = f"{self.name}|{self.slug}|{self.unit}{self.period}"
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")

    @override
    def __hash__(self) -> int:
        return self.salt


Compute = Callable[[Sequence[int], int], float | None]


@dataclass(frozen=True)
class Metric:
    """A metric as asked for, ready to be computed."""

    id: str  # as the request spells it
    format: str  # the list's format
    atoms: tuple[Atom, ...]  # what has to be summed first
    whole: bool  # true where the result is whole (`compute` gives an int, money in millionths)
    micros: bool  # true where `compute` gives millionths of the currency
    # from summed atoms and the number of days averaged over; None when it would divide by zero
    compute: Compute


@cache
def listed() -> tuple[Listed, ...]:
    return tuple(Listed(**line) for line in lines(__package__, "metrics"))


@cache
def catalogue_sections() -> tuple[dict[str, Listed], dict[str, Listed], dict[str, Listed]]:
    """Plain metrics, cohort stems, and event metrics without their slug, each by name."""
    plain: dict[str, Listed] = {}
    cohort: dict[str, Listed] = {}
    event: dict[str, Listed] = {}
    for entry in (*listed(), *_families()):
        if entry.section in ("cohort", "subscription_cohort"):
            cohort[entry.id] = entry
        elif entry.section == "event":
            event[entry.id.removeprefix("{event_slug}_")] = entry
        else:
            plain[entry.id] = entry
    return plain, cohort, event


def readable(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _line(section: str, name: str, fmt: str = "int", formula: str = "") -> Listed:
    frequency = "d" if section == "skan" else "h"
    return Listed(section, name, fmt, frequency, "", readable(name), formula)


def _families() -> Iterator[Listed]:
    """The families that the list only describes: per source, per conversion value, ..."""
    for family in _FAMILIES["families"]:
        each = family["each"]
        choices = [_FAMILIES[given] if isinstance(given, str) else given for given in each.values()]
        for chosen in product(*choices):
            fields = dict(zip(each, chosen, strict=True))
            for metric in family["metrics"]:
                name, *rest = (text.format(**fields) for text in metric)
                yield _line(family["section"], name, *rest)


_PERIOD = re.compile(r"^(.+)_([dwm])(0|[1-9]\d{0,2})$")
_EVENT_PERIOD = re.compile(r"^([dwm])(0|[1-9]\d{0,2})_(.+)$")
_WORD = re.compile(r"\{event_slug\}(?:_\{cohort_period\})?\w*|[a-z]\w*")
Part = str | Atom


class Catalogue:
    """Finds metrics by name for one account, told by its event slugs, which may hold spaces."""

    def __init__(self, slugs: Sequence[str]) -> None:
        # The longest first: "order" must not win over "order placed".
        self._slugs = sorted(slugs, key=len, reverse=True)
        self._known: dict[tuple[str, str], Metric] = {}

    def metric(self, name: str, spend_mode: str = "adjust") -> Metric:
        """The metric of that name; 400 with the live text when there is none.

        Args:
            name: As the request spells it.
            spend_mode: ``adjust``, ``network`` or ``mixed``: which spend ``cost`` is.
        """
        key = (name, spend_mode)
        if key not in self._known:
            if len(self._known) > 5000:  # noqa: PLR2004 - only so that it cannot grow for ever
                self._known.clear()
            self._known[key] = self._make(name, spend_mode)
        return self._known[key]

    def _make(self, name: str, spend_mode: str) -> Metric:
        found = self._find(name)
        if found is None:
            raise unsupported_metric(name)
        parts, fmt = self._parts(name, spend_mode, depth=0)
        atoms = tuple(dict.fromkeys(part for part in parts if isinstance(part, Atom)))
        operators = "".join(part for part in parts if isinstance(part, str))
        average = any(atom.format == "dec" for atom in atoms)
        whole = not re.search(r"[*/]", operators) and not average
        micros = whole and atoms[0].format.startswith("money")
        return Metric(name, fmt, atoms, whole, micros, _compile(parts, atoms, whole=whole))

    def _find(self, name: str) -> tuple[Listed, str, int, str] | None:
        """List entry, cohort unit, period and event slug that a name stands for."""
        plain, cohort, event = catalogue_sections()
        if name in plain:
            return plain[name], "", 0, ""
        if found := _PERIOD.match(name):
            stem, unit, period = found[1], found[2], int(found[3])
            if stem in cohort and period <= LAST_PERIOD[unit]:
                return cohort[stem], unit, period, ""
            if _is_step(stem) and period <= LAST_PERIOD[unit]:
                return _line("subscription_cohort", stem, "ratio"), unit, period, ""
        for slug in self._slugs:
            rest = name.removeprefix(f"{slug}_")
            if rest == name:
                continue
            if rest in event:
                return event[rest], "", 0, slug
            if found := _EVENT_PERIOD.match(rest):
                entry = event.get("{cohort_period}_" + found[3])
                if entry and int(found[2]) <= LAST_PERIOD[found[1]]:
                    return entry, found[1], int(found[2]), slug
        return None

    def _parts(self, name: str, spend_mode: str, *, depth: int) -> tuple[list[Part], str]:
        """A metric written out down to its atoms."""
        if name == "mixed_cost":
            return [Atom(name, "money", "mixed")], "money"
        name = name.replace("general_revenue_revenue_", "general revenue_revenue_")
        found = self._find(name)
        if found is None or depth > 6:  # noqa: PLR2004 - formulas nest four deep at most
            raise unsupported_metric(name)
        entry, unit, period, slug = found
        formula = SPEND_MODES[spend_mode] if entry.id == "cost" else entry.formula
        if entry.id in SUMS and entry.section != "cohort":
            formula = " + ".join(SUMS[entry.id])
        if entry.id == "return_on_investment":  # would nest a money difference under a ratio
            formula = "(cohort_all_revenue - cost) / cost"
        if entry.section == "subscription_cohort" and _is_step(entry.id):
            first, second = re.split("_to_", entry.id[13:-5], maxsplit=1)
            formula = f"subscription_{second}_events_total / subscription_{first}_events_total"
        if not formula:
            stem = entry.id.removeprefix("{event_slug}_").removeprefix("{cohort_period}_")
            return [Atom(stem, entry.format, entry.section, unit, period, slug)], entry.format
        _, cohort, _ = catalogue_sections()
        parts: list[Part] = []
        end = 0
        for word in _WORD.finditer(formula):
            parts.append(formula[end : word.start()])
            end = word.end()
            inner = word[0]
            if inner == "abs":
                parts.append(inner)
                continue
            if unit and not slug and inner in cohort:
                inner = f"{inner}_{unit}{period}"
            inner = inner.replace("{event_slug}", slug).replace(
                "{cohort_period}", f"{unit}{period}"
            )
            parts += ["(", *self._parts(inner, spend_mode, depth=depth + 1)[0], ")"]
        parts.append(formula[end:])
        return parts, entry.format


def _is_step(stem: str) -> bool:
    """``subscription_{event_from}_to_{event_to}_rate``."""
    if not (stem.startswith("subscription_") and stem.endswith("_rate") and "_to_" in stem):
        return False
    first, second = re.split("_to_", stem[13:-5], maxsplit=1)
    return first in SUBSCRIPTION_EVENTS and second in SUBSCRIPTION_EVENTS


def _compile(parts: Sequence[Part], atoms: tuple[Atom, ...], *, whole: bool) -> Compute:
    index = {atom: number for number, atom in enumerate(atoms)}
    text: list[str] = []
    for part in parts:
        if isinstance(part, str):
            text.append(part)
        elif part.format == "dec":  # an average of daily users
            text.append(f"(a[{index[part]}] / days)")
        elif part.format.startswith("money") and not whole:
            text.append(f"(a[{index[part]}] / 1e6)")
        else:
            text.append(f"a[{index[part]}]")
    source = "".join(text)
    if re.search(r"[^\w\s+\-*/().\[\]]", source):
        raise AssertionError(f"not a formula: {source}")
    # The text is our own table's, never the request's: names in it became a[0], a[1], ...
    formula: Compute = eval(f"lambda a, days: {source}", {"abs": abs})  # noqa: S307

    def compute(values: Sequence[int], days: int) -> float | None:
        try:
            return formula(values, days)
        except ZeroDivisionError:
            return None

    return compute
