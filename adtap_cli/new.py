"""`adtap new NAME`: the skeleton of a tap for a further platform, which runs and passes the contract suite.

It is the project's example, `examples/tap_pixelyard`, under another name: a token, one list, one report, a
stand-in server, and the tests. What the platform does otherwise is then changed line by line.
"""

import re
from importlib import resources
from pathlib import Path
from typing import Final

import click

from adtap_cli.commands import lines_for_errors, write_file

EXAMPLE: Final = "pixelyard"
_NAME: Final = re.compile(r"[a-z][a-z0-9]{1,30}")
_LEFT_OUT: Final = frozenset({"__pycache__", ".pytest_cache", ".ruff_cache"})


def skeleton() -> Path:
    """Return the folder of the example: inside the package when installed, else beside it in the repository."""
    package = Path(str(resources.files("adtap_cli")))
    packed = package / "skeleton"
    return packed if packed.is_dir() else package.parent / "examples" / f"tap_{EXAMPLE}"


def skeleton_files(name: str) -> dict[Path, str]:
    """Return the files of a new tap for a platform (`pixelyard`) and what stands in them, paths below its folder."""
    folder = skeleton()
    made = {}
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        if path.is_file() and not _LEFT_OUT & set(below.parts):
            text = path.read_text(encoding="utf-8")
            made[Path(_renamed(str(below), name))] = _renamed(text, name)
    return made


def _renamed(text: str, name: str) -> str:
    return text.replace(EXAMPLE, name).replace(EXAMPLE.title(), name.title())


@click.command()
@click.argument("name")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path),
    help="Where to write it. Default: tap_NAME in this folder.",
)  # fmt: skip
@lines_for_errors
def new(name: str, folder: Path | None) -> None:
    """Write the skeleton of a tap for the platform NAME: a folder that runs and passes its tests."""
    plain = name.removeprefix("tap-").lower()
    if not _NAME.fullmatch(plain):
        msg = f"{name!r} is no platform's name; lower-case letters and digits, a letter first, 2 to 31 of them"
        near = re.sub(r"[^a-z0-9]", "", plain)
        msg += f" (did you mean {near}?)" if _NAME.fullmatch(near) else ""
        raise click.BadParameter(msg, param_hint="NAME")
    target = folder or Path(f"tap_{plain}")
    if target.exists() and any(target.iterdir()):
        msg = f"{target} is not empty; choose another --folder"
        raise click.ClickException(msg)
    for below, text in skeleton_files(plain).items():
        write_file(target / below, text, "folder")
    click.echo(
        f"Next: cd {target}; pip install -e . pytest; pytest. Then docs/add-a-platform.md, step by step."
    )
