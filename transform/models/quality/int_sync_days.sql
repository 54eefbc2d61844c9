{{ config(materialized='view', schema='staging') }}
-- What each bucket held at each reading, all platforms, moments as UTC without a zone.
{%- set selects = [] %}
{%- for platform in adtaps.streams() if adtaps.is_on(platform) %}
  {%- set one %}
select
  cast('{{ platform }}' as {{ adtaps.type('text') }}) as platform,
  stream,
  account,
  {{ adtaps.shown_utc('bucket') }} as bucket,
  {{ adtaps.shown_utc('synced_at') }} as synced_at,
  age_days,
  data_state,
  row_count,
  totals,
  digest
from {{ ref('stg_' ~ platform ~ '__sync_days') }}
  {%- endset %}
  {%- do selects.append(one) %}
{%- endfor %}
{{ selects | join('\nunion all\n') if selects else adtaps.no_rows([['platform', 'text'], ['stream', 'text'], ['account', 'text'], ['bucket', 'utc'], ['synced_at', 'utc'], ['age_days', 'bigint'], ['data_state', 'text'], ['row_count', 'bigint'], ['totals', 'json'], ['digest', 'text']]) }}
