"""STATE says what is in the file, killed at any moment; two runs never meet in one file."""

# ruff: noqa: S608 - the names in these queries are the tests' own

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.programs import Piped

from .conftest import lines, record, schema, state

WHOLE, TEXT = ({"type": [t, "null"]} for t in ("integer", "string"))
HEAD = [schema(s, {"id": WHOLE, "v": TEXT}, ["id"]) for s in ("a", "b")]


def test_state_is_written_only_for_rows_of_all_streams_that_are_committed(place):
    """At each STATE line, the warehouse already holds every row that came before it."""
    messages = list(HEAD)
    for n in range(1, 41):
        messages += [record("a", id=n, v="x"), record("b", id=n, v="y"), state({"n": n})]
    states = place.load(*messages, batch_size_rows=10)
    # 10 rows are 5 of each stream: the fifth STATE has not come when they are committed.
    assert states == [{"n": n} for n in (4, 9, 14, 19, 24, 29, 34, 39, 40)]


def test_state_keeps_its_numbers(place):
    """A number with a fraction in STATE is passed on digit by digit, not as a crash."""
    run = place.run(*HEAD, '{"type":"STATE","value":{"x":0.1234567890123456789}}')
    assert run.code == 0
    assert place.load(*HEAD, state({"deep": {"x": 1.5}})) == [{"deep": {"x": 1.5}}]


