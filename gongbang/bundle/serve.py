"""Serve the published bundle on one address: apt over HTTP, images over TLS."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from gongbang import paths
from gongbang.bundle import published, services, store, tls
from gongbang.errors import GongbangError
from gongbang.files import write_atomically
from gongbang.locks import exclusive

APT_PORT = 8480
REGISTRY_PORT = 5443


@dataclass(frozen=True)
class Serving:
    """What nodes and inventories need to know of a served bundle."""

    apt_url: str
    key_url: str
    fingerprint: str
    registry_url: str
    ca_file: Path
    key_file: Path


def ensure_serving(listen: str, apt_port: int = APT_PORT, registry_port: int = REGISTRY_PORT) -> Serving:
    """Have both servers run on `listen`, whatever becomes of this process; nothing to do when they do.

    GongbangError when nothing is published, a port is taken, or the address is not this machine's.
    """
    current = published.read()
    if current is None:
        raise GongbangError("there is no bundle yet", str(published.root()), "run: ./inv bundle.build")
    folder = paths.private_dir(_folder(listen))
    with exclusive(folder / "lock"):
        _serve_apt(listen, apt_port, folder)
        _serve_registry(listen, registry_port, folder)
    return Serving(
        apt_url=f"http://{listen}:{apt_port}/apt",
        key_url=f"http://{listen}:{apt_port}/apt/key.asc",
        fingerprint=current.fingerprint,
        registry_url=f"https://{listen}:{registry_port}/v2",
        ca_file=paths.data_dir() / "ca.crt",
        key_file=paths.data_dir() / "apt.key.asc",
    )


def stop(listen: str) -> bool:
    """End the servers of an address; tell whether there were any."""
    folder = _folder(listen)
    if not folder.exists():
        return False
    with exclusive(folder / "lock"):
        ended = [services.stop(folder / f"{name}.json") for name in ("apt", "registry")]
    return any(ended)


def served() -> dict[str, bool]:
    """The addresses that were ever served, and whether both servers run there now."""
    return {
        folder.name: all(services.running(folder / f"{name}.json") for name in ("apt", "registry"))
        for folder in sorted((paths.state_dir() / "bundle").glob("*"))
        if (folder / "lock").exists()
    }


def _folder(listen: str) -> Path:
    return paths.state_dir() / "bundle" / listen


def _serve_apt(listen: str, port: int, folder: Path) -> None:
    module = ["-m", "gongbang.bundle.static", "--listen", listen, "--port", str(port)]
    argv = [sys.executable, *module, "--root", str(published.root())]
    version = store.sha256(Path(__file__).with_name("static.py"))
    services.start(folder / "apt.json", argv, {}, (listen, port), version)


def _serve_registry(listen: str, port: int, folder: Path) -> None:
    pair = tls.server(listen, folder)
    program = published.root() / "services" / "registry"
    config = folder / "registry.yml"
    text = yaml.safe_dump(_registry_config(listen, port, pair))
    if not config.exists() or config.read_text() != text:
        write_atomically(config, text, 0o600)
    inputs = store.key_of(text, program.stat().st_ino, pair.certificate.read_text())
    argv = [str(program), "serve", str(config)]
    quiet = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    services.start(folder / "registry.json", argv, quiet, (listen, port), inputs)


def _registry_config(listen: str, port: int, pair: tls.Pair) -> dict[str, object]:
    return {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(published.root() / "registry")},
            "maintenance": {"uploadpurging": {"enabled": False}, "readonly": {"enabled": True}},
        },
        "http": {
            "addr": f"{listen}:{port}",
            "secret": store.sha256(pair.key),
            "tls": {"certificate": str(pair.certificate), "key": str(pair.key)},
        },
    }
