"""`target-adtap-duckdb` as a target of the SDK."""

from adtap_loader import settings
from adtap_loader.duckdb_engine import DuckdbWarehouse
from adtap_loader.sdk import LoaderTarget


class TargetAdtapDuckdb(LoaderTarget):
    """Loads Singer streams into one DuckDB file: exact decimals, UTC moments, upserts by key."""

    name = "target-adtap-duckdb"
    warehouse_class = DuckdbWarehouse
    config_jsonschema = settings.DUCKDB
