"""The change log, the reports that people stored, invoices; and that nothing of the tap writes."""

import json
import re
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from adtap_core.errors import SettingsError
from adtap_core.tap import RunFailed
from adtap_sandbox.atomx.data import ground
from tap_atomx import shapes
from tap_atomx.streams import ENTITIES, HISTORY_MODELS, REPORTS
from tap_atomx.tap import TapAtomx
from tests.conftest import SandboxHandle
from tests.running import run_tap

MODEL = {e.name: e.model for e in ENTITIES}
HISTORY = re.compile(r"^/v3/history/(\w+)/(\d+)$")


def logs_asked(sandbox: SandboxHandle) -> Counter[tuple[str, int]]:
    """Whose change logs were asked for, and how often."""
    found = (HISTORY.match(e["path"]) for e in sandbox.log("atomx"))
    return Counter((m[1], int(m[2])) for m in found if m)


@pytest.fixture
def call(sandbox: SandboxHandle) -> Callable[..., Any]:
    """A user of the API who writes: `call("PUT", "campaign/1", {...})`."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def send(method: str, path: str, body: object, token: str = "") -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        url = f"{sandbox.url}/atomx/v3/{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)  # noqa: S310
        with opener.open(request, timeout=30) as reply:
            return json.load(reply)

    login = {"email": "ops@northwind.example", "password": "sandbox-atomx-password"}
    token = send("POST", "login", login)["auth_token"]
    return lambda method, path, body: send(method, path, body, token)


def test_the_change_log_is_whole(read, sandbox):
    """Every change of every object that exists: when, by whom, old and new."""
    found = read({"history.user_name", "history.user_ip", "history.user_agent"})
    world, now = ground(1, 1), datetime.fromisoformat("2026-03-18T12:00:00+00:00")
    want = [
        (name, ident, f"{edit.at:%Y-%m-%dT%H:%M:%SZ}", edit.user, sorted(edit.changes))
        for name in HISTORY_MODELS
        for ident, life in world.lives[MODEL[name]].items()
        if life.at(now) is not None
        for edit in life.history(now)
    ]
    rows = found.records["history"]
    assert sorted(
        (r["model"], r["object_id"], r["date"], r["user_id"], sorted(r["changes"])) for r in rows
    ) == sorted(want)
    assert len(rows) > 1000
    assert len({r["_history_key"] for r in rows}) == len(rows)
    assert all(r["user_name"] and r["user_ip"] and r["user_agent"] for r in rows)
    assert all(len(pair) == 2 for r in rows for pair in r["changes"].values())


def test_only_objects_that_were_modified_are_asked_again(read, sandbox, truth):
    """The second run lists what moved since the bookmark and asks for the log of that alone."""
    first = read({"history"}, now="2026-03-15T00:00:00Z")
    asked_first = logs_asked(sandbox)
    sandbox.clear_log()
    second = read({"history"}, now="2026-03-18T12:00:00Z", state=first.last_state)
    mark = first.last_state["bookmarks"]["history"]["replication_key_value"]
    moved = {
        (MODEL[name], int(ident))
        for name in HISTORY_MODELS
        for ident, at in truth(model=MODEL[name])["updated_at"].items()
        if at >= mark[:19]
    }
    assert set(logs_asked(sandbox)) == moved
    assert 0 < len(moved) < len(asked_first) / 3
    assert set(logs_asked(sandbox).values()) == {1}
    assert min(r["date"] for r in second.records["history"]) >= mark
    both = first.final("history", "_history_key") | second.final("history", "_history_key")
    whole = read({"history"}, now="2026-03-18T12:00:00Z").final("history", "_history_key")
    assert both.keys() >= whole.keys()


def test_the_change_log_is_read_under_the_wikis_path(read, sandbox):
    """Where `history/MODEL/ID` is unknown, `MODEL/ID/history` is asked, and remembered."""
    chosen = {"history_models": ["campaigns", "conversion_pixels"]}
    want = read({"history"}, **chosen)
    sandbox.fault("status", platform="atomx", path="^/v3/history/", status=404, times=None)
    sandbox.clear_log()
    assert read({"history"}, **chosen).records["history"] == want.records["history"]
    assert want.records["history"]
    assert sum(logs_asked(sandbox).values()) <= 3


def test_changes_within_one_second_stay_apart(read, sandbox, call):
    """Back and forth thrice in one second, by one user: three entries, two of them alike to the letter."""
    sandbox.clock("2026-03-18T11:00:00Z")
    campaign = sandbox.environment.world.campaigns[0].id
    call("PUT", f"campaign/{campaign}", {"budget": 1.0})
    sandbox.clock("2026-03-18T11:30:00Z")
    for budget in (2.0, 1.0, 2.0):
        call("PUT", f"campaign/{campaign}", {"budget": budget, "comment": "which?"})
    found = read({"history"}, history_models=["campaigns"])
    rows = [r for r in found.records["history"] if r["date"] == "2026-03-18T11:30:00Z"]
    assert [[float(x) for x in r["changes"]["budget"]] for r in rows] == [
        [1.0, 2.0],
        [2.0, 1.0],
        [1.0, 2.0],
    ]
    assert {r["comment"] for r in rows} == {"which?"}
    assert len({r["_history_key"] for r in rows}) == 3
    again = read({"history"}, history_models=["campaigns"], state=found.last_state)
    assert {r["_history_key"] for r in again.records["history"]} == {
        r["_history_key"] for r in rows
    }


def test_a_log_of_several_pages_is_read_to_its_end(read, sandbox, call, monkeypatch):
    """Pages by offset, oldest first; any page size gives the same entries."""
    whole = read({"history"}, history_models=["creatives", "campaigns"])
    monkeypatch.setattr("tap_atomx.history.PAGE_SIZE", 7)
    sandbox.clear_log()
    paged = read({"history"}, history_models=["creatives", "campaigns"])
    assert paged.records["history"] == whole.records["history"]
    assert max(logs_asked(sandbox).values()) > 3


def test_models_and_objects_of_the_log_can_be_chosen(read, sandbox, settings):
    """`history_models` names them; `history_unchanged` asks for every object on every run."""
    first = read({"history"}, history_models=["advertisers"])
    assert {r["model"] for r in first.records["history"]} == {"advertisers"}
    sandbox.clear_log()
    read(
        {"history"}, history_models=["advertisers"], state=first.last_state, history_unchanged=True
    )
    assert len(logs_asked(sandbox)) == len(sandbox.environment.world.advertisers)
    with pytest.raises(SettingsError, match="browsers"):
        run_tap(TapAtomx, {**settings, "history_models": ["browsers"]})


def test_a_forbidden_log_is_named_and_the_others_are_read(read, sandbox, caplog):
    """One model refused: the rest is read, the run fails and says which, the bookmark stays."""
    sandbox.switch("atomx", forbidden=["campaigns"])
    with pytest.raises(RunFailed, match="history"):
        read({"history"})
    assert "history of campaigns" in caplog.text
    assert {model for model, _ in logs_asked(sandbox)} >= {"advertiser", "creative", "publisher"}


def test_stored_and_scheduled_reports_are_listed(read, call):
    """What people saved and scheduled in the account: their questions, not their data."""
    kept = {
        "scope": "advertiser",
        "metrics": ["impressions"],
        "name": "mine",
        "emails": ["a@b.example"],
    }
    call("POST", "report", {**kept, "daterange": "yesterday"})
    call("POST", "report", {**kept, "when": "daily", "interval": "1 days"})
    found = read({"reports", "scheduled_reports.emails"})
    (stored,), (scheduled,) = found.records["reports"], found.records["scheduled_reports"]
    assert (stored["name"], stored["is_scheduled_report"]) == ("mine", False)
    assert stored["query"]["daterange"] == "yesterday"
    assert scheduled["is_scheduled_report"] is True
    assert scheduled["query"]["when"] == "daily"
    assert scheduled["emails"] == ["a@b.example"]
    assert stored.get("emails") is None
    assert "a@b.example" not in str(stored), "the query repeats what was sent, receivers too"
    assert "emails" not in scheduled["query"]
    assert stored["id"] != scheduled["id"]


@pytest.mark.parametrize("emails", [None, [], ["new@b.example"]])
def test_receivers_that_only_the_query_names_are_in_their_column(emails):
    """Those beside the query are in force, if there are any; the query keeps all else."""
    entity = next(e for e in ENTITIES if e.name == "reports")
    sent = {"id": "a", "query": {"scope": "publisher", "emails": ["old@b.example"]}}
    sent |= {} if emails is None else {"emails": emails}
    made = shapes.normalize(entity, sent)
    assert made["query"] == {"scope": "publisher"}
    assert made["emails"] == (["old@b.example"] if emails is None else emails)


def test_a_person_rendered_in_another_model_is_an_id():
    """Whatever the attribute is called: name and address are those of the stream `users`."""
    entity = next(e for e in ENTITIES if e.name == "creatives")
    person = {"id": 311, "name": "Ann", "email": "ann@b.example"}
    sent = {"id": 1, "modified_by": person, "reviewer": {**person, "id": None}, "size": {"id": 3}}
    sent |= {"watchers": [person, {"id": 7}], "team": {"id": 5, "members": [person]}}
    made = shapes.normalize(entity, sent)
    made_of = {"watchers": [311, {"id": 7}], "team": {"id": 5, "members": [311]}}
    assert made == {"id": 1, "modified_by": 311, "reviewer": None, "size": 3, **made_of}
    (entry,) = shapes.log_entries(
        "creatives", 1, [{"date": "2026-03-01", "user": person}], Counter()
    )
    assert (entry["user_id"], entry["user_name"]) == (311, "Ann")
    assert "ann@b.example" not in str(entry)


def test_what_holds_an_address_and_is_no_person_keeps_the_rest():
    """Without an id it is no object of a model: what it says stands in no other stream."""
    entity = next(e for e in ENTITIES if e.name == "creatives")
    billing = {"company": "Northwind", "vat": "DE1", "email": "ann@b.example"}
    sent = {"id": 1, "billing": billing, "notices": [{"to": billing, "id": 7}]}
    kept = {"company": "Northwind", "vat": "DE1"}
    made = shapes.normalize(entity, sent)
    assert made == {"id": 1, "billing": kept, "notices": [{"to": kept, "id": 7}]}


def test_the_change_of_an_address_is_kept():
    """In the log of a user, which is read by whoever names `users` in `history_models`: it is no person."""
    entity = next(e for e in ENTITIES if e.name == "history")
    changes = {"email": ["old@b.example", "new@b.example"], "state": ["ACTIVE", "INACTIVE"]}
    (entry,) = shapes.log_entries(
        "users", 1, [{"date": "2026-03-01", "changes": changes}], Counter()
    )
    assert shapes.normalize(entity, entry)["changes"] == changes


def test_invoices_of_all_types_have_keys_of_their_own(read, sandbox):
    """Four types, all there are, whatever the start date; their owners as ids."""
    found = read({"invoices"}, start_date="2026-02-10")
    rows = found.records["invoices"]
    assert {r["invoice_type"] for r in rows} == {
        *("advertiser", "publisher", "network-sell", "network-buy")
    }
    assert {"2024-01", "2026-02", "2026-03"} <= {r["date"] for r in rows}
    assert len({r["_invoice_key"] for r in rows}) == len(rows)
    for row in rows:
        owners = [row["advertiser_id"], row["publisher_id"], row["network_id"]]
        assert sum(o is not None for o in owners) == 1
        assert row["_extra"]["amount"] is not None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"success": False, "error": "not yours", "errno": 4}),
        (200, {"success": True, "resource": "invoices", "invoices": "not yours"}),
    ],
)
def test_a_type_of_invoices_that_is_not_had_does_not_stop_the_others(
    read, sandbox, caplog, status, body
):
    """A login may have a part in one side of the exchange only: its invoices are read, the others are named."""
    sandbox.fault("status", path="/invoices/publisher$", status=status, body=body, times=None)
    with pytest.raises(RunFailed, match="invoices"):
        read({"invoices"})
    assert "invoices publisher" in caplog.text or "invoices/publisher" in caplog.text
    asked = [e["path"].rpartition("/")[2] for e in sandbox.log("atomx") if "invoices" in e["path"]]
    assert asked == ["advertiser", "publisher", "network-sell", "network-buy"]


def test_an_invoices_owner_is_its_id_however_it_is_sent():
    """The bare relation fills the column beside it that is null."""
    sent = {"id": 1, "advertiser": {"id": 5}, "advertiser_id": None, "publisher": None}
    made = shapes.invoice("advertiser", sent, Counter())
    assert (made["advertiser_id"], made["publisher_id"]) == (5, None)
    assert "advertiser" not in made
    other = shapes.invoice("advertiser", {"advertiser": 5, "advertiser_id": 6}, Counter())
    assert (other["advertiser_id"], other["advertiser"]) == (6, 5), "two owners are told apart"


def test_the_tap_never_writes(read, sandbox, call):
    """Every stream, two runs, a rolling report: only logins, GETs, and reports with `save: false`.

    The account's report history and its objects are the same afterwards.
    """
    rolling = {
        "name": "rolling",
        "scope": "publisher",
        "dimensions": ["publisher_id"],
        "metrics": ["impressions"],
        "daterange": "yesterday",
    }
    everything = {e.name for e in ENTITIES} | {r.name for r in REPORTS} | {"rolling"}
    before = sandbox.log("atomx")
    first = read(everything, reports=[rolling], start_date="2026-03-16")
    state, stored = first.last_state, first.records["reports"]
    changes = {row["date"] for row in first.records["history"]}
    del first  # large
    read(everything, reports=[rolling], start_date="2026-03-16", state=state)
    log = sandbox.log("atomx")[len(before) :]
    posts = [e for e in log if e["method"] != "GET"]
    assert {e["path"] for e in posts} == {"/v3/login", "/v3/report"}
    assert {e["method"] for e in log} == {"GET", "POST"}
    bodies = [json.loads(e["body"]) for e in posts if e["path"] == "/v3/report"]
    assert len(bodies) > 2 * 14
    assert all(b["save"] is False for b in bodies)
    assert not any({"when", "interval", "emails", "name", "editable"} & b.keys() for b in bodies)
    assert not stored
    listed = read({"reports", "scheduled_reports"})
    assert not listed.records["reports"]
    assert not listed.records["scheduled_reports"]
    assert changes == {row["date"] for row in read({"history"}).records["history"]}
