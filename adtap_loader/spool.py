"""Rows between the message and the commit, on disk: a batch's memory does not grow with its rows."""

from __future__ import annotations

import contextlib
import os
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from adtap_loader.errors import LoadError

_OPEN_FILES: Final = Path("/proc/self/fd")


class Spool:
    """Rows of one stream that wait for the next commit, each a JSON array on a line of its own.

    The file has no name where the system allows that, so a killed load leaves nothing behind.

    Attributes:
        rows: How many there are.
        size: Their bytes, line ends included.
        longest: A bound on the bytes of the longest one.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._blocks: list[int] = []
        self.rows = self.size = self.longest = 0

    def add(self, block: bytes, rows: int, longest: int) -> None:
        """Add whole lines.

        Args:
            block: The lines, each with its end.
            rows: How many.
            longest: A bound on the bytes of each.

        Raises:
            LoadError: If they can't be kept.
        """
        with _telling():
            if self._file is None:
                nameless = _OPEN_FILES.is_dir()
                make = tempfile.TemporaryFile if nameless else tempfile.NamedTemporaryFile
                self._file = make(prefix="adtap-load-")
                # Also when a load ends with an error.
                weakref.finalize(self, _close, self._file)
            self._file.write(block)
        self._blocks.append(len(block))
        self.rows += rows
        self.size += len(block)
        self.longest = max(self.longest, longest)

    @property
    def path(self) -> str:
        """Where another reader of this process finds the lines."""
        if self._file is None:
            raise ValueError("nothing was added")
        with _telling():
            self._file.flush()
        name = self._file.name
        return name if isinstance(name, str) else str(_OPEN_FILES / str(self._file.fileno()))

    def blocks(self) -> Iterator[bytes]:
        """Yield the blocks as they were added."""
        if self._file is None:
            return
        with _telling():
            self._file.flush()
        at = 0
        for length in self._blocks:
            yield os.pread(self._file.fileno(), length, at)
            at += length

    def clear(self) -> None:
        """Forget all rows."""
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
        self._blocks = []
        self.rows = self.size = self.longest = 0

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            _close(self._file)
            self._file = None


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
