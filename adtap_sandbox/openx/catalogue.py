"""The Platform API's own metadata: `available_fields`, `options` and `subtypes`.

Keys of `options` and the types of `available_fields`: the vendor's guide, as gathered in the
platform sheet (sections 3.3 and 3.5), read 2026-11-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adtap_sandbox.openx.entities import SUBTYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adtap_sandbox.openx.things import Document

COMMON_OPTIONS: Final = (
    "Active",
    "Inactive",
)

_LISTS: Final = """
    account account_status account_type acquisition_type action_type ad_category ad_delivery ad_status
    ad_type adquality_report_type adunit_location adunit adunit_size adunit_type advertiser_experience
    advertiser_user_role agency_experience agency_user_role all_ad_category all_audiencesegment
    all_creative_type all_location attribution_tracker_mobile_platform attribution_tracking
    audience_segment_account audiencesegment bid_type browser budget_pacing budget_spend_rate budget_type
    buyer buying_model click_target_window comment_obj_type comment_text_type companion_fill_method
    connection_speed connection_type content_attribute content_topic content_type continent conversiontag
    country creative creative_type currency datacenter days_of_week deal_source deal_status deal_type
    delivery_medium delivery_type demand_channel device email_location email_size email_tag_type
    exchange_audiencesegment exchange_bid_type exchange_size exchange_third_party_server exclusivity
    flash_background flight_timezone floorrule_reason hours_of_day inventory_audience_segment_account
    isp_carrier language lift_mapping_type linear_video_allowable linearvideo_duration
    linearvideo_location linearvideo_size lineitem_ad_delivery lineitem_delivery_medium lineitem_status
    market_advertiser market_brand_group market_delivery_medium market_filter_region
    master_content_topic mediation_method mediation mime_type mobile_adunit_tag_type mobile_carrier
    mobile_converstion_type mobile_location mobile_platform mobile_size mobileapp
    mobileweb_adunit_tag_type native_adunit_tag_type native_sdk_mediation_network native_size
    network_experience network_lineitem_all_delivery_medium network_lineitem_deal_type
    network_lineitem_delivery_medium network_user_role non_linear_ad_type nonexchange_audiencesegment
    nonlinearvideo_duration nonlinearvideo_location nonlinearvideo_size open_auction_access
    optimization_brand_labels_market_operator optimization_brands_market_operator
    optimization_filter_market_operator order order_status os pacing_model package_status pmp_deal_type
    pricing_method pricing_model pricing_type publisher_experience publisher_user_role report_range
    sales_channel screen_resolution server_mediation_network site_delivery_medium site sitesection size
    source_type ssrtb_protocol tag_type targetable_deal_lineitem targetable_demand_partner
    targetable_package targeting_language third_party_network third_party_platform_all third_party_server
    timezone video_event_type videocompanion_location videocompanion_size web_adunit_tag_type web_location
    web_size
