"""The SDK's own suite of tests for a tap, run against the sandbox."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from singer_sdk.testing.runners import TapTestRunner

from adtap_core.tap import AdTap
from tests.running import select


def sdk_suite(tap_class: type[AdTap], config: Mapping[str, Any], **options: Any) -> type[Any]:
    """Return the suite as a class of tests: every stream selected, those that are off by default too.

    Args:
        tap_class: The tap.
        config: Its settings; the SDK reads them at import, so nothing of the developer's own may reach it.
        options: What `SuiteConfig` takes.
    """
    tap = tap_class(config=dict(config), validate_config=False, setup_mapper=False)
    given: dict[str, Any] = {
        "config": dict(config),
        "parse_env_config": False,
        "catalog": select(tap_class, config, set(tap.streams) - {"sync_windows"}),
        "suite_config": SuiteConfig(**options),
    }
    suite: type[Any] = get_tap_test_class(tap_class, **given)

    # What an earlier test of this process left to the sandbox, a fault or another day, is not this suite's.
    @pytest.mark.usefixtures("on_the_sandboxs_day")
    class Suite(suite):
        @pytest.fixture(scope="class")
        @classmethod
        def runner(cls) -> Iterator[TapTestRunner]:
            """A run, let go after these tests; the SDK's own keeps what it read to the end, for tests of nobody."""
            runner = TapTestRunner(tap_class, **given)
            runner.sync_all()
            yield runner
            for read in (runner.raw_messages, runner.record_messages, runner.records):
                read.clear()

    return Suite
