from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gongbang import paths
from gongbang.bundle import building, manifest, planning, published, reading, schedule, toolchain
from gongbang.bundle.published import Published
from gongbang.bundle.toolchain import Toolchain
from gongbang.errors import ExitCode, GongbangError
from gongbang.files import write_atomically

RECIPES = reading.load()
VERSIONS = RECIPES.kubernetes_versions()
TOOLS = Toolchain(Path("go"), "go1.20", "cc 1")


@pytest.fixture(autouse=True)
def no_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here may begin a real build, which takes a quarter of an hour."""

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a real build was begun")

    monkeypatch.setattr(schedule, "run", refuse)


@pytest.fixture
def publish() -> Callable[..., Published]:
    """Publish an (imported) bundle that is what the recipes say now."""

    def make(key: str = "", tools: Toolchain = TOOLS, *, imported: bool = True) -> Published:
        plan = planning.plan(RECIPES, VERSIONS, tools, "")
        blob = published.root() / "registry/blob"
        write_atomically(blob, "blob", 0o644)
        write_atomically(published.root() / "apt/key.asc", "key", 0o644)
        write_atomically(published.root() / published.MANIFEST, "{}", 0o644)
        write_atomically(paths.data_dir() / "apt.fingerprint", "F\n", 0o644)
        files = published.look([blob])
        made = Published(
            key or plan.key(), VERSIONS, tools.version, tools.c_compiler, "", "F", imported, (), files
        )
        published.write(made)
        return made

    return make


def test_a_version_without_recipe_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(GongbangError) as caught:
        building.ensure(["1.20.0"])
    assert caught.value.code == ExitCode.BAD_INPUT
    assert caught.value.seen == "1.20.0"
    assert VERSIONS[-1] in caught.value.fix


def test_what_is_published_already_stays_published(publish: Callable[..., Published]) -> None:
    publish()
    assert building.choose([], RECIPES) == VERSIONS
    assert set(building.choose(VERSIONS[:1], RECIPES)) == set(VERSIONS)


def test_an_imported_bundle_needs_no_toolchain(publish: Callable[..., Published]) -> None:
    made = publish()
    assert building.ensure(VERSIONS) == made


def test_an_imported_bundle_of_another_revision_is_refused(publish: Callable[..., Published]) -> None:
    publish("another key")
    with pytest.raises(GongbangError, match="imported") as caught:
        building.ensure(VERSIONS)
    assert "import the archive of this revision" in caught.value.fix


def test_a_damaged_artefact_is_refused(publish: Callable[..., Published]) -> None:
    publish()
    (published.root() / "registry/blob").write_text("blub")
    with pytest.raises(GongbangError, match="wrong checksum") as caught:
        building.ensure(VERSIONS)
    assert caught.value.code == ExitCode.BAD_INPUT


def test_a_lost_file_or_a_lost_key_means_publishing_anew(publish: Callable[..., Published]) -> None:
    made = publish()
    assert building.is_current(made, VERSIONS, RECIPES)
    (paths.data_dir() / "apt.fingerprint").write_text("other")
    assert not building.is_current(made, VERSIONS, RECIPES)
    publish()
    (published.root() / "registry/blob").unlink()
    assert not building.is_current(made, VERSIONS, RECIPES)


def test_a_manifest_of_another_form_means_publishing_anew(
    publish: Callable[..., Published], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Except for an imported bundle, which cannot be made here."""
    monkeypatch.setattr(toolchain, "present", lambda _: None)
    assert not building.is_current(publish(imported=False), VERSIONS, RECIPES)
    form = [{"name": "gongbang:form", "value": manifest.FORM}]
    made = publish(imported=False)
    (published.root() / published.MANIFEST).write_text(json.dumps({"metadata": {"properties": form}}))
    made = replace(made, files=published.look([published.root() / "registry/blob"]))
    assert building.is_current(made, VERSIONS, RECIPES)
    assert building.is_current(publish(), VERSIONS, RECIPES)


def test_another_compiler_is_another_bundle() -> None:
    tools = Toolchain(Path("go"), "go1.26.8", "cc 12")
    keys = {
        planning.plan(RECIPES, VERSIONS, given, stamp).key()
        for given, stamp in [
            (tools, ""), (replace(tools, version="go1.27.0"), ""), (replace(tools, c_compiler="cc 14"), ""), (tools, "1"),
        ]
    }  # fmt: skip
    assert len(keys) == 4
