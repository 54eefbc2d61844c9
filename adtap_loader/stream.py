"""A stream's rows between the message and the commit."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adtap_loader.columns import JSON, columns_of
from adtap_loader.errors import LoadError
from adtap_loader.references import resolved
from adtap_loader.rows import RowMaker
from adtap_loader.spool import Spool
from adtap_loader.warehouse import Batch, Table, Warehouse

BLOCK_ROWS: Final = 500
"""Lines that are decoded in one call: more leave the processor's cache (measured: twice as slow at 20,000)."""
BLOCK_BYTES: Final = 200_000


class Stream:
    """Takes messages as they stand on the line, or decoded records; makes rows of them, and keeps these on disk.

    Args:
        name: The stream's name, and the table's.
        schema: Its JSON schema.
        keys: Its key properties.
        bucket: Its replication key; empty if it has none.
        warehouse: Where its rows go; the table is made ready at once.
        log: Where its words go.

    Attributes:
        table: The stream as it is loaded.

    Raises:
        LoadError: If it can't be a table, or not the table that is there.
    """

    def __init__(
        self,
        name: str,
        schema: Mapping[str, Any],
        keys: Sequence[str],
        *,
        bucket: str,
        warehouse: Warehouse,
        log: logging.Logger,
    ) -> None:
        self._warehouse, self._log = warehouse, log
        keys = tuple(dict.fromkeys(keys))
        columns = columns_of(name, self._followed(name, schema), all_digits=warehouse.all_digits)
        known = {column.name for column in columns}
        absent = [key for key in keys if key not in known]
        if absent:
            raise LoadError(
                f"Stream '{name}': key column '{absent[0]}' is not in the stream's schema."
            )
        self.table = Table(name, columns, keys, bucket)
        warehouse.prepare(self.table)
        self._rows = RowMaker(
            name, self.table.columns, keys, warn=self._warn_of_unknown, zeros=warehouse.zeros
        )
        self._spool = Spool()
        self._blocks: list[bytes] = []
        self._numbers: list[int] = []
        self._block_bytes = 0
        self._made: list[bytes] = []
        self._made_bytes = 0
        self.rows_taken = 0

    def _followed(self, name: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the stream's schema, its references followed.

        A column that came by one and that the table has as JSON stays JSON: references were not always
        followed. Widened to text, `"a1"` would keep its quotes, and the next `a1` would be another key.
        """
        followed = resolved(schema)
        if followed is schema:
            return schema
        given, made = schema["properties"], followed["properties"]
        types = self._warehouse.types_of(
            name, [column for column, spec in made.items() if spec != given[column]]
        )
        kept: dict[str, Any] = {column: {} for column, kind in types.items() if kind == JSON}
        return {**followed, "properties": {**made, **kept}}

    @property
    def bytes_held(self) -> int:
        """Bytes of what waits for the next commit."""
        return self._spool.size + self._block_bytes + self._made_bytes

    def take_lines(self, block: bytes, first: int, count: int) -> None:
        """Take RECORD messages as they stand on the line.

        Args:
            block: The messages, a line each.
            first: The first line's number in the input; the others follow it.
            count: How many there are.

        Raises:
            LoadError: A message taken before is none, or a value is not what the schema says; messages
                are looked at in blocks.
        """
        if self._made:
            self._spool_made()
        self._blocks.append(block)
        self._numbers += range(first, first + count)
        self._block_bytes += len(block)
        if len(self._numbers) >= BLOCK_ROWS or self._block_bytes >= BLOCK_BYTES:
            self._spool_lines()

    def take_record(self, record: Mapping[str, Any]) -> None:
        """Take a decoded record.

        Args:
            record: Its fields, numbers as Decimal.

        Raises:
            LoadError: If a key property is absent or null, or a value is not what the schema says.
        """
        if self._blocks:
            self._spool_lines()
        self._rows.check_keys(record)
        row = self._rows.from_record(record)
        self._made.append(row)
        self._made_bytes += len(row)
        if len(self._made) >= BLOCK_ROWS or self._made_bytes >= BLOCK_BYTES:
            self._spool_made()

    def batch(self) -> Batch | None:
        """Return the rows that wait for the commit, or None if there are none.

        Raises:
            LoadError: As for `take_lines`.
        """
        self._spool_lines()
        self._spool_made()
        return Batch(self.table, self._spool) if self._spool.rows else None

    def committed(self) -> None:
        """Forget what was committed."""
        self.rows_taken += self._spool.rows
        self._spool.clear()

    def close(self) -> None:
        """Say what is to be said at the end."""
        self._spool.close()
        if self._rows.mended:
            self._log.warning(
                "Stream '%s': in %d records a character that %s was replaced by U+FFFD.",
                self.table.stream,
                self._rows.mended,
                "no warehouse can hold" if self._warehouse.zeros else "the warehouse can't hold",
            )

    def _spool_lines(self) -> None:
        numbers = self._numbers
        if not numbers:
            return
        block = b"".join(self._blocks)
        self._blocks, self._numbers, self._block_bytes = [], [], 0
        made, longest = self._rows.from_lines(block, numbers)
        self._spool.add(made, len(numbers), longest)

    def _spool_made(self) -> None:
        if self._made:
            rows, self._made, self._made_bytes = self._made, [], 0
            self._spool.add(b"".join(rows), len(rows), max(map(len, rows)))

    def _warn_of_unknown(self, name: str) -> None:
        self._log.warning(
            "Stream '%s': field '%s' is not in the schema and is not loaded.",
            self.table.stream,
            name,
        )
