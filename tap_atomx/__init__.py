"""Singer tap for the atomx ad exchange (API v3)."""
