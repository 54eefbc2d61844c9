"""The fields that the Data Service and the current reporting API know, and which go together.

Source: the vendor's "Data Service API Overview" (copy of 2021) and the ids met in published clients;
names of the current API: the vendor's reporting client of January 2026. Read 2026-11-22.
Paths that none of these names are this sandbox's own choice.
"""

from dataclasses import dataclass
from typing import Final

from adtap_sandbox.environment import Environment
from adtap_sandbox.tables import lines, table

_DECLARED: Final = table(__package__, "fields")
TIME_ATTRIBUTES: Final[list[str]] = _DECLARED["time"]
RESPONSE_ATTRIBUTES: Final = frozenset(_DECLARED["response"])
"""On the demand side of a request: they exist only once a bidder has answered."""
PRE_AUCTION_METRICS: Final = frozenset(_DECLARED["pre_auction"])
"""Counted before the auction, so they can't be broken down by the attributes of an answer."""
TRACKING_VIDEO_METRICS: Final = frozenset(_DECLARED["video_events"])
RENAMED: Final[dict[str, str]] = _DECLARED["renamed"]
"""Money comes back under another key than it was asked for: "PCoin" is the publisher's currency."""
MONEY: Final = frozenset(_DECLARED["money"])
LEFT_OUT: Final = frozenset(_DECLARED["left_out"])
"""Attributes that are left out of a row when they have no value; the others come as null."""
ACCOUNT_ID_SPELLINGS: Final = frozenset({"publisherAccountId", "publisherAccountID"})
CURRENT_DIMENSIONS: Final[dict[str, str]] = _DECLARED["current_dimensions"]
"""The current API's name of an attribute, and the store's."""
CURRENT_METRICS: Final[dict[str, str]] = _DECLARED["current_metrics"]


@dataclass(frozen=True)
class Field:
    """One attribute or metric as `/report/fields` describes it; `kind` says which."""

    kind: str
    id: str
    path: str
    description: str
    format: str
    example: str
    inferred: bool = False


_LISTED: Final = tuple(
    Field(**{**line, "inferred": line["inferred"] == "yes"})  # type: ignore[arg-type]
    for line in lines(__package__, "fields")
)
# The vendor's page gives `publisherRevenue` the text of `billableImpressions`; kept.
ATTRIBUTES: Final = tuple(field for field in _LISTED if field.kind == "attribute")
METRICS: Final = tuple(field for field in _LISTED if field.kind == "metric")


def canonical(field_id: str) -> str:
    """The store's name of a Data Service id: the account id goes by two spellings."""
    return "publisherAccountId" if field_id in ACCOUNT_ID_SPELLINGS else field_id


def known(environment: Environment) -> tuple[list[Field], list[Field]]:
    """Attributes and metrics that a login sees; ids only deduced from the current API by a switch."""
    inferred = environment.switch("inferred_fields")
    seen = [field for field in _LISTED if inferred or not field.inferred]
    return [f for f in seen if f.kind == "attribute"], [f for f in seen if f.kind == "metric"]


def goes_with(attribute: str, metric: str) -> bool:
    """Whether a metric can be cut by an attribute (`dimensionsAvailable`)."""
    return not (attribute in RESPONSE_ATTRIBUTES and metric in PRE_AUCTION_METRICS)
