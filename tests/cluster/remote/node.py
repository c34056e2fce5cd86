"""Runs on a node as root: prints what is true there, as JSON. Python's standard library only."""

import base64
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

SLOWER = int(os.environ.get("GONGBANG_PATIENCE", "1"))
GIVEN = json.loads(base64.b64decode(sys.argv[1])) if len(sys.argv) > 1 else {}
CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def text(path: Any) -> Any:
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return None


def matching(pattern: Any) -> Any:
    """The files of an absolute pattern."""
    return sorted(str(path) for path in Path("/").glob(pattern.lstrip("/")))


def run(*words: Any) -> Any:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=20 * SLOWER, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{error}"
    return (done.stdout if done.returncode == 0 else done.stdout + done.stderr).strip()


def services(names: Any) -> Any:
    keys = "Id,LoadState,ActiveState,SubState,UnitFileState,NRestarts,MainPID"
    shown = run("systemctl", "show", f"--property={keys}", *(f"{name}.service" for name in names))
    found = [
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for block in shown.split("\n\n")
    ]
    return {entry.get("Id", "").removesuffix(".service"): entry for entry in found}


def packages() -> Any:
    shown = run("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Want} ${db:Status-Status}\n")
    rows = (line.split() for line in shown.splitlines())
    return {
        row[0]: dict(zip(("version", "want", "status"), row[1:], strict=True))
        for row in rows
        if len(row) == 4
    }


def sysctls(names: Any) -> Any:
    return {name: (text("/proc/sys/" + name.replace(".", "/")) or "").strip() for name in names}


def sysctl_files() -> Any:
    """What the configuration says, in the order in which systemd-sysctl reads it: by file name, /etc first."""
    files = {}
    for folder in ("/usr/lib/sysctl.d", "/run/sysctl.d", "/etc/sysctl.d"):
        files.update({path.name: str(path) for path in Path(folder).glob("*.conf")})
    found = {}
    for name in sorted(files):
        for line in (text(files[name]) or "").splitlines():
            key, equals, value = line.strip().lstrip("-").partition("=")
            if equals and not key.startswith(("#", ";")):
                found[key.strip().replace("/", ".")] = {"value": value.strip(), "file": files[name]}
    return found


def modes(paths: Any) -> Any:
    found: dict[str, Any] = {}
    for pattern in paths:
        for path in matching(pattern) or [pattern]:
            try:
                status = Path(path).stat()
                found[path] = {
                    "mode": f"{status.st_mode & 0o7777:04o}",
                    "owner": f"{status.st_uid}:{status.st_gid}",
                }
            except OSError:
                found[path] = None
    return found


def certificates(paths: Any) -> Any:
    """The public certificates in files, in kubeconfig files too; never a key."""
    found = {}
    for pattern in paths:
        for path in matching(pattern):
            content = text(path) or ""
            inside = re.findall(r"client-certificate-data: (\S+)", content)
            found[path] = CERTIFICATE.findall(
                "\n".join([content, *(base64.b64decode(data).decode() for data in inside)])
            )
    return found


def served_certificate(address: Any, port: Any) -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((address, port), timeout=5 * SLOWER) as plain,
            context.wrap_socket(plain) as secure,
        ):
            return ssl.DER_cert_to_PEM_cert(secure.getpeercert(True) or b"")
    except OSError:
        return None


def fetch(url: Any) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=5 * SLOWER) as answer:
            return answer.read(400).decode(errors="replace")
    except OSError as error:
        return f"{error}"


def lookup(name: Any) -> Any:
    try:
        return sorted({entry[4][0] for entry in socket.getaddrinfo(name, None, socket.AF_INET)})
    except OSError as error:
        return [f"{error}"]


def folder(path: Any, limit: Any = 20000) -> Any:
    return {name: (text(name) or "")[:limit] for name in matching(path) if Path(name).is_file()}


def modules(names: Any) -> Any:
    loaded = {line.split()[0] for line in (text("/proc/modules") or "").splitlines()}
    signs = {"br_netfilter": "/proc/sys/net/bridge", "overlay": None}
    filesystems = (text("/proc/filesystems") or "").split()
    return {
        name: name in loaded
        or name in filesystems
        or Path(f"/sys/module/{name}").exists()
        or Path(signs.get(name) or "/nowhere").exists()
        for name in names
    }


def resolvers() -> Any:
    """The name servers in each file that may be the pods' resolv.conf."""
    paths = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"}
    paths.update(re.findall(r"^resolvConf: (\S+)", text("/var/lib/kubelet/config.yaml") or "", re.MULTILINE))
    return {
        path: re.findall(r"^nameserver\s+(\S+)", text(path) or "", re.MULTILINE) for path in sorted(paths)
    }


def disk(path: Any) -> Any:
    status = os.statvfs(path)
    return {
        "free": status.f_bavail * status.f_frsize,
        "percent": 100 * status.f_bavail / max(status.f_blocks, 1),
    }


def main() -> None:
    print(
        json.dumps(
            {
                "time": time.time(),
                "hostname": socket.gethostname(),
                "machine_id": (text("/etc/machine-id") or "").strip(),
                "swaps": (text("/proc/swaps") or "").splitlines()[1:],
                "fstab": text("/etc/fstab") or "",
                "swap_units": [
                    line
                    for line in run(
                        "systemctl", "list-units", "--type=swap", "--plain", "--no-legend", "--state=active"
                    ).splitlines()
                    if line.strip()
                ],
                "modules": modules(GIVEN["modules"]),
                "module_files": folder("/etc/modules-load.d/*.conf"),
                "sysctls": sysctls(GIVEN["sysctls"]),
                "sysctl_files": sysctl_files(),
                "services": services(GIVEN["services"]),
                "packages": packages(),
                "resolved": {name: lookup(name) for name in GIVEN["names"]},
                "modes": modes(GIVEN["modes"]),
                "certificates": certificates(GIVEN["certificates"]),
                "kubelet_served": served_certificate("127.0.0.1", 10250),
                "kubelet_health": fetch("http://127.0.0.1:10248/healthz"),
                "kubelet_config": text("/var/lib/kubelet/config.yaml") or "",
                "resolvers": resolvers(),
                "containerd_version": run("containerd", "--version"),
                "runc_version": run("runc", "--version"),
                "containerd_config": run("containerd", "config", "dump"),
                "crictl": run("crictl", "info"),
                "images": run("crictl", "images", "-o", "json"),
                "mirrors": folder("/etc/containerd/certs.d/*/*"),
                "cni": folder("/etc/cni/net.d/*"),
                "cni_plugins": sorted(path.name for path in Path("/opt/cni/bin").glob("*")),
                "disk": disk("/var"),
                "sudo": os.geteuid() == 0,
                "apt_sources": folder("/etc/apt/sources.list.d/*.sources"),
                "failed_units": run(
                    "systemctl", "list-units", "--failed", "--plain", "--no-legend"
                ).splitlines(),
                "docker_config": text("/etc/docker/daemon.json") or "",
            }
        )
    )


main()
