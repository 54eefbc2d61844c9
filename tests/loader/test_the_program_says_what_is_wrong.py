"""Settings, the file and the environment: one line each, exit code not 0, no traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import programs

from .conftest import File, lines, record, schema, state

TEXT = {"type": ["string", "null"]}
MESSAGES = (schema("s", {"v": TEXT}), record("s", v="x"), state({"n": 1}))


def test_a_missing_folder_is_named_and_nothing_is_made(tmp_path):
    """A typing error in `path` must not become a second warehouse."""
    run = File(tmp_path / "typo" / "ads.duckdb").run(*MESSAGES)
    assert (run.code, run.states) == (1, [])
    assert f"the folder {tmp_path / 'typo'} does not exist" in run.errors
    assert run.errors.count("ERROR") == 1
    assert "Traceback" not in run.errors
    assert not (tmp_path / "typo").exists()


def test_a_database_in_memory_is_refused(file, monkeypatch):
    """Its rows would be gone at the end of the load that claims them by STATE."""
    monkeypatch.chdir(file.path.parent)
    for path in (":memory:", ":memory:ads"):
        run = File(Path(path)).run(*MESSAGES)
        assert (run.code, run.states) == (1, []), path
        assert "Setting 'path'" in run.errors
        assert run.errors.count("ERROR") == 1


def test_a_missing_parquet_folder_is_named_before_anything_is_loaded(file, tmp_path):
    """Found at the start, not after an hour of loading."""
    run = file.run(*MESSAGES, parquet_path=str(tmp_path / "nowhere"))
    assert run.code == 1
    assert "Setting 'parquet_path'" in run.errors
    assert not file.path.exists()


def test_a_file_that_is_no_database_is_left_alone(file):
    """The user's file is not overwritten."""
    file.path.write_text("id,name\n1,a\n" * 1000)
    run = file.run(*MESSAGES)
    assert run.code == 1
    assert "cannot be opened as a DuckDB file" in run.errors
    assert "Traceback" not in run.errors
    assert file.path.read_text().startswith("id,name")


def test_missing_and_wrong_settings_are_named(file, tmp_path):
    """`path` is required; a batch has at least one row."""
    assert "'path' is a required property" in run_with(tmp_path, {})
    assert "batch_size_rows" in run_with(tmp_path, {"path": str(file.path), "batch_size_rows": 0})


@pytest.mark.parametrize("program", ["target-adtap-duckdb", "target-adtap-postgres"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no such file"),
        ("", "the file is empty"),
        (" \n", "the file is empty"),
        ("{'path': 1}", "can't be read as JSON"),
        ("[1]", "a JSON object is expected"),
        ("null", "a JSON object is expected"),
    ],
)
def test_a_settings_file_that_cant_be_read_is_one_line(tmp_path, program, text, words):
    """Which file, and what is wrong with it."""
    file = tmp_path / "settings.json"
    if text is not None:
        file.write_text(text)
    run = programs.run(program, ["--config", str(file)])
    assert (run.returncode, run.stdout) == (1, "")
    (line,) = run.stderr.splitlines()
    assert f"--config {file}: {words}" in line


@pytest.mark.parametrize("way", [{}, {"add_record_metadata": True}], ids=["plain", "sdk"])
@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_a_closed_input_or_output_is_one_line(file, way, closed):
    """As a scheduler may start it; nothing is loaded of which no STATE could be written."""
    settings = file.folder / "settings.json"
    settings.write_text(json.dumps({**file.settings(), **way}))
    script = Path(sys.executable).with_name("target-adtap-duckdb")
    command = f'exec "{script}" --config "{settings}" {closed}'
    done = subprocess.run(
        ["sh", "-c", command], input=lines(MESSAGES), capture_output=True, check=False
    )
    said = done.stderr.decode()
    assert (done.returncode, said.count("ERROR"), "Traceback" in said) == (1, 1, False), said
    assert "Standard input or output is closed" in said


def test_a_setting_that_there_is_not_is_named(file):
    """`replace_window` for `replace_windows` would leave rows that the platform took back; both ways say so."""
    for way in ({}, {"validate_records": True}):
        run = file.run(*MESSAGES, replace_window=True, **way)
        assert run.code == 0
        said = "Setting 'replace_window' is not known (did you mean replace_windows"
        assert run.errors.count(said) == 1, way


@pytest.mark.parametrize("way", [{}, {"validate_records": True}], ids=["plain", "sdk"])
def test_a_setting_that_is_null_is_as_if_it_was_not_given(place, way):
    """A file may name every setting; the schemas say that null is a value of each."""
    nulls = dict.fromkeys(("batch_size_rows", "default_target_schema", "replace_windows"))
    run = place.run(*MESSAGES, **nulls, **{"validate_records": None, **way})
    assert (run.code, run.states) == (0, [{"n": 1}]), run.errors
    assert place.query("SELECT v FROM s") == [("x",)]


