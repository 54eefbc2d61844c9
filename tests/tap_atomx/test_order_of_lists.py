"""What the API calls the order of a list: the documentation says `order_by`, the newer client `sort`.

An API may take what it does not know for an attribute, which no object has: each list would be empty.
"""

import pytest

from adtap_core.tap import RunFailed

TWO = [{"id": n, "updated_at": f"2026-03-0{n}T00:00:00"} for n in (1, 2)]
OTHER = {"order_by": "sort", "sort": "order_by"}


def ids(found, stream="creatives"):
    """The ids that were written, in order."""
    return [row["id"] for row in found.records[stream]]


@pytest.mark.parametrize("refuses", [False, True], ids=["empty", "refused"])
@pytest.mark.parametrize("known", OTHER)
def test_a_list_whose_order_is_called_otherwise_is_read(platform, run, caplog, known, refuses):
    """It was empty for ever, with exit code 0; the other name is asked for, and named once."""
    platform.lists |= {"creatives": TWO, "sizes": [{"id": 7}]}
    platform.orders, platform.refuses_orders = (known,), refuses
    found = run("creatives", "sizes", order_parameter=OTHER[known])
    assert (ids(found), ids(found, "sizes")) == ([1, 2], [7])
    assert sum("order_parameter" in line for line in caplog.text.splitlines()) == 1
    # The name is looked for once a run.
    assert len([a for a in platform.asked if OTHER[known] in a.query]) == 1


@pytest.mark.parametrize("known", OTHER)
def test_what_changed_is_read_though_the_order_is_called_otherwise(platform, run, known):
    """Within a bound a list may well be empty: whether it is, is seen without the bound."""
    platform.lists["creatives"] = TWO[:1]
    platform.orders = (known,)
    first = run("creatives", order_parameter=OTHER[known])
    platform.lists["creatives"] = TWO
    second = run("creatives", order_parameter=OTHER[known], state=first.last_state)
    assert ids(second) == [1, 2]


@pytest.mark.parametrize("refuses", [False, True], ids=["empty", "refused"])
def test_a_list_that_no_order_shows_fails(platform, run, caplog, refuses):
    """There is no setting that helps, but an exit code of 0 would say that there is nothing."""
    platform.lists["creatives"] = TWO
    platform.orders, platform.refuses_orders = (), refuses
    with pytest.raises(RunFailed, match="creatives"):
        run("creatives")
    assert ("no such attribute" if refuses else "order_parameter") in caplog.text


def test_the_order_is_looked_after_once(platform, run):
    """A list with a row shows that its order is known: later lists that are empty are believed."""
    platform.lists |= {"networks": [], "advertisers": TWO, "creatives": [], "sizes": []}
    run("networks", "advertisers", "creatives", "sizes")
    lists = [a for a in platform.asked if a.path != "/v3/login"]
    without = [a.path for a in lists if "order_by" not in a.query]
    assert without == ["/v3/networks"]
    assert len(lists) == 5


def test_nothing_new_costs_no_request_more(platform, run):
    """What was read last is within the bound: it shows that the order is known."""
    platform.lists["creatives"] = TWO
    first = run("creatives")
    second = run("creatives", state=first.last_state)
    assert platform.bounds("creatives") == [("updated_at>",), ("id>",)]
    assert all("order_by" in a.query for a in platform.asked if a.path == "/v3/creatives")
    platform.lists["creatives"] = TWO[:1]  # what was read last has been deleted
    run("creatives", state=second.last_state)
    assert platform.bounds("creatives") == [("updated_at>",), (), ("id>",)]
