"""The tap: settings, and the streams made from the table."""

from adtap_core import settings as s
from adtap_core.tap import AdTap
from tap_atomx.auth import DEFAULT_EXPIRATION_SECONDS
from tap_atomx.client import API_URL, AtomxPlatform
from tap_atomx.fields import DATE_RANGES, SCOPES
from tap_atomx.lists import ORDERS
from tap_atomx.streams import ENTITIES, LOGGED_MODELS, REPORTS


class TapAtomx(AdTap):
    """Campaigns, creatives, inventory, change history and reports of the atomx ad exchange."""

    name = "tap-atomx"
    platform_class = AtomxPlatform
    entities = ENTITIES
    reports = REPORTS
    config_jsonschema = s.config_schema(
        AtomxPlatform,
        own={
            "email": s.text("E-mail", "Login of the atomx account."),
            "password": s.secret("Password", "Password of the login."),
            "totp": s.secret(
                "TOTP",
                "Second factor, where the login has one: its base-32 secret, or a code of six digits (good for "
                "one run of half a minute). Best is an API user without a second factor.",
            ),
            "token_expiration_seconds": s.integer(
                "Token life",
                "How long a login's token should be good for, in seconds. The platform's maximum is not published; a token "
                "that ends earlier is renewed.",
                minimum=60,
                maximum=1_000_000_000,
                default=DEFAULT_EXPIRATION_SECONDS,
            ),
            "order_parameter": s.choice(
                "Order parameter",
                "What the API calls the order of a list: `order_by` in its documentation, `sort` in its newer "
                "client. The other is asked for where this one is seen not to be known.",
                ORDERS,
                default=ORDERS[0],
            ),
            "history_models": {
                **s.texts(
                    "History models",
                    "Models whose change log the stream `history` reads: "
                    f"{', '.join(LOGGED_MODELS)}. Default: all of them but domains, seller_profiles and users.",
                ),
                "items": {"type": "string", "enum": list(LOGGED_MODELS)},
            },
            "history_unchanged": s.boolean(
                "History of unchanged objects",
                "Ask for the change log of every object on every run, not only of those whose modification time "
                "moved since the last one.",
                default=False,
            ),
        },
        required=("email", "password"),
        report_extras={
            "scope": {"type": "string", "enum": list(SCOPES)},
            "daterange": {"type": "string", "enum": list(DATE_RANGES)},
            "transport": {"type": "string", "enum": ["tsv", "json"]},
        },
        report_required=("scope",),
        api_url=API_URL,
        lookback_source="fraud filtering and late conversions change recent days; the platform publishes no "
        "closing day",
        time_zone="UTC",
        grains=("hour", "day", "month"),
    )
