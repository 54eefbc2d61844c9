{{ config(materialized='view', enabled=var('adtap_report_currency', '') != '') }}
-- A day without a rate has null here, and fails the test that runs before: nothing is guessed.
{%- set wanted = var('adtap_report_currency', '') %}

with rates as (

  select
    day,
    from_currency,
    cast(rate as {{ adtaps.type('rate') }}) as rate
  from {{ ref(var('adtap_rates', 'adtap_currency_rates')) }}
  where to_currency = '{{ wanted }}'

),

rated as (

  select
    performance.*,
    -- 1 with the scale of a rate: another scale would become the whole column's.
    case when performance.currency = '{{ wanted }}' then cast(1 as {{ adtaps.type('rate') }}) else rates.rate end as rate
  from {{ ref('ad_performance_daily') }} performance
  left join rates
    on rates.day = performance.day
    and rates.from_currency = performance.currency

)

select
  performance_key,
  platform,
  role,
  report,
  _account,
  account_kind,
  account_id,
  channel,
  campaign_id,
  campaign_name,
  site_id,
  site_name,
  day,
  time_zone,
  cast('{{ wanted }}' as {{ adtaps.type('text') }}) as currency,
  currency as original_currency,
  rate,
  data_state,
  impressions,
  clicks,
  conversions,
  installs,
  {{ adtaps.decimal('spend * rate') }} as spend,
  {{ adtaps.decimal('revenue * rate') }} as revenue,
  {{ adtaps.decimal('conversion_value * rate') }} as conversion_value,
  synced_at
from rated
