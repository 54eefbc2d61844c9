-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.stream_rows(source('tap_atomx', 'countries'), columns=[
  ['id', 'bigint'],
  ['name', 'text'],
  ['code', 'text'],
]) }}
