"""What the loader asks of a warehouse, and what every warehouse does alike.

Warehouse
├─ DuckdbWarehouse     one file
└─ PostgresWarehouse   a schema of a server
"""

# ruff: noqa: S608 - names cannot be parameters in SQL; identifier() quotes each, values are parameters

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from adtap_loader.columns import DATE, TIMESTAMPTZ, Column, common_type, short
from adtap_loader.errors import LoadError
from adtap_loader.spool import Spool

LEDGER: Final = "sync_windows"
"""The stream in which a tap says which windows it has read whole."""
_LEDGER_COLUMNS: Final = {"stream", "account", "window_start", "window_end", "synced_at"}
_REPORT_COLUMNS: Final = {"_account", "_synced_at"}


@dataclass(frozen=True)
class Table:
    """A stream as it is loaded.

    Attributes:
        stream: Its name, and the table's.
        columns: Its columns, in the order of the values in a row.
        keys: Its key columns; may be empty.
        bucket: The column of a report's time bucket; empty if it has none.
    """

    stream: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    bucket: str = ""

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.columns]

    @property
    def has_windows(self) -> bool:
        """Whether its rows belong to windows that a ledger may list."""
        kinds = {column.name: column.sql_type for column in self.columns}
        return kinds.keys() >= _REPORT_COLUMNS and kinds.get(self.bucket) in {DATE, TIMESTAMPTZ}

    @property
    def is_ledger(self) -> bool:
        """Whether it is a ledger of windows."""
        return self.stream == LEDGER and set(self.names) >= _LEDGER_COLUMNS


@dataclass(frozen=True)
class Batch:
    """Rows of a stream that are committed together.

    Attributes:
        table: The stream.
        spool: Its rows.
    """

    table: Table
    spool: Spool


class Warehouse(ABC):
    """Tables, their evolution, and one transaction per batch.

    Args:
        schema: Schema of all tables.
        replace_windows: Whether a ledger's row removes the older rows of its window.
    """

    errors: ClassVar[tuple[type[Exception], ...]]
    """What the warehouse's own client raises."""
    zeros: ClassVar[bool]
    """Whether texts may have the character U+0000."""
    parameter: ClassVar[str]
    """What stands for a value in a statement."""
    all_digits = False
    """Whether decimals keep every digit; else what is behind the last that they are declared with is rounded."""

    def __init__(self, schema: str, *, replace_windows: bool) -> None:
        self._schema, self._replaces = schema, replace_windows
        self._types: dict[str, dict[str, str]] = {}
        """The types of the columns of each table that was prepared, by stream."""
        self._reports: dict[str, Table] = {}
        """Those of them whose rows belong to windows."""

    def _note_table(self, table: Table, types: dict[str, str]) -> None:
        """Note that a table can be loaded."""
        self._types[table.stream] = types
        self._reports.pop(table.stream, None)
        if table.has_windows:
            self._reports[table.stream] = table

    @abstractmethod
    def _execute(self, statement: str, values: Sequence[object] | None = None) -> Any:
        """Run a statement; its rows are fetched from what it gives."""

    def _table(self, stream: str) -> str:
        return f"{identifier(self._schema)}.{identifier(stream)}"

    def _replace_windows(self, windows: str) -> None:
        """Remove the rows of each window that was read again without them.

        Args:
            windows: The relation that holds the ledger's new rows.
        """
        for (stream,) in self._execute(f"SELECT DISTINCT stream FROM {windows}").fetchall():
            report = self._reports.get(stream)
            if report is None:
                continue
            # The session is in UTC, which is what a date or a time stamp without a zone is taken for.
            bucket = f"CAST(r.{identifier(report.bucket)} AS {TIMESTAMPTZ})"
            self._execute(
                f"DELETE FROM {self._table(stream)} AS r USING {windows} AS w WHERE w.stream = {self.parameter} "
                f"AND w.account = r._account AND w.window_start <= {bucket} AND {bucket} < w.window_end "
                "AND r._synced_at < w.synced_at",
                [stream],
            )

    @classmethod
    @abstractmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Return the warehouse that settings name.

        Raises:
            LoadError: If it can't be had.
        """

    @abstractmethod
    def types_of(self, stream: str, names: Sequence[str]) -> dict[str, str]:
        """Return the types of columns that a stream's table has already, by name.

        Args:
            stream: The stream.
            names: The columns' names; those that the table does not have are left out.
        """

    @abstractmethod
    def prepare(self, table: Table) -> None:
        """Make the stream's table hold what the stream now sends, losing nothing it has.

        A missing table is made, a missing column added, a retyped column widened where no value
        changes. A column the stream no longer has stays; its new rows are null there. It can be
        repeated, so a crash in the middle does no harm.

        Raises:
            LoadError: If a column's old and new type have no common one.
        """

    @abstractmethod
    def load(self, batches: Sequence[Batch]) -> None:
        """Commit batches in one transaction: all of their rows are there afterwards, or none.

        With keys, a row replaces the one of the same key, and of several in the batch the last one
        wins. Without, rows are appended.

        Args:
            batches: At most one for each stream.

        Raises:
            LoadError: If a value does not fit its column.
        """

    def finish(self, streams: Sequence[str]) -> None:  # noqa: B027 - most have nothing left to do
        """Do what is left to do when everything is committed and STATE is written."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the warehouse, everything committed being safe in it."""


def identifier(name: str) -> str:
    """Quote a name, whatever it holds, for SQL."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def widened(
    table: Table,
    existing: Mapping[str, tuple[str, str]],
    *,
    place: str,
    how: str,
    fold: bool,
    common: Callable[[str, str], str | None] = common_type,
) -> dict[str, str]:
    """Return the type that each column of a stream has or gets, losing nothing that is there.

    Args:
        table: What the stream sends.
        existing: The table's columns, name and type, by name; without letter case if `fold`.
        place: Where the table is, for messages.
        how: The statement that frees a column's name; `{}` is the name.
        fold: Whether the warehouse's names have no letter case.
        common: Returns the type that keeps what a column has and takes what is sent.

    Raises:
        LoadError: If a column's old and new type have no common one. All such refusals come before
            the first change.
    """
    types: dict[str, str] = {}
    for column in table.columns:
        found = existing.get(column.name.casefold() if fold else column.name)
        has = found[1] if found else column.sql_type
        wanted = common(has, column.sql_type)
        if wanted is None:
            raise LoadError(
                f"Stream '{table.stream}', column '{column.name}': the table in {place} has it as "
                f"{short(has)}, the stream now sends {short(column.sql_type)}, and no type keeps both "
                f"exactly. Keep the old values under another name ({how.format(column.name)}) or drop "
                "them, then run again."
            )
        types[column.name] = wanted
    return types
