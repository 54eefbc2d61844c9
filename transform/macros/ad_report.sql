{#- The columns of dbt_ad_reporting's reports, from one role, with the currency and time zone that theirs lack.

    Args:
        level: Of `levels`: which reports serve it.
        labels: What tells its rows apart, of account, campaign, ad_group, ad.
        month: Whether a row is a month and a country. -#}
{% macro ad_report(level, labels, month=false) %}
  {%- set role = var('adtap_ad_report_role', 'buy') -%}
  {%- if role not in ['buy', 'sell', 'measure'] -%}
    {{ exceptions.raise_compiler_error("adtap_ad_report_role is '" ~ role ~ "'; one of buy, sell, measure is expected: the views hold one role, never two") }}
  {%- endif -%}
with report_rows as (

{{ adtaps.performance_rows(level) }}

),

named as (

  select
    cast('' as {{ adtaps.type('text') }}) as source_relation,
    r.day as date_day,
    cast(date_trunc('month', r.day) as date) as date_month,
    r.platform,
    r.role,
    r.currency,
    r.time_zone,
    -- TerminalOne's reports by creative and country have no advertiser: the campaign knows it.
    coalesce(r.account_id, campaign.parent_id) as account_id,
    coalesce(account.name, owner.name) as account_name,
    r.campaign_id,
    coalesce(r.campaign_name, campaign.name) as campaign_name,
    r.ad_group_id,
    coalesce(r.ad_group_name, ad_group.name) as ad_group_name,
    r.ad_id,
    coalesce(r.ad_name, ad.name) as ad_name,
    r.country,
    coalesce(country.name, r.country) as country_name,
    r.clicks,
    r.impressions,
    r.spend,
    r.conversions,
    r.conversion_value
  from report_rows r
  left join {{ ref('ad_names') }} account
    on account.platform = r.platform and account.kind = r.account_kind and account.id = r.account_id
  left join {{ ref('ad_names') }} campaign
    on campaign.platform = r.platform and campaign.kind = 'campaign' and campaign.id = r.campaign_id
  left join {{ ref('ad_names') }} owner
    on owner.platform = r.platform and owner.kind = campaign.parent_kind and owner.id = campaign.parent_id
  left join {{ ref('ad_names') }} ad_group
    on ad_group.platform = r.platform and ad_group.kind = 'ad_group' and ad_group.id = r.ad_group_id
  left join {{ ref('ad_names') }} ad
    on ad.platform = r.platform and ad.kind = 'ad' and ad.id = r.ad_id
  left join {{ ref('ad_names') }} country
    on country.platform = r.platform and country.kind = 'country' and country.id = r.country
  where r.role = '{{ role }}'

)

  {%- set keys = ['source_relation', 'date_month' if month else 'date_day', 'platform', 'role', 'currency', 'time_zone'] -%}
  {%- for label in labels -%}{%- do keys.append(label ~ '_id') -%}{%- do keys.append(label ~ '_name') -%}{%- endfor -%}
  {%- if month -%}{%- do keys.append('country') -%}{%- do keys.append('country_name') -%}{%- endif %}

select
  {{ keys | join(',\n  ') }},
  {{ adtaps.total('clicks', 'bigint') }} as clicks,
  {{ adtaps.total('impressions', 'bigint') }} as impressions,
  {{ adtaps.total('spend') }} as spend,
  {{ adtaps.total('conversions') }} as conversions,
  {{ adtaps.total('conversion_value') }} as conversions_value
from named
group by {{ keys | join(', ') }}
{% endmacro %}
