-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.stream_rows(source('tap_terminalone', 'concepts'), columns=[
  ['id', 'bigint'],
  ['name', 'text'],
  ['entity_type', 'text'],
  ['atomic_creative_list', 'json'],
  ['media_type_list', 'json'],
  ['strategy_list', 'json'],
  ['advertiser_name', 'text'],
  ['status', 'boolean'],
  ['archived', 'boolean'],
  ['advertiser_id', 'bigint'],
  ['version', 'bigint'],
  ['created_on', 'moment'],
  ['updated_on', 'moment'],
]) }}
