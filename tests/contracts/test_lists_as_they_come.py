"""Lists as platforms send them: every field is kept, and what can't be told apart is not merged."""

import re
from pathlib import Path
from typing import Any

import pytest

from adtap_core.clock import Clock
from adtap_core.declare import Entity
from adtap_core.rows.records import RecordShaper
from adtap_core.rows.schemas import EXTRA, entity_schema
from tests.conftest import SandboxHandle
from tests.contracts.conftest import Bench
from tests.contracts.platforms import ADJUST, Case
from tests.running import run_command, select

SAMPLES = {
    "integer": 7,
    "number": "7.25",
    "boolean": True,
    "string": "text",
    "array": [7],
    "object": {"inner": 7},
}
GENERATIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "terminalone": ({"api_generation": "current"}, {"api_generation": "legacy"}),
    "openx": ({"api_generation": "current"}, {"api_generation": "legacy"}),
}


def sample(prop: dict[str, Any]) -> Any:
    """A value that fits a column."""
    if prop.get("format", "").startswith("date"):
        return "2026-03-01T00:00:00Z"
    kinds = [prop["type"]] if isinstance(prop["type"], str) else prop["type"]
    return SAMPLES[next(k for k in kinds if k != "null")]


def test_every_field_of_every_entity_is_kept(case: Case) -> None:
    """Each column's field ends in its column; what is unknown, nested or not, ends in `_extra`."""
    for settings in GENERATIONS.get(case.platform, ({},)):
        config = case.config("http://127.0.0.1:1", **settings)
        platform = case.tap.platform_class(config, Clock.from_environment())
        offered = [e for e in case.tap.entities if case.tap.platform_class.offers(e, config)]
        assert offered
        for entity in offered:
            _check_entity(case, platform, entity)


def _check_entity(case: Case, platform: Any, entity: Entity) -> None:
    schema = entity_schema(case.tap.package, entity, "number")
    shaper = RecordShaper(entity.name, schema, platform.secret_fields, entity.columns)
    columns = {c: p for c, p in schema["properties"].items() if c != EXTRA}
    odd = {"never seen before": 1, "newField": {"deep": [{"er": 2}]}, "hostname": "text"}
    record = {c: sample(p) for c, p in columns.items()} | odd
    (values,) = shaper.shape([platform.normalize(entity, record)])
    row = dict(zip(shaper.columns, values, strict=True))
    lost = [c for c in columns if row[c] is None]
    assert not lost, f"{case.platform} {entity.name}: {lost}"
    hidden = {"hostname"} & columns.keys()
    wanted = {"never_seen_before": 1, "new_field": {"deep": [{"er": 2}]}, "hostname": "text"}
    assert row[EXTRA] == {k: v for k, v in wanted.items() if k not in hidden}, entity.name


def _rows(field: str, good: object, empty: str | None) -> list[dict[str, Any]]:
    return [{field: good, "name": "c"}, {field: empty, "name": "a"}, {field: empty, "name": "b"}]


ATOMX_PAGE = {"success": True, "resource": "sites", "count": 3, "limit": 1000}
T1_META = {"status": "ok", "count": 3, "total_count": 3, "offset": 0}
LISTS: dict[str, tuple[str, str, Any]] = {
    "openx": (
        "sites",
        "^/ox/4.0/site$",
        lambda e: {"has_more": False, "objects": _rows("uid", "u-1", e)},
    ),
    "adjust": ("partners", "/filters_data$", lambda e: {"partners": _rows("id", "p", e)}),
    "atomx": ("sites", "^/v3/sites$", lambda e: {**ATOMX_PAGE, "sites": _rows("id", 1, e)}),
    "terminalone": (
        "agencies",
        "^/api/v3.0/agencies$",
        lambda e: {"data": _rows("id", 1, e), "meta": T1_META},
    ),
}
"""A stream, its list, and that list with one good record and two whose key is empty."""


@pytest.mark.parametrize("empty", ["", None], ids=["empty", "null"])
def test_records_without_a_key_are_not_merged(bench: Bench, empty: str | None) -> None:
    """An empty text tells nothing apart, as null does not: the run fails and says which key is missing."""
    stream, path, body = LISTS[bench.case.platform]
    bench.sandbox.fault("status", path=path, status=200, body=body(empty), times=None)
    found = bench.command({stream})
    assert found.code != 0
    assert re.search(rf"{stream}.* no .*`u?id`", found.stderr), found.stderr
    assert "unexpected" not in found.stderr
    names = [r["name"] for r in found.records[stream]]
    assert names in ([], ["c"]), "never one of them in the other's place"


def test_a_key_of_two_parts_needs_both(sandbox: SandboxHandle, tmp_path: Path) -> None:
    """Two events without a token in one app: the third is written, the run fails."""
    mapping = "app_token_x_event_tokens_mapping"
    events = [
        {"id": name, "name": name, mapping: {"aaaabbbbcccc": [token]}}
        for name, token in (("a", ""), ("b", ""), ("c", "tok3n1"))
    ]
    sandbox.fault("status", path="/events$", status=200, body=events, times=None)
    config = ADJUST.config(sandbox.url)
    catalog = select(ADJUST.tap, config, {"event_tokens"})
    found = run_command("tap-adjust", folder=tmp_path, config=config, catalog=catalog)
    assert found.code != 0
    assert [r["event_id"] for r in found.records["event_tokens"]] == ["c"]
    assert "event_tokens: 2 records have no `app_token` or no `event_token`" in found.stderr
