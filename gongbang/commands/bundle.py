"""bundle.*: what nodes install, built here, served to them, and carried into closed networks."""

from __future__ import annotations

import shutil
from pathlib import Path

from invoke import Context, task

from gongbang.cli import run

LISTEN = "address of this machine that nodes reach, the lab network's gateway for instance"
PORTS = {
    "listen": LISTEN,
    "apt_port": "port of the apt repositories (0: the usual)",
    "registry_port": "port of the images (0: the usual)",
}


@task(
    help={
        "kubernetes": "versions of Kubernetes, comma-separated, beside those already built (default: the inventory's)",
        "refresh": "ask Debian's mirror again for newer packages",
        "repair": "look at every artefact and make the damaged ones again",
    }
)
def build(c: Context, kubernetes: str = "", refresh: bool = False, repair: bool = False) -> None:
    """Build what is missing of the bundle and publish it."""
    from gongbang import inventory
    from gongbang.bundle import building, verify

    def body() -> None:
        versions = [version for version in kubernetes.split(",") if version]
        versions = versions or [inventory.load(inventory.path_of()).kubernetes_version]
        print(f"built: {verify.summary(building.build(versions, refresh=refresh, repair=repair))}")

    run(body)


@task(name="serve", help=PORTS)
def serve_(c: Context, listen: str, apt_port: int = 0, registry_port: int = 0) -> None:
    """Serve the bundle on an address, in the background; nothing to do when it is served there."""
    from gongbang.bundle import serve

    def body() -> None:
        there = serve.ensure_serving(listen, apt_port or serve.APT_PORT, registry_port or serve.REGISTRY_PORT)
        print(f"packages  {there.apt_url}  (key {there.key_url}, fingerprint {there.fingerprint})")
        print(f"images    {there.registry_url}  (authority {there.ca_file})")

    run(body)


@task(help={"listen": LISTEN})
def stop(c: Context, listen: str) -> None:
    """Stop serving the bundle on an address."""
    from gongbang.bundle import serve

    run(lambda: print("stopped" if serve.stop(listen) else "nothing was served there"))


@task(name="verify")
def verify_(c: Context) -> None:
    """Compare every artefact with the manifest, and check signatures and images."""
    from gongbang.bundle import verify

    run(lambda: print("\n".join(verify.verify())))


@task(name="list", help={"json": "print a JSON list"})
def list_(c: Context, json: bool = False) -> None:
    """List all artefacts with kind, version and SHA-256."""
    from gongbang.bundle import verify

    run(lambda: print(verify.listing(json=json)), "bundle.list", json=json)


@task(help={"to": "file to write, - for standard output"})
def manifest(c: Context, to: str = "-") -> None:
    """Print or copy the bill of materials (CycloneDX JSON)."""
    from gongbang.bundle import published, verify

    def body() -> None:
        verify.components()
        path = published.root() / published.MANIFEST
        print(path.read_text()) if to == "-" else shutil.copyfile(path, to)

    run(body)


@task(help={"to": "archive to write"})
def export(c: Context, to: str = "gongbang-bundle.tar") -> None:
    """Write the bundle and the controller's Python wheels as one archive."""
    from gongbang.bundle import building, transfer

    run(lambda: print(f"written: {transfer.export(Path(to).resolve(), building.say)}"))


@task(name="import", positional=["archive"], help={"archive": "a file that bundle.export wrote"})
def import_(c: Context, archive: str) -> None:
    """Take a bundle over from an archive; needs no network."""
    from gongbang.bundle import building, transfer, verify

    run(lambda: print(f"imported: {verify.summary(transfer.import_(Path(archive).resolve(), building.say))}"))
