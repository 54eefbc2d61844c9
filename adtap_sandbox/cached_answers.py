"""Answers that are made once and given again, byte for byte, on paths that whoever measures a client names.

A page of a list of 50,000 costs the sandbox more than the client. A moved clock, a turned switch or a reset forgets them.
"""

import re
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adtap_sandbox.faults import Entry

_GOOD: Final = 200


class CachedAnswers:
    """Gives cached answers, and keeps those that it may.

    Two requests are the same if method, target, query, body and the encodings taken are. Who asks is
    not looked at: a login that ended is not noticed on such a path.

    Args:
        app: What answers otherwise, compression included.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._path: re.Pattern[str] | None = None
        self._answers: dict[tuple[str, ...], list[Message]] = {}

    def __len__(self) -> int:
        return len(self._answers)

    def keep(self, path: str | None) -> None:
        """Begin anew with a path (regular expression, below the platform's prefix); None: keep nothing.

        Raises:
            ValueError: If it is no regular expression.
        """
        try:
            self._path = None if path is None else re.compile(path)
        except re.error as error:
            raise ValueError(f"the path {path!r} is no regular expression: {error}") from error
        self.forget()

    def forget(self) -> None:
        """Make every answer anew once more."""
        self._answers.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entry: Entry = scope["adtap.entry"]
        if self._path is None or not self._path.search(entry.path):
            await self._app(scope, receive, send)
            return
        encodings = entry.headers.get("accept-encoding", "")
        key = (entry.method, entry.target, entry.query, entry.body, encodings)
        messages = self._answers.get(key)
        if messages is None:
            messages = []

            async def note(message: Message) -> None:
                messages.append(message)
                await send(message)

            await self._app(scope, receive, note)
            if messages and messages[0].get("status") == _GOOD:
                self._answers[key] = messages
            return
        for message in messages:
            await send(message)
