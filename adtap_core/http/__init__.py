"""Requests done well: logins, retries, rate limits, workers, and lists that lose nothing."""
