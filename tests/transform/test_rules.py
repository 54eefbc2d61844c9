"""What good guesses get wrong about money in dbt, each shown on the warehouses themselves, and each a rule of the project."""

import re
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest
import yaml

from adtap_cli.dbt import CORE, PACKAGES, PROJECT, constraints

WRITTEN = [
    *PROJECT.glob("macros/*.sql"),
    *PROJECT.glob("models/**/*.sql"),
    *PROJECT.glob("tests/*.sql"),
]
SAMPLE = "12.990000000000000000"


def code(path: Path) -> str:
    """A file's SQL and Jinja without its comments and texts in quotes."""
    return re.sub(r"'[^'\n]*'", "''", uncommented(path))


def uncommented(path: Path) -> str:
    """A file's SQL and Jinja without its comments."""
    return re.sub(r"\{#.*?#\}|--[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def properties():
    """Each properties file of the project with what it holds."""
    for path in sorted(PROJECT.glob("**/*.yml")):
        yield path, yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "expression",
    [
        "CASE WHEN {x} > 0 THEN {x} ELSE round({x}, 2) END",
        "coalesce({x}, round({x}, 2))",
        "greatest({x}, round({x}, 2))",
        "max(y) FROM (SELECT {x} AS y UNION ALL SELECT round({x}, 2))",
    ],
)
def test_one_rounded_branch_rounds_the_whole_column_on_duckdb(expression):
    """The scale of one branch becomes that of all, so 12.994 is 12.99; Postgres keeps each value's own digits."""
    value = "CAST('12.994' AS DECIMAL(38,18))"
    with duckdb.connect() as warehouse:
        (found,) = warehouse.execute(f"SELECT {expression.format(x=value)}").fetchone()
        kept = expression.replace("round({x}, 2)", "CAST(round({x}, 2) AS DECIMAL(38,18))")
        (cast,) = warehouse.execute(f"SELECT {kept.format(x=value)}").fetchone()
    assert (found, cast) == (Decimal("12.99"), Decimal("12.994"))


def test_an_average_and_a_quotient_are_floats_on_duckdb_and_rate_times_spend_needs_a_smaller_rate():
    """`avg` and `/` give DOUBLE, and two factors of 18 digits overflow at 100: hence DECIMAL(18,6) for rates."""
    with duckdb.connect() as warehouse:
        types = warehouse.execute(
            "SELECT typeof(avg(x)), typeof(max(x) / 2) FROM (SELECT CAST(1 AS DECIMAL(38,18)) AS x)"
        ).fetchone()
        assert types == ("DOUBLE", "DOUBLE")
        with pytest.raises(duckdb.OutOfRangeException):
            warehouse.execute(
                "SELECT CAST(100 AS DECIMAL(38,18)) * CAST(1.1 AS DECIMAL(38,18))"
            ).fetchone()
        (found,) = warehouse.execute(
            "SELECT CAST(CAST(999999999999 AS DECIMAL(38,18)) * CAST(1.1 AS DECIMAL(18,6)) AS DECIMAL(38,18))"
        ).fetchone()
    assert found == Decimal("1099999999998.9")


def test_a_narrower_contract_is_silent_on_postgres(postgres_url):
    """A column of (38,2) takes 12.994 and holds 12.99 without a word; (38,18) holds it on both warehouses."""
    with psycopg.connect(postgres_url) as warehouse:
        warehouse.execute("CREATE TABLE kept (narrow numeric(38,2), wide numeric(38,18))")
        warehouse.execute("INSERT INTO kept VALUES (12.994, 12.994)")
        assert warehouse.execute("SELECT * FROM kept").fetchone() == (
            Decimal("12.99"),
            Decimal("12.994"),
        )


