"""Settings that mean the same in every tap, and the faults of what a user wrote."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from adtap_core import __version__
from adtap_core.names import did_you_mean
from adtap_core.platform import Platform
from adtap_core.redact import redact
from adtap_core.windows import Zone

DEFAULT_START_DAYS: Final = 30
MOST_DAYS: Final = 36_500
"""A hundred years: more days than any platform keeps, and few enough to reckon with dates."""
_ADDRESS: Final = re.compile(r"https?://[^/\s]+")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_REPORT_NAME: Final = r"^[a-z][a-z0-9_]{0,62}$"

Schema = dict[str, Any]
_NOTHING: Final[Mapping[str, Schema]] = MappingProxyType({})
ID: Final[Schema] = {"type": ["string", "integer"], "minLength": 1}
"""An id, written as a text or as a number; the platform gets text. `with_types` makes it so."""

WORD: Final[Schema] = {"type": "string", "minLength": 1}
"""An entry of a list of texts: an empty one is what is left of a variable that is not set."""


def setting(kind: str, title: str, description: str, **more: Any) -> Schema:
    """Return the schema of a setting of one JSON type; `null` stands for a setting that was not set.

    Args:
        kind: The JSON type.
        title: Short name for people.
        description: What it does, for people; markdown.
        more: Further keywords of JSON schema, such as `pattern`, `minimum` or `default`.

    Returns:
        A JSON schema, such as `{"type": ["string", "null"], "title": …, "description": …}`.
    """
    return {"type": [kind, "null"], "title": title, "description": description, **more}


text: Final = partial(setting, "string")
"""The schema of a text setting: `text("Place", "Where it lies.", pattern="^/")`; see `setting`."""
number: Final = partial(setting, "number")
"""The schema of a number setting; see `setting`."""
integer: Final = partial(setting, "integer")
"""The schema of a whole-number setting; see `setting`."""
boolean: Final = partial(setting, "boolean")
"""The schema of a yes-or-no setting, `default=` what holds where the user says nothing; see `setting`."""


def secret(title: str, description: str) -> Schema:
    """Return the schema of a setting that no output may show.

    Args:
        title: Short name for people.
        description: What it does, for people; markdown.
    """
    return text(title, description, secret=True, writeOnly=True)


def choice(title: str, description: str, options: Sequence[str], **more: Any) -> Schema:
    """Return the schema of a setting with a few possible values.

    Args:
        title: Short name for people.
        description: What it does, for people; markdown.
        options: The values.
        more: Further keywords of JSON schema, such as `pattern` or `minimum`.
    """
    return text(title, description, enum=[*options, None], **more)


def texts(title: str, description: str) -> Schema:
    """Return the schema of a list-of-text setting; what is written twice in it is read once.

    Args:
        title: Short name for people.
        description: What it does, for people; markdown.
    """
    return setting("array", title, description, items=dict(WORD), uniqueItems=True)


def ids(title: str, description: str) -> Schema:
    """Return the schema of a setting that lists ids: texts, or numbers as YAML and JSON have them.

    Args:
        title: Short name for people.
        description: What it does, for people; markdown.
    """
    return {**texts(title, description), "items": dict(ID)}


_BACKFILL: Final = setting(
    "object",
    "Backfill",
    'Read exactly [from, to), `{"from": date, "to": date, "streams": [...]}`, without lookback, and leave every '
    "bookmark as it was.",
    required=["from", "to"],
    additionalProperties=False,
    properties={
        "from": {"type": "string", "description": "First day; required within `backfill`."},
        "to": {"type": "string", "description": "End, exclusive; required within `backfill`."},
        "streams": {
            "type": "array",
            "items": {"type": "string"},
            "uniqueItems": True,
            "description": "Report streams that are read. Default: all that are selected.",
        },
    },
)


def _reports(
    extras: Mapping[str, Schema], required: Sequence[str], grains: Sequence[str]
) -> Schema:
    """Return the schema of `reports`: definitions with the platform's own keys and time buckets."""
    definition = {
        "type": "object",
        "required": ["name", "dimensions", "metrics", *required],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "pattern": _REPORT_NAME},
            "dimensions": {"type": "array", "items": dict(WORD)},
            "metrics": {"type": "array", "items": dict(WORD), "minItems": 1},
            "filters": {"type": ["object", "array", "null"]},
            "grain": {"type": "string", "enum": list(grains)},
            "lookback_days": {"type": "integer", "minimum": 0, "maximum": MOST_DAYS},
            "start_date": {"type": "string"},
            **extras,
        },
    }
    return setting(
        "array",
        "Reports",
        "Report streams of your own, any number, beside the built-in ones: objects with `name`, `dimensions` (without "
        "the time bucket), `metrics`, and optionally `filters`, `grain`, `lookback_days`, `start_date`"
        + "".join(f", `{name}`" for name in extras)
        + ".",
        default=[],
        items=definition,
    )


