"""Views beside the data: report rows without ghosts, completeness, alerts.

    current_<report>   the rows that the platform still returns
    sync_coverage      each stream, account and day: missing, partial, provisional or settled
    sync_coverage_days the same for each stream and day, the worst of its accounts
    sync_alerts        what somebody should look at; empty on a good day
    restatements       what each bucket held at each reading, and by how much it moved (needs `sync_days`)

`adtap views TAP` prints the statements for a warehouse. All stand on the ledger `sync_windows`, in
plain SQL: the three dialects differ in how they spell a moment, a day added and a name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import click

from adtap_cli.commands import lines_for_errors, tap_argument, tap_kind
from adtap_core.tap import AdTap

_NEAR: Final = 0.8
"""How alike two names are, of 1, that one is taken for the other misspelt."""
STALE_HOURS = 36
"""A daily load that is this late has missed its turn."""


@dataclass(frozen=True)
class Dialect:
    """How a warehouse spells what the others spell differently.

    Args:
        name: Its name.
        moment: A stored timestamp as a UTC one without a zone; `{}` is the column.
        later: A date some days later; `{0}` the date, `{1}` the days.
        seconds: Seconds from `{0}` to `{1}`.
        pairs: The keys and values of an object, as `t`; `{0}` is the object's column.
        key: A pair's key.
        value: Its value as text.
        now: The present as a UTC timestamp without a zone.
        upper: Whether names are stored in capitals.
    """

    name: str
    moment: str
    later: str
    seconds: str
    now: str
    pairs: str
    key: str
    value: str
    upper: bool = False

    def quoted(self, name: str) -> str:
        """Return a name as it is stored, whatever word it is."""
        return f'"{name.upper() if self.upper else name}"'


DIALECTS = {
    d.name: d
    for d in (
        # target-postgres stores UTC without a zone, our own loader with one: the same for both, in any session.
        Dialect("postgres", "(to_timestamp(EXTRACT(epoch FROM {})) AT TIME ZONE 'UTC')", "{0} + {1}", "EXTRACT(epoch FROM {1} - {0})", "(now() AT TIME ZONE 'UTC')",
                "CROSS JOIN LATERAL jsonb_each_text(CAST({} AS jsonb)) AS t(label, said)", "t.label", "t.said"),
        # With a zone: brought to UTC here, whatever the session's zone is.
        Dialect("duckdb", "({} AT TIME ZONE 'UTC')", "{0} + {1}", "date_diff('second', {0}, {1})", "(now() AT TIME ZONE 'UTC')",
                "CROSS JOIN LATERAL json_each({}) AS t", "t.key", "(t.value ->> '$')"),
        Dialect("snowflake", "{}", "CAST(DATEADD(day, {1}, {0}) AS DATE)", "DATEDIFF(second, {0}, {1})", "SYSDATE()",
                ", LATERAL FLATTEN(input => {}) t", "t.key", "CAST(t.value AS VARCHAR)", upper=True),
    )
}  # fmt: skip


def current(dialect: Dialect, schema: str, stream: str, bucket: str) -> str:
    """Return the view of a report's rows that no later reading of their window has left out."""
    view = dialect.quoted(f"current_{stream}"[:63])
    rows = live_rows(dialect, schema, stream, bucket)
    return f"CREATE OR REPLACE VIEW {schema}.{view} AS\n{rows};\n"


def live_rows(dialect: Dialect, schema: str, stream: str, bucket: str) -> str:
    """Return the query of a report's rows that no later reading of their window has left out."""
    column = f"r.{dialect.quoted(bucket)}"
    there = dialect.moment.format(column) if bucket == "hour" else f"CAST({column} AS TIMESTAMP)"
    start, end = (dialect.moment.format(f"w.{name}") for name in ("window_start", "window_end"))
    return f"""\
SELECT r.*
FROM {schema}.{dialect.quoted(stream)} r
LEFT JOIN {schema}.sync_windows w
  ON w.stream = '{stream}'
  AND w.account = r.{dialect.quoted("_account")}
  AND {start} <= {there}
  AND {there} < {end}
  AND w.synced_at > r.{dialect.quoted("_synced_at")}
WHERE w.stream IS NULL"""  # noqa: S608 - names are our own and quoted


