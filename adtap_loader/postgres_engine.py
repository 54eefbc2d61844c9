"""A Postgres schema: tables, their evolution, and one transaction per batch.

The rows' texts leave as they are, so that the server makes the values and Python none:

    spool ── COPY ──► temporary table of the table's types ── INSERT … ON CONFLICT DO UPDATE ──► the table

Nothing but the transaction holds on to the session: a pooler between us and the server does no harm.
Several loads may fill one table at the same time. Whoever changes a table, or replaces rows by key, takes an
advisory lock first; locks of several tables are taken in the order of their names, so nobody waits in a circle.
"""

# ruff: noqa: S608 - names cannot be parameters in SQL; identifier() quotes each, values are parameters

import contextlib
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Self

import psycopg
from psycopg import errors as pg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from typing_extensions import override

from adtap_loader.columns import (
    BIGINT,
    BOOLEAN,
    DATE,
    HUGEINT,
    JSON,
    NUMERIC,
    TIMESTAMPTZ,
    VARCHAR,
    common_type,
    short,
)
from adtap_loader.errors import RUN_AGAIN, LoadError, one_line, unfit
from adtap_loader.warehouse import Batch, Table, Warehouse, identifier, widened
from adtap_plugin.redact import redact

MOST_NAME_BYTES: Final = 63  # Postgres cuts longer names without a word; NAMEDATALEN - 1
CONNECT_SECONDS: Final = 15
KEEP_ALIVE: Final = {
    "keepalives_idle": 60,
    "keepalives_interval": 15,
    "keepalives_count": 4,
    "tcp_user_timeout": 120_000,  # milliseconds, of what was sent
}
"""A tap may wait an hour for its platform, and a firewall forgets a connection that is silent for minutes. By itself
the system asks after two hours only whether the server is still there, and so long a load would hang."""
TRIES: Final = 4  # of a transaction that the server broke off because another one was in its way

_SQL: Final = {
    VARCHAR: "text",
    BIGINT: "bigint",
    HUGEINT: "numeric(39,0)",
    NUMERIC: "numeric",
    BOOLEAN: "boolean",
    DATE: "date",
    JSON: "jsonb",
    TIMESTAMPTZ: "timestamp with time zone",
}
_KINDS: Final = {
    **{name: kind for kind, name in _SQL.items()},
    "character varying": VARCHAR,
    "integer": BIGINT,
    "smallint": BIGINT,
    "json": JSON,
}
# Columns that other loaders made, which hold what we send as they are: UTC.
_ZONELESS: Final = "timestamp without time zone"

_PLACE: Final = re.compile(r'^COPY .*?, line \d+, column (.+?): "(.*)"$', re.DOTALL | re.MULTILINE)


