"""What all tests share."""

from __future__ import annotations

import os

import pytest

# Keras takes its backend from here when it is imported.
os.environ.setdefault("KERAS_BACKEND", "jax")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: builds the package, or takes more than some seconds")