def test_nothing_rounds_divides_or_averages_money():
    """No model, macro or test of the project calls round, trunc or avg, divides, or uses a float."""
    for path in WRITTEN:
        outside = re.sub(r"date_trunc\(", "", code(path))
        assert not re.search(r"\b(round|trunc|avg|double|float|real)\b\s*\(?", outside), path
        assert not re.search(r"[\w)}]\s*/\s*[\w({]", outside), path


def test_exact_numbers_have_one_scale():
    """Types come from the macro `type`, which knows DECIMAL(38,18) and, for rates, DECIMAL(18,6)."""
    for path in WRITTEN:
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8").lower(), flags=re.DOTALL)
        scales = set(re.findall(r"(?:decimal|numeric)\s*\(\s*\d+\s*,\s*\d+\s*\)", text))
        known = {"decimal(38,18)", "decimal(18,6)"} if path.name == "warehouse.sql" else set()
        assert scales == known, path


def test_each_total_is_cast_back():
    """A bare sum() is a number of any scale on Postgres and a HUGEINT on DuckDB: models use the macro `total`."""
    for path in PROJECT.glob("models/**/*.sql"):
        bare = [line for line in code(path).splitlines() if re.search(r"\bsum\(", line)]
        # Seconds of a day are no money.
        assert [line for line in bare if "reached" not in line] == [], path


def test_contracts_say_38_18_and_money_in_unit_tests_is_quoted():
    """A contract of another scale is refused by one warehouse and rounds on the other; a bare number is a float."""
    contracts = money = 0
    for path, found in properties():
        for model in found.get("models") or []:
            if isinstance(model, dict) and (model.get("config") or {}).get("contract"):
                contracts += 1
                types = {column["data_type"] for column in model["columns"]}
                assert {t for t in types if "decimal" in t} <= {
                    "decimal(38,18)",
                    "decimal(18,6)",
                }, path
        for test in found.get("unit_tests") or []:
            tables = [*test["given"], test["expect"]]
            for row in (
                row for table in tables if isinstance(table["rows"], list) for row in table["rows"]
            ):
                for name in ("spend", "revenue", "conversion_value", "rate", "conversions"):
                    money += row.get(name) is not None
                    assert isinstance(row.get(name), str | None), (path, test["name"], row)
    assert contracts == 2
    assert money > 20


def test_days_are_replaced_whole_and_a_changed_schema_is_refused():
    """No microbatch (Postgres keeps a vanished row) and no `on_schema_change` that rounds new rows to an old scale."""
    incremental = [
        p
        for p in PROJECT.glob("models/**/*.sql")
        if "materialized='incremental'" in p.read_text("utf-8")
    ]
    assert [path.stem for path in incremental] == ["ad_performance_daily"]
    text = incremental[0].read_text(encoding="utf-8")
    assert "on_schema_change='fail'" in text
    assert "forget_days_read_again" in text
    assert not [path for path in WRITTEN if "microbatch" in uncommented(path)]
    assert "incremental_strategy='append'" in text


def test_both_ways_to_run_dbt_install_the_same_program():
    """Meltano's plugins name the versions that `make transform` installs, and every variable of profiles.yml."""
    assert CORE == "dbt-core==1.11.16"
    for warehouse, packages in PACKAGES.items():
        assert set(packages) <= set(constraints(warehouse).read_text(encoding="utf-8").split())
    variables = set(
        re.findall(r"env_var\('(\w+)'", (PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    )
    for warehouse in ("duckdb", "postgres"):
        text = (PROJECT.parent / "plugins" / f"dbt-{warehouse}.meltano.yml").read_text(
            encoding="utf-8"
        )
        (plugin,) = yaml.safe_load(text)["plugins"]["utilities"]
        assert set(plugin["pip_url"].split()) == set(PACKAGES[warehouse])
        named = {setting["env"] for setting in plugin["settings"]}
        ours = {name for name in variables if name.startswith(f"ADTAP_{warehouse.upper()}")}
        assert ours | {"ADTAP_DBT_TARGET", "ADTAP_DBT_SCHEMA"} <= named
