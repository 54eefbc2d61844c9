"""What could not be read: noted when it happens, said again at the end of the run."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar

from adtap_core.errors import BadRequest, RequestError, ResponseTooLarge, RetriesExhausted
from adtap_core.redact import redact

T = TypeVar("T")
_FEW: Final = 3
"""Accounts whose halves are as good as one account alone."""


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

    @property
    def place(self) -> str:
        """Return what could not be read: the stream, and whose data of which days where that matters."""
        return " ".join(x for x in (self.stream, self.partition, self.window) if x)

    @property
    def reason(self) -> str:
        """Return what happened, without the stream's name before it."""
        return self.message.removeprefix(f"{self.stream}: ")

    def line(self) -> str:
        """Return the failure as a line for the user."""
        return redact(f"{self.place}: {self.reason}")


class FailedParts:
    """Parts of bundles that failed, one behind the other, with faults that may pass: accounts' own, or the platform's?

    A bundle with one broken account is asked for in halves, and the half that fails again, so that failures and answers
    take turns. Several broken accounts may stand in all halves: then two accounts are asked alone before the next ones.
    When so many parts have failed since the last answer, the platform seems to be down: each further one would cost all
    its retries in vain.

    Args:
        most: That many.

    >>> parts = FailedParts(most=2)
    >>> parts.add()
    >>> parts.seem_an_outage
    False
    """

    def __init__(self, most: int = 6) -> None:
        self._most = most
        self._failed = 0

    def add(self) -> None:
        """Note that a part failed."""
        self._failed += 1

    def clear(self) -> None:
        """Note that the platform answered."""
        self._failed = 0

    @property
    def are_doubtful(self) -> bool:
        """Check whether several have failed since the last answer: several accounts, or the platform?"""
        return 1 < self._failed <= self._most // 2

    @property
    def seem_an_outage(self) -> bool:
        """Check whether the platform seems to be down."""
        return self._failed >= self._most


def may_pass(error: BaseException) -> bool:
    """Check whether the same request may succeed another time: it was neither refused nor too large.

    What else goes wrong is a defect of the tap, and no fault of the platform's.
    """
    return isinstance(error, RequestError) and not isinstance(error, BadRequest | ResponseTooLarge)


def may_be_of_one(error: BaseException, accounts: int) -> bool:
    """Check whether a failure may be that of one account among several: neither gone (410) nor a rate limit is."""
    if accounts == 1 or not isinstance(error, RequestError):
        return False
    if error.status == HTTPStatus.FORBIDDEN and isinstance(error, RetriesExhausted):
        return False  # a 403 that was asked for again says: too fast
    return error.status not in {HTTPStatus.GONE, HTTPStatus.TOO_MANY_REQUESTS}


def in_parts(
    accounts: Sequence[T], *, alone: bool, probed: bool
) -> tuple[list[Sequence[T]], list[Sequence[T]]]:
    """Return accounts in the parts to ask for: those before all that is pending, and those behind it.

    Args:
        accounts: Those of a request that failed, several.
        alone: Whether each is asked alone, before all else, as one may be refused; if not, halves are, behind it.
        probed: Whether two of many are asked alone before the halves: they are likelier to be answered.
    """
    if alone:
        return [accounts[at : at + 1] for at in range(len(accounts))], []
    first = [accounts[:1], accounts[-1:]] if probed and len(accounts) > _FEW else []
    rest = accounts[1:-1] if first else accounts
    half = -(-len(rest) // 2)
    return first, [rest[at : at + half] for at in range(0, len(rest), half)]


def grouped_lines(failures: Iterable[Failure], advice: Callable[[Failure], str]) -> list[str]:
    """Return failures as lines for the user; those with one reason share a line.

    Args:
        failures: In the order they happened.
        advice: Returns what to do about one, as the end of its line; empty if nothing is known.
    """
    places: dict[str, list[str]] = {}
    for failure in failures:
        places.setdefault(f"{failure.reason}{advice(failure)}", []).append(failure.place)
    lines = {reason: f"{', '.join(where)}: {reason}" for reason, where in places.items()}
    # A setting that is at fault by itself is named in the lines of the reports that it fails.
    return [redact(line) for line in lines.values() if line not in lines]
