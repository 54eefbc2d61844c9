"""Pixelyard's API, declared."""

from datetime import date

from adtap_core.declare import Report
from adtap_core.http.client import Call
from adtap_core.http.pagination import PageNumber
from adtap_core.rest import COUNT, ID, MONEY, RestPlatform


class Pixelyard(RestPlatform):
    """Lists and one report endpoint, behind a token that does not end."""

    base_url = "https://api.pixelyard.example/v1"
    time_zone, lookback_days, concurrency = "Europe/Berlin", 3, 2
    lookback_source = "clicks are filtered for three days"
    paginator = PageNumber(pages_at="meta.pages", size=60)
    currency_at = "currency"
    fields = {"campaign_id": ID, "impressions": COUNT, "clicks": COUNT, "spend": MONEY}  # noqa: RUF012

    def report_call(self, report: Report, first: date, last: date) -> Call:
        """Return the request of a report: days inclusive, as Pixelyard has them."""
        return Call(
            f"{self.url}/reports/daily",
            report.name,
            params={
                "from": first.isoformat(),
                "to": last.isoformat(),
                "group_by": ",".join(report.dimensions),
                "metrics": ",".join(report.metrics),
            },
        )
