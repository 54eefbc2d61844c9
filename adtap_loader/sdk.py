"""The loader as a target of the SDK: stream maps, flattening, metadata columns, validation, `--about`.

    LoaderTarget (settings, what the SDK does to a record)
      ├─ LineReader  (hands the input to the Loader)
      ├─ LoaderSink  (a stream that the SDK changes: decoded records to a Stream)
      └─ Loader      (all else)

A stream that the SDK would hand on as it came goes its direct way here too.
"""

import contextlib
import copy
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import IO, Any, ClassVar, Final, cast

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.exceptions import Unresolvable
from singer_sdk import Target
from singer_sdk.exceptions import (
    InvalidInputLine,
    InvalidJSONSchema,
    InvalidRecord,
    MapExpressionError,
    MissingKeyPropertiesError,
    RecordsWithoutSchemaException,
    StreamMapConfigError,
)
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.encoding import GenericSingerReader
from singer_sdk.sinks import BatchSink
from singer_sdk.sinks.core import JSONSchemaValidator
from typing_extensions import override

from adtap_loader import columns as cols
from adtap_loader.errors import LoadError, NoKeyError, NoSchemaError, one_line, told
from adtap_loader.loading import Loader, Message, bucket_of
from adtap_loader.references import resolved
from adtap_loader.rows import read_message
from adtap_loader.settings import filled
from adtap_loader.stopping import ends_as_asked, stop
from adtap_loader.warehouse import Warehouse
from adtap_plugin.plugin import FromVariables
from adtap_plugin.variables import VariableError

EXPECTED: Final[tuple[type[Exception], ...]] = (
    LoadError, VariableError, InvalidJSONSchema, InvalidRecord, MissingKeyPropertiesError,
    RecordsWithoutSchemaException, MapExpressionError, StreamMapConfigError, OSError,
)  # fmt: skip
"""What ends a load with one line."""


_MOST_SAID: Final = 200  # characters of what is wrong with a record: it may begin with the value


@contextlib.contextmanager
def _ending_well(loader: Loader) -> Iterator[None]:
    """Let go of the warehouse if the load fails, and raise the SDK's own exception where it has one.

    Its tests of a target ask for them.
    """
    try:
        with contextlib.ExitStack() as failing:
            failing.callback(loader.warehouse.close)
            yield
            failing.pop_all()
    except NoSchemaError as error:
        raise RecordsWithoutSchemaException(str(error)) from None
    except NoKeyError as error:
        raise MissingKeyPropertiesError(str(error)) from None


@contextlib.contextmanager
def _mapping(stream: str) -> Iterator[None]:
    """Say in one line what the SDK stumbles over when it maps or flattens: `1 / clicks` of a record without clicks."""
    try:
        yield
    except (
        ArithmeticError, AttributeError, LookupError, NotImplementedError, RecursionError, TypeError, ValueError,
        InvalidInputLine, MapExpressionError,
    ) as error:  # fmt: skip
        why = error.__cause__ or error
        raise LoadError(
            f"Stream '{stream}': it can't be mapped or flattened as the settings say: "
            f"{type(why).__name__}: {one_line(why)[:_MOST_SAID]}"
        ) from None