def sync_views(dialect: Dialect, schema: str) -> Iterator[str]:
    """Yield the views of the ledger."""
    start, end, read = (
        dialect.moment.format(name) for name in ("window_start", "window_end", "synced_at")
    )
    today = f"CAST({dialect.now} AS DATE)"
    day_after = dialect.later.format("d.day", "1")
    first = "CAST(d.day AS TIMESTAMP)"
    last = f"CAST({day_after} AS TIMESTAMP)"
    digits = " UNION ALL ".join(f"SELECT {n} AS d" for n in range(10))
    overlap = dialect.seconds.format(f"GREATEST(i.a, {first})", f"LEAST(i.b, {last})")
    yield f"""\
CREATE OR REPLACE VIEW {schema}.sync_coverage AS
WITH windows AS (
  SELECT stream, account AS part, {start} AS a, {end} AS b, data_state, {read} AS read_at
  FROM {schema}.sync_windows
),
digits AS ({digits}),
numbers AS (
  SELECT d0.d + 10 * d1.d + 100 * d2.d + 1000 * d3.d AS n
  FROM digits d0 CROSS JOIN digits d1 CROSS JOIN digits d2 CROSS JOIN digits d3
),
bounds AS (
  SELECT stream, part, CAST(MIN(a) AS DATE) AS since, MAX(b) AS until FROM windows GROUP BY stream, part
),
days AS (
  SELECT bounds.stream, bounds.part, {dialect.later.format("bounds.since", "numbers.n")} AS day
  FROM bounds CROSS JOIN numbers
  WHERE CAST({dialect.later.format("bounds.since", "numbers.n")} AS TIMESTAMP)
    < GREATEST(bounds.until, CAST({today} AS TIMESTAMP))
),
-- Windows that touch or overlap are one stretch: a day is whole if one stretch holds it.
ordered AS (
  SELECT stream, part, a, b, MAX(b) OVER (
    PARTITION BY stream, part ORDER BY a, b ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ) AS before
  FROM windows
),
marked AS (
  SELECT stream, part, a, b, SUM(CASE WHEN before >= a THEN 0 ELSE 1 END) OVER (
    PARTITION BY stream, part ORDER BY a, b ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS island
  FROM ordered
),
islands AS (
  SELECT stream, part, island, MIN(a) AS a, MAX(b) AS b FROM marked GROUP BY stream, part, island
),
covered AS (
  SELECT d.stream, d.part, d.day, SUM({overlap}) AS seconds
  FROM days d
  JOIN islands i ON i.stream = d.stream AND i.part = d.part AND i.a < {last} AND i.b > {first}
  GROUP BY d.stream, d.part, d.day
),
-- Of several readings of a day the latest counts; what it did not reach, the one before.
states AS (
  SELECT d.stream, d.part, d.day, MAX(w.read_at) AS read_at, MIN(
    CASE w.data_state WHEN 'partial' THEN 1 WHEN 'provisional' THEN 2 ELSE 3 END
  ) AS rank
  FROM days d
  JOIN windows w ON w.stream = d.stream AND w.part = d.part AND w.a < {last} AND w.b > {first}
  LEFT JOIN windows later ON later.stream = w.stream AND later.part = w.part
    AND later.read_at > w.read_at
    AND later.a <= GREATEST(w.a, {first}) AND later.b >= LEAST(w.b, {last})
  WHERE later.stream IS NULL
  GROUP BY d.stream, d.part, d.day
)
SELECT d.stream, d.part AS account, d.day,
  CASE
    WHEN c.seconds IS NULL OR c.seconds < 86400 THEN
      CASE WHEN d.day >= {today} THEN 'partial' ELSE 'missing' END
    WHEN s.rank = 1 THEN 'partial'
    WHEN s.rank = 2 THEN 'provisional'
    ELSE 'settled'
  END AS state,
  s.read_at
FROM days d
LEFT JOIN covered c ON c.stream = d.stream AND c.part = d.part AND c.day = d.day
LEFT JOIN states s ON s.stream = d.stream AND s.part = d.part AND s.day = d.day;
"""  # noqa: S608 - as above
    yield f"""\
CREATE OR REPLACE VIEW {schema}.sync_coverage_days AS
SELECT stream, day,
  CASE MIN(CASE state WHEN 'missing' THEN 0 WHEN 'partial' THEN 1 WHEN 'provisional' THEN 2 ELSE 3 END)
    WHEN 0 THEN 'missing' WHEN 1 THEN 'partial' WHEN 2 THEN 'provisional' ELSE 'settled'
  END AS state,
  COUNT(*) AS accounts,
  MIN(read_at) AS read_at
FROM {schema}.sync_coverage
GROUP BY stream, day;
"""  # noqa: S608 - as above
    late = dialect.seconds.format(f"MAX({read})", dialect.now)
    yield f"""\
CREATE OR REPLACE VIEW {schema}.sync_alerts AS
SELECT stream, account, 'stale' AS alert, CAST(MAX({end}) AS DATE) AS day
FROM {schema}.sync_windows
GROUP BY stream, account
HAVING {late} > {STALE_HOURS * 3600}
UNION ALL
SELECT stream, account, state AS alert, day
FROM {schema}.sync_coverage
WHERE state = 'missing' OR (state = 'partial' AND day < {dialect.later.format(today, "-1")});
"""  # noqa: S608 - as above


