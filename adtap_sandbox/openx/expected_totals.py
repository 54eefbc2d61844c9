"""What a reader should have seen in the end, computed from the store with no API in between.

    GET /openx/_truth                                   what there is
    GET /openx/_truth?stream=report_inventory_daily     one of the presets
    GET /openx/_truth?attributes=day,publisherSiteId&metrics=clicks&start=…&end=…&filters={…}
    GET /openx/_truth?entity=site                       ids that exist now, ids that are gone
    GET /openx/_truth?trail=1                           number of audit rows by type

`sent` sums the digits as they go over the wire, row by row at the grain wanted, so it depends on
the attributes where money has float noise; `exact` sums the amounts behind them. Both are decimal
text. Where `publisherCurrency` is among the attributes, `currencies` has the same sums for each: amounts of two
currencies have no sum. `start` and `end` default to the whole available range; dates in any spelling of the API.
"""

import json
from collections import Counter
from decimal import Decimal, localcontext
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from adtap_sandbox.cube import Groups
from adtap_sandbox.environment import rfc3339
from adtap_sandbox.openx import fields, questions
from adtap_sandbox.openx.delivery import MICROS, Question, on_the_wire
from adtap_sandbox.openx.replies import plain_json
from adtap_sandbox.openx.store import Store
from adtap_sandbox.tables import table

_CURRENCY: Final = "publisherCurrency"
# Reports as a connector is likely to ask for them.
_PRESETS: Final = table(__package__, "presets")


class ExpectedTotals:
    """Answers `/_truth`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def answer(self, request: Request) -> Response:
        """One question; see the module's text."""
        given = dict(request.query_params)
        if "entity" in given:
            return self._entity(given["entity"])
        if "trail" in given:
            return plain_json(dict(Counter(row["obj_type"] for row in self._store.trail())))
        if "stream" not in given and "metrics" not in given:
            counts = {kind: len(self._store.alive(kind)) for kind in self._store.entities.by_kind}
            return plain_json({"streams": _PRESETS, "entities": counts})
        try:
            question = self._question(given)
        except (KeyError, ValueError) as error:
            return plain_json({"error": repr(error)}, 400)
        return plain_json(await run_in_threadpool(self._sums, question))

    def _entity(self, kind: str) -> Response:
        if kind not in self._store.entities.by_kind:
            return plain_json({"error": f"no type {kind}"}, 404)
        now = self._store.now()
        things = self._store.entities.by_kind[kind]
        gone = [thing for thing in things if thing.deleted is not None and thing.deleted <= now]
        uids = sorted(thing.uid for thing in things if thing.alive(now))
        return plain_json({"uids": uids, "deleted": sorted(thing.uid for thing in gone)})

    def _question(self, given: dict[str, str]) -> Question:
        if "stream" in given:
            preset = _PRESETS[given["stream"]]
            attributes, metrics = tuple(preset["attributes"]), tuple(preset["metrics"])
        else:
            dimensions, current = fields.CURRENT_DIMENSIONS, fields.CURRENT_METRICS
            names = [part for part in given.get("attributes", "").split(",") if part]
            attributes = tuple(fields.canonical(dimensions.get(name, name)) for name in names)
            metrics = tuple(current.get(name, name) for name in given["metrics"].split(","))
        strange = questions.unknown(attributes, fields.ATTRIBUTES)
        strange += questions.unknown(metrics, fields.METRICS)
        if strange:
            raise KeyError(strange)
        span = questions.available(self._store.environment, attributes, metrics)
        tree = json.loads(given["filters"]) if "filters" in given else None
        return Question(
            questions.read_date(given["start"]) if "start" in given else span.first,
            questions.read_date(given["end"]) if "end" in given else span.end,
            attributes,
            metrics,
            questions.read_filter(tree, fields.ATTRIBUTES),
        )

    def _sums(self, question: Question) -> dict[str, Any]:
        # Float noise has up to 18 digits after the point: the usual 28 would round a long sum.
        with localcontext(prec=80):
            return self._exact_sums(question, noise=self._store.switch("money_noise"))

    def _exact_sums(self, question: Question, *, noise: bool) -> dict[str, Any]:
        names = question.metrics
        sums: Groups[tuple[str, str]] = Groups()
        place = question.attributes.index(_CURRENCY) if _CURRENCY in question.attributes else None
        sums.add(("total", ""), [0] * (1 + 2 * len(names)))
        for row in self._store.delivery.rows(question):
            pairs = zip(names, row.metrics, strict=True)
            sent = [Decimal(repr(on_the_wire(name, value, noise=noise))) for name, value in pairs]
            numbers = [1, *sent, *row.metrics]
            sums.add(("total", ""), numbers)
            sums.add(("days", row.day.isoformat()), numbers)
            if place is not None:
                sums.add(("currencies", str(row.values[place])), numbers)

        def shown(kind: str) -> dict[str, Any]:
            return {
                name: _shown(names, numbers) for (of, name), numbers in sums.items() if of == kind
            }

        times = {"as_of": self._store.now(), "start": question.start, "end": question.end}
        return {
            **{name: rfc3339(moment) for name, moment in times.items()},
            "attributes": question.attributes,
            "metrics": question.metrics,
            **shown("total")[""],
            **{kind: shown(kind) for kind in ("days", "currencies")},
        }


def _shown(names: tuple[str, ...], numbers: list[Any]) -> dict[str, Any]:
    """Sums as decimal text: how many rows, amounts as sent, amounts in millionths."""
    rows, sent, exact = numbers[0], numbers[1 : len(names) + 1], numbers[len(names) + 1 :]
    pairs, money = zip(names, exact, strict=True), fields.MONEY
    whole = [Decimal(value) / MICROS if name in money else value for name, value in pairs]
    return {
        "rows": rows,
        "sent": {name: f"{Decimal(value):f}" for name, value in zip(names, sent, strict=True)},
        "exact": {name: f"{Decimal(value):f}" for name, value in zip(names, whole, strict=True)},
    }
