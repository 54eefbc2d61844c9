"""Replays the bodies of a folder at the speed of a file copy, so that only the reader is measured.

It answers as the platforms do, as far as a reader asks; it checks nothing, remembers nothing and
knows no credentials. What a platform would say, and when, is the sandbox's business.
"""

import json
import sys
from datetime import date
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

from benchmarks.bodies import ADJUST, DAYS, ENTITY_PAGE, TERMINALONE_V1

_MEDIA: Final = {
    ".json": "application/json",
    ".jsonl": "application/json",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".parquet": "application/octet-stream",
}
_ADJUST_REPORTS: Final = {
    "/reports-service/report": "adjust.json",
    "/reports-service/csv_report": "adjust.csv",
    "/reports-service/parquet_report": "adjust.parquet",
}
_V1: Final = "/reporting/v1/std/"
_ORGANIZATIONS = (
    b'<result><entities count="1" start="0"><entity id="1" type="organization"/></entities>'
    b'<status code="ok"/></result>'
)


class Replay(BaseHTTPRequestHandler):
    """Answers requests from the files of a folder."""

    protocol_version = "HTTP/1.1"
    folder: Path

    def do_GET(self) -> None:
        """Return a list of names, a page of a list, or a whole report."""
        split = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        if split.path in _ADJUST_REPORTS:
            totals = query.get("dimensions") == "app_token"
            self._send_file("adjust-totals.json" if totals else _ADJUST_REPORTS[split.path])
        elif split.path.startswith("/days/"):
            # A day among the last 28, whichever they are, has the rows of one of the 28.
            asked = date.fromisoformat(query["date_period"].partition(":")[0])
            self._send_file(f"adjust-days/{asked.toordinal() % DAYS}.json")
        elif split.path.startswith("/reports-service/"):
            self._send(_adjust_names(query))
        elif split.path == "/v3/creatives":
            self._send_bytes(self.page_of_creatives(int(query.get("offset", 0))))
        elif split.path.startswith(_V1):
            self._send_v1(split.path.removeprefix(_V1))
        elif split.path == "/api/v2.0/organizations":
            self._send_bytes(_ORGANIZATIONS, "text/xml")
        elif split.path.endswith("/organizations"):
            self._send({"data": [{"id": 1}], "meta": {"status": "success", "count": 1}})
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Log in, or give a whole report."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        split = urlsplit(self.path)
        if split.path == "/v3/login":
            self._send({"success": True, "auth_token": "bench", "user": {"id": 1}})
        elif split.path == "/v3/report":
            self._send_file("atomx.tsv" if split.query.startswith("download") else "atomx.json")
        elif split.path == "/reporting/v2/performance":
            self._send_file("terminalone.jsonl")
        else:
            self.send_error(404)

    def _send_v1(self, path: str) -> None:
        if path == "meta":
            self._send({"reports": {"performance": {"Name": "Performance Report"}}})
        elif path == "performance/meta":
            self._send(_v1_definition())
        elif path == "performance/validate":
            self._send({"status": {"code": "ok"}})
        else:
            self._send_file("terminalone.csv")

    def page_of_creatives(self, offset: int) -> bytes:
        """Return a page of a list, from an offset on."""
        lines = _lines(self.folder / "creatives.jsonl")
        envelope = {
            "success": True,
            "resource": "creatives",
            "count": len(lines),
            "limit": ENTITY_PAGE,
            "offset": offset,
            "creatives": [],
        }
        head, _, end = json.dumps(envelope).encode().rpartition(b"]")
        return head + b",".join(lines[offset : offset + ENTITY_PAGE]) + b"]" + end

    def _send(self, document: Any) -> None:
        self._send_bytes(json.dumps(document).encode())

    def _send_bytes(self, body: bytes, media: str = "application/json") -> None:
        self._head(len(body), media)
        self.wfile.write(body)

    def _send_file(self, name: str) -> None:
        path = self.folder / name
        if not path.exists():
            self.send_error(404, f"no body {name}")
            return
        self._head(path.stat().st_size, _MEDIA[path.suffix])
        with path.open("rb") as file:
            self.connection.sendfile(file)

    def _head(self, length: int, media: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.flush()

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal is the table's."""


@cache
def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def _adjust_names(query: dict[str, str]) -> Any:
    if "required_filters" not in query:  # the list of events
        return []
    apps = [{"id": ADJUST.constant, "name": "Bench", "currency": {"name": "Euro", "code": "EUR"}}]
    names = [{"id": name, "name": name} for name in ADJUST.columns]
    return {w: apps if w == "apps" else names for w in query["required_filters"].split(",")}


def _v1_definition() -> Any:
    return {
        "structure": {
            "dimensions": {name: {} for name in TERMINALONE_V1.dimensions[2:]},
            "metrics": {name: {} for name in TERMINALONE_V1.metrics},
        },
        "time_rollups": ["by_day"],
        "time_windows": ["yesterday"],
        "timezone": "Campaign timezone",
        "currency": "Campaign currency",
    }


def main(folder: str) -> None:
    """Serve a folder on a free port of loopback, told on the first line."""
    Replay.folder = Path(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Replay)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
