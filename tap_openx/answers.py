"""Rows of the Data Service's answers, by the names that a report knows their fields by."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from adtap_core.bodies.parsing import OTHERS, JsonRows, Table, check_names
from adtap_core.errors import MalformedResponse
from adtap_core.http.completeness import check_whole
from adtap_core.http.response import Response
from adtap_core.redact import redact
from adtap_core.windows import Interval
from tap_openx import fields
from tap_openx.splits import ROWS_PATH, check_report

log = logging.getLogger("adtaps.openx")


class Answered(NamedTuple):
    """The answers that hold a window.

    Args:
        replies: None twice.
        merged: Whether rows of one grain must be added up over them.
        unproven: What could not be proven of them.
    """

    replies: Sequence[Response] = ()
    merged: bool = False
    unproven: Sequence[str] = ()


class Answers:
    """Reads answers of one login; says once how the service spells a metric otherwise than it was asked for."""

    def __init__(self) -> None:
        self._renamed: set[tuple[str, str]] = set()

    def table(
        self, response: Response, names: Mapping[str, str], columns: tuple[str, ...], what: str
    ) -> Table:
        """Return an answer's rows by the names that the report knows their fields by; what is missing is null.

        Money comes back under another key than it was asked for (`marketPublisherRevenue` as
        `marketPublisherRevenueInPCoin`), and ids in the spelling of the server's list.

        Args:
            response: The answer.
            names: The report's name of each field, by the name that was sent.
            columns: The report's names, in the order of the table's values.
            what: The window, in a user's words.

        Returns:
            A table, with all that rows hold besides. Reading its rows raises `MalformedResponse` where a row is no object, a name is damaged, or fewer rows
            came than the answer promises.
        """
        seen: set[str] = set()
        rows = self._rows(response, names, columns, what, seen)
        return Table(rows, (*columns, OTHERS), seen=seen)

    def _rows(
        self,
        response: Response,
        names: Mapping[str, str],
        columns: tuple[str, ...],
        what: str,
        seen: set[str],
    ) -> Iterator[tuple[Any, ...]]:
        shapes: dict[tuple[str, ...], tuple[list[str | None], list[str]]] = {}
        found = JsonRows(response.body, ROWS_PATH)
        count = 0
        for row in found:
            if not isinstance(row, Mapping):
                raise MalformedResponse(
                    f"{what}: a row is not an object: {redact.beginning(row, 80)}"
                )
            shape = tuple(row)
            known = shapes.get(shape)
            if known is None:
                found_keys = self._keys(shape, names, columns)
                known = shapes[shape] = found_keys, [k for k in shape if k not in found_keys]
                seen |= {c for c, key in zip(columns, found_keys, strict=True) if key is not None}
            count += 1
            keys, others = known
            yield (*map(row.get, keys), {k: row[k] for k in others} if others else None)
        check_report(found.envelope, what)
        check_whole(found.envelope, count, what)

    def _keys(
        self, shape: Sequence[str], names: Mapping[str, str], columns: Sequence[str]
    ) -> list[str | None]:
        """Return the key under which rows of a shape hold each column; None where they do not.

        Raises:
            MalformedResponse: If a key was damaged on its way, or a column's value stands under several.
        """
        held = {key: key for key in shape}
        spelled: dict[str, list[str]] = {}
        for key in shape:
            name = key if names.get(key) == key else self._resolve(key, names)
            if name is not None and name not in held:
                spelled.setdefault(name, []).append(key)
        for name, keys in spelled.items():
            held[name] = held.pop(_one_of(keys, name))
        check_names(held, columns)
        return [held.get(column) for column in columns]

    def _resolve(self, key: str, names: Mapping[str, str]) -> str | None:
        """Return the report's name for an answer's key; None if nobody asked for it."""
        same = next((n for sent, n in names.items() if sent.lower() == key.lower()), None)
        if same is not None:
            return same
        # The longest name wins: `fooIn` may be a metric's own name.
        begun = sorted((sent for sent in names if key.startswith(f"{sent}In")), key=len)
        if not begun:
            return None
        if (begun[-1], key) not in self._renamed:
            self._renamed.add((begun[-1], key))
            log.info(
                "OpenX answers %s as %s; it stays in the column of %s", begun[-1], key, begun[-1]
            )
        return names[begun[-1]]


def _one_of(keys: Sequence[str], name: str) -> str:
    """Return the key that holds a column, of those that may.

    An amount may come in several currencies (`…InPCoin`, `…InUSD`): columns are in the publisher's.

    Raises:
        MalformedResponse: If nothing tells which one was asked for.
    """
    if len(keys) == 1:
        return keys[0]
    meant = [k for k in keys if k.endswith(fields.MONEY_SUFFIX)]
    if len(meant) != 1:
        raise MalformedResponse(f"a row holds {name} under {' and '.join(sorted(keys))}")
    return meant[0]


def named_alone(table: Table, others: set[str]) -> Table:
    """Return a table without what its rows hold under names that nobody asked for: they are to be added up.

    Args:
        table: As `Answers.table` gives it.
        others: Takes these names, once the rows are read.
    """

    def rows() -> Iterator[Sequence[Any]]:
        for row in table.rows:
            assert isinstance(row, Sequence)  # noqa: S101 - as said above
            others.update(row[-1] or ())
            yield row[:-1]

    return Table(rows(), (table.columns or ())[:-1], seen=table.seen)


def lost_message(others: Collection[str], known: Collection[str] = ()) -> list[str]:
    """Return what is said of fields that nobody asked for, and that are not kept as their rows were added up.

    Args:
        others: The fields.
        known: Those of them that are no loss: they were asked for to prove something.
    """
    small = {name.lower() for name in known}
    lost = sorted(name for name in others if name.lower() not in small)
    named = ", ".join(lost)
    return [f"{named}: not asked for, and not kept, as rows were added up"] if lost else []


def date_range(document: object, report: str) -> Interval:
    """Return the range of dates that the platform says it holds.

    Args:
        document: The answer of `/date-range`: an object, or a list of one; of several, what all of them hold.
        report: Whose range it is, in a user's words.

    Raises:
        MalformedResponse: If it holds none.
    """
    found = document.get("dateRange") if isinstance(document, Mapping) else None
    ranges: Any = found if isinstance(found, list) else [found]
    try:
        start = max(_moment(one["minStartDate"]) for one in ranges)
        end = min(_moment(one["maxEndDate"]) for one in ranges)
        if start > end:
            raise ValueError(end)  # noqa: TRY301 - what can't be read is said once, below
        return Interval(start, end)
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedResponse(
            f"{report}: the date range can't be read: {redact.beginning(document, 200)}"
        ) from error


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
