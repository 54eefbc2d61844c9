-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.report_rows(source('tap_terminalone', 'reach_frequency'), source('tap_terminalone', 'sync_windows'), bucket='day', columns=[
  ['_row_key', 'text'],
  ['day', 'date'],
  ['advertiser_id', 'bigint'],
  ['campaign_id', 'bigint'],
  ['strategy_id', 'bigint'],
  ['frequency', 'bigint'],
  ['uniques', 'bigint'],
  ['impressions', 'bigint'],
  ['clicks', 'bigint'],
  ['total_conversions', 'decimal'],
  ['_interval', 'text'],
  ['_time_zone', 'text'],
  ['_currency', 'text'],
  ['_data_state', 'text'],
  ['_account', 'text'],
  ['_synced_at', 'moment'],
]) }}
