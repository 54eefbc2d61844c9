"""Adjust's room of the sandbox: Report Service, KPI service, Campaign API, dashboard."""
