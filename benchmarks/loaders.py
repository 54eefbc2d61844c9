"""Loaders alone: ours beside its own predecessor and beside target-postgres."""

import io
import json
import random
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks import stores, strangers
from benchmarks.measure import (
    ROOT,
    Command,
    Contender,
    ContenderError,
    Run,
    Unavailable,
    once,
    progress,
    side_by_side,
    tap_command,
    workspace,
)
from benchmarks.sections import Bar, Section, Size, at_least, at_most, megabytes, not_measured
from benchmarks.throughput import COLUMNS, line
from tests.postgres import running_server, target_settings

PREDECESSOR: Final = "e111588"
"""The last commit with the loader of 0.1.0, which shaped every row in Python."""
OURS: Final = "ours"
_AGAIN: Final = f"{OURS}, again"
THEIRS: Final = "target-postgres"
OLD: Final = "ours of 0.1.0"
OLD_ON_NEW: Final = "ours of 0.1.0 on today's DuckDB"
_MEMORY: Final = 300 * 10**6
_AGAIN_POSTGRES: Final = 1.75  # 1.5 was wanted; docs/performance.md says why
_FIRST_DUCKDB: Final = version("duckdb").startswith("1.")

_LEAD: Final = (
    "Files of Singer messages into an empty warehouse: rows of 20 columns, five of them money of 38 digits. "
    f"The loader of 0.1.0 is that of commit {PREDECESSOR} with the DuckDB that it was bound to, 1.4.4, and once "
    "more on the DuckDB of today. The Postgres is a server "
    "of its own on a Unix socket, whose work counts on the clock only. Rows and a sum are compared after the "
    "first load. `again` loads the same rows once more, so that every key is replaced."
)
_OLD_PROGRAM: Final = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from adtap_duckdb.target import TargetAdtapDuckdb; TargetAdtapDuckdb.cli()"
)


def measure(size: Size) -> Section:
    """Measure the loaders."""
    section = Section("Loaders", _LEAD, COLUMNS)
    small = 50_000 if size.quick else 2 * 10**5
    for count in (small,) if size.quick else (small, 10**6):
        runs, missing = _duckdb(count, size)
        section.rows += [line(f"{name} → DuckDB", count, run) for name, run in runs.items()]
        section.bars += _duckdb_bars(count, runs, missing, size)
    with running_server() as server:
        url = server.url("postgres")
        count = 20_000 if size.quick else 10**5
        runs = _postgres(count, size, url)
        section.rows += [line(f"{name} → Postgres", count, run) for name, run in runs.items()]
        section.bars += _postgres_bars(count, runs, size)
    return section


# -- the three kinds of runs


def _duckdb(count: int, size: Size) -> tuple[dict[str, Run], str]:
    body, missing = report(count), ""
    contenders = [into_file(OURS, body)]
    try:
        old = ("-c", _OLD_PROGRAM, _old_loader())
        python, _ = strangers.interpreter(strangers.PREDECESSOR)
        contenders.append(into_file(OLD, body, python, *old))
        if not size.quick and not _FIRST_DUCKDB:
            contenders.append(into_file(OLD_ON_NEW, body, sys.executable, *old))
    except Unavailable as reason:
        missing = str(reason)
    places = {c.name: ("duckdb", str(file_of(c.name)), "main.s") for c in contenders}
    return _loaded(contenders, places, into_file(_AGAIN, body), count, size), missing


def _postgres(count: int, size: Size, url: str) -> dict[str, Run]:
    body = report(count)
    contenders = [into_database(name, body, url) for name in (OURS, THEIRS)]
    places = {c.name: ("postgres", url, f"{_schema(c.name)}.s") for c in contenders}
    return _loaded(contenders, places, into_database(_AGAIN, body, url), count, size)


def _loaded(
    contenders: list[Contender],
    places: Mapping[str, tuple[str, str, str]],
    again: Contender,
    count: int,
    size: Size,
) -> dict[str, Run]:
    """Run loads into empty warehouses, and one once more into what it filled.

    Args:
        contenders: The loads.
        places: What each of them fills, as `stores.totals` takes it.
        again: The load that is run twice.
        count: Rows.
        size: Which form.

    Raises:
        ContenderError: If rows or a sum are others than those that were sent.
    """
    first = {c.name: once(c) for c in contenders}
    for name, place in places.items():
        found = stores.totals(*place, "money_4")
        if found != (Decimal(count), Decimal(count) / 4):
            raise ContenderError(f"{name}: {found} instead of {count:,} rows and a quarter of that")
    once(again)
    # What it filled stays, and with it every row's key.
    again = replace(again, before=())
    if size.quick:
        return {**first, again.name: once(again)}
    return side_by_side([*contenders, again], size.repeats)


# -- bars


def _duckdb_bars(count: int, runs: dict[str, Run], missing: str, size: Size) -> Iterator[Bar]:
    for old, bound in _bounds(count, size):
        claim = f"{OURS}, against {old}, DuckDB, {count:,} rows"
        if old not in runs:
            yield not_measured(claim, bound, missing)
        else:
            yield at_least(f"{claim}, per CPU second", runs[old].cpu / runs[OURS].cpu, bound)
            yield at_least(f"{claim}, by the clock", runs[old].wall / runs[OURS].wall, bound)
    if not size.quick:  # a few hundredths of a second there
        yield _again("DuckDB", count, runs, 1.5)
    yield memory_bar(f"{count:,} rows → DuckDB", runs[OURS])