class LineReader(GenericSingerReader[bytes]):
    """Hands the input to the loader, which knows what to do with a line."""

    loader: Loader

    @property
    @override
    def default_input(self) -> IO[bytes]:
        return sys.stdin.buffer

    @override
    def process_lines(
        self, file_input: IO[Any] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        with _ending_well(self.loader):
            return self.loader.read(file_input)

    @override
    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        return read_message(line, 0)[0]


class _MappingLoader(Loader):
    """A loader whose target says what becomes of schemas and of records that can't go on as they are."""

    target: "LoaderTarget"

    @override
    def take_schema(self, message: Message) -> None:
        if self.is_new(message):
            self.target.map_schema(message)

    @override
    def take_record(self, message: Message) -> None:
        self.require(message, "stream", "record")
        self.target.map_record(message)
        self.count_rows(1)

    @override
    def taker_of_files(self, name: str) -> Callable[[Message], None]:
        if name in self.direct:
            return super().taker_of_files(name)
        if name not in self.target.mapper.stream_maps:
            raise NoSchemaError(name)
        # The SDK would pass them by the stream maps: what a map hashes or drops would be loaded as it is.
        return lambda record: self.target.map_record(
            {"type": "RECORD", "stream": name, "record": record}
        )


class _Validator(JSONSchemaValidator):
    """Checks records by what their schema says itself: jsonschema would open any address or file that it refers to.

    Args:
        schema: The stream's JSON schema.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        super().__init__(schema)
        self.validator = Draft202012Validator(
            schema, format_checker=self.validator.format_checker, registry=Registry()
        )


class LoaderSink(BatchSink):
    """A stream that the SDK may change before it is loaded.

    Args:
        target: Ours.
        stream_name: The table's name.
        schema: The stream's JSON schema, as the SDK has changed it.
        key_properties: Its keys.
    """

    def __init__(
        self,
        target: Target,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        ours = cast("LoaderTarget", target)
        original = copy.deepcopy(schema)
        # A stream map that builds a new schema leaves out what properties refer to.
        super().__init__(target, stream_name, {**ours.definitions, **schema}, key_properties)
        self.original_schema = original  # to which the SDK holds the next one
        self.stream = ours.loader.open(
            stream_name, self.schema, self.key_properties, bucket=ours.bucket
        )

    @property
    @override
    def is_full(self) -> bool:
        """Never: the loader commits all streams together, so that STATE can follow."""
        return False

    @override
    def get_validator(self) -> _Validator | None:
        return _Validator(self.schema) if self.validate_schema else None

    @override
    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        """Check a record against its schema: stream, column and fault in one line, where the SDK logs a traceback."""
        if self._validator is not None:
            try:
                self._validator.validate(record)
            except InvalidRecord as error:
                path = getattr(error.__cause__, "absolute_path", ())
                where = f", column '{path[0]}'" if path else ""
                said = error.error_message[:_MOST_SAID]
                raise InvalidRecord(f"Stream '{self.stream_name}'{where}: {said}", record) from None
            except (Unresolvable, RecursionError) as error:
                raise LoadError(
                    f"Stream '{self.stream_name}': its records can't be validated: a reference of its schema leads "
                    f"out of it, to nothing or in a circle, and nothing is fetched ({one_line(error)[:_MOST_SAID]}). "
                    "Let the tap send the whole schema, or set validate_records to false."
                ) from None
        return record  # moments are read by the columns, as where the SDK changes nothing

    @override
    def _singer_validate_message(self, record: dict[str, Any]) -> None:
        """Do nothing: the stream checks the keys."""

    @override
    def process_record(self, record: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        self.stream.take_record(record)

    @override
    def process_batch(self, context: Mapping[str, Any]) -> None:
        """Do nothing: the loader commits all streams together."""


class LoaderTarget(FromVariables, Target):
    """Loads Singer streams: exact decimals, UTC moments, upserts by key."""

    package_name = "adtaps"
    default_sink_class = LoaderSink
    message_reader_class = LineReader
    warehouse_class: ClassVar[type[Warehouse]]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.warn_of_settings(self.config)
        self.warn_of_variables()
        # Opened before the first message: what is wrong with it is said before anything was read.
        config = filled(self.config_jsonschema, self.config)
        self.warehouse = self.warehouse_class.of(config)
        self.loader = _MappingLoader(
            self.warehouse, batch_rows=int(config["batch_size_rows"]), log=self.logger
        )
        self.loader.target = self
        self.bucket = ""
        self.definitions: dict[str, Any] = {}
        cast("LineReader", self.message_reader).loader = self.loader

    # -- what the SDK does to messages

    def map_schema(self, message: Message) -> None:
        """Let the SDK change a stream's schema, and find out whether its records need changing."""
        stream = message["stream"]
        self.bucket = bucket_of(message)
        self.definitions = {
            word: found
            for word in ("definitions", "$defs")
            if isinstance(found := message["schema"].get(word), dict)
        }
        if self.config.get("flattening_enabled") and (
            depth := self.config.get("flattening_max_depth")
        ):
            # It knows neither references nor most alternatives.
            message = {**message, "schema": cols.typed(resolved(message["schema"], depth))}
        with _mapping(stream):
            self._process_schema_message(message)
        maps = self.mapper.stream_maps[stream]
        asked = self.config.get("add_record_metadata") or self.config["validate_records"]
        if (
            not asked
            and len(maps) == 1
            and type(maps[0]) is SameRecordTransform
            and not maps[0].flattening_enabled
        ):
            sink = cast("LoaderSink", self.get_sink(maps[0].stream_alias))
            self.loader.direct[stream] = sink.stream

    def map_record(self, message: Message) -> None:
        """Let the SDK change a record, and take what it makes of it."""
        if message["stream"] not in self.mapper.stream_maps:
            raise NoSchemaError(message["stream"])
        with _mapping(message["stream"]):
            self._process_record_message(message)

    @override
    def _handle_max_record_age(self) -> None:
        """Do nothing: STATE messages see to that, at a tenth of the age that the SDK allows."""

    @override
    def process_endofpipe(self) -> None:
        with _ending_well(self.loader):
            self.loader.finish()
        for sink in self._sinks_active.values():
            stream = cast("LoaderSink", sink).stream
            if stream in self.loader.direct.values():
                # Their records never came past the SDK, which counts.
                sink.record_counter_metric.value = stream.rows_taken
            sink.clean_up()

    # -- the program

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        super().append_builtin_config(config_jsonschema)
        # How rows are loaded follows from the key; a setting that changes nothing would mislead.
        config_jsonschema["properties"].pop("load_method", None)

    @classmethod
    @override
    def invoke(cls, **kwargs: Any) -> None:
        """Run the load; whatever is wrong with the input or the warehouse is one line and exit code 1."""
        expected = (*EXPECTED, *cls.warehouse_class.errors)
        try:
            with ends_as_asked():
                super().invoke(**kwargs)
        except expected as error:
            cls.logger.error("%s", told(error))  # noqa: TRY400 - one line is asked for
            sys.exit(1)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Stop at once with the code a shell gives for the signal.

        The SDK would drain here, in the middle of whatever ran, and could write a STATE whose rows are
        in a transaction still open. What is not committed is simply read again.
        """
        stop(self.logger, signum, frame)
