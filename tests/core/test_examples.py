"""The examples in docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import adtap_core

MODULES = [m.name for m in pkgutil.walk_packages(adtap_core.__path__, "adtap_core.")]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name):
    """Whoever copies one gets what it says."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_what_a_taps_author_touches_has_an_example():
    """Entries, platforms, paginators, logins and retries."""
    classes = {
        "declare": ["Entity", "Report"],
        "platform": ["Partition", "Platform"],
        "rest": ["Field", "RestPlatform"],
        "http.auth": [
            "ApiKey",
            "BearerToken",
            "BasicLogin",
            "OAuth2ClientCredentials",
            "OAuth2Refresh",
        ],
        "http.client": ["Call"],
        "http.pagination": ["PageNumber", "Offset", "Cursor", "Link"],
        "http.retries": ["RetryPolicy", "RetryState"],
        "windows": ["Grain", "Interval", "Zone"],
    }
    for module, names in classes.items():
        found = importlib.import_module(f"adtap_core.{module}")
        for name in names:
            assert ">>>" in getattr(found, name).__doc__, f"{module}.{name} has no example"
