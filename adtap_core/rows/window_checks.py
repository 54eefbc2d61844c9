"""A window's rows, looked at as a whole: what was odd and could be kept, and what the window must fail for."""

from collections.abc import Collection, Iterator

from adtap_core.bodies import characters
from adtap_core.errors import MalformedResponse, RequestError
from adtap_core.formatting import count
from adtap_core.rows.report_rows import RowShaper
from adtap_core.rows.schemas import SCALE


def oddities(shaper: RowShaper, replaced: int, grain: str) -> Iterator[tuple[str, str]]:
    """Return what was odd about a window's rows and could be kept all the same: its kind, and words for it.

    Args:
        shaper: Made the rows.
        replaced: How many characters that no database holds were replaced.
        grain: The report's, as a word.
    """
    for column, number in sorted(shaper.unfit.items()):
        yield (
            column,
            f"{column}: {_values(number)} not fit the column's type: null there, kept in `_extra`",
        )
    for column, number in sorted(shaper.fine.items()):
        a, have = ("1 value", "has") if number == 1 else (f"{number} values", "have")
        yield (
            f"{column} digits",
            f"{column}: {a} {have} more than {SCALE} digits behind the point, which warehouses round: whole in `_extra`",
        )
    if replaced:
        yield "characters", characters.said(replaced)
    if shaper.beside:
        message = (
            f"{count(shaper.beside, 'row')} of the {grain} that begins where the request ends came along: left out, "
            f"as the next request asks for {'it' if shaper.beside == 1 else 'them'}"
        )
        yield "beside", message


def window_error(
    shaper: RowShaper, what: str, *, not_asked: Collection[str]
) -> RequestError | None:
    """Return what is wrong with a window as a whole: then its bookmark must not move.

    Args:
        shaper: Made the rows.
        what: The window, in a user's words.
        not_asked: Metrics that this API does not know.
    """
    if shaper.outside:
        days = sorted(shaper.outside)
        return MalformedResponse(
            f"{what}: {count(shaper.outside.total(), 'row')} outside the window that was asked for ({days[0]} to "
            f"{days[-1]}): in another time zone? (setting `time_zone`)"
        )
    if len(shaper.told) > 1:
        days = sorted(shaper.told)
        return MalformedResponse(
            f"{what}: rows of {count(len(days), 'bucket')} ({days[0]} to {days[-1]}) where one was asked for: the "
            "platform's weeks begin on another day; use the grain day"
        )
    if absent := [m for m in shaper.absent if m not in not_asked]:
        return MalformedResponse(
            f"{what}: {', '.join(absent)} is in no row, though it was requested; take it out of the "
            "report, or deselect it"
        )
    return None


def _values(number: int) -> str:
    return "1 value does" if number == 1 else f"{number} values do"
