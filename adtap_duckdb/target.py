"""`target-adtap-duckdb`: Singer messages on standard input, a DuckDB file, STATE after commit.

    TargetAdtapDuckdb (settings, messages, when to commit)
      ├─ MessageReader (lines to messages)
      ├─ DuckdbSink    (one per stream: records to rows)
      └─ Warehouse     (the file: tables and transactions)

STATE goes out only when every row received before it is committed, for all streams. A load killed at
any moment is therefore repeated from the last STATE: rows with a key replace themselves, and a stream
without a key may get rows twice. ACTIVATE_VERSION is ignored: report history is never truncated.
"""

from __future__ import annotations

import copy
import sys
import time
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import IO, Any, ClassVar, NoReturn, cast

import click
import duckdb
import msgspec
from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.exceptions import (
    InvalidJSONSchema,
    InvalidRecord,
    MissingKeyPropertiesError,
    RecordsWithoutSchemaException,
)
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.encoding import GenericSingerReader
from singer_sdk.singerlib.exceptions import InvalidInputLine
from typing_extensions import override

from adtap_duckdb.errors import LoadError
from adtap_duckdb.sinks import DuckdbSink
from adtap_duckdb.warehouse import Warehouse
from adtap_plugin.plugin import FromVariables
from adtap_plugin.variables import VariableError

MAX_BYTES_HELD = 16_000_000  # of encoded rows: a bound for wide rows, whatever batch_size_rows says
STATE_AGE_SECONDS = 30.0  # a STATE waits no longer than this for a batch to fill

_EXPECTED = (
    LoadError,
    VariableError,
    InvalidInputLine,
    InvalidJSONSchema,
    InvalidRecord,
    MissingKeyPropertiesError,
    RecordsWithoutSchemaException,
    duckdb.Error,
    OSError,
)
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


