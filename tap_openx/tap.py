"""The tap: its settings, and what it is made of."""

from adtap_core import settings as s
from adtap_core.tap import AdTap
from tap_openx.client import OpenxPlatform
from tap_openx.current import API_URL
from tap_openx.legacy import DATA_SERVICE_PATHS
from tap_openx.streams import AUDITED_TYPES, CURRENT, ENTITIES, LEGACY, OPTION_KEYS, REPORTS

_SETTINGS = {
    "api_generation": s.choice(
        "API generation",
        "Which APIs to use: `legacy` (Data Service and Platform API behind the single sign-on) or `current` "
        "(OAuth 2 and report jobs). Default: legacy if `consumer_key` is set, current if `client_id` is.",
        (LEGACY, CURRENT),
    ),
    "email": s.text("E-mail", "Login of an OpenX user."),
    "password": s.secret(
        "Password", "Password of that user; OpenX lets it expire after six months."
    ),
    "consumer_key": s.secret("Consumer key", "OAuth 1.0a consumer key (legacy)."),
    "consumer_secret": s.secret("Consumer secret", "OAuth 1.0a consumer secret (legacy)."),
    "sso_url": s.text(
        "Single sign-on URL",
        "Base address of the single sign-on (legacy).",
        default="https://sso.openx.com",
    ),
    "data_service_path": s.text(
        "Data Service path",
        "Path of the Data Service below `api_url` (legacy); where it is not found, "
        f"{DATA_SERVICE_PATHS[1]} is tried.",
        default=DATA_SERVICE_PATHS[0],
    ),
    "client_id": s.text("Client ID", "OAuth 2 client id (current)."),
    "identity_url": s.text(
        "Identity URL",
        "Base address of the identity service that checks e-mail and password (current).",
        default="https://identitytoolkit.googleapis.com",
    ),
    "identity_key": s.secret(
        "Identity key", "Key of the identity service, from OpenX's documentation (current)."
    ),
    "instance_hostname": s.text(
        "Instance hostname", "Host name of the OpenX instance, such as NAME-ui.openx.net (current)."
    ),
    "account_ids": s.ids(
        "Account IDs",
        "Publisher accounts whose report rows are read, each with its own bookmark (legacy). Default: all that "
        "the login sees, with one bookmark.",
    ),
    "option_keys": s.texts(
        "Option keys",
        "Keys whose options the stream `options` reads, such as country_options. Default: the "
        f"{len(OPTION_KEYS)} that name what other streams hold.",
    ),
    "audited_types": {
        **s.texts(
            "Audited types",
            "Types of objects whose changes the stream `audit_trail` reads. A type that is added later begins at the "
            f"bookmark: clear the stream's state to read its past. Default: all of {', '.join(AUDITED_TYPES)}.",
        ),
        "items": {"type": "string", "enum": list(AUDITED_TYPES)},
    },
    "quota_waits": s.integer(
        "Quota waits",
        "How often one request waits for the next hour when the instance's hourly quota is used up; then its "
        "stream fails.",
        minimum=0,
        maximum=1000,
        default=3,
    ),
}


class TapOpenx(AdTap):
    """Accounts, inventory, demand and reports of the OpenX exchange and ad server."""

    name = "tap-openx"
    platform_class = OpenxPlatform
    config_jsonschema = s.config_schema(
        OpenxPlatform,
        own=_SETTINGS,
        required=("email", "password"),
        lookback_source="recent hours are replaced by final data when the platform closes the day; hourly reports 2 days",
        time_zone="UTC, the only one OpenX counts in",
        grains=("hour", "day"),
    )
    config_jsonschema["properties"]["api_url"]["description"] = (
        "Base address of the API. Legacy: the customer's own UI host, `https://NAME-ui.openx.net` (required). "
        f"Current: {API_URL} unless set."
    )
    entities = ENTITIES
    reports = REPORTS
