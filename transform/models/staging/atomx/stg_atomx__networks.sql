-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.stream_rows(source('tap_atomx', 'networks'), columns=[
  ['id', 'bigint'],
  ['name', 'text'],
  ['seller_profile_id', 'bigint'],
  ['only_buy_from_self', 'boolean'],
  ['created_at', 'moment'],
  ['updated_at', 'moment'],
]) }}
