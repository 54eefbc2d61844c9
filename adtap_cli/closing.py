"""When a platform has a report's bucket whole: the moment that freshness is measured from."""

from adtap_core.declare import Report
from adtap_core.tap import AdTap


def closing_hours(cls: type[AdTap], report: Report) -> float:
    """Return the hours after a bucket's end until the platform has it whole; the longest of its generations."""
    found = [0.0]
    for generation in ("current", "legacy"):
        config = {"api_generation": generation, "api_url": "https://platform.invalid"}
        tap = cls(config=config, validate_config=False, setup_mapper=False)
        found.append(float(tap.platform.closing_hours(report)))
    return max(found)
