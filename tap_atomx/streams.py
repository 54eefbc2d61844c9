"""The table: one entry for each stream of atomx.

Models are those of the vendor's Python client 1.7 and, where they know more, of its Go and PHP clients.
A model with a modification time is read incrementally; one without, whole. Of the reports' columns only
those with evidence are in presets; any other is a name in a report of the user's own.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from adtap_core.declare import Entity, Report
from adtap_core.windows import Grain

LOOKBACK_DAYS: Final = 7
"""Fraud filtering runs after the bid and conversions arrive late (the vendor's blog, read 2026-11-20): recent
days are read again."""
SETTLE_DAYS: Final = LOOKBACK_DAYS
"""The platform publishes no day on which its books close: a row is settled once it is no longer read
again. With more, its last read would leave it `provisional` for ever."""
HOURLY_SPAN_DAYS: Final = 14
DAILY_SPAN_DAYS: Final = 31
MONTHLY_SPAN_DAYS: Final = 366
"""The platform names no limit; a report may take ten minutes, so requests stay moderate. A daily run with
its lookback is one of each."""

FIRST_YEAR: Final = 2010
"""Before the exchange began: no report and no invoice is older."""


@dataclass(frozen=True, kw_only=True)
class AtomxEntity(Entity):
    """One entity stream of atomx.

    Args:
        model: The platform's singular; none where the stream is no list of a model.
        one: To-one relations: a column `<name>_id` each.
        many: To-many relations, given as ids in a column of their own.
        expand: To-many relations that are asked for: without, they are absent at depth 0.
        below: The stream below whose objects the model is listed too, should its own list be missing.
        keyset: Whether it is walked by id (big tables) instead of by offset.
        part: Which list of the reports that people have stored.
    """

    model: str = ""
    one: tuple[str, ...] = ()
    many: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    below: str = ""
    keyset: bool = False
    part: str = ""


@dataclass(frozen=True, kw_only=True)
class AtomxReport(Report):
    """One report stream of atomx.

    Args:
        scope: Whose delivery it is.
        daterange: The rolling range of a snapshot; None: by time bucket.
        transport: `tsv` or `json`; None: TSV where it can be.
    """

    scope: str | None = None
    daterange: str | None = None
    transport: str | None = None


def _model(
    name: str,
    model: str,
    *,
    one: tuple[str, ...] = (),
    many: dict[str, str] | None = None,
    stamped: bool = False,
    **more: Any,
) -> AtomxEntity:
    """Return the entry of a model.

    Args:
        name: The stream, and the platform's plural.
        model: The platform's singular.
        one: To-one relations: a column `<name>_id` each.
        many: To-many relations, and the column of their ids.
        stamped: Whether its rows have `updated_at`.
        more: Further fields of `AtomxEntity`.
    """
    return AtomxEntity(
        name=name,
        path=name,
        model=model,
        one=one,
        many=tuple(many or ()),
        replication_key="updated_at" if stamped else None,
        may_lack_date=stamped,  # null in the vendor's Go client where nobody has changed a creative
        columns=MappingProxyType({name: f"{name}_id" for name in one} | (many or {})),
        **more,
    )


_PEOPLE: Final = {
    "networks": "network_ids",
    "publishers": "publisher_ids",
    "advertisers": "advertiser_ids",
}

BUSINESS: Final = (
    _model("networks", "network", one=("seller_profile",), stamped=True),
    _model("advertisers", "advertiser", one=("network", "account_manager"), stamped=True),
    _model(
        "campaigns",
        "campaign",
        one=("advertiser", "profile"),
        many={"creatives": "creative_ids", "conversion_pixels": "conversion_pixel_ids"},
        expand=("creatives", "conversion_pixels"),
        below="advertisers",
        stamped=True,
    ),
    _model("profiles", "profile", one=("advertiser",), below="advertisers", stamped=True),
    _model(
        "creatives",
        "creative",
        one=("advertiser", "category", "size", "language"),
        many={"attributes": "attribute_ids"},
        expand=("attributes",),
        below="advertisers",
        stamped=True,
    ),
    _model(
        "conversion_pixels",
        "conversion_pixel",
        one=("advertiser",),
        below="advertisers",
        stamped=True,
    ),
    _model("segments", "segment", one=("advertiser",), below="advertisers", stamped=True),
    _model("publishers", "publisher", one=("network", "seller_profile", "ssp"), stamped=True),
    _model(
        "sites",
        "site",
        one=("domain", "publisher", "seller_profile"),
        below="publishers",
        stamped=True,
    ),
    _model(
        "placements",
        "placement",
        one=("site", "size", "placement_type"),
        below="sites",
        stamped=True,
    ),
    _model("fallbacks", "fallback", one=("publisher",), below="publishers", stamped=True),
    _model("seller_profiles", "seller_profile", stamped=True),
    _model("creative_bans", "creative_ban", one=("creative", "reason")),
    # Names and addresses of people: only for whoever asks for them.
    _model(
        "users",
        "user",
        many=_PEOPLE,
        expand=tuple(_PEOPLE),
        stamped=True,
        selected=False,
        people=True,
    ),
    _model(
        "account_managers",
        "account_manager",
        many=_PEOPLE,
        expand=tuple(_PEOPLE),
        stamped=True,
        selected=False,
        people=True,
    ),
)
BIG: Final = (
    _model(
        "domains",
        "domain",
        one=("category", "language"),
        many={"attributes": "attribute_ids"},
        expand=("attributes",),
        keyset=True,
        stamped=True,
        selected=False,
    ),
    _model("apps", "app", one=("appstore",), keyset=True, selected=False),
    _model("cities", "city", one=("country",), keyset=True, selected=False),
    _model("zipcodes", "zipcode", one=("country",), keyset=True, selected=False),
    _model("isps", "isp", one=("country",), keyset=True, selected=False),
)
REFERENCE: Final = (
    _model("appstores", "appstore"),
    _model("bidders", "bidder"),
    _model("browsers", "browser"),
    _model("campaign_debug_reasons", "campaign_debug_reason"),
    _model("categories", "category"),
    _model("connection_types", "connection_type"),
    _model("countries", "country"),
    _model("creative_attributes", "creative_attribute"),
    _model("creative_ban_reasons", "creative_ban_reason"),
    _model("datacenters", "datacenter"),
    _model("device_types", "device_type"),
    _model("dmas", "dma"),
    _model("domain_attributes", "domain_attribute"),
    _model("dsps", "dsp"),
    _model("languages", "languages"),
    _model("operating_systems", "operating_system"),
    _model("placement_types", "placement_type"),
    _model("price_models", "price_model"),
    _model("reasons", "reason"),
    _model("sizes", "size"),
    _model("ssps", "ssp", one=("seller_profile",)),
    _model("ssp_result_types", "ssp_result_type"),
    _model("ssp_suspicious", "ssp_suspicious"),
    _model("timezones", "timezone"),
    _model("visibilities", "visibility"),
)
HISTORY_MODELS: Final = (
    "advertisers",
    "campaigns",
    "conversion_pixels",
    "creatives",
    "fallbacks",
    "networks",
    "placements",
    "profiles",
    "publishers",
    "segments",
    "sites",
)
"""Models whose change log is read unless the setting `history_models` says otherwise: those that people
of an account edit."""
LOGGED_MODELS: Final = (*HISTORY_MODELS, "domains", "seller_profiles", "users")
"""Models that the setting may name."""
INVOICE_TYPES: Final = ("advertiser", "publisher", "network-sell", "network-buy")
OTHERS: Final = (
    # Who changed what, with addresses of people, at one request for each object that was modified.
    AtomxEntity(
        name="history",
        path="history",
        keys=("_history_key",),
        replication_key="date",
        may_be_old=True,
        selected=False,
    ),
    # Receivers' addresses stand in both.
    AtomxEntity(name="reports", path="reports", selected=False, part="reports"),
    AtomxEntity(name="scheduled_reports", path="reports", selected=False, part="scheduled"),
    AtomxEntity(name="invoices", path="invoices", keys=("_invoice_key",), selected=False),
)
ENTITIES: Final = (*BUSINESS, *BIG, *REFERENCE, *OTHERS)


def _reports(
    subject: str,
    scope: str,
    dimensions: tuple[str, ...],
    metrics: tuple[str, ...],
    *,
    hourly: tuple[str, ...] | None = None,
) -> tuple[AtomxReport, AtomxReport]:
    """Return a subject's daily and hourly report; the hourly one may have fewer dimensions."""
    source = f"wiki pages api and reporting, vendor's Python and PHP clients; scope {scope}; read 2026-11-20"
    daily = AtomxReport(
        name=f"{subject}_daily",
        dimensions=dimensions,
        metrics=metrics,
        settle_days=SETTLE_DAYS,
        span_days=DAILY_SPAN_DAYS,
        source=source,
        scope=scope,
    )
    # Twenty-four times the rows: for whoever asks for them.
    every_hour = replace(
        daily,
        name=f"{subject}_hourly",
        dimensions=dimensions if hourly is None else hourly,
        grain=Grain.HOUR,
        span_days=HOURLY_SPAN_DAYS,
        selected=False,
    )
    return daily, every_hour


_COUNTS: Final = ("impressions", "clicks", "conversions")
_BUY: Final = (*_COUNTS, "campaign_cost", "advertiser_network_profit")
REPORTS: Final = (
    *_reports(
        "advertiser_delivery",
        "advertiser",
        ("advertiser_id", "campaign_id", "creative_id", "country_id"),
        (*_COUNTS, "campaign_cost"),
        hourly=("advertiser_id", "campaign_id"),
    ),
    *_reports(
        "publisher_delivery",
        "publisher",
        ("publisher_id", "site_id", "placement_id", "country_id"),
        _COUNTS,
        hourly=("publisher_id", "placement_id"),
    ),
    *_reports("inventory", "inventory", ("domain_id", "country_id"), ("impressions",)),
    *_reports("dsp_delivery", "dsp", ("domain_id", "country_id"), ("impressions", "clicks")),
    *_reports(
        "network_managed_delivery",
        "network_managed",
        ("advertiser_id", "campaign_id", "publisher_id", "country_id"),
        _BUY,
        hourly=("advertiser_id", "campaign_id", "publisher_id"),
    ),
    *_reports(
        "network_buy_delivery",
        "network_buy",
        ("advertiser_id", "campaign_id", "creative_id", "country_id"),
        _BUY,
        hourly=("advertiser_id", "campaign_id"),
    ),
    *_reports(
        "network_sell_delivery",
        "network_sell",
        ("publisher_id", "site_id", "placement_id", "country_id"),
        _COUNTS,
        hourly=("publisher_id", "placement_id"),
    ),
)
