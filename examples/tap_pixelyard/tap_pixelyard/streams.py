"""The table: one entry a stream."""

from adtap_core.declare import Entity, Report

ENTITIES = (Entity(name="campaigns", path="campaigns"),)
REPORTS = (
    Report(
        name="delivery_daily",
        dimensions=("campaign_id",),
        metrics=("impressions", "clicks", "spend"),
        source="Pixelyard's reference, page «Reports», read 2026-11-28",
    ),
)
