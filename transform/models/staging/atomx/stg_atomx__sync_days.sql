-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.stream_rows(source('tap_atomx', 'sync_days'), columns=[
  ['stream', 'text'],
  ['account', 'text'],
  ['bucket', 'moment'],
  ['synced_at', 'moment'],
  ['age_days', 'bigint'],
  ['data_state', 'text'],
  ['row_count', 'bigint'],
  ['totals', 'json'],
  ['digest', 'text'],
]) }}
