-- Made from the plugins themselves by `make generate`: a change by hand is written over.
{{ adtaps.stream_rows(source('tap_adjust', 'partners'), columns=[
  ['id', 'text'],
  ['name', 'text'],
  ['short_name', 'text'],
  ['section', 'text'],
  ['formatting', 'text'],
  ['description', 'text'],
  ['increase_is_negative', 'boolean'],
]) }}
