"""Filters of the role helm: folder charts as archives, declared releases with digests, what differs."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

MARK = "gongbang:"
"""Each release that we deploy has the digest of its declaration as its description, after this mark."""
GOING = ("uninstalling", "uninstalled")
PENDING = ("pending-install", "pending-upgrade", "pending-rollback")


def is_folder(chart: str) -> bool:
    """Whether a chart is named by its folder: a path with a slash that is no registry's."""
    return "://" not in chart and "/" in chart


def folder_of(chart: str, root: str) -> Path:
    """The folder of a chart."""
    return (Path(root) / chart).resolve()


@cache
def archive(folder: Path) -> bytes:
    """The chart as helm's own archive format, the same bytes for the same files."""
    target = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=target, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as source:
                tar.addfile(entry, source)
    return target.getvalue()


def enabled(releases: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The releases without those that the inventory switches off."""
    return [release for release in releases if release.get("enabled", True)]


def declared(releases: Sequence[Mapping[str, Any]], root: str, timeout: str = "5m") -> list[dict[str, Any]]:
    """The enabled releases, each with the digest of all that makes it, and a folder chart's archive."""
    found = []
    for release in enabled(releases):
        entry: dict[str, Any] = {
            "values": {},
            "version": "",
            "repository": "",
            "wait": False,
            "timeout": timeout,
            **release,
        }
        parts = [entry[key] for key in ("chart", "repository", "version", "values")]
        if is_folder(entry["chart"]):
            folder = folder_of(entry["chart"], root)
            data = archive(folder) if folder.is_dir() else b""
            entry["archive"] = base64.b64encode(data).decode()
            parts.append(hashlib.sha256(data).hexdigest())
        entry["digest"] = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
        found.append(entry)
    return found


def problems(releases: Sequence[Mapping[str, Any]], root: str) -> list[str]:
    """What is wrong with the releases, as far as the controller can tell: folder charts and their schemas."""
    found = []
    for release in enabled(releases):
        chart = str(release.get("chart", ""))
        if not is_folder(chart):
            continue
        folder = folder_of(chart, root)
        if not (folder / "Chart.yaml").is_file():
            there = (
                ", ".join(sorted(path.parent.name for path in folder.parent.glob("*/Chart.yaml"))) or "none"
            )
            found.append(
                message(
                    release,
                    "the chart does not exist",
                    folder,
                    f"correct helm_releases; there are in {folder.parent}: {there}",
                )
            )
            continue
        fix = f"correct the values in helm_releases; see {folder}/values.schema.json"
        found += [
            message(release, "the chart refuses the values", text, fix) for text in refused(folder, release)
        ]
    return found


def message(release: Mapping[str, Any], what: str, seen: object, fix: str) -> str:
    """The three parts of a message."""
    return f"release {release.get('name')}: {what}\n    seen: {seen}\n    fix:  {fix}"


def refused(folder: Path, release: Mapping[str, Any]) -> list[str]:
    """What the chart's schema says about the release's values over the chart's own."""
    schema = folder / "values.schema.json"
    if not schema.is_file():
        return []
    try:
        import jsonschema  # type: ignore[import-untyped,unused-ignore]
    except ImportError:  # a plain Ansible without it: helm itself refuses on the control plane
        return []
    own = yaml.safe_load((folder / "values.yaml").read_text()) if (folder / "values.yaml").is_file() else {}
    values = plain(merged(own or {}, release.get("values") or {}))
    found = jsonschema.Draft202012Validator(json.loads(schema.read_text())).iter_errors(values)
    return [f"{'.'.join(str(part) for part in error.path) or 'values'}: {error.message}" for error in found]


def plain(value: Any) -> Any:
    """The value without Ansible's own string and dict types."""
    return json.loads(json.dumps(value))


def merged(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values as helm merges them: dicts key by key, null takes a key away."""
    result = dict(own)
    for key, value in given.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def plan(entries: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> list[dict[str, Any]]:
    """The releases that are not as declared, each with what has to go before (`uninstall`, `rollback` or nothing) and why.

    `lines` are the state script's: name, the latest revision as `helm history` tells it (or nothing), the objects that
    are gone, the workloads that are not ready.
    """
    rows = [row[:3] for row in columns(lines)]
    live = {name: json.loads(text)[0] for name, text, _ in rows if text.strip()}
    gone = {name: text for name, _, text in rows if text.strip()}
    found = []
    for entry in entries:
        now = live.get(entry["name"])
        if now is None:
            found.append({**entry, "before": "", "why": "not installed"})
        elif now["status"] != "deployed" or now["description"] != MARK + entry["digest"]:
            found.append({**entry, "before": mend(now), "why": reason(now)})
        elif entry["name"] in gone:
            found.append({**entry, "before": "", "why": f"gone are {gone[entry['name']]}"})
    return found


def columns(lines: Sequence[str]) -> list[list[str]]:
    """The four columns of each declared release, from the state script's lines."""
    return [[*line.split("\t"), "", "", ""][:4] for line in lines if not line.startswith("\t")]


def unready(lines: Sequence[str]) -> list[str]:
    """The releases whose workloads are not ready, with the pods that these have of those they want."""
    return [f"release {name}: {text}" for name, _, _, text in columns(lines) if text.strip()]


def strangers(lines: Sequence[str], known: Sequence[str]) -> list[str]:
    """What to tell of the releases that are on the cluster and not declared."""
    text = next((line for line in lines if line.startswith("\t")), "")
    return [
        f"release {found['name']} in namespace {found['namespace']} is not declared; "
        f"helm uninstall {found['name']} --namespace {found['namespace']}"
        for found in (json.loads(text) if text.strip() else [])
        if found["name"] not in known
    ]


def mend(now: Mapping[str, Any]) -> str:
    """What a release that was left in the middle needs before it can be upgraded."""
    if now["status"] in GOING or (int(now["revision"]) == 1 and now["status"] != "deployed"):
        return "uninstall"
    return "rollback" if now["status"] in PENDING else ""


def in_words(entry: Mapping[str, Any]) -> str:
    """A planned release as a plan tells it."""
    return f"release {entry['name']}: {entry['why']} -> deployed"


def reason(now: Mapping[str, Any]) -> str:
    """Why a release is touched, in words."""
    if now["status"] != "deployed":
        return f"revision {now['revision']} is {now['status']}"
    if not now["description"].startswith(MARK):
        return f"revision {now['revision']} was made by hand: {now['description']}"
    return f"revision {now['revision']} ({now['chart']}) has another chart or other values"


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {
            "helm_declared": declared,
            "helm_problems": problems,
            "helm_plan": plan,
            "helm_strangers": strangers,
            "helm_unready": unready,
            "helm_words": in_words,
        }
