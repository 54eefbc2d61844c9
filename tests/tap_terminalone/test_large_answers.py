"""Large reports: memory does not grow with the number of rows."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import islice

import pytest

from tap_terminalone.tap import TapTerminalOne
from tests.canned import served
from tests.running import command, select

SMALL, LARGE = 50_000, 500_000
GROWTH_MEGABYTES = 20
"""Beside the rows themselves a window keeps eight bytes a row, to tell repeated rows apart."""
DIMENSIONS = ("organization_id", "agency_id", "advertiser_id", "campaign_id", "strategy_id")
METRICS = ("impressions", "clicks", "total_spend")
META = {
    "time_rollups": ["by_day"],
    "time_windows": ["yesterday"],
    "timezone": "campaign timezone",
    "currency": "campaign currency",
    "structure": {
        "dimensions": dict.fromkeys((*DIMENSIONS, "campaign_currency_code", "campaign_timezone")),
        "metrics": dict.fromkeys(METRICS),
    },
}


def jsonl(count: int) -> Iterator[str]:
    """The streaming answer of Reporting V2."""
    yield json.dumps({"fields": [], "total_items_count": count}) + "\n"
    for i in range(count):
        yield (
            f'{{"agg_timestamp": "2026-03-16T00:00:00Z", "organization_id": 33, "agency_id": 22, '
            f'"advertiser_id": 7, "campaign_id": {i // 100}, "strategy_id": {i}, '
            f'"impressions": {i % 977}, "clicks": {i % 7}, "total_spend": {i % 89}.{i % 1000:03d}, '
            f'"campaign_currency_code": "EUR", "campaign_zone_name": "Europe/Berlin"}}\n'
        )


def separated(count: int) -> Iterator[str]:
    """The CSV answer of Reports V1."""
    names = (*DIMENSIONS, "campaign_timezone", "campaign_currency_code", *METRICS)
    yield ",".join(("start_date", "end_date", *names)) + "\n"
    for i in range(count):
        yield (
            f'"2026-03-16","2026-03-16",33,22,7,{i // 100},{i},"Europe/Berlin","EUR",'
            f"{i % 977},{i % 7},{i % 89}.{i % 1000:03d}\n"
        )


@contextmanager
def serving(count: int) -> Iterator[str]:  # noqa: C901 - a branch for each path
    """A server that answers every report with so many rows."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("/std/meta"):
                self.document({"reports": {"performance": {}}})
            elif self.path.endswith("/meta"):
                self.document(META)
            elif "/validate" in self.path or "/session" in self.path:
                self.document({"data": {}, "meta": {"status": "ok"}})
            elif "/organizations" in self.path:
                self.document({"data": [{"id": 33}], "meta": {"status": "ok"}})
            else:
                self.stream("text/csv", separated(count))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.stream("application/jsonl", jsonl(count))

        def document(self, value: object) -> None:
            self.stream("application/json", iter([json.dumps(value)]))

        def stream(self, kind: str, lines: Iterator[str]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            while text := "".join(islice(lines, 10_000)):
                self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    Handler.wbufsize = 1 << 20
    with served(Handler) as url:
        yield url


def peak(generation: str, count: int, folder) -> tuple[float, int]:
    """The tap's peak memory in megabytes for a report of so many rows, and the rows it wrote."""
    with serving(count) as url:
        report = {
            "name": "mine",
            "report": "performance",
            "dimensions": list(DIMENSIONS),
            "metrics": list(METRICS),
        }
        config = {
            "api_generation": generation,
            "access_token": "a-given-token",
            "api_url": url,
            "organization_ids": ["33"],
            "start_date": "2026-03-16",
            "reports": [report],
        }
        chosen = select(TapTerminalOne, config, {"mine"})
        arguments = [
            command("tap-terminalone"),
            *("--config", write(folder, "config", config)),
            *("--catalog", write(folder, "catalog", chosen)),
        ]
        out = folder / "out.jsonl"
        with out.open("wb") as written, (folder / "err.txt").open("wb") as said:
            process = subprocess.Popen(
                arguments,
                stdout=written,
                stderr=said,
                env={**os.environ, "ADTAPS_NOW": "2026-03-18T12:00:00+00:00"},
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, (folder / "err.txt").read_text()[-2000:]
        with out.open("rb") as lines:
            rows = sum(1 for line in lines if line.startswith(b'{"type":"RECORD","stream":"mine"'))
    return usage.ru_maxrss / 1024, rows


def write(folder, name: str, document: object) -> str:
    """Write a settings file; gives its path."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document))
    return str(path)


@pytest.mark.parametrize("generation", ["current", "legacy"])
def test_half_a_million_rows_take_no_more_memory_than_a_tenth_of_them(tmp_path, generation):
    """JSONL of V2 and CSV of V1: the peaks are printed, and lie close together."""
    small, few = peak(generation, SMALL, tmp_path)
    large, many = peak(generation, LARGE, tmp_path)
    sys.stdout.write(f"{generation}: {small:.0f} MB for {few} rows, {large:.0f} MB for {many}\n")
    assert (few, many) == (SMALL, LARGE)
    assert large - small < GROWTH_MEGABYTES
