"""Loads once what each of Ansible's workers would load again: a worker is a fork, and what it loads is gone with it."""

from __future__ import annotations

import gc
import importlib

from ansible.plugins import loader
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: gongbang_warm
type: aggregate
short_description: loads plugins before the first task, so that tasks start sooner
description:
  - Every task on every host runs in a fork of its own, which finds loaded whatever was loaded before it.
  - Nothing depends on it; without it, a run that changes nothing takes about a seventh longer.
"""

PLUGINS = (
    (loader.connection_loader, ("ssh", "local")),
    (loader.become_loader, ("sudo",)),
    (loader.shell_loader, ("sh",)),
    (loader.lookup_loader, ("env", "file", "template")),
    (
        loader.action_loader,
        ("assert", "command", "debug", "normal", "set_fact", "validate_argument_spec"),
    ),
)
"""What most tasks use. A filter is found by loading all filters, the roles' own too."""
MODULES = (
    "ansible.executor.module_common",
    "ansible.module_utils._internal._json._profiles._module_legacy_c2m",
    "ansible.module_utils._internal._json._profiles._module_legacy_m2c",
    "ansible.utils.encrypt",
    "jsonschema",
    "statistics",
)
"""What plugins import at their first use."""


class CallbackModule(CallbackBase):
    """Loads all of that when the playbook starts."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "gongbang_warm"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, *_: object, **__: object) -> None:
        """Before the first fork."""
        for kind, names in PLUGINS:
            for name in names:
                kind.get(name, class_only=True)
        loader.filter_loader.get("b64encode")
        loader.test_loader.get("succeeded")
        for name in MODULES:
            try:
                importlib.import_module(name)
            except ImportError:  # another version of Ansible has it elsewhere, and finds it
                continue
        gc.collect()
        gc.freeze()  # or each worker's collector touches, and so copies, all that it shares with us
        gc.set_threshold(200_000, 20, 100)  # a run makes little garbage; looking for it takes a second
