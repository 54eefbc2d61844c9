"""The settings of the loader's programs, as JSON schemas."""

from collections.abc import Mapping
from typing import Any, Final

Property = dict[str, Any]


def _text(title: str, description: str, *, required: bool = False, **more: Any) -> Property:
    types = ["string"] if required else ["string", "null"]
    return {"type": types, "minLength": 1, "title": title, **more, "description": description}


def _flag(title: str, description: str) -> Property:
    return {
        "type": ["boolean", "null"],
        "title": title,
        "default": False,
        "description": description,
    }


_BATCH_ROWS: Final[Property] = {
    "type": ["integer", "null"],
    "minimum": 1,
    "title": "Rows a batch",
    "default": 122_880,  # a row group of DuckDB: no group is compressed twice
    "description": "Rows of all streams together that are held before they are committed.",
}
_COMMON: Final[dict[str, Property]] = {
    "batch_size_rows": _BATCH_ROWS,
    "validate_records": _flag(
        "Validate records",
        "Check each record against its whole JSON schema. Off, types are still checked: a value that its "
        "column cannot hold exactly ends the load. On costs most of the speed.",
    ),
    "replace_windows": _flag(
        "Replace windows",
        "When a tap's ledger `sync_windows` says that a window of a report was read again, remove the rows "
        "that the platform no longer returns for it, in the same transaction.",
    ),
}


def filled(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a program's settings as they were given, null as if it was not, and the defaults of all others.

    Args:
        schema: The JSON schema of its settings.
        given: What the user has set.
    """
    defaults = {name: rules.get("default") for name, rules in schema["properties"].items()}
    both = defaults | {name: value for name, value in given.items() if value is not None}
    return {name: value for name, value in both.items() if value is not None}


def _schema(properties: dict[str, Property], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*required],
        "$schema": "https://json-schema.org/draft/2020-12/schema",
    }


DUCKDB: Final = _schema(
    {
        "path": _text(
            "Database file",
            "The DuckDB file. It is made if it is missing; its folder is not.",
            required=True,
        ),
        "default_target_schema": _text(
            "Schema", "The schema of all tables, made if it is missing.", default="main"
        ),
        **_COMMON,
        "parquet_path": _text(
            "Parquet folder",
            "If set, each stream of the run is also written whole to <stream>.parquet in this folder, at "
            "the end of the run. The folder must exist.",
        ),
    },
    required=("path",),
)
POSTGRES: Final = _schema(
    {
        "sqlalchemy_url": _text(
            "Address",
            "The database's address, postgresql://user:password@host:port/database; instead of the "
            "settings below, of which it needs none.",
            secret=True,
        ),
        "host": _text("Host", "The server, or the folder of its Unix socket."),
        "port": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 65535,
            "title": "Port",
            "description": "The server's port; 5432 if nothing else is said.",
        },
        "user": _text("User", "Who logs in."),
        "password": _text("Password", "The user's password.", secret=True),
        "database": _text("Database", "The database on the server."),
        "ssl_mode": {
            "type": ["string", "null"],
            "enum": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full", None],
            "title": "TLS mode",
            "description": "libpq's `sslmode`: whether the connection is encrypted, and how the server is checked.",
        },
        "default_target_schema": _text(
            "Schema", "The schema of all tables, made if it is missing.", default="public"
        ),
        **_COMMON,
        "all_digits": _flag(
            "All digits",
            "Make decimal columns `numeric` without precision and scale, and keep every digit. Off, they are "
            "`numeric(38,18)`, and digits behind the 18th are rounded.",
        ),
    }
)
