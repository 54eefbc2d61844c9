"""Pixelyard's stand-in, and the contract suite run on the tap."""

from collections.abc import Mapping
from datetime import date, timedelta

from tap_pixelyard.tap import TapPixelyard

from adtap_core.testing import ContractCase, StandIn, contract_suite

TOKEN = "canary-pixelyard-token"  # noqa: S105 - of the stand-in
CAMPAIGNS = [
    {
        "id": number,
        "name": f"Campaign {number}",
        "status": "active",
        "budget": f"{number}.10",
        "updated_at": "2026-03-01T08:00:00Z",
    }
    for number in range(1, 251)
]


class PixelyardServer(StandIn):
    """Answers like Pixelyard, from its reference."""

    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, object]:
        """Return 401 without the token, else a page of campaigns or a report."""
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"error": "invalid token"}
        if path == "/v1/campaigns":
            page, size = int(query["page"]), int(query["per_page"])
            rows = CAMPAIGNS[(page - 1) * size : page * size]
            return 200, {"data": rows, "meta": {"pages": -(-len(CAMPAIGNS) // size)}}
        if path == "/v1/reports/daily":
            first, last = date.fromisoformat(query["from"]), date.fromisoformat(query["to"])
            days = [first + timedelta(n) for n in range((last - first).days + 1)]
            rows = [_row(day, campaign, query["metrics"]) for day in days for campaign in (1, 2)]
            return 200, {"rows": rows, "currency": "EUR"}
        return 404, {"error": "no such page"}


def _row(day: date, campaign: int, metrics: str) -> dict[str, object]:
    numbers = {
        "impressions": day.day * 1000 + campaign,
        "clicks": day.day + campaign,
        "spend": f"{day.day}.{campaign:02d}5",
    }
    asked = {name: numbers[name] for name in metrics.split(",")}
    return {"date": day.isoformat(), "campaign_id": str(campaign), **asked}


TestPixelyard = contract_suite(
    ContractCase(
        tap=TapPixelyard,
        server=PixelyardServer,
        entity="campaigns",
        report="delivery_daily",
        settings={"api_token": TOKEN},
        wrong={"api_token": "canary-wrong-token"},
        api_path="/v1",
    )
)
