-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.report_rows(source('tap_atomx', 'publisher_delivery_hourly'), source('tap_atomx', 'sync_windows'), bucket='hour', columns=[
  ['_row_key', 'text'],
  ['hour', 'moment'],
  ['publisher_id', 'bigint'],
  ['placement_id', 'bigint'],
  ['impressions', 'bigint'],
  ['clicks', 'bigint'],
  ['conversions', 'bigint'],
  ['_time_zone', 'text'],
  ['_currency', 'text'],
  ['_data_state', 'text'],
  ['_account', 'text'],
  ['_synced_at', 'moment'],
]) }}