class PostgresWarehouse(Warehouse):
    """One schema of a Postgres database.

    Args:
        conninfo: How to connect, in libpq's words.
        schema: Schema of all tables; made if it is missing.
        replace_windows: Whether a ledger's row removes the older rows of its window.
        all_digits: Whether decimals keep every digit.

    Raises:
        LoadError: If the server is not there, refuses the login, or is older than version 14.
    """

    errors = (psycopg.Error,)
    zeros = False
    parameter = "%s"

    def __init__(
        self, conninfo: str, schema: str, *, replace_windows: bool = False, all_digits: bool = False
    ) -> None:
        super().__init__(schema, replace_windows=replace_windows)
        self.all_digits = all_digits
        # What it warns of, of a connection that is gone, is said by us.
        logging.getLogger("psycopg").setLevel(logging.ERROR)
        try:
            # Plans are kept by nobody: a pooler may give the next transaction another session.
            self._db = psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)
        except psycopg.Error as error:
            raise LoadError(f"Postgres: {one_line(error)}") from None
        self._place = f"database '{self._db.info.dbname}' of Postgres"
        if self._db.info.server_version < 140_000:  # noqa: PLR2004 - no max() of row numbers before
            raise LoadError(f"The {self._place} runs version {self._db.info.server_version // 10_000}; "
                            "14 or newer is needed.")  # fmt: skip

    @classmethod
    @override
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Return the warehouse that settings name.

        Args:
            config: Those of `settings.POSTGRES`.

        Raises:
            LoadError: If they do not say where it is.
        """
        return cls(
            conninfo_of(config),
            config["default_target_schema"],
            replace_windows=bool(config.get("replace_windows")),
            all_digits=bool(config.get("all_digits")),
        )

    @override
    def close(self) -> None:
        self._db.close()

    # -- tables

    @override
    def types_of(self, stream: str, names: Sequence[str]) -> dict[str, str]:
        with self._telling(stream):
            found = self._columns(stream)
        return {name: kind_of(found[name][0]) for name in names if name in found}

    @override
    def prepare(self, table: Table) -> None:
        long = next(
            (n for n in (table.stream, *table.names) if len(n.encode()) > MOST_NAME_BYTES), ""
        )
        if long:
            raise LoadError(
                f"Stream '{table.stream}': the name '{long}' has more than {MOST_NAME_BYTES} bytes, and Postgres "
                "would cut it; give it a shorter one with a stream map."
            )
        with self._telling(table.stream):
            statements, types = self._compare(table)
            if statements:
                with self._transaction():
                    # Another load may be making the same table at this moment.
                    self._lock(self._schema)
                    statements, types = self._compare(table)
                    for statement in statements:
                        self._execute(statement)
        self._note_table(table, types)

    def _compare(self, table: Table) -> tuple[list[str], dict[str, str]]:
        """Return the statements that are missing for a stream, and its columns' types after them."""
        name = self._table(table.stream)
        found = self._columns(table.stream)
        existing = {column: (column, kind_of(spelt)) for column, (spelt, _) in found.items()}
        types = widened(
            table,
            existing,
            place=f"schema '{self._schema}'",
            how=f'ALTER TABLE {name} RENAME COLUMN "{{}}" TO …',
            fold=False,
            common=_common,
        )
        body = {column: _sql(kind) for column, kind in types.items()}
        keys = ", ".join(map(identifier, table.keys))
        statements = []
        if not found:
            if not self._schema_exists():
                statements.append(f"CREATE SCHEMA IF NOT EXISTS {identifier(self._schema)}")
            parts = [f"{identifier(column)} {kind}" for column, kind in body.items()]
            parts += [f"PRIMARY KEY ({keys})"] if keys else []
            statements.append(f"CREATE TABLE {name} ({', '.join(parts)})")
        changes = [
            f"ADD COLUMN {identifier(column)} {kind}"
            if column not in found
            else f"ALTER COLUMN {identifier(column)} TYPE {kind} USING {identifier(column)}::{kind}"
            for column, kind in body.items()
            if found and not _holds(found.get(column, ("", False))[0], kind)
        ]
        if changes:
            statements.append(f"ALTER TABLE {name} {', '.join(changes)}")
        if found and keys and not self._has_key(table):
            statements.append(f"CREATE UNIQUE INDEX ON {name} ({keys})")
        return statements, types

    def _columns(self, stream: str) -> dict[str, tuple[str, bool]]:
        """Return the columns of a stream's table: type, and whether values may be put in."""
        rows = self._db.execute(
            "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attgenerated = '' AND a.attidentity = '' "
            "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
            (self._schema, stream),
        ).fetchall()
        return {name: (kind, ours) for name, kind, ours in rows}

    def _has_key(self, table: Table) -> bool:
        """Check whether the database sees to it that a key stands in one row."""
        rows = self._db.execute(
            "SELECT array_agg(a.attname::text) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) "
            "WHERE n.nspname = %s AND c.relname = %s AND i.indisunique AND i.indisvalid AND i.indimmediate "
            "AND i.indpred IS NULL AND i.indexprs IS NULL GROUP BY i.indexrelid",
            (self._schema, table.stream),
        ).fetchall()
        return any(set(names) == set(table.keys) for (names,) in rows)

    def _schema_exists(self) -> bool:
        # To ask for one that is there takes the right to make it, IF NOT EXISTS or no.
        found = self._db.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (self._schema,))
        return found.fetchone() is not None

    # -- rows

    @override
    def load(self, batches: Sequence[Batch]) -> None:
        for tries_left in reversed(range(TRIES)):
            try:
                with self._transaction():
                    self._load(batches)
            except (pg.DeadlockDetected, pg.SerializationFailure) as error:
                # Of a program that is not ours. All of it is undone, and the rows are still here.
                if not tries_left:
                    raise self._why(error) from None
            except psycopg.Error as error:
                raise self._why(error) from None
            else:
                return

    def _load(self, batches: Sequence[Batch]) -> None:
        staging_tables = {
            batch.table.stream: f"pg_temp.adtap_stage_{n}" for n, batch in enumerate(batches)
        }
        for batch in batches:
            with self._telling(batch.table.stream, batch):
                self._copy(batch, staging_tables[batch.table.stream])
        ledger = next((b.table.stream for b in batches if self._replaces and b.table.is_ledger), "")
        touched = {batch.table.stream for batch in batches if batch.table.keys}
        for stream in sorted(touched | (self._reports.keys() if ledger else set())):
            self._lock(f"{self._schema}.{stream}")
        for batch in batches:
            with self._telling(batch.table.stream):
                self._merge(batch.table, staging_tables[batch.table.stream])
        if ledger:
            with self._telling(ledger):
                self._replace_windows(staging_tables[ledger])

    def _copy(self, batch: Batch, staging: str) -> None:
        """Bring a batch into a temporary table of its types, which goes with the transaction."""
        types = self._types[batch.table.stream]
        body = ", ".join(
            f"{identifier(name)} {_SQL[TIMESTAMPTZ] if kind == _ZONELESS else _sql(kind)}"
            for name, kind in types.items()
        )
        self._execute(
            f"CREATE TEMP TABLE {staging.removeprefix('pg_temp.')} ({body}) ON COMMIT DROP"
        )
        statement = f"COPY {staging} FROM STDIN (FORMAT csv, NULL 'null', ESCAPE E'\\\\')"
        with self._db.cursor().copy(statement) as copy:
            for block in batch.spool.blocks():
                copy.write(block)

    def _merge(self, table: Table, staging: str) -> None:
        """Put a batch into its table; the last row of a key counts."""
        types, name = self._types[table.stream], self._table(table.stream)
        names = ", ".join(map(identifier, types))
        insert = f"INSERT INTO {name} ({names}) SELECT {names} FROM {staging}"
        if not table.keys:
            self._execute(insert)
            return
        keys = [identifier(key) for key in table.keys]
        listed = ", ".join(keys)
        same = " AND ".join(f"s.{key} = d.{key}" for key in keys)
        self._execute(
            f"DELETE FROM {staging} s USING (SELECT {listed}, max(ctid) AS last FROM {staging} GROUP BY {listed} "
            f"HAVING count(*) > 1) d WHERE {same} AND s.ctid <> d.last"
        )
        # A column that the stream does not have is empty in rows that come again, as in new ones. Another load
        # may have added it just now; from here on none does.
        self._execute(f"LOCK TABLE {name} IN ROW EXCLUSIVE MODE")
        others = [
            c for c, (_, ours) in self._columns(table.stream).items() if ours and c not in types
        ]
        new = [f"{c} = EXCLUDED.{c}" for c in map(identifier, types) if c not in keys]
        new += [f"{c} = DEFAULT" for c in map(identifier, others)]
        action = f"UPDATE SET {', '.join(new)}" if new else "NOTHING"
        self._execute(f"{insert} ON CONFLICT ({listed}) DO {action}")

    # -- the database

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._db.transaction():
            # A time stamp without an offset, and a date widened to one, are UTC on every server.
            self._execute("SET LOCAL TimeZone = 'UTC'")
            # Where a commit is answered before it is safe, a crash of the server would take back what STATE claims.
            self._execute(
                "SELECT set_config('synchronous_commit', 'on', true) "
                "WHERE current_setting('synchronous_commit') = 'off'"
            )
            yield

    def _lock(self, name: str) -> None:
        """Wait until nobody else has this name's lock; it goes with the transaction."""
        self._execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"adtap_loader {name}",)
        )

    @override
    def _execute(
        self, statement: str, values: Sequence[object] | None = None
    ) -> psycopg.Cursor[Any]:
        return self._db.execute(statement, values)

    @contextlib.contextmanager
    def _telling(self, stream: str, batch: Batch | None = None) -> Iterator[None]:
        """Say in one line what the server refuses, and of which stream."""
        try:
            yield
        except (pg.DeadlockDetected, pg.SerializationFailure):
            raise
        except psycopg.DataError as error:
            place = _PLACE.search(error.diag.context or "")
            if batch is None or place is None:
                raise self._why(error, stream) from None
            name, value = place.groups()
            kind = self._types[stream].get(name, "")
            raise unfit(stream, name, value, f"not a value of {short(kind)}") from None
        except psycopg.Error as error:
            raise self._why(error, stream) from None

    def _why(self, error: psycopg.Error, stream: str = "") -> LoadError:
        said = error.diag.message_primary or one_line(error)
        whose = f"Stream '{stream}': " if stream else ""
        match error:
            case pg.InsufficientPrivilege():
                cure = (
                    f": grant it to user '{self._db.info.user}' (GRANT CREATE ON DATABASE or ON SCHEMA; SELECT, "
                    f"INSERT, UPDATE and DELETE on the tables), or name another one in the settings"
                )
            case pg.FeatureNotSupported() if "view" in said:
                cure = ": drop the view, and make it anew after the load (`adtap views`)"
            case pg.UniqueViolation():
                cure = (
                    f": the table {self._table(stream)} has a unique index that is not the stream's key, or holds "
                    "a key twice already; drop the index or the rows"
                )
            case pg.DiskFull():
                cure = f": the server's disk is full; make room on it and {RUN_AGAIN}"
            case psycopg.OperationalError() if self._db.broken or self._db.closed:
                cure = f": the connection is gone; {RUN_AGAIN}"
            case _:
                cure = ""
        return LoadError(f"{whose}{self._place} says: {said}{cure}.")


