"""The tap: what it is called and what it is made of."""

from adtap_core.rest import settings_of
from adtap_core.tap import AdTap
from tap_pixelyard.client import Pixelyard
from tap_pixelyard.streams import ENTITIES, REPORTS


class TapPixelyard(AdTap):
    """Campaigns and delivery of Pixelyard."""

    name = "tap-pixelyard"
    package_name = "tap-pixelyard"
    platform_class = Pixelyard
    entities = ENTITIES
    reports = REPORTS
    config_jsonschema = settings_of(Pixelyard)
