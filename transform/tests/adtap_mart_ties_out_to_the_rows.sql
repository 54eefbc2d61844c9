-- The mart's sums are those of the staging rows, to the last digit, by report, account, day and currency.
{%- set measures = ['impressions', 'clicks', 'conversions', 'installs', 'spend', 'revenue', 'conversion_value'] %}
{%- set keys = ['platform', 'role', 'report', '_account', 'day', 'currency'] %}
with mart as (
  select
    {{ keys | join(', ') }}
    {%- for name in measures %},
    coalesce({{ adtaps.total(name) }}, {{ adtaps.decimal('0') }}) as {{ name }}
    {%- endfor %}
  from {{ ref('ad_performance_daily') }}
  group by {{ keys | join(', ') }}
),
report_rows as (
{{ adtaps.performance_rows('daily') }}
),
staged as (
  select
    {{ keys | join(', ') }}
    {%- for name in measures %},
    coalesce({{ adtaps.total(name) }}, {{ adtaps.decimal('0') }}) as {{ name }}
    {%- endfor %}
  from report_rows
  group by {{ keys | join(', ') }}
)
select
  case
    when mart.platform is null then 'the day is not in the mart'
    when staged.platform is null then 'the day has no rows'
    else 'sums differ'
  end as fault,
  {%- for name in keys %}
  coalesce(mart.{{ name }}, staged.{{ name }}) as {{ name }},
  {%- endfor %}
  {%- for name in measures %}
  mart.{{ name }} as {{ name }}_of_mart,
  staged.{{ name }} as {{ name }}_of_rows{{ ',' if not loop.last }}
  {%- endfor %}
from mart
full outer join staged
  {#- Postgres joins fully only by plain equality: null has a stand-in that no platform sends. #}
  on mart.platform = staged.platform
  and mart.role = staged.role
  and mart.report = staged.report
  and mart._account = staged._account
  and mart.day = staged.day
  and coalesce(mart.currency, '-') = coalesce(staged.currency, '-')
where mart.platform is null
  or staged.platform is null
  {%- for name in measures %}
  or mart.{{ name }} <> staged.{{ name }}
  {%- endfor %}
