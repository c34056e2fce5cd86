"""What a running cluster's configuration differs in from the declared one, in kubeadm's own words."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import yaml

from tests.unit.roles.conftest import plugin

CLUSTER = {"kind": "ClusterConfiguration", "networking": {"podSubnet": "10.0.0.0/16"}, "apiServer": {}}
KUBELET = {"kind": "KubeletConfiguration", "maxPods": 110, "containerRuntimeEndpoint": "unix:///run/c.sock"}
PROXY = {"mode": "nftables"}


def pod(*command: str) -> dict[str, Any]:
    return {"kind": "Pod", "spec": {"containers": [{"name": "x", "command": ["x", *command]}]}}


WANTED = {"cluster": CLUSTER, "config.yaml": KUBELET, "kube-apiserver.yaml": pod("--a=1"), "etcd.yaml": pod()}
MAPS = {
    "kubeadm-config": ("ClusterConfiguration", CLUSTER),
    "kubelet-config": ("kubelet", KUBELET | {"containerRuntimeEndpoint": ""}),
    "kube-proxy": ("config.conf", PROXY),
}


def packed(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def workload(kind: str, **program: Any) -> dict[str, Any]:
    """An object that runs an addon."""
    return {"kind": kind, "spec": {"template": {"spec": {"containers": [{"name": "x", **program}]}}}}


COREFILE = ".:53 {\n    errors\n}\n"
ADDONS = {
    "kube-proxy": workload("DaemonSet", image="r/kube-proxy:v1", command=["kube-proxy", "--config=x"]),
    "coredns": workload("Deployment", image="r/coredns:v1", args=["-conf", "/etc/coredns/Corefile"]),
}


def asked(
    live: dict[str, Any],
    maps: dict[str, tuple[str, Any]] | None = MAPS,
    addons: dict[str, Any] = ADDONS,
    corefile: str | None = COREFILE,
) -> list[str]:
    """What the script prints: WANTED, and live manifests, ConfigMaps and addons."""
    config = {"kind": "ConfigMap", "data": {"config.conf": yaml.safe_dump(PROXY)}}
    texts = {f"wanted/{name}": yaml.safe_dump(value) for name, value in WANTED.items()}
    texts["wanted/kube-proxy"] = yaml.safe_dump_all(
        [{"kind": "ServiceAccount"}, config, ADDONS["kube-proxy"]]
    )
    names = {"kind": "ConfigMap", "data": {"Corefile": COREFILE}}
    texts["wanted/coredns"] = yaml.safe_dump_all([ADDONS["coredns"], names])
    texts |= {
        f"live/{name}": value if isinstance(value, str) else yaml.safe_dump(value)
        for name, value in live.items()
    }
    items = [
        {"kind": "ConfigMap", "metadata": {"name": name}, "data": {key: yaml.safe_dump(value)}}
        for name, (key, value) in (maps or {}).items()
    ]
    items += [{**one, "metadata": {"name": name}} for name, one in addons.items()]
    if corefile is not None:
        items.append({"kind": "ConfigMap", "metadata": {"name": "coredns"}, "data": {"Corefile": corefile}})
    texts["live/objects"] = "" if maps is None else json.dumps({"items": items})
    return [f"{name}={packed(text)}" for name, text in texts.items()]


SAME = {"kube-apiserver.yaml": pod("--a=1"), "etcd.yaml": pod()}


def found(
    live: dict[str, Any], maps: dict[str, tuple[str, Any]] | None = MAPS
) -> tuple[list[str], list[str]]:
    result = plugin("kubeadm").configuration(asked(live, maps))
    return result["steps"], result["words"]


def test_an_undisturbed_cluster_has_nothing_to_do() -> None:
    assert found(SAME) == ([], [])


@pytest.mark.parametrize(
    ("live", "text"),
    [
        (pod("--a=1", "--b=2"), "spec.containers.command: --b=2 -> gone"),
        (pod(), "spec.containers.command: missing -> --a=1"),
        ("{", "its manifest cannot be read"),
        ("", "its manifest cannot be read"),
    ],
)
def test_an_edited_static_pod_is_told(live: Any, text: str) -> None:
    assert found(SAME | {"kube-apiserver.yaml": live}) == (
        ["kube-apiserver"],
        [f"static pod kube-apiserver: {text}"],
    )


def test_a_missing_static_pod_is_told_and_a_strange_one_is_not_touched() -> None:
    assert found({"etcd.yaml": pod(), "other.yaml": pod()}) == (
        ["kube-apiserver"],
        ["static pod kube-apiserver: its manifest is missing"],
    )
    assert plugin("kubeadm").configuration(asked({"other.yaml": pod()}))["notes"] == [
        "runs the static pod other, which gongbang has not made"
    ]


@pytest.mark.parametrize(
    ("name", "value", "steps", "text"),
    [
        (
            "kubeadm-config",
            CLUSTER | {"dns": {"imageTag": "x"}},
            ["cluster"],
            'dns: {"imageTag": "x"} -> missing',
        ),
        (
            "kubeadm-config",
            CLUSTER | {"apiServer": {"certSANs": ["a"]}},
            ["certificates", "cluster"],
            'apiServer.certSANs: ["a"] -> missing',
        ),
        (
            "kubelet-config",
            KUBELET | {"containerRuntimeEndpoint": "", "maxPods": 9},
            ["kubelets"],
            "maxPods: 9 -> 110",
        ),
        ("kube-proxy", {"mode": "iptables"}, ["kube-proxy"], "mode: iptables -> nftables"),
    ],
)
def test_edited_configuration_in_the_cluster_is_told(
    name: str, value: Any, steps: list[str], text: str
) -> None:
    assert found(SAME, MAPS | {name: (MAPS[name][0], value)}) == (steps, [f"{name}: {text}"])


def test_configuration_that_is_gone_is_made_again() -> None:
    maps = {name: pair for name, pair in MAPS.items() if name != "kubelet-config"}
    assert found(SAME, maps)[0] == ["kubelets"]


def test_an_api_that_does_not_answer_tells_nothing_about_the_cluster() -> None:
    assert found(SAME, None) == ([], [])


def test_a_kubelet_is_compared_with_the_declaration() -> None:
    def words(live: Any, **more: str) -> list[str]:
        result: list[str] = plugin("kubeadm").kubelet(
            {"kubelet_config": packed(yaml.safe_dump(live)), **more}, KUBELET
        )
        return result

    assert words(KUBELET) == []
    assert words(KUBELET | {"maxPods": 99}) == ["kubelet configuration: maxPods: 99 -> 110"]
    assert words(KUBELET | {"containerRuntimeEndpoint": "unix:///x"})
    assert words(KUBELET, kubelet_stale="1") == [
        "kubelet: runs since before its configuration was written -> restarted"
    ]
    assert plugin("kubeadm").kubelet({}, KUBELET) == []


def test_what_a_cluster_keeps_is_not_changed() -> None:
    live = {"cluster_configuration": packed(yaml.safe_dump(CLUSTER))}
    assert plugin("kubeadm").fixed(live, [{"kind": "InitConfiguration"}, CLUSTER]) == []
    assert plugin("kubeadm").fixed({}, [CLUSTER | {"networking": {}}]) == []
    assert plugin("kubeadm").fixed(live, [CLUSTER | {"networking": {"podSubnet": "10.1.0.0/16"}}]) == [
        "networking.podSubnet: 10.0.0.0/16 -> 10.1.0.0/16"
    ]


def test_a_half_made_cluster_keeps_nothing() -> None:
    live = {"cluster_configuration": packed(yaml.safe_dump(CLUSTER)), "unfinished": "init"}
    assert plugin("kubeadm").fixed(live, [CLUSTER | {"networking": {"podSubnet": "10.1.0.0/16"}}]) == []


WELL = {"kubelet_config": packed(yaml.safe_dump(KUBELET)), "node": "True"}
OTHER = {"kubelet_config": packed(yaml.safe_dump(KUBELET | {"maxPods": 9}))}


@pytest.mark.parametrize(
    ("wanted", "state", "steps"),
    [
        ([], {}, []),
        (["etcd", "kubelets"], {}, ["etcd", "kubelets"]),
        (["etcd", "kubelets"], OTHER, ["etcd", "kubelets", "kubelet"]),
        (["etcd", "kubelets"], OTHER | {"node": "False"}, ["kubelets", "kubelet", "etcd"]),
        (["etcd"], OTHER | {"kubelet_down": "1"}, ["kubelet", "etcd"]),
        (["etcd", "kube-proxy"], {"silent": "refused"}, ["etcd"]),
        (["kube-apiserver"], {"kept": "etcd certificates"}, ["certificates", "etcd", "kube-apiserver"]),
        ([], {"kept": "kubelets", "silent": "refused"}, []),
        ([], {"kept": "kubelet"}, ["kubelet"]),
    ],
)
def test_the_steps_that_are_due(wanted: list[str], state: dict[str, str], steps: list[str]) -> None:
    asked = {"steps": wanted, "words": ["x"] * len(wanted), "kubelet": KUBELET, "flags": []}
    found = plugin("kubeadm").due(asked, WELL | state)
    assert found["steps"] == steps
    assert len(found["words"]) >= len(steps)


def test_a_step_that_was_cut_off_is_told() -> None:
    words = plugin("kubeadm").due(
        {"steps": [], "words": [], "kubelet": KUBELET, "flags": []}, WELL | {"kept": "etcd .new"}
    )
    assert words == {"steps": ["etcd"], "words": ["etcd: was not seen to its end -> made once more"]}


def test_a_certificate_that_is_missing_is_made() -> None:
    missing = f"live/missing={packed('apiserver.key')}"
    result = plugin("kubeadm").configuration([*asked(SAME), missing])
    assert result["steps"] == ["certificates"]
    assert result["words"] == ["certificate apiserver.key: missing"]
    assert result["notes"] == []


def test_a_nodes_own_patches_are_not_the_clusters() -> None:
    patched = packed(yaml.safe_dump(KUBELET | {"maxPods": 7}))
    lines = [line for line in asked(SAME) if not line.startswith("wanted/config.yaml=")]
    lines += [f"wanted/config.yaml={patched}", f"wanted/kubelets={packed(yaml.safe_dump(KUBELET))}"]
    result = plugin("kubeadm").configuration(lines)
    assert result["steps"] == []
    assert (result["kubelet"]["maxPods"], result["kubelets"]["maxPods"]) == (7, 110)


def test_readable_credentials_are_named() -> None:
    assert plugin("kubeadm").readable({"open /etc/kubernetes/admin.conf": "644", "x": "1"}) == [
        "/etc/kubernetes/admin.conf"
    ]


FLAGS = ["--node-ip=192.0.2.1"]
OWN = "--hostname-override=w1 --register-with-taints=a:NoSchedule"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('KUBELET_KUBEADM_ARGS="--node-ip=192.0.2.1"\n', []),
        (f'KUBELET_KUBEADM_ARGS="{OWN} --node-ip=192.0.2.1"\n', []),
        (
            'KUBELET_KUBEADM_ARGS="--node-ip=192.0.2.1 --v=1"\n',
            ["kubelet flags: --v=1 -> gone"],
        ),
        ("", ["kubelet flags: missing -> --node-ip=192.0.2.1"]),
        ('KUBELET_KUBEADM_ARGS="broken', ["kubelet flags: missing -> --node-ip=192.0.2.1"]),
    ],
)
def test_a_kubelets_flags_are_compared_with_the_declaration(line: str, words: list[str]) -> None:
    state = WELL | {"kubelet_flags": packed(line)}
    assert plugin("kubeadm").kubelet(state, KUBELET, FLAGS) == words
    due = plugin("kubeadm").due({"steps": [], "words": [], "kubelet": KUBELET, "flags": FLAGS}, state)
    assert due == {"steps": ["kubelet"] if words else [], "words": words}


def test_a_value_with_a_space_is_the_same_when_it_was_written() -> None:
    given = plugin("kubeadm").declared([{"name": "b", "value": "x y"}, {"name": "a", "value": 1}])
    line = plugin("kubeadm").flags_line({}, given, "w1")
    assert plugin("kubeadm").kubelet(WELL | {"kubelet_flags": packed(line)}, KUBELET, given) == []


def test_a_workers_flags_keep_what_kubeadm_found_out() -> None:
    state = {"kubelet_flags": packed(f'KUBELET_KUBEADM_ARGS="--v=1 {OWN}"\n')}
    assert plugin("kubeadm").flags_line(state, FLAGS, "w1") == (
        'KUBELET_KUBEADM_ARGS="--hostname-override=w1 --node-ip=192.0.2.1 --register-with-taints=a:NoSchedule"\n'
    )


def test_the_flags_of_a_control_plane_are_those_of_the_dry_run() -> None:
    line = f"wanted/kubeadm-flags.env={packed('KUBELET_KUBEADM_ARGS="--a=1 --b=2"')}"
    assert plugin("kubeadm").configuration([*asked(SAME), line])["flags"] == ["--a=1", "--b=2"]
