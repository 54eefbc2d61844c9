"""Entities: read whole or from the bookmark, parents before children; and what all streams share."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from adtap_core.declare import Entity
from adtap_core.http.client import Call
from adtap_core.platform import EntityQuery
from adtap_core.tap import RunFailed
from adtap_core.testing import Messages, run_tap, select
from tests.core.conftest import Tiny
from tests.core.tiny import TapTiny, TinyPlatform

SCHEMAS = {
    "things": {
        "id": {"type": "integer"},
        "name": {"type": ["string", "null"]},
        "email": {"type": ["string", "null"], "x-pii": True},
        "updated_on": {"type": ["string", "null"], "format": "date-time"},
    },
    "parts": {"id": {"type": "integer"}, "thing_id": {"type": ["integer", "null"]}},
}


class Things(TinyPlatform):
    """Lists things, and the parts of each."""

    def pages(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Return a list's pages; of a child, those of one parent."""
        if query.parent is None:
            yield from super().pages(entity, query)
            return
        url = f"{self.settings['api_url']}/parts"
        reply = self.http.send(Call(url, entity.name, params={"thing": query.parent["id"]}))
        yield reply.json()["rows"]


class TapThings(TapTiny):
    """Its tap."""

    name = "tap-things"
    platform_class = Things
    package = "things_of_tests"
    entities = (
        Entity(name="parts", path="/parts", parent="things"),
        Entity(name="things", path="/things", replication_key="updated_on"),
    )


@pytest.fixture(autouse=True, scope="module")
def _package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The package that holds their schemas."""
    folder = tmp_path_factory.mktemp("site")
    schemas: Path = folder / TapThings.package / "schemas"
    schemas.mkdir(parents=True)
    (schemas.parent / "__init__.py").write_text("")
    for name, properties in SCHEMAS.items():
        described = {k: {**v, "description": f"{k}."} for k, v in properties.items()}
        document = {"type": "object", "properties": described}
        (schemas / f"{name}.json").write_text(json.dumps(document))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield


@pytest.fixture
def things(tiny: Tiny) -> Tiny:
    """The tiny server, with two parts of each thing."""

    def parts(path: str, query: Mapping[str, Sequence[str]]) -> Any:
        if path != "/parts":
            return None
        number = int(query["thing"][0])
        rows = [{"id": 10 * number + n, "thing_id": number} for n in (1, 2)]
        return tiny.server.json({"rows": rows})

    tiny.server.before.append(parts)
    return tiny


def read(things: Tiny, *streams: str, state: Any = None, **more: Any) -> Messages:
    return run_tap(TapThings, things.config | more, streams={*streams}, state=state)


def ids(messages: Messages, stream: str = "things") -> list[int]:
    return [row["id"] for row in messages.records[stream]]


def test_the_next_run_asks_from_the_newest_change_on(things: Tiny) -> None:
    """The bookmark is what was seen, not when it was seen; entities know no `start_date`."""
    first = read(things, "things")
    assert ids(first) == [*range(1, 8)]
    assert things.server.log[0].get("since") is None
    mark = first.last_state["bookmarks"]["things"]
    assert mark["replication_key_value"].startswith("2026-01-07T00:00:00")
    things.server.log.clear()
    read(things, "things", state=first.last_state)
    assert things.server.log[0]["since"][0].startswith("2026-01-07T00:00:00")


def test_a_bookmark_never_passes_the_beginning_of_its_read(things: Tiny) -> None:
    """What changes while a list is read may lie on a page that was read already: it is asked for again."""
    things.server.things[3]["updatedOn"] = "2026-03-18T12:30:00Z"
    mark = read(things, "things").last_state["bookmarks"]["things"]
    assert "2026-03-18T11:59" < mark["replication_key_value"] < "2026-03-18T12:30"


def test_a_bookmark_does_not_move_back(things: Tiny) -> None:
    """A list without anything newer leaves it."""
    state = {"bookmarks": {"things": {"replication_key": "updated_on", "replication_key_value": "2026-03-01T00:00:00Z"}}}  # fmt: skip
    mark = read(things, "things", state=state).last_state["bookmarks"]["things"]
    assert mark["replication_key_value"] == "2026-03-01T00:00:00Z"


def test_a_list_that_broke_off_moves_no_bookmark_and_stops_no_other(things: Tiny) -> None:
    """It is named; what came of it stays."""
    things.server.before.append(
        lambda _p, q: (400, {}, b"no") if q.get("offset") == ["3"] else None
    )
    written: list[Messages] = []
    with pytest.raises(RunFailed, match="failed: things"):
        run_tap(TapThings, things.config, streams={"things", "spend_daily"}, written=written.append)
    (got,) = written
    assert got.records["spend_daily"]
    assert "replication_key_value" not in got.last_state["bookmarks"].get("things", {})


def test_children_are_asked_for_parent_by_parent_after_them(things: Tiny) -> None:
    """Wherever the table has them; also where only the children are selected."""
    got = read(things, "things", "parts")
    assert ids(got, "parts") == [10 * t + n for t in range(1, 8) for n in (1, 2)]
    streams = [line["stream"] for line in got.lines if line["type"] == "RECORD"]
    assert streams == ["things"] * 7 + ["parts"] * 14
    alone = read(things, "parts")
    assert ids(alone, "parts") == ids(got, "parts")
    assert "things" not in alone.schemas


def test_a_child_that_fails_names_itself_and_not_its_parent(things: Tiny) -> None:
    """The parent's bookmark moves: it was read."""
    things.server.before.insert(
        0, lambda path, q: (400, {}, b"no") if path == "/parts" and q["thing"] == ["4"] else None
    )
    written: list[Messages] = []
    with pytest.raises(RunFailed, match="failed: parts"):
        run_tap(TapThings, things.config, streams={"things", "parts"}, written=written.append)
    assert "replication_key_value" in written[0].last_state["bookmarks"]["things"]


