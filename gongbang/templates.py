"""Resolves the plain templates of an inventory, so that `{{ cluster_name }}` is read as its value.

Ansible's own templating costs a second of start-up; what this small one does not know (Ansible's own
filters, facts) stays as it was written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, StrictUndefined, meta
from jinja2.exceptions import TemplateError

ONE_EXPRESSION = re.compile(r"\A\s*\{\{(?P<inner>(?:(?!\}\}|\{\{).)*)\}\}\s*\Z", re.DOTALL)
DEPTH = 20
"""How many references may hang on each other before a value is left as it is."""


@cache
def _environment() -> Environment:
    return Environment(undefined=StrictUndefined, autoescape=False)


@cache
def _names(text: str) -> frozenset[str]:
    return frozenset(meta.find_undeclared_variables(_environment().parse(text)))


class Resolver(Mapping[str, Mapping[str, Any]]):
    """The variables of all hosts, resolved as they are asked for; itself the templates' `hostvars`."""

    def __init__(self, hostvars: Mapping[str, Mapping[str, Any]], groups: Mapping[str, Any]) -> None:
        self._raw = hostvars
        self._groups = groups
        self._depth = 0

    def __getitem__(self, host: str) -> Mapping[str, Any]:
        return _HostVars(self, host, self._raw[host])

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def value(self, host: str, value: Any) -> Any:
        """The value with the templates in it resolved, at any depth of lists and dicts."""
        if isinstance(value, str):
            return self._text(host, value) if "{{" in value or "{%" in value else value
        if isinstance(value, list):
            return [self.value(host, item) for item in value]
        if isinstance(value, dict):
            return {key: self.value(host, item) for key, item in value.items()}
        return value

    def _text(self, host: str, text: str) -> Any:
        if self._depth >= DEPTH:
            return text
        self._depth += 1
        try:
            return self._render(host, text)
        except (TemplateError, LookupError, TypeError, ValueError, AttributeError):
            return text
        finally:
            self._depth -= 1

    def _render(self, host: str, text: str) -> Any:
        special = {
            "hostvars": self, "groups": self._groups, "inventory_hostname": host, "lookup": _lookup,
        }  # fmt: skip
        own = self._raw[host]
        context = {
            name: special[name] if name in special else self.value(host, own[name])
            for name in _names(text)
            if name in special or name in own
        }
        whole = ONE_EXPRESSION.match(text)
        if not whole:
            return _environment().from_string(text).render(context)
        found = _environment().compile_expression(whole["inner"], undefined_to_none=False)(**context)
        if isinstance(found, StrictUndefined):
            raise LookupError(text)
        return found


class _HostVars(Mapping[str, Any]):
    """The variables of one host, each resolved when it is read."""

    def __init__(self, resolver: Resolver, host: str, raw: Mapping[str, Any]) -> None:
        self._resolver, self._host, self._raw = resolver, host, raw

    def __getitem__(self, name: str) -> Any:
        if name == "inventory_hostname":
            return self._host
        return self._resolver.value(self._host, self._raw[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


def _lookup(plugin: str, name: str = "", default: str = "") -> str:
    """Ansible's `lookup('env', NAME)`; every other plugin is left to Ansible."""
    if plugin not in ("env", "ansible.builtin.env"):
        raise LookupError(plugin)
    return os.environ.get(name, default)
