"""Turn recipes into steps for some versions of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from gongbang.bundle import charts, debian, images, layers, packages, programs, store
from gongbang.bundle.recipes import DebianRelease, Image, Layer, Package, Program, Recipes
from gongbang.bundle.steps import Folders, Id, Plan, Step
from gongbang.bundle.toolchain import Toolchain


def plan(
    recipes: Recipes, versions: Iterable[str], toolchain: Toolchain, refreshed: str, processors: int = 1
) -> Plan:
    """All that the bundle holds for these versions of Kubernetes."""
    made = Plan(toolchain, processors)
    for release in recipes.debian:
        made.repositories[f"debian-{release.release}"] = {made.add(_debian(release, refreshed))}
    for layer in recipes.layers:
        made.add(_layer(layer, made, refreshed))
    for version in sorted(versions):
        names = {program.name for program in recipes.programs}
        chosen = {name: recipes.program(name, version) for name in sorted(names)}
        for program in chosen.values():
            made.add(_program(program, made))
        for package in recipes.packages:
            step = _package(package, chosen, made)
            repository = package.repository.format(**_facts(package.program, chosen))
            made.repositories.setdefault(repository, set()).add(made.add(step))
        for image in recipes.images:
            tag = image.tag.format(**chosen[image.program].facts)
            made.images[(image.name, tag)] = made.add(_image(image, tag, chosen, made))
    for folder in charts.folders():
        chart = charts.description(folder)
        made.images[(f"charts/{chart['name']}", str(chart["version"]))] = made.add(_chart(folder))
    return made


def _facts(name: str, chosen: Mapping[str, Program]) -> dict[str, str]:
    """What a recipe may say in braces: its program's facts, and each program's version."""
    facts = {f"{key.replace('-', '_')}_version": program.version for key, program in chosen.items()}
    return {**facts, "kubernetes_minor": chosen["kubernetes"].facts["minor"], **chosen[name].facts}


def _debian(release: DebianRelease, refreshed: str) -> Step:
    return Step(
        ("debian", release.release),
        debian.key(release, refreshed),
        60,
        (),
        lambda into, _: debian.fetch(release, into),
    )


def _layer(layer: Layer, made: Plan, refreshed: str) -> Step:
    needs: tuple[Id, ...] = (("debian", layer.release),) if layer.kind == "certificates" else ()

    def make(into: Path, done: Folders) -> None:
        if layer.kind == "certificates":
            work = into / "work"
            text = debian.certificates(done[needs[0]], work)
            debian.remove(work)
            layers.from_text({"/etc/ssl/certs/ca-certificates.crt": text}, into)
        else:
            archive = into / "root.tar"
            debian.root_file_system(layer, archive)
            layers.from_archive(archive, into)
            archive.unlink()

    inputs = [made.steps[need].key for need in needs]
    key = store.key_of(images.FORMAT, layer, inputs, refreshed)
    return Step(
        ("layer", layer.name),
        key,
        60 if layer.kind == "root" else 2,
        needs,
        make,
        layer.release,
        f"pkg:generic/{layer.name}@{layer.release}",
        packages=layer.packages,
    )


def _program(program: Program, made: Plan) -> Step:
    toolchain, processors = made.toolchain, made.processors
    return Step(
        ("program", program.folder.name),
        programs.key(program, toolchain.version, toolchain.c_compiler),
        program.seconds,
        (),
        lambda into, _: programs.build(program, toolchain, processors, into),
        program.version,
        _source(program),
        program.licence,
    )


def _package(package: Package, chosen: Mapping[str, Program], made: Plan) -> Step:
    used = {package.program, *(item["program"] for item in package.files if "program" in item)}
    needs = {name: ("program", chosen[name].folder.name) for name in sorted(used | {"nfpm"})}
    facts = _facts(package.program, chosen)
    main = chosen[package.program]
    version = package.version.format(**facts)
    used_facts = {name: value for name, value in facts.items() if "version" in name and name in str(package)}

    def make(into: Path, done: Folders) -> None:
        folders = {name: done[need] for name, need in needs.items()}
        packages.build(package, facts, folders, folders["nfpm"] / "nfpm", into)

    inputs = {name: made.steps[need].key for name, need in needs.items()}
    key = packages.key(package, {**used_facts, "package": version}, inputs)
    name = ("package", f"{package.name}_{version}")
    return Step(name, key, 4, tuple(needs.values()), make, version, _source(main), main.licence)


def _image(image: Image, tag: str, chosen: Mapping[str, Program], made: Plan) -> Step:
    used = {image.program, *(source.split("/")[0] for source in image.files.values())}
    needs = {name: ("program", chosen[name].folder.name) for name in sorted(used)}
    below: list[Id] = [("layer", name) for name in image.layers]
    main = chosen[image.program]

    def make(into: Path, done: Folders) -> None:
        folders = {name: done[need] for name, need in needs.items()}
        images.build(image, main.facts, folders, [done[layer] for layer in below], into)

    inputs = {str(need): made.steps[need].key for need in [*needs.values(), *below]}
    key = images.key(image, main.facts, inputs)
    name = ("image", f"{image.name.replace('/', '_')}_{tag}")
    return Step(name, key, 5, (*needs.values(), *below), make, tag, _source(main), main.licence)


def _source(program: Program) -> str:
    """The Go module that a program comes from; its version is the program's, whatever a tag or package says."""
    return f"pkg:golang/{program.module}@v{program.version}"


def _chart(folder: Path) -> Step:
    version = str(charts.description(folder)["version"])
    return Step(
        ("chart", folder.name),
        charts.key(folder),
        1,
        (),
        lambda into, _: charts.build(folder, into),
        version,
        f"pkg:generic/charts/{folder.name}@{version}",
        "Apache-2.0",
    )
