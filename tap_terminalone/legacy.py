"""The legacy generation: entities of `/api/v2.0` and Reports V1, behind one face."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from adtap_core.declare import Entity
from adtap_core.http import outcomes
from adtap_core.http.client import Call
from adtap_core.http.outcomes import Action, Outcome
from adtap_core.http.response import Response
from adtap_core.platform import TIES_EXACTLY, EntityQuery, Tolerance
from adtap_core.rows.schemas import is_count
from tap_terminalone import fields, legacy_entities, responses
from tap_terminalone.api import Api
from tap_terminalone.deals import Deals
from tap_terminalone.legacy_documents import (
    Document,
    Refusing,
    Unreadable,
    document_of,
    error_message,
    status_of,
)
from tap_terminalone.legacy_entities import LegacyEntities
from tap_terminalone.legacy_reports import LegacyReports, csv_error
from tap_terminalone.streams import TerminalOneEntity

_CSV_TYPES: Final = frozenset({"text/csv", "application/csv", "application/x-csv"})
ROUNDED_ROWS: Final = Tolerance(
    per_row=Decimal("0.5e-8"),
    source="each row's decimals are rounded to `precision` digits, 8 of them at most and asked for (Reports V1, "
    "request parameters, read 2026-11-20)",
)
_ASKS: Final[Mapping[str, Action]] = {
    "auth_required": Action.REFRESH_LOGIN,
    "auth_error": Action.REFRESH_LOGIN,
    "denied": Action.FORBIDDEN,
    "not_found": Action.FAIL,
    "invalid": Action.FAIL,
    "bad_request": Action.FAIL,
    "conflict": Action.FAIL,
    "unavailable": Action.RETRY,
    "request_timeout": Action.RETRY,
}
"""What the codes in a body ask of us; the HTTP status counts only where there is none."""


class Legacy(LegacyReports):
    """The legacy generation: it reads reports itself, entities through others.

    Args:
        api: What it needs of the platform.
    """

    def __init__(self, api: Api) -> None:
        super().__init__(api, Deals(api))
        self.lists = LegacyEntities(api)

    # -- outcomes ----------------------------------------------------------------------------

    def classify(self, call: Call, response: Response, said: str) -> Outcome:
        """Classify an answer by the code in its body, where there is one.

        Args:
            call: What was asked.
            response: The answer.
            said: What the platform says in the body.
        """
        del said  # the body is read here, as XML too
        return _of_gateway(response) or _of_body(call, response)

    # -- entities ----------------------------------------------------------------------------

    def pages(
        self, entity: TerminalOneEntity, query: EntityQuery
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Return an entity's records."""
        if entity.kind == "deals":
            return self._deals.pages(query)
        return self.lists.pages(entity, query)

    @staticmethod
    def normalize(entity: Entity, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a record in the shapes of today's generation.

        Args:
            entity: The entity.
            record: The record as the platform sent it.
        """
        return legacy_entities.normalize(entity, record)

    # -- reports -----------------------------------------------------------------------------

    def tolerance(self, metric: str) -> Tolerance:
        """Return by how much totals may miss the rows."""
        return TIES_EXACTLY if is_count(fields.metric_schema(metric)) else ROUNDED_ROWS


def _of_gateway(response: Response) -> Outcome | None:
    """Judge what the gateway in front says; None if the service itself answered."""
    quota = responses.over_quota(response)
    if quota is not None:
        return quota
    if responses.key_refused(response):
        message = "the API key is missing, wrong or switched off (setting `api_key`)"
        return Outcome(Action.CREDENTIALS, message)
    if not response.looks_like_html():
        return None
    if response.status < responses.ERRORS:
        return Outcome(Action.REFRESH_LOGIN, "an HTML page instead of data")
    return outcomes.by_status(response)


def _of_body(call: Call, response: Response) -> Outcome:
    good = response.status < responses.ERRORS
    if good and _is_csv(call, response):
        fault = csv_error(response.body)
        return outcomes.by_status(response) if fault is None else Outcome(Action.RETRY, fault)
    try:
        document = document_of(response)
    except Refusing as error:
        return Outcome(Action.FAIL, f"the answer is refused: {error}")
    except Unreadable as error:
        said = Outcome(Action.RETRY, f"the answer can't be read: {error}")
        return said if good else outcomes.by_status(response)
    return _of_document(call, response, document)


def _is_csv(call: Call, response: Response) -> bool:
    """Check whether an answer is CSV: it says so, or a table was asked for and nothing else came."""
    kind = response.content_type
    if kind in _CSV_TYPES:
        return True
    if not call.table or (kind and not kind.startswith(("text/plain", "application/octet-stream"))):
        return False
    return (
        not response.body.excerpt(200).lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{", b"["))
    )


def _of_document(call: Call, response: Response, document: Document) -> Outcome:
    code, message = status_of(document), error_message(document)
    if not document and response.status < responses.ERRORS:
        return Outcome(Action.RETRY, "the answer is empty: {}")
    if code in responses.GOOD or (not code and response.status < responses.ERRORS):
        # Reports' metadata bears no status at all.
        judged = outcomes.by_status(response)
        is_odd = document.get("errors") and judged.action is Action.SUCCESS
        return Outcome(Action.RETRY, message) if is_odd else judged
    ask = _ASKS.get(code)
    if code == "request_timeout" and call.splittable:
        ask = Action.SPLIT_WINDOW
    if ask is None:
        judged = outcomes.by_status(response, message)
        return Outcome(Action.RETRY, message) if judged.action is Action.SUCCESS else judged
    return Outcome(ask, message, outcomes.retry_after(response))
