"""Loads that are repeated, restated, killed, and streams that change: on each warehouse."""

import copy
import json
import os
import time

import psycopg
import pytest

from adtap_core.names import column_name
from tests import programs
from tests.running import parse
from tests.warehouses.compare import compare, final
from tests.warehouses.limits import LIMITS
from tests.warehouses.page import note
from tests.warehouses.platforms import NOW, PLATFORMS, arguments, run
from tests.warehouses.stores import Store

pytestmark = pytest.mark.timeout(300)
LATER = "2026-03-20T12:00:00Z"


def unexplained(sent, store, load, kind, *, rows=True):
    """What differs and is no known limit."""
    found = compare(sent, store, load)
    skipped = set() if rows else {"rows"}
    return [
        (name, d)
        for name, differences in found.differences.items()
        for d in differences
        if name not in skipped and not ((limit := LIMITS.get((kind, name))) and limit.explains(d))
    ]


@pytest.fixture
def one(kind, request):
    """Another tap for each store, so that all four and all six are met."""
    taps = sorted(PLATFORMS)
    return PLATFORMS[
        taps[
            ["postgres", "duckdb", "parquet", "snowflake", "jsonl", "own_postgres"].index(kind)
            % len(taps)
        ]
    ]


def test_the_same_run_twice_and_a_restated_run_leave_each_row_once(
    kind, one, store, sandbox, tmp_path
):
    """A row is replaced by its key; what a later run restates, takes the place of what was there."""
    config = one.config(sandbox.url)
    text, first = run(one, tmp_path / "a", config, streams=one.few)
    assert store.load(text).code == 0
    load = store.load(text)
    assert unexplained(first, store, load, kind, rows=store.upserts) == []
    lines = len(store.values(one.daily))
    assert lines == len(first.records[one.daily]) * (1 if store.upserts else 2)
    note("deeds", kind, "twice", "✓ each row once" if store.upserts else "³ each row twice, equal")

    sandbox.clock(advance_days=2)
    again, second = run(
        one, tmp_path / "b", config, state=first.last_state, streams=one.few, now=LATER
    )
    load = store.load(again)
    both = parse(text + again)
    assert unexplained(both, store, load, kind, rows=store.upserts) == []
    before, after = final(first, one.daily), final(second, one.daily)
    restated = [key for key in before.keys() & after.keys() if before[key] != after[key]]
    changed = [k for k in restated if any(before[k][c] != after[k][c] for c in before[k] if not c.startswith("_"))]  # fmt: skip
    assert changed, "the world has restated nothing"
    note(
        "deeds",
        kind,
        "restated",
        f"✓ {len(changed)} rows replaced"
        if store.upserts
        else f"³ {len(changed)} rows, old and new",
    )


def test_a_killed_run_goes_on_and_ends_as_if_nothing_had_happened(
    kind, one, store, sandbox, tmp_path
):
    """Tap and target die in the middle; the same pipe again leaves what an unbroken run leaves."""
    config = one.config(sandbox.url, start_date="2026-03-08", concurrency=1)
    sandbox.latency(0.02)
    (written, to_write), (to_read, handed_on) = programs.pipe(), programs.pipe()
    with written, to_write, to_read, handed_on:
        source = programs.start(
            one.tap,
            arguments(one, tmp_path, config, streams=one.few)[1:],
            stdout=to_write,
            stderr=tmp_path / "errors.txt",
            environment={"ADTAPS_NOW": NOW},
        )
        target = store.start(to_read)
        to_write.close()
        to_read.close()
        try:
            with open(written.fileno(), closefd=False, encoding="utf-8") as lines:
                for line in lines:
                    try:
                        os.write(handed_on.fileno(), line.encode())
                    except BrokenPipeError:
                        break
                    if '"RECORD"' in line and f'"{one.daily}"' in line:
                        break
            time.sleep(1)  # both are in the middle of their work
        finally:
            for process in (source, target):
                process.kill()
    sandbox.latency(0)
    # No STATE was written: what was not committed is read again.
    text, whole = run(one, tmp_path / "again", config, streams=one.few)
    load = store.load(text)
    assert load.code == 0, load.stderr[-2000:]
    # What the killed run left is the same rows, older: replaced, or an earlier line.
    assert unexplained(whole, store, load, kind, rows=store.upserts) == []
    assert load.state == whole.last_state
    note("deeds", kind, "killed", f"{'✓' if store.upserts else '³'} ends as an unbroken run")


# -- a stream that changes


def custom(platform, *, metrics=None, dimensions=None):
    report = {"name": "mine", **copy.deepcopy(dict(platform.report))}
    if metrics is not None:
        report["metrics"] = metrics
    if dimensions is not None:
        report["dimensions"] = dimensions
    return [report]


