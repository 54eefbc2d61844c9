{{ config(materialized="view") }}
-- Names as they are today; a name at an earlier time is in the snapshots.
{%- set parts = {
  'atomx': [
    ['advertiser', 'advertisers', 'id', 'name', none, none],
    ['publisher', 'publishers', 'id', 'name', none, none],
    ['campaign', 'campaigns', 'id', 'name', 'advertiser', 'advertiser_id'],
    ['ad', 'creatives', 'id', 'name', 'advertiser', 'advertiser_id'],
    ['site', 'sites', 'id', 'name', 'publisher', 'publisher_id'],
    ['country', 'countries', 'id', 'name', none, none],
  ],
  'adjust': [
    ['app', 'apps', 'id', 'name', none, none],
  ],
  'terminalone': [
    ['advertiser', 'advertisers', 'id', 'name', none, none],
    ['campaign', 'campaigns', 'id', 'name', 'advertiser', 'advertiser_id'],
    ['ad_group', 'strategies', 'id', 'name', 'campaign', 'campaign_id'],
    ['ad', 'atomic_creatives', 'id', 'name', 'advertiser', 'advertiser_id'],
  ],
  'openx': [
    ['account', 'accounts', 'id', 'name', none, none],
    ['site', 'sites', 'id', 'name', 'account', 'account_id'],
    ['ad_unit', 'ad_units', 'id', 'name', 'site', 'site_id'],
  ],
} %}
{%- set selects = [] %}
{%- for platform, kinds in parts.items() if adtaps.is_on(platform) %}
  {%- for kind, stream, id, name, parent_kind, parent_id in kinds %}
    {%- set one %}
select
  cast('{{ platform }}' as {{ adtaps.type('text') }}) as platform,
  cast('{{ kind }}' as {{ adtaps.type('text') }}) as kind,
  cast({{ id }} as {{ adtaps.type('text') }}) as id,
  cast({{ name }} as {{ adtaps.type('text') }}) as name,
  cast({{ "'" ~ parent_kind ~ "'" if parent_kind else 'null' }} as {{ adtaps.type('text') }}) as parent_kind,
  cast({{ parent_id or 'null' }} as {{ adtaps.type('text') }}) as parent_id
from {{ ref('stg_' ~ platform ~ '__' ~ stream) }}
    {%- endset %}
    {%- do selects.append(one) %}
  {%- endfor %}
{%- endfor %}
{{ selects | join('\nunion all\n') if selects else adtaps.no_rows([['platform', 'text'], ['kind', 'text'], ['id', 'text'], ['name', 'text'], ['parent_kind', 'text'], ['parent_id', 'text']]) }}
