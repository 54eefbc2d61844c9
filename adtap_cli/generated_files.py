"""Files of the repository that a program makes: written anew, or only compared."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

COMMAND: Final = "make generate"
"""What writes every generated file."""
HEADER: Final = (
    f"Made from the plugins themselves by `{COMMAND}`: a change by hand is written over."
)
"""The first words of a generated file."""


def differences(
    root: Path, files: Mapping[Path, str], folders: tuple[str, ...]
) -> Iterator[tuple[Path, str | None]]:
    """Yield what is not as it should be: a path below the root, and its text, or None if it must go.

    Args:
        root: The repository.
        files: The text that should stand in each file, by its path below the root.
        folders: Patterns of places where only generated files may be; what else is found there was left
            behind by an entry that is gone.
    """
    for path, text in files.items():
        there = root / path
        if not there.is_file() or there.read_text(encoding="utf-8") != text:
            yield path, text
    for folder in folders:
        for there in sorted(root.glob(folder)):
            if there.is_file() and there.relative_to(root) not in files:
                yield there.relative_to(root), None


def write(root: Path, path: Path, text: str | None) -> None:
    """Write a file, or remove it where there is no text for it."""
    there = root / path
    if text is None:
        there.unlink()
        return
    there.parent.mkdir(parents=True, exist_ok=True)
    there.write_text(text, encoding="utf-8")
