"""The six places that rows are loaded into, and how each is read back.

    Store
      ├─ Postgres    meltanolabs-target-postgres, on a real server whose own time zone is New York
      ├─ OwnPostgres target-adtap-postgres, on the same
      ├─ DuckDB      target-adtap-duckdb
      ├─ Parquet     the same with `parquet_path`, read by pyarrow
      ├─ JsonLines   target-jsonl, in an environment of its own
      └─ Snowflake   meltanolabs-target-snowflake on the emulator fakesnow, in an environment of its own

A value comes back as the property's type says: Decimal, date, aware datetime, int, bool, str, or what
JSON makes of nested ones. `JSON_NULL` is a JSON null where SQL has NULL for others.
"""

# ruff: noqa: S608 - the names in these queries are the tests' own

import functools
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from tests import programs
from tests.contracts.vendors import Vendor, build
from tests.forks import Forks, Running
from tests.postgres import target_settings

EMULATED: Final = Path(__file__).with_name("snowflake_emulated.py")
BIN: Final = Path(sys.executable).parent
TARGETS: Final[Mapping[str, Vendor]] = {
    "target-jsonl": Vendor("target_jsonl", ("target-jsonl==0.1.4",)),
    "target-snowflake": Vendor(
        "target_snowflake.target",
        (
            "meltanolabs-target-snowflake==0.20.4",
            "fakesnow[server]==0.12.1",
            # fakesnow takes 5.2, which has lost a module that it imports.
            "snowflake-connector-python==4.8.1",
            "duckdb==2.0.0",
        ),
    ),
}
"""Targets that can't live beside singer-sdk 0.54: built on first use, kept below `.cache`."""
_IMPORTED: Final = {
    "target-jsonl": ("target_jsonl",),
    "target-snowflake": ("fakesnow", "target_snowflake.target"),
}
JSON_NULL: Final = object()
Row = dict[str, Any]


def python_of(target: str) -> Path:
    """The interpreter of a target's own environment; skips with the reason if it can't be built."""
    return build(target, TARGETS[target])[0]


@functools.cache
def forks_of(target: str) -> Forks:
    """The process that has imported a target in its own environment; it ends with this one."""
    return Forks(python_of(target), _IMPORTED[target])


@dataclass(frozen=True)
class Load:
    """How a load ended.

    Args:
        code: The exit code.
        states: The STATE values written.
        stderr: What was said beside them.
        seconds: How long it took.
    """

    code: int
    states: list[dict[str, Any]]
    stderr: str
    seconds: float

    @property
    def state(self) -> dict[str, Any]:
        """The last STATE; empty if there was none."""
        return self.states[-1] if self.states else {}


