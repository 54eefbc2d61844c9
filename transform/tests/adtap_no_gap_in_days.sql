-- No day between the first and the last one read was left out. A backfill reads it: docs/backfills.md.
select
  'the day was never read, or only a part of it' as fault,
  platform,
  stream,
  account,
  day
from {{ ref('ad_quality_daily') }}
where state = 'missing'
  and not is_after_last_reading
