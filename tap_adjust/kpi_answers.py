"""Answers of the KPI service: groups within groups, in the order of the grouping, made flat.

An answer that is not as the service documents it is an error, never fewer rows: a group may hold its level's groups,
or its own values, and values above other values are sums of these.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adtap_core.bodies.doubles import check_columns
from adtap_core.errors import MalformedResponse
from adtap_core.redact import redact
from adtap_core.windows import Grain

TIMES: Final[Mapping[str, Grain]] = {
    "hour": Grain.HOUR,
    "hours": Grain.HOUR,
    "day": Grain.DAY,
    "days": Grain.DAY,
    "date": Grain.DAY,
    "week": Grain.WEEK,
    "weeks": Grain.WEEK,
    "month": Grain.MONTH,
    "months": Grain.MONTH,
}
DATES: Final = "dates"
ARRAYS: Final[Mapping[str, str]] = {
    "app": "apps",
    "apps": "apps",
    "tracker": "trackers",
    "trackers": "trackers",
    "network": "networks",
    "networks": "networks",
    "campaign": "campaigns",
    "campaigns": "campaigns",
    "adgroup": "adgroups",
    "adgroups": "adgroups",
    "creative": "creatives",
    "creatives": "creatives",
    "country": "countries",
    "countries": "countries",
    "region": "regions",
    "regions": "regions",
    "device_type": "device_types",
    "device_types": "device_types",
    "os_name": "os_names",
    "os_names": "os_names",
    "partner": "partners",
    "partners": "partners",
    "events": "events",
    "event_types": "events",
    "periods": "periods",
    **dict.fromkeys(TIMES, DATES),
}
"""Grouping word → key of the array that holds its nodes."""
LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "apps": {"token": "app_token", "currency": "currency"},
    "trackers": {"token": "tracker_token", "name": "tracker_name"},
    "networks": {"token": "network_token", "name": "network"},
    "campaigns": {"token": "campaign_token", "name": "campaign"},
    "adgroups": {"token": "adgroup_token", "name": "adgroup"},
    "creatives": {"token": "creative_token", "name": "creative"},
    "countries": {"country": "country"},
    "regions": {"region": "region"},
    "device_types": {"device_type": "device_type"},
    "os_names": {"os_name": "os_name"},
    "partners": {"partner": "partner"},
    "events": {"token": "event_token", "name": "event_name"},
    "periods": {"period": "period"},
    DATES: {"date": "date"},
}
"""Array key → field of a node → column."""
_IGNORED: Final[Mapping[str, frozenset[str]]] = {
    "apps": frozenset({"name"}),
    "trackers": frozenset({"has_subtrackers"}),
}
"""Fields of a node that say nothing of its row: an app's name is the app's."""
_LEVELS: Final = frozenset(ARRAYS.values())
_VALUES: Final = "kpi_values"

Node = Mapping[str, Any]


def flatten(
    document: Node, event_columns: Sequence[str] = (), asked: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Return an answer's leaves as flat rows: labels by column, KPIs by name.

    Args:
        document: The answer.
        event_columns: The value columns of the `event_kpis` that it was asked with: they follow the KPIs.
        asked: The grouping that it was asked with, for an answer that does not repeat it.

    Raises:
        MalformedResponse: If a leaf has another number of values than there are KPIs, a KPI comes twice, or a group
            is not as it should be.
    """
    said = document.get("result_parameters")
    parameters = said if isinstance(said, Mapping) else {}
    kpis = [*parameters.get("kpis", ()), *event_columns]
    check_columns(kpis)
    root = document.get("result_set") or {}
    if "result_set" not in document or not isinstance(root, Mapping):
        msg = f"the answer holds no result_set: {redact.beginning(dict(document), 200)}"
        raise MalformedResponse(msg)
    names = {
        array: {str(n.get("token")): n.get("name") for n in parameters.get(array) or ()}
        for array in ("events", "trackers")
    }
    order = [ARRAYS[g] for g in parameters.get("grouping") or asked if g in ARRAYS]
    start = {column: root.get(name) for name, column in LABELS["apps"].items() if root.get(name)}
    if _VALUES in root or any(map(_is_level, root.values())):  # else it is an answer without rows
        yield from _Walk(kpis, names).rows(root, {**start, **_others(root, "apps")}, order)


@dataclass
class _Walk:
    """Walks down an answer.

    Args:
        kpis: What the values of a leaf are called.
        names: Names of events and trackers by their token, which nodes may lack.
    """

    kpis: Sequence[str]
    names: Mapping[str, Mapping[str, Any]]

    def rows(self, node: Node, labels: Node, order: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Return the rows below a node.

        Args:
            node: The node.
            labels: Of the nodes above it, and its own.
            order: The levels of the grouping that are still to come.
        """
        array = _level_below(node)
        if array is None:
            yield from self._leaf(node, labels, order)
            return
        # A list that is called otherwise is that of its grouping word, else of the level that is due.
        level = ARRAYS.get(array, array)
        if level not in LABELS and order:
            level = order[0]
        spelt = LABELS.get(level, {})
        rest = [a for a in order if a != level]
        for child in node[array]:
            own = {column: child.get(name) for name, column in spelt.items() if name in child}
            if level in self.names and own.get(spelt["name"]) is None:
                own[spelt["name"]] = self.names[level].get(str(child.get("token")))
            yield from self.rows(child, {**labels, **_others(child, level), **own}, rest)

    def _leaf(self, node: Node, labels: Node, order: Sequence[str]) -> Iterator[dict[str, Any]]:
        values = node.get(_VALUES)
        if values is None:
            if order or not _LEVELS.isdisjoint(node):
                return  # a level without groups
            msg = f"a group has neither values nor groups: {redact.beginning(dict(node), 200)}"
            raise MalformedResponse(msg)
        if not isinstance(values, list) or len(values) != len(self.kpis):
            many = len(values) if isinstance(values, list) else "no list of"
            msg = f"a group has {many} values for {len(self.kpis)} KPIs ({', '.join(self.kpis)})"
            raise MalformedResponse(msg)
        yield {**labels, **dict(zip(self.kpis, values, strict=True))}


def _level_below(node: Node) -> str | None:
    """Return the list in which a node's groups stand; None if it has none.

    Raises:
        MalformedResponse: If a level is no list of groups, or there are several and nothing says which comes first.
    """
    known = [a for a in _LEVELS.intersection(node) if node[a] is not None]
    if odd := [a for a in known if not _is_level(node[a])]:
        msg = f"{odd[0]} of a group is no list of groups: {redact.beginning(node[odd[0]], 120)}"
        raise MalformedResponse(msg)
    filled = [a for a in known if node[a]]
    if not filled and _VALUES not in node:
        # The echoed grouping does not name the level: the only list is it.
        filled = [k for k, v in node.items() if v and _is_level(v)]
    if len(filled) > 1:
        msg = f"a group holds several lists ({', '.join(sorted(filled))}): only one of them can be its level"
        raise MalformedResponse(msg)
    return filled[0] if filled else None


def _others(node: Node, array: str) -> dict[str, Any]:
    """Return what a node holds beside its labels, its values and the level below, named after its own level."""
    known = {*LABELS.get(array, {}), *_IGNORED.get(array, ()), *_LEVELS, _VALUES}
    is_leaf = _VALUES in node
    return {
        f"{array}_{name}": value
        for name, value in node.items()
        if name not in known and (is_leaf or not _is_level(value))
    }


def _is_level(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(v, Mapping) for v in value)
