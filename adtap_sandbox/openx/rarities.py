"""Fields that most objects leave empty, filled on one object each.

A reader's schema must not hold a column that no answer ever fills, so the rare ones occur once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adtap_sandbox.openx.things import uid_of

if TYPE_CHECKING:
    from adtap_sandbox.openx.things import Document, Thing

_BY_KIND: Final[dict[str, Document]] = {
    "account": {
        "acl": {"account.read": True},
        "dmp_sources": "dmp-1",
        "third_party_network_uid": "tpn-7",
        "compiled_acl": "internal",
        "parent_name": "Root",
    },
    "ad": {
        "alt_text": 'Two tents, one "lake"',
        "days_of_week": ["1", "2", "3"],
        "hours_of_day": ["8", "9"],
        "individual_display_cap": "5",
        "remote_media_file": "https://cdn.northwind.example/remote.png",
        "session_display_cap": "2",
        "session_duration": "1800",
    },
    "adunit": {
        "alt_sizes": "300x600,336x280",
        "content_topics": ["1", "4"],
        "fallback_ad_tag": "<script>\nfallback();\n</script>",
        "vast_tag": "https://ad.example/vast?a=1&b=2",
        "revshare": {"cost_model": "fixed", "rev_split": "70.00", "guaranteed_cpm": "1.2500"},
    },
    "adunitgroup": {"vast_tag": "https://ad.example/vast?group=1"},
    "creative": {"bitrate": "1500"},
    "deal": {"end_date": "2027-01-01 07:00:00"},
    "package": {
        "domains": "nordlys.example,lepont.example",
        "end_date": "2027-01-01 07:00:00",
        "logo": "https://cdn.northwind.example/logo.png",
        "targeting": {"geographic": {"country": [{"op": "INTERSECTS", "val": "de"}]}},
        "urls": ["https://nordlys.example/a,b"],
    },
    "report": {"notes": "Sent on Mondays"},
    "site": {"category_override": "12"},
}
# References that are rarely set: field without `_id` and `_uid`, and the type it leads to.
_REFERENCES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "adunit": (("sitesection", "sitesection"),),
    "lineitem": (("buyer", "account"),),
    "order": (("sales_lead", "user"), ("secondary_trafficker", "user")),
}
_MARKET: Final[Document] = {
    "allow_unbranded_buyers": "1",
    "blocked_adcategories": {"12": True},
    "blocked_contentattributes": {},
    "blocked_creativetypes": {},
    "blocked_languages": {"17": True},
    "brand_labels": {"label_ids": ["5"], "op": "allow_all"},
    "brands": {"ids": ["9"], "op": "block"},
    "domains": ["competitor.example"],
    "filters": [{"ids": ["3"], "op": "block", "region": "eu"}],
}


def fill(by_kind: dict[str, list[Thing]]) -> None:
    """Fill every rare field on the first lasting object of its type.

    Args:
        by_kind: All objects; changed in place.
    """
    first = {
        kind: next(thing for thing in things if thing.deleted is None)
        for kind, things in by_kind.items()
    }
    for kind, thing in first.items():
        thing.fields |= {"external_id": f"crm/{kind}/0001", **_BY_KIND.get(kind, {})}
        for name, target in _REFERENCES.get(kind, ()):
            number = first[target].number
            thing.fields |= {f"{name}_id": str(number), f"{name}_uid": uid_of(target, number)}
    first["package"].fields["floorrule_id"] = str(first["floorrule"].number)
    for thing in by_kind["account"]:
        if thing.fields["type_full"] == "account.advertiser":
            thing.fields["exchange"] = "1"
            break
    for thing in by_kind["account"]:
        if thing.fields["type_full"] == "account.publisher":
            thing.fields["market"] = {**thing.fields["market"], **_MARKET}
            thing.fields["payment_info"] |= {"address_2": "Floor 2", "state": "BE"}
            break
