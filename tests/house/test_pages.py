"""What the pages for users say, done: recipes, choosing streams, Snowflake's keys, troubleshooting, words."""

import json
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import duckdb
import pytest
import yaml

from adtap_cli.taps import TAPS, tap_class
from adtap_sandbox import credentials
from adtap_sandbox.control import control_app
from tap_openx.tap import TapOpenx
from tests.conftest import MOMENT
from tests.house.test_readme import OPENX, block, blocks, shell
from tests.running import copy_project, project_document, run_tap

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TEXT = {page.stem: page.read_text(encoding="utf-8") for page in DOCS.glob("*.md")}


def variables(page):
    """Every variable of a page's `.env` blocks, by name; of two with one name, the last."""
    lines = [line for one in blocks(TEXT[page], "ini") for line in one.splitlines() if line]
    return dict(re.fullmatch(r"([A-Z_]+)='?(.*?)'?", line).groups() for line in lines)


@pytest.fixture
def chat():
    """An address that takes messages, and the messages."""
    posts = []

    class Room(BaseHTTPRequestHandler):
        def do_POST(self):
            posts.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Room)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", posts
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.timeout(300)
def test_the_recipes_work(tmp_path, sandbox, chat):
    """A currency, a renamed column, alerts, a budget, one stream loaded again: the page's blocks, one after the other."""
    address, posts = chat
    page, given = TEXT["recipes"], variables("recipes")
    copy_project(tmp_path)
    lines = {
        "TAP_ADJUST_API_TOKEN": credentials.ADJUST_API_TOKEN,
        "TAP_ADJUST_API_URL": f"{sandbox.url}/adjust/reports-service",
        "TAP_ADJUST_START_DATE": "2026-03-10",
        "TAP_ADJUST_REPORTS": given["TAP_ADJUST_REPORTS"],
        "TAP_ADJUST_STREAM_MAPS": given["TAP_ADJUST_STREAM_MAPS"],
        "TAP_ADJUST__SELECT": '["spend_by_country.*", "campaign_daily.*", "sync_windows.*"]',
    }
    text = "".join(f"{name}='{value}'\n" for name, value in lines.items())
    (tmp_path / ".env").write_text(text)
    here = {"ADTAPS_NOW": MOMENT, "CHAT_WEBHOOK_URL": address}
    shell(block(page, "|| curl"), tmp_path, **here)
    assert posts == []  # it did not fail
    with duckdb.connect(str(tmp_path / "ads.duckdb"), read_only=True) as db:
        assert len(db.execute(blocks(page, "sql")[0]).fetchall()) == 10
        money = db.execute("SELECT DISTINCT _currency FROM tap_adjust.spend_by_country").fetchall()
        assert money == [("USD",)]
        columns = {row[0] for row in db.execute("DESCRIBE tap_adjust.campaign_daily").fetchall()}
        assert ("spend" in columns, "cost" in columns) == (True, False)
    # What was read in March is late by now.
    shell(block(page, "sync_alerts"), tmp_path, **here)
    assert "campaign_daily" in posts[0]["text"]
    assert ": missing (" in posts[0]["text"]
    shell(block(page, "--max-requests"), tmp_path, **here)
    shell(block(page, "--clear"), tmp_path, **here)
    held = json.loads((tmp_path / "new.json").read_text())
    marks = held.get("singer_state", held)["bookmarks"]
    assert (marks.get("campaign_daily") or {}).get("partitions", []) == []
    assert marks["spend_by_country"]["partitions"]
    with duckdb.connect(str(tmp_path / "ads.duckdb"), read_only=True) as db:
        tables = {row[0] for row in db.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        assert "campaign_daily" not in tables


def test_a_failed_run_is_told_to_the_chat(tmp_path, chat):
    """The other half of the recipe: a run that can't even begin."""
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    address, posts = chat
    command = block(TEXT["recipes"], "|| curl").replace(
        "meltano run tap-adjust target-adtap-duckdb", "false"
    )
    shell(command, tmp_path, CHAT_WEBHOOK_URL=address)
    assert posts == [{"text": "tap-adjust failed"}]


def test_personal_fields_are_hashed_or_dropped_as_the_recipes_say(sandbox, monkeypatch):
    """The same address has the same hash, none has none; a column set to null is gone."""
    monkeypatch.setenv("ADTAPS_NOW", MOMENT)
    url = f"{sandbox.url}/openx"
    config = {**OPENX, "api_url": url, "sso_url": url}
    maps = [line.partition("=")[2].strip("'") for one in blocks(TEXT["recipes"], "ini")
            for line in one.splitlines() if line.startswith("TAP_OPENX_STREAM_MAPS")]  # fmt: skip
    assert len(maps) == 2
    for text in maps:
        stream_maps = json.loads(text)
        ((stream, change),) = stream_maps.items()
        before = run_tap(tap_class("tap-openx"), config, streams={stream}).records[stream]
        after = run_tap(
            tap_class("tap-openx"), {**config, "stream_maps": stream_maps}, streams={stream}
        ).records[stream]
        assert len(before) == len(after) > 0
        ((column, expression),) = change.items()
        if expression is None:
            assert column in before[0]
            assert all(column not in record for record in after)
        else:
            assert all(re.fullmatch(r"[0-9a-f]{32}", r[column]) for r in after if r[column])
            assert len({r[column] for r in after}) == len({r[column] for r in before})


def test_the_first_choices_of_streams_exist():
    """Each pattern of the page names a stream of its tap; the ledger is in all of them, and in .env.example."""
    page = TEXT["choosing-streams"]
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in TAPS:
        (cells,) = re.findall(rf"^\| `{name}` \| (.*) \|$", page, re.MULTILINE)
        patterns = re.findall(r"`([\w.*]+)`", cells)
        tap = tap_class(name)
        known = {entry.name for entry in (*tap.entities, *tap.reports)} | {"sync_windows"}
        assert {pattern.removesuffix(".*") for pattern in patterns} <= known
        assert "sync_windows.*" in patterns
        variable = f"{name.upper().replace('-', '_')}__SELECT='{json.dumps(patterns)}'"
        assert f"\n# {variable}\n" in example
    assert json.loads(variables("choosing-streams")["TAP_ADJUST__SELECT"])
    for text in blocks(page, "yaml"):
        (environment,) = yaml.safe_load(text)["environments"]
        assert environment["config"]["plugins"]["extractors"][0]["select"]


def test_the_commands_that_choose_streams_name_the_environment(tmp_path):
    """The first of them and the last are run: what was chosen is what Meltano lists."""
    lines = block(TEXT["choosing-streams"], "select --list").splitlines()
    assert all(line.startswith("meltano --environment=dev select ") for line in lines)
    copy_project(tmp_path)
    said = shell(f"{lines[0]}\n{lines[-1]} 2>&1", tmp_path)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert {line.split("] ")[1].split(".")[0] for line in plain.splitlines() if "] apps." in line or "] camp" in line} == {"apps"}  # fmt: skip


def test_snowflakes_keys_are_made_as_the_page_says(tmp_path):
    """The public key is one line of base64 that belongs to the private key, which its passphrase opens."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    page = TEXT["snowflake"]
    given = variables("snowflake")
    said = shell(block(page, "openssl genrsa"), tmp_path).strip()
    assert re.fullmatch(r"MII[A-Za-z0-9+/]+=*", said)
    key = tmp_path / given["TARGET_SNOWFLAKE_PRIVATE_KEY_PATH"]
    assert key.stat().st_mode & 0o777 == 0o600
    word = f"pass:{given['TARGET_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE']}"
    public = subprocess.run(
        ["openssl", "pkey", "-in", key, "-passin", word, "-pubout"], capture_output=True, check=True
    )
    assert said == "".join(public.stdout.decode().splitlines()[1:-1])
    assert "*.p8" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_snowflakes_settings_are_those_of_its_loader_and_of_the_example():
    """Each variable of the page sets something, and stands in .env.example."""
    loader = next(p for p in project_document()["plugins"]["loaders"] if p["name"] == "target-snowflake")  # fmt: skip
    known = {f"TARGET_SNOWFLAKE_{setting['name'].upper()}" for setting in loader["settings"]}
    named = set(re.findall(r"\bTARGET_SNOWFLAKE_[A-Z_]+", TEXT["snowflake"]))
    assert named - known == set()
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert [name for name in variables("snowflake") if f"\n# {name}=" not in example] == []


# Messages that other programs write.
FOREIGN = {
    "meltano: command not found", "adtap: command not found", "HTTP 401", "HTTP 403", "BrokenPipeError",
    "No state was found, complete import", "Loader failed", "Extractor failed",
    "pipeline is already running", "ValueError: invalid literal for int()", "Expecting …",
}  # fmt: skip


def test_the_sandboxs_clock_and_the_taps_move_as_the_page_says(sandbox, monkeypatch):
    """The page's block, line by line: the second run reads two more days, and days that were restated."""
    lines = block(TEXT["sandbox"], "_control/clock").splitlines()
    config = {**OPENX, "api_url": f"{sandbox.url}/openx", "sso_url": f"{sandbox.url}/openx"}
    runs, state = [], None
    for line in lines:
        if asked := re.fullmatch(
            r"curl -X POST http://127.0.0.1:4310/_control/(\w+) -d '(.*)'", line
        ):
            sandbox.control("POST", asked[1], json.loads(asked[2]))
            continue
        variable, _, command = line.partition(" ")
        assert command == "meltano --environment=sandbox run tap-openx target-adtap-duckdb"
        monkeypatch.setenv(*variable.split("="))
        run = run_tap(TapOpenx, config, state=state, streams={"inventory_daily"})
        state = run.states[-1]
        runs.append(run.records["inventory_daily"])
    first, second = runs
    assert max(r["day"] for r in first) == "2026-11-23"
    assert {"2026-11-24", "2026-11-25"} < {r["day"] for r in second}
    before = {r["_row_key"]: r["market_publisher_revenue"] for r in first}
    again = [r for r in second if r["_row_key"] in before]
    assert [r for r in again if r["market_publisher_revenue"] != before[r["_row_key"]]]


def test_the_requests_of_the_sandboxs_page_are_those_it_takes(sandbox):
    """Each path of the table answers, under the methods that stand there."""
    told = set(re.findall(r"`(GET|POST|DELETE) /_control/(\w+)`", TEXT["sandbox"]))
    taken = {
        (method, route.path.strip("/"))
        for route in control_app(sandbox.environment).routes
        for method in route.methods - {"HEAD"}
    }
    assert told <= taken


def test_the_messages_of_troubleshooting_are_ours_to_the_letter():
    """A message that was changed in the code is changed on the page, or nobody finds it."""
    page = TEXT["troubleshooting"].partition("## The numbers look wrong")[0]
    cells = re.findall(r"^\| (?!message|---)(.*?) \| ", page, re.MULTILINE)
    messages = {m for cell in cells for m in re.findall(r"`([^`]+)`", cell)}
    assert len(messages) > 30
    places = [ROOT / "Makefile", *(f for f in ROOT.glob("*tap_*/**/*.py"))]
    source = "".join(file.read_text(encoding="utf-8") for file in places)
    # A message may go on in the next line of the source.
    joined = re.sub(r'"\s*\n\s*f?"', "", source)
    missing = [m for m in messages - FOREIGN if m not in source and m not in joined]
    assert sorted(missing) == []


def test_one_word_is_used_for_one_thing():
    """What has two spellings or names elsewhere has one here."""
    files = [ROOT / "README.md", ROOT / "CHANGELOG.md"]
    files += [f for folder in ("adtap_cli", "orchestrate") for f in (ROOT / folder).rglob("*.py")]
    pages = {**TEXT, **{file.name: file.read_text(encoding="utf-8") for file in files}}
    wrong = re.compile(r"back-fill|catalogue|time stamp\b|local stand-in", re.IGNORECASE)
    found = {name: sorted(set(wrong.findall(text))) for name, text in pages.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_the_glossary_has_its_words_in_order():
    """Found by eye: sorted, each once."""
    words = re.findall(r"^\| \*\*(.*?)\*\*", TEXT["glossary"], re.MULTILINE)
    assert words == sorted(words)
    assert {"account", "window", "ledger", "ghost", "data state"} <= set(words)


def test_the_picture_of_the_demo_has_what_the_demo_prints():
    """Its headings and heads of columns are those of today's demo; drawn anew with `adtap_cli.demo_picture`."""
    from adtap_cli import demo_picture, demo_text

    picture = (DOCS / "images/demo.svg").read_text(encoding="utf-8")
    for head in (demo_text.LOADED, demo_text.MONEY, demo_text.CHANGED):
        pattern = r"\s+".join(map(re.escape, head))
        assert re.search(pattern, picture), head
    lines = ["$ nothing", "Loaded", "  a  1", "", "The DuckDB file   x"]
    assert demo_picture.shown("\n".join(lines)) == ["$ make demo", "", "Loaded", "  a  1"]
    with pytest.raises(ValueError, match="no demo"):
        demo_picture.shown("something else")


def test_the_readme_is_short_and_names_both_commands():
    """What a newcomer reads first fits on a few screens, and says how to try it and how to test it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 120
    assert "make demo" in readme
    assert "`make test`" in readme
    assert "docs/images/demo.svg" in readme
    assert re.search(r"^test:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
