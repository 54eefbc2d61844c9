import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.singerlib import Catalog

from adtap_core.errors import SettingsError
from adtap_core.state import catalogs, documents

_SAID = st.fixed_dictionaries(
    {},
    optional={
        "inclusion": st.sampled_from(["available", "automatic", "unsupported", None]),
        "selected": st.sampled_from([True, False, None]),
        "selected-by-default": st.booleans(),
        "table-key-properties": st.lists(st.sampled_from(["id", "day"])),
        "replication-key": st.just("day"),
        "forced-replication-method": st.sampled_from(["INCREMENTAL", "FULL_TABLE"]),
        "of_somebody_else": st.integers(),
    },
)
_ITEM = st.fixed_dictionaries(
    {
        "breadcrumb": st.sampled_from(
            [[], ["properties", "id"], ["properties", "day"], ["properties", "of", "items", "x"]]
        ),
        "metadata": _SAID,
    }
)
_COLUMN = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", ["object", "null"], None]),
        "description": st.just("What it is."),
        "format": st.just("date"),
        "default": st.sampled_from([None, 0, ""]),
        "minimum": st.integers(-1, 1),
        "enum": st.just(["a", None]),
        "anyOf": st.just([{"type": "null"}]),
        "additionalProperties": st.sampled_from([True, False, {"type": "string"}]),
        "x-sql-datatype": st.just("SUPER"),
        "x-sql-datatype-properties": st.just({"size": 1}),
        "x-pii": st.just(True),
        "precision": st.just(38),
        "$comment": st.just("Somebody's."),
        "$id": st.just("here"),
        "$schema": st.just("https://json-schema.org/draft/2020-12/schema"),
    },
)
_SCHEMA = st.recursive(
    _COLUMN,
    lambda inner: st.builds(
        lambda column, properties, items: column | properties | items,
        _COLUMN,
        st.fixed_dictionaries(
            {},
            optional={
                "properties": st.none()
                | st.dictionaries(st.sampled_from(["id", "day", "type"]), inner, max_size=3)
            },
        ),
        st.fixed_dictionaries({}, optional={"items": st.none() | inner}),
    ),
    max_leaves=4,
)
_STREAM = st.fixed_dictionaries(
    {"tap_stream_id": st.sampled_from(["spend", "ads", "users"])},
    optional={
        "stream": st.sampled_from(["spend", "other"]),
        "schema": _SCHEMA,
        "metadata": st.lists(_ITEM, max_size=6),
        "key_properties": st.just(["id"]),
        "replication_key": st.just("day"),
        "replication_method": st.just("INCREMENTAL"),
    },
)


@given(streams=st.lists(_STREAM, max_size=4))
def test_a_catalog_is_read_as_the_sdk_reads_it(streams: list[dict[str, Any]]) -> None:
    """Streams in their order, what is selected, keys and schema; of an entry that comes twice the last one."""
    document = {"streams": streams}
    before = json.dumps(document)
    ours, theirs = catalogs.read(document), Catalog.from_dict(document)
    assert isinstance(ours, Catalog)
    assert list(ours.items()) == list(theirs.items())
    for entry, other in zip(ours.streams, theirs.streams, strict=True):
        assert json.dumps(entry.to_dict()) == json.dumps(other.to_dict())
        assert list(entry.metadata.items()) == list(other.metadata.items())
        assert entry.metadata.resolve_selection() == other.metadata.resolve_selection()
    assert json.dumps(document) == before


@pytest.mark.parametrize(
    "streams",
    [
        [{"stream": "spend"}],
        [{"tap_stream_id": "spend", "metadata": [{"breadcrumb": []}]}],
        [{"tap_stream_id": "spend", "metadata": [{"metadata": {}}]}],
        [{"tap_stream_id": "spend", "metadata": ["selected"]}],
        [{"tap_stream_id": "spend", "metadata": [{"breadcrumb": [], "metadata": None}]}],
        [{"tap_stream_id": "spend", "metadata": [{"breadcrumb": ["a", "b"], "metadata": None}]}],
        [{"tap_stream_id": "spend", "schema": None}],
        [{"tap_stream_id": "spend", "schema": {"properties": ["id"]}}],
        [{"tap_stream_id": "spend", "schema": {"properties": {"id": "string"}}}],
        [{"tap_stream_id": "spend", "schema": {"items": True}}],
        ["spend"],
        None,
    ],
)
def test_what_is_no_catalog_fails_as_it_does_in_the_sdk(streams: Any) -> None:
    """The words name the same kind of error and the same key."""
    with pytest.raises((KeyError, TypeError, AttributeError)) as theirs:
        Catalog.from_dict({"streams": streams})
    with pytest.raises(theirs.type):
        catalogs.read({"streams": streams})


@pytest.mark.parametrize("given", [{}, {"bookmarks": {}}, {"api_token": "x"}, {"streams": None}])
def test_another_file_is_not_taken_for_a_catalog_that_selects_nothing(
    tmp_path: Path, given: dict[str, Any]
) -> None:
    """It would read nothing and end well: a state or the settings handed over by mistake."""
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps(given))
    with (
        path.open(encoding="utf-8") as file,
        pytest.raises(SettingsError, match="not a Singer catalog") as refusal,
    ):
        documents.catalog(file)
    assert str(path) in str(refusal.value)
