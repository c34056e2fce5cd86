"""Pods of ours on each node, for as long as the checks run, that try the network from inside."""

from __future__ import annotations

import json
import secrets
import shlex
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.cluster.ssh import Nodes

LABEL = "gongbang/verify"
READY_SECONDS = 25
"""Until every node has its pod, times cluster_verify_patience."""
DOMAIN_NAME = "kubernetes.default.svc"


@dataclass
class Probe:
    """What the probe pods are and saw: results[node][target] = (good, text)."""

    name: str
    pods: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    cluster_ip: str = ""
    node_port: int = 0
    problem: str = ""
    results: dict[str, dict[str, tuple[bool, str]]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    host_results: dict[str, dict[str, tuple[bool, str]]] = field(default_factory=dict)


def manifest(name: str, image: str) -> str:
    """One pod on each node, whatever its taints, and a Service of kind NodePort over them."""
    labels = {LABEL: name}
    container = {
        "name": "probe",
        "image": image,
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}, "periodSeconds": 1},
        "securityContext": {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}
        },
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
    }  # fmt: skip
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "tolerations": [{"operator": "Exists"}],
        "securityContext": {
            "runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}
        },
        "containers": [container],
    }  # fmt: skip
    daemons = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "spec": {"type": "NodePort", "selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [service, daemons]})


def kubectl(nodes: Nodes) -> str:
    """kubectl as the cluster's administrator, for a command line on a control plane."""
    return f"kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout={20 * nodes.patience}s"


def named() -> Probe:
    """A probe with a name of its own, not yet made."""
    return Probe(f"gongbang-verify-{secrets.token_hex(3)}")


def start(probe: Probe, nodes: Nodes, control_plane: str, image: str) -> None:
    """Make the pods and wait until they are ready, or as many as become so in time."""
    # the API validates as well; kubectl would first fetch the schema of all there is, which a slow API does not give in time
    apply = f"printf %s {shlex.quote(manifest(probe.name, image))} | {kubectl(nodes)} apply --validate=false -f - >/dev/null"
    wait = f"{kubectl(nodes)} -n default rollout status daemonset/{probe.name} --timeout={READY_SECONDS * nodes.patience}s >/dev/null 2>&1"
    show = f"{kubectl(nodes)} -n default get pods,services -l {LABEL}={probe.name} -o json"
    code, out, err = nodes.run(control_plane, f"{apply} && {{ {wait}; {show}; }}")
    if code != 0:
        probe.problem = err.strip()[-600:] or out[-600:]
        return
    for item in json.loads(out)["items"]:
        read(probe, item)


def read(probe: Probe, item: dict[str, Any]) -> None:
    """Take what one object tells: a ready pod's node and address, the Service's address and port."""
    if item["kind"] == "Service":
        probe.cluster_ip = item["spec"]["clusterIP"]
        probe.node_port = item["spec"]["ports"][0]["nodePort"]
        return
    node, status = item["spec"].get("nodeName", ""), item["status"]
    states = [entry["state"] for entry in status.get("containerStatuses", [])]
    if any(entry.get("ready") for entry in status.get("containerStatuses", [])):
        probe.pods[node] = item["metadata"]["name"]
        probe.addresses[node] = status["podIP"]
    else:
        probe.errors[node] = f"the pod is {status.get('phase')}: {states or status.get('conditions')}"


def ask(nodes: Nodes, control_plane: str, probe: Probe, addresses: dict[str, str], domain: str) -> None:
    """Let each pod, and each node itself, try every pod, the Service in all its forms, and names."""
    service = f"{probe.name}.default.svc.{domain}"
    http = [f"http://{address}:8080/" for address in probe.addresses.values()]
    http += [f"http://{probe.cluster_ip}/", *(f"http://{ip}:{probe.node_port}/" for ip in addresses.values())]
    inside = [
        *http,
        f"http://{service}/",
        f"dns:{DOMAIN_NAME}.{domain}",
        f"dns:{service}",
        "dns:kubernetes.default",
    ]

    def from_pod(node: str) -> None:
        limits = f"--timeout {3 * nodes.patience}s --patience {6 * nodes.patience}s"
        command = (
            f"{kubectl(nodes)} -n default exec {probe.pods[node]} -- /web check {limits} {shlex.join(inside)}"
        )
        code, out, err = nodes.run(control_plane, command)
        if code != 0:
            probe.errors[node] = err.strip()[-400:]
            return
        lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        probe.results[node] = {line["target"]: (line["ok"], line["seen"]) for line in lines}

    def from_hosts() -> None:
        for node, seen in nodes.call_all("fetch", urls=http).items():
            if isinstance(seen, dict):
                probe.host_results[node] = {
                    url: (bool(good), str(text)) for url, (good, text) in seen.items()
                }

    with ThreadPoolExecutor(len(probe.pods) + 1) as pool:
        running = [pool.submit(from_hosts), *(pool.submit(from_pod, node) for node in probe.pods)]
        for job in running:
            job.result()


def stop(nodes: Nodes, control_plane: str, probe: Probe) -> None:
    """Take everything away again and wait until it is gone."""
    delete = f"{kubectl(nodes)} -n default delete daemonset,service -l {LABEL}={probe.name} --ignore-not-found --cascade=foreground"
    nodes.run(control_plane, f"{delete} --timeout={30 * nodes.patience}s")
