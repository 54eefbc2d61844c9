"""The tap: its settings, and what it is made of."""

from adtap_core import settings as s
from adtap_core.tap import AdTap
from tap_terminalone import auth
from tap_terminalone.client import TerminalOne
from tap_terminalone.fields import SNAPSHOT_WINDOWS, TO_DATE
from tap_terminalone.streams import CURRENT, ENTITIES, LEGACY, REPORTS

_SETTINGS = {
    "api_generation": s.choice(
        "API generation",
        "Which APIs to use: `current` (Campaign Management v3.0 and Reporting V2) or `legacy` (v2.0 and "
        "Reports V1).",
        (CURRENT, LEGACY),
        default=CURRENT,
    ),
    "auth_method": s.choice(
        "Login",
        "How to log in: `oauth_password`, `oauth_refresh` or `access_token` (both generations), `cookie` or "
        "`session_id` (legacy). Default: by which credentials are set.",
        auth.METHODS,
    ),
    "username": s.text("User name", "Login of a TerminalOne user."),
    "password": s.secret("Password", "Password of that user."),
    "client_id": s.text("Client ID", "OAuth 2 client id."),
    "client_secret": s.secret("Client secret", "OAuth 2 client secret."),
    "refresh_token": s.secret(
        "Refresh token", "OAuth 2 refresh token, from a grant with the scope `offline_access`."
    ),
    "access_token": s.secret(
        "Access token", "A ready bearer token; good for 24 hours, not renewed."
    ),
    "realm": s.text(
        "Realm", "Auth0 realm of the user, such as T1DB-Production; usually not needed."
    ),
    "api_key": s.secret("API key", "Key of the developer portal, for cookie sessions (legacy)."),
    "session_id": s.secret(
        "Session ID", "A ready session, 40 hex digits; good for 24 hours, not renewed (legacy)."
    ),
    "organization_ids": s.ids(
        "Organization IDs",
        "Organizations to read, each with its own report bookmark. Default: all that the login sees.",
    ),
    "advertiser_ids": s.ids(
        "Advertiser IDs",
        "Advertisers whose reports are read, each with its own bookmark, instead of whole organizations.",
    ),
    "auth_url": s.text(
        "Auth URL", "Base address of the OAuth login.", default="https://auth.mediamath.com"
    ),
}


class TapTerminalOne(AdTap):
    """Organizations, campaigns, strategies, creatives and reports of MediaMath TerminalOne."""

    name = "tap-terminalone"
    platform_class = TerminalOne
    config_jsonschema = s.config_schema(
        TerminalOne,
        own=_SETTINGS,
        report_extras={
            "report": {"type": "string"},
            "time_rollup": {
                "type": "string",
                "enum": ["by_hour", "by_day", "by_week", "by_month", "all"],
            },
            "time_window": {"type": "string", "enum": [*SNAPSHOT_WINDOWS, *TO_DATE]},
        },
        report_required=("report",),
        api_url="https://api.mediamath.com",
        lookback_source="conversions are credited to the day of the impression or click for as long as a "
        "campaign's windows say, 30 days is common",
        time_zone="each campaign's own for days, UTC for hours; the API offers no other",
    )
    entities = ENTITIES
    reports = REPORTS


if __name__ == "__main__":  # as in 0.1.0
    TapTerminalOne.cli()
