"""What a tap declares: schemas and entries, secrets, discovery without anything."""

import dataclasses
import json
import os
import resource
import subprocess
import sys
import time
from importlib import resources
from typing import Any

import pytest

from adtap_core.errors import SettingsError
from tests.contracts.conftest import Bench
from tests.contracts.platforms import Case
from tests.running import ROOT, command

OURS = {"_row_key", "_time_zone", "_currency", "_data_state", "_account", "_synced_at", "_extra"}


def catalogue(case: Case) -> dict[str, dict[str, Any]]:
    tap = case.tap(config={}, validate_config=False, setup_mapper=False)
    return {entry["tap_stream_id"]: entry for entry in tap.catalog_dict["streams"]}


def test_every_entity_has_a_schema_file_and_every_file_an_entity(case: Case) -> None:
    """Adding an entity is one entry and one file: neither is ever without the other."""
    files = {
        path.name.removesuffix(".json")
        for path in (resources.files(case.module) / "schemas").iterdir()
        if path.name.endswith(".json")
    }
    assert files == {e.name for e in case.tap.entities}
    names = [e.name for e in (*case.tap.entities, *case.tap.reports)]
    assert len(set(names)) == len(names)


def test_every_field_of_a_preset_is_known_to_the_platform(case: Case) -> None:
    """A preset is its entry alone: it passes what a user's definition must pass, and names its source."""
    from adtap_core.definitions import definition_errors

    platform = case.tap.platform_class
    for report in case.tap.reports:
        assert definition_errors([report], [], platform, case.settings) == []
        assert "read 20" in report.source, report.name


def test_whatever_a_definition_may_say_is_a_field_of_its_report(case: Case) -> None:
    """A key that the settings allow and the report's class does not have would be lost."""
    settings = case.tap.config_jsonschema["properties"]
    items = [settings[n]["items"] for n in ("reports", "kpi_reports") if n in settings]
    for item in items:
        report_class = case.tap.platform_class.report_class(dict.fromkeys(item["required"], "x"))
        # Of the KPI service's definitions: they become `metrics`.
        declared = {f.name for f in dataclasses.fields(report_class)} | {"kpis"}
        assert {*item["properties"]} <= declared


def test_a_schema_file_says_where_its_facts_come_from(case: Case) -> None:
    """And holds only columns that its entry asks for, not those that the core adds."""
    streams = catalogue(case)
    for name in streams.keys() & {e.name for e in case.tap.entities}:
        text = (resources.files(case.module) / "schemas" / f"{name}.json").read_text("utf-8")
        document = json.loads(text)
        assert document["$comment"].startswith(("Source: ", "Sources: ")), name
        assert not OURS & document["properties"].keys(), name
        # Columns that only another generation of the API fills are marked, and not in this catalogue.
        here = {k for k, v in document["properties"].items() if "x-generations" not in v}
        assert here <= streams[name]["schema"]["properties"].keys(), name


def test_every_column_is_described(case: Case) -> None:
    """And has one type, so that a warehouse gives it one."""
    for name, entry in catalogue(case).items():
        for column, prop in entry["schema"]["properties"].items():
            where = f"{name}.{column}"
            assert prop.get("description", "").strip(), where
            kinds = [prop["type"]] if isinstance(prop["type"], str) else prop["type"]
            assert len(set(kinds) - {"null"}) == 1, f"{where} has not one type: {kinds}"


def test_metrics_say_how_they_add_up(case: Case) -> None:
    """And money says that it is money: only currency-like numbers are exact decimals with a unit."""
    streams = catalogue(case)
    money = 0
    for report in case.tap.reports:
        props = streams[report.name]["schema"]["properties"]
        metrics = [c for c in props if c not in streams[report.name]["schema"]["x-grain"]]
        for column in metrics:
            if column in OURS or "x-additivity" not in props[column]:
                continue
            assert props[column]["x-additivity"] in {"additive", "ratio", "distinct"}
            money += props[column].get("x-unit") == "currency"
        said = [c for c in metrics if "x-additivity" in props[c]]
        assert len(said) == len(report.metrics), (report.name, set(metrics) - set(said) - OURS)
    assert money


def test_only_keys_and_buckets_can_not_be_null(case: Case) -> None:
    """Absent is null, so everything else may be."""
    for name, entry in catalogue(case).items():
        keys = set(entry["key_properties"]) | {"_account"}
        keys |= {"hour", "day", "week", "month"} & set(entry["schema"].get("x-grain", ()))
        for column, prop in entry["schema"]["properties"].items():
            nullable = "null" in prop["type"]
            assert nullable or column in keys, f"{name}.{column} can't be null"


def test_exact_decimals_have_room_and_no_float_is_declared(case: Case) -> None:
    """`number` would become a float in most warehouses; the contract's 38 digits, 18 behind the point."""
    for name, entry in catalogue(case).items():
        for column, prop in entry["schema"]["properties"].items():
            assert "number" not in prop["type"], f"{name}.{column}"
            if prop.get("format") == "x-singer.decimal":
                assert (prop["precision"], prop["scale"]) == (38, 18), f"{name}.{column}"


def test_grain_and_dimensions_cannot_be_left_out(case: Case) -> None:
    """Deselecting a dimension would make rows collide: the catalogue calls them automatic."""
    for report in case.tap.reports:
        entry = catalogue(case)[report.name]
        inclusion = {
            tuple(item["breadcrumb"]): item["metadata"].get("inclusion")
            for item in entry["metadata"]
        }
        for column in {*entry["schema"]["x-grain"], "_row_key"}:
            assert inclusion["properties", column] == "automatic", f"{report.name}.{column}"


