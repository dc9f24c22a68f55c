"""What all tests share."""

from __future__ import annotations

import os

import pytest
from reference import RARE

# Keras takes its backend from here when it is imported.
os.environ.setdefault("KERAS_BACKEND", "jax")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: builds the package, or takes more than some seconds")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long to the whole suite: the written handbook, and the functions that few networks use but for a few."""
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if parameters.get("name") in RARE or "site" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
