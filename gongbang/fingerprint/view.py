"""The content view of a capture: what two clusters made from the same inventory have in common.

Without uids, times, keys, tokens, generations, revision numbers and allocated addresses; what a controller names or
counts by itself (pods, replica sets) is counted by its owner.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from gongbang.fingerprint.certificates import described

TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T -]\d\d[:-]\d\d[:-]\d\d(?:\.\d+)?Z?)?")
BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)
EMBEDDED = re.compile(r"^(\s*(?:-\s+)?(?:[\w-]+-data|token)):[ \t]*\S+[ \t]*$", re.MULTILINE)
TOKEN = re.compile(r"^(.*/bootstrap-token-)\w+$")
TEMPLATE_HASH = re.compile(r"^ReplicaSet/(.+)-[a-z0-9]+$")

HISTORY = ("ControllerRevision", "IPAddress", "ReplicaSet")
"""Kinds that are a controller's own book-keeping: earlier revisions, allocated addresses, counts of pods."""

DROPPED = frozenset(
    [
        "podCIDR",
        "podCIDRs",
        "caBundle",
        "deployment.kubernetes.io/revision",
        "deprecated.daemonset.template.generation",
        "flannel.alpha.coreos.com/backend-data",
        "kubectl.kubernetes.io/last-applied-configuration",
        "kubectl.kubernetes.io/restartedAt",
    ]
)
OF_A_UNIT = ("LoadState", "ActiveState", "UnitFileState")
OF_A_RELEASE = ("chart", "status", "description", "values")


def content(capture: Mapping[str, Any]) -> dict[str, Any]:
    """The content view, {node name: state}; compare two with `differences`."""
    return {name: _node(state) for name, state in capture.items()}


def _node(state: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(state)
    found["files"] = {_text(path): _file(value) for path, value in state["files"].items()}
    found["units"] = {name: _only(unit, OF_A_UNIT) for name, unit in state["units"].items()}
    if "objects" in state:
        found["objects"] = _objects(state["objects"])
        found["releases"] = {name: _only(one, OF_A_RELEASE) for name, one in state["releases"].items()}
    return found


def _only(values: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: values[key] for key in keys if key in values}


def _file(state: Mapping[str, Any]) -> dict[str, Any]:
    found = _only(state, ("mode", "owner"))
    if "link" in state:
        found["link"] = _text(state["link"])
    if "sha256" in state:
        found["sha256"] = state.get("shape", state["sha256"])
    if "certificates" in state:
        found["certificates"] = [described(pem) for pem in state["certificates"]]
    return found


def _objects(objects: Mapping[str, Any]) -> dict[str, Any]:
    pods: dict[str, Counter[str]] = {}
    found: dict[str, Any] = {}
    for key, state in objects.items():
        kind, _, name = key.partition(" ")
        if kind == "Pod":
            pods.setdefault(_pods_of(name, state), Counter())[str(state["phase"])] += 1
        elif kind not in HISTORY and state["body"].get("type") != "helm.sh/release.v1":
            found[TOKEN.sub(r"\1(id)", key)] = _plain(_without_secrets(kind, state["body"]))
    return found | {key: dict(phases) for key, phases in pods.items()}


def _pods_of(name: str, state: Mapping[str, Any]) -> str:
    """The line that a pod counts for: its owner's, its own when it has none or belongs to a node."""
    owner = next(iter(state["owners"]), "Node/")
    if owner.startswith("Node/"):
        return f"Pod {name}"
    return f"Pods of {name.partition('/')[0]}/{TEMPLATE_HASH.sub(r'Deployment/\1', owner)}"


def _without_secrets(kind: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a Secret's data its keys alone."""
    return {**body, "data": sorted(body.get("data") or {})} if kind == "Secret" else body


def _plain(value: Any) -> Any:
    """The value without what is another one in each cluster."""
    if isinstance(value, Mapping):
        return {key: _kept(key, item) for key, item in value.items() if not _of_its_own(key)}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return _text(value) if isinstance(value, str) else value


def _of_its_own(key: str) -> bool:
    return key in DROPPED or key.startswith("jws-kubeconfig-")


def _kept(key: str, item: Any) -> Any:
    if key in ("clusterIP", "clusterIPs"):
        return item if "None" in item else "(allocated)"
    return _plain(item)


def _text(text: str) -> str:
    return TIME.sub("(time)", EMBEDDED.sub(r"\1: (data)", BLOCK.sub(r"(\1)", text)))
