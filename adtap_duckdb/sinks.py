"""A stream's rows between the message and the commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.exceptions import MissingKeyPropertiesError
from singer_sdk.sinks import BatchSink
from typing_extensions import override

from adtap_duckdb.columns import columns_of
from adtap_duckdb.errors import LoadError
from adtap_duckdb.warehouse import unfit

if TYPE_CHECKING:
    from adtap_duckdb.target import TargetAdtapDuckdb

_encode = msgspec.json.Encoder(decimal_format="string").encode


class DuckdbSink(BatchSink):
    """Keeps rows as compact JSON until they are drained, and drains them in one transaction.

    A row is some 0.4 kB this way where the record's dict would be 3 kB.
    """

    def __init__(
        self,
        target: TargetAdtapDuckdb,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        self._loader = target
        self._rows: list[bytes] = []
        self.bytes_held = 0
        self._columns = columns_of(stream_name, self.schema)
        self._names = [column.name for column in self._columns]
        self._shapes = [(place, column.shape) for place, column in enumerate(self._columns)]
        self._known = set(self._names)
        absent = [key for key in self.key_properties if key not in self._known]
        if absent:
            raise LoadError(
                f"Stream '{stream_name}': key column '{absent[0]}' is not in the stream's schema."
            )

    @override
    def setup(self) -> None:
        self._loader.warehouse.prepare(self.stream_name, self._columns)

    @property
    @override
    def is_full(self) -> bool:
        """Never: the target drains all streams together, so that STATE can follow."""
        return False

    def accept(self, record: Mapping[str, Any]) -> None:
        """Take a record as it came, past the SDK's steps that have nothing to do for it.

        Args:
            record: The record of the message; not changed.

        Raises:
            MissingKeyPropertiesError: If a key property is absent.
            LoadError: If a value is not what the schema says.
        """
        self._singer_validate_message(record)  # type: ignore[arg-type]
        self.tally_record_read()
        self.process_record(record, {})
        self.record_counter_metric.increment()

    @override
    def _singer_validate_message(self, record: dict[str, Any]) -> None:
        for key in self._key_properties:
            if record.get(key) is None:
                # Null is as bad as absent: two such rows could not be told apart.
                raise MissingKeyPropertiesError(
                    f"Stream '{self.stream_name}': a record has no value for its key property '{key}'."
                )

    @override
    def process_record(self, record: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        if not record.keys() <= self._known:
            self._warn_of_unknown(record)
        row = [record.get(name) for name in self._names]
        place = 0
        try:
            for place, shape in self._shapes:
                value = row[place]
                if value is not None:
                    row[place] = shape(value)
            line = _encode(row)
        except ValueError as error:
            raise unfit(self.stream_name, self._names[place], row[place], str(error)) from None
        self._rows.append(line)
        self.bytes_held += len(line)

    @override
    def process_batch(self, context: Mapping[str, Any]) -> None:
        for record in context.get("records", ()):  # of a BATCH message's file
            self._singer_validate_message(record)
            self.process_record(record, context)
        if not self._rows:
            return
        rows, self._rows, self.bytes_held = self._rows, [], 0
        dropped = self._loader.warehouse.load(
            self.stream_name, self._columns, self.key_properties, rows
        )
        self.tally_duplicate_merged(dropped)

    @override
    def mark_drained(self) -> None:
        super().mark_drained()
        self._batch_dupe_records_merged = 0  # the SDK forgets to

    @override
    def clean_up(self) -> None:
        if folder := self.config.get("parquet_path"):
            self._loader.warehouse.export(self.stream_name, Path(folder).expanduser())
        super().clean_up()

    def _warn_of_unknown(self, record: Mapping[str, Any]) -> None:
        for name in record.keys() - self._known - self._warned_missing_fields:
            if not name.startswith("_sdc_"):
                self.logger.warning(
                    "Stream '%s': field '%s' is not in the schema and is not loaded.",
                    self.stream_name,
                    name,
                )
            self._warned_missing_fields.add(name)
