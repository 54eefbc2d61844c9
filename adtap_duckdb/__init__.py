"""The embedded loader: Singer messages in, one DuckDB file out, every digit kept."""
