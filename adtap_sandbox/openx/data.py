"""The objects of the Platform API, made from the world: the agency's inventory and its demand.

What the fields of a type are and which of them are always alike is declared in `objects.json`; here
stands what differs from object to object.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from adtap_sandbox.openx.inventory import NAMES, Inventory
from adtap_sandbox.openx.objects import (
    ADVERTISER_ACCOUNTS,
    AGENCY_ACCOUNT,
    DEMAND_ACCOUNTS,
    KINDS,
    NETWORK_ACCOUNT,
    PUBLISHER_ACCOUNTS,
    ApiObject,
    made,
    stamp,
)
from adtap_sandbox.tables import fill
from adtap_sandbox.world import AGENCY, Campaign, Company, World

_DELETED_ONE_IN: Final = 11
_DELETED_PLACE: Final = 10
_LATE_ONE_IN: Final = 7


class Entities:
    """Every object of one world, by type."""

    def __init__(self, world: World, inventory: Inventory) -> None:
        self._world, self._inventory = world, inventory
        self.by_kind: dict[str, list[ApiObject]] = {kind: [] for kind in KINDS}
        self._accounts()
        self._people()
        self._sites()
        self._ad_units()
        self._demand()
        self._exchange()
        self._rest()
        self._rare_fields()
        del self._world, self._inventory

    def _add(
        self,
        kind: str,
        index: int,
        owner: tuple[str, ApiObject] | None = None,
        *,
        deleted: bool = False,
        late: bool = False,
        role: str = "",
        **values: Any,
    ) -> ApiObject:
        """Add the nth object of a type (see `made`), with the values that its template needs.

        The owner is another object it belongs to, as field name without `_id` and object; the role is an account's.
        """
        declared = KINDS[kind]
        template = declared["fields"] | declared.get("roles", {}).get(role, {})
        fields = fill(template, {"role": role, **values})
        if owner is not None:
            name, parent = owner
            fields = {f"{name}_id": parent.id, f"{name}_uid": parent.uid, **fields}
        added = made(self._world, kind, index, fields, deleted=deleted, late=late)
        self.by_kind[kind].append(added)
        return added

    def _accounts(self) -> None:
        world = self._world

        def american(name: str) -> Company:
            return Company(0, name, "USD", "UTC")

        agency = Company(0, f"{AGENCY} Agency", "EUR", "Europe/Berlin")
        self.network = self._account(NETWORK_ACCOUNT, american(AGENCY), "network", None)
        self.agency = self._account(AGENCY_ACCOUNT, agency, "agency", self.network)
        made, network = self._account, self.network
        self.publishers = {
            one.id: made(number, one, "publisher", network)
            for number, one in enumerate(world.publishers, PUBLISHER_ACCOUNTS)
        }
        self.advertisers = {
            one.id: made(number, one, "advertiser", self.agency)
            for number, one in enumerate(world.advertisers, ADVERTISER_ACCOUNTS)
        }
        self.partners = [
            made(number, american(name), "advertiser", network, rtb=True)
            for number, name in enumerate(NAMES["demand_partners"], DEMAND_ACCOUNTS)
        ]

    def _account(
        self, index: int, one: Company, role: str, parent: ApiObject | None, *, rtb: bool = False
    ) -> ApiObject:
        return self._add(
            "account",
            index,
            role=role,
            one=one,
            parent_id=parent.id if parent else None,
            parent_uid=parent.uid if parent else None,
            experience="network.display" if role == "network" else role,
            currency_id=NAMES["currency_ids"].get(one.currency, "3"),
            zone_id=str(1 + len(one.time_zone)),
            country=NAMES["countries"].get(one.time_zone, "us"),
            rtb=rtb,
        )

    def _people(self) -> None:
        owner = ("account", self.network)
        for nth, (first, email) in enumerate(NAMES["people"].items()):
            self._add("user", nth, owner, deleted=first == "Ex", first=first, email=email)

    def _sites(self) -> None:
        self.sites: dict[int, ApiObject] = {}
        for nth, site in enumerate(self._world.sites):
            account = self.publishers[site.publisher_id]
            owner = ("account", account)
            own = self._add("site", nth, owner, site=site, topic=str(1 + nth % 9))
            self.sites[site.id] = own
            for turn, section in enumerate(NAMES["sections"]):
                archive = section == "Archive"
                self._add(
                    "sitesection",
                    nth * 4 + turn,
                    ("site", own),
                    deleted=archive and nth % 2 == 0,
                    account=account,
                    site=site,
                    section=section,
                    status="Inactive" if archive else "Active",
                )
        # A site that was given up: absent from lists, present in the audit trail.
        fields = {"account_id": self.network.id, "account_uid": self.network.uid}
        fields |= {"name": "Given up", "url": "https://given-up.example", "status": "Inactive"}
        given_up = made(self._world, "site", len(self._world.sites), fields, deleted=True)
        self.by_kind["site"].append(given_up)

    def _ad_units(self) -> None:
        of_site: dict[int, list[ApiObject]] = {}
        publisher_of = {site.id: self.publishers[site.publisher_id] for site in self._world.sites}
        for nth, unit in enumerate(self._world.ad_units):
            mobile = unit.size == (320, 50)
            own = self._add(
                "adunit",
                nth,
                ("site", self.sites[unit.site_id]),
                account=publisher_of[unit.site_id],
                unit=unit,
                type_full="adunit.mobile" if mobile else "adunit.web",
                size=f"{unit.size[0]}x{unit.size[1]}",
                medium="3" if mobile else "2",
                location="ABOVE_FOLD" if nth % 2 else None,
                location_id="1" if nth % 2 else None,
                floor=f"{nth % 5}.{nth % 10}0",
            )
            of_site.setdefault(unit.site_id, []).append(own)
        for nth, (site_id, units) in enumerate(of_site.items()):
            site = self.sites[site_id]
            self._add(
                "adunitgroup",
                nth,
                ("site", site),
                account=publisher_of[site_id],
                site_name=site.fields["name"],
                first=units[0],
                ids=[unit.id for unit in units],
                uids=[unit.uid for unit in units],
            )

    def _demand(self) -> None:
        users = self.by_kind["user"]
        self.orders: dict[int, ApiObject] = {}
        for nth, campaign in enumerate(self._world.campaigns):
            account = self.advertisers[campaign.advertiser_id]
            gone = campaign.status == "deleted"
            begin, end = _flight(campaign)
            status = "Active" if campaign.status == "active" else "Inactive"
            shared: dict[str, Any] = {"campaign": campaign, "begin": begin, "end": end}
            shared["status"] = status
            order = self._add(
                "order",
                nth,
                ("account", account),
                deleted=gone,
                late=not gone and nth % _LATE_ONE_IN == 1,
                budget="12500.00" if nth % 3 else None,
                analyst=users[0],
                trafficker=users[1],
                **shared,
            )
            self.orders[campaign.id] = order
            self._line_items(nth, order, {"account": account, **shared})

    def _line_items(self, nth: int, order: ApiObject, shared: dict[str, Any]) -> None:
        gone = order.deleted is not None
        lines = [
            self._add(
                "lineitem",
                nth * 2 + turn,
                ("order", order),
                deleted=gone,
                format=kind,
                rate=f"{1 + nth % 4}.2500",
                **shared,
            )
            for turn, kind in enumerate(("exchange", "volume_goal"))
        ]
        for place, creative in enumerate(self._world.creatives):
            if creative.campaign_id != shared["campaign"].id:
                continue
            width, height = creative.size
            size: dict[str, Any] = {"creative": creative, "width": width, "height": height}
            owner, line = ("account", shared["account"]), ("lineitem", lines[place % 2])
            image = self._add("creative", place, owner, deleted=gone, **size)
            values = {"order": order, "image": image, **size, **shared}
            deleted = gone or place % _DELETED_ONE_IN == _DELETED_PLACE
            self._add("ad", place, line, deleted=deleted, **values)

    def _exchange(self) -> None:
        begin = stamp(datetime.combine(self._world.first_day, time(7), UTC))
        for deal in self._inventory.deals:
            owner = ("account", self.publishers[deal.publisher])
            partner = self.partners[deal.partner]
            shared: dict[str, Any] = {"deal": deal, "partner": partner, "begin": begin}
            kind = NAMES["deal_types"][deal.kind - 1]
            own = self._add("deal", deal.index, owner, deal_type=kind, **shared)
            self._add("package", deal.index, owner, own=own, **shared)
        for nth, account in enumerate(self.publishers.values()):
            owner = ("account", account)
            name, currency = account.fields["name"], account.fields["currency"]
            self._add("floorrule", nth, owner, name=name, nth=nth + 1, currency=currency)
            status = "Active" if nth % 2 == 0 else "Inactive"
            self._add("optimization", nth, owner, name=name, status=status)
            for month in range(1, 7):
                amount = f"{1000 + nth * 10 + month}.{month}5"
                paid = {"period": f"2024-{month:02d}", "amount": amount, "currency": currency}
                self._add("paymenthistory", nth * 12 + month, owner, **paid)

    def _rest(self) -> None:
        network, user = ("account", self.network), self.by_kind["user"][0]
        for nth, order in enumerate(self.by_kind["order"][:8]):
            self._add("comment", nth, network, order=order, user=user)
        for nth, account in enumerate(self.advertisers.values()):
            self._add("conversiontag", nth, ("account", account), nth=nth)
        for nth, name in enumerate(NAMES["segments"]):
            self._add("audiencesegment", nth, network, name=name)
        for nth, name in enumerate(NAMES["exclusions"]):
            self._add("competitiveexclusion", nth, network, name=name)
        self._add("report", 0, network, user=user)

    def _rare_fields(self) -> None:
        """Fill every rare field on the first lasting object of its type."""
        first = {
            kind: next(one for one in objects if one.deleted is None)
            for kind, objects in self.by_kind.items()
        }
        for kind, one in first.items():
            one.fields |= {"external_id": f"crm/{kind}/0001", **KINDS[kind].get("rare", {})}
            for name, target in KINDS[kind].get("rare_references", {}).items():
                other = first[target]
                one.fields |= {f"{name}_id": other.id, f"{name}_uid": other.uid}
        first["package"].fields["floorrule_id"] = first["floorrule"].id
        next(iter(self.advertisers.values())).fields["exchange"] = "1"
        publisher = next(iter(self.publishers.values())).fields
        publisher["market"] |= KINDS["account"]["rare_market"]
        publisher["payment_info"] |= {"address_2": "Floor 2", "state": "BE"}


def _flight(campaign: Campaign) -> tuple[str, str | None]:
    """Start and end of a campaign as the API writes them: midnight in Los Angeles, seen from UTC."""

    def midnight(day: date) -> str:
        return stamp(datetime.combine(day, time(8), UTC))

    end = campaign.end
    return midnight(campaign.start), midnight(end + timedelta(days=1)) if end else None
