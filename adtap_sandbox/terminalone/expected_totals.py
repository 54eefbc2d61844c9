"""What a loader should end up with: totals added up straight from the facts, and lists of ids.

Not part of the platform. It shares the facts with the reports and nothing of the way from there.
"""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from adtap_sandbox.environment import ONE_DAY, rfc3339

from .facts import Fact, Facts, exact
from .replies import json_reply
from .values import Record

_USUAL = "impressions,clicks,total_spend,total_conversions"


class ExpectedTotals:
    """Answers `GET /_truth`."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def answer(self, request: Request) -> Response:
        return json_reply(self._answer(dict(request.query_params)))

    def _answer(self, given: dict[str, str]) -> Record:
        if "collection" in given:
            rows = self.facts.store.records(given["collection"])
            changed = {str(row["id"]): rfc3339(row["updated_on"]) for row in rows}
            return {"ids": [row["id"] for row in rows], "updated_on": changed}
        return self._totals(given)

    def _totals(self, given: dict[str, str]) -> Record:
        """Totals of the days `start` to `end`, both included: campaign-local, or of a `zone`.

        By currency; with `by=day,hour,campaign_id,strategy_id` (any of these) also by that, the parts
        of a key joined by `|`. Confined to an `organization_id`, `agency_id`, `advertiser_id` or
        `campaign_id` where given (comma lists).
        """
        first, last = (date.fromisoformat(given[name]) for name in ("start", "end"))
        metrics = given.get("metrics", _USUAL).split(",")
        totals: dict[str, dict[str, Decimal]] = {}
        groups: dict[str, dict[str, Decimal]] = {}
        count = 0
        zone = given.get("zone", "campaign")
        wide = (first - ONE_DAY, last + ONE_DAY)
        for fact in self.facts.delivery(*wide, lambda record: self._owned(record, given)):
            moment = _moment(fact, zone)
            if not first <= moment.date() <= last:
                continue
            count += 1
            currency = str(fact.record["currency_code"])
            parts = {"day": moment.date(), "hour": moment.strftime("%Y-%m-%dT%H")}
            parts |= {"campaign_id": fact.record["campaign_id"], "strategy_id": fact.record["id"]}
            key = "|".join(str(parts[name]) for name in given.get("by", "day").split(","))
            for name in metrics:
                value = Decimal(exact(name, fact.number(name)))
                for place, where in ((totals, currency), (groups, key)):
                    sums = place.setdefault(where, {})
                    sums[name] = sums.get(name, Decimal()) + value
        answer: Record = {"facts": count, "totals": _texts(totals)}
        if "by" in given:
            answer["by"] = _texts(groups)
        return answer

    def _owned(self, campaign: Record, given: dict[str, str]) -> bool:
        store = self.facts.store
        house = store.record("advertisers", campaign["advertiser_id"])
        agency = store.record("agencies", house["agency_id"])
        owners = {"campaign_id": campaign["id"], "advertiser_id": house["id"]}
        owners |= {"agency_id": agency["id"], "organization_id": agency["organization_id"]}
        return all(
            name not in given or str(owner) in given[name].split(",")
            for name, owner in owners.items()
        )


def _moment(fact: Fact, zone: str) -> datetime:
    """The hour of a fact, local to its campaign or in a zone."""
    return fact.instant.astimezone(ZoneInfo(fact.zone if zone == "campaign" else zone))


def _texts(groups: dict[str, dict[str, Decimal]]) -> Record:
    """Sums as decimal text, so that no reader rounds them."""
    return {
        where: {name: format(value, "f") for name, value in sums.items()}
        for where, sums in sorted(groups.items())
    }