def _bounds(count: int, size: Size) -> list[tuple[str, float]]:
    """Return how many times as fast as its predecessors the loader must be; docs/performance.md says why."""
    if size.quick:
        return [(OLD, 1.5)]
    if _FIRST_DUCKDB:
        return [(OLD, 3)]
    return [(OLD, 5), (OLD_ON_NEW, 5)] if count >= 10**6 else [(OLD, 4.25), (OLD_ON_NEW, 4)]


def _postgres_bars(count: int, runs: dict[str, Run], size: Size) -> Iterator[Bar]:
    claim = f"{OURS}, against {THEIRS}, {count:,} rows"
    clock, cpu = (2, 3) if size.quick else (4, 8)
    yield at_least(f"{claim}, per CPU second of the client", runs[THEIRS].cpu / runs[OURS].cpu, cpu)
    yield at_least(f"{claim}, by the clock", runs[THEIRS].wall / runs[OURS].wall, clock)
    if not size.quick:
        yield _again("Postgres", count, runs, _AGAIN_POSTGRES)
    yield memory_bar(f"{count:,} rows → Postgres", runs[OURS])


def _again(kind: str, count: int, runs: dict[str, Run], bound: float) -> Bar:
    ratio = runs[_AGAIN].wall / runs[OURS].wall
    return at_most(
        f"the same {count:,} rows again, against the first load, {kind}, by the clock", ratio, bound
    )


def memory_bar(what: str, run: Run) -> Bar:
    """Return the bar of a loader's memory."""
    shown = f"{megabytes(run.peak)} MB"
    return Bar(
        f"memory of the loader, {what}", shown, f"< {megabytes(_MEMORY)} MB", run.peak < _MEMORY
    )


# -- contenders


def into_file(name: str, body: Path, *program: str) -> Contender:
    """Return a load into an empty DuckDB file."""
    file = file_of(name)
    loader = tap_command("target-adtap-duckdb", file.parent, config={"path": str(file)})
    argv = (*program, *loader.argv[1:]) if program else loader.argv
    return Contender(name, (Command(("cat", str(body))), Command(argv)), before=(file,))


def into_database(name: str, body: Path, url: str) -> Contender:
    """Return a load into an empty schema of a database, by target-postgres if it is `THEIRS`."""
    config: dict[str, Any] = {"sqlalchemy_url": url, "default_target_schema": _schema(name)}
    script = "target-adtap-postgres"
    if name == THEIRS:
        script = "target-postgres"
        config |= target_settings(url)
    loader = tap_command(script, workspace("loaders", _schema(name)), config=config)
    drop = Command((sys.executable, "-c", _DROP, url, _schema(name)))
    return Contender(name, (Command(("cat", str(body))), loader), before=(drop,))


_DROP: Final = (
    "import psycopg, sys; psycopg.connect(sys.argv[1], autocommit=True).execute("
    "f'DROP SCHEMA IF EXISTS {sys.argv[2]} CASCADE')"
)


def file_of(name: str) -> Path:
    """Return the DuckDB file that a contender of this name fills."""
    return workspace("loaders", _schema(name)) / "ads.duckdb"


def _schema(name: str) -> str:
    return "bench_" + "".join(letter if letter.isalnum() else "_" for letter in name)


def _old_loader() -> str:
    """Return the folder of the predecessor's sources.

    Raises:
        Unavailable: The history of this checkout does not reach back so far.
    """
    folder = workspace("loaders", "predecessor")
    packed = subprocess.run(
        ("git", "archive", PREDECESSOR, "adtap_duckdb"),  # noqa: S607 - the caller's own git
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if packed.returncode:
        raise Unavailable(f"commit {PREDECESSOR} is not in this checkout's history")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return str(folder)


# -- what is loaded


def report(count: int) -> Path:
    """Return a file of messages: a report of so many rows."""
    body = workspace("loaders") / f"{count}.jsonl"
    if body.exists():
        return body
    progress(f"{count:,} rows")
    dice = random.Random(1)
    money = {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 18}
    text = {"type": ["string", "null"]}
    properties: dict[str, Any] = {
        "_row_key": {"type": "string"},
        "day": {"type": "string", "format": "date"},
        **{f"money_{n}": money for n in range(5)},
        **{f"count_{n}": {"type": ["integer", "null"]} for n in range(5)},
        **{f"dimension_{n}": text for n in range(5)},
        "_account": text,
        "_currency": text,
        "_synced_at": {"type": "string", "format": "date-time"},
    }
    with body.open("w", encoding="utf-8") as out:
        out.write(message("SCHEMA", schema={"properties": properties}, key_properties=["_row_key"]))
        for n in range(count):
            record = {
                "_row_key": f"{dice.getrandbits(128):032x}",
                "day": f"2026-03-{1 + n % 28:02}",
            }
            record |= {
                f"money_{m}": f"{dice.randrange(10**4)}.{dice.randrange(10**6):06}"
                for m in range(4)
            }
            record["money_4"] = "0.25"
            whole = {f"count_{m}": dice.randrange(10**6) for m in range(5)}
            words = {f"dimension_{m}": f"campaign {dice.randrange(1000)}" for m in range(5)}
            last = {
                "_account": '{"id":"1"}',
                "_currency": "EUR",
                "_synced_at": "2026-03-28T06:00:00.123456Z",
            }
            out.write(message("RECORD", record={**record, **whole, **words, **last}))
    return body


def message(kind: str, **parts: object) -> str:
    """Return a message's line, of the stream `s`."""
    return json.dumps({"type": kind, "stream": "s", **parts}, separators=(",", ":")) + "\n"
