"""The SDK's own tests of a target, on a real file."""

import pytest
from singer_sdk.testing import get_target_test_class

from adtap_loader.duckdb_target import TargetAdtapDuckdb

CONFIG: dict[str, str] = {}


class TestTargetAdtapDuckdb(
    get_target_test_class(
        TargetAdtapDuckdb,
        config=CONFIG,
        parse_env_config=False,  # nothing of the developer's own may reach it
    )
):  # type: ignore[misc]
    @pytest.fixture(autouse=True)
    def _own_file(self, file):
        CONFIG["path"] = str(file.path)
        yield
        CONFIG.clear()
