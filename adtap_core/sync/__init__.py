"""A run: which windows are read, in which order, and how each is fetched, written and closed."""