def test_personal_columns_are_not_selected_by_themselves(case: Case) -> None:
    """They are off in the catalog; of streams that hold nothing but people, the stream is."""
    people = {entity.name for entity in case.tap.entities if entity.people}
    for name, entry in catalogue(case).items():
        personal = [
            column for column, prop in entry["schema"]["properties"].items() if prop.get("x-pii")
        ]
        chosen = {
            tuple(item["breadcrumb"]): item["metadata"].get("selected-by-default")
            for item in entry["metadata"]
        }
        if name in people:
            assert personal
            assert chosen[()] is False, name
            continue
        for column in personal:
            assert chosen["properties", column] is False, f"{name}.{column}"


def test_settings_that_are_secrets_are_marked(case: Case) -> None:
    """Those whose values we treat as canaries, and whatever is called like one."""
    properties = case.tap.config_jsonschema["properties"]
    for name, value in case.settings.items():
        if value in case.secrets:
            assert properties[name].get("secret"), name
    telling = ("password", "secret", "token", "api_key", "totp", "session_id")
    public = {"app_tokens", "token_expiration_seconds"}
    for name in properties.keys() - public:
        if any(word in name for word in telling):
            assert properties[name].get("secret"), name


def test_every_setting_is_described_and_none_has_a_secret_default(case: Case) -> None:
    """What `--about` and the README say of a setting comes from here."""
    for name, prop in case.tap.config_jsonschema["properties"].items():
        assert prop.get("title"), name
        assert prop.get("description", "").strip(), name
        assert not (prop.get("secret") and "default" in prop), name


BLOCKED = """
import socket, sys
def refuse(*_, **__):
    raise SystemExit("discovery went to the network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
sys.argv = [{script!r}, "--discover"]
from {module}.tap import {name} as tap
tap.cli()
"""


def test_discovery_needs_no_credentials_no_network_and_little_time(case: Case) -> None:
    """Under 1.5 seconds; on a machine that does other things too, seconds of its own work count."""
    took = []
    for _ in range(3):
        before, begun = _worked(), time.monotonic()
        done = subprocess.run(
            [command(case.script), "--discover"], capture_output=True, timeout=250, check=False
        )
        busy = os.getloadavg()[0] > (os.cpu_count() or 1)
        took.append(_worked() - before if busy else time.monotonic() - begun)
        assert done.returncode == 0, done.stderr.decode()
        if took[-1] < 1.5:
            break
    assert min(took) < 1.5
    names = {entry["tap_stream_id"] for entry in json.loads(done.stdout)["streams"]}
    assert {"sync_windows", case.daily, case.hourly, case.entity} <= names


def _worked() -> float:
    """Seconds of processor time that ended children took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_discovery_never_touches_a_socket(case: Case) -> None:
    """A name that is looked up would be a hang behind a firewall."""
    script = BLOCKED.format(script=case.script, module=case.module, name=case.class_name)
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("TAP_")},
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    assert json.loads(done.stdout)["streams"]


def test_a_users_report_is_in_the_catalogue(bench: Bench) -> None:
    """Typed and described like a built-in one, without asking anybody."""
    tap = bench.case.tap(config=bench.config(reports=[bench.case.report]), setup_mapper=False)
    entry = next(e for e in tap.catalog_dict["streams"] if e["tap_stream_id"] == "mine")
    props = entry["schema"]["properties"]
    assert all(prop.get("description") for prop in props.values())
    said = [c for c, prop in props.items() if "x-additivity" in prop]
    assert len(said) == len(bench.case.report["metrics"])
    assert bench.sandbox.log() == []


@pytest.mark.parametrize("name", ["sync_windows", "entity", "daily"])
def test_a_users_report_may_not_take_the_name_of_another_stream(bench: Bench, name: str) -> None:
    """Two streams of one name would write into one table."""
    from adtap_core.errors import SettingsError

    taken = getattr(bench.case, name, name)
    with pytest.raises(SettingsError, match=taken):
        bench.case.tap(config=bench.config(reports=[{**bench.case.report, "name": taken}]))


def test_ids_may_be_numbers_and_numbers_may_be_texts(case: Case) -> None:
    """YAML makes numbers of ids, variables make texts of numbers: both are what they mean."""
    lists = {
        name: [33, "44", 5.0]
        for name, prop in case.tap.config_jsonschema["properties"].items()
        if prop.get("items", {}).get("type") == ["string", "integer"]
    }
    config = case.config("http://127.0.0.1:1", request_timeout_seconds="2.5", **lists)
    read = case.tap(config=config).config
    assert read["request_timeout_seconds"] == 2.5
    for name in lists:
        assert read[name] == ["33", "44", "5"], name
        for wrong, words in (("", "is empty"), (True, "is not an id"), (1.5, "is not an id")):
            with pytest.raises(SettingsError, match=rf"{name}\[0\].* {words}"):
                case.tap(config=config | {name: [wrong]})


def lists_of_texts(schema: dict[str, Any], where: str = "") -> dict[str, dict[str, Any]]:
    """The settings whose value is a list of texts or ids, those of a definition's keys too."""
    found: dict[str, dict[str, Any]] = {}
    for name, prop in schema.get("properties", {}).items():
        items = prop.get("items") or {}
        if "string" in items.get("type", ()):
            found[where + name] = prop
        found |= lists_of_texts(prop, f"{name}.") | lists_of_texts(items, f"{name}.")
    return found


def test_a_setting_that_lists_names_is_read_as_a_set(case: Case) -> None:
    """Named twice, a thing would be asked for twice; of a report's columns a repetition is a fault of its own."""
    own = lists_of_texts({"properties": case.tap.config_jsonschema["properties"]})
    faults = {"reports.dimensions", "reports.metrics"}
    assert faults < set(own)
    assert [n for n, p in own.items() if n not in faults and not p.get("uniqueItems")] == []
