"""The objects of the Platform API, made from the world: the agency's inventory and its demand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from adtap_sandbox import credentials
from adtap_sandbox.openx.inventory import (
    ADVERTISER_ACCOUNTS,
    AGENCY_ACCOUNT,
    DEMAND_ACCOUNTS,
    DEMAND_PARTNERS,
    NETWORK_ACCOUNT,
    PUBLISHER_ACCOUNTS,
    Inventory,
)
from adtap_sandbox.openx.rarities import fill
from adtap_sandbox.openx.things import Maker, Thing, stamp
from adtap_sandbox.world import AGENCY

if TYPE_CHECKING:
    from adtap_sandbox.world import Campaign, World

KINDS: Final = (
    "account",
    "ad",
    "adunit",
    "adunitgroup",
    "audiencesegment",
    "comment",
    "competitiveexclusion",
    "conversiontag",
    "creative",
    "deal",
    "floorrule",
    "lineitem",
    "optimization",
    "order",
    "package",
    "paymenthistory",
    "report",
    "site",
    "sitesection",
    "user",
)

SUBTYPES: Final[dict[str, tuple[str, ...]]] = {
    "account": ("account.network", "account.publisher", "account.advertiser", "account.agency"),
    "ad": (
        "ad.image",
        "ad.html",
        "ad.flash",
        "ad.mobile",
        "ad.mobilehtml",
        "ad.thirdparty",
        "ad.programmatic",
        "ad.linearvideo",
        "ad.linearvast",
        "ad.nonlinearvast",
        "ad.nonlinearvideo.html",
        "ad.nonlinearvideo.flash",
        "ad.nonlinearvideo.image",
        "ad.exchange.image",
        "ad.exchange.html",
        "ad.exchange.thirdparty",
        "ad.exchange.ssrtb",
    ),
    "adunit": (
        "adunit.mobile",
        "adunit.web",
        "adunit.email",
        "adunit.linearvideo",
        "adunit.nonlinearvideo",
        "adunit.videocompanion",
    ),
    "lineitem": (
        "lineitem.exchange",
        "lineitem.house",
        "lineitem.preferred",
        "lineitem.exclusive",
        "lineitem.share_of_voice",
        "lineitem.volume_goal",
        "lineitem.non_guaranteed",
    ),
}

_COUNTRY_OF_ZONE: Final = {"Europe/Berlin": "de", "Europe/Paris": "fr", "UTC": "gb"}
_DELETED_ONE_IN: Final = 11
_DELETED_PLACE: Final = 10
_LATE_ONE_IN: Final = 7


class Entities:
    """Every object of one world, by type.

    Args:
        world: The world.
        inventory: Its publishers' ids and deals.
    """

    def __init__(self, world: World, inventory: Inventory) -> None:
        self._world = world
        self._inventory = inventory
        self._make = Maker(world)
        self.by_kind: dict[str, list[Thing]] = {kind: [] for kind in KINDS}
        self._accounts()
        self._people()
        self._sites()
        self._ad_units()
        self._demand()
        self._exchange()
        self._rest()
        fill(self.by_kind)

    def _add(self, kind: str, index: int, **fields: Any) -> Thing:
        thing = self._make.thing(kind, index, **fields)
        self.by_kind[kind].append(thing)
        return thing

    def _accounts(self) -> None:
        network = self._account(NETWORK_ACCOUNT, AGENCY, "network", ("USD", "UTC"), None)
        self.network = network
        self.agency = self._account(
            AGENCY_ACCOUNT, f"{AGENCY} Agency", "agency", ("EUR", "Europe/Berlin"), network
        )
        self.publishers = {
            publisher.id: self._account(
                PUBLISHER_ACCOUNTS + nth,
                publisher.name,
                "publisher",
                (publisher.currency, publisher.time_zone),
                network,
            )
            for nth, publisher in enumerate(self._world.publishers)
        }
        self.advertisers = {
            advertiser.id: self._account(
                ADVERTISER_ACCOUNTS + nth,
                advertiser.name,
                "advertiser",
                (advertiser.currency, advertiser.time_zone),
                self.agency,
            )
            for nth, advertiser in enumerate(self._world.advertisers)
        }
        self.partners = [
            self._account(
                DEMAND_ACCOUNTS + nth, name, "advertiser", ("USD", "UTC"), network, rtb=True
            )
            for nth, name in enumerate(DEMAND_PARTNERS)
        ]

    def _account(
        self,
        index: int,
        name: str,
        role: str,
        home: tuple[str, str],
        parent: Thing | None,
        *,
        rtb: bool = False,
    ) -> Thing:
        currency, zone = home
        fields: dict[str, Any] = {
            "account_id": str(parent.number) if parent else None,
            "account_uid": parent.uid if parent else None,
            "name": name,
            "status": "Active",
            "type": "account",
            "type_full": f"account.{role}",
            "experience": "network.display" if role == "network" else role,
            "currency": currency,
            "currency_id": {"USD": "1", "EUR": "2"}.get(currency, "3"),
            "timezone": zone,
            "timezone_id": str(1 + len(zone)),
            "country_of_business": _COUNTRY_OF_ZONE.get(zone, "us"),
            "hidden": "0",
            "acl": {},
            "acl_override": None,
            "market": None,
            "market_active": "1",
            "market_currency_id": "1",
        }
        if role == "publisher":
            fields |= {
                "acl_override": {"publisher.reporting.clicks.read": True},
                "market": {"currency": currency, "op": "allow_all", "domains": [], "filters": []},
                "payment_info": {
                    "company_name": name,
                    "first_name": "Pia",
                    "last_name": "Nord",
                    "address_1": "1 Quay Street",
                    "address_2": None,
                    "city": "Harbor",
                    "state": None,
                    "zip": "00001",
                    "country": fields["country_of_business"],
                    "phone": "+49 000 000",
                },
                "revshare": {
                    "cost_model": "variable",
                    "deal_type": "FIXED_WITH_FILL",
                    "deal_type_id": "1",
                    "guaranteed_cpm": "0.0000",
                    "rev_split": "82.50",
                    "house_fallback": "0",
                    "house_payable": "0",
                },
            }
        if role == "advertiser":
            fields |= {
                "exchange": None,
                "single_ad_limitation": "0",
                "has_exchange": rtb,
                "has_ssrtb": rtb,
            }
        if role == "network":
            fields |= {"dmp_sources": None, "third_party_network_uid": None}
        return self._add("account", index, **fields)

    def _people(self) -> None:
        for nth, (first, email) in enumerate(
            (
                ("Ops", credentials.EMAIL),
                ("Olga", "olga@northwind.example"),
                ("Søren", "soren@northwind.example"),
                ("Renée", "renee@northwind.example"),
                ("Ex", "ex@northwind.example"),
            )
        ):
            self._add(
                "user",
                nth,
                deleted=first == "Ex",
                owner=("account", self.network),
                name=f"{first} Nord",
                first_name=first,
                last_name="Nord",
                email=email,
                status="Active",
                role="network.admin",
            )

    def _sites(self) -> None:
        self.sites: dict[int, Thing] = {}
        for nth, site in enumerate(self._world.sites):
            owner = self.publishers[site.publisher_id]
            made = self._add(
                "site",
                nth,
                owner=("account", owner),
                name=site.name,
                url=f"https://{site.domain}",
                status="Active",
                content_topic=str(1 + nth % 9),
                category_override=None,
                delivery_medium="WEB",
                autorefresh=[{"refresh_country": "us", "refresh_delay": "30", "refresh_max": "5"}],
            )
            self.sites[site.id] = made
            for turn, section in enumerate(("Home", "Articles, long", "Archive")):
                self._add(
                    "sitesection",
                    nth * 4 + turn,
                    owner=("site", made),
                    deleted=section == "Archive" and nth % 2 == 0,
                    account_id=str(owner.number),
                    account_uid=owner.uid,
                    name=f"{site.name} {section}",
                    status="Active" if section != "Archive" else "Inactive",
                )
        # A site that was given up: absent from lists, present in the audit trail.
        self._add(
            "site",
            len(self._world.sites),
            deleted=True,
            owner=("account", self.network),
            name="Given up",
            url="https://given-up.example",
            status="Inactive",
        )

    def _ad_units(self) -> None:
        of_site: dict[int, list[Thing]] = {}
        publisher_of = {site.id: self.publishers[site.publisher_id] for site in self._world.sites}
        for nth, unit in enumerate(self._world.ad_units):
            site, owner = self.sites[unit.site_id], publisher_of[unit.site_id]
            mobile = unit.size == (320, 50)
            made = self._add(
                "adunit",
                nth,
                owner=("site", site),
                account_id=str(owner.number),
                account_uid=owner.uid,
                sitesection_id=None,
                sitesection_uid=None,
                name=unit.name,
                status="Active",
                type_full="adunit.mobile" if mobile else "adunit.web",
                primary_size=f"{unit.size[0]}x{unit.size[1]}",
                alt_sizes=None,
                delivery_medium_id="3" if mobile else "2",
                presentation_format="display",
                tag_type="js.async",
                tag_type_id="5",
                location="ABOVE_FOLD" if nth % 2 else None,
                location_id="1" if nth % 2 else None,
                content_type="UNCLASSIFIED",
                content_type_id="0",
                content_topics=[],
                fallback_ad_tag=None,
                vast_tag=None,
                real_time_bid_floor=f"{nth % 5}.{nth % 10}0",
                revshare=None,
                autorefresh_settings=[{"country": "us", "delay": "30", "max": "5"}],
            )
            of_site.setdefault(unit.site_id, []).append(made)
        for nth, (site_id, units) in enumerate(of_site.items()):
            site, owner = self.sites[site_id], publisher_of[site_id]
            self._add(
                "adunitgroup",
                nth,
                owner=("site", site),
                account_id=str(owner.number),
                account_uid=owner.uid,
                name=f"{site.fields['name']} page",
                status="Active",
                description="Served together",
                delivery_medium="WEB",
                delivery_medium_id="2",
                masteradunit_id=str(units[0].number),
                masteradunit_uid=units[0].uid,
                adunit_ids=[str(unit.number) for unit in units],
                adunit_uids=[unit.uid for unit in units],
                vast_tag=None,
            )

    def _demand(self) -> None:
        users = self.by_kind["user"]
        self.orders: dict[int, Thing] = {}
        for nth, campaign in enumerate(self._world.campaigns):
            owner = self.advertisers[campaign.advertiser_id]
            gone = campaign.status == "deleted"
            begin, end = _flight(campaign)
            order = self._add(
                "order",
                nth,
                deleted=gone,
                late=not gone and nth % _LATE_ONE_IN == 1,
                owner=("account", owner),
                name=campaign.name,
                status=_STATES.get(campaign.status, "Active"),
                start_date=begin,
                end_date=end,
                budget="12500.00" if nth % 3 else None,
                budget_pacing="soft_budget",
                click_through_window="86400",
                view_through_window="86400",
                primary_analyst_id=str(users[0].number),
                primary_analyst_uid=users[0].uid,
                primary_trafficker_id=str(users[1].number),
                primary_trafficker_uid=users[1].uid,
                secondary_trafficker_id=None,
                secondary_trafficker_uid=None,
                sales_lead_id=None,
                sales_lead_uid=None,
                single_ad_limitation="0",
            )
            self.orders[campaign.id] = order
            self._line_items(nth, campaign, order, owner)

    def _line_items(self, nth: int, campaign: Campaign, order: Thing, owner: Thing) -> None:
        begin, end = _flight(campaign)
        gone = order.deleted is not None
        lines = [
            self._add(
                "lineitem",
                nth * 2 + turn,
                deleted=gone,
                owner=("order", order),
                account_id=str(owner.number),
                account_uid=owner.uid,
                name=f"{campaign.name} / {kind}",
                status=_STATES.get(campaign.status, "Active"),
                type_full=f"lineitem.{kind}",
                start_date=begin,
                end_date=end,
                ad_delivery="equal",
                ad_delivery_id="1",
                buyer_id=None,
                buyer_uid=None,
                delivery_medium="WEB",
                bid_type="PRICEDBID",
                pricing_model="cpm",
                pricing_rate=f"{1 + nth % 4}.2500",
                targeting={"geographic": {"country": [{"op": "INTERSECTS", "val": "de,us"}]}},
            )
            for turn, kind in enumerate(("exchange", "volume_goal"))
        ]
        for place, creative in enumerate(self._world.creatives):
            if creative.campaign_id != campaign.id:
                continue
            width, height = creative.size
            art = self._add(
                "creative",
                place,
                deleted=gone,
                owner=("account", owner),
                name=creative.name,
                ad_type_full="ad.image",
                uri=f"https://cdn.northwind.example/{creative.id}.png",
                orig_name=f"{creative.name}.png",
                width=str(width),
                height=str(height),
                bitrate=None,
            )
            line = lines[place % 2]
            self._add(
                "ad",
                place,
                deleted=gone or place % _DELETED_ONE_IN == _DELETED_PLACE,
                owner=("lineitem", line),
                account_id=str(owner.number),
                account_uid=owner.uid,
                order_id=str(order.number),
                order_uid=order.uid,
                primary_creative_id=str(art.number),
                primary_creative_uid=art.uid,
                ad_type_id="1",
                name=creative.name,
                status=_STATES.get(campaign.status, "Active"),
                type_full="ad.image",
                size=f"{width}x{height}",
                ad_weight="1.0",
                alt_text=None,
                click_url=f"https://shop.example/?c={creative.id}&q=a%20b",
                click_target_window="_blank",
                start_date=begin,
                end_date=end,
                flight_timezone="Advertiser",
                days_of_week=[],
                hours_of_day=[],
                individual_display_cap=None,
                session_display_cap=None,
                session_duration=None,
                deliver_by_default="1",
                remote_media_file=None,
            )

    def _exchange(self) -> None:
        for deal in self._inventory.deals:
            owner = self.publishers[deal.publisher]
            partner = self.partners[deal.partner]
            self._add(
                "deal",
                deal.index,
                owner=("account", owner),
                name=deal.name,
                code=deal.code,
                status="Active",
                deal_type={1: "Preferred Deal", 2: "Private Auction", 3: "Within Open Auction"}[
                    deal.kind
                ],
                deal_type_id=str(deal.kind),
                floor_price=f"{deal.kind}.50",
                currency=deal.currency,
                start_date=stamp(datetime.combine(self._world.first_day, time(7), UTC)),
                end_date=None,
                buyer_uids=[partner.uid],
            )
            self._add(
                "package",
                deal.index,
                owner=("account", owner),
                name=f"{deal.name} package",
                status="Active",
                logo=None,
                contact_name="Renée Nord",
                contact_email="renee@northwind.example",
                start_date=stamp(datetime.combine(self._world.first_day, time(7), UTC)),
                end_date=None,
                rate_card_cpm="4.0000",
                discounted_cpm="3.5000",
                urls=[],
                domains=None,
                deal_id=str(self.by_kind["deal"][-1].number),
                floorrule_id=None,
                targeting=None,
                private_market={
                    "discoverable": "1",
                    "default_rate_card_cpm": "4.0000",
                    "default_discounted_cpm": "3.5000",
                    "participants": [
                        {
                            "demand_partner": partner.uid,
                            "openx_buyer_ids": [],
                            "rate_card_cpm": "4.0000",
                        }
                    ],
                },
            )
        for nth, owner in enumerate(self.publishers.values()):
            self._add(
                "floorrule",
                nth,
                owner=("account", owner),
                name=f"Floor {owner.fields['name']}",
                status="Active",
                floor=f"0.{nth + 1}0",
                currency=owner.fields["currency"],
                priority=str(nth + 1),
            )
            self._add(
                "optimization",
                nth,
                owner=("account", owner),
                name=f"Optimization {owner.fields['name']}",
                status="Active" if nth % 2 == 0 else "Inactive",
            )
            for month in range(1, 7):
                self._add(
                    "paymenthistory",
                    nth * 12 + month,
                    owner=("account", owner),
                    name=f"2024-{month:02d}",
                    period=f"2024-{month:02d}",
                    amount=f"{1000 + nth * 10 + month}.{month}5",
                    currency=owner.fields["currency"],
                    status="Paid",
                )

    def _rest(self) -> None:
        for nth, order in enumerate(list(self.by_kind["order"])[:8]):
            self._add(
                "comment",
                nth,
                owner=("account", self.network),
                obj_type="order",
                obj_id=str(order.number),
                obj_uid=order.uid,
                text='Called them:\n"later", they said',
                text_type="text",
                user_id=str(self.by_kind["user"][0].number),
                user_uid=self.by_kind["user"][0].uid,
            )
        for nth, owner in enumerate(self.advertisers.values()):
            self._add(
                "conversiontag", nth, owner=("account", owner), name=f"Sale {nth}", status="Active"
            )
        for nth, name in enumerate(("Travellers", "Läufer, jung", "写真家")):
            self._add(
                "audiencesegment", nth, owner=("account", self.network), name=name, status="Active"
            )
        for nth, name in enumerate(("Cars", "Beer & wine")):
            self._add(
                "competitiveexclusion",
                nth,
                owner=("account", self.network),
                name=name,
                status="Active",
            )
        self._add(
            "report",
            0,
            owner=("account", self.network),
            name="Inventory, last week",
            parameter_string="report=inv_perf_pub&do_break=SiteName",
            relative_date="7",
            user_uid=self.by_kind["user"][0].uid,
        )


_STATES: Final = {
    "active": "Active",
    "paused": "Inactive",
    "archived": "Inactive",
    "deleted": "Inactive",
}


def _flight(campaign: Campaign) -> tuple[str, str | None]:
    """Start and end of a campaign as the API writes them: midnight in Los Angeles, seen from UTC."""

    def midnight(day: date) -> str:
        return stamp(datetime.combine(day, time(8), UTC))

    end = campaign.end
    return midnight(campaign.start), midnight(end + timedelta(days=1)) if end else None
