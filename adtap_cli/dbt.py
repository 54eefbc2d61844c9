"""dbt for the models of `transform/`: an environment of its own for each warehouse, and a run of it.

    python -m adtap_cli.dbt build --duckdb ads.duckdb       what `make transform` does
    python -m adtap_cli.dbt test --postgres postgresql://…  any other command of dbt
    python -m adtap_cli.dbt compile --snowflake             what it would ask Snowflake, which is asked nothing

dbt and what the taps need ask for different versions of the same packages, so it is never installed beside
them. With Meltano: `meltano invoke dbt-duckdb:build`, whose environment Meltano makes.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import click

from adtap_cli import programs

ROOT: Final = Path(__file__).resolve().parents[1]
PROJECT: Final = ROOT / "transform"
CACHE: Final = ROOT / ".cache"
CORE: Final = "dbt-core==1.11.16"
"""1.12 does not install without GitHub: one of its dependencies downloads a wheel from there while it is built."""
PACKAGES: Final = {
    # The DuckDB of the loader: a file that a newer one wrote can't be opened by an older one.
    "duckdb": (CORE, "dbt-duckdb==1.11.1", "duckdb==1.4.4"),
    "postgres": (CORE, "dbt-postgres==1.11.0"),
    "snowflake": (CORE, "dbt-snowflake==1.11.6"),
}
"""What is installed, by warehouse; `adtap_cli.dbt_plugins` says the same to Meltano."""


COMPILE_ONLY: Final = (
    "--no-populate-cache",
    "--no-introspect",
    "--vars",
    "{adtap_introspect: false}",
)
"""With these dbt compiles for a warehouse that it can't reach."""


class NoEnvironmentError(Exception):
    """dbt's environment can't be made; says why."""


def environment(warehouse: str) -> Path:
    """Return the folder of dbt's environment for a warehouse; made on first use and kept.

    Raises:
        NoEnvironmentError: It can't be made: most of all, no package index can be reached.
    """
    wanted = "\n".join((*PACKAGES[warehouse], constraints(warehouse).read_text(encoding="utf-8")))
    name = f"dbt-{warehouse}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
    folder = CACHE / name
    marker = folder / "complete"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several tests may want it at once
        if not marker.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, warehouse)
            marker.touch()
    return folder


def constraints(warehouse: str) -> Path:
    """Return the file that names every version of an environment.

    Args:
        warehouse: A key of `PACKAGES`. Snowflake's adapter asks for versions that the others' file can't have.
    """
    own = PROJECT / f"constraints-{warehouse}.txt"
    return own if own.is_file() else PROJECT / "constraints.txt"


def _make(folder: Path, warehouse: str) -> None:
    click.echo(f"Setting up dbt for {warehouse} in {folder} (once; a minute or less)", err=True)
    wanted = ["-c", str(constraints(warehouse)), *PACKAGES[warehouse]]
    python = str(folder / "bin" / "python")
    # Meltano brings uv, which takes seconds; it does not read pip's configuration, so pip may succeed where it fails.
    uv = programs.found("uv")
    if uv is not None:
        _do([sys.executable, "-m", "venv", "--without-pip", str(folder)])
        try:
            _do([uv, "pip", "install", "--quiet", "--python", python, *wanted])
        except NoEnvironmentError:
            click.echo("uv could not; pip tries", err=True)
        else:
            _compile(python, warehouse)
            return
    _do([sys.executable, "-m", "venv", str(folder)])
    quietly = ("--quiet", "--disable-pip-version-check", "--no-compile")
    _do([python, "-m", "pip", "install", *quietly, *wanted])
    _compile(python, warehouse)


def _compile(python: str, warehouse: str) -> None:
    """Keep compiled what a start of dbt imports, which then takes half the time; that is a part of what is installed."""
    _do([python, "-c", f"import dbt.cli.main, dbt.adapters.{warehouse}"])


