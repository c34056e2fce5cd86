"""Runs on a control plane as root: prints the state of the cluster as its API tells it, as JSON."""

import base64
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

GIVEN = json.loads(base64.b64decode(sys.argv[1])) if len(sys.argv) > 1 else {}
os.environ["KUBECONFIG"] = "/etc/kubernetes/admin.conf"
SLOWER = int(os.environ.get("GONGBANG_PATIENCE", "1"))
KUBECTL = ("kubectl", f"--request-timeout={20 * SLOWER}s")
KINDS = (
    "nodes,pods,services,deployments,daemonsets,replicasets,statefulsets,certificatesigningrequests,"
    "horizontalpodautoscalers,poddisruptionbudgets,apiservices,namespaces,leases"
)
PATIENCE = 35 * SLOWER
AT_ONCE = 8
"""Questions that are asked at the same time, divided by cluster_verify_patience."""
FORGOTTEN = 600
ETCD = "/etc/kubernetes/pki/etcd/"


def run(*words: Any) -> Any:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=40 * SLOWER, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return {"code": 127, "out": "", "err": f"{error}"}
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr.strip()[-800:]}


def parsed(*words: Any) -> Any:
    done = run(*words)
    try:
        return json.loads(done["out"])
    except ValueError:
        return {"error": done["err"] or done["out"]}


def etcd(path: Any, body: Any = None) -> Any:
    context = ssl.create_default_context(cafile=ETCD + "ca.crt")
    context.load_cert_chain(ETCD + "healthcheck-client.crt", ETCD + "healthcheck-client.key")
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(
            "https://127.0.0.1:2379" + path, data, timeout=5 * SLOWER, context=context
        ) as answer:
            return json.loads(answer.read())
    except (OSError, ValueError) as error:
        detail = error.read().decode(errors="replace") if hasattr(error, "read") else ""
        return {"error": f"{error} {detail}".strip()}


def foreign_request(name: Any, request: Any) -> Any:
    """Ask, as this node, for a serving certificate for another node's address: the decision, or what went wrong."""
    wanted = {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": name},
        "spec": {
            "signerName": "kubernetes.io/kubelet-serving",
            "usages": ["digital signature", "server auth"],
            "request": base64.b64encode(request.encode()).decode(),
        },
    }
    words = ("kubectl", "--kubeconfig", "/etc/kubernetes/kubelet.conf", "create", "-f", "-")
    made = subprocess.run(
        words, input=json.dumps(wanted), capture_output=True, text=True, timeout=20 * SLOWER, check=False
    )
    found: Any = {"error": made.stderr.strip()[-300:]}
    end = time.monotonic() + 8 * SLOWER
    while made.returncode == 0 and time.monotonic() < end:
        found = parsed(*KUBECTL, "get", "certificatesigningrequest", name, "-o", "json").get("status", {})
        if found.get("conditions"):
            break
        time.sleep(0.3)
    run(*KUBECTL, "delete", "certificatesigningrequest", name, "--ignore-not-found")
    return found


def sweep(objects: Any) -> None:
    """Take away probe pods of a session that was killed: those that have been there for long."""
    for item in objects.get("items", []):
        about = item["metadata"]
        if item["kind"] not in ("DaemonSet", "Service") or "gongbang/verify" not in about.get("labels", {}):
            continue
        made = datetime.fromisoformat(about["creationTimestamp"])
        if (datetime.now(UTC) - made).total_seconds() > FORGOTTEN:
            run(
                *KUBECTL,
                "-n",
                about["namespace"],
                "delete",
                item["kind"],
                about["name"],
                "--ignore-not-found",
            )


def slim(objects: Any) -> Any:
    for item in objects.get("items", []):
        item.get("metadata", {}).pop("managedFields", None)
    return objects


def log_pods(pods: Any) -> Any:
    """One running pod for each node whose log can be asked for: (namespace, name)."""
    chosen: dict[str, Any] = {}
    for pod in pods:
        node, about = pod["spec"].get("nodeName"), pod["metadata"]
        if (
            node
            and pod.get("status", {}).get("phase") == "Running"
            and "gongbang/verify" not in about.get("labels", {})
        ):
            chosen.setdefault(node, (about["namespace"], about["name"]))
    return chosen


