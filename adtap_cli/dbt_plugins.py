"""Meltano's definitions of dbt, `plugins/dbt-<warehouse>.meltano.yml`: `meltano invoke dbt-duckdb:build`.

The versions are those of `adtap_cli.dbt`, so both ways of running dbt build the same models with the same program.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from adtap_cli.dbt import PACKAGES
from adtap_cli.generated_files import HEADER
from adtap_cli.plugin_files import scalar

LABELS: Final = {"duckdb": "dbt on DuckDB", "postgres": "dbt on PostgreSQL"}
COMMANDS: Final = {
    "build": ("build", "Build the models of transform/ and run their tests"),
    "test": ("test", "Run the tests of the models"),
    "snapshot": ("snapshot", "Keep what campaigns and budgets are now"),
    "docs": ("docs generate", "Make the pages about the models"),
}
_ROOT: Final = "$MELTANO_PROJECT_ROOT"


class Setting(NamedTuple):
    """A setting of dbt: an environment variable that it, or transform/profiles.yml, reads."""

    name: str
    variable: str
    label: str
    value: str | int | None = None
    secret: bool = False


def settings(warehouse: str) -> Iterator[Setting]:
    """Yield the settings of dbt on a warehouse."""
    yield Setting("project_dir", "DBT_PROJECT_DIR", "dbt project", f"{_ROOT}/transform")
    yield Setting(
        "profiles_dir", "DBT_PROFILES_DIR", "Folder of profiles.yml", f"{_ROOT}/transform"
    )
    made = f"{_ROOT}/.cache/dbt/{warehouse}"
    yield Setting("target_path", "DBT_TARGET_PATH", "Folder of what dbt makes", made)
    yield Setting("log_path", "DBT_LOG_PATH", "Folder of dbt's log", f"{_ROOT}/.cache/dbt")
    yield Setting("target", "ADTAP_DBT_TARGET", "Output of profiles.yml", warehouse)
    yield Setting("schema", "ADTAP_DBT_SCHEMA", "Schema of the models", "analytics")
    if warehouse == "duckdb":
        yield Setting("path", "ADTAP_DUCKDB_PATH", "Database file", f"{_ROOT}/ads.duckdb")
        return
    yield Setting("host", "ADTAP_POSTGRES_HOST", "Host", "localhost")
    yield Setting("port", "ADTAP_POSTGRES_PORT", "Port", 5432)
    yield Setting("user", "ADTAP_POSTGRES_USER", "User", "postgres")
    yield Setting("password", "ADTAP_POSTGRES_PASSWORD", "Password", secret=True)
    yield Setting("database", "ADTAP_POSTGRES_DATABASE", "Database", "postgres")


def definition(warehouse: str) -> str:
    """Return the text of a file, in the form in which Meltano would write it anew."""
    name = f"dbt-{warehouse}"
    lines = [
        f"# {HEADER}",
        "# Settings of your own choice go into meltano.yml or .env, not here.",
        "plugins:",
        "  utilities:",
        f"  - name: {name}",
        f"    namespace: {name.replace('-', '_')}",
        f"    label: {LABELS[warehouse]}",
        f"    pip_url: {' '.join(PACKAGES[warehouse])}",
        "    executable: dbt",
        "    settings:",
    ]
    for one in settings(warehouse):
        lines += [f"    - name: {one.name}", f"      env: {one.variable}"]
        if isinstance(one.value, int):
            lines.append("      kind: integer")
        if one.value is not None:
            lines.append(f"      value: {scalar(one.value)}")
        lines.append(f"      label: {scalar(one.label)}")
        if one.secret:
            lines.append("      sensitive: true")
    lines.append("    commands:")
    for command, (arguments, description) in COMMANDS.items():
        lines += [
            f"      {command}:",
            f"        args: {arguments}",
            f"        description: {description}",
        ]
    return "\n".join(lines) + "\n"


def files() -> dict[Path, str]:
    """Return every file and its text, by its path in the repository."""
    return {Path("plugins") / f"dbt-{name}.meltano.yml": definition(name) for name in LABELS}
