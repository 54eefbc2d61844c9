"""Connections to hosts, kept open: one `requests.Session` a thread, with no cookies and no login of its own."""

import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests


class Connections:
    """Sends requests; several threads may at once."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._environments: dict[tuple[str, str], Mapping[str, Any]] = {}

    def prepare(self, request: requests.Request) -> requests.PreparedRequest:
        """Return a request as it is sent."""
        return self._session().prepare_request(request)

    def send(
        self, request: requests.PreparedRequest, *, timeout: tuple[float, float]
    ) -> requests.Response:
        """Send a request, and return the answer with its body still to be read. Redirects are not followed.

        Args:
            request: As `prepare` has made it.
            timeout: Seconds to connect, and seconds between two bytes of the answer.

        Raises:
            requests.RequestException: No answer came.
        """
        session = self._session()
        environment = self._environment(session, str(request.url))
        return session.send(request, timeout=timeout, allow_redirects=False, **environment)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            # The tap carries its own credentials: one from a .netrc would replace them silently.
            session.auth = _keep_auth
            # No cookie is kept between calls but the ones that a login sets: a stale cookie of another
            # login wins over a good token on some platforms.
            session.cookies.set_policy(_NoCookies())
            self._local.session = session
        return session

    def _environment(self, session: requests.Session, url: str) -> Mapping[str, Any]:
        """Return the proxies and certificates that the environment names for a host, which it is asked for once."""
        host = urlsplit(url)[:2]
        if host not in self._environments:
            self._environments[host] = session.merge_environment_settings(
                url, {}, stream=True, verify=None, cert=None
            )
        return self._environments[host]


class _NoCookies(requests.cookies.cookielib.DefaultCookiePolicy):  # type: ignore[name-defined,misc]
    """Keeps no cookie that a server sends, and sends none by itself."""

    def set_ok(self, *_: object) -> bool:
        return False

    def return_ok(self, *_: object) -> bool:
        return False


def _keep_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave the request's own credentials alone: stops requests from looking into a .netrc."""
    return request
