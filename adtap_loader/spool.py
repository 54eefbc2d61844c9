"""Rows between the message and the commit, on disk: a batch's memory does not grow with its rows."""

import contextlib
import os
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from adtap_loader.errors import LoadError

_OPEN_FILES: Final = Path("/proc/self/fd")
VECTOR_ROWS: Final = 2048  # DuckDB holds so many rows of a file at once, whatever their width
PART_BYTES: Final = 8_000_000
READ_BYTES: Final = 1 << 17  # psycopg would cut larger ones up


class Spool:
    """Rows of one stream that wait for the next commit, as CSV.

    They stand in as many files as it takes that a reader of `VECTOR_ROWS` rows at once never meets much more
    than `PART_BYTES` of them: in one where rows are narrow. The files have no names where the system allows
    that, so a killed load leaves nothing behind.

    Attributes:
        rows: How many there are.
        size: Their bytes, line ends included.
        longest: A bound on the bytes of the longest one.
    """

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self.rows = self.size = self.longest = 0

    @property
    def is_wide(self) -> bool:
        """Whether there are rows that need a part of their own for their width."""
        return any(part.is_wide for part in self._parts)

    def add(self, block: bytes, rows: int, longest: int) -> None:
        """Add whole rows.

        Args:
            block: The rows, each with its line end.
            rows: How many.
            longest: A bound on the bytes of each.

        Raises:
            LoadError: If they can't be kept.
        """
        with _telling():
            if not self._parts or not self._parts[-1].takes(block, rows):
                self._parts.append(_Part())
            self._parts[-1].add(block, rows)
        self.rows += rows
        self.size += len(block)
        self.longest = max(self.longest, longest)

    @property
    def paths(self) -> list[str]:
        """Where another reader of this process finds the rows, in their order."""
        with _telling():
            return [part.path for part in self._parts]

    def blocks(self) -> Iterator[bytes]:
        """Yield the rows in blocks, which may end within one."""
        for part in self._parts:
            with _telling():
                yield from part.blocks()

    def clear(self) -> None:
        """Forget all rows."""
        for part in self._parts[1:]:
            part.close()
        self._parts = self._parts[:1]
        for part in self._parts:
            part.clear()
        self.rows = self.size = self.longest = 0

    def close(self) -> None:
        """Let go of the files."""
        for part in self._parts:
            part.close()
        self._parts = []


class _Part:
    """One file of rows."""

    def __init__(self) -> None:
        nameless = _OPEN_FILES.is_dir()
        make = tempfile.TemporaryFile if nameless else tempfile.NamedTemporaryFile
        self._file: IO[bytes] = make(prefix="adtap-load-")
        # Also when a load ends with an error.
        weakref.finalize(self, _close, self._file)
        self._size, self.is_wide = 0, False

    def takes(self, block: bytes, rows: int) -> bool:
        """Check whether rows may stand behind those that are there."""
        wide = self.is_wide or _wide(block, rows)
        return not self._size or not wide or self._size + len(block) <= PART_BYTES

    def add(self, block: bytes, rows: int) -> None:
        """Add whole rows."""
        self._file.write(block)
        self._size += len(block)
        self.is_wide = self.is_wide or _wide(block, rows)

    @property
    def path(self) -> str:
        """Where another reader of this process finds the rows."""
        self._file.flush()
        name = self._file.name
        return name if isinstance(name, str) else str(_OPEN_FILES / str(self._file.fileno()))

    def blocks(self) -> Iterator[bytes]:
        """Yield the rows in blocks, which may end within one."""
        self._file.flush()
        at = 0
        while block := os.pread(self._file.fileno(), READ_BYTES, at):
            yield block
            at += len(block)

    def clear(self) -> None:
        """Forget all rows."""
        self._file.seek(0)
        self._file.truncate()
        self._size, self.is_wide = 0, False

    def close(self) -> None:
        """Let go of the file."""
        _close(self._file)


def _wide(block: bytes, rows: int) -> bool:
    return len(block) * VECTOR_ROWS > PART_BYTES * rows


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """Say where rows wait if they can't."""
    try:
        yield
    except OSError as error:
        place = tempfile.gettempdir() if tempfile.tempdir else "the folder for temporary files"
        raise LoadError(
            f"Rows can't wait for their commit in {place}: {error.strerror or error}. The variable TMPDIR "
            "names another folder."
        ) from None


def _close(file: IO[bytes]) -> None:
    # What can't be written any more is not needed any more.
    with contextlib.suppress(OSError):
        file.close()
