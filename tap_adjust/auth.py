"""How Adjust's API token gets onto a request."""

import requests

from adtap_core.http.client import Http


class TokenAuth:
    """The user's API token: a bearer for the Report Service, two older forms for the KPI service.

    The token does not expire and can't be renewed; who resets it in the dashboard ends the old one.
    "Authentication" and "KPI service" of the Adjust documentation, read 2026-11-20.

    Args:
        token: The API token.
        kpi_url: Address of the KPI service.
        kpi_auth: `header` (`Authorization: Token token=…`) or `query` (`user_token=…`).
    """

    can_refresh = False

    def __init__(self, token: str, kpi_url: str, kpi_auth: str = "header") -> None:
        self._token, self._kpi_url, self._kpi_auth = token, kpi_url, kpi_auth

    def login(self, http: Http) -> None:
        """Nothing to do: the token is the login."""

    def apply(self, request: requests.Request) -> None:
        """Set the token in the form that the request's service takes."""
        if not str(request.url).startswith(self._kpi_url):
            request.headers["Authorization"] = f"Bearer {self._token}"
        elif self._kpi_auth == "query":
            request.params = {**dict(request.params or {}), "user_token": self._token}
        else:
            request.headers["Authorization"] = f"Token token={self._token}"
