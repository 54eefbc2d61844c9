"""Whether Reports V1 cut an answer after 100 rows: its schema gives `page_limit` a default of 100.

No published client sends `page_limit`, and all take the answer for complete, so none is sent for data. Where an
answer holds exactly 100 rows the row behind them is asked for: pages of one row, so that `page_offset` means the
same whether it counts pages, as the vendor's page says, or rows. Source: the vendor's specification of Reports V1
and its published clients, read 2026-11-20.
"""

import logging
from dataclasses import replace
from itertools import islice
from typing import Final

from adtap_core.bodies.parsing import separated
from adtap_core.bodies.spool import Spool
from adtap_core.errors import BadRequest, ResponseTooLarge, RetriesExhausted
from adtap_core.http.client import Call, Http, RequestStats

DEFAULT_ROWS: Final = 100
log = logging.getLogger("adtaps.terminalone")


def check_not_cut(http: Http, call: Call, body: Spool, stats: RequestStats | None) -> None:
    """Check that an answer of exactly 100 rows is all there is.

    Args:
        http: The connection.
        call: What was asked.
        body: The answer.
        stats: Counts what the question costs.

    Raises:
        ResponseTooLarge: If there is one row more.
    """
    if _rows(body, DEFAULT_ROWS + 1) != DEFAULT_ROWS:
        return
    params = {**dict(call.params or {}), "page_limit": "1", "page_offset": str(DEFAULT_ROWS)}
    what = f"{call.what}, row {DEFAULT_ROWS + 1}"
    message = f"{call.what}: exactly {DEFAULT_ROWS} rows, the default page of this API"
    try:
        response = http.send(replace(call, what=what, params=params, table=False), stats)
    except (BadRequest, ResponseTooLarge, RetriesExhausted) as error:
        log.warning("%s: check whether some are missing (%s)", message, error)
        return
    with response.body:
        behind = _rows(response.body, 2)
    if behind == 1:
        raise ResponseTooLarge(f"{message}, and there are more")
    if behind:  # it knows no pages and gave all its rows again
        log.warning("%s: check whether some are missing", message)
    else:
        log.warning("%s: row %d was asked for, and there is none", message, DEFAULT_ROWS + 1)


def _rows(body: Spool, most: int) -> int:
    """Return how many rows an answer holds, counted up to `most`."""
    return sum(1 for _ in islice(separated(body).rows, most))
