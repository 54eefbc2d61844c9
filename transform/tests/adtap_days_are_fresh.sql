-- Days that are due by the platform's own closing hour are there, a daily load's turn later at the latest.
select
  'the day is due and was not read: did the load run?' as fault,
  platform,
  stream,
  account,
  day,
  due_at
from {{ ref('ad_quality_daily') }}
where is_after_last_reading
  and state <> 'settled'
  and {{ adtaps.add_hours(adtaps.shown_utc('due_at'), var('adtap_freshness_grace_hours', 24)) }} < {{ adtaps.now() }}
