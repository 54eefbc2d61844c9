"""Today's generation: report jobs that end in CSV, remembered while they run."""

import json
import time
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adtap_core.bodies.parsing import Table
from adtap_core.errors import SettingsError
from adtap_core.sync.window_tasks import spelt_moment
from adtap_core.tap import RunFailed
from adtap_core.windows import Grain
from tap_openx import current, fields
from tap_openx.currencies import COLUMN, AccountCurrencies, added_up
from tap_openx.splits import add_up
from tap_openx.streams import REPORTS
from tap_openx.tap import TapOpenx
from tests.core.restating import meltano_merged
from tests.programs import Piped
from tests.running import select, without
from tests.tap_openx.conftest import rows_of, sums

CURRENT = {r.name: r for r in REPORTS if r.generations == ("current",)}


@pytest.mark.parametrize("stream", CURRENT)
def test_a_preset_sums_to_the_world(room, stream):
    """Rows and every metric, money to the last digit that stood in the CSV; its currency by account."""
    found = room.run(room.current(), stream)
    report = CURRENT[stream]
    bucket = "Hour" if report.grain is Grain.HOUR else "Day"
    spelled = {m: fields.current_name(m, "metric") for m in report.metrics}
    dimensions = [fields.current_name(d, "dimension") for d in report.dimensions]
    expected = room.truth(
        attributes=",".join([bucket, *dimensions]),
        metrics=",".join(spelled.values()),
        start="2026-03-16T00:00:00Z",
        end=found.windows(stream)[-1]["window_end"],
    )
    records = found.records[stream]
    names = report.columns
    assert len(rows_of(found, stream)) == expected["rows"]
    got = sums(records, {m: names[m] for m in report.metrics})
    sent = {k: Decimal(v) for k, v in expected["sent"].items()}
    as_stored = {"PrivateMarketPublisherGrossRevenueInPCoin": "privateMarketPublisherGrossRevenue"}
    as_stored |= {s: s[:1].lower() + s[1:] for s in spelled.values() if s not in as_stored}
    assert got == {m: sent[as_stored[s]] for m, s in spelled.items()}
    accounts = room.run(room.current(), "accounts").records["accounts"]
    currencies = {a["id"]: a["currency"] for a in accounts}
    assert {r["_currency"] for r in records} == {"EUR", "USD"}
    assert all(r["_currency"] == currencies[r["publisher_platform_id"]] for r in records)


def test_the_presets_of_the_other_generation_are_not_asked_for(room):
    """Their rows have another grain: one table must not hold both."""
    found = room.run(room.current(), "inventory_daily", "deal_hourly", "country_daily")
    assert found.records["inventory_daily"] == []
    assert found.records["country_daily"]
    legacy = room.run(room.legacy(), "country_daily")
    assert legacy.records["country_daily"] == []
    assert legacy.windows("country_daily") == []


def test_a_report_of_ones_own_takes_either_spelling(room):
    """`allRequests` and `AllRequests` are one metric; the column is the platform's name."""
    for metric, dimension in (
        ("allRequests", "publisherPlatformId"),
        ("AllRequests", "PublisherPlatformId"),
    ):
        report = {
            "name": "mine_hourly",
            "grain": "hour",
            "dimensions": [dimension],
            "metrics": [metric],
        }
        found = room.run(room.current(reports=[report]), "mine_hourly")
        assert found.records["mine_hourly"][0]["all_requests"] > 0
        asked = json.loads(room.asked("/generateReport")[-1]["body"])
        assert asked["dimensions"] == ["Hour", "PublisherPlatformId"]
        assert asked["metrics"] == ["AllRequests"]
        assert asked["reportType"] == "HOURLY"


def test_a_wrong_metric_is_refused_before_any_job(room):
    """All nine metrics are known, so a tenth can't be right."""
    report = {"name": "x_daily", "dimensions": [], "metrics": ["Impresions"]}
    with pytest.raises(SettingsError) as caught:
        room.run(room.current(reports=[report]), "x_daily")
    (fault,) = caught.value.errors
    assert "unknown metric 'Impresions' (did you mean Impressions" in fault
    assert room.asked("/generateReport") == []


