-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.stream_rows(source('tap_atomx', 'sites'), columns=[
  ['id', 'bigint'],
  ['name', 'text'],
  ['state', 'text'],
  ['domain_id', 'bigint'],
  ['publisher_id', 'bigint'],
  ['seller_profile_id', 'bigint'],
  ['created_at', 'moment'],
  ['updated_at', 'moment'],
]) }}
