"""Files of the repository that a program makes: written anew, or only compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

checking = click.option(
    "--check", is_flag=True, help="Change nothing; exit 1 if something would change."
)
"""The option that every program has that makes files."""


def keep(files: Mapping[Path, str], *, check: bool, maker: str) -> None:
    """Write what is not there as it should be.

    Args:
        files: What should stand in each.
        check: Change nothing.
        maker: The module that makes them; named in the error.

    Raises:
        click.ClickException: If something would change, and nothing may.
    """
    for path, new in files.items():
        if path.exists() and path.read_text(encoding="utf-8") == new:
            continue
        if check:
            msg = f"{path} is not as it would be made; run: python -m adtap_cli.{maker}"
            raise click.ClickException(msg)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(new, encoding="utf-8")
        click.echo(f"{path} written")
