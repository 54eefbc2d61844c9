{{ config(materialized='view', schema='staging') }}
-- All ledgers, moments as UTC without a zone.
{%- set selects = [] %}
{%- for platform in adtaps.streams() if adtaps.is_on(platform) %}
  {%- set one %}
select
  cast('{{ platform }}' as {{ adtaps.type('text') }}) as platform,
  stream,
  account,
  {{ adtaps.shown_utc('window_start') }} as window_start,
  {{ adtaps.shown_utc('window_end') }} as window_end,
  row_count,
  requests,
  retries,
  splits,
  data_state,
  control,
  ties,
  warnings,
  {{ adtaps.shown_utc('synced_at') }} as synced_at
from {{ ref('stg_' ~ platform ~ '__sync_windows') }}
  {%- endset %}
  {%- do selects.append(one) %}
{%- endfor %}
{{ selects | join('\nunion all\n') if selects else adtaps.no_rows([['platform', 'text'], ['stream', 'text'], ['account', 'text'], ['window_start', 'utc'], ['window_end', 'utc'], ['row_count', 'bigint'], ['requests', 'bigint'], ['retries', 'bigint'], ['splits', 'bigint'], ['data_state', 'text'], ['control', 'json'], ['ties', 'boolean'], ['warnings', 'text'], ['synced_at', 'utc']]) }}
