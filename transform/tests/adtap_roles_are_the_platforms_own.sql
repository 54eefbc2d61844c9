-- Each row bears the role that its report has: a row in another role would be added up with money that is not its kind.
select
  'role is not the one of this report' as fault,
  m.performance_key,
  m.platform,
  m.report,
  m.role,
  m.day,
  m.account_id
from {{ ref('ad_performance_daily') }} m
left join (
  {%- for entry in adtaps.performance() %}
  select '{{ entry.platform }}' as platform, '{{ entry.report }}' as report, '{{ entry.role }}' as role {{ 'union all' if not loop.last }}
  {%- endfor %}
) known
  on known.platform = m.platform
  and known.report = m.report
  and known.role = m.role
where known.role is null
