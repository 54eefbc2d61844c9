"""A small client of the atomx room, for its own tests."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.conftest import SandboxHandle

EMAIL = "ops@northwind.example"
PASSWORD = "sandbox-atomx-password"


class Api:
    """Calls the room; logged in from the start."""

    def __init__(self, sandbox: SandboxHandle) -> None:
        self.sandbox = sandbox
        self.base = f"{sandbox.url}/atomx"
        self.session = requests.Session()
        self.session.trust_env = False
        self.login()

    def login(self, **more: Any) -> dict[str, Any]:
        """Log in and carry the token from here on."""
        reply = self.ask(
            "POST", "/v3/login", json={"email": EMAIL, "password": PASSWORD, **more}
        ).json()
        self.session.headers["Authorization"] = f"Bearer {reply['auth_token']}"
        return reply

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Any reply."""
        return self.session.request(method, self.base + path, timeout=60, **more)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        """A reply that must succeed."""
        reply = self.ask("GET", f"/v3/{path}", params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def rows(self, path: str, **params: Any) -> Any:
        """The payload of a reply that must succeed."""
        reply = self.get(path, **params)
        return reply[reply["resource"]]

    def everything(self, path: str, page: int, **params: Any) -> list[Any]:
        """All rows, by offset."""
        found: list[Any] = []
        while True:
            part = self.rows(path, limit=page, offset=len(found), **params)
            found += part
            if not part:
                return found

    def report(self, query: dict[str, Any], **params: Any) -> dict[str, Any]:
        """A report that must succeed; `save` is off."""
        reply = self.ask("POST", "/v3/report", params=params, json={"save": False, **query})
        assert reply.status_code == 200, reply.text
        return reply.json()["report"]

    def truth(self, **params: Any) -> dict[str, Any]:
        """What should come out; groups and metrics are lists."""
        for key in ("groups", "metrics"):
            if key in params:
                params[key] = ",".join(params[key])
        reply = self.ask("GET", "/_truth", params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()


@pytest.fixture
def api(sandbox: SandboxHandle) -> Iterator[Api]:
    sandbox.clock("2026-03-18T12:30:00+00:00")
    client = Api(sandbox)
    yield client
    client.session.close()
