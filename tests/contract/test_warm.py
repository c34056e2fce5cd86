"""What the runner's plugin loads before the first task is there, in the version of Ansible that we pin."""

from __future__ import annotations

import importlib
import runpy
import sys
from typing import Any

import pytest

from gongbang.paths import ROOT

WARM = runpy.run_path(str(ROOT / "plugins/callback/gongbang_warm.py"))


@pytest.mark.parametrize("name", WARM["MODULES"])
def test_each_module_can_be_imported(name: str) -> None:
    """A name that Ansible has given up would be passed over in silence."""
    assert importlib.import_module(name) is sys.modules[name]


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in WARM["PLUGINS"] for name in names]
)
def test_each_plugin_is_found(kind: Any, name: str) -> None:
    """The loader answers None for a plugin that is not there."""
    assert kind.get(name, class_only=True) is not None
