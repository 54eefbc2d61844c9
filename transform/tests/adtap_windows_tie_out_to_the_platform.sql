-- Where the platform was asked for its own totals, the rows that were written added up to them.
select
  'the rows do not add up to the totals that the platform gave' as fault,
  platform,
  stream,
  account,
  window_start,
  window_end,
  synced_at
from {{ ref('int_sync_windows') }} w
where not ties
  and not exists (
    select 1
    from {{ ref('int_sync_windows') }} later
    where later.platform = w.platform
      and later.stream = w.stream
      and later.account = w.account
      and later.window_start <= w.window_start
      and later.window_end >= w.window_end
      and later.synced_at > w.synced_at
  )
