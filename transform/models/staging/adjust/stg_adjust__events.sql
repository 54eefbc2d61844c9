-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.stream_rows(source('tap_adjust', 'events'), columns=[
  ['id', 'text'],
  ['name', 'text'],
  ['short_name', 'text'],
  ['section', 'text'],
  ['formatting', 'text'],
  ['description', 'text'],
  ['increase_is_negative', 'boolean'],
  ['app_token', 'json'],
  ['tokens', 'json'],
  ['is_skad_event', 'boolean'],
  ['app_token_x_event_tokens_mapping', 'json'],
]) }}
