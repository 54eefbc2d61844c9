"""`target-adtap-duckdb` as a target of the SDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from adtap_loader import settings
from adtap_loader.duckdb_engine import DuckdbWarehouse
from adtap_loader.sdk import LoaderTarget
from adtap_loader.warehouse import Warehouse


class TargetAdtapDuckdb(LoaderTarget):
    """Loads Singer streams into one DuckDB file: exact decimals, UTC moments, upserts by key."""

    name = "target-adtap-duckdb"
    warehouse_errors = DuckdbWarehouse.errors
    config_jsonschema: ClassVar[dict[str, Any]] = settings.DUCKDB

    @classmethod
    @override
    def open_warehouse(cls, config: Mapping[str, Any]) -> Warehouse:
        return DuckdbWarehouse.of(config)