def restatements(dialect: Dialect, schema: str) -> str:
    """Return the view of what each bucket held at each reading, one row a metric and, of money, a currency."""
    bucket, read = (dialect.moment.format(f"d.{name}") for name in ("bucket", "synced_at"))
    place = "stream, account, bucket"
    order = f"PARTITION BY {place}, metric, currency ORDER BY synced_at"
    same = " AND ".join(f"{{0}}.{c} = {{1}}.{c}" for c in ("stream", "account", "bucket", "metric"))
    return f"""\
CREATE OR REPLACE VIEW {schema}.restatements AS
WITH cells AS (
  SELECT d.stream, d.account, {bucket} AS bucket, {read} AS synced_at, d.age_days, d.data_state, d.row_count,
    SPLIT_PART({dialect.key}, ' ', 1) AS metric, NULLIF(SPLIT_PART({dialect.key}, ' ', 2), '') AS currency,
    CAST({dialect.value} AS DECIMAL(38, 18)) AS amount
  FROM {schema}.sync_days d {dialect.pairs.format("d.totals")}
),
-- Money of a bucket without rows names no currency: it is nothing of each that other readings name.
named AS (
  SELECT DISTINCT c.stream, c.account, c.bucket, c.metric, c.currency
  FROM cells c
  LEFT JOIN cells o ON {same.format("o", "c")} AND o.currency IS NOT NULL
  WHERE c.currency IS NOT NULL OR o.currency IS NULL
),
readings AS (
  SELECT DISTINCT {place}, synced_at, age_days, data_state, row_count, metric FROM cells
),
held AS (
  SELECT r.stream, r.account, r.bucket, r.metric, n.currency, r.synced_at, r.age_days, r.data_state, r.row_count,
    CASE WHEN c.metric IS NULL THEN 0 ELSE c.amount END AS amount
  FROM readings r
  JOIN named n ON {same.format("n", "r")}
  LEFT JOIN cells c ON {same.format("c", "r")} AND c.synced_at = r.synced_at
    AND COALESCE(c.currency, '') = COALESCE(n.currency, '')
)
SELECT {place}, metric, currency, synced_at, age_days, data_state, row_count, amount,
  LAG(amount) OVER ({order}) AS amount_before,
  amount - LAG(amount) OVER ({order}) AS moved
FROM held;
"""  # noqa: S608 - as above


def statements(
    dialect: Dialect,
    tap: type[AdTap],
    schema: str,
    streams: Sequence[str] | None = None,
    *,
    days: bool = False,
) -> Iterator[str]:
    """Yield all views of a tap.

    Args:
        dialect: The warehouse's.
        tap: The tap.
        schema: The schema of the tables.
        streams: Report streams; those that are selected by default otherwise. A report of one's own is
            `name` or, if its bucket is not the day, `name:hour`.
        days: Whether the stream `sync_days` is loaded, too.
    """
    yield from sync_views(dialect, schema)
    if days:
        yield restatements(dialect, schema)
    known = {report.name: report for report in tap.reports}
    chosen = [n for n, r in known.items() if r.selected] if streams is None else streams
    for wish in chosen:
        name, _, bucket = wish.partition(":")
        own = known[name].grain.value if name in known else "day"
        yield current(dialect, schema, name, bucket or own)


@click.command()
@tap_argument
@click.option(
    "--dialect", type=click.Choice(list(DIALECTS)), default="duckdb", show_default=True,
    help="The warehouse.",
)  # fmt: skip
@click.option("--schema", help="The tables' schema. Default: the tap's, such as tap_adjust.")
@click.option(
    "--stream", "streams", multiple=True,
    help="A report stream (NAME, or NAME:hour for one of your own that is no day); repeat it. Default: those selected by default.",
)  # fmt: skip
@click.option(
    "--restatements", "days", is_flag=True,
    help="Also the view of what each bucket held at each reading; the stream sync_days must be loaded.",
)  # fmt: skip
@lines_for_errors
def views(
    tap_name: str, dialect: str, schema: str | None, streams: tuple[str, ...], *, days: bool
) -> None:
    """Print views: report rows without ghosts, completeness, alerts."""
    tap = tap_kind(tap_name)
    schema = schema or tap.name.replace("-", "_")
    found = list(statements(DIALECTS[dialect], tap, schema, streams or None, days=days))
    known = [report.name for report in tap.reports]
    for name in (stream.partition(":")[0] for stream in streams):
        if name not in known and (near := get_close_matches(name, known, n=1, cutoff=_NEAR)):
            hint = f"{name}: {tap.name} has no such report (did you mean {near[0]}?); "
            click.echo(f"{hint}the view is for a report of your own", err=True)
    click.echo("\n".join(found), nl=False)
