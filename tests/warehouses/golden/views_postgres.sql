CREATE OR REPLACE VIEW tap_openx.sync_coverage AS
WITH windows AS (
  SELECT stream, account AS part, (to_timestamp(EXTRACT(epoch FROM window_start)) AT TIME ZONE 'UTC') AS a, (to_timestamp(EXTRACT(epoch FROM window_end)) AT TIME ZONE 'UTC') AS b, data_state, (to_timestamp(EXTRACT(epoch FROM synced_at)) AT TIME ZONE 'UTC') AS read_at
  FROM tap_openx.sync_windows
),
digits AS (SELECT 0 AS d UNION ALL SELECT 1 AS d UNION ALL SELECT 2 AS d UNION ALL SELECT 3 AS d UNION ALL SELECT 4 AS d UNION ALL SELECT 5 AS d UNION ALL SELECT 6 AS d UNION ALL SELECT 7 AS d UNION ALL SELECT 8 AS d UNION ALL SELECT 9 AS d),
numbers AS (
  SELECT d0.d + 10 * d1.d + 100 * d2.d + 1000 * d3.d AS n
  FROM digits d0 CROSS JOIN digits d1 CROSS JOIN digits d2 CROSS JOIN digits d3
),
bounds AS (
  SELECT stream, part, CAST(MIN(a) AS DATE) AS since, MAX(b) AS until FROM windows GROUP BY stream, part
),
days AS (
  SELECT bounds.stream, bounds.part, bounds.since + numbers.n AS day
  FROM bounds CROSS JOIN numbers
  WHERE CAST(bounds.since + numbers.n AS TIMESTAMP)
    < GREATEST(bounds.until, CAST(CAST((now() AT TIME ZONE 'UTC') AS DATE) AS TIMESTAMP))
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
  SELECT d.stream, d.part, d.day, SUM(EXTRACT(epoch FROM LEAST(i.b, CAST(d.day + 1 AS TIMESTAMP)) - GREATEST(i.a, CAST(d.day AS TIMESTAMP)))) AS seconds
  FROM days d
  JOIN islands i ON i.stream = d.stream AND i.part = d.part AND i.a < CAST(d.day + 1 AS TIMESTAMP) AND i.b > CAST(d.day AS TIMESTAMP)
  GROUP BY d.stream, d.part, d.day
),
-- Of several readings of a day the latest counts; what it did not reach, the one before.
states AS (
  SELECT d.stream, d.part, d.day, MAX(w.read_at) AS read_at, MIN(
    CASE w.data_state WHEN 'partial' THEN 1 WHEN 'provisional' THEN 2 ELSE 3 END
  ) AS rank
  FROM days d
  JOIN windows w ON w.stream = d.stream AND w.part = d.part AND w.a < CAST(d.day + 1 AS TIMESTAMP) AND w.b > CAST(d.day AS TIMESTAMP)
  LEFT JOIN windows later ON later.stream = w.stream AND later.part = w.part
    AND later.read_at > w.read_at
    AND later.a <= GREATEST(w.a, CAST(d.day AS TIMESTAMP)) AND later.b >= LEAST(w.b, CAST(d.day + 1 AS TIMESTAMP))
  WHERE later.stream IS NULL
  GROUP BY d.stream, d.part, d.day
)
SELECT d.stream, d.part AS account, d.day,
  CASE
    WHEN c.seconds IS NULL OR c.seconds < 86400 THEN
      CASE WHEN d.day >= CAST((now() AT TIME ZONE 'UTC') AS DATE) THEN 'partial' ELSE 'missing' END
    WHEN s.rank = 1 THEN 'partial'
    WHEN s.rank = 2 THEN 'provisional'
    ELSE 'settled'
  END AS state,
  s.read_at
FROM days d
LEFT JOIN covered c ON c.stream = d.stream AND c.part = d.part AND c.day = d.day
LEFT JOIN states s ON s.stream = d.stream AND s.part = d.part AND s.day = d.day;

CREATE OR REPLACE VIEW tap_openx.sync_coverage_days AS
SELECT stream, day,
  CASE MIN(CASE state WHEN 'missing' THEN 0 WHEN 'partial' THEN 1 WHEN 'provisional' THEN 2 ELSE 3 END)
    WHEN 0 THEN 'missing' WHEN 1 THEN 'partial' WHEN 2 THEN 'provisional' ELSE 'settled'
  END AS state,
  COUNT(*) AS accounts,
  MIN(read_at) AS read_at
FROM tap_openx.sync_coverage
GROUP BY stream, day;

