{#- Rows of a stream as staging shows them: columns that are documented, in documented types, whether the table is
    there or not. -#}

{#- Rows of a report that the platform still returns.

    A row is a ghost if the ledger holds a later reading of its stream, account and bucket.

    Args:
        table: The report's raw table.
        ledger: The tap's sync_windows.
        bucket: The column of the time bucket.
        columns: Lists of a name and a kind (see `type`), in order. -#}
{% macro report_rows(table, ledger, bucket, columns) %}
  {%- set stored = adtaps.stored_columns(table, columns) -%}
  {%- if stored is none %}{{ return(adtaps.no_rows(columns)) }}{% endif -%}
select
  {{ adtaps.shown(columns, stored, 'r') }}
from {{ table }} r
  {{- adtaps.without_ghosts(table, ledger, bucket, stored) }}
{%- endmacro %}

{#- Rows of an entity, of the ledger, or of sync_days. -#}
{% macro stream_rows(table, columns) %}
  {%- set stored = adtaps.stored_columns(table, columns) -%}
  {%- if stored is none %}{{ return(adtaps.no_rows(columns)) }}{% endif -%}
select
  {{ adtaps.shown(columns, stored, 'r') }}
from {{ table }} r
{%- endmacro %}

{#- A report of your own, without ghosts, all columns as they are loaded:

        select * from ( {{ adtaps.current_rows('openx', 'my_report', bucket='day') }} ) rows

    Args:
        platform: atomx, adjust, terminalone or openx.
        report: The stream's name.
        bucket: The column of its time bucket: day, hour, week or month. -#}
{% macro current_rows(platform, report, bucket='day') %}
  {%- set ledger = source('tap_' ~ platform, 'sync_windows') -%}
  {%- set table = api.Relation.create(database=ledger.database, schema=ledger.schema, identifier=report) -%}
  {%- set stored = adtaps.stored_columns(table, none) -%}
  {%- if execute and stored is none -%}
    {{ exceptions.raise_compiler_error(ledger.schema ~ '.' ~ report ~ ' is not in the warehouse: is the report loaded, and adtap_' ~ platform ~ '_schema right?') }}
  {%- endif -%}
select r.*
from {{ table }} r
  {{- adtaps.without_ghosts(table, ledger, bucket, stored or {}) }}
{%- endmacro %}

{% macro without_ghosts(table, ledger, bucket, stored) %}
  {%- set columns = [['stream', 'text'], ['account', 'text'], ['window_start', 'moment'], ['window_end', 'moment'], ['synced_at', 'moment']] -%}
  {%- set known = adtaps.stored_columns(ledger, columns) -%}
  {%- if known is not none %}
where not exists (
  select 1
  from {{ ledger }} w
  where w.stream = '{{ table.identifier | lower }}'
    and w.account = r.{{ adtaps.column('_account') }}
    and {{ adtaps.utc('w.window_start', known['window_start']) }} <= {{ adtaps.utc('r.' ~ adtaps.column(bucket), stored.get(bucket, 'date')) }}
    and {{ adtaps.utc('r.' ~ adtaps.column(bucket), stored.get(bucket, 'date')) }} < {{ adtaps.utc('w.window_end', known['window_end']) }}
    and {{ adtaps.utc('w.synced_at', known['synced_at']) }} > {{ adtaps.utc('r.' ~ adtaps.column('_synced_at'), stored.get('_synced_at', 'timestamp')) }}
)
  {%- endif -%}
{% endmacro %}

{#- The types of a table's columns by name; none if there is no such table.

    Args:
        table: The relation.
        columns: What is documented, for whoever compiles without a warehouse. -#}
{% macro stored_columns(table, columns) %}
  {%- if not execute -%}{{ return({}) }}{%- endif -%}
  {%- if not var('adtap_introspect', true) -%}
    {%- set stored = {} -%}
    {%- for name, kind in columns or [] -%}{%- do stored.update({name: adtaps.type(kind)}) -%}{%- endfor -%}
    {{ return(stored) }}
  {%- endif -%}
  {%- set found = load_relation(table) -%}
  {%- if found is none -%}{{ return(none) }}{%- endif -%}
  {%- set stored = {} -%}
  {%- for one in adapter.get_columns_in_relation(found) -%}{%- do stored.update({one.name | lower: one.dtype | lower}) -%}{%- endfor -%}
  {{ return(stored) }}
{% endmacro %}

{% macro shown(columns, stored, row) %}
  {%- for name, kind in columns -%}
    {{ adtaps.shown_column(name, kind, stored.get(name), row) }} as {{ adtaps.column(name) }}{{ ',\n  ' if not loop.last }}
  {%- endfor -%}
{% endmacro %}

{% macro shown_column(name, kind, stored, row) %}
  {%- set column = row ~ '.' ~ adtaps.column(name) -%}
  {%- if stored is none -%}{{ return('cast(null as ' ~ adtaps.type(kind) ~ ')') }}{%- endif -%}
  {%- if kind == 'moment' -%}{{ return(adtaps.moment(adtaps.utc(column, stored))) }}{%- endif -%}
  {%- if kind == 'json' -%}{{ return(adtaps.json(column, stored)) }}{%- endif -%}
  {{ return('cast(' ~ column ~ ' as ' ~ adtaps.type(kind) ~ ')') }}
{% endmacro %}

{#- Nested values, alike whoever loaded them: target-postgres makes jsonb[] of lists, and writes JSON's null where
    there is nothing. -#}
{% macro json(column, stored) %}{{ return(adapter.dispatch('json', 'adtaps')(column, stored)) }}{% endmacro %}
{% macro default__json(column, stored) %}{{ return('nullif(cast(' ~ column ~ ' as json), cast(\'null\' as json))') }}{% endmacro %}
{% macro postgres__json(column, stored) %}
  {%- set value = 'to_jsonb(' ~ column ~ ')' if stored == 'array' or stored.endswith('[]') else 'cast(' ~ column ~ ' as jsonb)' -%}
  {{ return("nullif(" ~ value ~ ", 'null'::jsonb)") }}
{% endmacro %}
{% macro snowflake__json(column, stored) %}{{ return('strip_null_value(' ~ column ~ ')') }}{% endmacro %}

{% macro no_rows(columns) %}
select
  {% for name, kind in columns -%}
  cast(null as {{ adtaps.type(kind) }}) as {{ adtaps.column(name) }}{{ ',\n  ' if not loop.last }}
  {%- endfor %}
where 1 = 0
{%- endmacro %}
