"""The account's own list of report fields, and what of a report it lets us ask."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adtap_core.declare import Report
from adtap_core.errors import MalformedResponse
from adtap_core.names import did_you_mean
from adtap_core.redact import redact
from adtap_core.rows.records import to_text
from adtap_core.windows import Grain
from tap_openx import fields
from tap_openx.streams import OpenxReport

log = logging.getLogger("adtaps.openx")
_COUNT: Final = "Number"
_MONEY: Final = "Currency"
_BUCKETS: Final = frozenset({Grain.HOUR.value, Grain.DAY.value})


@dataclass(frozen=True)
class Listed:
    """A field as `/report/fields` lists it.

    Args:
        id: As the server spells it.
        format: `Number`, `Currency`, `Date`, `String`, `Boolean` or `Array[Number]`.
        available: Lower-case ids of the attributes that a metric may be cut by; None if none is named.
        raw: All that is said of it.
    """

    id: str
    format: str
    available: frozenset[str] | None
    raw: Mapping[str, Any]

    @property
    def is_count(self) -> bool:
        """Return whether a metric's sums can be compared to the last digit."""
        is_number = self.format == _COUNT and not fields.is_money(self.id)
        return is_number and not fields.not_additive([self.id])


@dataclass(frozen=True)
class Asked:
    """A report in the server's own spelling.

    Args:
        attributes: Spelling sent, and the name that the report knows it by; without the time bucket.
        metrics: The same for metrics.
    """

    attributes: Mapping[str, str]
    metrics: Mapping[str, str]


