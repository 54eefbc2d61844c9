"""Several loads fill one schema, one table, at the same time; nobody waits in a circle and nothing is lost."""

import threading

from .conftest import lines, record, schema, state

WHOLE, TEXT = ({"type": [t, "null"]} for t in ("integer", "string"))
WRITERS = 8


def test_eight_loads_make_and_fill_one_table_together(database):
    """Made and widened once; every row of every writer is there; of a key that all have, one row is left."""
    processes = [database.start(batch_size_rows=50) for _ in range(WRITERS)]
    messages = []
    for writer in range(WRITERS):
        order = range(200) if writer % 2 else range(199, -1, -1)
        heads = [
            schema("shared", {"id": WHOLE, "v": TEXT, f"of_{writer % 4}": WHOLE}, ["id"]),
            schema("other", {"id": WHOLE, "v": TEXT}, ["id"]),
        ]
        rows = []
        for n in order:
            rows.append(record("shared", id=n, v=f"{writer}"))
            rows.append(record("other", id=writer * 1000 + n, v="x"))
        messages.append([*(heads if writer % 2 else reversed(heads)), *rows, state({"w": writer})])
    done = {}

    def feed(number: int) -> None:
        done[number] = processes[number].communicate(lines(messages[number]), timeout=250)

    threads = [threading.Thread(target=feed, args=(n,)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, process in enumerate(processes):
        out, said = done[number]
        assert process.returncode == 0, said.decode()
        assert out.decode().splitlines()[-1:] == [f'{{"w":{number}}}']
    assert database.query("SELECT count(*), count(DISTINCT id) FROM shared") == [(200, 200)]
    assert database.query("SELECT count(*), count(DISTINCT id) FROM other") == [(1600, 1600)]
    assert set(database.types("shared")) == {"id", "v", "of_0", "of_1", "of_2", "of_3"}


def test_a_column_that_another_load_adds_is_empty_in_rows_that_come_after_it(database):
    """A row is set whole by whoever writes it last, also by a load that began before the column was there."""
    head = schema("s", {"id": WHOLE, "v": TEXT}, ["id"])
    with database.start(batch_size_rows=1) as first:
        first.stdin.write(lines([head, state({"n": 0}), record("s", id=1, v="first")]))
        first.stdin.flush()
        assert first.stdout.readline() == b'{"n":0}\n'
        more = schema("s", {"id": WHOLE, "v": TEXT, "w": TEXT}, ["id"])
        database.load(more, *[record("s", id=n, v="second", w="theirs") for n in (1, 2)])
        _, said = first.communicate(lines([record("s", id=1, v="last")]), timeout=250)
    assert first.returncode == 0, said
    assert database.query("SELECT id, v, w FROM s ORDER BY id") == [
        (1, "last", None),
        (2, "second", "theirs"),
    ]


GATE = """
CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.id = 1 AND current_setting('application_name') = 'target-adtap-postgres' THEN
    PERFORM pg_advisory_xact_lock(1);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER gate BEFORE UPDATE ON s FOR EACH ROW EXECUTE FUNCTION gate();
"""
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
    "AND datname = current_database()"
)


def wait_until(database, count):
    while database.query(WAITING) != [(count,)]:
        threading.Event().wait(0.05)


def test_a_transaction_that_the_server_broke_off_for_a_deadlock_is_done_again(database):
    """Against a program that takes no lock of ours and wants two rows in the other order."""
    head = schema("s", {"id": WHOLE, "v": TEXT}, ["id"])
    database.load(head, *[record("s", id=n, v="old") for n in (1, 2)])
    body = lines([head, *[record("s", id=n, v="ours") for n in (1, 2)], state({"n": 1})])
    with database.connect() as gate, database.connect() as other:
        gate.execute(GATE)
        gate.execute("SELECT pg_advisory_lock(1)")
        # Theirs is the more patient one: the loader's transaction is the one to be broken off.
        other.execute("SET deadlock_timeout = '1h'")
        other.execute("BEGIN; UPDATE s SET v = 'theirs' WHERE id = 2")
        process = database.start()
        loading = threading.Thread(target=process.communicate, args=(body,))
        loading.start()
        wait_until(database, 1)  # the loader has the first row, and waits at the gate
        theirs = threading.Thread(
            target=other.execute, args=("UPDATE s SET v = 'theirs' WHERE id = 1; COMMIT",)
        )
        theirs.start()
        wait_until(database, 2)  # they wait for that row, and have the second
        gate.execute("SELECT pg_advisory_unlock(1)")
        theirs.join()
        loading.join()
    assert process.returncode == 0
    assert database.query("SELECT id, v FROM s ORDER BY id") == [(1, "ours"), (2, "ours")]


def test_a_load_that_waits_for_another_ends_at_once_when_it_is_told_to(database):
    """SIGTERM in the middle of a statement: exit code 143, nothing claimed, nothing left locked."""
    head = schema("s", {"id": WHOLE, "v": TEXT}, ["id"])
    database.load(head, record("s", id=1, v="old"))
    with database.connect() as other, other.transaction():
        other.execute("LOCK TABLE s IN SHARE MODE")
        process = database.start()
        process.stdin.write(lines([head, record("s", id=1, v="new"), state({"n": 1})]))
        process.stdin.close()
        wait_until(database, 1)
        process.terminate()
        assert process.wait(timeout=120) == 143
        assert process.stdout.read() == b""
        assert b"Traceback" not in process.stderr.read()
        process.stdout.close()
        process.stderr.close()
    assert database.query("SELECT v FROM s") == [("old",)]
    with database.connect() as other, other.transaction():
        other.execute("LOCK TABLE s IN ACCESS EXCLUSIVE MODE")
