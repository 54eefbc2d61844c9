{#- How a warehouse spells what the others spell differently. -#}

{% macro type(kind) %}{{ return(adapter.dispatch('type', 'adtaps')(kind)) }}{% endmacro %}

{#- One scale for all exact numbers. A branch with another one would make the whole column that (DuckDB: 12.99 beside a
    number rounded to 2 digits is DECIMAL(38,2) from then on), and a contract on (38,2) is refused by DuckDB and
    rounds on Postgres without a word. -#}
{% macro default__type(kind) %}
  {{- return({
    'text': 'text', 'bigint': 'bigint', 'decimal': 'decimal(38,18)', 'rate': 'decimal(18,6)', 'boolean': 'boolean',
    'date': 'date', 'moment': 'timestamp with time zone', 'utc': 'timestamp', 'json': 'json',
  }[kind]) -}}
{% endmacro %}
{% macro postgres__type(kind) %}{{ return('jsonb' if kind == 'json' else adtaps.default__type(kind)) }}{% endmacro %}
{% macro snowflake__type(kind) %}
  {{- return({'json': 'variant', 'moment': 'timestamp_ntz', 'utc': 'timestamp_ntz'}.get(kind, adtaps.default__type(kind))) -}}
{% endmacro %}

{% macro decimal(expression) %}cast({{ expression }} as {{ adtaps.type('decimal') }}){% endmacro %}

{#- A sum of exact numbers, exact again: Postgres gives a number of any scale, DuckDB of whole numbers a HUGEINT. -#}
{% macro total(column, kind='decimal') %}cast(sum({{ column }}) as {{ adtaps.type(kind) }}){% endmacro %}

{#- A name as it is stored, whatever word it is. -#}
{% macro column(name) %}{{ return(adapter.quote(name | upper if target.type == 'snowflake' else name)) }}{% endmacro %}

{#- A stored moment as UTC without a zone. Loaders write either: without a zone it is UTC already. -#}
{% macro utc(expression, stored) %}{{ return(adapter.dispatch('utc', 'adtaps')(expression, stored)) }}{% endmacro %}
{% macro default__utc(expression, stored) %}
  {{- return('(' ~ expression ~ " at time zone 'UTC')" if adtaps.has_zone(stored) else 'cast(' ~ expression ~ ' as timestamp)') -}}
{% endmacro %}
{% macro snowflake__utc(expression, stored) %}
  {{- return("convert_timezone('UTC', " ~ expression ~ ')::timestamp_ntz' if adtaps.has_zone(stored) else expression) -}}
{% endmacro %}

{% macro has_zone(stored) %}
  {%- set words = stored | lower -%}
  {{- return('with time zone' in words or words in ['timestamptz', 'timestamp_tz', 'timestamp_ltz']) -}}
{% endmacro %}

{#- UTC without a zone as the moment that models show. -#}
{% macro moment(expression) %}{{ return(expression if target.type == 'snowflake' else '(' ~ expression ~ " at time zone 'UTC')") }}{% endmacro %}

{#- A moment that a model shows, as UTC without a zone. -#}
{% macro shown_utc(expression) %}{{ return(expression if target.type == 'snowflake' else '(' ~ expression ~ " at time zone 'UTC')") }}{% endmacro %}

{#- The present, as UTC without a zone. -#}
{% macro now() %}
  {%- set fixed = var('adtap_now', '') -%}
  {%- if fixed -%}
    {#- Its zone is UTC whatever suffix says so. -#}
    {{ return("cast('" ~ (fixed | replace('+00:00', '') | replace('Z', '') | replace('T', ' ')) ~ "' as " ~ adtaps.type('utc') ~ ')') }}
  {%- endif -%}
  {{ return('sysdate()' if target.type == 'snowflake' else "(now() at time zone 'UTC')") }}
{% endmacro %}

{% macro add_days(date, days) %}
  {{- return('cast(dateadd(day, ' ~ days ~ ', ' ~ date ~ ') as date)' if target.type == 'snowflake' else '(' ~ date ~ ' + cast(' ~ days ~ ' as integer))') -}}
{% endmacro %}

{% macro add_hours(moment, hours) %}
  {{- return('dateadd(second, 3600 * (' ~ hours ~ '), ' ~ moment ~ ')' if target.type == 'snowflake' else '(' ~ moment ~ " + (" ~ hours ~ ") * interval '1 hour')") -}}
{% endmacro %}

{% macro seconds_between(start, end) %}{{ return(adapter.dispatch('seconds_between', 'adtaps')(start, end)) }}{% endmacro %}
{% macro default__seconds_between(start, end) %}{{ return('date_diff(\'second\', ' ~ start ~ ', ' ~ end ~ ')') }}{% endmacro %}
{% macro postgres__seconds_between(start, end) %}{{ return('extract(epoch from (' ~ end ~ ') - (' ~ start ~ '))') }}{% endmacro %}
{% macro snowflake__seconds_between(start, end) %}{{ return('datediff(second, ' ~ start ~ ', ' ~ end ~ ')') }}{% endmacro %}

{#- The numbers from 0 to 9999, as a query: days of a window, or of a stream's life. -#}
{% macro numbers() %}
  select d0.d + 10 * d1.d + 100 * d2.d + 1000 * d3.d as n
  {% for place in range(4) -%}
  {{ 'from' if loop.first else 'cross join' }} ({% for d in range(10) %}select {{ d }} as d{{ ' union all ' if not loop.last }}{% endfor %}) d{{ place }}
  {% endfor %}
{% endmacro %}

{#- The keys and values of an object, joined to what is before, as (label, said). -#}
{% macro pairs(object) %}{{ return(adapter.dispatch('pairs', 'adtaps')(object)) }}{% endmacro %}
{% macro default__pairs(object) %}{{ return('cross join lateral (select key as label, value ->> \'$\' as said from json_each(' ~ object ~ ')) pairs') }}{% endmacro %}
{% macro postgres__pairs(object) %}{{ return('cross join lateral jsonb_each_text(' ~ object ~ ') as pairs(label, said)') }}{% endmacro %}
{% macro snowflake__pairs(object) %}{{ return(', lateral (select f.key as label, cast(f.value as varchar) as said from table(flatten(input => ' ~ object ~ ')) f) pairs') }}{% endmacro %}

{#- A digest of columns that tells null from empty text and one column's end from the next one's beginning. -#}
{% macro key(columns) %}
  {%- set parts = [] -%}
  {%- for column in columns -%}
    {%- set text = 'cast(' ~ column ~ ' as ' ~ adtaps.type('text') ~ ')' -%}
    {%- do parts.append("case when " ~ column ~ " is null then '-' else cast(length(" ~ text ~ ") as " ~ adtaps.type('text') ~ ") || ':' || " ~ text ~ " end") -%}
  {%- endfor -%}
  {{- return('md5(' ~ parts | join(" || '|' || ") ~ ')') -}}
{% endmacro %}

{#- How final a state is, and back: of several the least final one counts. -#}
{% macro rank_of_state(state) %}{{ return("case " ~ state ~ " when 'missing' then 0 when 'partial' then 1 when 'provisional' then 2 when 'settled' then 3 end") }}{% endmacro %}
{% macro state_of_rank(rank) %}{{ return("case " ~ rank ~ " when 0 then 'missing' when 1 then 'partial' when 2 then 'provisional' when 3 then 'settled' end") }}{% endmacro %}
