"""What docs/reading.md says of DuckDB, pyarrow and Postgres holds for a column that our loader wrote."""

# ruff: noqa: S608 - the expressions are the page's own

import json
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from .conftest import record, schema

MONEY = {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 18}
HEAD = schema(
    "s", {"n": {"type": "integer"}, "spend": MONEY, "rate": MONEY, "clicks": {"type": "integer"}}
)
ROWS = (
    record("s", n=1, spend="10.000000000000000001", rate="10", clicks=3),
    record("s", n=2, spend="12.99", rate="0.5", clicks=4),
)
SUM = Decimal("22.990000000000000001")


@pytest.fixture
def loaded(file):
    file.load(HEAD, *ROWS, parquet_path=str(file.folder))
    return file


def test_duckdb_adds_exactly_and_divides_in_floats(loaded):
    """Sums keep every digit; averages and quotients are DOUBLE."""
    kinds = "typeof(sum(spend)), typeof(avg(spend)), typeof(sum(spend) / sum(clicks)), typeof(median(spend))"
    assert loaded.query(f"SELECT sum(spend), {kinds} FROM s") == [
        (SUM, "DECIMAL(38,18)", "DOUBLE", "DOUBLE", "DECIMAL(38,18)")
    ]


def test_duckdb_multiplies_two_wide_decimals_up_to_ten_only(loaded):
    """36 digits behind the point leave two before it; a rate of fewer digits leaves fourteen."""
    with pytest.raises(duckdb.OutOfRangeException):
        loaded.query("SELECT spend * rate FROM s WHERE n = 1")
    assert loaded.query("SELECT spend * rate::DECIMAL(9,6) FROM s WHERE n = 1") == [
        (Decimal("100.00000000000000001"),)
    ]


def test_duckdb_rounds_a_whole_column_for_one_branch(loaded):
    """And not if the branch is cast back."""
    chosen = "CASE WHEN n = 1 THEN spend ELSE {} END"
    plain, cast = chosen.format("round(spend, 2)"), chosen.format("round(spend, 2)::DECIMAL(38,18)")
    assert loaded.query(f"SELECT {plain}, {cast} FROM s WHERE n = 1") == [
        (Decimal("10.00"), Decimal("10.000000000000000001"))
    ]


def test_pyarrow_filters_by_decimals_and_widens_by_itself(loaded):
    """A whole number is refused in a filter; a narrower column makes 54 digits of 38; sums are exact."""
    table = pq.ParquetFile(loaded.folder / "s.parquet").read()
    assert pc.sum(table["spend"]).as_py() == SUM
    with pytest.raises(pa.ArrowInvalid, match="Precision is not great enough"):
        table.filter(pc.field("spend") > 0)
    assert table.filter(pc.field("spend") > Decimal(0)).num_rows == 2
    cents = pa.chunked_array([pa.array([Decimal("0.01")] * 2, pa.decimal128(38, 2))])
    assert pc.coalesce(table["spend"], cents).type == pa.decimal256(54, 18)
    with pytest.raises(pa.ArrowInvalid):
        pc.multiply(table["spend"], table["spend"])


def test_the_view_of_json_lines_on_the_page_has_each_row_once_and_money_as_money(tmp_path):
    """Where `max()` of the file as it is compares letters."""
    page = (Path(__file__).parents[2] / "docs" / "warehouses.md").read_text(encoding="utf-8")
    view = next(
        block for block in re.findall(r"```sql\n(.*?)```", page, re.DOTALL) if "read_json" in block
    )
    file = tmp_path / "campaign_daily.jsonl"
    rows = (("a", "9.92", "01"), ("b", "1.5", "01"), ("b", "29.99", "02"))
    file.write_text(
        "".join(
            json.dumps({"_row_key": k, "cost": v, "_synced_at": f"2026-03-{d}T06:00:00Z"}) + "\n"
            for k, v, d in rows
        )
    )
    with duckdb.connect() as db:
        assert db.execute(f"SELECT max(cost) FROM '{file}'").fetchall() == [("9.92",)]
        db.execute(view.replace("campaign_daily.jsonl", str(file)))
        found = db.execute("SELECT max(cost), sum(cost), count(*) FROM campaign_daily").fetchall()
    assert found == [(Decimal("29.99"), Decimal("39.91"), 2)]


def test_postgres_is_exact_and_psycopg_gives_decimals(database):
    """Sums and products have all their digits; an average as many as the column."""
    database.load(HEAD, *ROWS)
    assert database.query("SELECT sum(spend), sum(spend * rate), avg(spend) FROM s") == [
        (SUM, Decimal("106.49500000000000001"), Decimal("11.495000000000000001"))
    ]
