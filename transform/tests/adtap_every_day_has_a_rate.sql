{{ config(enabled=var('adtap_report_currency', '') != '') }}
-- Money of a day is converted at a rate of that day, or not at all. Runs before ad_performance_daily_converted is built.
select
  case when m.currency is null then 'the platform does not say the currency' else 'no rate to {{ var('adtap_report_currency', '') }} for this day' end as fault,
  m.currency,
  m.day,
  count(*) as rows_without
from {{ ref('ad_performance_daily') }} m
left join {{ ref(var('adtap_rates', 'adtap_currency_rates')) }} r
  on r.day = m.day
  and r.from_currency = m.currency
  and r.to_currency = '{{ var('adtap_report_currency', '') }}'
where (m.currency is null or m.currency <> '{{ var('adtap_report_currency', '') }}')
  and coalesce(m.spend, m.revenue, m.conversion_value) is not null
  and r.rate is null
group by m.currency, m.day