@pytest.mark.parametrize("dimensions", [[], ["PageDomain"]], ids=["none", "domain"])
def test_a_report_over_two_currencies_has_a_row_for_each(room, dimensions):
    """The publisher is asked for along with it; counts and money are added up by currency, to the last digit."""
    metrics = ["publisherRevenue", "allRequests"]
    fine = {"name": "fine_daily", "dimensions": ["PublisherPlatformId", *dimensions]}
    mine = {"name": "x_daily", "dimensions": dimensions}
    reports = [{**r, "metrics": metrics} for r in (fine, mine)]
    found = room.run(room.current(reports=reports), "x_daily", "fine_daily")
    asked = [json.loads(e["body"])["dimensions"] for e in room.asked("/generateReport")]
    assert sorted(asked[0]) == sorted(asked[-1])
    wanted = defaultdict(lambda: [Decimal(0), 0])
    for row in found.records["fine_daily"]:
        known = wanted[row["day"], row.get("page_domain"), row["_currency"]]
        known[0] += Decimal(row["publisher_revenue"])
        known[1] += row["all_requests"]
    got = {
        (r["day"], r.get("page_domain"), r["_currency"]): [
            Decimal(r["publisher_revenue"]),
            r["all_requests"],
        ]
        for r in found.records["x_daily"]
    }
    assert got == dict(wanted)
    assert {currency for _, _, currency in got} == {"EUR", "USD"}
    assert len(rows_of(found, "x_daily")) == len(got)
    assert sum(w["row_count"] for w in found.windows("x_daily")) == len(got)


def test_counts_alone_are_asked_for_as_they_are(room):
    """Without money there is nothing to keep apart."""
    report = {"name": "x_daily", "dimensions": ["PageDomain"], "metrics": ["allRequests"]}
    found = room.run(room.current(reports=[report]), "x_daily")
    assert json.loads(room.asked("/generateReport")[0]["body"])["dimensions"] == [
        "Day",
        "PageDomain",
    ]
    assert {r["_currency"] for r in found.records["x_daily"]} == {None}


def test_one_currency_is_that_of_every_row(room):
    """Nothing is asked along; the rows' keys are those that they keep when a second currency comes."""
    accounts = [{"id": "1", "uid": "1", "type_full": "account.publisher", "currency": "EUR"}]
    report = {"name": "x_daily", "dimensions": ["PageDomain"], "metrics": ["publisherRevenue"]}
    two = room.run(room.current(reports=[report]), "x_daily").records["x_daily"]
    body = {"objects": accounts, "has_more": False}
    room.sandbox.fault("status", path="/account$", status=200, body=body, times=None)
    one = room.run(room.current(reports=[report]), "x_daily").records["x_daily"]
    assert {r["_currency"] for r in one} == {"EUR"}
    keys = {r["_row_key"] for r in one}
    assert {r["_row_key"] for r in two if r["_currency"] == "EUR"} <= keys


@pytest.mark.parametrize("currency", [None, ""])
def test_an_account_that_names_no_currency_has_not_that_of_the_others(room, currency, caplog):
    """Its money is kept apart and said to be of no known currency; it was added to the others' euros."""
    money = {"name": "x_daily", "dimensions": [], "metrics": ["publisherRevenue"]}
    split = {**money, "name": "y_daily", "dimensions": ["publisherPlatformId"]}
    told = room.run(room.current(reports=[split]), "y_daily").records["y_daily"]
    publishers = sorted({r["publisher_platform_id"] for r in told})
    accounts = [
        {"id": p, "uid": p, "type_full": None, "currency": "EUR" if n else currency}
        for n, p in enumerate(publishers)
    ]
    body = {"objects": accounts, "has_more": False}
    room.sandbox.fault("status", path="/account$", status=200, body=body, times=None)
    found = room.run(room.current(reports=[money, split]), "x_daily", "y_daily")
    rows = found.records["x_daily"]
    for name, chosen in (("EUR", publishers[1:]), (None, publishers[:1])):
        of_both = [
            sum(Decimal(r["publisher_revenue"]) for r in some)
            for some in (
                [r for r in rows if r["_currency"] == name],
                [r for r in found.records["y_daily"] if r["publisher_platform_id"] in chosen],
            )
        ]
        assert of_both[0] == of_both[1] > 0
    currencies = {r["publisher_platform_id"]: r["_currency"] for r in found.records["y_daily"]}
    assert currencies == {p: "EUR" if n else None for n, p in enumerate(publishers)}
    assert f"publisher {publishers[0]} is an account that names none" in caplog.text


