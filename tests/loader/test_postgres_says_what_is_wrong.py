"""What a Postgres refuses is one line, exit code 1 and no STATE; the next run completes. The password is never shown."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import psycopg
import pytest

from adtap_loader.errors import LoadError
from adtap_loader.postgres_engine import conninfo_of
from tests.postgres import running_server

from .conftest import Database, lines, record, schema, state

WHOLE, TEXT = ({"type": [t, "null"]} for t in ("integer", "string"))
HEAD = schema("s", {"id": WHOLE, "v": TEXT}, ["id"])
MESSAGES = (HEAD, record("s", id=1, v="x"), state({"n": 1}))
SECRET = "s3cret/pass word"


def refused(place, *messages, **config):
    run = place.run(*(messages or MESSAGES), **config)
    assert (run.code, run.states) == (1, [])
    assert run.errors.count("ERROR") == 1
    assert "Traceback" not in run.errors
    assert SECRET not in run.errors
    assert quote(SECRET, safe="") not in run.errors
    return run.errors


def as_role(database: Database, role: str, password: str = "") -> Database:
    """The same database, by somebody who may do nothing in it."""
    with database.connect() as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
            connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'right'")
    secret = f":{quote(password, safe='')}" if password else ""
    return replace(database, url=database.url.replace("postgres@", f"{role}{secret}@"))


def test_a_login_that_is_refused_is_named_without_its_password(database, postgres_server):
    """The server's own words: user and reason."""
    place = as_role(database, "guarded", SECRET)
    rules = postgres_server.folder / "data" / "pg_hba.conf"
    rules.write_text(f"local all guarded scram-sha-256\n{rules.read_text()}")
    with database.connect() as connection:
        connection.execute("SELECT pg_reload_conf()")
    said = refused(place)
    while "authentication failed" not in said:  # rules are read a moment later
        said = refused(place, default_target_schema="guarded")
    assert 'password authentication failed for user "guarded"' in said
    assert "'database'" not in refused(replace(place, url=place.url.replace("guarded", "nobody")))


def test_a_right_that_is_missing_is_named_with_the_user_who_lacks_it(database):
    """To make a schema, a table, to change somebody else's table; then what was there is as it was."""
    place = as_role(database, "guest")
    assert "permission denied for schema public: grant it to user 'guest'" in refused(place)
    assert "permission denied for database" in refused(place, default_target_schema="own")
    database.load(*MESSAGES)
    assert "permission denied for table s" in refused(place)
    wider = schema("s", {"id": WHOLE, "v": TEXT, "w": TEXT}, ["id"])
    assert "must be owner of table s" in refused(place, wider, record("s", id=2))
    with database.connect() as connection:
        connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON s TO guest")
    assert place.run(HEAD, record("s", id=1, v="y"), state({"n": 2})).states == [{"n": 2}]
    assert database.query("SELECT id, v FROM s") == [(1, "y")]


def test_a_server_that_is_not_there_is_named(database):
    """Host and port, as libpq says it; a name that is nobody's likewise."""
    said = refused(replace(database, url=f"postgresql://u:{quote(SECRET, safe='')}@127.0.0.1:1/d"))
    assert "127.0.0.1" in said
    assert "port 1" in said


def test_a_server_that_restarts_ends_the_load_and_the_next_run_completes(tmp_path):
    """The rows since the last STATE are not claimed; the run after it has them all."""
    with running_server() as server:
        place = Database(server.url("postgres"), tmp_path)
        process = place.start(batch_size_rows=10)
        rows = [record("s", id=n, v="x") for n in range(10)]
        process.stdin.write(lines([HEAD, *rows, state({"n": 1}), *rows[:1]]))
        process.stdin.flush()
        while "s" not in {name for (name,) in place.query("SELECT relname FROM pg_class")}:
            threading.Event().wait(0.05)
        server.run("pg_ctl", "-w", "-m", "fast", "-D", str(server.folder / "data"), "restart")
        out, said = process.communicate(lines([*rows, state({"n": 2})]), timeout=250)
        assert process.returncode == 1
        assert b'{"n":2}' not in out
        assert b"Traceback" not in said
        assert said.count(b"ERROR") == 1
        assert b"the connection is gone; run it again" in said
        assert place.run(HEAD, *rows, state({"n": 2})).states == [{"n": 2}]
        assert place.query("SELECT count(*) FROM s") == [(10,)]


