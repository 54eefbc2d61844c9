"""The real target-snowflake on the emulator fakesnow; runs in an environment of its own.

    python snowflake_emulated.py load FOLDER --config FILE    the target's own command line
    python snowflake_emulated.py load_and_read FOLDER SCHEMA --config FILE   the same, and `read` after a good load
    python snowflake_emulated.py read FOLDER SCHEMA           its tables' columns and rows, as JSON
    python snowflake_emulated.py run FOLDER COUNT             statements from standard input, results as JSON

The emulator knows neither the user stage, nor COPY and MERGE from files in it (fakesnow#403), so six
methods of the target are replaced: the batch files that it writes are read by DuckDB, the casts that
it would do in COPY or MERGE are done from a VARIANT column, and the upsert is a DELETE and an INSERT.
What stays the target's own: connection, SHOW, DDL, reflection, identifiers, types, the batch files,
the casts, STATE. What is never tested: PUT, COPY and MERGE of a real Snowflake.

Of what is replaced, the emulator translates the casts alone. The rest, and the rows that are read back, is asked of
the DuckDB below it: a statement takes the emulator ten times as long.
"""

# ruff: noqa: S608, T201 - the names in these statements are quoted by the target itself; it prints what it is asked

import json
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlparse

import fakesnow
import singer_sdk.target_base
import snowflake.connector
from fakesnow.dialect import parse_one
from target_snowflake.connector import SnowflakeConnector
from target_snowflake.target import TargetSnowflake

DATABASE = "ADS"


def put_batches_to_stage(self, sync_id, files):
    """Remember the batch files instead of PUT."""
    self.staged = {sync_id: [urlparse(file).path for file in files]}


def merge_from_stage(self, full_table_name, schema, sync_id, file_format, key_properties):
    """Load the batch files, one row for each key."""
    return _load(self, full_table_name, schema, sync_id, key_properties)


def copy_from_stage(self, full_table_name, schema, sync_id, file_format):
    """Load the batch files as they are."""
    return _load(self, full_table_name, schema, sync_id, ())


def _load(connector, table, schema, sync_id, key_properties):
    chosen = connector._get_column_selections(schema)
    # The emulator can't cast a string within a VARIANT to VARIANT; in Snowflake that does nothing.
    casts = ", ".join(
        f"v:{c['clean_property_name']}"
        + ("" if str(c["sql_type"]) == "VARIANT" else f"::{c['sql_type']}")
        + f" as {c['clean_alias']}"
        for c in chosen
    )
    keys = [connector.format_identifier(key, safe=True) for key in key_properties]
    once = (
        f" qualify row_number() over (partition by {', '.join(keys)} order by n desc) = 1"
        if keys
        else ""
    )
    place = ".".join(map(_quoted, (table.database, table.schema, table.table)))
    columns = ", ".join(_quoted(c["clean_alias"]) for c in chosen)
    same = " and ".join(f"{place}.{_quoted(key)} = s.{_quoted(key)}" for key in keys)
    with connector._connect() as session:
        cursor = session.connection.dbapi_connection.cursor()
        batch = cursor._transform(parse_one(f"select {casts} from raw_rows{once}"), None)
        duckdb = cursor._duck_conn
        duckdb.execute(
            "create or replace temp table raw_rows as select json as v, row_number() over () as n "
            "from read_json_objects(?, format = 'newline_delimited')",
            [connector.staged[sync_id]],
        )
        duckdb.execute(f"create or replace temp table batch as {batch.sql(dialect='duckdb')}")
        duckdb.begin()
        if keys:
            duckdb.execute(f"delete from {place} using batch s where {same}")
        duckdb.execute(f"insert into {place} ({columns}) select {columns} from batch")
        duckdb.commit()
        return duckdb.execute("select count(*) from batch").fetchone()[0]


def _quoted(name):
    """A name that DuckDB takes as it is: what is a word of its own need not be one of Snowflake's."""
    return name if name.startswith('"') else f'"{name.upper()}"'


def load(folder, arguments, schema=None):
    """Run the target's own command line; then print the tables of a schema, if the load was good."""
    for method in (put_batches_to_stage, merge_from_stage, copy_from_stage):
        setattr(SnowflakeConnector, method.__name__, method)
    for method in ("remove_staged_files", "create_file_format", "drop_file_format"):
        setattr(SnowflakeConnector, method, lambda *_, **__: None)
    # The emulator in this process serves one call at a time.
    singer_sdk.target_base._MAX_PARALLELISM = 1
    with _emulator(folder) as connection:
        try:
            TargetSnowflake.cli(arguments)
        except SystemExit as end:
            if end.code or schema is None:
                raise
        _print_tables(connection, schema)


def read(folder, schema):
    """Print a line for each table of a schema: its name, its columns' types, its rows."""
    with _emulator(folder) as connection:
        _print_tables(connection, schema)


def _print_tables(connection, schema):
    cursor = connection.cursor()
    tables = {}
    for table, column, kind, digits, scale in cursor.execute(
        "select table_name, column_name, data_type, numeric_precision, numeric_scale "
        "from information_schema.columns where upper(table_schema) = %s order by table_name, ordinal_position",
        (schema.upper(),),
    ).fetchall():
        full = kind if digits is None else f"{kind}({digits},{scale})"
        tables.setdefault(table, {})[column] = full
    for table, types in tables.items():
        cursor._duck_conn.execute(f'select * from {DATABASE}.{schema}."{table}"')
        rows = cursor._duck_conn.to_arrow_table().to_pylist()  # as the emulator does
        print(json.dumps([table, types, [[_written(v) for v in row.values()] for row in rows]]))


def run(folder, count):
    """Run statements, separated by lines of `;`; print columns and rows of so many of the last ones."""
    statements = [s.strip() for s in sys.stdin.read().split("\n;\n") if s.strip()]
    with _emulator(folder) as connection:
        cursor = connection.cursor()
        for left, statement in zip(range(len(statements), 0, -1), statements, strict=True):
            cursor.execute(statement)
            if left <= int(count):
                print(json.dumps({"columns": [column.name for column in cursor.description]}))
                for row in cursor.fetchall():
                    print(json.dumps([_written(value) for value in row]))


def _written(value):
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value


class _emulator:  # noqa: N801 - reads as a function where it is used
    def __init__(self, folder):
        Path(folder).mkdir(exist_ok=True)
        self._patch = fakesnow.patch(db_path=folder)

    def __enter__(self):
        self._patch.__enter__()
        return snowflake.connector.connect(user="u", password="p", account="a", database=DATABASE)

    def __exit__(self, *exc):
        return self._patch.__exit__(*exc)


if __name__ == "__main__":
    command, folder, *rest = sys.argv[1:]
    {
        "load": lambda: load(folder, rest),
        "load_and_read": lambda: load(folder, rest[1:], rest[0]),
        "read": lambda: read(folder, *rest),
        "run": lambda: run(folder, *rest),
    }[command]()