def test_a_publisher_is_known_by_its_uid_too():
    """Which of an account's names today's reports show is not published."""
    accounts = [
        {"id": "1", "uid": "1-accf", "currency": "EUR"},
        {"id": "2", "uid": "2-accf", "currency": "USD"},
    ]
    currencies = AccountCurrencies(lambda: iter(accounts))
    lookup = currencies.lookup("x_daily")
    found = [lookup.get(name) for name in ("1", "1-accf", "2-accf", "3")]
    assert found == ["EUR", "EUR", "USD", None]
    assert currencies.several() == ("EUR", "USD")


def test_publishers_whose_currency_nobody_knows_are_not_added_to_one_another(caplog):
    """Each has a row of its own; money keeps all its digits, an empty value is none."""
    rows = [
        ["2026-03-01", "7", "1.000000000000000000000000000001", "2"],
        ["2026-03-01", "8", "2", ""],
        ["2026-03-01", "1", "1e-9", "1"],
        ["2026-03-01", "2", "99999999999999999999.5", "1"],
        ["2026-03-01", "3", "", ""],
    ]
    accounts = [("1", "EUR"), ("2", "EUR"), ("3", "USD")]
    known = AccountCurrencies(lambda: iter([{"id": i, "currency": c} for i, c in accounts]))
    table = added_up(Table(iter(rows), ["day", "p", "m", "n"]), "p", ["m", "n"], known.lookup("x"))
    assert list(table.columns) == ["day", COLUMN, "m", "n"]
    assert [tuple(row) for row in table.rows] == [
        ("2026-03-01", "EUR", Decimal("99999999999999999999.500000001"), Decimal(2)),
        ("2026-03-01", "USD", None, None),
        ("2026-03-01", None, Decimal("1.000000000000000000000000000001"), Decimal(2)),
        ("2026-03-01", None, Decimal(2), None),
    ]
    assert "publisher 7 is no account that the login lists" in caplog.text


@pytest.mark.parametrize("odd", ["N/A", "NaN", "1_000", True], ids=repr)
def test_a_metric_that_is_no_number_costs_no_sum(odd):
    """Its row stays a row of its own; all others are added up."""
    known = AccountCurrencies(lambda: iter([{"id": "1", "currency": "EUR"}]))
    rows = [["d", "1", odd, "5"], ["d", "1", "2", "3"], ["d", "1", "4", "1"]]
    columns = ["day", "p", "m", "n"]
    table = added_up(Table(iter(rows), columns), "p", ["m", "n"], known.lookup("x"))
    assert [tuple(row) for row in table.rows] == [
        ("d", "EUR", Decimal(6), Decimal(4)),
        ("d", "EUR", odd, "5"),
    ]
    objects = [dict(zip(columns, row, strict=True)) for row in rows]
    assert add_up(objects, ["m", "n"]) == [
        {"day": "d", "p": "1", "m": Decimal(6), "n": Decimal(4)},
        objects[0],
    ]


def test_an_unknown_dimension_is_the_platforms_to_refuse(room, caplog):
    """33 of 41 dimensions are not published: the platform's 400 is final, in its own words."""
    report = {"name": "x_daily", "dimensions": ["Moon"], "metrics": ["AllRequests"]}
    with pytest.raises(RunFailed):
        room.run(room.current(reports=[report]), "x_daily")
    assert any("'Moon' is not among the published ones" in m for m in caplog.messages)
    assert any("Unknown field(s): Moon" in m for m in caplog.messages)
    assert len(room.asked("/generateReport")) == 1


def test_accounts_can_not_be_chosen(room):
    """A setting that would be ignored is refused."""
    with pytest.raises(SettingsError, match="account_ids"):
        room.run(room.current(account_ids=["1"]))


