"""What a catalog says of a stream: whether it is read, which of its columns, and how."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from singer_sdk import Tap
from singer_sdk.singerlib import Catalog, CatalogEntry, MetadataMapping
from singer_sdk.streams import Stream
from typing_extensions import override

log = logging.getLogger("adtaps.streams")


@dataclass(frozen=True, kw_only=True)
class StreamDefinition:
    """What a stream is, whatever a catalog says.

    Args:
        name: Its name.
        schema: Its JSON schema.
        keys: Its primary key.
        replication_key: Its bookmark's column, if it has one.
        selected: Whether it is read when nobody chose streams.
    """

    name: str
    schema: dict[str, Any]
    keys: tuple[str, ...]
    replication_key: str | None = None
    selected: bool = True


class Selected(Stream):
    """A stream of the SDK that takes from a catalog what is the user's to say, and never its keys."""

    def __init__(self, tap: Tap, definition: StreamDefinition) -> None:
        self.selected_by_default = definition.selected
        self._own_keys, self._own_replication_key = definition.keys, definition.replication_key
        self.entry: CatalogEntry | None = None
        """What the catalog says of it; None without a catalog, or if it is not there."""
        super().__init__(tap, schema=definition.schema, name=definition.name)
        self.primary_keys, self.replication_key = definition.keys, definition.replication_key

    @property
    @override
    def metadata(self) -> MetadataMapping:
        fresh = self._metadata is None
        mapping = super().metadata
        if fresh:
            # Also where a catalog was written by hand and lacks `inclusion`: no loader takes a row without its key.
            for column in {*self._own_keys, self._own_replication_key or "", *self.unselectable()}:
                if ("properties", column) in mapping:
                    mapping["properties", column].inclusion = mapping[()].InclusionType.AUTOMATIC
            for column in self.personal():
                if mapping["properties", column].selected is None:
                    mapping["properties", column].selected_by_default = False
        return mapping

    @property  # type: ignore[explicit-override] # not seen on one with a setter
    @override
    def selected(self) -> bool:
        # The SDK answers from all columns; of a catalog's sixty streams most are off and never asked for theirs.
        mapping = self.metadata
        return () not in mapping or mapping._breadcrumb_is_selected(())  # noqa: SLF001 - the SDK has no other

    @selected.setter
    def selected(self, value: bool | None) -> None:
        self.metadata.root.selected = value
        self._mask = None

    @property
    @override
    def effective_schema(self) -> dict[str, Any]:
        if self._input_schema is None and self.entry is not None:
            self._input_schema = self.entry.schema.to_dict()
        return super().effective_schema

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selection and replication method from a catalog, never keys: narrower ones would make rows collide."""
        # Not the SDK's own, which spells out the schema of each stream: most are off (`effective_schema`).
        self._tap_input_catalog = catalog
        entry = self.entry = catalog.get_stream(self.name)
        if entry is None:
            return
        root = entry.metadata.get(())
        # `--discover` writes the tap's own method beside the root's metadata, where a user asks for another.
        asked = getattr(root, "forced_replication_method", None) or entry.replication_method
        if asked:
            self.forced_replication_method = asked
        given = tuple(entry.key_properties or getattr(root, "table_key_properties", None) or ())
        if given and given != self._own_keys:
            log.warning(
                "%s: the catalog's key_properties %s are not used, the keys are %s",
                self.name,
                list(given),
                list(self._own_keys),
            )

    def unselectable(self) -> Iterable[str]:
        """Return the columns that a user cannot leave out, besides the keys."""
        return ()

    def personal(self) -> Iterable[str]:
        """Return the columns that are read only if somebody selects them: what they hold is about people."""
        return ()
