"""The bill of materials: every artefact with version, source, licence and SHA-256, as CycloneDX."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gongbang.bundle import store
from gongbang.bundle.steps import Id, Plan, Step
from gongbang.files import write_atomically

SPEC = "1.6"
KINDS = {"program": "application", "package": "application", "image": "container", "chart": "application"}


def write(plan: Plan, folders: Mapping[Id, Path], target: Path) -> None:
    """Write the bill of materials of a finished plan."""
    components = [
        component for step in sorted(plan.steps.values(), key=lambda s: s.id)
        for component in _components(step, folders[step.id])
    ]  # fmt: skip
    text = json.dumps(components, sort_keys=True)
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, text)}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "gongbang-bundle", "bom-ref": "bundle"},
            "properties": [
                {"name": "gongbang:go", "value": plan.toolchain.version},
                {"name": "gongbang:c-compiler", "value": plan.toolchain.c_compiler},
            ],
        },
        "components": components,
    }
    write_atomically(target, json.dumps(bill, indent=1, sort_keys=True), 0o644)


def read(path: Path) -> list[dict[str, Any]]:
    """The components of a bill of materials."""
    components: list[dict[str, Any]] = json.loads(path.read_text())["components"]
    return components


def _components(step: Step, folder: Path) -> Iterator[dict[str, Any]]:
    record = json.loads((folder / store.RECORD).read_text())
    kind, name = step.id
    if kind == "image" or kind == "chart":
        index = json.loads((folder / "index.json").read_text())
        digest = index["manifests"][0]["digest"].removeprefix("sha256:")
        yield _component(step, name, KINDS[kind], digest)
        return
    for file, digest in sorted(record["files"].items()):
        if kind == "debian":
            yield _debian(step, file, digest)
        elif kind != "layer" or file.endswith(".gz"):
            yield _component(step, file, KINDS.get(kind, "file"), digest)


def _component(step: Step, name: str, kind: str, digest: str) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": kind,
        "bom-ref": f"{step.id[0]}/{step.id[1]}/{name}",
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "properties": [{"name": "gongbang:kind", "value": step.id[0]}],
    }
    if step.version:
        component["version"] = step.version
    if step.licence:
        component["licenses"] = [{"license": {"id": step.licence}}]
    if step.module:
        version = step.version if step.id[0] == "program" else ""
        component["purl"] = f"pkg:golang/{step.module}" + (f"@v{version}" if version else "")
    return component


def _debian(step: Step, file: str, digest: str) -> dict[str, Any]:
    """A component from a package's file name `name_version_architecture.deb`."""
    name, version, _ = re.split("_", file, maxsplit=2)
    purl = f"pkg:deb/debian/{name}@{version}?distro={step.id[1]}"
    licence = {"license": {"name": f"see /usr/share/doc/{name}/copyright in the package"}}
    component = _component(step, name, "library", digest)
    unique = f"debian/{step.id[1]}/{file}"
    return {**component, "version": version, "purl": purl, "licenses": [licence], "bom-ref": unique}