# -- jobs ----------------------------------------------------------------------------------------


def test_a_job_is_polled_until_it_is_done(room):
    """202 is not an answer; what comes then is read once."""
    room.switch(polls_before_ready=3)
    found = room.run(room.current(), "country_daily")
    assert found.records["country_daily"]
    assert len(room.asked("/generateReport")) == 1
    assert len(room.asked("/pullReport")) == 4
    assert not found.last_state["bookmarks"]["country_daily"].get("jobs")


def test_a_job_is_polled_by_its_id_as_it_came(room):
    """A number stays a number."""
    room.switch(numeric_ids=True, polls_before_ready=1)
    found = room.run(room.current(), "country_daily")
    assert found.records["country_daily"]
    assert len(room.asked("/generateReport")) == 1
    assert [type(json.loads(e["body"])["id"]) for e in room.asked("/pullReport")] == [int, int]


def test_a_job_that_failed_is_begun_once_more(room):
    """500 on the first, the second ends well: the rows are those of one job."""
    whole = rows_of(room.run(room.current(), "country_daily"))
    room.sandbox.reset(now="2026-03-18T12:00:00+00:00")
    room.sandbox.clock("2026-03-18T12:00:00+00:00")
    room.switch(failed_jobs=1)
    found = room.run(room.current(), "country_daily")
    assert rows_of(found) == whole
    assert len(room.asked("/generateReport")) == 2
    assert found.windows("country_daily")[0]["retries"] == 1


def test_one_failed_poll_is_no_failed_job(room):
    """A 500 may be the service's own, for a moment: the job, which is paid for, is polled once more."""
    whole = rows_of(room.run(room.current(), "country_daily"))
    room.sandbox.clear_log()
    room.sandbox.fault("status", path="/pullReport$", status=500, body={"message": "oops"})
    found = room.run(room.current(), "country_daily")
    assert rows_of(found) == whole
    assert len(room.asked("/generateReport")) == 1


def test_jobs_that_always_fail_end_the_window_loudly(room, caplog):
    """The window is halved to single days first; nothing is written, no bookmark moves."""
    room.switch(failed_jobs=1000)
    with pytest.raises(RunFailed):
        room.run(room.current(), "country_daily")
    assert any(
        m.startswith("country_daily 2026-03-16/2026-03-18") and "Report generation failed" in m
        for m in caplog.messages
    )


def test_a_report_past_the_platforms_limit_is_read_in_shorter_windows(room):
    """A job that is too big fails; its halves don't."""
    whole = rows_of(room.run(room.current(), "country_daily"))
    room.switch(report_row_limit=40)
    found = room.run(room.current(), "country_daily")
    assert len(whole) > 40
    assert rows_of(found) == whole
    assert found.windows("country_daily")[0]["splits"] == 1


def test_a_report_that_fills_the_limit_of_bytes_is_read_in_shorter_windows(room, monkeypatch):
    """The platform cuts at a gigabyte as well as at a million rows, and says nothing of it."""
    config = room.current(start_date="2026-03-10")
    whole = rows_of(room.run(config, "country_daily"))
    monkeypatch.setattr(current, "MOST_BYTES", 45 * len(whole))  # half of eight days, or less
    found = room.run(config, "country_daily")
    assert rows_of(found) == whole
    assert found.windows("country_daily")[0]["splits"] > 0


@pytest.mark.parametrize("kind", ["cut", "cut_chunked", "reset", "html", "empty"])
def test_a_damaged_csv_is_pulled_again(room, kind):
    """The job is done and paid for: only the pull is repeated."""
    whole = rows_of(room.run(room.current(), "country_daily"))
    room.sandbox.clear_log()
    room.switch(polls_before_ready=0)
    room.sandbox.fault(kind, path="/pullReport")
    found = room.run(room.current(), "country_daily")
    assert rows_of(found) == whole
    assert len(room.asked("/generateReport")) == 1