class MessageReader(GenericSingerReader[bytes]):
    """Reads one message a line, numbers with every digit."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = 0

    @property
    @override
    def default_input(self) -> IO[bytes]:
        return sys.stdin.buffer

    @override
    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """Decode a line.

        Raises:
            InvalidInputLine: If it is no JSON object with a known type. The message has the line's
                number and not its text, which may hold personal data.
        """
        self._lines += 1
        try:
            message = _decode(line)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise InvalidInputLine(
                f"Line {self._lines} of the input is not a Singer message: {error}. "
                "The tap may have been cut off; nothing after the last STATE written is claimed."
            ) from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise InvalidInputLine(
                f"Line {self._lines} of the input is not a Singer message: it has no type."
            )
        return message

    @override
    def _process_unknown_message(self, message_dict: dict[str, Any]) -> NoReturn:
        raise InvalidInputLine(
            f"Line {self._lines} of the input has the unknown type '{message_dict['type']}'."
        )


class TargetAdtapDuckdb(FromVariables, Target):
    """Loads Singer streams into one DuckDB file: exact decimals, UTC moments, upserts by key."""

    name = "target-adtap-duckdb"
    package_name = "adtaps"
    default_sink_class = DuckdbSink
    message_reader_class = MessageReader
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "path",
            th.StringType(min_length=1),
            required=True,
            title="Database file",
            description="The DuckDB file. It is made if it is missing; its folder is not.",
        ),
        th.Property(
            "default_target_schema",
            th.StringType(min_length=1),
            default="main",
            title="Schema",
            description="The schema of all tables, made if it is missing.",
        ),
        th.Property(
            "batch_size_rows",
            th.IntegerType(minimum=1),
            default=20_000,
            title="Rows a batch",
            description="Rows of all streams together that are held before they are committed.",
        ),
        th.Property(
            "validate_records",
            th.BooleanType,
            default=False,
            title="Validate records",
            description=(
                "Check each record against its whole JSON schema. Off, types are still checked: a "
                "value that its column cannot hold exactly ends the load. On costs most of the speed."
            ),
        ),
        th.Property(
            "parquet_path",
            th.StringType(min_length=1),
            title="Parquet folder",
            description=(
                "If set, each stream of the run is also written whole to <stream>.parquet in this "
                "folder, at the end of the run. The folder must exist."
            ),
        ),
    ).to_dict()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.warn_of_variables()
        # One after the other: they share one connection and one transaction at a time.
        self.max_parallelism = 1
        self._schemas: dict[str, tuple[object, object]] = {}
        self._direct: dict[str, DuckdbSink] = {}
        self._rows_held = 0
        self._drained_at = time.monotonic()
        self._batch_rows = int(self.config["batch_size_rows"])
        folder = self.config.get("parquet_path")
        if folder and not Path(folder).expanduser().is_dir():
            raise LoadError(f"Setting 'parquet_path': the folder {folder} does not exist; make it.")
        # Opened before the first message: a second run on the file ends before it read anything.
        self.warehouse = Warehouse(self.config["path"], self.config["default_target_schema"])

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        super().append_builtin_config(config_jsonschema)
        # How rows are loaded follows from the key; a setting that changes nothing would mislead.
        config_jsonschema["properties"].pop("load_method", None)

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        try:
            return super().cb_config(ctx, param, value)
        except (OSError, ValueError) as error:
            raise click.BadParameter(f"{', '.join(value)}: {error}") from None

    @classmethod
    @override
    def invoke(cls, **kwargs: Any) -> None:
        """Run the load; whatever is wrong with the input or the file is one line and exit code 1."""
        try:
            super().invoke(**kwargs)
        except _EXPECTED as error:
            cls.logger.error("%s", " ".join(str(error).split()))  # noqa: TRY400 - one line is asked for
            sys.exit(1)

    @override
    def process_endofpipe(self) -> None:
        super().process_endofpipe()
        self.warehouse.close()

    @override
    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        self._assert_line_requires(message_dict, requires={"stream", "schema"})
        stream = message_dict["stream"]
        described = (message_dict["schema"], message_dict.get("key_properties"))
        known = self._schemas.get(stream)
        if known == described:
            return  # taps repeat it, child streams once per parent
        if known is not None:
            # Rows of the old schema must not land after newer ones of the same key.
            self._commit()
        self._schemas[stream] = copy.deepcopy(described)  # the sink changes its own
        self._direct.pop(stream, None)
        super()._process_schema_message(message_dict)
        self._find_direct(stream)

    def _find_direct(self, stream: str) -> None:
        """Note the stream's sink if the SDK's way would hand it the very record that came."""
        maps = self.mapper.stream_maps[stream]
        asked = self.config.get("add_record_metadata") or self.config["validate_records"]
        if (
            not asked
            and len(maps) == 1
            and type(maps[0]) is SameRecordTransform
            and not maps[0].flattening_enabled
        ):
            self._direct[stream] = cast("DuckdbSink", self.get_sink(maps[0].stream_alias))

    @override
    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        sink = self._direct.get(message_dict.get("stream", ""))
        if sink is None:
            super()._process_record_message(message_dict)
        else:
            self._assert_line_requires(message_dict, requires={"record"})
            sink.accept(message_dict["record"])
        self._rows_held += 1
        if self._rows_held >= self._batch_rows or (
            self._rows_held % 256 == 0 and self._bytes_held() >= MAX_BYTES_HELD
        ):
            self._commit()

    def _bytes_held(self) -> int:
        return sum(
            sink.bytes_held for sink in self._sinks_active.values() if isinstance(sink, DuckdbSink)
        )

    @override
    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        super()._process_state_message(message_dict)
        if time.monotonic() - self._drained_at >= STATE_AGE_SECONDS:
            self._commit()

    @override
    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        self.logger.debug("ACTIVATE_VERSION is ignored: history is kept.")

    def _commit(self) -> None:
        """Commit what every stream holds, and only then write the last STATE that came."""
        self.drain_all()
        self._rows_held = 0
        self._drained_at = time.monotonic()

    @override
    def _write_state_message(self, state: dict[str, Any]) -> None:
        # Not json.dumps, as in the SDK: it cannot write the exact numbers that were read.
        sys.stdout.write(f"{_encode(state).decode()}\n")
        sys.stdout.flush()

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Stop at once with the code a shell gives for the signal.

        The SDK would drain here, in the middle of whatever ran, and could write a STATE whose rows are
        in a transaction still open. What is not committed is simply read again.
        """
        self.logger.info("Stopped by signal %d; rows since the last STATE are read again.", signum)
        raise SystemExit(128 + signum)
