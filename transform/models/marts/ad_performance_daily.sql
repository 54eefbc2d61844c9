{{
  config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ adtaps.forget_days_read_again(this) }}",
  )
}}
-- Whole days are replaced: the hook above gives up those that were read again, and what is not there is read here.
{#- Only an incremental run reads the ledgers, and dbt must know of them before. #}
{%- for entry in adtaps.performance_of('daily') %}{% do ref('stg_' ~ entry.platform ~ '__sync_windows') %}{% endfor %}
{%- set grain = [
  'platform', 'role', 'report', '_account', 'account_kind', 'account_id', 'channel', 'campaign_id', 'campaign_name',
  'site_id', 'site_name', 'day', 'time_zone', 'currency',
] %}

with reports as (

{{ adtaps.performance_rows('daily') }}

),

days as (

  select
    {{ grain | join(', ') }},
    {{ adtaps.state_of_rank('min(' ~ adtaps.rank_of_state('data_state') ~ ')') }} as data_state,
    {{ adtaps.total('impressions', 'bigint') }} as impressions,
    {{ adtaps.total('clicks', 'bigint') }} as clicks,
    {{ adtaps.total('conversions') }} as conversions,
    {{ adtaps.total('installs', 'bigint') }} as installs,
    {{ adtaps.total('spend') }} as spend,
    {{ adtaps.total('revenue') }} as revenue,
    {{ adtaps.total('conversion_value') }} as conversion_value,
    max(synced_at) as synced_at
  from reports
  {%- if var('adtap_introspect', true) and is_incremental() %}
  where day >= {{ adtaps.first_day_to_read(this) }}
  {%- endif %}
  group by {{ grain | join(', ') }}

)

select
  {{ adtaps.key(grain) }} as performance_key,
  days.*
from days
{%- if var('adtap_introspect', true) and is_incremental() %}
where not exists (
  select 1
  from {{ this }} there
  where there.platform = days.platform
    and there.report = days.report
    and there._account = days._account
    and there.day = days.day
)
{%- endif %}
