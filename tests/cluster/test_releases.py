"""Helm releases: deployed, at the declared version, with the declared values, untouched by hand."""

from __future__ import annotations

from typing import Any

import yaml

from gongbang.paths import ROOT
from tests.cluster.api import Api
from tests.cluster.expect import check, differences

Release = dict[str, Any]


def deployed(api: Api, release: Release) -> dict[str, Any]:
    listed = api.answer("helm")
    check(
        isinstance(listed, list), "helm does not list releases", listed, "helm list -A on the control plane"
    )
    place = release.get("namespace", "default")
    found = next(
        (item for item in listed if (item["name"], item["namespace"]) == (release["name"], place)), None
    )
    check(
        found, f"release {release['name']} is not there", [item["name"] for item in listed], "./inv charts.up"
    )
    assert found is not None
    return dict(found)


def declared_version(release: Release) -> str:
    """The chart version that the inventory declares; a folder chart's own when it declares none."""
    chart = ROOT / "charts" / str(release["chart"]).rsplit("/", maxsplit=1)[-1] / "Chart.yaml"
    if release.get("version"):
        return str(release["version"])
    return str(yaml.safe_load(chart.read_text())["version"]) if chart.exists() else ""


def workloads(api: Api, release: Release) -> list[dict[str, Any]]:
    """The Deployments and DaemonSets that Helm made for the release."""
    wanted = (release["name"], release.get("namespace", "default"))
    return [
        item
        for kind in ("Deployment", "DaemonSet", "StatefulSet")
        for item in api.all(kind)
        for notes in [item["metadata"].get("annotations", {})]
        if (notes.get("meta.helm.sh/release-name"), notes.get("meta.helm.sh/release-namespace")) == wanted
    ]


def test_release_is_deployed(api: Api, release: Release) -> None:
    seen = deployed(api, release)["status"]
    check(
        seen == "deployed",
        f"release {release['name']} is not deployed",
        seen,
        f"helm history {release['name']}",
    )


def test_release_has_the_declared_version(api: Api, release: Release) -> None:
    wanted = declared_version(release)
    seen = deployed(api, release)["chart"]
    check(
        not wanted or seen.endswith(f"-{wanted}"),
        f"release {release['name']} is at another version",
        seen,
        "./inv charts.up",
    )


def test_release_has_the_declared_values(api: Api, release: Release) -> None:
    seen = api.answer(f"values/{release.get('namespace', 'default')}/{release['name']}") or {}
    wrong = [line for line in differences(release.get("values") or {}, seen) if "{{" not in line]
    check(not wrong, f"release {release['name']} has other values than declared", wrong, "./inv charts.up")


def test_release_has_no_other_values(api: Api, release: Release) -> None:
    seen = api.answer(f"values/{release.get('namespace', 'default')}/{release['name']}") or {}
    # What only Ansible can resolve stands here as a template: it is not compared.
    more = [line for line in differences(seen, release.get("values") or {}) if "{{" not in line]
    check(
        not more, f"release {release['name']} was given values that are not declared", more, "./inv charts.up"
    )


def test_release_is_ready(api: Api, release: Release) -> None:
    short = {}
    for item in workloads(api, release):
        status = item["status"]
        wanted = (
            item["spec"].get("replicas", 1)
            if item["kind"] != "DaemonSet"
            else status.get("desiredNumberScheduled", 0)
        )
        ready = status.get("numberReady" if item["kind"] == "DaemonSet" else "readyReplicas", 0)
        if ready < max(wanted, 1):
            short[item["metadata"]["name"]] = f"{ready} of {wanted} ready"
    check(not short, f"release {release['name']} is not ready", short, "kubectl describe its pods")


def test_release_has_its_workloads(api: Api, release: Release) -> None:
    seen = [item["metadata"]["name"] for item in workloads(api, release)]
    check(seen, f"nothing runs for release {release['name']}", seen, "./inv charts.up")


def test_autoscaled_release_has_its_least_pods(api: Api, release: Release) -> None:
    few = {}
    for scaler in api.all("HorizontalPodAutoscaler"):
        notes = scaler["metadata"].get("annotations", {})
        if notes.get("meta.helm.sh/release-name") == release["name"]:
            target = api.one(
                "Deployment", scaler["spec"]["scaleTargetRef"]["name"], scaler["metadata"]["namespace"]
            )
            ready = (target or {}).get("status", {}).get("readyReplicas", 0)
            if ready < scaler["spec"].get("minReplicas", 1):
                few[scaler["metadata"]["name"]] = ready
    check(
        not few,
        f"release {release['name']} runs fewer pods than its autoscaler's least",
        few,
        "kubectl describe hpa",
    )


def test_disruption_budgets_allow_one(api: Api, release: Release) -> None:
    stuck = [
        budget["metadata"]["name"]
        for budget in api.all("PodDisruptionBudget")
        if budget["metadata"].get("annotations", {}).get("meta.helm.sh/release-name") == release["name"]
        and budget.get("status", {}).get("disruptionsAllowed", 0) < 1
    ]
    check(
        not stuck,
        f"no pod of release {release['name']} may be moved: a drain would hang",
        stuck,
        "kubectl describe pdb",
    )


def test_no_other_release_is_pending(api: Api) -> None:
    pending = [
        item["name"] for item in api.answer("helm") if str(item.get("status", "")).startswith("pending")
    ]
    check(not pending, "releases hang half-way", pending, "helm rollback, or helm uninstall")
