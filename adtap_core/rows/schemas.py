"""JSON schemas of streams: entities' columns from files, reports' from their entries and the platform."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from adtap_core.declare import Entity, Report
from adtap_core.errors import AdtapError
from adtap_core.platform import Platform
from adtap_core.windows import Grain

PRECISION: Final = 38
SCALE: Final = 18
"""What every warehouse we load into can hold exactly; `docs/warehouses.md`."""
WHOLE: Final = PRECISION - SCALE
"""The most digits before the point."""
EXTRA: Final = "_extra"
LEDGER: Final = "sync_windows"
DAYS: Final = "sync_days"
_DECIMALS: Final = {
    "type": ["string", "null"],
    "format": "x-singer.decimal",
    "precision": PRECISION,
    "scale": SCALE,
}


@lru_cache(maxsize=1024)
def stream_file(package: str, name: str) -> Mapping[str, Any] | None:
    """Return the schema file of a stream, None if there is none.

    It is read once: a tap that is made again in this process has the same.

    Args:
        package: The tap's package.
        name: The stream's name.
    """
    path = resources.files(package) / "schemas" / f"{name}.json"
    return json.loads(path.read_bytes()) if path.is_file() else None


def exact(prop: Mapping[str, Any], decimals_as: str) -> dict[str, Any]:
    """Return a property with `number` spelt so that no float comes in between.

    Args:
        prop: A column's schema.
        decimals_as: `singer_decimal` (digits as a string) or `number`.
    """
    kinds = prop.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if "number" not in kinds:
        return dict(prop)
    if decimals_as == "number":
        return {**prop, "type": ["number", "null"]}
    return {**prop, **_DECIMALS}


def entity_schema(
    package: str,
    entity: Entity,
    decimals_as: str,
    has_column: Callable[[Mapping[str, Any]], bool] = lambda _column: True,
) -> dict[str, Any]:
    """Return the schema of an entity stream.

    Args:
        package: Holds `schemas/`.
        entity: The stream.
        decimals_as: How exact decimals are written.
        has_column: Which of the file's columns exist.

    Returns:
        The file's JSON schema: its columns that exist, and `_extra`.

    Raises:
        AdtapError: If the stream has no schema file.
    """
    schema = stream_file(package, entity.name)
    if schema is None:
        msg = (
            f"stream {entity.name} has no schema: schemas/{entity.name}.json is missing in the package {package} "
            "(a defect of that tap: reinstall it, or tell its makers)"
        )
        raise AdtapError(msg)
    properties = {
        k: exact(v, decimals_as) for k, v in schema["properties"].items() if has_column(v)
    }
    properties[EXTRA] = _object(
        "What the platform sent and this schema does not name yet; null when nothing."
    )
    return {**schema, "properties": properties}


def report_schema(
    report: Report, platform: type[Platform], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the JSON schema of a report stream, from its entry and what the platform knows of its fields.

    Args:
        report: The entry, built in or the user's.
        platform: Types and describes its fields.
        settings: The tap's settings.

    Returns:
        A JSON schema; `x-grain` names the columns of the key, its properties are `_row_key`, the bucket, dimensions,
        metrics and the core's own.
    """
    decimals_as = settings.get("decimals_as", "singer_decimal")
    names = report.columns
    properties: dict[str, Any] = {
        "_row_key": _text(
            "Digest of the account, the time bucket and every dimension; the primary key.",
            null=False,
        ),
        report.grain.value: {"type": "string", **_BUCKETS[report.grain]},
    }
    for role, fields in (("dimension", report.dimensions), ("metric", report.metrics)):
        for name in fields:
            prop = platform.field_schema(report, name, role)
            properties[names[name]] = exact(prop, decimals_as)
    properties |= platform.constant_columns(report, settings)
    properties |= _COMMON
    grain = ["_account", report.grain.value, *(names[d] for d in report.dimensions)]
    source = {"$comment": f"Source: {report.source}"} if report.source else {}
    return {**source, "type": "object", "x-grain": grain, "properties": properties}


