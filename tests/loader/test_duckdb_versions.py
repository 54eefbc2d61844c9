"""DuckDB 1.4 and 2 share a file, whichever of them loads; what only the newer can open is said so.

The other version than this environment's lives in one of its own, with the little that a plain load needs.
"""

# ruff: noqa: S608 - the names in these queries are the tests' own

import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Final

import duckdb
import pytest

from adtap_loader.duckdb_engine import STORAGE_VERSION
from tests.contracts.vendors import Vendor, build

from .conftest import Run, lines, record, schema, state

ROOT: Final = Path(__file__).parents[2]
OLD, NEW = "1.4.4", "2.0.1"
HERE: Final = NEW if duckdb.__version__.startswith("2.") else OLD
ELSEWHERE: Final = OLD if HERE == NEW else NEW
PROGRAM: Final = "import sys; sys.path.insert(0, sys.argv.pop(1)); from adtap_loader.programs import duckdb; duckdb()"
HEAD: Final = schema(
    "s",
    {
        "id": {"type": "integer"},
        "spend": {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 18},
        "at": {"type": "string", "format": "date-time"},
        "o": {"type": "object"},
    },
    ["id"],
)  # fmt: skip
EXACT: Final = "12345678901234567890.123456789012345678"


@pytest.fixture(scope="module")
def pythons() -> dict[str, str]:
    """The interpreters by the version of their DuckDB."""
    needed = ("msgspec", "python-dotenv", "typing-extensions")
    pins = (f"duckdb=={ELSEWHERE}", *(f"{name}=={version(name)}" for name in needed))
    other = build(f"duckdb-{ELSEWHERE}", Vendor("duckdb", pins))[0]
    return {HERE: sys.executable, ELSEWHERE: str(other)}


@pytest.fixture
def load(pythons, tmp_path) -> Callable[..., Run]:
    """Load a row with the loader on one of the versions."""

    def run(which: str, path: Path, number: int) -> Run:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"path": str(path)}))
        row = record("s", id=number, spend=EXACT, at="2026-03-18T14:00:00+02:00", o={"by": which})
        done = subprocess.run(
            [pythons[which], "-c", PROGRAM, str(ROOT), "--config", str(config)],
            input=lines([HEAD, row, state({"n": number})]),
            capture_output=True,
            check=False,
        )
        states = [json.loads(line) for line in done.stdout.splitlines()]
        return Run(done.returncode, states, done.stderr.decode())

    return run


@pytest.mark.parametrize("first", [OLD, NEW])
def test_both_versions_load_into_one_file_in_turn(load, pythons, tmp_path, first):
    """Whoever made it, both open it, and every value is exact."""
    path = tmp_path / "ads.duckdb"
    second = NEW if first == OLD else OLD
    for number, which in enumerate((first, second, first, second)):
        run = load(which, path, number)
        assert (run.code, run.states) == (0, [{"n": number}]), run.errors
    with duckdb.connect(str(path), read_only=True) as db:
        found = db.execute(
            'SELECT id, spend, epoch("at"), CAST(o AS VARCHAR) FROM s ORDER BY id'
        ).fetchall()
    assert found == [
        (number, Decimal(EXACT), 1773835200.0, f'{{"by":"{which}"}}')
        for number, which in enumerate((first, second, first, second))
    ]


def test_a_file_that_only_the_newer_version_can_open_is_named_with_the_ways_out(
    load, pythons, tmp_path
):
    """As 2 makes it by itself; the file is left as it is, and 2 loads into it."""
    path = tmp_path / "ads.duckdb"
    made = f"import duckdb; duckdb.connect({str(path)!r}).execute('CREATE TABLE mine AS SELECT 1 AS v')"
    subprocess.run([pythons[NEW], "-c", made], check=True)
    before = path.read_bytes()
    run = load(OLD, path, 1)
    assert (run.code, run.states) == (1, [])
    assert f"was made by a newer DuckDB than this one, {OLD}" in run.errors
    assert run.errors.count("ERROR") == 1
    assert path.read_bytes() == before
    assert load(NEW, path, 1).code == 0


def test_the_way_out_of_the_page_works(load, pythons, tmp_path):
    """A copy that both versions can open is made by the newer one in three statements."""
    path, copy = tmp_path / "new.duckdb", tmp_path / "ads.duckdb"
    made = (
        f"import duckdb; db = duckdb.connect({str(path)!r})\n"
        "db.execute('CREATE TABLE mine AS SELECT 1 AS v')\n"
        f"db.execute(\"ATTACH '{copy}' AS copy (STORAGE_VERSION '{STORAGE_VERSION}')\")\n"
        "db.execute('COPY FROM DATABASE new TO copy')\n"
        "db.execute('DETACH copy')\n"
    )
    subprocess.run([pythons[NEW], "-c", made], check=True)
    assert load(OLD, copy, 1).code == 0
