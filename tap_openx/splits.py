"""An answer too big for one hour, read in parts by filter values, and proven whole.

The Data Service cuts an answer at a limit it does not publish (206) and only advises to filter. So the
values of a coarse attribute are listed and asked for in groups, each group halved while it is too big,
and then by the next finer attribute. Rows whose attribute is null match no value: they are asked for as
what lies inside the part but in none of its values. In the end the sum of each count over all rows must
equal the same sum asked for by the time bucket alone; if one does not, nothing is emitted. What proves the
parts, and what lists them, is asked for in every window, whatever was refused in another.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final, Protocol

from adtap_core.bodies.parsing import JsonRows
from adtap_core.errors import (
    BadRequest,
    Forbidden,
    MalformedResponse,
    RequestError,
    ResponseTooLarge,
)
from adtap_core.http.client import RequestStats
from adtap_core.http.response import Response
from adtap_core.redact import redact
from adtap_core.rows.records import to_text
from adtap_core.rows.totals import ZERO, add, as_decimal, joined
from tap_openx import fields
from tap_openx.responses import error_beside

log = logging.getLogger("adtaps.openx")

GROUP_SIZE: Final = 100
"""Most values of one filter to begin with: enough accounts for a 413, few enough to be read by people."""
ROWS_PATH: Final = ("reportData",)
_ATTEMPTS: Final = 2
_REPORT: Final = frozenset({"reportData", "reportMetadata"})


class Filter(Protocol):
    """A condition on rows."""

    def tree(self, *, lists: bool) -> dict[str, Any]:
        """Return the Data Service's filter tree; `lists`: whether EQ takes several values."""


@dataclass(frozen=True)
class Given:
    """A tree as the user wrote it."""

    written: Mapping[str, Any]

    def tree(self, *, lists: bool) -> dict[str, Any]:
        """Return the tree; a list of values as an OR of them, where the server takes none."""
        return dict(self.written) if lists else _one_by_one(self.written)


@dataclass(frozen=True)
class AnyOf:
    """An attribute has one of these values; there is at least one."""

    attribute: str
    values: tuple[str, ...]

    def tree(self, *, lists: bool) -> dict[str, Any]:
        """Return the tree."""
        if len(self.values) == 1:
            return {"name": self.attribute, "value": self.values[0], "operator": "EQ"}
        if lists:
            return {"name": self.attribute, "value": list(self.values), "operator": "EQ"}
        middle = len(self.values) // 2
        halves = (AnyOf(self.attribute, v) for v in (self.values[:middle], self.values[middle:]))
        return Both("OR", *halves).tree(lists=lists)


@dataclass(frozen=True)
class Both:
    """Two conditions, combined by AND, OR or XOR."""

    operator: str
    left: Filter
    right: Filter

    def tree(self, *, lists: bool) -> dict[str, Any]:
        """Return the tree."""
        return {
            "operator": self.operator,
            "leftOperand": self.left.tree(lists=lists),
            "rightOperand": self.right.tree(lists=lists),
        }


