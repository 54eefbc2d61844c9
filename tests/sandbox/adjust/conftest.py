"""Asking Adjust's room as a client would."""

import pytest
import requests

from adtap_sandbox.credentials import ADJUST_API_TOKEN


class Adjust:
    """The Report Service and the KPI service of the sandbox."""

    def __init__(self, url):
        self.url = url

    def get(self, path, token=ADJUST_API_TOKEN, headers=None, **params):
        """A reply, whatever its status."""
        return requests.get(
            f"{self.url}{path}",
            params,
            headers={"Authorization": f"Bearer {token}", **(headers or {})},
            timeout=60,
        )

    def report(self, dimensions="day,app_token", metrics="installs", **params):
        """The body of /report; the day is one that is settled."""
        params = {"date_period": "2026-01-10:2026-01-12", **params}
        reply = self.get(
            "/adjust/reports-service/report", dimensions=dimensions, metrics=metrics, **params
        )
        assert reply.status_code == 200, reply.text
        return reply.json()

    def rows(self, *args, **params):
        """The rows of a report."""
        return self.report(*args, **params)["rows"]

    def total(self, metric, **params):
        """A metric's total."""
        return self.report(metrics=metric, **params)["totals"][metric]

    def refusal(self, **params):
        """Status and text of a refused report."""
        params = {
            "dimensions": "day",
            "metrics": "installs",
            "date_period": "2026-01-10:2026-01-12",
            **params,
        }
        reply = self.get("/adjust/reports-service/report", **params)
        body = reply.json()
        assert set(body) == {"error_code", "error_desc", "correlation_id"}
        return reply.status_code, body["error_code"], body["error_desc"]

    def truth(self, metrics, **params):
        """Sums computed from the store: atom to whole number."""
        params = {"date_period": "2026-01-10:2026-01-12", "metrics": metrics, **params}
        return requests.get(f"{self.url}/adjust/_truth", params, timeout=60).json()


@pytest.fixture
def adjust(sandbox):
    return Adjust(sandbox.url)