def config_schema(
    platform: type[Platform],
    *,
    own: Mapping[str, Schema],
    required: Sequence[str] = (),
    report_extras: Mapping[str, Schema] = _NOTHING,
    report_required: Sequence[str] = (),
    api_url: str | None = None,
    lookback_source: str,
    time_zone: str,
    grains: Sequence[str] = ("hour", "day", "week", "month"),
) -> Schema:
    """Return a tap's `config_jsonschema`: its own settings and the common ones.

    Args:
        platform: Whose defaults of lookback, `concurrency` and `request_timeout_seconds` hold.
        own: The platform's settings.
        required: Settings that a sync can't do without.
        report_extras: The platform's keys of a report definition.
        report_required: Those of them that a definition can't do without.
        api_url: Default of `api_url`; None when it is the customer's own host.
        lookback_source: Why that many days are read again; in brackets behind the setting's description.
        time_zone: Default of `time_zone`, in words.
        grains: Time buckets that the platform knows.
    """
    common: dict[str, Schema] = {
        "start_date": text(
            "Start date",
            "First day that a report stream asks for (date or date-time); a lookback never goes before it. Entity "
            "streams ignore it. Default: 30 days ago.",
        ),
        "end_date": text(
            "End date", "Exclusive upper bound of reports: nothing on or after it is asked for."
        ),
        "lookback_days": integer(
            "Lookback",
            "Days before the bookmark that are read again because the platform restates them "
            f"({lookback_source}). A report may override it. Default: {platform.lookback_days}, or the report's own.",
            minimum=0,
            maximum=MOST_DAYS,
        ),
        "lookback_mode": choice(
            "Lookback mode",
            "`fixed` reads the whole lookback again on each run; `learned` reads a day again at the ages at which it "
            "was seen to move, and every day at least once a week, after 14 runs of `fixed`.",
            ("fixed", "learned"),
            default="fixed",
        ),
        "control_totals": boolean(
            "Control totals",
            "Ask the platform for the totals of each window as well, and write them and whether the rows tie out to "
            "`sync_windows` (`control`, `ties`).",
            default=False,
        ),
        "on_mismatch": choice(
            "On mismatch",
            "What to do when rows do not add up to the platform's own totals: `warn`, or `fail` (the window fails, "
            "its bookmark is held).",
            ("warn", "fail"),
            default="warn",
        ),
        "include_today": boolean(
            "Include today",
            "Also read the running, incomplete bucket of the report's time zone; its rows are `partial`.",
            default=False,
        ),
        "backfill": _BACKFILL,
        "reports": _reports(report_extras, report_required, grains),
        "time_zone": text("Time zone", f"Time zone of day and hour buckets. Default: {time_zone}."),
        "concurrency": integer(
            "Concurrency",
            "Most requests in flight at once, over all streams; 1 sends them one after the other.",
            minimum=1,
            maximum=1000,
            default=platform.concurrency,
        ),
        "rate_share": number(
            "Rate share",
            "This process's share of the platform: of the requests a second and of `concurrency` (at least one "
            "request at a time). N processes that run at once with 1/N each never exceed the platform's limits "
            "together, as long as N is not more than `concurrency`.",
            exclusiveMinimum=0,
            maximum=1,
            default=1,
        ),
        "request_timeout_seconds": number(
            "Request timeout",
            "Read timeout of one request, in seconds.",
            exclusiveMinimum=0,
            maximum=86_400,
            default=platform.timeout_seconds,
        ),
        "max_retries": integer(
            "Retries",
            "Retries of one request after a transient failure.",
            minimum=0,
            maximum=1000,
            default=6,
        ),
        "on_partition_error": choice(
            "On partition error",
            "After a stream or account fails: `continue` finishes the others, then exits non-zero; "
            "`fail_fast` stops at once.",
            ("continue", "fail_fast"),
            default="continue",
        ),
        "on_empty": choice(
            "On empty",
            "What to do when a report stream has no row in the whole run: `ok`, `warn`, or `fail` (exit non-zero, "
            "bookmark held).",
            ("ok", "warn", "fail"),
            default="ok",
        ),
        "decimals_as": choice(
            "Decimals as",
            "How exact decimals are written: `singer_decimal` (digits as text with a decimal schema) or "
            "`number` (JSON numbers, for targets that don't know the format).",
            ("singer_decimal", "number"),
            default="singer_decimal",
        ),
        "user_agent": text(
            "User agent", "Sent with every request.", default=f"adtaps/{__version__}"
        ),
        "api_url": text(
            "API URL", "Base address of the API.", **({"default": api_url} if api_url else {})
        ),
    }
    return {"type": "object", "properties": {**own, **common}, "required": list(required)}


