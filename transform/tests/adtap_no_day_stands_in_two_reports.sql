-- OpenX says the same delivery in its old and its new API: a day that was read from both would count twice.
select
  'the day was read from both APIs; leave one report out (deselect it, drop its table)' as fault,
  platform,
  role,
  currency,
  day,
  min(report) as one_report,
  max(report) as other_report
from {{ ref('ad_performance_daily') }}
where platform = 'openx'
group by platform, role, currency, day
having count(distinct report) > 1
