"""The embedded loader: Singer messages in, a DuckDB file or Postgres tables out, every digit kept."""