def test_a_csv_that_ends_within_a_row_is_pulled_again(room):
    """Its declared length may be met: a proxy that was cut off sends what it has."""
    whole = rows_of(room.run(room.current(), "country_daily"))
    room.switch(polls_before_ready=0)
    columns = ["Day", "PublisherPlatformId", "UserGeoCountry", *fields.CURRENT_METRICS]
    torn = ",".join(columns) + "\n2026-03-16,16106"
    room.sandbox.fault("status", path="/pullReport", status=200, body=torn)
    assert rows_of(room.run(room.current(), "country_daily")) == whole


def kill_while_polling(room, folder, stream="country_daily", **more):
    """Run the tap as a process, kill it once a job is in its state; give that state."""
    config = room.current(**more)
    for name, document in (
        ("config", config),
        ("catalog", select(TapOpenx, config, {stream})),
    ):
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    files = [f"--{name}={folder / name}.json" for name in ("config", "catalog")]
    with Piped("tap-openx", files) as process:
        state = {}
        for line in process.stdout:
            message = json.loads(line)
            if message["type"] == "STATE":
                state = message["value"]
                if "jobs" in str(state):
                    break
        # Let it poll at least once more before it dies.
        time.sleep(0.3)
        process.kill()
        process.stdout.read()
    return state


def test_a_job_outlives_a_killed_tap(room, tmp_path):
    """`kill -9` while a job runs: the next run polls the same job and buys no other."""
    whole = rows_of(room.run(room.current(), "country_daily"))
    room.sandbox.clear_log()
    room.switch(polls_before_ready=1_000_000)
    state = kill_while_polling(room, tmp_path)
    ((_window, jobs),) = state["bookmarks"]["country_daily"]["jobs"]
    (remembered,) = jobs.values()
    parameters = remembered["parameters"]
    killed = spelt_moment(datetime.now(UTC))
    room.switch(polls_before_ready=1)
    found = room.run(room.current(), "country_daily", state=state)
    assert rows_of(found) == whole
    assert len(room.asked("/generateReport")) == 1
    pulled = {json.loads(e["body"])["id"] for e in room.asked("/pullReport")}
    assert pulled == {parameters["id"]}
    # Read now, whatever the job's age: what was written since must not be the later reading.
    (read,) = {r["_synced_at"] for r in found.records["country_daily"]}
    assert {w["synced_at"] for w in found.windows("country_daily")} == {read}
    assert read > killed
    assert not found.last_state["bookmarks"]["country_daily"].get("jobs")


def test_a_job_of_the_running_day_leaves_no_half_days_to_the_next_run(room, tmp_path):
    """Killed with `include_today`, run again two hours later: each day is asked for from its beginning."""
    config = {"include_today": True, "start_date": "2026-03-17"}
    room.switch(polls_before_ready=1_000_000)
    state = kill_while_polling(room, tmp_path, **config)
    room.now("2026-03-18T14:20:00+00:00")
    room.switch(polls_before_ready=1)
    found = room.run(room.current(**config), "country_daily", state=state)
    starts = {w["window_start"][10:] for w in found.windows("country_daily")}
    assert starts == {"T00:00:00Z"}
    assert {r["day"] for r in found.records["country_daily"]} == {"2026-03-17", "2026-03-18"}


def test_a_backfill_while_a_job_runs_makes_no_ghosts_of_its_rows(room, tmp_path):
    """State knows nothing of the backfill; the job's rows, which overwrite its own, are the later reading."""
    room.switch(polls_before_ready=1_000_000)
    state = kill_while_polling(room, tmp_path)
    ((_window, jobs),) = state["bookmarks"]["country_daily"]["jobs"]
    for job in jobs.values():
        job["synced_at"] = "2026-03-18T12:00:00.000000Z"  # as earlier versions wrote it beside
    room.switch(polls_before_ready=1)
    backfill = {"from": "2026-03-16", "to": "2026-03-17"}
    filled = room.run(room.current(backfill=backfill), "country_daily", state=state)
    found = room.run(room.current(), "country_daily", state=filled.last_state or state)
    (day,) = filled.windows("country_daily")
    rows = filled.final("country_daily") | found.final("country_daily")
    kept = [
        r for r in rows.values() if r["day"] != "2026-03-16" or r["_synced_at"] >= day["synced_at"]
    ]
    assert len(kept) == len(rows)
    assert any(r["day"] == "2026-03-16" for r in kept)


