-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.report_rows(source('tap_openx', 'demand_daily'), source('tap_openx', 'sync_windows'), bucket='day', columns=[
  ['_row_key', 'text'],
  ['day', 'date'],
  ['publisher_account_id', 'text'],
  ['publisher_site_id', 'text'],
  ['demand_partner_account_id', 'text'],
  ['demand_partner_account_name', 'text'],
  ['publisher_currency', 'text'],
  ['market_requests', 'bigint'],
  ['market_impressions', 'bigint'],
  ['market_publisher_revenue', 'decimal'],
  ['_time_zone', 'text'],
  ['_currency', 'text'],
  ['_data_state', 'text'],
  ['_account', 'text'],
  ['_synced_at', 'moment'],
]) }}
