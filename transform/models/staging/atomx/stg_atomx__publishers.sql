-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.stream_rows(source('tap_atomx', 'publishers'), columns=[
  ['id', 'bigint'],
  ['name', 'text'],
  ['state', 'text'],
  ['network_id', 'bigint'],
  ['seller_profile_id', 'bigint'],
  ['ssp_id', 'bigint'],
  ['revshare', 'decimal'],
  ['banned', 'boolean'],
  ['created_at', 'moment'],
  ['updated_at', 'moment'],
]) }}
