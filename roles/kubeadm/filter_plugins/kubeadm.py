"""Filters of the role kubeadm: what a running cluster's configuration differs in from the declared one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

STATIC_PODS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
ORDER = ("certificates", *STATIC_PODS, "cluster", "kubelets", "kube-proxy", "coredns", "kubelet")
"""The steps of kubeadm-configure as they are made on a control plane."""
ADDONS = {"kube-proxy": ("DaemonSet", "proxy"), "coredns": ("Deployment", "dns")}
"""What kubeadm runs in the cluster: the kind of object, and its part of ClusterConfiguration."""
NEED_API = {"cluster", "kubelets", *ADDONS}
REVIVE = ("kubelets", "kubelet")
"""What comes first where the kubelet is not well: no static pod can become ready without it."""
ONCE_MORE = "was not seen to its end -> made once more"
FIXED = ("clusterName", "controlPlaneEndpoint", "networking.podSubnet", "networking.serviceSubnet", "networking.dnsDomain")  # fmt: skip
"""What a cluster is made with and keeps."""
OF_KUBEADM = ("--hostname-override=", "--register-with-taints=")
"""Flags of the kubelet that kubeadm finds out itself, once, when a node becomes a member: they stay."""
MISSING = object()
Objects = Mapping[tuple[str, str], Mapping[str, Any]]
SHOWN = 120
"""How many characters of a value are shown."""


def read(text: str | None) -> Any:
    """A YAML document; None when there is none or it is broken."""
    try:
        return yaml.safe_load(text) if text is not None else None
    except yaml.YAMLError:
        return None


def decoded(text: str) -> str:
    """The text of base64; empty when it is none."""
    try:
        return base64.b64decode(text).decode()
    except ValueError:
        return ""


def unpacked(lines: Sequence[str]) -> dict[str, dict[str, str]]:
    """The script's lines, `wanted/name=base64` and `live/name=base64`, as texts by name."""
    found: dict[str, dict[str, str]] = {"wanted": {}, "live": {}}
    for line in lines:
        path, _, data = line.partition("=")
        side, _, name = path.partition("/")
        found.setdefault(side, {})[name.removesuffix(".yaml")] = decoded(data)
    return found


