"""`target-adtap-postgres` as a target of the SDK."""

from adtap_loader import settings
from adtap_loader.postgres_engine import PostgresWarehouse
from adtap_loader.sdk import LoaderTarget


class TargetAdtapPostgres(LoaderTarget):
    """Loads Singer streams into one Postgres schema: exact decimals, UTC moments, upserts by key."""

    name = "target-adtap-postgres"
    warehouse_class = PostgresWarehouse
    config_jsonschema = settings.POSTGRES
