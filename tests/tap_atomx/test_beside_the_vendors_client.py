"""The vendor's Python client 1.7 and the tap on the same sandbox: the same rows."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tap_atomx.streams import REPORTS
from tests.conftest import SandboxHandle
from tests.contracts.vendors import run_vendor

BEGIN = """
import json, sys
from atomx import Atomx, models
a = Atomx("ops@northwind.example", "sandbox-atomx-password", api_endpoint=sys.argv[1])
"""
END = "\nprint(json.dumps(out, default=str))\n"
MOMENT = "2026-03-10T00:00:00"


def vendor(sandbox: SandboxHandle, script: str) -> Any:
    """Run a script of the vendor's client; gives its `out`, decimals exact."""
    said = run_vendor("atomx", BEGIN + script + END, f"{sandbox.url}/atomx/v3")
    return json.loads(said, parse_float=Decimal)


def moment(text: str) -> str:
    """A moment as the vendor's client prints it, spelt as the tap's columns are."""
    return text.replace(" ", "T") + "Z"


def test_a_list_is_the_same(read, sandbox):
    """All creatives: ids, names, titles, advertisers, sizes, modification times."""
    sandbox.clock("2026-03-18T12:00:00Z")
    theirs = vendor(
        sandbox,
        """
out = [[c.id, c.name, c.title, c.advertiser.id, c.size.id, str(c.updated_at),
        sorted(x.id if hasattr(x, "id") else x["id"] for x in c.attributes)]
       for c in a.get("creatives", limit=1000)]
""",
    )
    ours = [
        [
            *(r["id"], r["name"], r["title"], r["advertiser_id"], r["size_id"]),
            *(r["updated_at"], r["attribute_ids"]),
        ]
        for r in read({"creatives"}).records["creatives"]
    ]
    assert ours == [[*row[:5], moment(row[5]), row[6]] for row in theirs]
    assert ours


def test_a_filtered_list_is_the_same(read, sandbox):
    """What was modified since a moment: the client by its bound, the tap by its bookmark."""
    sandbox.clock("2026-03-18T12:00:00Z")
    theirs = vendor(
        sandbox,
        f"""
found = a.get("profiles", **{{"updated_at>": "{MOMENT}", "limit": 1000, "order_by": "id.asc"}})
out = [[p.id, p.name, str(p.updated_at), p.countries_filter] for p in found]
""",
    )
    mark = {"replication_key": "updated_at", "replication_key_value": f"{MOMENT}Z"}
    found = read({"profiles"}, state={"bookmarks": {"profiles": mark}})
    assert [
        [r["id"], r["name"], r["updated_at"], r["countries_filter"]]
        for r in found.records["profiles"]
    ] == [[ident, name, moment(at), countries] for ident, name, at, countries in theirs]
    assert theirs


def test_a_child_collection_is_the_same(read, sandbox):
    """An advertiser's profiles, as the client reads them below it, by both of the tap's ways."""
    advertiser = sandbox.environment.world.advertisers[0].id
    sandbox.clock("2026-03-18T12:00:00Z")
    theirs = vendor(
        sandbox,
        f"""
out = [[p.id, p.name, str(p.updated_at)]
       for p in a.get("advertiser/{advertiser}/profiles", order_by="updated_at.desc", limit=1000)]
""",
    )
    want = sorted([ident, name, moment(at)] for ident, name, at in theirs)

    def mine() -> list[list[Any]]:
        return sorted(
            [r["id"], r["name"], r["updated_at"]]
            for r in read({"profiles"}).records["profiles"]
            if r["advertiser_id"] == advertiser
        )

    assert mine() == want
    sandbox.fault("status", platform="atomx", path="^/v3/profiles?$", status=404, times=None)
    assert mine() == want
    assert want


def test_a_change_log_is_the_same(read, sandbox):
    """A campaign's history: moments, users, addresses, old and new values."""
    campaign = sandbox.environment.world.campaigns[0].id
    sandbox.clock("2026-03-18T12:00:00Z")
    theirs = vendor(sandbox, f"out = models.Campaign({campaign}, session=a).history(limit=1000)")
    personal = {"history.user_name", "history.user_ip", "history.user_agent"}
    found = read(personal, history_models=["campaigns"])
    ours = [
        [r["date"], r["user_id"], r["user_name"], r["user_ip"], r["user_agent"], r["changes"]]
        for r in found.records["history"]
        if r["object_id"] == campaign
    ]
    assert ours == [
        [
            f"{entry['date']}Z",
            *(entry["user"][k] for k in ("id", "name", "ip", "user_agent")),
            entry["changes"],
        ]
        for entry in theirs
    ]
    assert len(ours) > 10


@pytest.mark.parametrize(
    "report", [r for r in REPORTS if r.name.endswith("_daily")], ids=lambda r: r.scope
)
def test_a_report_of_each_scope_is_the_same(read, sandbox, report):
    """Rows digit for digit; their sums are the totals that the client is told."""
    sandbox.clock("2026-03-18T12:00:00Z")
    groups, metrics = ["day", *report.dimensions], list(report.metrics)
    theirs = vendor(
        sandbox,
        f"""
r = a.report(scope={report.scope!r}, groups={groups!r}, metrics={metrics!r},
             from_="2026-03-10 00:00:00", to="2026-03-18 00:00:00", save=False)
out = {{"columns": r.columns, "data": r.data, "totals": r.totals, "length": r.length}}
""",
    )
    found = read({report.name}).records[report.name]
    columns = theirs["columns"]
    money = {m for m in metrics if isinstance(found[0][m], str)}

    def plain(row: list[Any]) -> list[Any]:
        return [
            Decimal(str(v)) if c in money and v is not None else v
            for c, v in zip(columns, row, strict=True)
        ]

    assert [plain([r[c] for c in columns]) for r in found] == [plain(row) for row in theirs["data"]]
    assert len(found) == theirs["length"]
    for metric, total in theirs["totals"].items():
        added = sum(Decimal(r[metric]) for r in found)
        assert abs(added - total) <= (Decimal(total) * Decimal("1e-6") if metric in money else 0)
