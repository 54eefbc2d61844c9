"""What a reader should end up with, computed the plain way for tests: hour by hour, no shortcut, exact numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from adtap_sandbox.atomx.facts import MONEY, NAMES, Facts
from adtap_sandbox.atomx.reports import RATIOS, Names, Query, passes
from adtap_sandbox.atomx.store import Store
from adtap_sandbox.cube import Groups


def of_report(facts: Facts, store: Store, query: Query, now: datetime) -> dict[str, Any]:
    """Return rows and totals of a report query, money as exact decimal text.

    Conditions on metrics are not applied, ratios are left out.
    """
    names = Names(store)
    metrics = [metric for metric in query.metrics if metric not in RATIOS]
    places = [NAMES.index(metric) for metric in metrics]
    rows: Groups[tuple[Any, ...]] = Groups()
    seen = [line for line in facts.lines if query.scope.sees(line) and passes(line, query, names)]
    begin = query.begin.replace(tzinfo=query.zone).astimezone(UTC)
    end = min(query.end.replace(tzinfo=query.zone).astimezone(UTC), now)
    moment = begin.replace(minute=0)
    while moment < end:
        local = moment.astimezone(query.zone)
        shapes = {"hour": "%Y-%m-%d %H:00:00", "day": "%Y-%m-%d", "month": "%Y-%m"}
        words = {name: local.strftime(shape) for name, shape in shapes.items()}
        for line in seen if moment >= begin else ():
            hour = moment.hour
            numbers = facts.known(line, moment.date(), now, hour, hour + 1)
            if numbers is None:
                continue
            key = tuple(words.get(group) or names.value(line, group) for group in query.groups)
            rows.add(key, [numbers[place] for place in places])
        moment += timedelta(hours=1)
    sums = rows.totals(len(places))
    written = [
        {**dict(zip(query.groups, key, strict=True)), **_written(metrics, numbers)}
        for key, numbers in rows.items()
    ]
    return {"count": len(rows), "totals": _written(metrics, sums), "rows": written}


def _written(metrics: list[str], numbers: list[int]) -> dict[str, Any]:
    return {
        metric: str(Decimal(number).scaleb(-6)) if metric in MONEY else number
        for metric, number in zip(metrics, numbers, strict=True)
    }