def conninfo_of(config: Mapping[str, Any]) -> str:
    """Return how to connect, in libpq's words; the password is masked in logs from here on.

    Args:
        config: The settings of `settings.POSTGRES`.

    Raises:
        LoadError: If they do not say where the database is.
    """
    url = config.get("sqlalchemy_url")
    named = {
        word: config.get(setting)
        for word, setting in {
            "host": "host",
            "port": "port",
            "user": "user",
            "password": "password",
            "dbname": "database",
        }.items()
    }
    more: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        **KEEP_ALIVE,
        "application_name": "target-adtap-postgres",
    }
    if config.get("ssl_mode"):
        more["sslmode"] = config["ssl_mode"]
    if url is None:
        absent = [name for name in ("host", "user", "database") if not config.get(name)]
        if absent:
            raise LoadError(
                f"Setting '{absent[0]}' is missing: either 'sqlalchemy_url' or 'host', 'user' and 'database' say "
                "where the Postgres database is."
            )
        # libpq's error would show it, password and all.
        if re.match(r"[^/@].*(?:[\s=@]|://)", str(named["host"]), re.DOTALL):
            raise LoadError(
                "Setting 'host': a server's name or the folder of its socket is expected; a whole address belongs "
                "into 'sqlalchemy_url'."
            )
        given: str = make_conninfo("", **{k: v for k, v in named.items() if v is not None})
    else:
        # SQLAlchemy's way to name a driver is nothing to libpq.
        given = re.sub(r"^postgres(?:ql)?(?:\+\w+)?://", "postgresql://", url)
        if not given.startswith("postgresql://"):
            raise LoadError(
                "Setting 'sqlalchemy_url': postgresql://user:password@host:port/database is expected."
            )
    try:
        known = conninfo_to_dict(given)
        redact.learn(known.get("password"))
        # What the address says itself goes first; but what we send is UTF-8, whatever a session begins with.
        return make_conninfo("", **{**more, **known, "client_encoding": "UTF8"})
    except psycopg.Error:  # its words may have the password
        raise LoadError(
            "Setting 'sqlalchemy_url' is no address that libpq can read: postgresql://user:password@host:port/"
            "database is expected, with what is special in a name or password written as %XX."
        ) from None


def _sql(kind: str) -> str:
    """Return Postgres' name of a type."""
    return _SQL.get(kind) or kind.replace("DECIMAL", "numeric")


def kind_of(spelt: str) -> str:
    """Return our name of a column's type."""
    known = _KINDS.get(re.sub(r"^(character varying)\(\d+\)$", r"\1", spelt))
    return known or re.sub(r"^numeric(?=\()", "DECIMAL", spelt)


def _holds(spelt: str, kind: str) -> bool:
    """Check whether a column of a type is as good as one of another."""
    return spelt == kind or (spelt, kind) == ("character varying", "text")


def _common(has: str, wanted: str) -> str | None:
    """Return the type that keeps what a column has and takes what is sent."""
    if has == _ZONELESS and wanted in {TIMESTAMPTZ, DATE}:
        return has
    return common_type(has, wanted)
