"""Filter of the role kubeadm: what a node's state says of files with credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def readable(state: Mapping[str, str]) -> list[str]:
    """Files with credentials that others than root can read."""
    return [key.removeprefix("open ") for key in state if key.startswith("open ")]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {"kubeadm_readable": readable}