def test_personal_fields_are_read_by_whoever_selects_them(things: Tiny) -> None:
    """On their own stream, and not by default; keys can't be left out."""
    things.server.things[0]["email"] = "a@b.example"
    catalog = TapThings(config=things.config).catalog_dict
    for entry in catalog["streams"]:
        for mark in entry["metadata"]:
            if not mark["breadcrumb"]:
                mark["metadata"]["selected"] = entry["tap_stream_id"] == "things"
            elif mark["breadcrumb"] == ["properties", "id"]:
                mark["metadata"] = {"inclusion": "available", "selected": False}
    got = run_tap(TapThings, things.config, catalog=catalog)
    assert {*got.records["things"][0]} == {"id", "name", "updated_on", "_extra"}
    wanted = select(TapThings, things.config, {"things"})
    for entry in wanted["streams"]:
        for mark in entry["metadata"]:
            if mark["breadcrumb"] == ["properties", "email"]:
                mark["metadata"]["selected"] = True
    got = run_tap(TapThings, things.config, catalog=wanted)
    assert got.records["things"][0]["email"] == "a@b.example"


@pytest.mark.parametrize("key", [None, ""], ids=["null", "empty"])
def test_records_without_a_key_fail_their_stream(things: Tiny, key: Any) -> None:
    """A loader would collapse them into one."""
    things.server.things[2]["id"] = key
    with pytest.raises(RunFailed, match="failed: things"):
        read(things, "things")


def test_a_dry_run_ends_after_the_record_it_was_asked_for(
    things: Tiny, capfd: pytest.CaptureFixture[str]
) -> None:
    """`--test` wants one of each stream."""
    TapThings(config=things.config).run_connection_test()
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    written = [line["stream"] for line in lines if line["type"] == "RECORD"]
    assert sorted(written) == ["parts", "spend_daily", "things"]
