{#- The mart and what reads it. -#}

{#- The reports that serve a level, of the platforms that are on. -#}
{% macro performance_of(level) %}
  {%- set found = [] -%}
  {%- for entry in adtaps.performance() if level in entry.serves and adtaps.is_on(entry.platform) -%}{%- do found.append(entry) -%}{%- endfor -%}
  {{ return(found) }}
{% endmacro %}

{#- Their rows, one below the other. -#}
{% macro performance_rows(level) %}
  {%- set entries = adtaps.performance_of(level) -%}
  {%- if not entries -%}
    {{ return(adtaps.no_rows(adtaps.performance_columns())) }}
  {%- endif -%}
  {%- set selects = [] -%}
  {%- for entry in entries -%}{%- do selects.append('select * from ' ~ ref(entry.model)) -%}{%- endfor -%}
  {{ return(selects | join('\nunion all\n')) }}
{% endmacro %}

{% macro performance_columns() %}
  {%- set columns = [] -%}
  {%- for name in ['platform', 'role', 'report', 'account_kind', '_account', 'account_id', 'channel', 'campaign_id', 'campaign_name', 'ad_group_id', 'ad_group_name', 'ad_id', 'ad_name', 'site_id', 'site_name', 'country'] -%}{%- do columns.append([name, 'text']) -%}{%- endfor -%}
  {%- do columns.append(['day', 'date']) -%}
  {%- for name in ['time_zone', 'currency', 'data_state'] -%}{%- do columns.append([name, 'text']) -%}{%- endfor -%}
  {%- for name in ['impressions', 'clicks'] -%}{%- do columns.append([name, 'bigint']) -%}{%- endfor -%}
  {%- do columns.append(['conversions', 'decimal']) -%}
  {%- do columns.append(['installs', 'bigint']) -%}
  {%- for name in ['spend', 'revenue', 'conversion_value'] -%}{%- do columns.append([name, 'decimal']) -%}{%- endfor -%}
  {%- do columns.append(['synced_at', 'moment']) -%}
  {{ return(columns) }}
{% endmacro %}

{#- Days that the mart must give up: the ledger says that they were read again since, or their platform is off now.

    Runs before the mart's own statement, in its transaction. Replacing row by row would leave a row that the platform
    took back, and replacing the days that new rows name would leave a day that has none any more. -#}
{% macro forget_days_read_again(mart) %}
  {%- if not execute or not var('adtap_introspect', true) or not is_incremental() -%}{{ return('') }}{%- endif -%}
  {%- set entries = adtaps.performance_of('daily') -%}
delete from {{ mart }}
where (platform, report) not in (
    {%- for entry in entries %}('{{ entry.platform }}', '{{ entry.report }}'){{ ', ' if not loop.last }}{% endfor -%}
    {%- if not entries %}('', ''){% endif -%}
  )
  {%- for entry in entries %}
  or (platform, report, _account, day) in (
    select m.platform, m.report, m._account, m.day
    from (
      select platform, report, _account, day, max({{ adtaps.shown_utc('synced_at') }}) as read_at
      from {{ mart }}
      where platform = '{{ entry.platform }}' and report = '{{ entry.report }}'
      group by platform, report, _account, day
    ) m
    join {{ ref('stg_' ~ entry.platform ~ '__sync_windows') }} w
      on w.stream = '{{ entry.report }}'
      and w.account = m._account
      and {{ adtaps.shown_utc('w.window_start') }} <= cast(m.day as {{ adtaps.type('utc') }})
      and cast(m.day as {{ adtaps.type('utc') }}) < {{ adtaps.shown_utc('w.window_end') }}
      and {{ adtaps.shown_utc('w.synced_at') }} > m.read_at
  )
  {#- Without a ledger nothing says what was read again: everything may have been. -#}
  or (platform = '{{ entry.platform }}' and not exists (select 1 from {{ ref('stg_' ~ entry.platform ~ '__sync_windows') }}))
  {%- endfor %}
{% endmacro %}

{#- The first day that an incremental run looks at, as SQL: a literal, which a warehouse can push down to the raw
    tables. Earlier days were complete when the mart last ran.

    A window is loaded late when a run broke off and its report job was picked up again: three days are waited for. -#}
{% macro first_day_to_read(mart) %}
  {%- if not execute or not var('adtap_introspect', true) -%}{{ return("cast('1970-01-01' as date)") }}{%- endif -%}
  {%- set parts = [] -%}
  {%- for entry in adtaps.performance_of('daily') -%}
    {%- set part -%}
      select min(cast({{ adtaps.shown_utc('w.window_start') }} as date)) as first_day
      from {{ ref('stg_' ~ entry.platform ~ '__sync_windows') }} w
      left join (
        select _account, max({{ adtaps.shown_utc('synced_at') }}) as read_at
        from {{ mart }}
        where platform = '{{ entry.platform }}' and report = '{{ entry.report }}'
        group by _account
      ) m on m._account = w.account
      where w.stream = '{{ entry.report }}'
        and (m.read_at is null or {{ adtaps.shown_utc('w.synced_at') }} > {{ adtaps.add_hours('m.read_at', '-72') }})
      {#- No ledger: all of it. -#}
      union all
      select cast('1970-01-01' as date) as first_day
      where not exists (select 1 from {{ ref('stg_' ~ entry.platform ~ '__sync_windows') }})
    {%- endset -%}
    {%- do parts.append(part) -%}
  {%- endfor -%}
  {%- if not parts -%}{{ return("cast('1970-01-01' as date)") }}{%- endif -%}
  {%- set found = run_query('select cast(min(first_day) as ' ~ adtaps.type('text') ~ ') from (' ~ parts | join('\nunion all\n') ~ ') days').columns[0].values()[0] -%}
  {#- Nothing new at all: a day beyond every one. -#}
  {{ return("cast('" ~ (found or '9999-12-31') ~ "' as date)") }}
{% endmacro %}
