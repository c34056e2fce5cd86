"""What the runner's plugin loads before the first task is there, in the version of Ansible that we pin."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).parents[2] / "plugins/callback/gongbang_warm.py"


def warm() -> ModuleType:
    """The plugin as a module."""
    spec = importlib.util.spec_from_file_location("gongbang_warm", PATH)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", warm().MODULES)
def test_each_module_can_be_imported(name: str) -> None:
    """A name that Ansible has given up would be passed over in silence."""
    assert importlib.import_module(name) is sys.modules[name]


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in warm().PLUGINS for name in names])
def test_each_plugin_is_found(kind: object, name: str) -> None:
    """The loader answers None for a plugin that is not there."""
    assert kind.get(name, class_only=True) is not None  # type: ignore[attr-defined]
