"""The moments at which single shots are fired, as the nodes' own files tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LOGS = "/var/log/gongbang"

IN_A_FILE = """
import os, signal, sys, time
path, word, victim = sys.argv[1:]
begin = os.path.getsize(path) if path.endswith("dpkg.log") and os.path.exists(path) else 0
while True:
    try:
        with open(path) as file:
            file.seek(begin)
            if word in file.read():
                break
    except OSError:
        pass
    time.sleep(0.001)
"""
IN_HELM = """
import os, signal, subprocess, sys, time
release, status, victim = sys.argv[1:]
ask = ["kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "get", "secrets", "--all-namespaces", "--output=name",
       "--selector", f"owner=helm,name={release},status={status}"]
while not subprocess.run(ask, capture_output=True, text=True).stdout.strip():
    time.sleep(0.02)
"""
THEN = """
def name(pid):
    try:
        return open(f"/proc/{pid}/comm").read().strip()
    except OSError:
        return ""

for pid in os.listdir("/proc"):
    if victim and pid.isdigit() and name(pid) == victim:
        os.kill(int(pid), signal.SIGSTOP)
print("now", flush=True)
"""
"""Stops the program that is in that moment, so that it is still in it when the power is cut."""


@dataclass(frozen=True)
class Moment:
    """A script for the node that ends when the moment has come, and its words; `victim` is the program that is in it."""

    name: str
    script: str
    words: tuple[str, str]
    victim: str

    def arguments(self, *, freeze: bool) -> Sequence[str]:
        """The script's words; with `freeze` the program is stopped in that moment."""
        return (*self.words, self.victim if freeze else "")


def _kubeadm(step: str, phase: str, word: str = "") -> Moment:
    words = (f"{LOGS}/gongbang-kubeadm-{step}.log", word or f"[{phase}]")
    return Moment(f"{step} in {phase}", IN_A_FILE + THEN, words, "kubeadm")


INIT = {
    phase: _kubeadm("init", phase)
    for phase in (
        "preflight",
        "certs",
        "kubeconfig",
        "etcd",
        "control-plane",
        "kubelet-start",
        "wait-control-plane",
        "control-plane-check",
        "upload-config",
        "mark-control-plane",
        "bootstrap-token",
        "kubelet-finalize",
        "addons",
    )
}
JOIN = {phase: _kubeadm("join", phase) for phase in ("preflight", "kubelet-start", "kubelet-check")} | {
    "tls-bootstrap": _kubeadm("join", "tls-bootstrap", "to perform the TLS Bootstrap")
}
PACKAGES = {
    step: Moment(f"packages, {step}", IN_A_FILE + THEN, ("/var/log/dpkg.log", f"status {word}"), "dpkg")
    for step, word in (
        ("unpacking", "half-installed kubelet:"),
        ("configuring", "half-configured containerd.io:"),
    )
}
INSTALL = Moment("helm pending-install", IN_HELM + THEN, ("web", "pending-install"), "helm")
UPGRADE = Moment("helm pending-upgrade", IN_HELM + THEN, ("web", "pending-upgrade"), "helm")