def test_a_metric_comes_and_goes(kind, one, store, sandbox, tmp_path):
    """A new metric is a new column, null before; a removed one stays, null from then on."""
    metrics = list(one.report["metrics"])
    few = ("mine",)
    text, first = run(
        one, tmp_path / "a", one.config(sandbox.url, reports=custom(one)), streams=few
    )
    assert first.code == 0, first.stderr[-2000:]
    assert store.load(text).code == 0
    before = final(first, "mine")

    more = one.config(sandbox.url, reports=custom(one, metrics=[*metrics, one.metric]))
    sandbox.clock(advance_days=1)
    text, second = run(one, tmp_path / "b", more, state=first.last_state, streams=few, now="2026-03-19T12:00:00Z")  # fmt: skip
    assert second.code == 0, second.stderr[-2000:]
    load = store.load(text)
    assert load.code == 0, load.stderr[-2000:]
    (new,) = set(second.schemas["mine"]["schema"]["properties"]) - set(first.schemas["mine"]["schema"]["properties"])  # fmt: skip
    after = store.final(second.schemas["mine"])
    for key, row in final(second, "mine").items():
        assert after[key][new] == row[new]
    assert set(before) <= set(after)
    note("deeds", kind, "added", "✓ null before" if store.upserts else "✓ absent before")

    less = one.config(sandbox.url, reports=custom(one, metrics=metrics[1:]))
    sandbox.clock(advance_days=1)
    text, third = run(one, tmp_path / "c", less, state=second.last_state, streams=few, now=LATER)
    assert third.code == 0, third.stderr[-2000:]
    load = store.load(text)
    assert load.code == 0, load.stderr[-2000:]
    held = store.final(second.schemas["mine"])
    fresh = final(third, "mine").keys()
    column = next(c for c in second.schemas["mine"]["schema"]["properties"] if c not in third.schemas["mine"]["schema"]["properties"])  # fmt: skip
    old = [held[key][column] for key in fresh & after.keys()]
    assert len(held) >= len(after)
    new_rows = [held[key][column] for key in fresh - after.keys()]
    assert all(value is None for value in new_rows)
    kept = bool(old) and any(value is not None for value in old)
    if kind == "snowflake":
        # The emulator's stand-in for MERGE replaces whole rows, so what came out says nothing.
        cell = "⁴ not measured: MERGE sets only the columns that are sent"
    else:
        cell = (
            "⁴ null in new rows, kept in rows read again" if kept else "✓ null in rows read since"
        )
    note("deeds", kind, "removed", cell)


MESSAGES = {
    "widened": ({"type": ["integer", "null"]}, 7, {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 18}, "0.5"),
    "retyped": ({"type": ["integer", "null"]}, 7, {"type": ["string", "null"]}, "many"),
}  # fmt: skip


@pytest.mark.parametrize("change", MESSAGES)
def test_a_column_is_retyped(kind, change, store):
    """The old and the new value are both there, or the load ends with the reason and keeps the old."""
    old, first, new, second = MESSAGES[change]
    before = store.load(_messages(old, 1, first))
    assert before.code == 0, before.stderr[-2000:]
    load = store.load(_messages(new, 2, second))
    values = {row["n"]: row["v"] for row in store.values("mine")}
    assert str(values[1]) in {"7", "7.000000000000000000"}
    if load.code:
        assert 2 not in values
        assert "'v'" in load.stderr or ".v'" in load.stderr
        cell = "⁵ refused, nothing lost"
    elif str(values[2]).rstrip("0") == second:
        cell = f"✓ {store.types('mine')['v']}"
    else:
        # The loader keeps NUMBER(38,0) and says nothing.
        assert (kind, change, values[2]) == ("snowflake", "widened", 1)
        cell = f"⁶ {second} arrives as {values[2]}"
    note("deeds", kind, change, cell)
    if cell[0] in "⁵⁶":
        # What the page advises is enough: after it the new value arrives as it was sent.
        _follow_the_page(store, change)
        load = store.load(_messages(new, 2, second))
        assert load.code == 0, load.stderr[-2000:]
        values = {row["n"]: row["v"] for row in store.values("mine")}
        assert str(values[2]).rstrip("0") == second


def _follow_the_page(store: Store, change: str) -> None:
    if store.name == "target-snowflake":
        rename = "ALTER TABLE ADS.TAP_X.MINE RENAME COLUMN V TO V_UNTIL_NOW"
        store.ask(rename, "SELECT 1 AS one")
    else:
        wanted = {"widened": "numeric(38,18)", "retyped": "text"}[change]
        with psycopg.connect(store.url) as connection:
            connection.execute(f"ALTER TABLE tap_x.mine ALTER COLUMN v TYPE {wanted}")


def _messages(spec, n, value):
    schema = {"properties": {"n": {"type": "integer"}, "v": spec}}
    lines = (
        {"type": "SCHEMA", "stream": "mine", "schema": schema, "key_properties": ["n"]},
        {"type": "RECORD", "stream": "mine", "record": {"n": n, "v": value}},
    )
    return "\n".join(map(json.dumps, lines)) + "\n"


@pytest.mark.parametrize("tap", PLATFORMS)
def test_a_new_dimension_is_refused_before_any_data_request(tap, sandbox, tmp_path):
    """Two grains would mix in one table: the tap says so and sends nothing, whatever the warehouse."""
    platform = PLATFORMS[tap]
    config = platform.config(sandbox.url, reports=custom(platform))
    _, first = run(platform, tmp_path / "a", config, streams=("mine",))
    dimensions = [*platform.report["dimensions"], platform.dimension]
    changed = platform.config(sandbox.url, reports=custom(platform, dimensions=dimensions))
    text, second = run(platform, tmp_path / "b", changed, state=first.last_state, streams=("mine",))
    assert second.code != 0
    assert "a new name" in second.stderr
    assert column_name(platform.dimension) in second.stderr
    assert text == ""
