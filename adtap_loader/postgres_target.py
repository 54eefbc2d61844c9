"""`target-adtap-postgres` as a target of the SDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from adtap_loader import settings
from adtap_loader.postgres_engine import PostgresWarehouse
from adtap_loader.sdk import LoaderTarget
from adtap_loader.warehouse import Warehouse


class TargetAdtapPostgres(LoaderTarget):
    """Loads Singer streams into one Postgres schema: exact decimals, UTC moments, upserts by key."""

    name = "target-adtap-postgres"
    warehouse_errors = PostgresWarehouse.errors
    config_jsonschema: ClassVar[dict[str, Any]] = settings.POSTGRES

    @classmethod
    @override
    def open_warehouse(cls, config: Mapping[str, Any]) -> Warehouse:
        return PostgresWarehouse.of(config)