def test_what_a_job_says_is_as_old_as_the_job(room, tmp_path):
    """Taken up twenty hours later, when one more day would be final: its rows say what they were when it was made."""
    config = room.current(start_date="2026-03-01")
    first = {
        r["day"]: r["_data_state"]
        for r in room.run(config, "country_daily").records["country_daily"]
    }
    room.switch(polls_before_ready=1_000_000)
    state = kill_while_polling(room, tmp_path, start_date="2026-03-01")
    room.switch(polls_before_ready=1)
    room.now("2026-03-19T08:00:00+00:00")
    later = {
        r["day"]: r["_data_state"]
        for r in room.run(config, "country_daily").records["country_daily"]
    }
    room.sandbox.clear_log()
    found = room.run(config, "country_daily", state=state)
    said = {r["day"]: r["_data_state"] for r in found.records["country_daily"] if r["day"] in first}
    assert said == first
    assert any(later[day] != first[day] for day in first)


def test_after_a_full_refresh_that_broke_off_the_next_day_asks_anew(room, tmp_path):
    """Meltano merges its states into the stored one: yesterday's job is in there, and its numbers are yesterday's."""
    stored = room.run(room.current(), "country_daily").last_state
    room.switch(polls_before_ready=1_000_000)
    stored = meltano_merged(kill_while_polling(room, tmp_path), stored)
    assert stored["bookmarks"]["country_daily"]["jobs"]
    room.switch(polls_before_ready=1)
    room.now("2026-03-19T12:30:00+00:00")
    whole = rows_of(room.run(room.current(), "country_daily"))
    room.sandbox.clear_log()
    found = room.run(room.current(), "country_daily", state=stored)
    assert len(room.asked("/generateReport")) >= 1
    old = {jobs["id"] for jobs in ids_of(stored)}
    assert not old & {json.loads(e["body"])["id"] for e in room.asked("/pullReport")}
    assert rows_of(found) == whole
    assert not found.last_state["bookmarks"]["country_daily"]["jobs"]


def ids_of(state):
    """The parameters of the report jobs that a state knows."""
    for _window, jobs in state["bookmarks"]["country_daily"]["jobs"]:
        yield from (job["parameters"] for job in jobs.values())


def test_a_job_of_a_run_that_has_ended_is_not_taken_up(room, tmp_path):
    """A state that was merged brings old jobs back: yesterday's numbers must not be loaded as today's."""
    room.switch(polls_before_ready=1_000_000)
    state = kill_while_polling(room, tmp_path)
    state["bookmarks"]["country_daily"]["unfinished"] = None
    room.switch(polls_before_ready=1)
    room.sandbox.clear_log()
    found = room.run(room.current(), "country_daily", state=state)
    assert len(room.asked("/generateReport")) == 1
    assert found.last_state["bookmarks"]["country_daily"]["jobs"] is None


def test_a_job_that_the_platform_forgot_is_begun_anew(room, tmp_path):
    """404 for a remembered job: another one, which may fail once as any, and the rows are whole."""
    whole = rows_of(room.run(room.current(), "country_daily"))
    room.switch(polls_before_ready=1_000_000)
    state = kill_while_polling(room, tmp_path)
    room.sandbox.clear_log()
    room.switch(polls_before_ready=1, job_life_hours=0.01, failed_jobs=3)
    room.sandbox.clock("2026-03-18T12:30:00+00:00")
    found = room.run(room.current(), "country_daily", state=state)
    assert rows_of(found) == whole
    assert len(room.asked("/generateReport")) == 2


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_job_that_is_lost_is_begun_anew_however_the_platform_says_so(room, status):
    """A poll says nothing but the job's id: no such job, a bad id, gone are one."""
    whole = rows_of(room.run(room.current(), "country_daily"))
    room.sandbox.clear_log()
    room.sandbox.fault(
        "status", path="/pullReport$", method="POST", status=status, body='{"message":"no job"}'
    )
    found = room.run(room.current(), "country_daily")
    assert rows_of(found) == whole
    assert len(room.asked("/generateReport")) == 2


