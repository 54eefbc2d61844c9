-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.stream_rows(source('tap_atomx', 'placements'), columns=[
  ['id', 'bigint'],
  ['name', 'text'],
  ['state', 'text'],
  ['site_id', 'bigint'],
  ['size_id', 'bigint'],
  ['placement_type_id', 'bigint'],
  ['created_at', 'moment'],
  ['updated_at', 'moment'],
]) }}
