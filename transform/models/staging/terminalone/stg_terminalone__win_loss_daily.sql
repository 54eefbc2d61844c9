-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.report_rows(source('tap_terminalone', 'win_loss_daily'), source('tap_terminalone', 'sync_windows'), bucket='day', columns=[
  ['_row_key', 'text'],
  ['day', 'date'],
  ['campaign_id', 'bigint'],
  ['strategy_id', 'bigint'],
  ['exchange_id', 'bigint'],
  ['deal_id', 'bigint'],
  ['bids', 'bigint'],
  ['wins', 'bigint'],
  ['matched_bid_opportunities', 'bigint'],
  ['total_bid_amount_cpm', 'decimal'],
  ['total_win_amount_cpm', 'decimal'],
  ['_time_zone', 'text'],
  ['_currency', 'text'],
  ['_data_state', 'text'],
  ['_account', 'text'],
  ['_synced_at', 'moment'],
]) }}
