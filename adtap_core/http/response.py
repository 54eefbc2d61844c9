"""An answer of a platform, its body whole: what it says, in the shapes that a platform asks for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
from requests.structures import CaseInsensitiveDict

from adtap_core.bodies import exact_json
from adtap_core.bodies.doubles import check_once
from adtap_core.bodies.spool import Spool
from adtap_core.errors import RequestError
from adtap_core.redact import redact

T = TypeVar("T")
_SEARCHED: Final = 16_384
"""Bytes behind an excerpt in which secrets are looked for too."""


@dataclass
class Response:
    """An answer, its body whole and decoded; its headers are found in any letter case."""

    status: int
    headers: Mapping[str, str]
    body: Spool
    url: str
    received_at: datetime
    cookies: Mapping[str, str] = field(default_factory=dict)
    _made: "dict[Callable[[Response], Any], Any]" = field(
        default_factory=dict, init=False, repr=False
    )

    def __post_init__(self) -> None:
        self.headers = CaseInsensitiveDict(self.headers)

    @property
    def is_success(self) -> bool:
        """Return whether the status is a 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_redirect(self) -> bool:
        """Return whether the status is a 3xx."""
        return HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST

    @property
    def leads_to_login(self) -> bool:
        """Return whether it sends a browser to the page where people log in: the session has ended."""
        where = self.headers.get("Location", "").partition("?")[0]
        return self.is_redirect and "login" in where.lower()

    @property
    def content_type(self) -> str:
        """Return the media type, lower case, without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Return the body as JSON, decimals exact.

        Raises:
            RequestError: If it is not JSON, or an object in it has a name twice.
        """
        try:
            return self.made_once(_checked)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            msg = f"the answer is not JSON ({error}): {self.excerpt()}"
            raise RequestError(msg, status=self.status) from error

    def json_or_none(self) -> Any:
        """Return the body as JSON, None if it is something else: for judging error bodies."""
        try:
            return self.made_once(_json)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def made_once(self, make: "Callable[[Response], T]") -> T:
        """Return what a function makes of this answer; what was made to judge it is not made again."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    def text(self, length: int = 100_000) -> str:
        """Return the beginning of the body as text."""
        return self.body.excerpt(length).decode("utf-8", "replace")

    def excerpt(self, length: int = 300) -> str:
        """Return the body's beginning on one line, redacted: for messages."""
        # Of a secret that is cut in two neither half is known: it is looked for in more than is shown, and
        # before the spaces in it change.
        text = redact(self.text(length * 2 + _SEARCHED))
        return redact.words_of_others(" ".join(text.split()))[:length]

    def looks_like_html(self) -> bool:
        """Return whether the body is a page for people: a proxy or a login form answered."""
        head = self.body.excerpt(200).lstrip().lower()
        return head.startswith((b"<!doctype html", b"<html"))


def _json(response: Response) -> Any:
    return exact_json.decode(response.body.read())


def _checked(response: Response) -> Any:
    found = response.made_once(_json)
    check_once(response.body.read(), found)
    return found
