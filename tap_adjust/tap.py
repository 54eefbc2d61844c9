"""The tap: settings and streams."""

from typing import Any, Final

from adtap_core import settings as s
from adtap_core.tap import AdTap
from tap_adjust.choices import DEFAULTS
from tap_adjust.client import API_URL, KPI_API_URL, AdjustPlatform
from tap_adjust.fields import ALL_ATTRIBUTION_TYPES
from tap_adjust.kpi_service import DEFINITION_SCHEMA
from tap_adjust.streams import ENTITIES, REPORTS
from tap_adjust.transports import FORMATS

_ATTRIBUTION_TYPES: Final = {
    "type": ["array", "null"],
    "items": {"type": "string", "enum": list(ALL_ATTRIBUTION_TYPES)},
    "minItems": 1,
    "uniqueItems": True,
    "title": "Attribution types",
    "description": "Attribution types that count, always sent: click, impression, engaged_ad. Default: all "
    "three, as the service itself counts since 2026-07-13.",
    "default": DEFAULTS["attribution_types"],
}
_TEXTS: Final = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}


def _choice(name: str, words: str, options: tuple[str, ...]) -> dict[str, s.Schema]:
    title = name.replace("_", " ").capitalize()
    return {name: s.choice(title, words, options, default=DEFAULTS[name])}


_CHOICES: Final[dict[str, dict[str, Any]]] = {
    "attribution_types": _ATTRIBUTION_TYPES,
    **_choice(
        "attribution_source",
        "first counts all later activity to the install's source; dynamic splits it with the sources of "
        "reattributions.",
        ("first", "dynamic"),
    ),
    **_choice(
        "reattributed",
        "Whether reattributed users count: all, true (only they) or false (none of them).",
        ("all", "true", "false"),
    ),
    **_choice(
        "ad_spend_mode",
        "Source of `cost` and of all that is computed from it: adjust (attribution), network, or mixed.",
        ("adjust", "network", "mixed"),
    ),
    **_choice(
        "cohort_maturity",
        "immature gives unfinished cohorts their current value, mature gives them 0.",
        ("immature", "mature", "fully_mature"),
    ),
    "currency": s.text(
        "Currency",
        "Currency that money is converted to, ISO 4217. Default: each app's own reporting currency.",
        pattern="^[A-Z]{3}$",
    ),
    "sandbox_data": s.boolean(
        "Sandbox data",
        "Read the data of Adjust's sandbox environment instead of the production data.",
        default=DEFAULTS["sandbox_data"],
    ),
    "report_format": s.choice(
        "Report format",
        "Transport of reports: json, csv, or parquet (needs the package pyarrow); auto is json. Choose once: "
        "CSV can't tell null from an empty text, so a change changes keys.",
        FORMATS,
        default="auto",
    ),
    "app_tokens": s.ids("App tokens", "App tokens to read. Default: every app the token sees."),
}


def _extra(schema: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in schema.items() if k != "default"}


class TapAdjust(AdTap):
    """Apps, events and reports of the Adjust mobile measurement service."""

    name = "tap-adjust"
    platform_class = AdjustPlatform
    config_jsonschema = s.config_schema(
        AdjustPlatform,
        own={
            "api_token": s.secret(
                "API token", "API token of the Adjust user (Account settings, My profile)."
            ),
            "account_id": {
                **s.text(
                    "Account ID", "Account to read, where the token's user has more than one."
                ),
                "type": ["string", "integer", "null"],
            },
            "app_tokens": _CHOICES["app_tokens"],
            **{k: v for k, v in _CHOICES.items() if k != "app_tokens"},
            "kpi_api_url": s.text(
                "KPI API URL", "Base address of the legacy KPI service.", default=KPI_API_URL
            ),
            "kpi_auth": s.choice(
                "KPI auth",
                "How the token reaches the KPI service: header (Authorization: Token token=…) or query "
                "(user_token=…).",
                ("header", "query"),
                default="header",
            ),
            "kpi_reports": {
                "type": ["array", "null"],
                "title": "KPI reports",
                "description": "Report streams of your own on the legacy KPI service: objects with `name`, "
                "`endpoint` (deliverables, events, cohorts, skadnetwork), `kpis`, `grouping`, and the "
                "service's own parameters.",
                "default": [],
                "items": DEFINITION_SCHEMA,
            },
        },
        required=("api_token",),
        report_extras={
            **{k: _extra(v) for k, v in _CHOICES.items()},
            "iap_revenue_mode": {
                "type": "string",
                "enum": [f"GROSS_{n}" for n in (100, 95, 85, 80, 70, 65, 60, 50)],
            },
            "assisting_attribution_type": {
                "type": "string",
                "enum": ["click", "impression", "all"],
            },
            "ad_revenue_sources": dict(_TEXTS),
            "os_names": dict(_TEXTS),
            "cohort_periods": {**_TEXTS, "minItems": 1},
            "per_event": {"type": "boolean"},
            "parameters": {"type": "object"},
        },
        api_url=API_URL,
        lookback_source="network spend is pulled again for the last 14 days, every day",
        time_zone="UTC; else a fixed offset such as +05:30, as Adjust takes no other",
    )
    entities = ENTITIES
    reports = REPORTS