@pytest.mark.parametrize("way", [{}, {"add_record_metadata": True}], ids=["plain", "sdk"])
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"schema": {"type": "object", "properties": ["v"]}}, "ream 's'"),
        ({"schema": {"type": "object", "properties": {"v": True}}}, "its schema is no object"),
        ({"key_properties": "v"}, "key_properties"),
        ({"key_properties": [1]}, "key_properties"),
        (
            {"schema": {"properties": {"v": {"format": "x-singer.decimal", "precision": None,
                                             "type": "string"}}}},
            "column 'v'",
        ),
        ({"schema": {"properties": {"v": {"type": "integer", "minimum": "0"}}}}, "column 'v'"),
    ],
    ids=["properties", "property", "keys", "key", "precision", "minimum"],
)  # fmt: skip
def test_a_schema_that_is_none_is_one_line(file, changed, words, way):
    """What a tap of anybody's makes of a SCHEMA message is said with the line or the stream."""
    run = file.run({**MESSAGES[0], **changed}, state({"n": 1}), **way)
    assert (run.code, run.states) == (1, []), run.errors
    assert words in run.errors
    assert (run.errors.count("ERROR"), "Traceback" in run.errors) == (1, False), run.errors


@pytest.mark.parametrize("way", [{}, {"add_record_metadata": True}], ids=["plain", "sdk"])
@pytest.mark.parametrize(
    ("spec", "more"),
    [
        ({"type": None}, {}),
        ({"anyOf": None, "type": "string"}, {}),
        ({"anyOf": [True, {"type": "string"}, "null"]}, {}),
        (TEXT, {"bookmark_properties": "v"}),
        (TEXT, {"bookmark_properties": {"v": 1}}),
    ],
    ids=["type", "no alternatives", "odd alternatives", "bookmark", "bookmarks"],
)
def test_a_schema_with_an_odd_word_in_it_is_taken(file, spec, more, way):
    """What nobody needs may be odd."""
    head = {**schema("s", {"v": spec}), **more}
    run = file.run(head, record("s", v="x"), state({"n": 1}), **way)
    assert (run.code, run.states) == (0, [{"n": 1}]), run.errors
    assert str(file.query("SELECT v FROM s")[0][0]).strip('"') == "x"


def run_with(folder, config):
    path = folder / "settings.json"
    path.write_text(json.dumps(config))
    run = programs.run("target-adtap-duckdb", ["--config", str(path)])
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    return run.stderr


def test_a_record_before_its_schema_is_refused_in_one_line(file):
    """The stream is named."""
    run = file.run(record("s", v="x"))
    assert run.code == 1
    assert "stream 's'" in run.errors
    assert "Traceback" not in run.errors


def test_a_field_that_the_schema_does_not_have_is_told_once(file):
    """Not loaded, not silent, not once per record."""
    run = file.run(MESSAGES[0], *[record("s", v="x", extra=n) for n in range(5)])
    assert run.code == 0
    assert run.errors.count("field 'extra' is not in the schema") == 1


def test_a_moment_that_is_none_is_one_line_whichever_way_records_go(file):
    """The SDK parses moments itself where it changes records, and ends in a traceback."""
    head = schema("s", {"at": {"type": "string", "format": "date-time"}})
    for way in ({}, {"add_record_metadata": True}, {"stream_maps": {"s": {"at": "at"}}}):
        run = file.run(head, record("s", at="soon"), state({"n": 1}), **way)
        assert (run.code, run.states) == (1, [])
        assert "Stream 's', column 'at': 'soon' is refused" in run.errors, way
        assert (run.errors.count("ERROR"), "Traceback" in run.errors) == (1, False)
    message = {**record("s", at="2026-01-01T00:00:00Z"), "time_extracted": "soon"}
    run = file.run(head, message, state({"n": 1}), add_record_metadata=True)
    assert (run.code, run.states) == (1, [])
    assert "column '_sdc_extracted_at': 'soon' is refused" in run.errors
    assert (run.errors.count("ERROR"), "Traceback" in run.errors) == (1, False)


def test_about_lists_the_settings_and_none_without_effect(file):
    """`load_method` of the SDK would change nothing here, so it is not offered."""
    script = Path(sys.executable).with_name("target-adtap-duckdb")  # the script itself, once
    done = subprocess.run([script, "--about", "--format=json"], capture_output=True, check=True)
    about = json.loads(done.stdout)
    settings = set(about["settings"]["properties"])
    assert {
        "path",
        "default_target_schema",
        "batch_size_rows",
        "validate_records",
        "parquet_path",
        "add_record_metadata",
    } <= settings
    assert "load_method" not in settings


def test_neither_pyarrow_nor_pandas_nor_pytz_nor_numpy_is_needed(file):
    """The program runs where importing any of them fails."""
    code = (
        "import sys\n"
        "for name in ('pyarrow', 'pandas', 'pytz', 'numpy'): sys.modules[name] = None\n"
        "from adtap_loader.duckdb_target import TargetAdtapDuckdb\n"
        "TargetAdtapDuckdb.cli()\n"
    )
    settings = file.path.with_name("c.json")
    settings.write_text(json.dumps({"path": str(file.path)}))
    head = schema("s", {"at": {"type": "string", "format": "date-time"}})
    body = "\n".join(json.dumps(m) for m in (head, record("s", at="2026-01-01T00:00:00Z")))
    run = subprocess.run(
        [sys.executable, "-c", code, "--config", str(settings)],
        input=body.encode(),
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode()
    assert file.query("SELECT count(*) FROM s") == [(1,)]
