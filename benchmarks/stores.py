"""What a warehouse holds after a load, asked in a process of its own.

python -m benchmarks.stores fresh URL NAME       a new, empty Postgres database
python -m benchmarks.stores postgres URL TABLE COLUMN …   its rows, and the sums of columns
python -m benchmarks.stores duckdb FILE TABLE COLUMN …    the same of a DuckDB file
"""

import sys
from decimal import Decimal

from benchmarks.bodies import sums
from benchmarks.measure import Command, ContenderError, output


def fresh(url: str, name: str) -> Command:
    """What makes a Postgres database anew."""
    return Command((sys.executable, "-m", "benchmarks.stores", "fresh", url, name))


def check(who: str, kind: str, place: str, table: str, rows: int) -> None:
    """See that a warehouse holds the report, whole and once.

    Args:
        who: Who loaded it.
        kind: `postgres` or `duckdb`.
        place: The database's address or file.
        table: Its table, with its schema.
        rows: How many there must be.

    Raises:
        ContenderError: If rows or sums are others.
    """
    count, impressions, cost = totals(kind, place, table, "impressions", "cost")
    counted, spent = sums(rows)
    if (int(count), int(impressions), round(cost * 10**6)) != (rows, counted, spent):
        raise ContenderError(
            f"{who}: {table} has {count} rows, {impressions} impressions and {cost} cost; "
            f"there were {rows}, {counted} and {spent} millionths"
        )


def totals(kind: str, place: str, table: str, *columns: str) -> tuple[Decimal, ...]:
    """The rows of a table, and the sums of its columns; arguments as `check` takes them."""
    argv = (sys.executable, "-m", "benchmarks.stores", kind, place, table, *columns)
    return tuple(map(Decimal, output(Command(argv)).split()))


def _main(task: str, place: str, name: str, *columns: str) -> None:
    sums_ = "".join(f", sum({column})" for column in columns)
    question = f"SELECT count(*){sums_} FROM {name}"  # noqa: S608 - our own
    if task == "duckdb":
        import duckdb  # noqa: PLC0415 - one of the two is needed

        with duckdb.connect(place, read_only=True) as file:
            found = file.execute(question).fetchone()
    else:
        import psycopg  # noqa: PLC0415 - as above

        with psycopg.connect(place, autocommit=True) as server:
            if task == "fresh":
                server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
                server.execute(f'CREATE DATABASE "{name}"'.encode())
                return
            found = server.execute(question.encode()).fetchone()
    sys.stdout.write(" ".join(map(str, found or ())))


if __name__ == "__main__":
    _main(*sys.argv[1:])
