"""Loads the roles' filter plugins, which are no package."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any

from gongbang.paths import ROOT


@cache
def plugin(role: str, name: str = "") -> Any:
    """The module of a role's filters; `name` where it is not called like the role."""
    path = ROOT / "roles" / role / "filter_plugins" / f"{name or role}.py"
    spec = importlib.util.spec_from_file_location(f"filters_of_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