def _do(command: list[str]) -> None:
    # Some images set it; then nothing that is compiled would be kept.
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)  # noqa: S603 - our own command
    if done.returncode != 0:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        why = lines[-1] if lines else f"exit code {done.returncode}"
        raise NoEnvironmentError(f"{Path(command[0]).name} {' '.join(command[1:4])} …: {why}")


def variables(warehouse: str, place: str, schema: str | None = None) -> dict[str, str]:
    """Return the environment variables that `transform/profiles.yml` reads.

    Args:
        warehouse: A key of `PACKAGES`.
        place: The DuckDB file, or a PostgreSQL URL; nothing for Snowflake.
        schema: The schema that models are built in.
    """
    made = {"ADTAP_DBT_TARGET": warehouse, "DBT_PROFILES_DIR": str(PROJECT)}
    if schema:
        made["ADTAP_DBT_SCHEMA"] = schema
    if warehouse == "snowflake":
        return made
    if warehouse == "duckdb":
        return {**made, "ADTAP_DUCKDB_PATH": str(Path(place).absolute())}
    split = urlsplit(place)
    # A server on a Unix socket is named in the query: postgresql://user@/database?host=/folder
    host = split.hostname or parse_qs(split.query).get("host", ["localhost"])[0]
    return {
        **made,
        "ADTAP_POSTGRES_HOST": host,
        "ADTAP_POSTGRES_PORT": str(split.port or 5432),
        "ADTAP_POSTGRES_USER": unquote(split.username or "postgres"),
        "ADTAP_POSTGRES_PASSWORD": unquote(split.password or ""),
        "ADTAP_POSTGRES_DATABASE": split.path.lstrip("/") or "postgres",
    }


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True})
@click.option("--duckdb", metavar="FILE", help="The DuckDB file that the taps were loaded into.")
@click.option(
    "--postgres", metavar="URL", help="The PostgreSQL database that they were loaded into."
)
@click.option("--snowflake", is_flag=True, help="Compile for Snowflake, which is not asked.")
@click.option("--schema", help="The schema that models are built in. Default: analytics.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def main(
    duckdb: str | None,
    postgres: str | None,
    schema: str | None,
    arguments: tuple[str, ...],
    *,
    snowflake: bool,
) -> None:
    """Run dbt on the models of transform/, in an environment of its own."""
    if [duckdb is not None, postgres is not None, snowflake].count(True) != 1:
        raise click.UsageError("give one of --duckdb FILE, --postgres URL and --snowflake")
    if snowflake and arguments != ("compile",):
        raise click.UsageError(
            "--snowflake compiles: `python -m adtap_cli.dbt compile --snowflake`; nothing was ever run there"
        )
    if duckdb is not None and not Path(duckdb).is_file():
        raise click.ClickException(
            f"there is no file {duckdb}: load something first, or run `make demo`"
        )
    warehouse, place = "snowflake", ""
    if duckdb is not None:
        warehouse, place = "duckdb", duckdb
    elif postgres is not None:
        warehouse, place = "postgres", postgres
    try:
        folder = environment(warehouse)
    except NoEnvironmentError as error:
        raise click.ClickException(str(error)) from None
    environ = {
        "DBT_TARGET_PATH": str(CACHE / "dbt" / warehouse),
        "DBT_LOG_PATH": str(CACHE / "dbt"),
        **os.environ,
        **variables(warehouse, place, schema),
    }
    # A demo lives in the past: its days are as fresh as they were then.
    if "ADTAPS_NOW" not in environ and warehouse == "duckdb":
        moment = Path(place).with_name("now")
        if moment.is_file():
            environ["ADTAPS_NOW"] = moment.read_text(encoding="utf-8").strip()
    given = (*(arguments or ("build",)), *(COMPILE_ONLY if snowflake else ()))
    done = subprocess.run(  # noqa: S603 - our own command
        [str(folder / "bin" / "dbt"), *given, "--project-dir", str(PROJECT)],
        env=environ,
        check=False,
    )
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