class Store:
    """A warehouse and the target that fills it.

    Args:
        folder: A folder of this store's own.
        schema: The schema of its tables.
    """

    name: str
    upserts = True
    """Whether a row replaces the one of the same key."""
    json_is_text = True
    """Whether nested values come back as JSON text."""

    def __init__(self, folder: Path, schema: str) -> None:
        self.folder, self.schema = folder, schema
        folder.mkdir(parents=True, exist_ok=True)

    # -- what each store says of itself

    def command(self) -> list[str]:
        """The target's program and its arguments, but for `--config`."""
        return [str(BIN / self.name)]

    def settings(self) -> dict[str, Any]:
        """The target's settings."""
        raise NotImplementedError

    def types(self, stream: str) -> dict[str, str]:
        """The types of a table's columns, by the stream's names."""
        raise NotImplementedError

    def values(self, stream: str) -> list[Row]:
        """The rows of a table, as they come out."""
        raise NotImplementedError

    def execute(self, arguments: list[str], given: str) -> subprocess.CompletedProcess[str]:
        """Run the target's program to its end, as a fork of a process that has imported it."""
        return programs.run(self.name, arguments, given=given, folder=self.folder)

    def start(self, stdin: Connection) -> Running:
        """Start a load, to be killed; what it says goes to files in the folder."""
        return programs.start(
            self.name,
            self.program()[len(self.command()) :],
            stdin=stdin,
            stdout=self.folder / "states.jsonl",
            stderr=self.folder / "errors.txt",
            folder=self.folder,
        )

    def close(self) -> None:
        """End what was opened for questions."""

    # -- what is the same for all

    def program(self, **settings: object) -> list[str]:
        """The command line of a load, settings written to a file."""
        file = self.folder / "config.json"
        file.write_text(json.dumps({**self.settings(), **settings}))
        return [*self.command(), "--config", str(file)]

    def load(self, messages: str, **settings: object) -> Load:
        """Load messages, as text."""
        began = time.monotonic()
        done = self.execute(self.program(**settings)[len(self.command()) :], messages)
        states = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return Load(done.returncode, states, done.stderr, time.monotonic() - began)

    def rows(self, schema: Mapping[str, Any]) -> list[Row]:
        """The rows of a stream, each value of the type that its property says.

        Args:
            schema: The stream's SCHEMA message.
        """
        kinds = {name: kind(spec) for name, spec in schema["schema"]["properties"].items()}
        return [
            {
                name: nested(row.get(name))
                if k == "nested" and self.json_is_text
                else typed(row.get(name), k)
                for name, k in kinds.items()
            }
            for row in self.values(schema["stream"])
        ]

    def final(self, schema: Mapping[str, Any]) -> dict[Any, Row]:
        """The rows of a stream by key; of several the last one."""
        return {
            tuple(row[key] for key in schema["key_properties"]): row for row in self.rows(schema)
        }


class Postgres(Store):
    """target-postgres, in a session whose time zone is UTC while the server's is New York."""

    name = "target-postgres"

    def __init__(self, folder: Path, schema: str, url: str) -> None:
        super().__init__(folder, schema)
        self.url = url

    def settings(self):
        return {
            **target_settings(self.url),
            "default_target_schema": self.schema,
            "use_copy": False,
        }

    @functools.cached_property
    def connection(self):
        """A connection for questions; a loader may change any table between two of them."""
        import psycopg
        from psycopg.rows import dict_row
        from psycopg.types.json import set_json_loads

        made = psycopg.connect(
            self.url, autocommit=True, prepare_threshold=None, row_factory=dict_row
        )
        # Else the numbers in an array of objects would be floats here, though they are exact there.
        set_json_loads(partial(json.loads, parse_float=Decimal), made)
        return made

    def close(self):
        if "connection" in vars(self):
            self.connection.close()

    def ask(self, query, parameters=()):
        return self.connection.execute(query, parameters).fetchall()

    def types(self, stream):
        found = self.ask(
            "SELECT column_name, format_type(atttypid, atttypmod) AS type FROM information_schema.columns "
            "JOIN pg_attribute ON attrelid = format('%%I.%%I', table_schema, table_name)::regclass "
            "AND attname = column_name WHERE table_schema = %s AND table_name = %s "
            "ORDER BY ordinal_position",
            (self.schema, stream),
        )
        return {row["column_name"]: row["type"] for row in found}

    def values(self, stream):
        # A JSON null and an SQL NULL look the same once psycopg has read them.
        columns = ", ".join(
            f'"{name}"::text AS "{name}"' if type_ == "jsonb" else f'"{name}"'
            for name, type_ in self.types(stream).items()
        )
        return self.ask(f'SELECT {columns} FROM "{self.schema}"."{stream}"') if columns else []


class OwnPostgres(Postgres):
    """The embedded loader's second engine, in a session of the server's own time zone."""

    name = "target-adtap-postgres"

    def settings(self):
        return {"sqlalchemy_url": self.url, "default_target_schema": self.schema}


