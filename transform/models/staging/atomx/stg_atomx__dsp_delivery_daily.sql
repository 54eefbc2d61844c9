-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.report_rows(source('tap_atomx', 'dsp_delivery_daily'), source('tap_atomx', 'sync_windows'), bucket='day', columns=[
  ['_row_key', 'text'],
  ['day', 'date'],
  ['domain_id', 'bigint'],
  ['country_id', 'bigint'],
  ['impressions', 'bigint'],
  ['clicks', 'bigint'],
  ['_time_zone', 'text'],
  ['_currency', 'text'],
  ['_data_state', 'text'],
  ['_account', 'text'],
  ['_synced_at', 'moment'],
]) }}
