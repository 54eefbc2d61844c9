-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.report_rows(source('tap_terminalone', 'pixel_loads_daily'), source('tap_terminalone', 'sync_windows'), bucket='day', columns=[
  ['_row_key', 'text'],
  ['day', 'date'],
  ['advertiser_id', 'bigint'],
  ['pixel_type', 'text'],
  ['pixel_id', 'bigint'],
  ['loads', 'bigint'],
  ['uniques', 'bigint'],
  ['_time_zone', 'text'],
  ['_currency', 'text'],
  ['_data_state', 'text'],
  ['_account', 'text'],
  ['_synced_at', 'moment'],
]) }}
