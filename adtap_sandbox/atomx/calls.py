"""One call on the platform, as its rooms read it."""

from dataclasses import dataclass
from typing import Any

from adtap_sandbox.atomx.models import fold


@dataclass(frozen=True)
class Call:
    """One call, read."""

    version: str  # `v1`, `v2` or `v3`
    verb: str  # HTTP method
    words: list[str]  # words of the path after the version, as sent
    params: list[tuple[str, str]]  # decoded query string
    body: Any  # decoded JSON body; None if there is none
    ip: str = ""  # address of the caller, for the history
    agent: str = ""  # the caller's user agent, for the history

    @property
    def head(self) -> str:
        """The first word, folded."""
        return fold(self.words[0])
