"""Says how this node does; runs on the node itself with its own Python, as root, and prints JSON.

Standard library only, Python 3.9 or newer. The first argument is a JSON object: {"control_plane": bool,
"api": "https://ADDRESS:PORT"}. Everything is asked at once; what does not answer within LIMIT seconds is told as such.
"""

import base64
import json
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

LIMIT = 3
"""Seconds that one question may take."""
KUBERNETES = Path("/etc/kubernetes")
ADMIN = KUBERNETES / "admin.conf"
PKI = KUBERNETES / "pki"
KUBELET_PKI = Path("/var/lib/kubelet/pki")
ETCD_QUOTA = 2 << 30
"""etcd's own limit for its database, in bytes."""
HOLDER = Path("/run/gongbang.holder.json")
HEALTH = {
    "scheduler": "https://127.0.0.1:10259/healthz",
    "controller-manager": "https://127.0.0.1:10257/healthz",
}
PEM = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def output(argv: list[str]) -> str:
    """What a program prints; OSError with its last line when it fails or takes too long."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"{argv[0]} did not answer within {LIMIT} s") from error
    if done.returncode:
        raise OSError((done.stderr.strip().splitlines() or [f"{argv[0]} ended with {done.returncode}"])[-1])
    return done.stdout


def trust_anyone() -> ssl.SSLContext:
    """For health addresses on loopback: their certificates are signed by nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def client(authority: Path, certificate: Path) -> ssl.SSLContext:
    """For a server that knows us by a certificate of this control plane; its key lies beside it."""
    context = ssl.create_default_context(cafile=str(authority))
    context.load_cert_chain(str(certificate), str(certificate.with_suffix(".key")))
    return context


def fetch(url: str, context: ssl.SSLContext, body: Any = None) -> str:
    """What an address answers; OSError with the failed checks when it answers with an error."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(url, data, timeout=LIMIT, context=context) as answer:
            return str(answer.read().decode(errors="replace"))
    except urllib.error.HTTPError as error:
        failed = re.findall(r"^\[-\](\S+)", error.read().decode(errors="replace"), re.MULTILINE)
        raise OSError(f"not ready: {', '.join(failed)}" if failed else str(error)) from error


def asked(question: Any, *given: Any) -> dict[str, Any]:
    """{"answer": ...} or {"error": text}: a question that fails spoils no other."""
    try:
        return {"answer": question(*given)}
    except (OSError, ValueError, LookupError, TypeError) as error:
        reason = getattr(error, "reason", error)  # urllib wraps what the system said
        return {"error": str(getattr(reason, "strerror", None) or reason) or type(error).__name__}


def api_client() -> ssl.SSLContext:
    """For this node's own API server, as the one who asks kubelets: an administrator."""
    return client(PKI / "ca.crt", PKI / "apiserver-kubelet-client.crt")


def ready(api: str) -> str:
    """Whether this node's own API server is ready."""
    return fetch(f"{api}/readyz?verbose", api_client())


def nodes(api: str) -> list[dict[str, Any]]:
    """The cluster's nodes, as this node's own API server knows them."""
    return [slim(item) for item in json.loads(fetch(f"{api}/api/v1/nodes", api_client()))["items"]]


def slim(item: dict[str, Any]) -> dict[str, Any]:
    """What is shown of a Node."""
    conditions = {one["type"]: one for one in item["status"].get("conditions", [])}
    ready = conditions.get("Ready", {})
    return {
        "name": item["metadata"]["name"],
        "created": item["metadata"]["creationTimestamp"],
        "version": item["status"].get("nodeInfo", {}).get("kubeletVersion", ""),
        "ready": ready.get("status", "Unknown"),
        "message": ready.get("message", ""),
        "cordoned": bool(item["spec"].get("unschedulable")),
    }


def releases(api: str) -> list[dict[str, Any]]:
    """The Helm releases, whatever their state."""
    words = ["helm", "--kubeconfig", str(ADMIN), "--kube-apiserver", api]
    rows = json.loads(output([*words, "list", "--all-namespaces", "--output", "json"]) or "[]")
    return [
        {key: str(row[key]) for key in ("name", "namespace", "revision", "status", "chart")} for row in rows
    ]


