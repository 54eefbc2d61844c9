"""All the way into a warehouse: tap and loader beside dlt, and beside the ordinary stream."""

from dataclasses import replace
from pathlib import Path

from benchmarks import readers, stores, strangers
from benchmarks.measure import (
    Contender,
    Run,
    Unavailable,
    once,
    progress,
    side_by_side,
    tap_command,
    workspace,
)
from benchmarks.sections import Bar, Section, Size, at_least, not_measured
from benchmarks.throughput import BARRED_ROWS, COLUMNS, faster, line, replay
from tests.postgres import running_server, target_settings

_KIND = "adjust.json"
_OURS = "tap-adjust, our loader"
_CPU_BOUND, _CLOCK_BOUND = 10.0, 14.0
# Six were wanted; docs/performance.md, "What stands in the way", says what is in between.
_POSTGRES_BOUND = 3.5
_QUICK_BOUND = 2.0
_QUICK_ROWS = 20_000
_MOST_ROWS = 10**5
"""For those that are shown but not held to a bar."""

_LEAD = (
    "The same report all the way into a warehouse, into an empty database each time: a tap piped into a "
    "loader, or dlt's `rest_api` source into its DuckDB or Postgres destination. The CPU is that of both programs. "
    "Postgres is a server of its own on a Unix socket, whose work counts on the clock only; it, and the "
    f"ordinary stream, are asked for at most {_MOST_ROWS:,} rows. After the first load rows and sums are "
    "compared with what was sent."
)


def measure(size: Size) -> Section:
    """Measure loads into DuckDB and Postgres."""
    section = Section("Into a warehouse", _LEAD, COLUMNS, contenders=strangers.versions())
    counts = (_QUICK_ROWS,) if size.quick else size.rows
    for count in counts:
        runs, missing = _duckdb(count, size)
        section.rows += [line(f"{name} → DuckDB", count, run) for name, run in runs.items()]
        claim = f"tap-adjust → target-adtap-duckdb, against dlt into DuckDB, {count:,} rows"
        if count < BARRED_ROWS and not size.quick:
            continue
        if missing:
            section.bars.append(not_measured(claim, _CPU_BOUND, missing))
        else:
            section.bars += _bars(size, claim, runs)
    if not size.quick:
        with running_server() as server:
            url = server.url("postgres")
            for count in counts:
                if count <= _MOST_ROWS:
                    loads, missing = _into_postgres(count, size, url)
                    section.rows += [
                        line(f"{name} → Postgres", count, run) for name, run in loads.items()
                    ]
                    claim = f"tap-adjust → target-adtap-postgres, against dlt into Postgres, {count:,} rows, by the clock"
                    if missing:
                        section.bars.append(not_measured(claim, _POSTGRES_BOUND, missing))
                    elif count >= BARRED_ROWS:
                        ratio = loads[strangers.DLT_POSTGRES].wall / loads[_OURS].wall
                        section.bars.append(at_least(claim, ratio, _POSTGRES_BOUND))
    return section


def _duckdb(count: int, size: Size) -> tuple[dict[str, Run], str]:
    """Load into DuckDB; gives the runs, and why dlt is missing if it is."""
    missing = ""
    with replay(count, _KIND) as url:
        taps = [readers.tap(_KIND, url, count)]
        if not size.quick and count <= _MOST_ROWS:
            taps.append(readers.ordinary(url, count))
        loads = [(_into_file(tap), str(_file(tap))) for tap in taps]
        try:
            loads.append((strangers.dlt(url, count, "duckdb"), str(strangers.dlt_file())))
        except Unavailable as reason:
            missing = str(reason)
        first = _checked(loads, "duckdb", "main.bench", count)
        contenders = [contender for contender, _ in loads]
        return first if size.quick else side_by_side(contenders, size.repeats, first), missing


def _checked(
    loads: list[tuple[Contender, str]], kind: str, table: str, count: int
) -> dict[str, Run]:
    """Run loads once, each into a place of its own, and see that they are whole."""
    first: dict[str, Run] = {}
    for contender, place in loads:
        progress(f"{contender.name}: into {kind}")
        first[contender.name] = once(contender)
        stores.check(contender.name, kind, place, table, count)
    return first


def _file(tap: Contender) -> Path:
    return workspace("load") / f"{tap.name}.duckdb"


def _into_file(tap: Contender) -> Contender:
    file = _file(tap)
    config = {"path": str(file)}
    loader = tap_command("target-adtap-duckdb", workspace("load", tap.name), config=config)
    return replace(tap, commands=(*tap.commands, loader), before=(file,))


def _bars(size: Size, claim: str, runs: dict[str, Run]) -> list[Bar]:
    ours, theirs = runs[readers.tap_name(_KIND)], runs[strangers.DLT_DUCKDB]
    if size.quick:  # starting up is most of the time
        return list(faster(size, claim, ours, theirs, _QUICK_BOUND))
    return [
        at_least(f"{claim}, per CPU second", theirs.cpu / ours.cpu, _CPU_BOUND),
        at_least(f"{claim}, by the clock", theirs.wall / ours.wall, _CLOCK_BOUND),
    ]


def _into_postgres(count: int, size: Size, url: str) -> tuple[dict[str, Run], str]:
    """Load into Postgres; gives the runs, and why dlt is missing if it is."""
    missing = ""
    with replay(count, _KIND) as address:
        tap, ordinary = readers.tap(_KIND, address, count), readers.ordinary(address, count)
        loads = [
            _into_database(replace(tap, name=_OURS), "bench_0", url, "target-adtap-postgres"),
            _into_database(tap, "bench_1", url, "target-postgres"),
            _into_database(ordinary, "bench_2", url, "target-postgres"),
        ]
        try:
            # dlt wants a host and a password; libpq takes the folder of the socket all the same.
            place = url.replace("postgres@/postgres?", "postgres:none@localhost:5432/bench_3?")
            made = strangers.dlt(address, count, "postgres", place)
            made = replace(made, before=(*made.before, stores.fresh(url, "bench_3")))
            loads.append((made, _database(url, "bench_3")))
        except Unavailable as reason:
            missing = str(reason)
        first = _checked(loads, "postgres", "bench.bench", count)
        return side_by_side([contender for contender, _ in loads], size.repeats, first), missing


def _database(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")


def _into_database(tap: Contender, name: str, url: str, script: str) -> tuple[Contender, str]:
    """Return a load into a new database, and its address."""
    place = _database(url, name)
    config: dict[str, object] = {"sqlalchemy_url": place, "default_target_schema": "bench"}
    if script == "target-postgres":
        config |= {**target_settings(place), "use_copy": False}
    loader = tap_command(script, workspace("load", name), config=config)
    fresh = (stores.fresh(url, name),)
    return replace(tap, commands=(*tap.commands, loader), before=fresh), place
