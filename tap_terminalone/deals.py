"""The deals service, `/deals/v1.0`, which both generations share: JSON only.

Source: the vendor's Marketplaces V2.0 OpenAPI, read 2026-11-20. Records are always whole; each list is one
organization's.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from adtap_core.accounts import Refusals
from adtap_core.errors import BadRequest
from adtap_core.http.client import Call, RequestStats
from adtap_core.http.listing import Page, Record, in_order, number_of, page_of
from adtap_core.http.once import Once
from adtap_core.platform import EntityQuery
from tap_terminalone.api import Api
from tap_terminalone.walks import PageLengths, id_of, records_of

PAGE_LIMIT: Final = 100


class Deals:
    """Reads deals.

    Args:
        api: What it needs of the platform.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._ids: Once[int, list[int]] = Once()

    def pages(self, query: EntityQuery) -> Iterator[Sequence[Record]]:
        """Yield the deals of the organizations that are read.

        Raises:
            BadRequest: If an organization's are refused; the others' are given first.
        """
        refusals = Refusals()
        for number in self._api.organizations():
            try:
                yield from self._walk(int(number), query.stats)
            except BadRequest as error:
                refusals.note(error, "setting `organization_ids`")
        refusals.check()

    def ids(self, organization: int, stats: RequestStats) -> list[int]:
        """Return the ids of an organization's deals; asked once in a run."""

        def ask() -> list[int]:
            pages = self._walk(organization, stats)
            return sorted({id_of(row, "deals") for page in pages for row in page})

        return self._ids.get(organization, ask)

    def _walk(self, organization: int, stats: RequestStats) -> Iterator[Sequence[Record]]:
        lengths = PageLengths(PAGE_LIMIT)

        def ask(_behind: int | None, offset: int) -> Page:
            response = self._api.http.send(
                Call(
                    url=f"{self._api.url}/deals/v1.0/deals",
                    what=f"deals of organization {organization}",
                    params={
                        "owner.organization_id": organization,
                        "page_limit": PAGE_LIMIT,
                        "page_offset": offset,
                        "sort_by": "id",
                        "sort_dir": "ASC",
                    },
                ),
                stats,
            )
            with response.body:
                document = response.json()
            found = records_of(document, f"deals of organization {organization}")
            full = lengths.is_full(document, len(found))
            return page_of(found, document, offset=offset, full=full)

        return in_order(ask, key=number_of, what="deals", prefetch=self._api.prefetch)