def quota() -> int:
    """The bytes that etcd's database may have: its manifest's word, where 0 is etcd's own limit and less is none."""
    path = KUBERNETES / "manifests" / "etcd.yaml"
    given = re.search(r"--quota-backend-bytes=(-?\d+)", path.read_text()) if path.exists() else None
    return int(given[1]) if given and int(given[1]) else ETCD_QUOTA


def etcd() -> dict[str, Any]:
    """Health, size and quota in bytes, leadership, members and alarms of the etcd member on this node."""
    context = client(PKI / "etcd/ca.crt", PKI / "etcd/healthcheck-client.crt")

    def ask(path: str, body: Any = None) -> Any:
        return json.loads(fetch("https://127.0.0.1:2379" + path, context, body))

    def healthy() -> bool:
        try:
            return bool(ask("/health").get("health") == "true")
        except OSError:  # an error's code is etcd's answer while an alarm is raised
            return False

    status = ask("/v3/maintenance/status", {})
    alarms = ask("/v3/maintenance/alarm", {"action": "GET"}).get("alarms", [])
    return {
        "healthy": healthy(),
        "leader": status["header"]["member_id"] == status.get("leader"),
        "bytes": int(status["dbSize"]),
        "quota": quota(),
        "members": len(ask("/v3/cluster/member/list", {})["members"]),
        "alarms": sorted({str(alarm.get("alarm")) for alarm in alarms}),
    }


def certificates() -> dict[str, str]:
    """The first public certificate of each file that ends one day; never a key."""
    found = {}
    names = [
        *KUBERNETES.glob("pki/*.crt"),
        *KUBERNETES.glob("pki/etcd/*.crt"),
        *KUBELET_PKI.glob("*-current.pem"),
    ]
    for path in [*names, *KUBERNETES.glob("*.conf")]:
        text = path.read_text(errors="replace") if path.exists() else ""
        embedded = re.search(r"client-certificate-data: (\S+)", text)
        match = PEM.search(base64.b64decode(embedded[1]).decode() if embedded else text)
        if match:
            found[str(path)] = match[0]
    return found


def holder() -> dict[str, Any]:
    """Who works on the cluster now: the lock's holder, when the process that keeps it here is there."""
    found: dict[str, Any] = json.loads(HOLDER.read_text())
    started = Path(f"/proc/{found['keeper']['pid']}/stat").read_text().rpartition(")")[2].split()[19]
    if started != found["keeper"]["start_time"]:
        raise OSError("died")
    return found


def units() -> dict[str, str]:
    """Whether the services run."""
    names = ["kubelet.service", "containerd.service"]
    done = subprocess.run(["systemctl", "is-active", *names], capture_output=True, text=True, check=False)
    return dict(zip(names, done.stdout.split()))  # noqa: B905 - the node's Python may be 3.9


def steps() -> list[str]:
    """The steps of kubeadm that run here now; whoever looks at the node with Ansible waits for their end."""
    words = ["systemctl", "list-units", "--plain", "--no-legend", "--state=active,activating,deactivating"]
    return [line.split()[0] for line in output([*words, "gongbang-kubeadm-*"]).splitlines()]


def main() -> None:
    """Ask everything at once and print the answers."""
    given = json.loads(sys.argv[1])
    questions: dict[str, Any] = {
        "units": (units,),
        "steps": (steps,),
        "certificates": (certificates,),
        "holder": (holder,),
    }
    if given["control_plane"] and ADMIN.exists():
        api = given["api"]
        questions["nodes"] = (nodes, api)
        questions["releases"] = (releases, api)
        questions["API server"] = (ready, api)
        questions["etcd"] = (etcd,)
        questions |= {name: (fetch, url, trust_anyone()) for name, url in HEALTH.items()}
    with ThreadPoolExecutor(len(questions)) as pool:
        running = {name: pool.submit(asked, *question) for name, question in questions.items()}
        answers: dict[str, Any] = {name: one.result() for name, one in running.items()}
    answers["joined"] = (KUBERNETES / "kubelet.conf").exists()
    answers["time"] = time.time()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
