"""The bundle as its users have it: built, killed on the way, two minors at once, carried into a closed network."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.error import URLError

import pytest

from gongbang import schema
from gongbang.bundle import manifest, published, reading, store
from gongbang.bundle.images import MANIFEST_TYPE
from gongbang.bundle.published import Published
from gongbang.paths import ROOT
from tests.bundle.machines import fetched, free_port, inv, machine, started

MINORS = tuple(sorted(schema.kubernetes_versions()))
QUICK = 3.0
"""Seconds that a build may take which has nothing to do."""
KILLED_AFTER = ((4, 0), (15, 0), (30, 1))
"""Seconds into one build after the other, and how many artefacts have to be finished by then."""
MINOR = MINORS[0].rpartition(".")[0]
OURS = (f"apt/kubernetes/v{MINOR}/", "apt/containerd/", "apt/helm/")
ADDRESS = "127.0.0.1"
TAG = "/current/link"
"""How the file ends that holds the digest of a tag in the registry's storage."""


@pytest.fixture(scope="module")
def both() -> Published:
    """The published bundle, with both minors in it."""
    done = inv("bundle.build", "--kubernetes", ",".join(MINORS))
    assert done.returncode == 0, done.stdout + done.stderr
    current = published.read()
    assert current
    return current


def test_two_minors_are_served_side_by_side(both: Published) -> None:
    for version in MINORS:
        minor = version.rpartition(".")[0]
        packages = [
            name for name in both.files if name.startswith(f"apt/kubernetes/v{minor}/kubeadm_{version}")
        ]
        assert packages, f"no kubeadm {version} in {sorted(both.files)[:20]}"
        assert f"registry.k8s.io/kube-apiserver:v{version}" in both.images
    verified = inv("bundle.verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert ", ".join(MINORS) in verified.stdout


def test_the_manifest_tells_version_source_licence_and_checksum_of_all(both: Published) -> None:
    components = manifest.read(published.root() / published.MANIFEST)
    for key in ("version", "purl", "licenses", "hashes"):
        assert [item["bom-ref"] for item in components if not item.get(key)] == [], key
    debian = [item for item in components if item["purl"].startswith("pkg:deb/")]
    told = [item for item in debian if "/copyright" not in item["licenses"][0]["license"]["name"]]
    assert len(told) > len(debian) * 3 / 4, "most copyright files can be read by a machine"


def test_nothing_to_do_is_quick(both: Published) -> None:
    """The best of three: the machine may be busy with something else for a while."""
    assert min(seconds_of("bundle.build") for _ in range(3)) <= QUICK


def seconds_of(command: str) -> float:
    begun = time.monotonic()
    assert inv(command).returncode == 0
    return time.monotonic() - begun


def test_a_build_that_is_killed_goes_on_and_makes_the_same(both: Published, tmp_path: Path) -> None:
    other = machine(tmp_path)
    bundle = tmp_path / "cache/gongbang/bundle"
    for seconds, artefacts in KILLED_AFTER:
        killed = started("bundle.build", "--kubernetes", MINORS[0], env=other)
        time.sleep(seconds)
        while len(finished(bundle)) < artefacts and killed.poll() is None:
            time.sleep(1)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
        assert published.read(bundle) is None, "a half-made bundle is published"
    before = finished(bundle)
    assert before
    done = inv("bundle.build", "--kubernetes", MINORS[0], env=other)
    assert done.returncode == 0, done.stdout + done.stderr
    after = finished(bundle)
    assert {path: after.get(path) for path in before} == before, "what was finished is made again"
    made = published.read(bundle)
    assert made
    wanted, found = digests(both), digests(made)
    assert any(name.endswith(".deb") for name in found)
    assert any("/charts/" in name for name in found)
    assert any("/pause/" in name for name in found)
    assert {name: wanted.get(name) for name in found} == found


def finished(bundle: Path) -> dict[Path, int]:
    """The artefacts in the store that are whole, with the time when each became so."""
    return {path: path.stat().st_mtime_ns for path in bundle.glob(f"store/*/*/*/{store.RECORD}")}


def digests(bundle: Published) -> dict[str, str]:
    """SHA-256 of what no package of Debian is part of: our packages of one minor, charts, and the tags of images."""
    bare = {image.name for image in reading.load().images if not image.layers}
    folders = tuple(f"/repositories/{name}/" for name in (*bare, "charts"))
    return {
        name: digest
        for name, (_, _, digest) in bundle.files.items()
        if (name.startswith(OURS) and name.endswith(".deb"))
        or (name.endswith(TAG) and any(folder in name for folder in folders))
    }


def test_the_archive_is_enough_for_a_closed_network(both: Published, tmp_path: Path) -> None:
    archive = tmp_path / "bundle.tar"
    exported = inv("bundle.export", "--to", str(archive))
    assert exported.returncode == 0, exported.stdout + exported.stderr
    site = tmp_path / "site"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(site)], check=True)
    subprocess.run(["tar", "-xf", str(archive), "-C", str(site), "wheels"], check=True)
    closed = machine(tmp_path / "closed") | {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(site / "wheels"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_CACHE_DIR": "1",
        "GOPROXY": "off",
    }
    imported = inv("bundle.import", str(archive), cwd=site, env=closed)
    assert imported.returncode == 0, imported.stdout + imported.stderr
    assert (site / ".venv/made.lock").exists()
    assert json.loads(inv("bundle.list", "--json", cwd=site, env=closed).stdout)
    verified = inv("bundle.verify", cwd=site, env=closed)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert ", ".join(MINORS) in verified.stdout
    fetched_from(site, closed)


def fetched_from(site: Path, closed: dict[str, str]) -> None:
    """Serve the imported bundle, and fetch a package index and an image's manifest as a node would."""
    apt, registry = free_port(), free_port()
    ports = ("--apt-port", str(apt), "--registry-port", str(registry))
    served = inv("bundle.serve", "--listen", ADDRESS, *ports, cwd=site, env=closed)
    try:
        assert served.returncode == 0, served.stdout + served.stderr
        index = fetched(f"http://{ADDRESS}:{apt}/apt/kubernetes/v{MINOR}/Packages")
        assert f"Filename: ./kubeadm_{MINORS[0]}-" in index
        authority = Path(closed["XDG_DATA_HOME"]) / "gongbang/ca.crt"
        image = f"https://{ADDRESS}:{registry}/v2/registry.k8s.io/kube-apiserver/manifests/v{MINORS[0]}"
        assert json.loads(fetched(image, authority))["mediaType"] == MANIFEST_TYPE
    finally:
        stopped = inv("bundle.stop", "--listen", ADDRESS, cwd=site, env=closed)
    assert stopped.stdout.strip() == "stopped"
    with pytest.raises(URLError, match="refused"):
        fetched(f"http://{ADDRESS}:{apt}/apt/key.asc")