@dataclass
class Catalogue:
    """The fields that this login may ask for; ids are matched without case.

    Args:
        dimensions: By lower-case id.
        metrics: By lower-case id.
    """

    dimensions: Mapping[str, Listed]
    metrics: Mapping[str, Listed]
    _told: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def read(cls, document: Any) -> "Catalogue":
        """Read an answer of `/report/fields`, its elements wrapped or bare.

        Raises:
            MalformedResponse: If it is no list of fields: without its dimensions, say, rows would be of another grain.
        """
        return cls(
            {f.id.lower(): f for f in _listed(document, "dimensions", "metadataDimensions")},
            {f.id.lower(): f for f in _listed(document, "metrics", "metadataMetrics")},
        )

    @classmethod
    def assumed(cls, reports: Sequence[Report]) -> "Catalogue":
        """Return the catalogue of an account that lists just what reports name, spelled as they do."""

        def listed(names: Iterator[str]) -> dict[str, Listed]:
            return {n.lower(): Listed(n, _COUNT, None, {}) for n in names}

        return cls(
            listed(d for r in reports for d in (*r.dimensions, fields.CURRENCY)),
            listed(m for r in reports for m in r.metrics),
        )

    def asked(self, report: Report, *, by_account: bool = False) -> Asked:
        """Return what of a report can be asked, and the currency that its money is in, if it has money.

        What the account does not list is left out with a warning, once: only built-in reports come here
        with such fields, `errors` refuses the user's.

        Args:
            report: The report.
            by_account: Whether the account is asked for along with it, to tell currencies apart.
        """
        wanted = [*report.dimensions]
        if self.needs_currency(report) and fields.CURRENCY.lower() in self.dimensions:
            # Two currencies in one row could never be told apart again.
            wanted.append(fields.CURRENCY)
        if by_account:
            wanted.append(fields.ACCOUNT)
        attributes: dict[str, str] = {}
        for name in wanted:
            listed = self.dimensions.get(name.lower())
            if listed is None:
                self._tell(report.name, name, "the account's report fields do not list it")
            else:
                attributes[listed.id] = name
        metrics: dict[str, str] = {}
        for name in report.metrics:
            listed = self.metrics.get(name.lower())
            if listed is None:
                self._tell(report.name, name, "the account's report fields do not list it")
            elif clash := [*self.clash(listed, attributes), *_not_by(listed, report.grain)]:
                self._tell(report.name, name, f"it can't be broken down by {', '.join(clash)}")
            else:
                metrics[listed.id] = name
        return Asked(attributes, metrics)

    def needs_currency(self, report: Report) -> bool:
        """Check whether a report has money and not the currency among its dimensions."""
        return OpenxReport.of(report).by_currency and not _names(report, fields.CURRENCY)

    def is_currency_told(self, report: Report) -> bool:
        """Check whether a report's rows say the currency of their money, or have none."""
        told = fields.CURRENCY.lower() in self.dimensions
        return told or not OpenxReport.of(report).by_currency

    def other_money(self, report: Report) -> list[str]:
        """Return a report's metrics that are money by this list alone: their names do not say so.

        Args:
            report: The report.
        """
        listed = (self.metrics.get(m.lower()) for m in report.metrics)
        return [m.id for m in listed if m and m.format == _MONEY and not fields.is_money(m.id)]

    @staticmethod
    def clash(metric: Listed, attributes: Sequence[str] | Mapping[str, str]) -> list[str]:
        """Return the attributes that a metric can't be broken down by.

        Args:
            metric: The metric, as the account's list has it.
            attributes: The attributes' ids.
        """
        if metric.available is None:
            return []
        return [
            a
            for a in attributes
            if a.lower() not in metric.available and a.lower() != fields.CURRENCY.lower()
        ]

    def proving(
        self, metrics: Sequence[str], attributes: Sequence[str], grain: Grain
    ) -> tuple[list[str], list[str]]:
        """Return those of a report's metrics that go with all of some attributes, and the counts that prove it whole.

        The counts are the report's own; where it has none, one that rides along.

        Args:
            metrics: The report's metrics, by their ids.
            attributes: What it is cut by.
            grain: Its time bucket.
        """
        others = [m.id for m in self.metrics.values() if m.id not in metrics]
        listed = [self.metrics[name.lower()] for name in [*metrics, *others]]
        fit = [m for m in listed if not self.clash(m, attributes) and not _not_by(m, grain)]
        counts = [m.id for m in fit if m.is_count]
        own = [name for name in counts if name in metrics]
        return [m.id for m in fit if m.id in metrics], own or counts[:1]

    def _tell(self, report: str, name: str, why: str) -> None:
        if (report, name) not in self._told:
            self._told.add((report, name))
            log.warning("%s: %s is left empty: %s", report, name, why)

    def errors(self, report: Report) -> list[str]:
        """Return one line for each field of a user's report that can't be asked for."""
        where = f"report {report.name!r}"
        errors = [
            f"{where}: unknown dimension {name!r}{self._near(name, self.dimensions, self.metrics)}"
            for name in report.dimensions
            if name.lower() not in self.dimensions
        ]
        for name in report.metrics:
            listed = self.metrics.get(name.lower())
            if listed is None:
                near = self._near(name, self.metrics, self.dimensions)
                errors.append(f"{where}: unknown metric {name!r}{near}")
                continue
            known = [d for d in report.dimensions if d.lower() in self.dimensions]
            errors += [
                f"{where}: metric {name!r} can't be broken down by {clash!r}; it goes with "
                + ", ".join(sorted(self._spelled(a) for a in listed.available or ()))
                for clash in (*self.clash(listed, known), *_not_by(listed, report.grain))
            ]
        errors += [
            f"{where}: filters: unknown attribute {name!r}{self._near(name, self.dimensions, {})}"
            for name in filter_names(report.filters)
            if name.lower() not in self.dimensions
        ]
        return errors

    def _spelled(self, lower: str) -> str:
        return self.dimensions[lower].id if lower in self.dimensions else lower

    @staticmethod
    def _near(name: str, own: Mapping[str, Listed], other: Mapping[str, Listed]) -> str:
        if name.lower() in other:
            kinds = "a metric" if other[name.lower()].available is not None else "of the other kind"
            return f" (it is {kinds})"
        return did_you_mean(name, [f.id for f in own.values()])

    def spell_filter(self, tree: Any) -> Any:
        """Return a filter tree with attributes spelled as the server does, values as text."""
        if not isinstance(tree, Mapping):
            return tree
        if "name" in tree:
            listed = self.dimensions.get(str(tree["name"]).lower())
            value = tree.get("value")
            value = [to_text(v) for v in value] if isinstance(value, list) else to_text(value)
            return {
                "name": listed.id if listed else tree["name"],
                "value": value,
                "operator": tree.get("operator", "EQ"),
            }
        return {
            k: self.spell_filter(v) if k in {"leftOperand", "rightOperand"} else v
            for k, v in tree.items()
        }

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the fields as records of the stream `report_fields`."""
        for kind, listed in (("dimension", self.dimensions), ("metric", self.metrics)):
            for one in listed.values():
                rest = {k: v for k, v in one.raw.items() if k != "metadataDetails"}
                yield {
                    **rest,
                    "kind": kind,
                    "path": _path(one.raw.get("path")),
                    "dimensionsAvailable": _available(one.raw),
                }


def _names(report: Report, *names: str) -> bool:
    """Check whether one of some attributes is among a report's dimensions, in any letter case."""
    return not {d.lower() for d in report.dimensions}.isdisjoint(n.lower() for n in names)


