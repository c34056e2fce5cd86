"""Capture one node's state; runs on the node itself with its own Python, as root, and prints JSON.

Standard library only, Python 3.9 or newer. The first argument is a JSON object that says what to look at:
{"paths": [glob], "units": [name], "sysctl_files": [glob], "cluster": bool}.
"""

import grp
import hashlib
import json
import pwd
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

KUBECTL = ["kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"]
HELM = ["helm", "--kubeconfig", "/etc/kubernetes/admin.conf"]
# Kinds that change in an idle cluster (leases, events, metrics), or follow from others (endpoint slices).
LEFT_OUT = re.compile(
    r"^(events|leases|endpoints|endpointslices|.*metrics.*|componentstatuses|bindings|.*reviews?)(\.|$)"
)


def run(argv: list[str]) -> str:
    """What a program prints."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def file_state(path: Path) -> dict[str, Any]:
    """Mode, owner, time and content of one file."""
    info = path.lstat()
    state: dict[str, Any] = {
        "mode": oct(stat.S_IMODE(info.st_mode)),
        "owner": f"{name_of(pwd.getpwuid, info.st_uid)}:{name_of(grp.getgrgid, info.st_gid)}",
        "mtime": info.st_mtime_ns,
    }
    if stat.S_ISLNK(info.st_mode):
        state["link"] = str(path.readlink())
    elif stat.S_ISREG(info.st_mode):
        state["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return state


def name_of(lookup: Callable[[int], Any], number: int) -> str:
    """The name of a user or group, or its number."""
    try:
        return str(lookup(number)[0])
    except KeyError:
        return str(number)


def files(patterns: list[str]) -> dict[str, Any]:
    """The files that the patterns match."""
    found: dict[str, Any] = {}
    for pattern in patterns:
        for path in Path("/").glob(pattern.lstrip("/")):
            if not path.is_dir() or path.is_symlink():
                found[str(path)] = file_state(path)
    return found


def packages() -> dict[str, str]:
    """Installed packages: version, selection (hold), state."""
    lines = run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Want} ${db:Status-Status}\n"]
    ).splitlines()
    return {
        line.split()[0]: " ".join(line.split()[1:]) for line in lines if not line.endswith("not-installed")
    }


def units(names: list[str]) -> dict[str, Any]:
    """The units that exist: active, enabled, since when."""
    wanted = "Id,LoadState,ActiveState,UnitFileState,ExecMainStartTimestamp,NRestarts"
    found: dict[str, Any] = {}
    for block in run(["systemctl", "show", "--property", wanted, *names]).strip().split("\n\n"):
        unit = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if unit.get("LoadState") == "loaded":
            found[unit.pop("Id")] = unit
    return found


def sysctls(patterns: list[str]) -> dict[str, str]:
    """The live values of the keys that our sysctl files name."""
    values: dict[str, str] = {}
    for pattern in patterns:
        for path in Path("/").glob(pattern.lstrip("/")):
            for key in re.findall(r"^\s*([a-z][\w./-]*)\s*=", path.read_text(), re.MULTILINE):
                live = Path("/proc/sys", key.replace(".", "/"))
                if live.exists():
                    values[key] = live.read_text().strip()
    return values


def swaps() -> list[str]:
    """The swap areas in use."""
    return [line.split()[0] for line in Path("/proc/swaps").read_text().splitlines()[1:]]


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
    """What identifies an object and its wanted state; its status is left out."""
    meta = item["metadata"]
    body = {key: value for key, value in item.items() if key not in ("metadata", "status")}
    body["labels"], body["annotations"] = meta.get("labels", {}), meta.get("annotations", {})
    text = json.dumps(body, sort_keys=True)
    return {
        "uid": meta.get("uid"),
        "generation": meta.get("generation"),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "owners": sorted(owner["kind"] for owner in meta.get("ownerReferences", [])),
        "labels": sorted(body["labels"].items()),
    }


def helm_releases() -> dict[str, Any]:
    """Every release: chart, status, revision, values."""
    found: dict[str, Any] = {}
    for release in json.loads(run([*HELM, "list", "--all-namespaces", "--output", "json"])):
        values = run(
            [*HELM, "get", "values", release["name"], "--namespace", release["namespace"], "--output", "json"]
        )
        wanted = ("chart", "status", "revision", "updated")
        state = {key: str(release[key]) for key in wanted}
        found[f"{release['namespace']}/{release['name']}"] = {**state, "values": json.loads(values)}
    return found


def main() -> None:
    """Print the state as JSON."""
    look = json.loads(sys.argv[1])
    state: dict[str, Any] = {
        "files": files(look["paths"]),
        "packages": packages(),
        "units": units(look["units"]),
        "sysctls": sysctls(look["sysctl_files"]),
        "swaps": swaps(),
    }
    if look["cluster"]:
        state["objects"] = api_objects()
        state["releases"] = helm_releases()
    json.dump(state, sys.stdout, sort_keys=True)


if __name__ == "__main__":
    main()