"""
OPTION_KEYS: Final = frozenset(f"{name}_options" for name in _LISTS.split()) | {
    "available_deals",
    "list_publishers_with_segments",
    "local_languages",
    "locale_languages",
    "market_operators",
    "model_types",
    "status_options_common",
    "subtype_names",
    "subtypes",
}

_FIXED: Final[dict[str, list[Document]]] = {
    "currency_options": [
        {"id": "1", "name": "USD", "symbol": "$"},
        {"id": "2", "name": "EUR", "symbol": "€"},
        {"id": "3", "name": "GBP", "symbol": "£"},
        {"id": "4", "name": "JPY", "symbol": "¥"},
    ],
    "timezone_options": [
        {"id": "1", "name": "UTC", "code": "UTC"},
        {"id": "2", "name": "Europe/Berlin", "code": "CET"},
        {"id": "3", "name": "America/New_York", "code": "EST"},
    ],
    "country_options": [
        {"id": "de", "name": "Germany"},
        {"id": "us", "name": "United States"},
        {"id": "ci", "name": "Côte d'Ivoire"},
    ],
    "deal_type_options": [
        {"id": "1", "name": "Preferred Deal"},
        {"id": "2", "name": "Private Auction"},
        {"id": "3", "name": "Within Open Auction"},
    ],
    "delivery_medium_options": [
        {"id": "2", "name": "WEB"},
        {"id": "3", "name": "MOBILE"},
        {"id": "4", "name": "EMAIL"},
        {"id": "5", "name": "LINEARVIDEO"},
    ],
    "order_status_options": [
        {"id": name, "name": name} for name in ("Pending", "Active", "Inactive")
    ],
    "subtype_names": [{"id": name, "name": name} for names in SUBTYPES.values() for name in names],
}

# Keys that list objects: which type, narrowed by what.
OBJECT_OPTIONS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "account_options": ("account", {}),
    "adunit_options": ("adunit", {}),
    "audiencesegment_options": ("audiencesegment", {}),
    "all_audiencesegment_options": ("audiencesegment", {}),
    "buyer_options": ("account", {"type_full": "account.advertiser"}),
    "conversiontag_options": ("conversiontag", {}),
    "creative_options": ("creative", {}),
    "order_options": ("order", {}),
    "site_options": ("site", {}),
    "sitesection_options": ("sitesection", {}),
    "targetable_demand_partner_options": ("account", {"type_full": "account.advertiser"}),
    "targetable_package_options": ("package", {}),
}

_READONLY: Final = frozenset(
    {
        "id",
        "uid",
        "instance_uid",
        "created_date",
        "modified_date",
        "revision",
        "v",
        "deleted",
        "type",
    }
)
_TYPES: Final[dict[str, str]] = {
    "has_exchange": "bool",
    "has_ssrtb": "bool",
    "acl": "flags",
    "targeting": "targeting",
    "budget": "decimal(21,2)",
    "real_time_bid_floor": "decimal(8,2)",
    "ad_weight": "decimal(4,1)",
    "pricing_rate": "decimal(9,4)",
    "rate_card_cpm": "decimal(9,4)",
    "discounted_cpm": "decimal(9,4)",
    "floor_price": "decimal(9,2)",
    "floor": "decimal(9,2)",
    "amount": "decimal(21,2)",
    "id": "int",
    "uid": "uid",
    "account_uid": "account_uid",
    "revision": "int",
    "hidden": "int",
    "deleted": "int",
    "width": "int",
    "height": "int",
}
_OPTIONS_OF: Final[dict[str, str]] = {
    "currency": "/options/currency_options",
    "timezone": "/options/timezone_options",
    "status": "/options/status_options_common",
    "delivery_medium": "/options/delivery_medium_options",
}


def options(key: str) -> list[Document]:
    """The rows of an option key that lists no objects; every row has `id` and `name`."""
    if key in _FIXED:
        return _FIXED[key]
    if key.endswith("_status_options") or key == "status_options_common":
        return [{"id": name, "name": name} for name in COMMON_OPTIONS]
    label = key.removesuffix("_options").replace("_", " ")
    return [{"id": str(nth), "name": f"{label} {nth}"} for nth in (1, 2)]


def describe(sample: Mapping[str, Any]) -> Document:
    """`available_fields` of a type, from one of its objects.

    Args:
        sample: An object as the API shows it.
    """
    described: Document = {}
    for name, value in sample.items():
        readonly = name in _READONLY
        entry: Document = {
            "type": _type_of(name, value),
            "required": name == "name",
            "readonly": readonly,
            "has_dependencies": name == "type_full",
        }
        if readonly:
            entry["auto"] = True
        if entry["type"] == "varchar":
            entry["maxlen"] = 255
        if isinstance(value, list):
            entry["items"] = {
                "type": "object" if value and isinstance(value[0], dict) else "varchar"
            }
        if isinstance(value, dict):
            entry["available_fields"] = describe(value)
        if name in _OPTIONS_OF:
            entry["url"] = _OPTIONS_OF[name]
        described[name] = entry
    return described


def _type_of(name: str, value: object) -> str:
    if name in _TYPES:
        return _TYPES[name]
    endings = {"_uid": "uid", "_id": "int", "_date": "datetime"}
    for ending, kind in endings.items():
        if name.endswith(ending):
            return kind
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else "varchar"


def subtypes() -> Document:
    """The `/subtypes` document: creation rules by subtype."""
    return {
        kind: {name: {"creatable": True, "parent": kind} for name in names}
        for kind, names in SUBTYPES.items()
    }