def restored(schema: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """Return a catalog's schema with the keys that the SDK's catalog does not know.

    Args:
        schema: As it came through the catalog; a user may have changed it.
        ours: The stream's own schema. A property whose type or format the user changed is left alone.
    """
    known = ours.get("properties", {})
    properties = {
        name: {**known[name], **prop}
        if name in known and all(prop.get(k) == known[name].get(k) for k in ("type", "format"))
        else prop
        for name, prop in schema.get("properties", {}).items()
    }
    # A catalog may be older than the tap or its settings: what a record can hold is declared all the same.
    properties |= {name: dict(prop) for name, prop in known.items() if name not in properties}
    extra = {k: v for k, v in ours.items() if k.startswith(("x-", "$"))}
    return {**extra, **schema, "properties": properties}


def is_count(prop: Mapping[str, Any]) -> bool:
    """Return whether a column holds whole numbers, so that sums of it tie out to the last digit.

    >>> is_count({"type": ["integer", "null"]}), is_count({"type": ["number", "null"]})
    (True, False)
    """
    return "integer" in prop["type"]


def contradictions(stream: str, given: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Return one line for each column that a catalog and the setting `decimals_as` type differently.

    Args:
        stream: The stream.
        given: The catalog's schema.
        ours: The stream's own, as the settings make it.
    """

    def is_exact(prop: Mapping[str, Any]) -> bool | None:
        if prop.get("format") == _DECIMALS["format"]:
            return True
        return False if "number" in prop.get("type", ()) else None

    lines = []
    for name, prop in ours.get("properties", {}).items():
        wanted, said = is_exact(prop), is_exact(given.get("properties", {}).get(name, prop))
        if wanted is not None and said is not None and wanted != said:
            kind = "digits as text" if said else "a number"
            lines.append(
                f"--catalog: column {name} of {stream} is {kind}, and the setting `decimals_as` makes it "
                f"{'a number' if said else 'digits as text'}; discover the catalog again with the settings of the sync"
            )
    return lines[:1]  # one a stream is enough to know what to do


def _text(description: str, *, null: bool = True, **more: Any) -> dict[str, Any]:
    return {"type": ["string", "null"] if null else "string", "description": description, **more}


def _key_moment(description: str) -> dict[str, Any]:
    return _text(description, null=False, format="date-time")


def _count(description: str) -> dict[str, Any]:
    return {"type": ["integer", "null"], "description": description}


def _object(description: str) -> dict[str, Any]:
    return {"type": ["object", "null"], "additionalProperties": True, "description": description}


_BUCKETS: Final = {
    Grain.HOUR: {"format": "date-time", "description": "Start of the hour, a UTC instant."},
    Grain.DAY: {"format": "date", "description": "Day in the report's time zone."},
    Grain.WEEK: {
        "format": "date",
        "description": "First day of the week, in the report's time zone.",
    },
    Grain.MONTH: {
        "format": "date",
        "description": "First day of the month, in the report's time zone.",
    },
}
_COMMON: Final = {
    "_time_zone": _text("Time zone that the bucket is in."),
    "_currency": _text(
        "Currency of the money columns, ISO 4217; null if the platform does not say."
    ),
    "_data_state": _text(
        "partial: the bucket is still running; provisional: the platform may restate it; settled: final."
    ),
    "_account": _text("Account-like unit that the row was read for, as JSON text.", null=False),
    "_synced_at": _text("When the window of this row was read.", format="date-time"),
    EXTRA: _object(
        "Values that do not fit their column's type, by column, and fields of the row that nobody "
        "asked for, as the platform sent them; null when there are none."
    ),
}
_WRITTEN: Final = "an instant for hourly reports, else the day at 00:00 with `Z`"
_WHEN_READ: Final = "When it was read; equals the rows' `_synced_at`."
_WHOSE: Final = {
    "stream": _text("Report stream.", null=False),
    "account": _text("Account-like unit, as JSON text.", null=False),
}
LEDGER_KEYS: Final = ("stream", "account", "window_start", "window_end")
LEDGER_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        **_WHOSE,
        "window_start": _key_moment(f"First moment of the window: {_WRITTEN}."),
        "window_end": _key_moment("End of the window, exclusive; written as window_start."),
        "row_count": _count("Rows read for this account."),
        "requests": _count("Requests that it took, retries included."),
        "retries": _count("Requests that were retried."),
        "splits": _count("How often the window was split into smaller requests."),
        "data_state": _text(
            "State of the window's latest bucket: partial, provisional or settled."
        ),
        "control": _object(
            "The platform's own totals of the window, by metric (money: metric and currency), digits "
            "as text; null if they were not asked for."
        ),
        "ties": {
            "type": ["boolean", "null"],
            "description": "Whether the rows that were written add up to the platform's totals; null if those were "
            "not asked for.",
        },
        "warnings": _text("What the platform itself warned of in its answer; null if of nothing."),
        "synced_at": _text(_WHEN_READ, format="date-time"),
        "tap_version": _text("Version of the tap that read it."),
    },
}
DAYS_KEYS: Final = ("stream", "account", "bucket", "synced_at")
DAYS_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        **_WHOSE,
        "bucket": _key_moment(f"Start of the time bucket: {_WRITTEN}."),
        "synced_at": _key_moment(_WHEN_READ),
        "age_days": _count("Whole days from the bucket's end to the reading."),
        "data_state": _text("partial, provisional or settled, as it was read."),
        "row_count": _count("Rows of the bucket."),
        "totals": _object(
            "What its rows add up to, by additive metric (money: metric and currency), exact, digits "
            "as text."
        ),
        "digest": _text(
            "Digest of what its rows say, whatever their order: two readings with one digest read the same."
        ),
    },
}
