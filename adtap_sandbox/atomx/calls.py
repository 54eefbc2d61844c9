"""One call on the platform, as its rooms read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adtap_sandbox.atomx.models import fold


@dataclass(frozen=True)
class Call:
    """One call, read.

    Args:
        version: `v1`, `v2` or `v3`.
        verb: HTTP method.
        words: Words of the path after the version, as sent.
        params: Decoded query string.
        body: Decoded JSON body; None if there is none.
        ip: Address of the caller, for the history.
        agent: The caller's user agent, for the history.
    """

    version: str
    verb: str
    words: list[str]
    params: list[tuple[str, str]]
    body: Any
    ip: str = ""
    agent: str = ""

    @property
    def head(self) -> str:
        """The first word, folded."""
        return fold(self.words[0])