def test_a_view_in_the_way_of_a_wider_type_is_named_with_what_to_do(database):
    """Postgres changes no column that a view shows."""
    database.load(*MESSAGES)
    with database.connect() as connection:
        connection.execute("CREATE VIEW shown AS SELECT id FROM s")
    wider = schema("s", {"id": {"type": ["number", "null"]}, "v": TEXT}, ["id"])
    assert "drop the view, and make it anew" in refused(database, wider, record("s", id=0.5))


def test_another_unique_index_that_the_rows_break_is_named(database):
    """A table whose old key is not the stream's any more."""
    database.load(*MESSAGES)
    both = schema("s", {"id": WHOLE, "v": TEXT}, ["id", "v"])
    said = refused(database, both, record("s", id=1, v="other"))
    assert "has a unique index that is not the stream's key" in said


def test_a_name_that_postgres_would_cut_is_refused(database):
    """Two such columns could become one; the length counts in bytes."""
    with pytest.raises(LoadError, match="has more than 63 bytes"):
        database.load(schema("s", {"日" * 22: TEXT}))


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({}, "Setting 'host' is missing"),
        ({"host": "h", "user": "u"}, "Setting 'database' is missing"),
        *(
            ({"host": host, "user": "u", "database": "d"}, "Setting 'host': a server's")
            for host in (
                "h password=p4ss w0rd",
                "postgresql://u:p4ssw0rd@h/d",
                "postgresql://u:p4ss/w0rd@h/d",
                "u:p4ssw0rd@h",
            )
        ),
        ({"sqlalchemy_url": "mysql://u:p4ssw0rd@h/d"}, "'sqlalchemy_url': postgresql://"),
        ({"sqlalchemy_url": "postgresql://u:p4ssw0rd@h/d?nonsense=1"}, "libpq can read"),
        ({"sqlalchemy_url": "postgresql://u:p4ss%zzw0rd@h/d"}, "libpq can read"),
    ],
)
def test_settings_that_do_not_say_where_it_is_are_named(config, wanted):
    """The setting is named, and nothing of a password is shown."""
    with pytest.raises(LoadError) as caught:
        conninfo_of(config)
    assert wanted in str(caught.value)
    assert "p4ss" not in str(caught.value)


@contextlib.contextmanager
def _by_tcp(folder: str) -> Iterator[int]:
    """The server of a Unix socket at a port of this machine, for one connection."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        inner = socket.socket(socket.AF_UNIX)

        def serve():
            outer, _ = door.accept()
            inner.connect(f"{folder}/.s.PGSQL.5432")
            with outer:
                back = threading.Thread(target=_pump, args=(inner, outer), daemon=True)
                back.start()
                _pump(outer, inner)
                inner.shutdown(socket.SHUT_RDWR)
                back.join()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        with inner:
            yield door.getsockname()[1]
            serving.join()


def _pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="not told by this system")
@pytest.mark.parametrize(("more", "seconds"), [("", 60), ("&keepalives_idle=7", 7)])
def test_a_connection_is_kept_alive_while_the_tap_waits(database, more, seconds):
    """A firewall forgets what is silent for minutes; and a load must not hang for hours on a server that vanished."""
    folder = database.url.partition("host=")[2].replace("%2F", "/")
    name = database.url.partition("@/")[2].partition("?")[0]
    with _by_tcp(folder) as port:
        address = f"postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=disable{more}"
        with (
            psycopg.connect(conninfo_of({"sqlalchemy_url": address})) as connection,
            socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as own,
        ):
            assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == seconds


def test_single_settings_and_an_address_lead_to_the_same_place(database):
    """Host, user and database on their own; an address of SQLAlchemy, whatever driver it names."""
    folder = database.url.partition("host=")[2].replace("%2F", "/")
    name = database.url.partition("@/")[2].partition("?")[0]
    parts = {"sqlalchemy_url": None, "host": folder, "user": "postgres", "database": name}
    assert database.run(*MESSAGES, **parts, port=5432, ssl_mode="prefer").code == 0
    driver = database.url.replace("postgresql://", "postgresql+psycopg2://")
    assert database.run(HEAD, record("s", id=2, v="y"), sqlalchemy_url=driver).code == 0
    assert database.query("SELECT id FROM s ORDER BY id") == [(1,), (2,)]
