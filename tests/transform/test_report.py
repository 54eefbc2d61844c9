"""`adtap report`: a page that says what the warehouse holds, by itself, to eyes, ears and keyboards."""

# ruff: noqa: S608 - the names in these queries are the tests' own

import re
import shutil
from datetime import datetime
from decimal import Decimal
from html.parser import HTMLParser

import duckdb
import pytest
from click.testing import CliRunner

from adtap_cli.main import main
from adtap_cli.report_facts import facts
from adtap_cli.report_page import ACCOUNTS_SHOWN, page
from adtap_cli.warehouse import opened
from tests.browser import browser
from tests.transform.world import SECOND

pytestmark = pytest.mark.timeout(600)
NOW = datetime.fromisoformat(SECOND)
VOID = {"meta", "br", "line", "rect"}


class Html(HTMLParser):
    """A page that was read: its elements, and whether each that opens is closed in its place."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open, self.text = [], [], []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [given for name, given in self.elements if name == tag]


def held(file, **more):
    """What a file holds."""
    with opened(str(file)) as warehouse:
        return facts(warehouse, None, now=NOW, days=62, **more)


@pytest.fixture
def file(world, tmp_path):
    """The raw tables, in a file that a test may change; no model was built on them."""
    return shutil.copy(world.second, tmp_path / "ads.duckdb")


def change(file, *statements):
    with duckdb.connect(file) as warehouse:
        warehouse.execute("SET TimeZone = 'UTC'")
        for one in statements:
            warehouse.execute(one)


def test_money_is_the_platforms_own_by_role_and_currency(world):
    """Every chart's sum is the sandbox's truth, and what the first reading found differs on the restated days."""
    found = {
        (one.platform, one.role.value, one.label, one.currency): one
        for one in held(world.second).turnovers
    }
    for currency, said in world.truth["terminalone"]["totals"].items():
        spent = found["TerminalOne", "buy", "total spend", currency].days
        assert sum(day.now for day in spent) == Decimal(said["total_spend"])
    openx = [day.now for key, one in found.items() if key[0] == "OpenX" for day in one.days]
    assert sum(openx) == Decimal(world.truth["openx"]["sent"]["marketPublisherRevenue"])
    atomx = found["atomx", "buy", "cost of campaigns", "USD"]
    moved = [day for day in atomx.days if day.before not in {None, day.now}]
    assert [day.day.day for day in moved] == [12, 13, 14, 15, 16, 17]
    assert {day.state for day in atomx.days if day.day.day < 13} == {"settled"}


def test_the_calendar_is_that_of_the_models(built):
    """State, ties and last reading of every report, account and day are those of `ad_quality_daily`."""
    with duckdb.connect(built, read_only=True) as warehouse:
        warehouse.execute("SET TimeZone = 'UTC'")
        rows = warehouse.execute(
            "SELECT stream, account, day, state, ties, last_read_at AT TIME ZONE 'UTC' FROM analytics.ad_quality_daily"
        ).fetchall()
    want = {
        (stream, account.strip("{}").replace('"', "").replace(":", " ") or "all", day): tuple(rest)
        for stream, account, day, *rest in rows
    }
    found = {
        (line.stream, line.account, day): (one.state, one.ties, one.read_at)
        for line in held(built).lines
        for day, one in line.days.items()
    }
    assert found == want


def test_what_is_wrong_is_said_first(file):
    """A day that was never read, a window that does not tie out, a load that stopped, a retry."""
    change(
        file,
        "UPDATE tap_openx.sync_windows SET window_end = TIMESTAMPTZ '2026-03-12 00:00:00+00', retries = 3 "
        "WHERE window_start < '2026-03-10'",
        "UPDATE tap_atomx.sync_windows SET ties = false, control = '{\"clicks\": \"7\"}', warnings = 'take <care>'",
        "DELETE FROM tap_terminalone.sync_windows WHERE window_end > '2026-03-18'",
        "DELETE FROM tap_openx.sync_days",
    )
    found = held(file)
    text = page(found)
    needs = text[text.index("What needs somebody") : text.index('id="money"')]
    assert "OpenX, inventory_daily, all: 2026-03-12 to 2026-03-14 missing" in needs
    assert (
        "atomx, advertiser_delivery_daily, all: 2026-03-06 to 2026-03-18 does not tie out" in needs
    )
    assert "<dd>4</dd>" in needs or len(found.untied) == 4
    late = {line.stream for line in found.lines if line.is_late}
    assert late == {"performance_daily", "geo_daily"}
    assert "take &lt;care&gt;" in text
    assert "{&quot;clicks&quot;: &quot;7&quot;}" in text
    (cost,) = [cost for cost in found.costs if cost.stream == "inventory_daily"]
    assert cost.counts["retries"] == 3
    Html(text)


def test_the_page_stands_alone_and_says_everything_in_words(world):
    """Nothing is loaded or run; each chart has a name and a table, each table heads, each link a place on the page."""
    text = page(held(world.second))
    read = Html(text)
    assert not [
        tag
        for tag, _ in read.elements
        if tag in {"script", "link", "img", "iframe", "object", "form"}
    ]
    assert not re.search(r"https?:|url\(|@import|javascript:|\son\w+=", text)
    (policy,) = [given["content"] for given in read.all("meta") if given.get("http-equiv")]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    ids = [given["id"] for _, given in read.elements if "id" in given]
    assert len(ids) == len(set(ids))
    assert {given["href"].removeprefix("#") for given in read.all("a")} <= set(ids)
    charts = [given for given in read.all("svg") if given.get("role") == "img"]
    assert len(charts) == 13
    assert all(set(given["aria-labelledby"].split()) <= set(ids) for given in charts)
    assert all(given["scope"] in {"col", "row", "colgroup"} for given in read.all("th"))
    regions = [given for given in read.all("div") if "scroll" in given.get("class", "")]
    assert all(given["aria-label"] and given["tabindex"] == "0" for given in regions)
    cells = [given for given in read.all("td") if given.get("class", "").startswith("day ")]
    assert len(cells) > 150
    assert "provisional, restated" in text


def test_what_names_hold_can_not_become_part_of_the_page(file):
    """An account, a platform's warning and a file's name with markup in them are shown as text."""
    change(
        file,
        """INSERT INTO tap_openx.sync_windows BY NAME SELECT * REPLACE ('{"x": "<img src=y onerror=z>"}' AS account, """
        """'</ul><script>' AS warnings) FROM tap_openx.sync_windows LIMIT 1""",
    )
    text = page(held(file))
    assert "&lt;img src=y onerror=z&gt;" in text
    assert "<img" not in text
    assert "<script" not in text
    Html(text)


def test_many_accounts_are_one_line_that_shows_the_worst(file):
    """Of more accounts than a page can show, a day is as good as that of the worst."""
    change(
        file,
        "INSERT INTO tap_openx.sync_windows BY NAME SELECT w.* REPLACE ('{\"n\":' || n || '}' AS account, CASE WHEN n = 7 "
        "THEN TIMESTAMPTZ '2026-03-12 00:00:00+00' ELSE window_end END AS window_end) FROM tap_openx.sync_windows w, "
        f"range({ACCOUNTS_SHOWN}) r(n) WHERE window_start < '2026-03-10'",
    )
    text = page(held(file))
    (row,) = re.findall(
        rf"<tr><th scope=\"row\">inventory_daily, the worst of {ACCOUNTS_SHOWN + 1} accounts.*?</tr>",
        text,
    )
    titles = dict(re.findall(r'title="(\S+): (\w+)', row))
    assert titles["2026-03-11"] in {"settled", "provisional"}
    assert titles["2026-03-13"] == "missing"


def test_a_ledger_alone_makes_a_page(tmp_path):
    """Of a tap that nobody here knows, without reports, readings, or the later columns of the ledger."""
    file = tmp_path / "other.duckdb"
    change(
        file,
        "CREATE SCHEMA tap_shop",
        "CREATE TABLE tap_shop.sync_windows (stream VARCHAR, account VARCHAR, window_start TIMESTAMPTZ, window_end "
        "TIMESTAMPTZ, row_count BIGINT, requests BIGINT, data_state VARCHAR, synced_at TIMESTAMPTZ)",
        "INSERT INTO tap_shop.sync_windows VALUES ('sales_daily', '{}', '2026-03-01 00:00:00+00', "
        "'2026-03-20 00:00:00+00', 5, 1, 'settled', '2026-03-20 01:00:00+00')",
    )
    text = "".join(Html(page(held(file))).text)
    assert "None of the reports that the charts are drawn from is loaded." in text
    assert "Select the stream sync_days" in text
    assert "Nothing was compared" in text
    assert "sales_daily, all" in text


def test_the_command_writes_the_page_or_one_line(world, tmp_path, monkeypatch):
    """To a file or standard output; what can't be read or written is said, and leaves nothing behind."""
    monkeypatch.setenv("ADTAPS_NOW", SECOND)
    run = CliRunner().invoke
    out = tmp_path / "page.html"
    done = run(main, ["report", "--warehouse", f"duckdb:{world.second}", "--out", str(out)])
    assert (done.exit_code, done.output) == (0, f"{out}: open it in a browser\n")
    printed = run(main, ["report", "--warehouse", str(world.second), "--out", "-", "--days", "62"])
    assert printed.output == out.read_text(encoding="utf-8").replace(
        f"duckdb:{world.second}", str(world.second)
    )
    few = run(
        main,
        [
            "report",
            "--warehouse",
            str(world.second),
            "--out",
            "-",
            "--days",
            "3",
            "--schema",
            "tap_openx",
        ],
    )
    assert set(re.findall(r'<time datetime="(2026-\S\S-\S\S)">', few.output)) == {
        "2026-03-17",
        "2026-03-18",
        "2026-03-19",
    }
    (tmp_path / "empty.duckdb").touch()
    empty = tmp_path / "none.duckdb"
    duckdb.connect(empty).close()
    for arguments, words in (
        (["--warehouse", str(tmp_path / "nowhere.duckdb")], "there is no file"),
        (["--warehouse", str(empty)], "no table sync_windows in"),
        (
            ["--warehouse", str(world.second), "--schema", "tap_no"],
            "no table sync_windows in schema 'tap_no'",
        ),
        (
            ["--warehouse", str(world.second), "--out", str(tmp_path / "no" / "x.html")],
            "can't be written",
        ),
    ):
        done = run(main, ["report", *arguments])
        assert done.exit_code != 0
        assert words in done.output
        assert len(done.output.strip().splitlines()) == 1


