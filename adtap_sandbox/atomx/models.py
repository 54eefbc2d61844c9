"""The models of the API: names, relations, and what may be done with them.

One entry per model, no logic. The names are those of the vendor's Python client 1.7 and of its Go and PHP clients; the
plurals are those that the clients use, or built the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Model:
    """One model and its relations.

    Args:
        name: Singular, snake_case: the key of one object in a reply.
        plural: The key of a list in a reply.
        one: To-one relations that a row holds as an id: attribute -> model.
        many: To-many relations that a row holds as ids: attribute -> model.
        children: Collections that point at this model: attribute -> (model, its to-one attribute).
        stamped: Whether rows carry `created_at` and `updated_at`.
        writable: Whether rows may be created, changed and deleted.
        required: Attributes that a new row must have.
        stats: Whether the lazy attribute `quickstats` exists.
        rows_of: Name of the model whose rows this one shares (an alias).
        hidden: Attributes that only a user inside atomx sees.
    """

    name: str
    plural: str
    one: dict[str, str] = field(default_factory=dict)
    many: dict[str, str] = field(default_factory=dict)
    children: dict[str, tuple[str, str]] = field(default_factory=dict)
    stamped: bool = False
    writable: bool = False
    required: tuple[str, ...] = ()
    stats: bool = False
    rows_of: str = ""
    hidden: tuple[str, ...] = ()

    @property
    def rows(self) -> str:
        """Name of the model that holds the rows."""
        return self.rows_of or self.name


def _reference(name: str, plural: str = "") -> Model:
    return Model(name, plural or f"{name}s")


BUSINESS: tuple[Model, ...] = (
    Model(
        "advertiser",
        "advertisers",
        one={"network": "network", "account_manager": "user"},
        children={
            "profiles": ("profile", "advertiser"),
            "campaigns": ("campaign", "advertiser"),
            "creatives": ("creative", "advertiser"),
            "conversion_pixels": ("conversion_pixel", "advertiser"),
            "segments": ("segment", "advertiser"),
        },
        stamped=True,
        writable=True,
        required=("name",),
        stats=True,
        hidden=("trusted", "is_dsp", "adult"),
    ),
    Model(
        "campaign",
        "campaigns",
        one={"advertiser": "advertiser", "profile": "profile"},
        many={"creatives": "creative", "conversion_pixels": "conversion_pixel"},
        stamped=True,
        writable=True,
        required=("name", "advertiser"),
        stats=True,
    ),
    Model(
        "conversion_pixel",
        "conversion_pixels",
        one={"advertiser": "advertiser"},
        stamped=True,
        writable=True,
        required=("name", "advertiser"),
    ),
    Model(
        "creative",
        "creatives",
        one={
            "advertiser": "advertiser",
            "size": "size",
            "category": "category",
            "language": "languages",
        },
        many={"attributes": "creative_attribute"},
        stamped=True,
        writable=True,
        required=("name", "advertiser"),
        stats=True,
    ),
    Model(
        "creative_ban",
        "creative_bans",
        one={"creative": "creative", "reason": "creative_ban_reason"},
        writable=True,
        required=("creative", "url", "reason"),
    ),
    Model(
        "profile",
        "profiles",
        one={"advertiser": "advertiser"},
        stamped=True,
        writable=True,
        required=("name", "advertiser"),
    ),
    Model(
        "segment",
        "segments",
        one={"advertiser": "advertiser"},
        stamped=True,
        writable=True,
        required=("name",),
    ),
    Model(
        "network",
        "networks",
        one={"seller_profile": "seller_profile"},
        children={
            "advertisers": ("advertiser", "network"),
            "publishers": ("publisher", "network"),
        },
        stamped=True,
        writable=True,
        required=("name",),
    ),
    Model(
        "publisher",
        "publishers",
        one={"network": "network", "seller_profile": "seller_profile", "ssp": "ssp"},
        children={"sites": ("site", "publisher"), "fallbacks": ("fallback", "publisher")},
        stamped=True,
        writable=True,
        required=("name",),
        stats=True,
        hidden=("banned", "ssp"),
    ),
    Model(
        "site",
        "sites",
        one={"domain": "domain", "publisher": "publisher", "seller_profile": "seller_profile"},
        children={"placements": ("placement", "site")},
        stamped=True,
        writable=True,
        required=("name", "publisher"),
        stats=True,
    ),
    Model(
        "placement",
        "placements",
        one={"site": "site", "size": "size", "placement_type": "placement_type"},
        stamped=True,
        writable=True,
        required=("name", "site"),
        stats=True,
    ),
    Model(
        "fallback",
        "fallbacks",
        one={"publisher": "publisher"},
        stamped=True,
        writable=True,
        required=("name",),
    ),
    Model("seller_profile", "seller_profiles", stamped=True, writable=True),
    Model(
        "user",
        "users",
        many={"networks": "network", "publishers": "publisher", "advertisers": "advertiser"},
        stamped=True,
        writable=True,
        required=("email",),
    ),
    Model(
        "account_manager",
        "account_managers",
        many={"networks": "network", "publishers": "publisher", "advertisers": "advertiser"},
        stamped=True,
        rows_of="user",
    ),
    Model(
        "domain",
        "domains",
        one={"category": "category", "language": "languages"},
        many={"attributes": "domain_attribute"},
        stamped=True,
        writable=True,
        required=("name",),
    ),
)

REFERENCE: tuple[Model, ...] = (
    Model("app", "apps", one={"appstore": "appstore"}),
    _reference("appstore"),
    _reference("bidder"),
    _reference("browser"),
    _reference("campaign_debug_reason"),
    _reference("category", "categories"),
    Model("city", "cities", one={"country": "country"}),
    _reference("connection_type"),
    _reference("country", "countries"),
    _reference("creative_attribute"),
    _reference("creative_ban_reason"),
    _reference("datacenter"),
    _reference("device_type"),
    _reference("dma"),
    _reference("domain_attribute"),
    _reference("dsp"),
    Model("isp", "isps", one={"country": "country"}),
    _reference("languages", "languages"),
    _reference("operating_system"),
    _reference("placement_type"),
    _reference("price_model"),
    _reference("reason"),
    _reference("size"),
    Model("ssp", "ssps", one={"seller_profile": "seller_profile"}),
    _reference("ssp_result_type"),
    _reference("ssp_suspicious", "ssp_suspicious"),
    _reference("timezone"),
    _reference("visibility", "visibilities"),
    Model("zipcode", "zipcodes", one={"country": "country"}),
)

MODELS: dict[str, Model] = {model.name: model for model in BUSINESS + REFERENCE}

# Id-and-name lists of everything the user sees.
NAME_LISTS = ("networks", "publishers", "advertisers", "sites", "placements")

SEARCH_KEYS = ("advertisers", "campaigns", "creatives", "placements", "publishers", "sites")


def fold(word: str) -> str:
    """Return the form in which path words are compared.

    Clients write `Creatives`, `conversion-pixel`, `creative_attribute` and (the oldest) `CreativeAttribute` for the
    same things, so case, `-` and `_` are dropped.
    """
    return word.lower().replace("-", "").replace("_", "")


_BY_WORD: dict[str, Model] = {
    **{fold(model.plural): model for model in MODELS.values()},
    **{fold(model.name): model for model in MODELS.values()},
    "language": MODELS["languages"],
    "suspicious": MODELS["ssp_suspicious"],
}


def find_model(word: str) -> Model | None:
    """Find a model by a word of a path, singular or plural, however it is spelled."""
    return _BY_WORD.get(fold(word))
