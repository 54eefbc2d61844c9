"""Who sells and who buys on OpenX: ids, demand partners, deals, and the slots traffic falls into.

A slot is the finest thing that is counted: one ad unit (or none), one bidder (or none), one deal
(or none), one device class, one country. Everything a report shows is a sum over slots.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from adtap_sandbox.openx.objects import DEMAND_ACCOUNTS, PUBLISHER_ACCOUNTS, id_of
from adtap_sandbox.tables import table
from adtap_sandbox.world import AdUnit, Publisher, Site, World

NAMES: Final = table(__package__, "names")
_PARTNERS: Final[list[str]] = NAMES["demand_partners"]
_MAX_SLOTS: Final = 5
_UNSOLD_ONE_IN: Final = 4
_DEAL_ONE_IN: Final = 3


@dataclass(frozen=True)
class Deal:
    """A private deal between one publisher and one bidder."""

    index: int
    code: str
    name: str
    publisher: int
    partner: int
    kind: int
    currency: str


@dataclass(frozen=True)
class Slot:
    """The finest thing that is counted."""

    key: str  # tells slots apart in the world's numbers; does not change when the world grows
    publisher: int  # the publisher's id in the world, for the restatement curve
    values: Mapping[str, str | None]  # attribute id to value, None where the platform knows none
    mean: int  # ad requests of an average day
    sold: bool  # whether a bidder buys here; unsold slots have requests only
    deal: bool  # whether it sells through a private deal
    video: bool  # whether it plays video
    null_split: bool


class Inventory:
    """All slots and deals of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._publisher_index = {p.id: n for n, p in enumerate(world.publishers)}
        self._site_index = {s.id: n for n, s in enumerate(world.sites)}
        self.deals = tuple(self._make_deals())
        self._deals_of: dict[int, list[Deal]] = {}
        for deal in self.deals:
            self._deals_of.setdefault(deal.publisher, []).append(deal)
        self.slots = tuple(self._make_slots())

    def _make_deals(self) -> Iterator[Deal]:
        for nth, publisher in enumerate(self._world.publishers):
            for turn in range(3):
                partner = (nth + turn * 2) % len(_PARTNERS)
                digits = self._world.number("openx deal", publisher.id, turn) % 16**6
                yield Deal(
                    index=3 * nth + turn,
                    code=f"OX-{digits:06x}-{turn}",
                    name=f"{publisher.name} & {_PARTNERS[partner]}",
                    publisher=publisher.id,
                    partner=partner,
                    kind=1 + turn,
                    currency=publisher.currency,
                )

    def _make_slots(self) -> Iterator[Slot]:
        world = self._world
        sites = {site.id: site for site in world.sites}
        publishers = {publisher.id: publisher for publisher in world.publishers}
        for nth, unit in enumerate(world.ad_units):
            site = sites[unit.site_id]
            for turn in range(world.between(2, _MAX_SLOTS, "openx slots", unit.id)):
                yield self._slot(publishers[site.publisher_id], site, unit, nth, turn)
        # Traffic the platform can't place: no ad unit, now and then not even a site.
        for site in world.sites:
            yield self._slot(publishers[site.publisher_id], site)
        for publisher in world.publishers:
            yield self._slot(publisher)

    def _slot(
        self,
        publisher: Publisher,
        site: Site | None = None,
        unit: AdUnit | None = None,
        nth: int = 0,
        turn: int = 0,
    ) -> Slot:
        world = self._world
        key = f"{publisher.id}/{site.id if site else '-'}/{unit.id if unit else '-'}/{turn}"
        bits = world.number("openx slot", key)
        # The first slot of each unit is always sold, so that no ad unit is without revenue.
        sold = turn == 0 or bits % _UNSOLD_ONE_IN != 0
        partner = (bits >> 8) % len(_PARTNERS) if sold else None
        of_publisher = self._deals_of[publisher.id]
        deal = of_publisher[(bits >> 16) % 3] if sold and (bits >> 20) % _DEAL_ONE_IN == 0 else None
        if deal is not None:
            partner = deal.partner
        account = str(id_of("account", PUBLISHER_ACCOUNTS + self._publisher_index[publisher.id]))
        partner_id = None if partner is None else str(id_of("account", DEMAND_ACCOUNTS + partner))
        values: dict[str, str | None] = {
            "publisherAccountId": account,
            "publisherAccountName": publisher.name,
            "publisherPlatformId": account,
            "publisherCurrency": publisher.currency,
            "publisherSiteId": str(id_of("site", self._site_index[site.id])) if site else None,
            "publisherSiteName": site.name if site else None,
            "pageDomain": site.domain if site else "",
            "publisherAdUnitId": str(id_of("adunit", nth)) if unit else None,
            "publisherAdUnitName": unit.name if unit else None,
            "demandPartnerAccountId": partner_id,
            "dspAccountId": partner_id,
            "demandPartnerAccountName": None if partner is None else _PARTNERS[partner],
            "privateMarketplacePublisherDealId": deal.code if deal else None,
            "dealId": deal.code if deal else None,
            "packageId": str(id_of("package", deal.index)) if deal and deal.kind > 1 else None,
            "userDeviceType": NAMES["devices"][(bits >> 24) % len(NAMES["devices"])],
            "userGeoCountry": world.countries[(bits >> 32) % len(world.countries)],
        }
        return Slot(
            key=key,
            publisher=publisher.id,
            values=values,
            mean=world.between(400, 20_000, "openx mean", key) if unit else 300,
            sold=sold,
            deal=deal is not None,
            video=(bits >> 40) % 3 == 0,
            null_split=unit is None,
        )