def test_a_real_browser_shows_it(world, tmp_path):
    """Chromium: nothing but the page is asked for, no width overflows, dark is dark, a Tab leads in, charts are named."""
    file = tmp_path / "report.html"
    file.write_text(page(held(world.second)), encoding="utf-8")
    with browser(tmp_path / "profile") as tab:
        for width in (320, 768, 1280):
            tab.open(file, width=width)
            assert tab.js("document.documentElement.scrollWidth") <= width
            assert tab.requests == [file.as_uri()]
        light = tab.js("getComputedStyle(document.body).backgroundColor")
        tab.open(file, dark=True)
        assert tab.js("getComputedStyle(document.body).backgroundColor") != light
        tab.press("Tab")
        assert tab.js("document.activeElement.className") == "skip"
        reached = set()
        for _ in range(40):
            tab.press("Tab")
            reached.add(
                tab.js("document.activeElement.tagName + ' ' + document.activeElement.className")
            )
        assert {"A ", "SUMMARY "} <= reached
        spoken = tab.spoken()
        images = [name for role, name in spoken if role in {"image", "img", "graphics-document"}]
        assert (
            len([name for name in images if name.startswith("TerminalOne, total spend, EUR a day")])
            == 1
        )
        cells = {name for role, name in spoken if role in {"cell", "gridcell", "LayoutTableCell"}}
        assert "settled" in cells
        assert "provisional, restated" in cells