def test_state_keeps_its_letters_whatever_encoding_standard_output_has(file):
    """Where it is not UTF-8 a name in STATE is neither a crash after the commit nor other letters."""
    config, value = file.path.with_name("c.json"), {"größe": "日本 🙂 \u2028", 'a\\"é': [1]}
    config.write_text(json.dumps(file.settings()))
    code = "from adtap_loader.programs import duckdb; duckdb()"
    run = subprocess.run(
        [sys.executable, "-c", code, "--config", str(config)],
        input=lines([*HEAD, record("a", id=1), state(value)]),
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (run.returncode, json.loads(run.stdout)) == (0, value), run.stderr.decode()


@pytest.mark.parametrize("way", [{}, {"validate_records": True}], ids=["plain", "sdk"])
@pytest.mark.parametrize("full", [True, False], ids=["full", "closed"])
def test_a_state_that_nobody_takes_is_one_line(file, way, full):
    """A full disk or a closed pipe behind the loader: said with what to do, and never taken for a whole load."""
    if full and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    reader, writer = os.pipe()
    os.close(reader)
    config = file.path.with_name("c.json")
    config.write_text(json.dumps({**file.settings(), **way}))
    code = "from adtap_loader.programs import duckdb; duckdb()"
    with (
        os.fdopen(writer, "wb") as closed,
        Path("/dev/full" if full else os.devnull).open("wb") as disk,
    ):
        run = subprocess.run(
            [sys.executable, "-c", code, "--config", str(config)],
            input=lines([*HEAD, record("a", id=1), state({"n": 1})]),
            stdout=disk if full else closed,
            stderr=subprocess.PIPE,
            check=False,
        )
    said = run.stderr.decode()
    assert run.returncode == 1, said
    assert "STATE can't be written to standard output" in said
    assert "run it again" in said
    assert said.count("ERROR") == 1
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert file.query("SELECT id FROM a") == [(1,)]


def test_a_repeated_schema_does_not_commit(place):
    """A child stream that says its schema once per parent costs nothing."""
    messages = list(HEAD)
    for n in range(1, 31):
        messages += [HEAD[0], record("a", id=n, v="x"), state({"n": n})]
    assert place.load(*messages) == [{"n": 30}]


def test_a_line_that_cannot_be_read_ends_the_load_with_its_number(place):
    """Cut off, not JSON, no message, unknown, zeros of a crashed disk: one line of error, exit 1, no STATE, no traceback."""
    for bad in (
        '{"type": "RECORD", "stream": "a", "rec',
        "Traceback (most recent",
        "[1]",
        "{}",
        '{"type":"X"}',
        '"\\ud800"',
        "",
        "\0\0\0",
        '\0{"type": "RECORD", "stream": "a", "record": {"id": 2}}',
    ):
        run = place.run(*HEAD, record("a", id=1), state({"n": 1}), bad)
        assert (run.code, run.states) == (1, []), bad
        assert "Line 5 of the input" in run.errors
        assert "Traceback (" not in run.errors
        assert run.errors.count("ERROR") == 1
    assert place.query("SELECT count(*) FROM a") == [(0,)]


@pytest.mark.parametrize("way", [{}, {"stream_maps": {"a": {"w": "'x'"}}}], ids=["plain", "mapped"])
def test_a_message_that_is_none_is_one_line(place, way):
    """No name of a stream, a key of no column, a property that is no object."""
    for bad in (
        {**HEAD[0], "stream": None},
        {**HEAD[0], "stream": 5},
        {**HEAD[0], "stream": ""},
        {**HEAD[0], "key_properties": ["nowhere"]},
        schema("b", {"v": True}),
        {**record("a"), "stream": ["a"]},
    ):
        run = place.run(bad, state({"n": 1}), **way)
        assert (run.code, run.states) == (1, []), bad
        assert run.errors.count("ERROR") == 1
        assert "Traceback" not in run.errors


@pytest.mark.parametrize("inside", ["1", '"a\\nb"', "1 "], ids=["plain", "escaped", "spaced"])
def test_a_value_nested_too_deeply_is_no_crash(place, inside):
    """Loaded or refused in one line, with no STATE behind it."""
    deep = '{"a":' * 5000 + inside + "}" * 5000
    run = place.run(
        schema("a", {"id": WHOLE, "o": {"type": "object"}}, ["id"]),
        f'{{"type": "RECORD", "stream": "a", "record": {{"id": 1, "o": {deep}}}}}',
        state({"n": 1}),
    )
    assert "Traceback" not in run.errors
    if run.code != 0:
        assert (run.code, run.states) == (1, [])
        assert run.errors.count("ERROR") == 1
    else:
        assert place.query("SELECT count(*) FROM a WHERE o IS NOT NULL") == [(1,)]


@pytest.mark.parametrize("digits", ["1e99999999999999999999", "0e-99999999999999999999"])
def test_a_number_of_any_exponent_is_no_crash(place, digits):
    """Python's decimals end at eighteen digits of exponent: the line is named, with no STATE behind it."""
    for column, value in {"v": digits, "t": digits, "o": f'{{"x": {digits}}}'}.items():
        run = place.run(
            schema("a", {"v": {"type": "number"}, "t": TEXT, "o": {"type": "object"}}),
            f'{{"type": "RECORD", "stream": "a", "record": {{"{column}": {value}}}}}',
            state({"n": 1}),
        )
        assert "Traceback" not in run.errors
        assert run.code == 0 or (run.states == [] and run.errors.count("ERROR") == 1)


def feed(process: Piped, body: bytes) -> threading.Thread:
    """Write the body beside the reading of STATE; a killed reader is no error here."""

    def write() -> None:
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(body)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment_and_resumed_from_state_no_row_is_lost_or_doubled(place, seed):
    """Killed by -9 again and again; each run starts after the last STATE seen, as Meltano does."""
    chance = random.Random(seed)
    total, done, runs = 4_000, 0, 0
    while done < total:
        body = list(HEAD)
        for n in range(done + 1, total + 1):
            body += [record("a", id=n, v=f"run {runs}"), record("b", id=n, v="y"), state({"n": n})]
        with place.start(batch_size_rows=100) as process:
            writer = feed(process, lines(body))
            # A few commits, then some milliseconds into whatever comes next: shaping, a
            # transaction, a checkpoint, the line of STATE itself.
            commits, delay = chance.randint(1, 12), chance.random() / 50
            for line in process.stdout:
                if line.endswith(b"\n"):
                    done = max(done, json.loads(line)["n"])
                commits -= 1
                if commits == 0 and runs < 5:
                    time.sleep(delay)
                    process.kill()
            writer.join()
            process.stderr.read()
        runs += 1
        assert process.returncode in {0, -signal.SIGKILL}
        for stream in ("a", "b"):
            # What STATE claims is in the warehouse, once; what is there beyond it comes again and
            # replaces itself.
            claimed = f"SELECT count(*), count(DISTINCT id) FROM {stream} WHERE id <= {done}"
            assert place.query(claimed) == [(done, done)]
    assert runs == 6, "five runs killed, the sixth finished"
    for stream in ("a", "b"):
        found = place.query(f"SELECT count(*), count(DISTINCT id), max(id) FROM {stream}")
        assert found == [(total, total, total)]


def test_when_a_state_begins_to_leave_its_rows_are_committed(place):
    """Killed in the middle of a STATE line, which no pipe takes whole: what the line claims is in the warehouse."""
    body = list(HEAD)
    for n in range(1, 13):
        rest = [
            record("b", id=n, v="y"),
            state({"n": n, "long": "x" * 200_000 if n % 4 == 0 else ""}),
        ]
        body += [record("a", id=n, v="x"), *rest, record("a", id=n, v="again")]
    # Twelve rows are four of these rounds: each commit ends with a long STATE.
    for passed in (0, 2):
        with place.start(batch_size_rows=12) as process:
            writer = feed(process, lines(body))
            for _ in range(passed):
                process.stdout.readline()
            begun = process.stdout.read(10)
            process.kill()
            writer.join()
            process.stderr.read()
        claimed = int(begun.split(b":")[1].split(b",")[0])
        assert claimed == 4 * (passed + 1), begun
        for stream in ("a", "b"):
            rows = place.query(
                f"SELECT count(*), count(DISTINCT id) FROM {stream} WHERE id <= {claimed}"
            )
            assert rows == [(claimed, claimed)], stream


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_load_at_once_with_its_code_and_claims_nothing_more(file, number, code):
    """Rows not committed are not claimed; the program neither hangs nor prints a traceback."""
    process = file.start()
    process.stdin.write(lines([*HEAD, record("a", id=1), state({"n": 1})]))
    process.stdin.flush()
    deadline = time.monotonic() + 120
    while not file.path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(number)
    assert process.wait(120) == code, "it waits for more rows"
    out, errors = process.communicate()
    assert out == b""
    assert b"Traceback" not in errors
    assert file.run(*HEAD, record("a", id=2)).code == 0
    assert file.query("SELECT id FROM a") == [(2,)]


@pytest.mark.parametrize("way", [{}, {"add_record_metadata": True}], ids=["plain", "sdk"])
def test_a_signal_in_a_statement_is_no_defect(file, way):
    """DuckDB puts an error of its own in the place of the exit: the code is the signal's, without a traceback."""
    tables = lines([schema(f"table_{n}", {"id": {"type": "integer"}}, ["id"]) for n in range(3000)])
    for wait in range(4):  # most of the time is spent in statements, not all of it
        with file.start(**way) as process:
            writer = feed(process, tables)
            deadline = time.monotonic() + 120
            while not file.path.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.2 + wait / 20)
            process.terminate()
            errors = process.stderr.read()
            writer.join()
        assert process.returncode == 143
        assert b"Traceback" not in errors
        assert errors.count(b"Stopped by signal") == 1
        file.path.unlink()
        file.path.with_name(f"{file.path.name}.wal").unlink(missing_ok=True)


def test_a_second_run_on_the_same_file_refuses_and_the_first_loses_nothing(file):
    """One clear line with the holder's process number, exit 1, before a row was read."""
    first = file.start()
    first.stdin.write(lines([*HEAD, record("a", id=1)]))
    first.stdin.flush()
    deadline = time.monotonic() + 120
    while not file.path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    second = file.run(*HEAD, record("a", id=9), state({"n": 9}))
    assert (second.code, second.states) == (1, [])
    assert f"is in use by process {first.pid}" in second.errors
    assert second.errors.count("ERROR") == 1
    out, _ = first.communicate(lines([record("a", id=2), state({"n": 2})]), timeout=250)
    assert first.returncode == 0
    assert json.loads(out) == {"n": 2}
    assert file.query("SELECT id FROM a ORDER BY id") == [(1,), (2,)]
