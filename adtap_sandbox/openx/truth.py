"""What a reader should have seen in the end, computed from the store with no API in between.

    GET /openx/_truth                                   what can be asked
    GET /openx/_truth?stream=report_inventory_daily     one of the presets
    GET /openx/_truth?attributes=day,publisherSiteId&metrics=clicks&start=…&end=…&filters={…}
    GET /openx/_truth?entity=site                       ids that exist now, ids that are gone
    GET /openx/_truth?trail=1                           number of audit rows by type

`sent` sums the digits as they go over the wire, row by row at the grain asked for, so it depends on
the attributes where money has float noise; `exact` sums the amounts behind them. Both are decimal
text. Where `publisherCurrency` is among the attributes, `currencies` has the same sums for each: amounts of two
currencies have no sum. `start` and `end` default to the whole available range; dates in any spelling of the API.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool

from adtap_sandbox.openx import fields, questions
from adtap_sandbox.openx.delivery import MICROS, Question, as_sent
from adtap_sandbox.openx.replies import plain_json
from adtap_sandbox.tables import table

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from adtap_sandbox.openx.store import Store

_CURRENCY: Final = "publisherCurrency"
# The report streams that the platform sheet suggests in section 6.2.
_PRESETS: Final = table(__package__, "presets")


class Truth:
    """Answers `/_truth`.

    Args:
        store: The room's state.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def answer(self, request: Request) -> Response:
        """One question; see the module's text."""
        asked = dict(request.query_params)
        if "entity" in asked:
            return self._entity(asked["entity"])
        if "trail" in asked:
            return plain_json(dict(Counter(row["obj_type"] for row in self._store.trail())))
        if "stream" not in asked and "metrics" not in asked:
            return plain_json(
                {
                    "streams": _PRESETS,
                    "entities": {
                        kind: len(self._store.alive(kind)) for kind in self._store.entities.by_kind
                    },
                }
            )
        try:
            question = self._question(asked)
        except (KeyError, ValueError) as error:
            return plain_json({"error": repr(error)}, 400)
        return plain_json(await run_in_threadpool(self._sums, question))

    def _entity(self, kind: str) -> Response:
        if kind not in self._store.entities.by_kind:
            return plain_json({"error": f"no type {kind}"}, 404)
        now = self._store.now()
        things = self._store.entities.by_kind[kind]
        return plain_json(
            {
                "uids": sorted(thing.uid for thing in things if thing.alive(now)),
                "deleted": sorted(
                    thing.uid
                    for thing in things
                    if thing.deleted is not None and thing.deleted <= now
                ),
            }
        )

    def _question(self, asked: dict[str, str]) -> Question:
        if "stream" in asked:
            preset = _PRESETS[asked["stream"]]
            attributes, metrics = tuple(preset["attributes"]), tuple(preset["metrics"])
        else:
            given = [part for part in asked.get("attributes", "").split(",") if part]
            attributes = tuple(
                fields.canonical(fields.CURRENT_DIMENSIONS.get(part, part)) for part in given
            )
            metrics = tuple(
                fields.CURRENT_METRICS.get(part, part) for part in asked["metrics"].split(",")
            )
        strange = [
            *questions.unknown(attributes, fields.ATTRIBUTES),
            *questions.unknown(metrics, fields.METRICS),
        ]
        if strange:
            raise KeyError(strange)
        span = questions.available(self._store.stage, attributes, metrics)
        tree = json.loads(asked["filters"]) if "filters" in asked else None
        return Question(
            questions.read_date(asked["start"]) if "start" in asked else span.first,
            questions.read_date(asked["end"]) if "end" in asked else span.end,
            attributes,
            metrics,
            questions.read_filter(tree, fields.ATTRIBUTES),
        )

    def _sums(self, question: Question) -> dict[str, Any]:
        noise = bool(self._store.switch("money_noise"))
        # Float noise has up to 18 digits after the point: the usual 28 would round a long sum.
        with localcontext(prec=80):
            return self._exact_sums(question, noise=noise)

    def _exact_sums(self, question: Question, *, noise: bool) -> dict[str, Any]:
        days: dict[str, _Sums] = {}
        currencies: dict[str, _Sums] = {}
        total = _Sums(question.metrics)
        place = question.attributes.index(_CURRENCY) if _CURRENCY in question.attributes else None
        for row in self._store.delivery.rows(question):
            day = days.setdefault(row.day.isoformat(), _Sums(question.metrics))
            for sums in (day, total):
                sums.add(row.metrics, noise=noise)
            if place is not None:
                currency = currencies.setdefault(str(row.values[place]), _Sums(question.metrics))
                currency.add(row.metrics, noise=noise)
        return {
            "as_of": questions.iso(self._store.now()),
            "start": questions.iso(question.start),
            "end": questions.iso(question.end),
            "attributes": question.attributes,
            "metrics": question.metrics,
            **total.shown(),
            "days": {day: sums.shown() for day, sums in days.items()},
            "currencies": {name: sums.shown() for name, sums in currencies.items()},
        }


class _Sums:
    def __init__(self, metrics: tuple[str, ...]) -> None:
        self._metrics = metrics
        self._rows = 0
        self._sent = [Decimal(0)] * len(metrics)
        self._exact = [0] * len(metrics)

    def add(self, values: tuple[int, ...], *, noise: bool) -> None:
        self._rows += 1
        for place, value in enumerate(values):
            self._sent[place] += as_sent(self._metrics[place], value, noise=noise)
            self._exact[place] += value

    def shown(self) -> dict[str, Any]:
        exact = [
            Decimal(value) / MICROS if name in fields.MONEY else Decimal(value)
            for name, value in zip(self._metrics, self._exact, strict=True)
        ]
        return {
            "rows": self._rows,
            "sent": {
                name: f"{value:f}" for name, value in zip(self._metrics, self._sent, strict=True)
            },
            "exact": {name: f"{value:f}" for name, value in zip(self._metrics, exact, strict=True)},
        }