def differences(live: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """One text, `path: old -> new`, for each value that differs."""
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        for key in sorted({*live, *wanted}, key=str):
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(live.get(key, MISSING), wanted.get(key, MISSING), inner)
    elif isinstance(live, list) and isinstance(wanted, list):
        yield from of_lists(live, wanted, path)
    elif live is MISSING or wanted is MISSING or live != wanted:
        yield f"{path or 'content'}: {shown(live)} -> {shown(wanted)}"


def of_lists(live: list[Any], wanted: list[Any], path: str) -> Iterator[str]:
    """The items that are only in one of the lists."""
    gone, new = [x for x in live if x not in wanted], [x for x in wanted if x not in live]
    if len(gone) == len(new) == 1 and isinstance(gone[0], Mapping):
        yield from differences(gone[0], new[0], path)
        return
    yield from (f"{path}: {shown(item)} -> gone" for item in gone)
    yield from (f"{path}: missing -> {shown(item)}" for item in new)
    if not gone and not new and live != wanted:
        yield f"{path}: other order or number -> as declared"


def shown(value: Any) -> str:
    """A value as a plan shows it."""
    if value is MISSING or value is None:
        return "missing"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def configuration(lines: Sequence[str]) -> dict[str, Any]:
    """What a cluster differs in: `steps` of kubeadm-configure that mend it, `words` for them.

    With them the configuration that all kubelets are to have (`kubelets`), this node's with its patches (`kubelet`) and its
    `flags`, and what is not kubeadm's and stays (`notes`, after the node's name).
    """
    texts = unpacked(lines)
    wanted, live = texts["wanted"], texts["live"]
    objects = answered(live.get("objects", ""))
    found = {"certificates": [f"certificate {name}: missing" for name in live.get("missing", "").split()]}
    found |= static_pods(live, wanted)
    if objects is not None:
        found |= in_cluster(objects, wanted)
    steps = [step for step, words in found.items() if words]
    if any("apiServer.certSANs" in text for text in found.get("cluster", [])):
        steps.append("certificates")
    return {
        "steps": sorted({*steps}, key=ORDER.index),
        "words": [text for words in found.values() for text in words],
        "kubelet": read(wanted.get("config")) or {},
        "kubelets": shared(wanted) or {},
        "flags": flags(wanted.get("kubeadm-flags.env", "")),
        "notes": [*strange(live), *edited(objects or {}, wanted)],
    }


def strange(live: Mapping[str, str]) -> Iterator[str]:
    """Static pods that kubeadm does not make, in words."""
    for name in sorted({*live} - {*STATIC_PODS, "objects", "missing"}):
        yield f"runs the static pod {name}, which gongbang has not made"


def edited(objects: Objects, wanted: Mapping[str, str]) -> Iterator[str]:
    """The Corefile that somebody has edited: there is nothing in kubeadm to declare it with, and it keeps it too."""
    now, then = corefile(objects), document(wanted.get("coredns", ""), "ConfigMap")
    if now is not None and then and now.strip() != then["data"]["Corefile"].strip():
        yield "answers names with another Corefile (configmap coredns) than kubeadm's; it stays as it is"


def static_pods(live: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, list[str]]:
    """How each part of the control plane differs from the manifest that kubeadm would write now, in words."""
    return {
        name: [f"static pod {name}: {text}" for text in of_manifest(live.get(name), wanted[name])]
        for name in STATIC_PODS
        if name in wanted
    }


def of_manifest(live: str | None, wanted: str) -> list[str]:
    """How a manifest differs; nothing when both mean the same."""
    if live is None:
        return ["its manifest is missing"]
    now = read(live)
    return list(differences(now, read(wanted))) if isinstance(now, dict) else ["its manifest cannot be read"]


def answered(text: str) -> Objects | None:
    """The objects that the API has, by kind and name; None when it did not answer."""
    try:
        items = json.loads(text).get("items", [])
    except ValueError:
        return None
    return {(item["kind"], item["metadata"]["name"]): item for item in items}


def in_cluster(objects: Objects, wanted: Mapping[str, str]) -> dict[str, list[str]]:
    """How what lives inside the cluster differs, in words; without the addons that are declared to be no business of ours."""
    found = config_maps(objects, wanted)
    for name, (kind, _) in ADDONS.items():
        then, now = document(wanted.get(name, ""), kind), objects.get((kind, name))
        words = [f"{name}: {text}" for text in differences(program(now), program(then))] if then else []
        found[name] = [*found.get(name, []), *words]
    if corefile(objects) is None and wanted.get("coredns"):
        found["coredns"].append("coredns: Corefile: missing -> kubeadm's")
    return {name: words for name, words in found.items() if name not in disowned(wanted)}


def disowned(wanted: Mapping[str, str]) -> set[str]:
    """The addons that the inventory takes from kubeadm: a phase that is skipped, or `disabled`."""
    phases = {*wanted.get("skipped", "").split()}
    cluster = read(wanted.get("cluster")) or {}
    return {
        name
        for name, (_, part) in ADDONS.items()
        if phases & {"addon", f"addon/{name}"} or (cluster.get(part) or {}).get("disabled")
    }


def program(workload: Mapping[str, Any] | None) -> dict[str, Any]:
    """What an addon runs; the API fills in too much of the rest to compare it."""
    if workload is None:
        return {}
    container = workload["spec"]["template"]["spec"]["containers"][0]
    return {key: container[key] for key in ("image", "command", "args") if container.get(key)}


def corefile(objects: Objects) -> str | None:
    """CoreDNS's configuration; None when there is none."""
    text: str | None = (objects.get(("ConfigMap", "coredns"), {}).get("data") or {}).get("Corefile")
    return text


def config_maps(objects: Objects, wanted: Mapping[str, str]) -> dict[str, list[str]]:
    """How the configuration inside the cluster differs, in words."""
    kubelets, proxy = shared(wanted), document(wanted.get("kube-proxy", ""), "ConfigMap")
    documents = {
        "cluster": ("kubeadm-config", "ClusterConfiguration", read(wanted.get("cluster"))),
        # each node has its own endpoint there
        "kubelets": ("kubelet-config", "kubelet", kubelets and {**kubelets, "containerRuntimeEndpoint": ""}),
        "kube-proxy": ("kube-proxy", "config.conf", proxy and read(proxy["data"]["config.conf"])),
    }
    live = {name: item.get("data") or {} for (kind, name), item in objects.items() if kind == "ConfigMap"}
    return {
        step: [f"{name}: {text}" for text in differences(read(live.get(name, {}).get(key)), then)]
        for step, (name, key, then) in documents.items()
        if then
    }


def shared(wanted: Mapping[str, str]) -> Any:
    """The kubelets' configuration without the patches of one node."""
    return read(wanted.get("kubelets", wanted.get("config")))


def document(text: str, kind: str) -> Any:
    """The first object of this kind in the manifests that kubeadm prints for an addon."""
    return next((one for one in yaml.safe_load_all(text) if one and one.get("kind") == kind), None)


def flags(text: str) -> list[str]:
    """The kubelet's flags in the line that kubeadm writes for systemd: NAME="--a=b --c=d"."""
    found = read(text.partition("=")[2])
    return found.split() if isinstance(found, str) else []


def declared(arguments: Iterable[Mapping[str, Any]]) -> list[str]:
    """The flags that kubeletExtraArgs declare."""
    return [f"--{one['name']}={one['value']}" for one in arguments]


def follow(given: Iterable[str]) -> list[str]:
    """The flags that follow the inventory."""
    return sorted({one for one in given if not one.startswith(OF_KUBEADM)})


def flags_line(state: Mapping[str, str], wanted: Iterable[str], name: str) -> str:
    """The line for systemd with the declared flags, and the node's own of kubeadm; it needs its name where they are lost."""
    live = flags(decoded(state.get("kubelet_flags", ""))) or [f"{OF_KUBEADM[0]}{name}"]
    own = [one for one in live if one.startswith(OF_KUBEADM)]
    return f"KUBELET_KUBEADM_ARGS={json.dumps(' '.join(sorted([*follow(wanted), *own])))}\n"


def kubelet(state: Mapping[str, str], wanted: Mapping[str, Any], given: Iterable[str] = ()) -> list[str]:
    """How a node's kubelet differs from the configuration and the flags that are declared for it, in words."""
    if not wanted or "kubelet_config" not in state:
        return []
    now, live = read(decoded(state["kubelet_config"])), flags(decoded(state.get("kubelet_flags", "")))
    found = [f"kubelet configuration: {text}" for text in differences(now, dict(wanted))]
    found += of_lists(follow(live), follow(" ".join(given).split()), "kubelet flags")
    if not found and "kubelet_stale" in state:
        found.append("kubelet: runs since before its configuration was written -> restarted")
    if not found and "kubelet" in kept(state):
        found.append(f"kubelet: its configuration {ONCE_MORE}")
    return found


def kept(state: Mapping[str, str]) -> set[str]:
    """The steps that were cut off in the middle; what they replaced is still kept on the node."""
    return {*state.get("kept", "").split()} & {*ORDER}


def due(wanted: Mapping[str, Any], state: Mapping[str, str]) -> dict[str, list[str]]:
    """All that is to be made on this control plane now: `steps` in their order, `words` for them.

    While the API is silent that is what needs none, which may be what brings it back.
    """
    own, silent = kubelet(state, wanted["kubelet"], wanted["flags"]), "silent" in state
    steps = {*wanted["steps"], *(["kubelet"] if own else [])}
    again = kept(state) - steps
    steps = (steps | again) - (NEED_API if silent else set())
    words = [*wanted["words"], *own, *(f"{step}: {ONCE_MORE}" for step in sorted(again & steps))]
    first = REVIVE if state.get("node") != "True" or "kubelet_down" in state else ()
    return {"steps": sorted(steps, key=lambda step: (step not in first, ORDER.index(step))), "words": words}


def fixed(state: Mapping[str, str], documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the inventory changes of a running cluster and no tool can: `name: old -> new`; a half-made one is made anew."""
    if state.get("unfinished") == "init":
        return []
    live = read(decoded(state.get("cluster_configuration", "")))
    if not isinstance(live, Mapping):
        return []
    wanted = next(one for one in documents if one["kind"] == "ClusterConfiguration")
    pairs = [(name, at(live, name), at(wanted, name)) for name in FIXED]
    return [f"{name}: {now} -> {then}" for name, now, then in pairs if now != then]


def at(document: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path."""
    found: Any = document
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def readable(state: Mapping[str, str]) -> list[str]:
    """Files with credentials that others than root can read."""
    return [key.removeprefix("open ") for key in state if key.startswith("open ")]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {
            "kubeadm_configuration": configuration,
            "kubeadm_due": due,
            "kubeadm_kubelet": kubelet,
            "kubeadm_flags": declared,
            "kubeadm_flags_line": flags_line,
            "kubeadm_fixed": fixed,
            "kubeadm_readable": readable,
        }
