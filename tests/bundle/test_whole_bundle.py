"""The bundle as its users have it: built, killed on the way, two minors at once, carried into a closed network."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from gongbang.bundle import published
from gongbang.bundle.published import Published
from gongbang.paths import ROOT
from tests.bundle.machines import inv, machine, started

MINORS = ("1.36.3", "1.37.1")
QUICK = 3.0
"""Seconds that a build may take which has nothing to do."""
KILLED_AFTER = (4, 15, 30)
"""Seconds into one build after the other: while Debian's packages come, while Go builds, while images are made."""
OURS = ("apt/kubernetes/", "apt/containerd/", "apt/helm/")


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


def test_nothing_to_do_is_quick(both: Published) -> None:
    """The best of three: the machine may be busy with something else for a while."""
    assert min(seconds_of("bundle.build") for _ in range(3)) <= QUICK


def seconds_of(command: str) -> float:
    begun = time.monotonic()
    assert inv(command).returncode == 0
    return time.monotonic() - begun


def test_a_build_that_is_killed_goes_on_and_makes_the_same(both: Published, tmp_path: Path) -> None:
    other = machine(tmp_path)
    for seconds in KILLED_AFTER:
        killed = started("bundle.build", "--kubernetes", MINORS[0], env=other)
        time.sleep(seconds)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
        assert published.read(tmp_path / "cache/gongbang/bundle") is None, "a half-made bundle is published"
    done = inv("bundle.build", "--kubernetes", MINORS[0], env=other)
    assert done.returncode == 0, done.stdout + done.stderr
    made = published.read(tmp_path / "cache/gongbang/bundle")
    assert made
    differing = [
        name for name in packages_of(made) if made.files[name][2] != both.files.get(name, (0, 0, ""))[2]
    ]
    assert packages_of(made)
    assert not differing


def packages_of(bundle: Published) -> list[str]:
    """The packages that are built here, of the minor that both builds have."""
    return [
        name
        for name in bundle.files
        if name.startswith(OURS) and name.endswith(".deb") and "1.37" not in name
    ]


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