CREATE OR REPLACE VIEW tap_openx.sync_alerts AS
SELECT stream, account, 'stale' AS alert, CAST(MAX((to_timestamp(EXTRACT(epoch FROM window_end)) AT TIME ZONE 'UTC')) AS DATE) AS day
FROM tap_openx.sync_windows
GROUP BY stream, account
HAVING EXTRACT(epoch FROM (now() AT TIME ZONE 'UTC') - MAX((to_timestamp(EXTRACT(epoch FROM synced_at)) AT TIME ZONE 'UTC'))) > 129600
UNION ALL
SELECT stream, account, state AS alert, day
FROM tap_openx.sync_coverage
WHERE state = 'missing' OR (state = 'partial' AND day < CAST((now() AT TIME ZONE 'UTC') AS DATE) + -1);

CREATE OR REPLACE VIEW tap_openx.restatements AS
WITH cells AS (
  SELECT d.stream, d.account, (to_timestamp(EXTRACT(epoch FROM d.bucket)) AT TIME ZONE 'UTC') AS bucket, (to_timestamp(EXTRACT(epoch FROM d.synced_at)) AT TIME ZONE 'UTC') AS synced_at, d.age_days, d.data_state, d.row_count,
    SPLIT_PART(t.label, ' ', 1) AS metric, NULLIF(SPLIT_PART(t.label, ' ', 2), '') AS currency,
    CAST(t.said AS DECIMAL(38, 18)) AS amount
  FROM tap_openx.sync_days d CROSS JOIN LATERAL jsonb_each_text(CAST(d.totals AS jsonb)) AS t(label, said)
),
-- Money of a bucket without rows names no currency: it is nothing of each that other readings name.
named AS (
  SELECT DISTINCT c.stream, c.account, c.bucket, c.metric, c.currency
  FROM cells c
  LEFT JOIN cells o ON o.stream = c.stream AND o.account = c.account AND o.bucket = c.bucket AND o.metric = c.metric AND o.currency IS NOT NULL
  WHERE c.currency IS NOT NULL OR o.currency IS NULL
),
readings AS (
  SELECT DISTINCT stream, account, bucket, synced_at, age_days, data_state, row_count, metric FROM cells
),
held AS (
  SELECT r.stream, r.account, r.bucket, r.metric, n.currency, r.synced_at, r.age_days, r.data_state, r.row_count,
    CASE WHEN c.metric IS NULL THEN 0 ELSE c.amount END AS amount
  FROM readings r
  JOIN named n ON n.stream = r.stream AND n.account = r.account AND n.bucket = r.bucket AND n.metric = r.metric
  LEFT JOIN cells c ON c.stream = r.stream AND c.account = r.account AND c.bucket = r.bucket AND c.metric = r.metric AND c.synced_at = r.synced_at
    AND COALESCE(c.currency, '') = COALESCE(n.currency, '')
)
SELECT stream, account, bucket, metric, currency, synced_at, age_days, data_state, row_count, amount,
  LAG(amount) OVER (PARTITION BY stream, account, bucket, metric, currency ORDER BY synced_at) AS amount_before,
  amount - LAG(amount) OVER (PARTITION BY stream, account, bucket, metric, currency ORDER BY synced_at) AS moved
FROM held;

CREATE OR REPLACE VIEW tap_openx."current_inventory_daily" AS
SELECT r.*
FROM tap_openx."inventory_daily" r
LEFT JOIN tap_openx.sync_windows w
  ON w.stream = 'inventory_daily'
  AND w.account = r."_account"
  AND (to_timestamp(EXTRACT(epoch FROM w.window_start)) AT TIME ZONE 'UTC') <= CAST(r."day" AS TIMESTAMP)
  AND CAST(r."day" AS TIMESTAMP) < (to_timestamp(EXTRACT(epoch FROM w.window_end)) AT TIME ZONE 'UTC')
  AND w.synced_at > r."_synced_at"
WHERE w.stream IS NULL;

CREATE OR REPLACE VIEW tap_openx."current_mine" AS
SELECT r.*
FROM tap_openx."mine" r
LEFT JOIN tap_openx.sync_windows w
  ON w.stream = 'mine'
  AND w.account = r."_account"
  AND (to_timestamp(EXTRACT(epoch FROM w.window_start)) AT TIME ZONE 'UTC') <= (to_timestamp(EXTRACT(epoch FROM r."hour")) AT TIME ZONE 'UTC')
  AND (to_timestamp(EXTRACT(epoch FROM r."hour")) AT TIME ZONE 'UTC') < (to_timestamp(EXTRACT(epoch FROM w.window_end)) AT TIME ZONE 'UTC')
  AND w.synced_at > r."_synced_at"
WHERE w.stream IS NULL;
