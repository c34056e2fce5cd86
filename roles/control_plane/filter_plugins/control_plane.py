"""Filters of the role control_plane: what a node's state means, and which nodes differ from their declaration."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

DECLARED = "gongbang/declared"
"""Annotation that remembers which labels and taints the inventory gave, so that they can be taken back."""


def case(state: Mapping[str, str]) -> str:
    """How a control plane stands: none, unfinished, done, unregistered, silent, or busy (a step goes on there).

    Unfinished needs proof: the mark that init leaves when it does not end well, and no other node in the cluster.
    """
    if state.get("unfinished") == "init" and int(state.get("nodes", "0")) <= 1 and "running" not in state:
        return "unfinished"
    if not any(key in state for key in ("admin", "kubelet", "etcd", "version", "running")):
        return "none"
    if "running" in state:
        return "busy"
    if "ready" in state and "uploaded" in state:
        return "unregistered" if state.get("node") == "absent" else "done"
    return "silent"


def text_of(taint: Mapping[str, str]) -> str:
    """A taint as kubectl writes it."""
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def spec_of(text: str) -> tuple[str, str]:
    """Key and effect of a taint, which name it."""
    head, _, effect = text.rpartition(":")
    return head.partition("=")[0], effect


def declared_before(node: Mapping[str, Any]) -> dict[str, list[str]]:
    """Labels and taints that an earlier run gave the node."""
    try:
        found = json.loads((node["metadata"].get("annotations") or {}).get(DECLARED, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def commands(live: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The kubectl commands (their arguments) that make labels and taints as declared; none when they are."""
    nodes = {node["metadata"]["name"]: node for node in live["items"]}
    found = []
    for want in wanted:
        if want["name"] in nodes:
            found += of_node(nodes[want["name"]], want)
    return found


def of_node(node: Mapping[str, Any], want: Mapping[str, Any]) -> list[list[str]]:
    """The commands for one node."""
    name, before = node["metadata"]["name"], declared_before(node)
    labels = {key: "" if value is None else str(value) for key, value in want["labels"].items()}
    taints = [taint if isinstance(taint, str) else text_of(taint) for taint in want["taints"]]
    have_labels = node["metadata"].get("labels") or {}
    have_taints = [text_of(taint) for taint in node["spec"].get("taints") or []]
    change = [f"{key}={value}" for key, value in labels.items() if have_labels.get(key) != value]
    change += [f"{key}-" for key in before.get("labels", []) if key not in labels and key in have_labels]
    taint = [text for text in taints if text not in have_taints]
    taint += [f"{key}:{effect}-" for key, effect in gone(before.get("taints", []), taints, have_taints)]
    note = json.dumps({"labels": sorted(labels), "taints": sorted(taints)}, separators=(",", ":"))
    result = []
    if change:
        result.append(["label", "node", name, "--overwrite", *change])
    if taint:
        result.append(["taint", "node", name, "--overwrite", *taint])
    if (labels or taints or before) and (node["metadata"].get("annotations") or {}).get(DECLARED) != note:
        result.append(["annotate", "node", name, "--overwrite", f"{DECLARED}={note}"])
    return result


def gone(before: Iterable[str], taints: Iterable[str], have: Iterable[str]) -> list[tuple[str, str]]:
    """Taints that the inventory gave once, gives no more, and the node still has."""
    kept, there = {spec_of(text) for text in taints}, {spec_of(text) for text in have}
    return [spec_of(text) for text in before if spec_of(text) not in kept and spec_of(text) in there]


def notes(live: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is odd about the nodes and not this role's to change."""
    names = {want["name"] for want in wanted}
    found = []
    for node in live["items"]:
        name = node["metadata"]["name"]
        if name not in names:
            found.append(
                f"node {name} is in the cluster and not in the inventory, and left alone; add it there, or: kubectl delete node {name}"
            )
        elif node["spec"].get("unschedulable"):
            found.append(f"node {name} is cordoned; kubectl uncordon {name}")
    return found


def in_words(command: Sequence[str]) -> str:
    """A kubectl command for a node as a plan tells it."""
    verb, _, name, _, *given = command
    if verb == "annotate":
        return f"node {name}: remembers which labels and taints are declared"
    texts = [f"{text.removesuffix('-')} taken away" if text.endswith("-") else text for text in given]
    return f"node {name}: {verb} {', '.join(texts)}"


def script(found: Sequence[Sequence[str]]) -> str:
    """The commands as shell lines."""
    return "\n".join(
        shlex.join(["kubectl", *command, "--kubeconfig=/etc/kubernetes/admin.conf"]) for command in found
    )


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {
            "control_plane_case": case,
            "control_plane_node_commands": commands,
            "control_plane_notes": notes,
            "control_plane_script": script,
            "control_plane_words": in_words,
        }
