{{ config(enabled=var('adtap_report_currency', '') != '') }}
-- Two rates for one day would double its money.
select
  'more than one rate for this day' as fault,
  day,
  from_currency,
  to_currency,
  count(*) as rates
from {{ ref(var('adtap_rates', 'adtap_currency_rates')) }}
group by day, from_currency, to_currency
having count(*) > 1
