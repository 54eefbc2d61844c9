"""What a reader should end up with, computed the plain way for tests: hour by hour, no shortcut, exact numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from adtap_sandbox.atomx.facts import MONEY, NAMES, Facts
from adtap_sandbox.atomx.lists import Reader
from adtap_sandbox.atomx.models import Model
from adtap_sandbox.atomx.reports import RATIOS, Names, Query, passes
from adtap_sandbox.atomx.store import Store


def of_report(facts: Facts, store: Store, query: Query, now: datetime) -> dict[str, Any]:
    """Return rows and totals of a report query, money as exact decimal text.

    Conditions on metrics are not applied, ratios are left out.
    """
    names = Names(store)
    metrics = [metric for metric in query.metrics if metric not in RATIOS]
    places = [NAMES.index(metric) for metric in metrics]
    rows: dict[tuple[Any, ...], list[int]] = {}
    seen = [line for line in facts.lines if query.scope.sees(line) and passes(line, query, names)]
    begin = query.begin.replace(tzinfo=query.zone).astimezone(UTC)
    end = min(query.end.replace(tzinfo=query.zone).astimezone(UTC), now)
    moment = begin.replace(minute=0)
    while moment < end:
        local = moment.astimezone(query.zone)
        words = {
            "hour": local.strftime("%Y-%m-%d %H:00:00"),
            "day": local.strftime("%Y-%m-%d"),
            "month": local.strftime("%Y-%m"),
        }
        for line in seen if moment >= begin else ():
            hour = moment.hour
            numbers = facts.known(line, moment.date(), now, hour, hour + 1)
            if numbers is None:
                continue
            key = tuple(
                words[group] if group in words else names.value(line, group)
                for group in query.groups
            )
            have = rows.setdefault(key, [0] * len(places))
            for nth, place in enumerate(places):
                have[nth] += numbers[place]
        moment += timedelta(hours=1)
    sums = [sum(column) for column in zip(*rows.values(), strict=True)] or [0] * len(places)
    return {
        "count": len(rows),
        "totals": _written(metrics, sums),
        "rows": [
            {**dict(zip(query.groups, key, strict=True)), **_written(metrics, numbers)}
            for key, numbers in rows.items()
        ],
    }


def of_model(reader: Reader, model: Model) -> dict[str, Any]:
    """Return ids and modification times of all rows of a model as they stand now."""
    rows = reader.view.rows(model.name)
    return {
        "count": len(rows),
        "ids": list(rows),
        "updated_at": {str(ident): row.get("updated_at") for ident, row in rows.items()},
    }


def _written(metrics: list[str], numbers: list[int]) -> dict[str, Any]:
    return {
        metric: str(Decimal(number).scaleb(-6)) if metric in MONEY else number
        for metric, number in zip(metrics, numbers, strict=True)
    }