def _one_by_one(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tree that compares with single values only."""
    value = tree.get("value")
    if isinstance(value, list):
        return AnyOf(tree["name"], tuple(map(str, value))).tree(lists=False)
    return {k: _one_by_one(v) if isinstance(v, Mapping) else v for k, v in tree.items()}


def both(left: Filter | None, right: Filter) -> Filter:
    """Return the condition that both hold.

    Args:
        left: A condition, or None.
        right: Another, or None.
    """
    return right if left is None else Both("AND", left, right)


_Question = tuple[tuple[str, ...], tuple[str, ...], str]
"""Attributes, metrics, and the condition as text."""


@dataclass
class Taught:
    """What refusals taught of one report.

    Args:
        takes_lists: Whether EQ takes several values.
        crowded: The refusals for too many accounts, by what was asked: another window has as many.
    """

    takes_lists: bool = True
    crowded: dict[_Question, str] = field(default_factory=dict)


class Asker:
    """Asks with filters, in the form of list that the server takes.

    Args:
        send: Sends one request: attributes, metrics, the filter tree or None, and whether a cut answer will do.
        taught: What refusals in other windows taught.
        is_crowded: Tells of a refusal, a remembered one too, whether it is for the number of accounts.
    """

    def __init__(
        self,
        send: Callable[[Sequence[str], Sequence[str], dict[str, Any] | None, bool], Response],
        taught: Taught,
        is_crowded: Callable[[ResponseTooLarge], bool],
    ) -> None:
        self._send, self._taught, self._is_crowded = send, taught, is_crowded
        self._refused: dict[_Question, str] = {}

    def __call__(
        self,
        attributes: Sequence[str],
        metrics: Sequence[str],
        where: Filter | None,
        /,
        *,
        partial: bool = False,
        in_parts: bool = False,
    ) -> Response:
        """Ask.

        Args:
            attributes: To cut by.
            metrics: To count.
            where: The condition; None for none.
            partial: Whether a cut answer (206) is given back instead of raising.
            in_parts: Whether its rows are read in parts if it is refused: then what was refused in another window is
                not asked for once more. Not so for lists and sums, which prove that the parts are all there is.

        Raises:
            ResponseTooLarge: If the answer is too big, or was refused in an earlier window.
        """
        if not in_parts:
            return self._answer(attributes, metrics, where, partial)
        question = (tuple(attributes), tuple(metrics), repr(where))
        if (known := self._taught.crowded.get(question)) is not None:
            refusal = ResponseTooLarge(known, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            if self._is_crowded(refusal):
                raise refusal
        try:
            return self._answer(attributes, metrics, where, partial)
        except ResponseTooLarge as error:
            if self._is_crowded(error):
                self._refused[question] = str(error)
            raise

    def learn(self) -> None:
        """Remember what was too many accounts here, now that its parts were read and proven whole.

        Before, a refusal may have another reason, which the next window need not have.
        """
        self._taught.crowded.update(self._refused)

    def _answer(
        self,
        attributes: Sequence[str],
        metrics: Sequence[str],
        where: Filter | None,
        partial: bool,  # noqa: FBT001 - as it was given
    ) -> Response:
        """Ask in the form of list that the server takes."""
        if where is None:
            return self._send(attributes, metrics, None, partial)
        takes_lists = self._taught.takes_lists
        tree = where.tree(lists=takes_lists)
        try:
            return self._send(attributes, metrics, tree, partial)
        except BadRequest as error:
            plain = where.tree(lists=False)
            if not takes_lists or error.status != HTTPStatus.BAD_REQUEST or plain == tree:
                raise
            log.info("The server refuses a list of values in a filter; asking with OR instead")
            self._taught.takes_lists = False
            try:
                return self._send(attributes, metrics, plain, partial)
            except BadRequest:
                self._taught.takes_lists = True  # it was not for the list
                raise


class FilterSplit:
    """Reads one bucket in parts.

    Args:
        ask: Asks for this bucket.
        attributes: Of the report, time bucket included.
        metrics: Of the report.
        counts: Whole-number metrics that go with every attribute here; at least one. They prove the parts whole: all
            of them, as a row that is lost may hold none of one.
        listed: Metrics that go with every attribute here: values are listed with them, as a service may leave out
            rows that hold nothing of what is asked for.
        levels: Attributes to cut by, coarse to fine.
        currency: The attribute that every row has a value of.
        known: Gives the values of an attribute from another source when they can't be listed.
        stats: Counts the cuts.
        what: What is read, in a user's words.
        shorter: Whether the caller can ask for a shorter window.
    """

    def __init__(
        self,
        *,
        ask: Asker,
        attributes: Sequence[str],
        metrics: Sequence[str],
        counts: Sequence[str],
        listed: Sequence[str],
        levels: Sequence[str],
        currency: str | None,
        known: Callable[[str], Sequence[str]],
        stats: RequestStats,
        what: str,
        shorter: bool = False,
    ) -> None:
        self._shorter = shorter
        self._ask, self._attributes, self._counts = ask, attributes, list(counts)
        self._metrics = list(dict.fromkeys([*metrics, *counts]))
        self._listed = list(dict.fromkeys([*listed, *counts]))
        self._levels, self._currency, self._known = levels, currency, known
        self._stats, self._what = stats, what
        self.warnings: list[str] = []
        """What could not be proven, to stand in the window's row of the ledger."""
        self._lost = ""  # rows that are there and can't be had
        self._cut: int | None = None  # the status of the last part that was too much at one value

    def read(self, inside: Filter | None) -> list[Response]:
        """Return the answers that together hold every row inside a condition, none twice.

        Raises:
            RequestError: If they can't be made whole.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            self.warnings.clear()  # those of another look's rows
            self._lost = ""
            parts = self._parts(inside, 0)
            found, total = joined(map(self._counted, parts)) or {}, self._total(inside)
            said = self._lost or self._difference(found, total)
            if not said:
                log.info(
                    "%s: read in %d parts, %s in all, as without the cuts",
                    self._what,
                    len(parts),
                    ", ".join(f"{total.get(c, ZERO)} {c}" for c in self._counts),
                )
                return parts
            _close(parts)
            # Young hours still grow: a second look tells growth from loss.
            log.info("%s: %d parts, look %d: %s", self._what, len(parts), attempt, said)
        raise RequestError(
            f"{self._what}: the answer is cut off and its parts do not sum to the whole ({said}); nothing is written"
        )

    def _difference(self, found: Mapping[str, Decimal], total: Mapping[str, Decimal]) -> str:
        """Return where sums of the parts are not those of the whole; empty if they all are."""
        pairs = ((c, found.get(c, ZERO), total.get(c, ZERO)) for c in self._counts)
        return next((f"{c}: {part} of {whole}" for c, part, whole in pairs if part != whole), "")

    def _counted(self, response: Response) -> Mapping[str, Decimal]:
        """Return the sum of each count over an answer's rows."""
        rows = ({c: _value(row, c) for c in self._counts} for row in _rows(response))
        return joined({c: _number(v, c) for c, v in r.items() if v is not None} for r in rows) or {}

    def _total(self, inside: Filter | None) -> Mapping[str, Decimal]:
        """Ask for the counts of each time bucket; where even that is too much, by groups of values."""
        try:
            return self._sum(inside)
        except ResponseTooLarge:
            attribute = self._levels[0]
            listed = self._values(attribute, inside)
            values, crowded = listed.values, listed.crowded
        groups = _groups(values, GROUP_SIZE)
        total = joined(self._group_total(inside, attribute, group) for group in groups) or {}
        try:
            return joined([total, self._sum(self._rest(inside, attribute, values))]) or {}
        except RequestError as error:
            self._check_unaskable(error, attribute, crowded=crowded)
            return total

    def _group_total(
        self, inside: Filter | None, attribute: str, values: tuple[str, ...]
    ) -> Mapping[str, Decimal]:
        try:
            return self._sum(both(inside, AnyOf(attribute, values)))
        except ResponseTooLarge:
            if len(values) == 1:
                raise
            middle = len(values) // 2
            halves = (values[:middle], values[middle:])
            return joined(self._group_total(inside, attribute, half) for half in halves) or {}

    def _sum(self, inside: Filter | None) -> Mapping[str, Decimal]:
        # With the bucket: a service may want an attribute, and a bucket alone is a row.
        response = self._ask(self._attributes[:1], self._counts, inside)
        with response.body:
            return self._counted(response)

    def _parts(self, inside: Filter | None, level: int) -> list[Response]:
        """Read what lies inside a condition by the values of a level's attribute."""
        if level >= len(self._levels):
            raise ResponseTooLarge(
                f"{self._what}: still cut off at one value of each of "
                f"{', '.join(self._levels) or 'no attribute'}; nothing of it is written",
                status=self._cut,
            )
        attribute = self._levels[level]
        listed = self._values(attribute, inside)
        values, leftover = listed.values, listed.leftover
        if not leftover and len(values) == 1:
            return self._parts(inside, level + 1)  # the same question as before
        parts: list[Response] = []
        try:
            for group in _groups(values, min(GROUP_SIZE, max(1, (len(values) + 1) // 2))):
                parts += self._group(inside, level, group)
            if leftover and not self._is_unaskable(listed, inside, attribute):
                rest = self._within(self._rest(inside, attribute, values), level + 1)
                parts += rest
                if listed.listed and not any(True for part in rest for _ in _rows(part)):
                    # A service whose null is neither equal nor different; they may hold money, and nothing to count.
                    self._lost = (
                        f"rows without {attribute} are listed, but asked for there are none"
                    )
        except BaseException:
            _close(parts)
            raise
        return parts

    def _group(self, inside: Filter | None, level: int, values: tuple[str, ...]) -> list[Response]:
        where = both(inside, AnyOf(self._levels[level], values))
        if len(values) == 1:
            return self._within(where, level + 1)
        try:
            return [self._ask(self._attributes, self._metrics, where, in_parts=True)]
        except ResponseTooLarge:
            self._stats.splits += 1
            middle = len(values) // 2
            parts = self._group(inside, level, values[:middle])
            try:
                return parts + self._group(inside, level, values[middle:])
            except BaseException:
                _close(parts)
                raise

    def _within(self, where: Filter, level: int) -> list[Response]:
        try:
            return [self._ask(self._attributes, self._metrics, where)]
        except ResponseTooLarge as error:
            if self._shorter and error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise  # at one account it is not for their number: a shorter window may do
            self._cut = error.status
            self._stats.splits += 1
            return self._parts(where, level)

    def _values(self, attribute: str, inside: Filter | None) -> "_Values":
        """List an attribute's values inside a condition."""
        try:
            found = self._some_values(attribute, inside)
        except ResponseTooLarge as error:
            # Even their list is refused: take all that exist, and look for what they miss.
            values = self._existing(attribute)
            # Every row is an account's, so a whole list of accounts is all there is; no other list proves that.
            crowded = (
                error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                and bool(values)
                and attribute.lower() == fields.ACCOUNT.lower()
            )
            return _Values(values, leftover=True, listed=False, crowded=crowded)
        if found.listed:
            return found
        # The list is cut off: what came, and all that exist; then what they miss, until nothing new comes.
        seen = {*found.values, *self._existing(attribute)}
        new = seen if inside is not None or attribute != self._currency else set()
        nulls = found.leftover
        while new and not found.listed:
            rest = self._rest(inside, attribute, tuple(sorted(seen)))
            found = self._some_values(attribute, rest)
            new = set(found.values) - seen
            seen |= new
            nulls = nulls or found.leftover
        leftover = nulls or not found.listed
        return _Values(tuple(sorted(seen)), leftover=leftover, listed=found.listed)

    def _existing(self, attribute: str) -> tuple[str, ...]:
        """Return the values of an attribute that the lists of objects know."""
        found: set[str] = set()
        with suppress(Forbidden):
            found = {str(v) for v in self._known(attribute)}
        return tuple(sorted(found))

    def _some_values(self, attribute: str, inside: Filter | None) -> "_Values":
        """Ask once for the values of an attribute; a list that is cut off says so."""
        response = self._ask([attribute], self._listed, inside, partial=True)
        with response.body:
            found = [_value(row, attribute) for row in _rows(response)]
        return _Values(
            tuple(sorted({to_text(v) for v in found if v is not None})),
            leftover=any(v is None for v in found),
            listed=response.status != HTTPStatus.PARTIAL_CONTENT,
        )

    def _is_unaskable(self, listed: "_Values", inside: Filter | None, attribute: str) -> bool:
        """Check whether what has none of the listed values can't be asked for: it has too many accounts in scope."""
        if not listed.crowded:
            return False
        try:
            self._sum(self._rest(inside, attribute, listed.values))
        except RequestError as error:
            self._check_unaskable(error, attribute, crowded=True)
            return True
        return False

    def _check_unaskable(self, error: RequestError, attribute: str, *, crowded: bool) -> None:
        """Note that what has none of the listed values can't be asked for.

        Raises:
            RequestError: If there is another reason than the number of accounts in scope.
        """
        if not crowded or not (
            error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or isinstance(error, _NoRest)
        ):
            raise error
        message = (
            f"read by the {attribute} of the list of accounts: rows of other accounts, if there are any, can't be "
            "asked for (413)"
        )
        if message not in self.warnings:
            self.warnings.append(message)
            log.warning("%s: %s", self._what, message)

    def _rest(self, inside: Filter | None, attribute: str, values: tuple[str, ...]) -> Filter:
        """Return the condition of what lies inside, but has none of the values.

        There is no NOT; but what lies inside and differs (XOR) from what lies inside and has a value is
        the same. It needs an inside: where there is none yet, all currencies make one.
        """
        if inside is None:
            inside = self._everything()
        if not values:
            return inside
        return Both("XOR", inside, Both("AND", inside, AnyOf(attribute, values)))

    def _everything(self) -> Filter:
        if self._currency is None:
            raise _NoRest(
                f"{self._what}: rows without {self._levels[0]} can't be asked for, the account lists no "
                "currency to tell them by"
            )
        found = self._values(self._currency, None)
        if not found.values or (found.listed and found.leftover):
            raise _NoRest(
                f"{self._what}: rows without {self._levels[0]} and {self._currency} can't be asked for"
            )
        return AnyOf(self._currency, found.values)


class _NoRest(RequestError):  # noqa: N818 - named for what is missing
    """What has no value of an attribute can't be told from the rest."""


@dataclass(frozen=True)
class _Values:
    """An attribute's values.

    Args:
        values: Sorted.
        leftover: Whether rows without a value, or with another one, may exist.
        listed: Whether the platform listed them, all of them, for this very question.
        crowded: Whether it refused to, for the number of accounts in scope; these are all accounts then.
    """

    values: tuple[str, ...]
    leftover: bool
    listed: bool
    crowded: bool = False


def _value(row: Mapping[str, Any], attribute: str) -> Any:
    """Return an attribute of a row, whatever letter case the server answers in."""
    if attribute in row:
        return row[attribute]
    return next((v for k, v in row.items() if k.lower() == attribute.lower()), None)


def _number(value: object, metric: str) -> Decimal:
    """Return a metric's value, to be added up.

    Raises:
        MalformedResponse: If it is no number: no sum of it is right.
    """
    found = ZERO if value == "" else as_decimal(value)
    if found is None:
        raise MalformedResponse(f"{metric} is {value!r} in a row, and can't be added up")
    return found


def add_up(rows: Iterable[Mapping[str, Any]], metrics: Sequence[str]) -> list[dict[str, Any]]:
    """Return rows with one row a grain: those that agree in all but the metrics become their sum.

    OpenX reports only what can be added up: counts and money. A row in which a metric is no number stays as it is, or
    one odd value would cost all the others.

    Args:
        rows: The rows.
        metrics: The columns that are summed.
    """
    summed = frozenset(metrics)
    whole: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    apart: list[dict[str, Any]] = []
    for row in rows:
        grain = tuple(
            sorted(
                (k, str(v))
                for k, v in row.items()
                # An attribute that is missing from a row is null, as one that says so.
                if k not in summed and v is not None
            )
        )
        given = {m: v for m in metrics if (v := row.get(m)) is not None and v != ""}
        numbers = {m: as_decimal(value) for m, value in given.items()}
        if None in numbers.values():
            apart.append(dict(row))
            continue
        known = whole.setdefault(grain, {k: v for k, v in row.items() if k not in summed})
        for metric, number in numbers.items():
            known[metric] = add(known.get(metric), number)
    return [*whole.values(), *sorted(apart, key=repr)]


def _rows(response: Response) -> Iterator[Mapping[str, Any]]:
    found = JsonRows(response.body, ROWS_PATH)
    yield from found
    check_report(found.envelope, "a part of a report")


def check_report(envelope: object, what: str) -> None:
    """Check that an answer is a report: an error with a success status must not pass for one without rows.

    Rows may be missing or null where there are none, but then what is said of the report is there.

    Args:
        envelope: The answer without its rows.
        what: What was asked, in a user's words.

    Raises:
        MalformedResponse: If it is none.
    """
    if not isinstance(envelope, Mapping) or _REPORT.isdisjoint(envelope):
        shown = redact.beginning(envelope, 200)
        raise MalformedResponse(f"{what}: the answer holds no report: {shown}")
    if said := error_beside(envelope):
        raise MalformedResponse(f"{what}: {said}")


def _groups(values: Sequence[str], size: int) -> Iterable[tuple[str, ...]]:
    for at in range(0, len(values), size):
        yield tuple(values[at : at + size])


def _close(responses: Iterable[Response]) -> None:
    for response in responses:
        response.body.close()
