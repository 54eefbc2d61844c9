-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.stream_rows(source('tap_atomx', 'advertisers'), columns=[
  ['id', 'bigint'],
  ['name', 'text'],
  ['state', 'text'],
  ['network_id', 'bigint'],
  ['account_manager_id', 'bigint'],
  ['budget', 'decimal'],
  ['budget_cap_amount', 'decimal'],
  ['budget_cap_pacing', 'text'],
  ['trusted', 'boolean'],
  ['is_dsp', 'boolean'],
  ['adult', 'boolean'],
  ['created_at', 'moment'],
  ['updated_at', 'moment'],
]) }}
