"""Singer tap for Adjust: the Report Service, and the legacy KPI service."""
