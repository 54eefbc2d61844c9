"""A run's log answers a person's questions: what came of each stream, what did it cost, what failed."""

import re

from tests.contracts.conftest import Bench
from tests.running import Messages

LINE = re.compile(
    r"\| adtaps\.streams +\| (?P<stream>\w+): (?P<rows>[\d,]+) rows?(?P<rest>.*)$", re.MULTILINE
)


def told(run: Messages) -> dict[str, tuple[int, str]]:
    """Rows and the rest of the line of each stream."""
    return {
        m["stream"]: (int(m["rows"].replace(",", "")), m["rest"]) for m in LINE.finditer(run.stderr)
    }


def number(words: str, noun: str) -> int:
    """How many of something a line names."""
    found = re.search(rf"(\d+) {noun}", words)
    return int(found[1]) if found else 0


def test_each_stream_ends_with_a_line_that_is_true(bench: Bench) -> None:
    """Rows are those written, days those asked for, requests those that the platform saw."""
    run = bench.command()
    assert run.code == 0, run.stderr
    lines = told(run)
    wanted = set(bench.usual)
    assert set(lines) == wanted
    assert {s: rows for s, (rows, _) in lines.items()} == {s: len(run.records[s]) for s in wanted}
    entity, daily = bench.case.entity, bench.case.daily
    assert number(lines[entity][1], "request") == len(bench.asked(bench.case.entity_path))
    windows = run.windows(daily)
    first = min(w["window_start"] for w in windows)[:10]
    assert f", {first} to " in lines[daily][1]
    assert number(lines[daily][1], "request") == sum(w["requests"] for w in windows)
    (end,) = re.findall(r"Run ended: (.*)$", run.stderr, re.MULTILINE)
    assert end.startswith(f"{len(wanted)} of {len(wanted)} streams read whole, ")
    assert not re.search(r"\b1 (rows|requests|retries|streams)\b", run.stderr)


def test_what_failed_stands_last(bench: Bench) -> None:
    """After the totals, with the platform's words; the stream's own line says that it is not whole."""
    bench.spoil("report", "status", status=400, body={"error": "words 4711"}, times=None)
    run = bench.command(max_retries=0)
    assert run.code != 0
    lines = run.stderr.splitlines()
    end = next(n for n, line in enumerate(lines) if "Run ended: " in line)
    rest = [line for line in lines[end + 1 :] if "METRIC" not in line]
    assert all("Failed: " in line for line in rest[:-1])
    assert len(rest) > 1
    assert "all else was read" in rest[-1]
    assert bench.case.daily in rest[0]
    assert "failure" in told(run)[bench.case.daily][1]
