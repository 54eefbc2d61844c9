"""One truth, six loaders: what a tap sends is what each warehouse holds."""

# ruff: noqa: S608 - the names in these queries are the tests' own

import pytest

from tests.warehouses import edges
from tests.warehouses.compare import PROPERTIES, compare
from tests.warehouses.conftest import make_store
from tests.warehouses.limits import LIMITS
from tests.warehouses.page import TYPES, note
from tests.warehouses.platforms import PLATFORMS

WITH_ALL_DIGITS = "own_postgres"


@pytest.mark.timeout(400)
@pytest.mark.parametrize("source", ["edges", *PLATFORMS])
def test_what_is_held_is_what_was_sent(source, kind, store, first_run, tmp_path, request):
    """Every row, key, digit, day, moment, letter, null and nested value, but for measured limits."""
    text, sent = first_run(source)
    load = store.load(text)
    assert load.code == 0, load.stderr[-3000:]
    found = compare(sent, store, load)
    whole = None
    if kind == WITH_ALL_DIGITS:
        whole = make_store(kind, tmp_path / "whole", "tap_whole", request)
        again = whole.load(text, all_digits=True)
        assert again.code == 0, again.stderr[-3000:]
        found_whole = compare(sent, whole, again)
        assert [d for name in PROPERTIES for d in found_whole.differences[name]] == []
    for name in PROPERTIES:
        limit = LIMITS.get((kind, name))
        unexplained = [d for d in found.differences[name] if not (limit and limit.explains(d))]
        assert unexplained == []
        compared, limited = found.compared[name], len(found.differences[name])
        if limited and limit:
            cell = f"{limit.mark} {limited:,} of {compared:,}"
            if whole:
                cell += f"; with `all_digits` ✓ {found_whole.compared[name]:,}"
        else:
            cell = f"✓ {compared:,}" if compared else "\u2013"
        note("values", f"{source} {kind}", name, cell)
    if source == "edges":
        types = store.types(edges.STREAM)
        for of, column in TYPES.items():
            cell = types[column]
            if whole and (other := whole.types(edges.STREAM)[column]) != cell:
                cell += f"; with `all_digits` {other}"
            note("types", of, kind, cell)


def test_a_json_null_is_found_the_way_the_page_says(tmp_path, request, postgres_url):
    """`NULLIF(column, 'null'::jsonb)` finds what `IS NULL` does not."""
    store = make_store("postgres", tmp_path, "tap_x", request)
    assert store.load(edges.text()).code == 0
    found = store.ask(
        "SELECT count(*) FILTER (WHERE tree IS NULL) AS plain, "
        f"count(*) FILTER (WHERE NULLIF(tree, 'null'::jsonb) IS NULL) AS advised FROM tap_x.{edges.STREAM}"
    )
    assert found == [{"plain": 0, "advised": 4}]