def test_a_remembered_job_of_another_question_is_not_taken(room, tmp_path):
    """Metrics deselected since then: the old job's CSV would lack or hold other columns."""
    room.switch(polls_before_ready=1_000_000)
    state = kill_while_polling(room, tmp_path)
    room.switch(polls_before_ready=1)
    room.sandbox.clear_log()
    catalog = without(select(TapOpenx, room.current(), {"country_daily"}), "video_starts")
    found = room.run(room.current(), catalog=catalog, state=state)
    assert found.records["country_daily"]
    (asked,) = room.asked("/generateReport")
    assert "VideoStarts" not in json.loads(asked["body"])["metrics"]


def test_hours_older_than_three_months_are_named_and_not_asked_for(room, caplog):
    """The retention is published, not served: what lies before it is said with both dates."""
    report = {"name": "a_hourly", "grain": "hour", "dimensions": [], "metrics": ["AllRequests"]}
    config = room.current(start_date="2025-01-01", end_date="2025-12-20", reports=[report])
    found = room.run(config, "a_hourly")
    (said,) = [m for m in caplog.messages if "holds data only from" in m]
    assert "start is 2025-01-01" in said
    assert "only from 2025-12-18 on" in said
    (window,) = found.windows("a_hourly")
    assert window["window_start"] == "2025-12-18T00:00:00Z"
    assert window["window_end"] == "2025-12-20T00:00:00Z"


def test_hours_are_read_as_soon_as_they_are_over(room):
    """Up to when data are in is not published: whoever waits leaves out hours of today that are over."""
    report = {"name": "a_hourly", "grain": "hour", "dimensions": [], "metrics": ["AllRequests"]}
    found = room.run(room.current(start_date="2026-03-18", reports=[report]), "a_hourly")
    assert max(r["hour"] for r in found.records["a_hourly"]) == "2026-03-18T11:00:00Z"
    (window,) = found.windows("a_hourly")
    assert window["window_end"] == "2026-03-18T12:00:00Z"


def test_without_a_lookback_hours_are_read_when_what_comes_late_is_there(room):
    """Nothing would read them again: two hours after their end, as the companion counts."""
    report = {"name": "a_hourly", "grain": "hour", "dimensions": [], "metrics": ["AllRequests"]}
    config = room.current(start_date="2026-03-18", reports=[report], lookback_days=0)
    found = room.run(config, "a_hourly")
    assert max(r["hour"] for r in found.records["a_hourly"]) == "2026-03-18T09:00:00Z"
    assert found.last_state["bookmarks"]["a_hourly"]["replication_key_value"].startswith(
        "2026-03-18T10:00"
    )


def test_a_job_that_was_begun_while_its_hour_ran_is_not_taken_for_the_whole_hour(room, tmp_path):
    """Killed with `include_today`, run again when the hour is over: the hour is asked for anew."""
    report = {"name": "a_hourly", "grain": "hour", "dimensions": [], "metrics": ["AllRequests"]}
    config = {"include_today": True, "start_date": "2026-03-18", "reports": [report]}
    room.now("2026-03-18T12:20:00+00:00")
    room.switch(polls_before_ready=1_000_000)
    state = kill_while_polling(room, tmp_path, "a_hourly", **config)
    room.now("2026-03-18T13:00:10+00:00")
    room.switch(polls_before_ready=1)
    room.sandbox.clear_log()
    found = room.run(room.current(**config), "a_hourly", state=state)
    assert room.asked("/generateReport")
    states = {r["hour"][11:13]: r["_data_state"] for r in found.records["a_hourly"]}
    assert states["12"] == "provisional"


def test_the_running_bucket_is_asked_for_in_whole_hours(room):
    """The platform counts in hours; whatever it makes of minutes, the running hour must not be lost to them."""
    room.now("2026-03-18T12:20:30+00:00")
    config = room.current(start_date="2026-03-18", include_today=True)
    found = room.run(config, "country_daily")
    (asked,) = room.asked("/generateReport")
    assert json.loads(asked["body"])["dateTo"] == "2026-03-18T13:00:00Z"
    assert {r["_data_state"] for r in found.records["country_daily"]} == {"partial"}
    assert found.last_state["bookmarks"]["country_daily"]["replication_key_value"] == "2026-03-18"
