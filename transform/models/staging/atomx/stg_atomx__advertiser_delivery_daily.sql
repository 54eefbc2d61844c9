-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.report_rows(source('tap_atomx', 'advertiser_delivery_daily'), source('tap_atomx', 'sync_windows'), bucket='day', columns=[
  ['_row_key', 'text'],
  ['day', 'date'],
  ['advertiser_id', 'bigint'],
  ['campaign_id', 'bigint'],
  ['creative_id', 'bigint'],
  ['country_id', 'bigint'],
  ['impressions', 'bigint'],
  ['clicks', 'bigint'],
  ['conversions', 'bigint'],
  ['campaign_cost', 'decimal'],
  ['_time_zone', 'text'],
  ['_currency', 'text'],
  ['_data_state', 'text'],
  ['_account', 'text'],
  ['_synced_at', 'moment'],
]) }}
