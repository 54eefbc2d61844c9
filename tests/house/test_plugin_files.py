"""`plugins/`, `meltano.yml` and our plugins say the same."""

from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from meltano.core.setting_definition import SettingDefinition

from adtap_cli import plugin_files
from adtap_cli.taps import PLUGINS, TAPS, plugin_class, tap_class
from adtap_core.errors import SettingsError
from adtap_core.rows.schemas import stream_file
from tap_adjust.tap import TapAdjust
from tap_atomx.tap import TapAtomx
from tap_openx.tap import TapOpenx
from tap_terminalone.tap import TapTerminalOne
from tests.running import project_document

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def project():
    return project_document()


def plugin(project, name):
    entries = [*project["plugins"]["extractors"], *project["plugins"]["loaders"]]
    return next(entry for entry in entries if entry["name"] == name)


@pytest.mark.parametrize("name", PLUGINS)
def test_every_setting_can_be_set_through_meltano(project, name):
    """Meltano drops settings that its file does not name; none of ours is missing, none too many."""
    schema = plugin_class(name).config_jsonschema
    named = {setting["name"]: setting for setting in plugin(project, name)["settings"]}
    own = set(schema["properties"])
    assert own <= set(named)
    assert {name for name in named if named[name].get("sensitive")} == {
        name for name in own if schema["properties"][name].get("secret")
    }
    assert [name for name in named if not named[name].get("description")] == []


@pytest.mark.parametrize("name", PLUGINS)
def test_groups_of_required_settings_name_settings_that_exist(project, name):
    """A way to log in that `meltano config test` checks can be taken."""
    entry = plugin(project, name)
    named = {setting["name"] for setting in entry["settings"]}
    groups = entry["settings_group_validation"]
    assert [set(group) - named for group in groups] == [set()] * len(groups)


# What a setting takes that any words will not do for.
EXAMPLES = {"api_url": "https://api.example.com", "api_generation": "legacy"}


def faults(name, settings):
    """What the tap says to these settings."""
    try:
        tap_class(name)(config={key: EXAMPLES.get(key, "0" * 40) for key in settings})
    except SettingsError as error:
        return error.errors
    return []


@pytest.mark.parametrize("name", TAPS)
def test_each_group_of_required_settings_is_enough_and_none_too_much(project, name):
    """What `meltano config test` asks for is what the tap needs to log in: no more, no less."""
    for group in plugin(project, name)["settings_group_validation"]:
        assert faults(name, group) == []
        assert [key for key in group if not faults(name, {*group} - {key})] == []


@pytest.mark.parametrize("name", TAPS)
def test_meltano_selects_what_the_tap_itself_selects(project, name):
    """Left to itself Meltano would read every stream, personal data too."""
    rules = plugin(project, name)["select"]
    assert rules[0] == "*.*"
    left_out = {rule.removeprefix("!").removesuffix(".*") for rule in rules[1:]}
    tap = tap_class(name)(config={}, validate_config=False, setup_mapper=False)
    streams = {e.name for e in (*tap.entities, *tap.reports) if not e.selected}
    columns = {
        f"{e.name}.{column}"
        for e in tap.entities
        if e.selected
        for column, prop in (stream_file(tap.package, e.name) or {})["properties"].items()
        if prop.get("x-pii")
    }
    assert left_out == streams | columns


def test_the_sandbox_environment_changes_addresses_and_credentials_only(project):
    """What runs against the sandbox is the same project as what runs against the platforms."""
    sandbox = next(entry for entry in project["environments"] if entry["name"] == "sandbox")
    entries = sandbox["config"]["plugins"]["extractors"]
    assert sorted(entry["name"] for entry in entries) == sorted(TAPS)
    login = {"email", "username", "password", "auth_method", "api_generation"} | {
        "api_token", "api_key", "client_id", "client_secret", "consumer_key", "consumer_secret",
        "identity_key", "instance_hostname",
    }  # fmt: skip
    for entry in entries:
        config = entry["config"]
        assert {key for key in config if not key.endswith("_url")} <= login
        for key in config:
            if key.endswith("_url"):
                assert config[key].startswith("http://127.0.0.1:${ADTAPS_SANDBOX_PORT}/")


def test_jobs_and_schedules_name_what_exists(project):
    """Every task of every job is a tap and a loader of this file, every schedule's job exists."""
    plugins = {entry["name"] for kind in project["plugins"].values() for entry in kind}
    jobs = {job["name"]: job["tasks"] for job in project["jobs"]}
    words = {word for tasks in jobs.values() for task in tasks for word in task.split()}
    assert words <= plugins
    assert {schedule["job"] for schedule in project["schedules"]} <= set(jobs)
    assert {task.split()[0] for task in jobs["all-platforms"]} == set(TAPS)


