"""A tiny platform and its tap: the core's own tests need no real platform's rules."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from adtap_core import settings as s
from adtap_core.bodies.parsing import JsonRows, Table
from adtap_core.declare import Entity, Report
from adtap_core.http.client import Auth, Call, Http
from adtap_core.http.listing import Page, by_offset
from adtap_core.platform import EntityQuery, Fetched, Partition, Platform, RowContext, WindowJob
from adtap_core.tap import AdTap
from adtap_core.windows import Grain, Zone
from tests.canned import served

Answer = tuple[int, dict[str, str], bytes]


class TinyServer:
    """Rows by day; a test may put answers in front of the usual ones."""

    def __init__(self) -> None:
        self.log: list[dict[str, list[str]]] = []
        self.paths: list[str] = []
        self.before: list[Callable[[str, dict[str, list[str]]], Answer | None]] = []
        self.spend: dict[str, str] = {}
        self.things = [
            {"id": i, "name": f"thing {i}", "updatedOn": f"2026-01-0{i}T00:00:00Z"}
            for i in range(1, 8)
        ]

    def answer(self, path: str, query: dict[str, list[str]]) -> Answer:
        self.log.append(query)
        self.paths.append(path)
        for before in list(self.before):
            found = before(path, query)
            if found is not None:
                return found
        if path == "/things":
            offset, limit = int(query["offset"][0]), int(query["limit"][0])
            page = self.things[offset : offset + limit]
            return self.json({"rows": page, "more": offset + limit < len(self.things)})
        day, end = (date.fromisoformat(query[k][0]) for k in ("from", "to"))
        rows = []
        while day < end:
            for account in query["account"][0].split(","):
                rows += [
                    {
                        "day": day.isoformat(),
                        "account": account,
                        "campaignId": campaign,
                        "clicks": "12",
                        "spend": self.spend.get(day.isoformat(), "1.10"),
                    }
                    for campaign in ("a", "", None)
                ]
            day += timedelta(days=1)
        return self.json({"rows": rows, "total": len(rows)})

    @staticmethod
    def json(document: object) -> Answer:
        return 200, {"Content-Type": "application/json"}, json.dumps(document).encode()

    @contextmanager
    def running(self) -> Iterator[str]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: two would wait 40 ms for each other

            def do_GET(self) -> None:
                split = urlsplit(self.path)
                status, headers, body = outer.answer(
                    split.path, parse_qs(split.query, keep_blank_values=True)
                )
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    if value:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        with served(Handler) as url:
            yield url


class TokenAuth:
    """A static token."""

    can_refresh = False

    def __init__(self, token: str) -> None:
        self._token = token

    def login(self, http: Http) -> None:
        """Nothing to do."""

    def apply(self, request: requests.Request) -> None:
        request.headers["Authorization"] = f"Bearer {self._token}"


class TinyPlatform(Platform):
    """Answers the core's questions for the tiny server."""

    concurrency = 2
    timeout_seconds = 60
    lookback_days = 2

    def __init__(self, settings: Mapping[str, Any], clock: Any) -> None:
        super().__init__(settings, clock)
        self._auth = TokenAuth(settings["token"])

    @classmethod
    def field_schema(cls, _report: Report, name: str, role: str) -> dict[str, Any]:
        if role == "dimension":
            return {"type": ["string", "null"], "description": "Dimension."}
        kind = "number" if name == "spend" else "integer"
        return {"type": [kind, "null"], "description": "Metric.", "x-additivity": "additive"}

    def zone(self, report: Report) -> Zone:
        return Zone(self.settings.get("time_zone", "UTC"))

    def make_login(self) -> Auth:
        return self._auth

    def partitions(self, report: Report) -> list[Partition]:
        return [Partition({"account": a}) for a in self.settings["accounts"]]

    def bundle_size(self, report: Report) -> int:
        return 10

    def fetch(self, job: WindowJob) -> Fetched:
        accounts = {p.key["account"]: p for p in job.partitions}
        reply = self.http.send(
            Call(
                url=f"{self.settings['api_url']}/report",
                what=job.what,
                params={
                    "from": job.window.start.date().isoformat(),
                    "to": job.window.end.date().isoformat(),
                    "account": ",".join(accounts),
                    "metrics": ",".join(job.report.metrics),
                },
                splittable=job.can_split,
            ),
            job.stats,
        )
        return Fetched(
            [lambda: Table(iter(JsonRows(reply.body, ("rows",))))],
            RowContext(currency="EUR", bucket="day", partition=("account", accounts)),
            reply.body.close,
        )

    def pages(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        def ask(offset: int) -> Page:
            reply = self.http.send(
                Call(
                    url=f"{self.settings['api_url']}{entity.path}",
                    what=entity.name,
                    params={"offset": offset, "limit": 3, "since": query.since},
                )
            )
            document = reply.json()
            return Page(document["rows"], document["more"])

        return by_offset(ask, key=lambda r: r["id"], what=entity.name, prefetch=self.prefetch)


class TapTiny(AdTap):
    """A tap for the tiny platform."""

    name = "tap-tiny"
    platform_class = TinyPlatform
    config_jsonschema = s.config_schema(
        TinyPlatform,
        own={
            "token": s.secret("Token", "The token."),
            "accounts": s.texts("Accounts", "Whose rows."),
        },
        required=("token", "api_url"),
        lookback_source="made up",
        time_zone="UTC",
    )
    reports = (
        Report(
            name="spend_daily",
            dimensions=("account", "campaignId"),
            metrics=("clicks", "spend"),
            span_days=4,
        ),
    )


def local(text: str) -> datetime:
    """A naive moment."""
    return datetime.fromisoformat(text)


__all__ = ["Grain", "TapTiny", "TinyServer", "local"]