def _listed(document: Any, kind: str, wrapper: str) -> Iterator[Listed]:
    elements = document.get(kind) if isinstance(document, Mapping) else None
    if not isinstance(elements, list):
        raise MalformedResponse(
            f"report fields: the answer holds no list of {kind}: {redact.beginning(document, 200)}"
        )
    for element in elements:
        raw = element.get(wrapper, element) if isinstance(element, Mapping) else None
        if not isinstance(raw, Mapping) or not raw.get("id"):
            raise MalformedResponse(
                f"report fields: one of the {kind} has no id: {redact.beginning(repr(element), 200)}"
            )
        available = _available(raw)
        yield Listed(
            id=str(raw["id"]),
            format=str(raw.get("format", "")),
            # A metric that goes with nothing could never be asked for: an empty list says nothing of it.
            available=frozenset(a.lower() for a in available) if available else None,
            raw=raw,
        )


def _available(raw: Mapping[str, Any]) -> list[str] | None:
    """Return the attributes that a metric may be cut by; None if the list does not say so."""
    details = raw.get("metadataDetails")
    found = details.get("dimensionsAvailable") if isinstance(details, Mapping) else None
    if not isinstance(found, list):
        return None
    return [str(a.get("id") if isinstance(a, Mapping) else a) for a in found]


def _not_by(metric: Listed, grain: Grain) -> list[str]:
    """Return the time bucket if a metric can't be broken down by it: only a list that names another one tells that."""
    available = metric.available or frozenset()
    is_told = not available.isdisjoint(_BUCKETS)
    return [grain.value] if is_told and grain.value not in available else []


def _path(value: Any) -> str | None:
    """Return a field's path, which may come as an object with one text in it."""
    if isinstance(value, Mapping):
        return next((str(v) for v in value.values()), None)
    return None if value is None else str(value)


def filter_names(tree: Any) -> Iterator[str]:
    """Yield the attributes that a filter tree names."""
    if isinstance(tree, Mapping):
        if "name" in tree:
            yield str(tree["name"])
        for side in ("leftOperand", "rightOperand"):
            yield from filter_names(tree.get(side))


def filter_errors(tree: Any, where: str = "filters") -> list[str]:
    """Return one line for each place where a filter is not the Data Service's tree.

    A filter is `{"name", "value", "operator": "EQ"}` or `{"operator": "AND"|"OR"|"XOR", "leftOperand",
    "rightOperand"}`; there is no other comparison.

    Args:
        tree: The filter, or a branch of it.
        where: Where the branch stands, for the message.
    """
    if not isinstance(tree, Mapping):
        return [f"{where}: one filter object is expected, not {redact.beginning(repr(tree), 60)}"]
    operator = tree.get("operator", "EQ")
    if operator in {"AND", "OR", "XOR"}:
        return [
            fault
            for side in ("leftOperand", "rightOperand")
            for fault in filter_errors(tree.get(side), f"{where}.{side}")
        ]
    errors = []
    if operator != "EQ":
        errors.append(
            f"{where}: operator {operator!r} is unknown; EQ compares, AND, OR and XOR combine"
        )
    if not isinstance(tree.get("name"), str):
        errors.append(f"{where}: `name` (the attribute) is missing")
    if tree.get("value") in (None, []):
        errors.append(f"{where}: `value` (a text or a list of texts) is missing")
    return errors
