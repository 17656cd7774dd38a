"""Programs that tests call."""

from __future__ import annotations

import os
import shutil

import pytest


def program(name: str, package: str) -> str:
    """A program; without it the test is skipped, but not where tests count."""
    found = shutil.which(name)
    if found is None and os.environ.get("CI") != "true":
        pytest.skip(f"{name} is not installed: apt-get install {package}")
    assert found is not None, f"expected {name} where CI=true, got none: apt-get install {package}"
    return found
