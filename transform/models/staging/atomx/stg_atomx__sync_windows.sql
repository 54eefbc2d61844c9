-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.stream_rows(source('tap_atomx', 'sync_windows'), columns=[
  ['stream', 'text'],
  ['account', 'text'],
  ['window_start', 'moment'],
  ['window_end', 'moment'],
  ['row_count', 'bigint'],
  ['requests', 'bigint'],
  ['retries', 'bigint'],
  ['splits', 'bigint'],
  ['data_state', 'text'],
  ['control', 'json'],
  ['ties', 'boolean'],
  ['warnings', 'text'],
  ['synced_at', 'moment'],
  ['tap_version', 'text'],
]) }}
