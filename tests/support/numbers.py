"""Other numbers in a table than its own, for one test."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest


def change(monkeypatch: pytest.MonkeyPatch, module: ModuleType, **numbers: Any) -> None:
    """Let a module see other numbers."""
    monkeypatch.setattr(module, "NUMBERS", replace(vars(module)["NUMBERS"], **numbers))