_EXPECTED: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def schema_errors(settings: Mapping[str, Any], schema: Schema) -> list[str]:
    """Return one line for each setting that is missing or has the wrong type, range or form.

    Args:
        settings: The tap's settings.
        schema: The tap's `config_jsonschema`.
    """
    errors = []
    if "stream_maps" in schema["properties"]:
        # The SDK's own schema of it can't be walked by a validator; `stream_maps.map_errors` looks at them.
        plain = {"stream_maps": {"type": ["object", "null"]}}
        schema = {**schema, "properties": {**schema["properties"], **plain}}
    for error in _first_of_each(Draft202012Validator(schema).iter_errors(settings)):
        errors += _lines(error, schema, settings)
    return errors + [
        f"{name} is empty; it is required"
        for name in schema.get("required", ())
        if isinstance(given := settings.get(name), str) and not given.strip()
    ]


def _first_of_each(found: Iterable[ValidationError]) -> list[ValidationError]:
    """Return the errors of a schema by their place; where a value is of the wrong type, or empty, nothing else of it."""
    places: dict[tuple[str, ...], list[ValidationError]] = {}
    for error in found:
        places.setdefault(tuple(map(str, error.path)), []).append(error)
    chosen: list[ValidationError] = []
    for _, errors in sorted(places.items()):
        plain = [e for rule in ("type", "minLength") for e in errors if e.validator == rule]
        chosen += plain[:1] or errors
    return chosen


def setting_of(line: str) -> str:
    """Return the setting that a line of an error begins with."""
    return re.split(r"[^\w.]", line, maxsplit=1)[0]


