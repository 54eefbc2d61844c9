"""The streams that are written beside reports: what was read when, and what each bucket held."""

from collections.abc import Sequence
from typing import Any, Final

from typing_extensions import override

from adtap_core.rows.schemas import DAYS, DAYS_KEYS, DAYS_SCHEMA, LEDGER, LEDGER_KEYS, LEDGER_SCHEMA
from adtap_core.sync.run import Run
from adtap_core.sync.selection import StreamDefinition
from adtap_core.sync.streams import AdStream

SYNC_WINDOWS: Final = StreamDefinition(name=LEDGER, schema=LEDGER_SCHEMA, keys=LEDGER_KEYS)
"""One row a window."""
SYNC_DAYS: Final = StreamDefinition(name=DAYS, schema=DAYS_SCHEMA, keys=DAYS_KEYS, selected=False)
"""One row a bucket."""


class LedgerStream(AdStream):
    """What report streams write about their reading."""

    def __init__(self, run: Run, definition: StreamDefinition) -> None:
        super().__init__(run, definition)
        self._announced = False

    @override
    def read(self) -> None:
        """Nothing to read: the report streams write here."""

    @override
    def write_schema(self) -> None:
        if not self._announced:
            self._announced = True
            super().write_schema()

    def write(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write some rows, if anybody wants them."""
        if self.selected and rows:
            self.write_schema()
            columns = self.schema["properties"]
            self.write_rows([tuple(row[c] for c in columns) for row in rows])
            self.records_written += len(rows)

    def end_run(self) -> None:
        """Say how many rows were written; announce the table in any case: views, and several writers, need it."""
        if self.selected:
            self.write_schema()
            with self.get_record_counter() as counter:
                counter.increment(self.records_written)
