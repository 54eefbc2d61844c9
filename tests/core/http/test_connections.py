"""Connections to hosts: kept open, with no cookies and no login of their own."""

import threading
from pathlib import Path

import pytest
import requests

from adtap_core.http.connections import Connections
from tests.canned import Asked, Canned, Text

TIMES = (30.0, 30.0)


def send(connections: Connections, url: str, **headers: str) -> requests.Response:
    """Send one request, and read its answer whole."""
    request = connections.prepare(requests.Request("GET", url, headers=headers))
    with connections.send(request, timeout=TIMES) as response:
        assert response.content is not None
        return response


def test_a_cookie_of_an_answer_is_not_sent_back() -> None:
    """A stale one of another login would win over a good token; what a login sets itself is sent."""
    with Canned(lambda _: Text("{}", headers={"Set-Cookie": "session=old; Path=/"})) as server:
        connections = Connections()
        send(connections, server.url)
        send(connections, server.url, Cookie="session=mine")
        first, second = (asked.headers.get("cookie") for asked in server.asked)
    assert (first, second) == (None, "session=mine")


def test_a_redirect_is_not_followed() -> None:
    """It would take the credentials along to wherever it leads."""

    def answers(asked: Asked) -> Text:
        return Text("", status=302, headers={"Location": "/other"})

    with Canned(answers) as server:
        response = send(Connections(), f"{server.url}/report", Authorization="Bearer token")
        assert (response.status_code, server.paths()) == (302, ["/report"])


def test_a_login_of_a_netrc_does_not_replace_the_taps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silently it would be another account's."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with Canned(lambda _: {}) as server:
        send(Connections(), server.url, Authorization="Bearer token")
        send(Connections(), server.url)
        assert [asked.headers.get("authorization") for asked in server.asked] == [
            "Bearer token",
            None,
        ]


def test_a_proxy_that_the_environment_names_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for once a host, and gets the whole address."""
    with Canned(lambda _: {}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "direct.example")
        connections = Connections()
        send(connections, "http://platform.example/report")
        monkeypatch.delenv("http_proxy")
        send(connections, "http://platform.example/again")
        assert [asked.headers["host"] for asked in proxy.asked] == ["platform.example"] * 2


def test_each_thread_has_a_session_and_keeps_it() -> None:
    """`requests` promises nothing for one that several threads use; a new one each time would connect anew."""
    connections = Connections()
    found: list[tuple[requests.Session, requests.Session]] = []

    def use() -> None:
        found.append((connections._session(), connections._session()))

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (one, same), (other, _) = found
    assert one is same
    assert one is not other