def with_types(settings: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return settings as their schema means them: ids are text, a number may come as text, lists name a thing once.

    Meltano hands on `TAP_X_REQUEST_TIMEOUT_SECONDS=2.5` as text, and a YAML list of ids holds numbers.

    Args:
        settings: As given.
        schema: Of the settings, or of an object in them.
    """
    properties = schema.get("properties", {})
    return {name: _with_type(value, properties.get(name, {})) for name, value in settings.items()}


def _with_type(value: Any, prop: Schema) -> Any:
    kinds = prop.get("type", ())
    kinds = {kinds} if isinstance(kinds, str) else set(kinds) - {"null"}
    if isinstance(value, list) and "items" in prop:
        made = [_with_type(v, prop["items"]) for v in value]
        is_set = prop.get("uniqueItems") and all(isinstance(v, str) for v in made)
        return list(dict.fromkeys(made)) if is_set else made  # "7" and 7 are one id
    if isinstance(value, dict) and "properties" in prop:
        return with_types(value, prop)
    if kinds == {"string", "integer"} and type(value) in {int, float, Decimal}:
        text = format(Decimal(value), "f")
        return text.removesuffix(".0") if re.fullmatch(r"-?\d+(\.0)?", text) else value
    if kinds == {"number"} and isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    return value


def _place(path: Sequence[str | int], settings: Mapping[str, Any]) -> str:
    """Return where a fault is: `backfill.from`, `report 'x' (reports[0].metrics)`."""
    where = "".join(
        f"[{p}]" if isinstance(p, int) else f".{p}" if i else str(p) for i, p in enumerate(path)
    )
    if len(path) > 1 and str(path[0]).endswith("reports"):
        definition: Any = settings[str(path[0])][path[1]]
        name = definition.get("name") if isinstance(definition, Mapping) else None
        if isinstance(name, str):
            return f"report {name!r} ({where})"
    return where


def _shown(value: object) -> str:
    return redact.beginning(value if isinstance(value, Decimal) else repr(value), 120)


def _lines(  # noqa: C901, PLR0911, PLR0912 - one answer for each rule of a schema
    error: ValidationError, schema: Schema, settings: Mapping[str, Any]
) -> list[str]:
    path = list(error.path)
    where = _place(path, settings)
    hidden = bool(path) and schema["properties"].get(str(path[0]), {}).get("secret")
    if hidden:
        where = f"`{where}`"  # a bare name and a colon look like a secret to the redactor
    value = "the value" if hidden else _shown(error.instance)
    wanted: Any = error.validator_value
    instance: Any = error.instance
    parent: Any = error.schema
    match error.validator:
        case "required":
            missing = [k for k in wanted if k not in (instance or {})]
            prefix = f"{where}: " if where else ""
            return [
                f"{prefix}{k} is missing; it is required"
                for k in missing
                if f"'{k}'" in error.message
            ]
        case "additionalProperties":
            known = list(parent.get("properties", {}))
            unknown = [k for k in instance if k not in known]
            return [f"{where}: unknown key {k!r}{did_you_mean(k, known)}" for k in unknown]
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else [k for k in wanted if k != "null"]
            if kinds == ID["type"]:
                return [f"{where}: {value} is not an id; a text or a whole number is expected"]
            hint = ""
            if kinds == ["array"] and isinstance(instance, str) and not hidden:
                hint = f", such as {json.dumps([instance])}"
            return [
                f"{where}: {value} is not {' or '.join(_EXPECTED.get(k, k) for k in kinds)}{hint}"
            ]
        case "enum":
            return [
                f"{where}: {value} is not one of {', '.join(str(w) for w in wanted if w is not None)}"
            ]
        case "minimum":
            return [f"{where}: {value} is too small; at least {wanted} is expected"]
        case "maximum":
            return [f"{where}: {value} is too large; at most {wanted} is expected"]
        case "exclusiveMinimum":
            return [f"{where}: {value} is too small; more than {wanted} is expected"]
        case "minLength":
            return [f"{where} is empty; an unset variable in `${{NAME}}` vanishes, for example"]
        case "minItems":
            return [f"{where}: at least one entry is expected"]
        case "pattern" if wanted == _REPORT_NAME:
            return [
                f"{where}: {value} is not a stream name: lower-case letters, digits and _, a letter first, at most 63"
            ]
        case "pattern" if not hidden:
            upper = str(instance).upper()
            hint = f"; did you mean {upper!r}?" if re.search(wanted, upper) else ""
            return [f"{where}: {value} does not have the form {wanted}{hint}"]
        case _:
            return [f"{where}: {value}: {error.message if not hidden else 'not accepted'}"]


def moment_error(name: str, value: object) -> str | None:
    """Return what is wrong with a date or date-time setting, or None if it is good.

    Args:
        name: The setting, as the message names it.
        value: What the user wrote.
    """
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return f"{name}: {value!r} is not a date or date-time; expected e.g. 2026-01-31 or 2026-01-31T00:00:00Z"
    return None


def common_errors(settings: Mapping[str, Any]) -> list[str]:
    """Return one line for each error of the common settings that a schema can't see.

    What is of the wrong type is the schema's to say.
    """
    errors = [
        fault
        for name in ("start_date", "end_date")
        if isinstance(settings.get(name), str) and (fault := moment_error(name, settings[name]))
    ]
    if not errors and all(isinstance(settings.get(n), str) for n in ("start_date", "end_date")):
        errors += _order_error(
            "start_date", settings["start_date"], "end_date", settings["end_date"]
        )
    errors += _backfill_errors(settings.get("backfill"))
    if settings.get("flattening_enabled") and settings.get("flattening_max_depth") in {None, -1}:
        errors.append(
            "flattening_max_depth is missing; it is required where `flattening_enabled` is true"
        )
    if isinstance(settings.get("time_zone"), str):
        try:
            Zone(settings["time_zone"])
        except ValueError as error:
            errors.append(f"time_zone: {error}")
    reports = settings.get("reports")
    for index, report in enumerate(reports if isinstance(reports, list) else []):
        if isinstance(report, dict) and isinstance(report.get("start_date"), str):
            place = _place(["reports", index, "start_date"], settings)
            fault = moment_error(place, report["start_date"])
            errors += [fault] if fault else []
    user_agent = settings.get("user_agent")
    if isinstance(user_agent, str) and not re.fullmatch(r"[\x20-\x7e]+", user_agent):
        errors.append("user_agent: only printable ASCII can be sent in a header")
    return errors + [
        # Not what stands before an @: it may be a password.
        f"{name}: {value.rpartition('@')[2]!r} is not an address; expected e.g. https://api.example.com"
        for name, value in settings.items()
        if name.endswith("_url") and isinstance(value, str) and not _ADDRESS.match(value)
    ]


def _backfill_errors(backfill: object) -> list[str]:
    if not (
        isinstance(backfill, dict) and all(isinstance(backfill.get(k), str) for k in ("from", "to"))
    ):
        return []
    errors = [f for k in ("from", "to") if (f := moment_error(f"backfill.{k}", backfill[k]))]
    return errors or _order_error("backfill.from", backfill["from"], "backfill.to", backfill["to"])


def _order_error(first: str, start: object, second: str, end: object) -> list[str]:
    a, b = (_comparable(str(v)) for v in (start, end))
    return [] if a < b else [f"{second}: {end!r} is not after {first} {start!r}"]


def _comparable(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def default_start(now: datetime) -> date:
    """Return the first day asked of a report when no `start_date` is set."""
    return now.date() - timedelta(days=DEFAULT_START_DAYS)


def path_hint(name: str, address: object, default: str) -> str:
    """Return what to add to a 404 if an address lacks the path that its default has; else nothing."""
    path = urlsplit(default).path.rstrip("/")
    if not path or urlsplit(str(address or default)).path.rstrip("/").endswith(path):
        return ""
    return f" (the setting `{name}` is {address}; is its path missing? The default ends in {path})"
