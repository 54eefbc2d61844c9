"""Every generated file of the repository, written by one command: `python -m adtap_cli.generate`.

    plugins/          the plugins' definitions for Meltano, which meltano.yml includes
    hub/              the same for a plugin hub
    docs/reference/   settings, streams, and how streams join
    transform/        dbt's staging models, and what the others need to know of streams

`--check` changes nothing and exits 1 if something would change. To add a writer: a function without
arguments that returns texts by path, in a module of its own, and a line in `files`.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import click

from adtap_cli import (
    dbt_files,
    dbt_plugins,
    diagrams_page,
    hub_files,
    plugin_files,
    settings_page,
    streams_page,
)
from adtap_cli.generated_files import COMMAND, differences, write

ROOT: Final = Path(__file__).resolve().parents[1]
ONLY_GENERATED: Final = (
    "plugins/*.meltano.yml",
    "hub/**/*.yml",
    "docs/reference/**/*",
    *dbt_files.ONLY_GENERATED,
)


@cache
def files() -> Mapping[Path, str]:
    """Return every generated file and its text, by its path in the repository: the same as long as a process runs."""
    return {
        **plugin_files.files(),
        **hub_files.files(),
        **settings_page.files(),
        **streams_page.files(),
        **diagrams_page.files(),
        **dbt_files.files(),
        **dbt_plugins.files(),
    }


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if something would change.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=ROOT,
    help="The repository. Default: that of this package.",
)
def main(*, check: bool, root: Path) -> None:
    """Write every generated file of the repository."""
    found = list(differences(root, files(), ONLY_GENERATED))
    for path, text in found:
        state = "removed" if text is None else "written"
        if check:
            click.echo(f"{path} would be {state}", err=True)
        else:
            write(root, path, text)
            click.echo(f"{path} {state}")
    if check and found:
        raise click.ClickException(f"generated files are out of date; run: {COMMAND}")


if __name__ == "__main__":
    main()
