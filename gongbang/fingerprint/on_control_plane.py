"""Capture what a cluster holds; runs on a control plane with its own Python, as root, and prints JSON.

Standard library only, Python 3.9 or newer. Of a Secret's values only hashes are printed.
"""

import hashlib
import json
import re
import subprocess
import sys
from typing import Any

KUBECTL = ["kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"]
HELM = ["helm", "--kubeconfig", "/etc/kubernetes/admin.conf"]
# Kinds that change in an idle cluster (leases, events, metrics, requests that are cleaned up), or follow from others.
LEFT_OUT = re.compile(
    r"^(events|leases|endpoints|endpointslices|certificatesigningrequests|.*metrics.*|componentstatuses|bindings"
    r"|.*reviews?)(\.|$)"
)
NOISE = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "ownerReferences")


def run(argv: list[str]) -> str:
    """What a program prints."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def api_objects() -> dict[str, Any]:
    """Every object of the API that does not change by itself."""
    listed = run([*KUBECTL, "api-resources", "--verbs=list", "-o", "name"]).split()
    kinds = [kind for kind in listed if not LEFT_OUT.match(kind)]
    answer = run([*KUBECTL, "get", ",".join(kinds), "--all-namespaces", "-o", "json"])
    items: list[dict[str, Any]] = json.loads(answer)["items"]
    return {object_key(item): object_state(item) for item in items}


def object_key(item: dict[str, Any]) -> str:
    """Kind, namespace and name."""
    meta = item["metadata"]
    return f"{item['kind']} {meta.get('namespace', '')}/{meta['name']}"


def object_state(item: dict[str, Any]) -> dict[str, Any]:
    """What identifies an object and its wanted state; of its status only a pod's phase."""
    meta = item["metadata"]
    body = {key: value for key, value in item.items() if key not in ("metadata", "status")}
    if item["kind"] == "Secret":
        body["data"] = {
            key: hashlib.sha256(value.encode()).hexdigest() for key, value in body.get("data", {}).items()
        }
    body["metadata"] = {key: value for key, value in meta.items() if key not in NOISE}
    return {
        "uid": meta.get("uid"),
        "generation": meta.get("generation"),
        "owners": sorted(f"{owner['kind']}/{owner['name']}" for owner in meta.get("ownerReferences", [])),
        "body": body,
        **({"phase": item["status"].get("phase")} if item["kind"] == "Pod" else {}),
    }


def helm_releases() -> dict[str, Any]:
    """Every release: chart, status, revision, description, values."""
    found: dict[str, Any] = {}
    for release in json.loads(run([*HELM, "list", "--all-namespaces", "--output", "json"])):
        values = run(
            [*HELM, "get", "values", release["name"], "--namespace", release["namespace"], "--output", "json"]
        )
        wanted = ("chart", "status", "revision", "updated")
        state = {key: str(release[key]) for key in wanted}
        state["description"] = last_description(release["name"], release["namespace"])
        found[f"{release['namespace']}/{release['name']}"] = {**state, "values": json.loads(values)}
    return found


def last_description(name: str, namespace: str) -> str:
    """What the latest revision says of itself."""
    history = run([*HELM, "history", name, "--namespace", namespace, "--max", "1", "--output", "json"])
    return str(json.loads(history)[-1]["description"])


if __name__ == "__main__":
    json.dump({"objects": api_objects(), "releases": helm_releases()}, sys.stdout, sort_keys=True)
