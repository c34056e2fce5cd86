"""Check all of the published bundle: checksums, signatures, and that every image is whole."""

from __future__ import annotations

import json as json_module
from pathlib import Path

from gongbang import paths, proc
from gongbang.bundle import published, registry
from gongbang.bundle.published import Published
from gongbang.errors import ExitCode, GongbangError


def verify() -> list[str]:
    """What was found right, a line each; GongbangError tells the first thing that is wrong."""
    current = published.read()
    if current is None:
        raise GongbangError("there is no bundle yet", str(published.root()), "run: ./inv bundle.build")
    published.check(current, list(current.files))
    signed = [_signed(release) for release in sorted((published.root() / "apt").resolve().rglob("InRelease"))]
    images = [_whole(*tag) for tag in registry.tags(published.root() / "registry")]
    return [
        f"{len(current.files)} files have the checksum of the manifest",
        f"{len(signed)} apt repositories are signed by {current.fingerprint}",
        f"{len(images)} images and charts are whole",
        f"Kubernetes: {', '.join(current.versions)}",
    ]


def components() -> list[dict[str, str]]:
    """The artefacts as name, version, kind and SHA-256."""
    path = published.root() / published.MANIFEST
    if not path.exists():
        raise GongbangError("there is no bundle yet", str(published.root()), "run: ./inv bundle.build")
    return [
        {
            "kind": str(item["properties"][0]["value"]),
            "name": str(item["name"]),
            "version": str(item.get("version", "")),
            "sha256": str(item["hashes"][0]["content"]),
        }
        for item in json_module.loads(path.read_text())["components"]
    ]


def listing(*, json: bool) -> str:
    """The artefacts as a table, or as a JSON list."""
    found = components()
    if json:
        return json_module.dumps(found, indent=1)
    row = "{kind:8} {name:56.56} {version:34.34} {sha256:.16}"
    return "\n".join(row.format(**item) for item in found)


def summary(current: Published) -> str:
    """One line for a reader: what the bundle holds and how large it is."""
    size = sum(seen[0] for seen in current.files.values()) / 1e6
    return f"Kubernetes {', '.join(current.versions)}; {len(current.files)} files, {size:.0f} MB"


def _signed(release: Path) -> str:
    """Check the signature of a repository with the public key alone, as a node does."""
    key = paths.data_dir() / "apt.key.asc"
    binary = proc.run(["gpg", "--batch", "--show-keys", "--with-colons", key]).stdout
    wanted = next(line.split(":")[9] for line in binary.splitlines() if line.startswith("fpr"))
    done = proc.run(["sh", "-c", _GPGV, "sh", str(key), str(release)], check=False)
    if f"VALIDSIG {wanted}" not in done.stdout:
        raise GongbangError(
            f"the signature of an apt repository is wrong: {release}",
            (done.stderr.strip().splitlines() or ["no signature"])[-1],
            "make it again: ./inv bundle.build --repair",
            ExitCode.BAD_INPUT,
        )
    return wanted


_GPGV = (
    'k=$(mktemp) && gpg --batch --yes --dearmor --output "$k" "$1" && '
    'gpgv --status-fd 1 --keyring "$k" "$2"; e=$?; rm -f "$k"; exit $e'
)


def _whole(name: str, tag: str, digest: str) -> str:
    storage = published.root() / "registry"
    lacking = [part for part in registry.blobs(storage, digest) if not registry.blob(storage, part).exists()]
    if lacking:
        raise GongbangError(
            f"the image {name}:{tag} is not whole",
            f"no blob {lacking[0]}",
            "run: ./inv bundle.build --repair",
        )
    return name
