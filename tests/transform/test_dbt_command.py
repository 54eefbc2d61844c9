"""`python -m adtap_cli.dbt`, behind `make transform`: which dbt it runs, on which warehouse, and what it refuses."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from adtap_cli import dbt


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give one of --duckdb FILE, --postgres URL and --snowflake"),
        (
            ["--duckdb", "a", "--postgres", "b"],
            "give one of --duckdb FILE, --postgres URL and --snowflake",
        ),
        (["--snowflake"], "`python -m adtap_cli.dbt compile --snowflake`"),
        (
            ["--duckdb", "nowhere.duckdb"],
            "there is no file nowhere.duckdb: load something first, or run `make demo`",
        ),
    ],
)
def test_a_warehouse_that_is_not_there_is_said_before_anything_is_installed(
    arguments, words, monkeypatch
):
    """One line, and no environment is made for it."""
    monkeypatch.setattr(dbt, "environment", lambda _: pytest.fail("an environment was made"))
    done = CliRunner().invoke(dbt.main, ["build", *arguments])
    assert done.exit_code != 0
    assert words in done.output


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password", "database"),
    [
        ("postgresql://ann:p%40ss@db.example:6432/ads", "db.example", "6432", "ann", "p@ss", "ads"),
        ("postgresql://postgres@/ads?host=%2Ftmp%2Fpg", "/tmp/pg", "5432", "postgres", "", "ads"),  # noqa: S108
        ("postgresql://db.example", "db.example", "5432", "postgres", "", "postgres"),
    ],
)
def test_a_postgres_url_becomes_what_profiles_yml_reads(url, host, port, user, password, database):
    """Escaped characters, a server on a Unix socket, and libpq's own defaults."""
    found = dbt.variables("postgres", url, "mine")
    names = ("HOST", "PORT", "USER", "PASSWORD", "DATABASE")
    assert [found[f"ADTAP_POSTGRES_{name}"] for name in names] == [
        host,
        port,
        user,
        password,
        database,
    ]
    assert found["ADTAP_DBT_TARGET"] == "postgres"
    assert found["ADTAP_DBT_SCHEMA"] == "mine"


def test_why_an_environment_can_not_be_made_is_said_in_one_line(monkeypatch, tmp_path):
    """The last words of what failed, and the folder does not count as made: the next run tries again."""
    fails = [
        sys.executable,
        "-c",
        "import sys; print('trying'); sys.exit('no index can be reached')",
    ]
    monkeypatch.setattr(dbt, "CACHE", tmp_path)
    monkeypatch.setattr(dbt, "_make", lambda *_: dbt._do(fails))
    for _ in range(2):
        with pytest.raises(
            dbt.NoEnvironmentError, match=r"python\S* -c .*: no index can be reached$"
        ):
            dbt.environment("duckdb")


@pytest.mark.timeout(600)
def test_dbt_is_run_on_the_file_that_was_named(built):
    """The whole way: the environment, the profile, the file."""
    command = [sys.executable, "-m", "adtap_cli.dbt", "debug", "--connection", "--duckdb", built]
    done = subprocess.run(command, cwd=dbt.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"path: {built}" in done.stdout
