"""The bill of materials: every artefact with version, source, licence and SHA-256, as CycloneDX."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gongbang.bundle import debian_facts, layers, store
from gongbang.bundle.debian_facts import Facts
from gongbang.bundle.steps import Id, Plan, Step
from gongbang.files import write_atomically

SPEC = "1.6"
FORM = "2"
"""Raise it when a component tells more: a bill of another form is written anew, from artefacts as they are."""
KINDS = {"program": "application", "package": "application", "image": "container", "chart": "application"}

type Component = dict[str, Any]


def write(plan: Plan, folders: Mapping[Id, Path], target: Path) -> None:
    """Write the bill of materials of a finished plan."""
    debian = {
        step.id: debian_facts.of(folders[step.id]) for step in plan.steps.values() if step.id[0] == "debian"
    }
    components = [
        component for step in sorted(plan.steps.values(), key=lambda s: s.id)
        for component in _components(step, folders[step.id], debian)
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
                {"name": "gongbang:form", "value": FORM},
                {"name": "gongbang:go", "value": plan.toolchain.version},
                {"name": "gongbang:c-compiler", "value": plan.toolchain.c_compiler},
            ],
        },
        "components": components,
    }
    write_atomically(target, json.dumps(bill, indent=1, sort_keys=True), 0o644)


def read(path: Path) -> list[Component]:
    """The components of a bill of materials."""
    components: list[Component] = json.loads(path.read_text())["components"]
    return components


def is_of_this_form(path: Path) -> bool:
    """Tell whether a bill says all that this revision of the project writes."""
    properties = json.loads(path.read_text()).get("metadata", {}).get("properties", [])
    return {"name": "gongbang:form", "value": FORM} in properties


def _components(step: Step, folder: Path, debian: Mapping[Id, Mapping[str, Facts]]) -> Iterator[Component]:
    files: dict[str, str] = json.loads((folder / store.RECORD).read_text())["files"]
    kind, name = step.id
    if kind == "image" or kind == "chart":
        index = json.loads((folder / "index.json").read_text())
        digest = index["manifests"][0]["digest"].removeprefix("sha256:")
        yield _component(step, name, digest, _licence(step.licence))
    elif kind == "layer":
        yield _layer(step, files[layers.BLOB], debian.get(("debian", step.version), {}))
    elif kind == "debian":
        for file, facts in sorted(debian[step.id].items()):
            yield _debian(step, file, files[file], facts)
    else:
        for file, digest in sorted(files.items()):
            yield _component(step, file, digest, _licence(step.licence))


def _component(step: Step, name: str, digest: str, licences: list[Component]) -> Component:
    return {
        "type": KINDS.get(step.id[0], "file"),
        "bom-ref": f"{step.id[0]}/{step.id[1]}/{name}",
        "name": name,
        "version": step.version,
        "purl": step.source,
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "licenses": licences,
        "properties": [{"name": "gongbang:kind", "value": step.id[0]}],
    }


def _licence(identifier: str) -> list[Component]:
    return [{"license": {"id": identifier}}]


def _layer(step: Step, digest: str, known: Mapping[str, Facts]) -> Component:
    """A layer of Debian packages: the licences are those of the packages that it was asked for."""
    named = [facts for facts in known.values() if facts.name in step.packages]
    licences = [
        {"license": {"name": name}} for name in sorted({n for facts in named for n in facts.licences})
    ]
    told = f"a layer with {', '.join(step.packages)} of Debian {step.version} and all that they need"
    return {**_component(step, step.id[1], digest, licences), "description": told}


def _debian(step: Step, file: str, digest: str, facts: Facts) -> Component:
    names = facts.licences or (f"see /usr/share/doc/{facts.name}/copyright in the package",)
    licences = [{"license": {"name": name}} for name in names]
    component = _component(step, facts.name, digest, licences)
    component["properties"].append({"name": "gongbang:source-package", "value": facts.source})
    return component | {
        "type": "library",
        "bom-ref": f"debian/{step.id[1]}/{file}",
        "version": facts.version,
        "purl": f"pkg:deb/debian/{quote(facts.name)}@{quote(facts.version)}?distro={step.id[1]}",
    }
