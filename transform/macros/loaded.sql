{#- What is loaded of what the models stand on, said once at the start of a run. -#}

{% macro say_what_is_not_loaded() %}
  {%- if execute and var('adtap_introspect', true) and flags.WHICH in ['build', 'run', 'test', 'snapshot'] -%}
    {%- for platform, streams in adtaps.streams().items() if adtaps.is_on(platform) -%}
      {%- set source_node = adtaps.source_of(platform, 'sync_windows') -%}
      {%- if source_node is not none -%}
        {%- set schema = source_node.schema -%}
        {%- set there = [] -%}
        {%- for stream in streams if adapter.get_relation(source_node.database, schema, stream) is not none -%}{%- do there.append(stream) -%}{%- endfor -%}
        {%- if not there -%}
          {{ log('adtaps: ' ~ platform ~ ': no schema ' ~ schema ~ ' in the warehouse: its models are empty (never loaded? `adtap_' ~ platform ~ '_schema` names another one, `adtap_' ~ platform ~ ': false` leaves the models out)', info=true) }}
        {%- else -%}
          {%- set missing = [] -%}
          {%- for stream, facts in streams.items() if stream not in there and facts.selected -%}{%- do missing.append(stream) -%}{%- endfor -%}
          {%- if 'sync_windows' not in there -%}
            {{ log('adtaps: ' ~ platform ~ ': the ledger sync_windows is not in ' ~ schema ~ ': rows that the platform took back stay, and nothing says which days are whole; select it', info=true) }}
          {%- endif -%}
          {%- if missing -%}
            {{ log('adtaps: ' ~ platform ~ ': not in ' ~ schema ~ ' (deselected?), so their models are empty: ' ~ missing | join(', '), info=true) }}
          {%- endif -%}
        {%- endif -%}
      {%- endif -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}

{% macro is_on(platform) %}{{ return(var('adtap_' ~ platform, true) | string | lower == 'true') }}{% endmacro %}

{#- A source's node, or none if it is off. -#}
{% macro source_of(platform, table) %}
  {%- for node in graph.sources.values() if node.source_name == 'tap_' ~ platform and node.name == table -%}
    {{ return(node) }}
  {%- endfor -%}
  {{ return(none) }}
{% endmacro %}

{#- The rows that failed this package's tests, some of each: dbt itself gives only their number. -#}
{% macro say_what_failed(results) %}
  {%- if execute -%}
    {%- for result in results if result.node.resource_type == 'test' and result.node.package_name == 'adtaps' and result.status in ['fail', 'warn'] -%}
      {%- set found = run_query('select * from (' ~ result.node.compiled_code ~ ') failed limit 5') -%}
      {%- for row in found.rows -%}
        {%- set words = [] -%}
        {%- for name in found.column_names if row[name] is not none -%}{%- do words.append(name ~ ' ' ~ row[name]) -%}{%- endfor -%}
        {{ log('adtaps: ' ~ result.node.name ~ ': ' ~ words | join(', '), info=true) }}
      {%- endfor -%}
      {%- if result.failures and result.failures > 5 -%}{{ log('adtaps: ' ~ result.node.name ~ ': and ' ~ (result.failures - 5) ~ ' more', info=true) }}{%- endif -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}
