"""Filter of the role worker: what a node's state means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def case(state: Mapping[str, str]) -> str:
    """How a worker stands: none, unfinished, done or silent.

    A node that has an identity but is no member any more (or never became one) is unfinished: reset and join.
    """
    if state.get("unfinished") == "join" and "running" not in state:
        return "unfinished"
    if "kubelet" not in state:
        return "unfinished" if "config" in state else "none"
    if "silent" in state or "running" in state:
        return "silent"
    return "unfinished" if state.get("node", "absent") == "absent" else "done"


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {"worker_case": case}
