"""What could not be read: noted when it happens, said again at the end of the run."""

from __future__ import annotations

from dataclasses import dataclass

from adtap_core.redact import redact


@dataclass(frozen=True)
class Failure:
    """Something that could not be read.

    Args:
        stream: Which stream.
        message: What happened.
        partition: Whose data, as JSON text; empty if it does not matter.
        window: Which days; empty if it does not matter.
        error: The error itself.
    """

    stream: str
    message: str
    partition: str = ""
    window: str = ""
    error: BaseException | None = None

    def line(self) -> str:
        """Return the failure as a line for the user."""
        where = " ".join(x for x in (self.stream, self.partition, self.window) if x)
        return redact(f"{where}: {self.message.removeprefix(f'{self.stream}: ')}")
