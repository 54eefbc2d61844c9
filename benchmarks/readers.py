"""Our own contenders: the taps on each kind of body, the ordinary stream, the floor."""

import sys
from typing import Any, Final

from benchmarks.bodies import (
    ADJUST,
    ATOMX,
    END,
    ENTITIES,
    START,
    TERMINALONE_V1,
    TERMINALONE_V2,
    Report,
)
from benchmarks.measure import Command, Contender, select, tap_command, workspace

STREAM: Final = "bench"
ORDINARY: Final = "ordinary SDK stream"
KINDS: Final = (
    "adjust.json",
    "adjust.csv",
    "adjust.parquet",
    "atomx.json",
    "atomx.tsv",
    "terminalone.csv",
    "terminalone.jsonl",
)


def tap_name(kind: str) -> str:
    """What the tap that reads a kind of body, one of `KINDS`, is called."""
    platform, _, form = kind.partition(".")
    return f"tap-{platform}, {form.upper()}"


def tap(kind: str, url: str, rows: int) -> Contender:
    """The tap that reads a kind of body, as installed.

    Args:
        kind: One of `KINDS`.
        url: The replay's address.
        rows: How many there are.
    """
    script, config = settings(kind, url)
    folder = workspace("taps", kind)
    catalog = select(script, folder, config, STREAM)
    command = tap_command(script, folder, config=config, catalog=catalog)
    return Contender(tap_name(kind), (command,), rows=rows)


def creatives(url: str) -> Contender:
    """The tap that reads a list of entities, one page after the other."""
    config = {**_atomx(url), "concurrency": 1}
    folder = workspace("taps", "creatives")
    catalog = select("tap-atomx", folder, config, "creatives")
    command = tap_command("tap-atomx", folder, config=config, catalog=catalog)
    return Contender("tap-atomx, creatives", (command,), stream="creatives", rows=ENTITIES)


def settings(kind: str, url: str) -> tuple[str, dict[str, Any]]:
    """The script of a tap, and its settings to read a kind of body."""
    days = {"start_date": START, "end_date": END}
    match kind.split("."):
        case ["adjust", form]:
            own: dict[str, Any] = {"api_token": "bench", "api_url": f"{url}/reports-service"}
            report = _report(ADJUST, ADJUST.dimensions[2:]) | {"report_format": form}
            return "tap-adjust", {**own, **days, "reports": [report]}
        case ["atomx", form]:
            own = _atomx(url)
            report = _report(ATOMX, ATOMX.dimensions[1:])
            report |= {"scope": "network_managed", "transport": form}
            return "tap-atomx", {**own, **days, "reports": [report]}
        case [_, form]:
            own = {"api_url": url, "organization_ids": ["1"]}
            if form == "csv":
                own |= {"api_generation": "legacy", "session_id": "0" * 40, "api_key": "bench"}
                report = _report(TERMINALONE_V1, TERMINALONE_V1.dimensions[2:6])
            else:
                own |= {"auth_method": "access_token", "access_token": "bench"}
                report = _report(TERMINALONE_V2, TERMINALONE_V2.dimensions[1:6])
            report["report"] = "performance"
            return "tap-terminalone", {**own, **days, "reports": [report]}
        case _:
            raise ValueError(kind)


def ordinary(url: str, rows: int, stream: str = STREAM) -> Contender:
    """The same stream, `bench` or `creatives`, the ordinary way on singer-sdk."""
    folder = workspace("ordinary", stream)
    given = tap_command("python", folder, config={"api_url": url, "stream": stream}).argv
    command = Command((sys.executable, "-m", "benchmarks.ordinary", *given[1:]))
    return Contender(ORDINARY, (command,), stream=stream, rows=rows)


def floor_name(kind: str) -> str:
    """What the floor of a kind of body is called."""
    return f"floor, {kind}"


def floor(kind: str, url: str, rows: int) -> Contender:
    """Decode and encode, nothing else."""
    argv = (sys.executable, "-m", "benchmarks.floor", kind, url)
    return Contender(floor_name(kind), (Command(argv),), rows=rows)


def _atomx(url: str) -> dict[str, Any]:
    return {"email": "bench@example.com", "password": "bench", "api_url": f"{url}/v3"}


def _report(report: Report, dimensions: tuple[str, ...]) -> dict[str, Any]:
    return {"name": STREAM, "dimensions": list(dimensions), "metrics": list(report.metrics)}
