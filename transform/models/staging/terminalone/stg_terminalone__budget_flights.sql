-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.stream_rows(source('tap_terminalone', 'budget_flights'), columns=[
  ['id', 'bigint'],
  ['name', 'text'],
  ['entity_type', 'text'],
  ['campaign_id', 'bigint'],
  ['start_date', 'moment'],
  ['end_date', 'moment'],
  ['total_budget', 'decimal'],
  ['is_relevant', 'boolean'],
  ['zone_name', 'text'],
  ['currency_code', 'text'],
  ['total_impression_budget', 'bigint'],
  ['version', 'bigint'],
  ['created_on', 'moment'],
  ['updated_on', 'moment'],
]) }}