def test_the_projects_own_file_is_short_and_defines_none_of_our_plugins():
    """What a user reads and edits is theirs: nothing generated stands in it."""
    text = (ROOT / "meltano.yml").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 170
    assert [name for name in PLUGINS if f"\n  - name: {name}\n" in text] == []
    assert {file.name for file in (ROOT / "plugins").iterdir()} == {
        f"{name}.meltano.yml" for name in (*PLUGINS, "dbt-duckdb", "dbt-postgres")
    }


# What YAML and people make hard: quotes, colons, hashes, braces, words that look like values.
WORDS = st.text(alphabet="ab :#'\"{}[]-&*!|>%@,null0\n é", max_size=150)


@given(
    title=WORDS.filter(str.strip),
    description=WORDS,
    default=st.none() | st.booleans() | st.integers() | WORDS | st.lists(WORDS, max_size=2),
    secret=st.booleans(),
)
def test_any_words_survive_the_way_through_yaml(title, description, default, secret):
    """Whatever a title, a description or a default says, YAML reads the same back."""
    setting = {"type": ["string", "null"], "title": title, "description": description}
    schema = {"properties": {"x": {**setting, "secret": secret, "default": default}}}
    text = "\n".join(plugin_files.settings_lines(schema))
    read = yaml.safe_load(text)["settings"][0]
    assert read["label"].split() == title.split()
    assert read.get("description", "").split() == description.split()
    assert read.get("value") == default
    assert read.get("sensitive", False) is secret


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": ["integer", "null"]}, "integer"),
        ({"type": ["number", "null"]}, "string"),
        ({"type": ["string", "integer", "null"]}, "string"),
        ({"type": "boolean"}, "boolean"),
        ({"type": ["array", "null"], "items": {"type": "string"}}, "array"),
        ({"type": ["object", "string", "null"]}, "object"),
        ({"type": ["string", "null"]}, "string"),
        ({"type": ["string", "null"], "enum": ["ok", None]}, "options"),
        ({}, "string"),
    ],
)
def test_kinds_follow_the_schema(schema, kind):
    """Meltano is told what a setting is in its own words."""
    assert plugin_files.kind(schema) == kind


@pytest.mark.parametrize("text", ["2026-01", "05/01/2026", "30 days ago", "2026-02-30"])
@pytest.mark.parametrize("plugin", sorted(plugin_files.FACTS))
def test_meltano_leaves_dates_as_they_were_written(plugin, text):
    """The tap judges them. As `date_iso8601` Meltano makes today's day of 2026-01, and 1 May of 05/01/2026."""
    document = yaml.safe_load((ROOT / "plugins" / f"{plugin}.meltano.yml").read_text("utf-8"))
    settings = [s for kind in document["plugins"].values() for p in kind for s in p["settings"]]
    for setting in settings:
        if setting["name"].endswith("_date"):
            made = SettingDefinition.parse(setting)
            assert made.cast_value(text) == text
    assert plugin.startswith("target-") or {"start_date", "end_date"} <= {
        s["name"] for s in settings
    }


@pytest.mark.parametrize("tap", [TapAdjust, TapAtomx, TapOpenx, TapTerminalOne])
@pytest.mark.parametrize("text", ["2026-01", "05/01/2026", "30 days ago", "2026-02-30"])
def test_what_is_no_date_is_refused_by_its_settings_name(tap, text):
    """One line: the setting, what stands there, what is expected."""
    with pytest.raises(SettingsError) as caught:
        tap(config={"start_date": text, "end_date": text})
    faults = [f for f in caught.value.errors if "_date" in f]
    assert faults == [
        f"{name}: {text!r} is not a date or date-time; expected e.g. 2026-01-31 or 2026-01-31T00:00:00Z"
        for name in ("start_date", "end_date")
    ]


def test_a_default_that_names_our_version_is_left_to_the_tap():
    """A project's file does not send an old version's user agent after an upgrade."""
    agent = {"type": "string", "default": f"adtaps/{version('adtaps')}"}
    address = {"type": "string", "default": "https://api.example.com"}
    text = "\n".join(
        plugin_files.settings_lines({"properties": {"user_agent": agent, "api_url": address}})
    )
    read = {setting["name"]: setting for setting in yaml.safe_load(text)["settings"]}
    assert "value" not in read["user_agent"]
    assert read["api_url"]["value"] == "https://api.example.com"