def measured(found: Any) -> bool:
    """Whether metrics of every node and every autoscaler are there, or cannot be expected."""
    items = found["objects"].get("items", [])
    served = [
        item
        for item in items
        if item["kind"] == "APIService" and item["spec"].get("group") == "metrics.k8s.io"
    ]
    if not any(status(item, "Available") == "True" for item in served):
        return True
    known = {
        line.split()[0]
        for line in found["top_nodes"]["out"].splitlines()
        if line.split() and "<unknown>" not in line
    }
    nodes = {
        item["metadata"]["name"]
        for item in items
        if item["kind"] == "Node" and status(item, "Ready") == "True"
    }
    scalers = [item for item in items if item["kind"] == "HorizontalPodAutoscaler"]
    return nodes <= known and all(status(item, "ScalingActive") == "True" for item in scalers)


def status(item: Any, kind: Any) -> Any:
    return {entry["type"]: entry["status"] for entry in item.get("status", {}).get("conditions", [])}.get(
        kind
    )


def wait_for_metrics(found: Any) -> None:
    """Metrics of pods that have just started come with the next rounds: look again for a while."""
    end = time.monotonic() + PATIENCE
    while not measured(found) and time.monotonic() < end:
        time.sleep(2)
        scalers = parsed(*KUBECTL, "get", "horizontalpodautoscalers", "--all-namespaces", "-o", "json").get(
            "items", []
        )
        others = [item for item in found["objects"]["items"] if item["kind"] != "HorizontalPodAutoscaler"]
        found["objects"]["items"] = others + scalers
        found["top_nodes"] = run(*KUBECTL, "top", "nodes", "--no-headers")
        found["top_pods"] = run(*KUBECTL, "top", "pods", "--all-namespaces", "--no-headers")


def main() -> None:
    calls: dict[str, tuple[Any, ...]] = {
        "objects": (parsed, *KUBECTL, "get", KINDS, "--all-namespaces", "-o", "json"),
        "readyz": (run, *KUBECTL, "get", "--raw", "/readyz?verbose"),
        "livez": (run, *KUBECTL, "get", "--raw", "/livez"),
        "version": (parsed, *KUBECTL, "version", "-o", "json"),
        "kubeadm_config": (
            parsed,
            *KUBECTL,
            "-n",
            "kube-system",
            "get",
            "configmap",
            "kubeadm-config",
            "-o",
            "json",
        ),
        "proxy_config": (
            parsed,
            *KUBECTL,
            "-n",
            "kube-system",
            "get",
            "configmap",
            "kube-proxy",
            "-o",
            "json",
        ),
        "tokens": (
            run,
            *KUBECTL,
            "-n",
            "kube-system",
            "get",
            "secrets",
            "-o",
            "name",
            "--field-selector",
            "type=bootstrap.kubernetes.io/token",
        ),
        "certificate_key": (
            run,
            *KUBECTL,
            "-n",
            "kube-system",
            "get",
            "secret",
            "kubeadm-certs",
            "-o",
            "name",
            "--ignore-not-found",
        ),
        "top_nodes": (run, *KUBECTL, "top", "nodes", "--no-headers"),
        "top_pods": (run, *KUBECTL, "top", "pods", "--all-namespaces", "--no-headers"),
        "helm": (parsed, "helm", "list", "--all-namespaces", "-o", "json"),
        "etcd_health": (etcd, "/health"),
        "etcd_alarms": (etcd, "/v3/maintenance/alarm", {"action": "GET"}),
        "etcd_members": (etcd, "/v3/cluster/member/list", {}),
        "etcd_status": (etcd, "/v3/maintenance/status", {}),
    }
    with ThreadPoolExecutor(max(1, AT_ONCE // SLOWER)) as pool:
        running = {name: pool.submit(*call) for name, call in calls.items()}
        for node in GIVEN["nodes"]:
            asked = (*KUBECTL, "get", "--raw", f"/api/v1/nodes/{node}/proxy/configz")
            running["configz/" + node] = pool.submit(parsed, *asked)
        for release in GIVEN["releases"]:
            words = ("helm", "get", "values", "-n", release["namespace"], release["name"], "-o", "json")
            running["values/" + release["namespace"] + "/" + release["name"]] = pool.submit(parsed, *words)
        if GIVEN["foreign"]:
            running["foreign"] = pool.submit(
                foreign_request, GIVEN["foreign"]["name"], GIVEN["foreign"]["request"]
            )
        found = {name: call.result() for name, call in running.items()}
        found["objects"] = slim(found["objects"])
        sweep(found["objects"])
        pods = [item for item in found["objects"].get("items", []) if item["kind"] == "Pod"]
        logs = {
            node: pool.submit(run, *KUBECTL, "-n", pod[0], "logs", "--tail=1", "--all-containers", pod[1])
            for node, pod in log_pods(pods).items()
        }
        found["logs"] = {node: call.result() for node, call in logs.items()}
    wait_for_metrics(found)
    print(json.dumps(found))


main()
