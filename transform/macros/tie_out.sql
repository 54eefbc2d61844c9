{#- What a platform's report rows hold, held against what the ledger and sync_days say was read. -#}

{#- Reports of a platform whose rows are compared: those that are loaded, and built (of `build -s` only some are). -#}
{% macro loaded_reports(platform) %}
  {%- set found = [] -%}
  {%- for stream, facts in adtaps.streams()[platform].items() if facts.bucket -%}
    {%- set model = ref('stg_' ~ platform ~ '__' ~ stream) -%}
    {%- if execute and (not var('adtap_introspect', true) or (load_relation(source('tap_' ~ platform, stream)) is not none and load_relation(model) is not none)) -%}
      {%- do found.append({'stream': stream, 'model': model, 'bucket': facts.bucket, 'counts': facts.counts, 'money': facts.money}) -%}
    {%- endif -%}
    {%- if not execute -%}{%- do source('tap_' ~ platform, stream) -%}{%- endif -%}
  {%- endfor -%}
  {{ return(found) }}
{% endmacro %}

{#- Rows that are there, beside the rows of each window as they were counted when it was read.

    A window that a later reading overlaps lost rows to it: of such a window no more than it had may be left. -#}
{% macro rows_against_ledger(platform) %}
  {%- set reports = adtaps.loaded_reports(platform) -%}
with counted as (
  {%- for one in reports %}
  select
    '{{ one.stream }}' as stream,
    _account as account,
    {{ adtaps.shown_utc('_synced_at') }} as synced_at,
    {{ adtaps.shown_utc('hour') if one.bucket == 'hour' else 'cast(' ~ one.bucket ~ ' as ' ~ adtaps.type('utc') ~ ')' }} as bucket,
    count(*) as row_count
  from {{ one.model }}
  group by 1, 2, 3, 4
  union all
  {%- endfor %}
  select
    cast(null as {{ adtaps.type('text') }}) as stream,
    cast(null as {{ adtaps.type('text') }}) as account,
    cast(null as {{ adtaps.type('utc') }}) as synced_at,
    cast(null as {{ adtaps.type('utc') }}) as bucket,
    cast(null as {{ adtaps.type('bigint') }}) as row_count
  where 1 = 0
),
windows as (
  select
    w.*,
    exists (
      select 1
      from {{ ref('int_sync_windows') }} later
      where later.platform = w.platform
        and later.stream = w.stream
        and later.account = w.account
        and later.synced_at > w.synced_at
        and later.window_start < w.window_end
        and later.window_end > w.window_start
    ) as is_overlapped
  from {{ ref('int_sync_windows') }} w
  where w.platform = '{{ platform }}'
    and w.stream in (''{% for one in reports %}, '{{ one.stream }}'{% endfor %})
)
select
  'the table holds another number of rows than were read' as fault,
  '{{ platform }}' as platform,
  w.stream,
  w.account,
  w.window_start,
  w.window_end,
  w.synced_at,
  w.row_count as rows_read,
  coalesce(sum(c.row_count), 0) as rows_there
from windows w
left join counted c
  on c.stream = w.stream
  and c.account = w.account
  and c.synced_at = w.synced_at
  and c.bucket >= w.window_start
  and c.bucket < w.window_end
group by w.stream, w.account, w.window_start, w.window_end, w.synced_at, w.row_count, w.is_overlapped
having coalesce(sum(c.row_count), 0) > w.row_count
  or (coalesce(sum(c.row_count), 0) < w.row_count and not w.is_overlapped)
{% endmacro %}

{#- Rows and exact sums of each bucket, beside what sync_days says its latest reading held.

    A table's 18 digits behind the point may round a platform's longer ones, each row by half of the last one. -#}
{% macro rows_against_days(platform) %}
  {%- set reports = adtaps.loaded_reports(platform) -%}
with there as (
  {%- for one in reports %}
  {%- for metric in one.counts + one.money %}
  select
    '{{ one.stream }}' as stream,
    _account as account,
    {{ adtaps.shown_utc('hour') if one.bucket == 'hour' else 'cast(' ~ one.bucket ~ ' as ' ~ adtaps.type('utc') ~ ')' }} as bucket,
    {%- if metric in one.money %}
    '{{ metric }}' || coalesce(' ' || _currency, '') as label,
    {%- else %}
    cast('{{ metric }}' as {{ adtaps.type('text') }}) as label,
    {%- endif %}
    {{ adtaps.total(metric) }} as amount,
    count(*) as row_count
  from {{ one.model }}
  group by 1, 2, 3, 4
  having sum({{ metric }}) is not null
  union all
  {%- endfor %}
  {%- endfor %}
  select
    cast(null as {{ adtaps.type('text') }}) as stream,
    cast(null as {{ adtaps.type('text') }}) as account,
    cast(null as {{ adtaps.type('utc') }}) as bucket,
    cast(null as {{ adtaps.type('text') }}) as label,
    cast(null as {{ adtaps.type('decimal') }}) as amount,
    cast(null as {{ adtaps.type('bigint') }}) as row_count
  where 1 = 0
),
readings as (
  select d.*, row_number() over (partition by stream, account, bucket order by synced_at desc) as newest
  from {{ ref('int_sync_days') }} d
  where platform = '{{ platform }}'
    and stream in (''{% for one in reports %}, '{{ one.stream }}'{% endfor %})
),
latest as (
  select * from readings where newest = 1
),
said as (
  select
    d.stream,
    d.account,
    d.bucket,
    pairs.label,
    {{ adtaps.decimal('pairs.said') }} as amount
  from latest d
  {{ adtaps.pairs('d.totals') }}
  where pairs.said is not null
)
select
  'the table holds something else than was read' as fault,
  '{{ platform }}' as platform,
  coalesce(s.stream, t.stream) as stream,
  coalesce(s.account, t.account) as account,
  coalesce(s.bucket, t.bucket) as bucket,
  coalesce(s.label, t.label) as metric,
  s.amount as read,
  t.amount as there
from said s
full outer join there t
  on t.stream = s.stream
  and t.account = s.account
  and t.bucket = s.bucket
  and t.label = s.label
where exists (
    select 1
    from latest l
    where l.stream = coalesce(s.stream, t.stream)
      and l.account = coalesce(s.account, t.account)
      and l.bucket = coalesce(s.bucket, t.bucket)
  )
  and abs(coalesce(s.amount, 0) - coalesce(t.amount, 0)) > coalesce(t.row_count, 0) * cast(0.000000000000000001 as {{ adtaps.type('decimal') }})
{% endmacro %}
