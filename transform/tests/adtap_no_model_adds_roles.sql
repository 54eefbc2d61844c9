-- A model that reads the mart either shows the role, or says in its config which one it holds (meta: {adtap_role: buy}).
-- Otherwise it adds the buying side's spend to what the selling side earns of it, or to a tracker's copy of it.
-- depends_on: {{ ref('ad_performance_daily') }}
{%- set faults = [] %}
{%- if execute and var('adtap_introspect', true) %}
  {%- set marts = ['model.adtaps.ad_performance_daily', 'model.adtaps.ad_performance_daily_converted'] %}
  {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.unique_id not in marts %}
    {%- set found = [] %}
    {%- for mart in marts if mart in node.depends_on.nodes %}{% do found.append(mart) %}{% endfor %}
    {%- set role = node.config.meta.get('adtap_role') if node.config.meta else none %}
    {%- if found and role not in ['buy', 'sell', 'measure'] %}
      {%- set relation = adapter.get_relation(node.database, node.schema, node.alias) if node.config.materialized != 'ephemeral' else none %}
      {%- set columns = [] %}
      {%- if relation is not none %}
        {%- for column in adapter.get_columns_in_relation(relation) %}{% do columns.append(column.name | lower) %}{% endfor %}
      {%- endif %}
      {#- Not built yet: what it says it selects. #}
      {%- set said = node.raw_code if relation is none else '' %}
      {%- if 'role' not in columns and 'role' not in said and '*' not in said %}
        {%- do faults.append(node.unique_id) %}
      {%- endif %}
    {%- endif %}
  {%- endfor %}
{%- endif %}
{%- for fault in faults %}
select 'reads {{ 'the mart' }} and neither shows the role nor says which one it holds' as fault, '{{ fault }}' as model {{ 'union all' if not loop.last }}
{%- endfor %}
{%- if not faults %}
select 'none' as fault, 'none' as model where 1 = 0
{%- endif %}
