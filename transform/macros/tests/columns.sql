{#- Tests of one model: each returns the rows that fail it, with the reason first. -#}

{#- A key is there and stands once. -#}
{% test unique_key(model, columns) %}
select
  '{{ columns | join(', ') }} is null' as fault,
  {{ columns | join(', ') }},
  count(*) as rows_alike
from {{ model }}
where {% for column in columns %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %}
group by {{ columns | join(', ') }}
union all
select
  '{{ columns | join(', ') }} stands more than once' as fault,
  {{ columns | join(', ') }},
  count(*) as rows_alike
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{#- What every row of a report must be: a key of its own, a bucket, an account, a state, a currency that is one. -#}
{% test sound_report(model, bucket) %}
with rows_alike as (
  select _row_key, count(*) as alike from {{ model }} group by _row_key having count(*) > 1
)
select
  case
    when r._row_key is null then '_row_key is null'
    when r.{{ bucket }} is null then '{{ bucket }} is null'
    when r._account is null then '_account is null'
    when a._row_key is not null then '_row_key stands more than once'
    when r._data_state is null or r._data_state not in ('partial', 'provisional', 'settled') then '_data_state is none of partial, provisional, settled'
    else '_currency is no ISO 4217 code'
  end as fault,
  r._row_key,
  r._account,
  r.{{ bucket }},
  r._data_state,
  r._currency
from {{ model }} r
left join rows_alike a on a._row_key = r._row_key
where r._row_key is null
  or r.{{ bucket }} is null
  or r._account is null
  or a._row_key is not null
  or r._data_state is null
  or r._data_state not in ('partial', 'provisional', 'settled')
  or (r._currency is not null and (length(r._currency) <> 3 or r._currency <> upper(r._currency)))
{% endtest %}

{#- A value is one of some. -#}
{% test one_of(model, column_name, values) %}
select '{{ column_name }} is none of {{ values | join(', ') }}' as fault, rows_.*
from {{ model }} rows_
where {{ column_name }} is null
  or {{ column_name }} not in ({% for value in values %}'{{ value }}'{{ ', ' if not loop.last }}{% endfor %})
{% endtest %}

{#- Rows stand once, nulls of their key included: what is grouped by has no null in a key of its own. -#}
{% test unique_rows(model, columns) %}
select
  'more than one row of one key' as fault,
  {{ columns | join(', ') }},
  count(*) as rows_alike
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