class DuckDB(Store):
    """The embedded loader."""

    name = "target-adtap-duckdb"

    def settings(self):
        return {"path": str(self.folder / "ads.duckdb"), "default_target_schema": self.schema}

    _tables: dict[str, tuple[dict[str, str], list[Row]]] | None = None

    def load(self, messages, **settings):
        self._tables = None
        return super().load(messages, **settings)

    def ask(self, query):
        return self._asked(query)[0]

    def _asked(self, *queries):
        import duckdb

        answers = []
        with duckdb.connect(str(self.folder / "ads.duckdb"), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for query in queries:
                cursor = connection.execute(query)
                names = [column[0] for column in cursor.description]
                answers.append([dict(zip(names, row, strict=True)) for row in cursor.fetchall()])
        return answers

    def types(self, stream):
        return self._table(stream)[0]

    def values(self, stream):
        return self._table(stream)[1]

    def _table(self, stream):
        # To open a file takes longer than to read it: all tables are read at once.
        if self._tables is None and not (self.folder / "ads.duckdb").exists():
            return {}, []
        if self._tables is None:
            types: dict[str, dict[str, str]] = {}
            for row in self.ask(
                "SELECT table_name, column_name, data_type FROM duckdb_columns() "
                f"WHERE schema_name = '{self.schema}' ORDER BY table_name, column_index"
            ):
                types.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
            rows = self._asked(*(self._query(table, columns) for table, columns in types.items()))
            self._tables = dict(zip(types, zip(types.values(), rows, strict=True), strict=True))
        return self._tables.get(stream, ({}, []))

    def _query(self, table, types):
        columns = ", ".join(
            f'"{name}" AT TIME ZONE \'UTC\' AS "{name}"'
            if type_.endswith("TIME ZONE")
            else f'"{name}"'
            for name, type_ in types.items()
        )
        return f'SELECT {columns} FROM "{self.schema}"."{table}"'


class Parquet(DuckDB):
    """The embedded loader's Parquet files."""

    def settings(self):
        (self.folder / "files").mkdir(exist_ok=True)
        return {**super().settings(), "parquet_path": str(self.folder / "files")}

    def types(self, stream):
        import pyarrow.parquet

        file = self.folder / "files" / f"{stream}.parquet"
        if not file.exists():
            return {}
        return {field.name: str(field.type) for field in pyarrow.parquet.read_schema(file)}

    def values(self, stream):
        import pyarrow.parquet

        file = self.folder / "files" / f"{stream}.parquet"
        return pyarrow.parquet.ParquetFile(file).read().to_pylist() if file.exists() else []


class Apart(Store):
    """A target in an environment of its own."""

    call: str
    """The function behind its program, or the script that is run instead."""

    def first(self) -> list[str]:
        """The arguments before those of a load."""
        return []

    def execute(self, arguments, given):
        words = [*self.first(), *arguments]
        return forks_of(self.name).run(self.call, words, given=given, folder=self.folder)

    def start(self, stdin):
        words = [*self.first(), *self.program()[len(self.command()) :]]
        with (
            (self.folder / "states.jsonl").open("ab") as said,
            (self.folder / "errors.txt").open("ab") as errors,
        ):
            streams = (stdin, said, errors)
            return forks_of(self.name).start(self.call, words, streams=streams, folder=self.folder)

    def shim(self, folder: Path) -> None:
        """Write a program of the target's name into a folder: a fork as well."""
        forks_of(self.name).shim(folder, self.name, self.call, *self.first())


class JsonLines(Apart):
    """target-jsonl: a file for each stream, appended to."""

    name = "target-jsonl"
    call = "target_jsonl:main"
    upserts = False
    json_is_text = False

    def command(self):
        return [str(python_of(self.name).with_name(self.name))]

    def settings(self):
        return {"destination_path": str(self.folder / "lines"), "do_timestamp_file": False}

    def types(self, stream):
        return {name: "JSON" for row in self.values(stream)[:1] for name in row}

    def values(self, stream):
        file = self.folder / "lines" / f"{stream}.jsonl"
        if not file.exists():
            return []
        lines = file.read_text(encoding="utf-8").split("\n")
        return [json.loads(line, parse_float=Decimal) for line in lines if line]


class Snowflake(Apart):
    """target-snowflake, on the emulator; names are upper case there."""

    name = "target-snowflake"
    call = str(EMULATED)
    _tables: dict[str, Any] | None = None

    def command(self):
        return [str(python_of(self.name)), str(EMULATED), "load", str(self.folder / "snowflake")]

    def first(self):
        return ["load", str(self.folder / "snowflake")]

    def _emulated(self, command, arguments, given):
        words = [command, str(self.folder / "snowflake"), *arguments]
        return forks_of(self.name).run(EMULATED, words, given=given, folder=self.folder)

    def settings(self):
        return {
            "account": "a",
            "user": "u",
            "password": "p",
            "database": "ADS",
            "warehouse": "LOADING",
            "default_target_schema": self.schema,
            "add_record_metadata": False,
            "validate_records": False,
        }

    def execute(self, arguments, given):
        # A process costs seconds here: all tables are read at once, in the one that filled them.
        done = self._emulated("load_and_read", [self.schema, *arguments], given)
        tables = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
        self._tables = None if done.returncode else self._named(tables)
        return done

    def _said(self, command, *arguments, text=None):
        done = self._emulated(command, arguments, text or "")
        assert done.returncode == 0, done.stderr[-3000:]
        return [json.loads(line) for line in done.stdout.splitlines()]

    def ask(self, *statements):
        """Run statements; gives the rows of the last one."""
        return self.answers(statements[:-1], statements[-1:])[0]

    def answers(self, statements, queries):
        """Run statements, then queries; gives the rows of each query."""
        self._tables = None
        text = "\n;\n".join((*statements, *queries))
        names, found = [], []
        for line in self._said("run", str(len(queries)), text=text):
            if isinstance(line, dict):
                names = [name.lower() for name in line["columns"]]
                found.append([])
            else:
                found[-1].append(dict(zip(names, line, strict=True)))
        return found

    def _table(self, stream):
        if self._tables is None:
            self._tables = self._named(self._said("read", self.schema))
        return self._tables.get(stream, ({}, []))

    @staticmethod
    def _named(tables):
        return {
            name.lower(): ({n.lower(): t for n, t in types.items()}, rows)
            for name, types, rows in tables
        }

    def types(self, stream):
        return self._table(stream)[0]

    def values(self, stream):
        types, rows = self._table(stream)
        return [dict(zip(types, row, strict=True)) for row in rows]


def kind(spec: Mapping[str, Any]) -> str:
    """What a property holds, as the page's columns are called."""
    types = spec.get("type", [])
    names = {types} if isinstance(types, str) else set(types)
    names.discard("null")
    form = spec.get("format")
    if form == "x-singer.decimal" or "number" in names:
        return "decimals"
    if not names or names & {"object", "array"}:
        return "nested"
    if form == "date-time":
        return "moments"
    if form == "date":
        return "dates"
    if names <= {"integer", "boolean"}:
        return "whole"
    return "text"


def typed(value: Any, wanted: str) -> Any:  # noqa: PLR0911 - one return a kind
    """A value as its property's type; what does not fit stays as it is, and so differs."""
    if value is None or isinstance(value, bool):
        return value
    match wanted:
        case "decimals" if isinstance(value, str | int):
            return Decimal(value)
        case "dates":
            if isinstance(value, datetime):
                return value
            return date.fromisoformat(value) if isinstance(value, str) else value
        case "moments":
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        case "whole" if isinstance(value, Decimal | str):
            return int(value)
    return value


def nested(text: Any) -> Any:
    """A nested value from its JSON; `JSON_NULL` for a null that is not SQL's."""
    if not isinstance(text, str):
        return text  # a list of texts is an array in Postgres
    read = json.loads(text, parse_float=Decimal)
    return JSON_NULL if read is None else read
