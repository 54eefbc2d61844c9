"""The tables of `docs/warehouses.md`, made of what the tests measured.

`note()` keeps what a test measured below `.cache` and holds the page to it: all but the counts must
be what was measured. Counts are those of the last `python -m tests.warehouses.page`, which rewrites the
tables from the notes; run the tests with ADTAP_WAREHOUSES=write before it.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.warehouses.compare import PROPERTIES

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "warehouses.md"
NOTES: Final = ROOT / ".cache" / "warehouses"
STORES: Final = {
    "postgres": "Postgres",
    "own_postgres": "Postgres, our loader",
    "duckdb": "DuckDB",
    "parquet": "Parquet",
    "snowflake": "Snowflake (emulated)",
    "jsonl": "JSON Lines",
}
SOURCES: Final = ("tap-atomx", "tap-adjust", "tap-terminalone", "tap-openx", "edges")
DEEDS: Final = {
    "twice": "the same run twice",
    "restated": "a restated run",
    "killed": "a killed run",
    "added": "a new metric",
    "removed": "a removed metric",
    "widened": "integer, now decimal",
    "retyped": "integer, now text",
}
TYPES: Final = {
    "decimal": "spend",
    "date": "day",
    "moment": "hour",
    "integer": "count",
    "boolean": "flag",
    "text": "name",
    "object": "tree",
    "array": "list",
}
"""A kind of column, and one of it in the stream of extremes."""
TABLES: Final = {
    "values": ([f"{s} {k}" for s in SOURCES for k in STORES], PROPERTIES),
    "deeds": (list(STORES), DEEDS),
    "types": (list(TYPES), STORES),
}


def note(table: str, row: str, column: str, cell: str) -> None:
    """Keep what was measured, and hold the page to it.

    Args:
        table: A key of ``TABLES``.
        row: One of its rows.
        column: One of its columns.
        cell: A sign, and whatever else, after a space.
    """
    rows, columns = TABLES[table]
    assert row in rows, row
    assert column in columns, column
    NOTES.mkdir(parents=True, exist_ok=True)
    file = NOTES / f"{table}--{row}--{column}.json"
    file.write_text(json.dumps([table, row, column, cell]), encoding="utf-8")
    if os.environ.get("ADTAP_WAREHOUSES") != "write":
        said = _on_the_page().get((table, row, column), "nothing")
        assert _measured(said) == _measured(cell), (
            f"docs/warehouses.md says {said!r} for {row}, {column}; measured: {cell!r}. "
            "After a look at the reason: ADTAP_WAREHOUSES=write pytest tests/warehouses, "
            "then python -m tests.warehouses.page"
        )


def _measured(cell: str) -> tuple[str, str]:
    """What of a cell must be the same: its first word, and all but the counts."""
    return cell.split(" ", maxsplit=1)[0], re.sub(r"[\d,]+", "n", cell)


def _on_the_page() -> dict[tuple[str, str, str], str]:
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    return {
        (table, row, column): cell
        for table, (rows, columns) in TABLES.items()
        for row, line in zip(rows, _lines(text, table), strict=False)
        for column, cell in zip(columns, line, strict=False)
    }


def _lines(text: str, table: str) -> Iterator[list[str]]:
    block = re.search(rf"<!-- {table}: begin -->\n(.*?)<!-- {table}: end -->", text, re.DOTALL)
    names = 2 if table == "values" else 1
    for line in block[1].splitlines()[2:] if block else []:
        yield [cell.strip() for cell in line.strip("|").split("|")][names:]


def table(name: str) -> str:
    """A table as it is measured; what no test has measured is said so."""
    rows, columns = TABLES[name]
    cells = {}
    for file in NOTES.glob(f"{name}--*.json"):
        _, row, column, cell = json.loads(file.read_text(encoding="utf-8"))
        cells[row, column] = cell
    heads = {"values": ["from", "into"], "deeds": ["into"], "types": ["a column of"]}[name]
    lines = [
        f"| {' | '.join([*heads, *columns.values()])} |",
        f"|{'---|' * (len(heads) + len(columns))}",
    ]
    for row in rows:
        words = [STORES.get(word, word) for word in row.split(" ")]
        said = [cells.get((row, column), "not measured") for column in columns]
        lines.append(f"| {' | '.join([*words, *said])} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Rewrite the page's tables."""
    text = PAGE.read_text(encoding="utf-8")
    for name in TABLES:
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, rest = text.split(begin)
        text = before + begin + table(name) + end + rest.partition(end)[2]
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)} written\n")


if __name__ == "__main__":
    main()
