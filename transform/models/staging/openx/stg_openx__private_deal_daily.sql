-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.report_rows(source('tap_openx', 'private_deal_daily'), source('tap_openx', 'sync_windows'), bucket='day', columns=[
  ['_row_key', 'text'],
  ['day', 'date'],
  ['publisher_platform_id', 'text'],
  ['deal_id', 'text'],
  ['package_id', 'text'],
  ['dsp_account_id', 'text'],
  ['impressions', 'bigint'],
  ['private_market_impressions', 'bigint'],
  ['private_market_publisher_gross_revenue', 'decimal'],
  ['video_starts', 'bigint'],
  ['video_completions', 'bigint'],
  ['_time_zone', 'text'],
  ['_currency', 'text'],
  ['_data_state', 'text'],
  ['_account', 'text'],
  ['_synced_at', 'moment'],
]) }}
