"""The lab node's image: built from lab/ with this machine's Debian mirror, kept under a digest."""

from __future__ import annotations

import hashlib
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from gongbang import paths, proc, session, system
from gongbang.bundle.mirror import SIGNED
from gongbang.errors import GongbangError
from gongbang.lab import mirror
from gongbang.locks import exclusive

RECIPE = paths.ROOT / "lab" / "image.yml"
ROOTFS = paths.ROOT / "lab" / "rootfs"
REPOSITORY = "gongbang-node"
STEPS = {"container": 3, "vm": 4}
"""To be raised when `_hooks`, or how a disk is made, changes what is in the image."""


@dataclass(frozen=True)
class Recipe:
    """All that decides what is in the image of one Debian release and kind of node."""

    release: str
    kind: str
    packages: tuple[str, ...]
    masked_units: tuple[str, ...]
    enabled_units: tuple[str, ...]
    overlays: tuple[Path, ...]

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits over every input, file contents and modes included."""
        found = hashlib.sha256(repr((STEPS[self.kind], self.release, self.kind)).encode())
        found.update(repr((self.packages, self.masked_units, self.enabled_units)).encode())
        for overlay in self.overlays:
            for path in _files(overlay):
                found.update(repr(_described(path, overlay)).encode())
        return found.hexdigest()[:12]

    @property
    def tarball(self) -> Path:
        """Where the finished root file system is kept."""
        return folder() / f"{self.release}-{self.kind}-{self.digest}.tar"

    @property
    def reference(self) -> str:
        """The name of the container image."""
        return f"{REPOSITORY}:{self.release}-{self.digest}"


def recipe(release: str, kind: str = "container") -> Recipe:
    """Read lab/image.yml for one release and kind; GongbangError for an unknown release."""
    data = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    if release not in data["releases"]:
        raise GongbangError(
            "there is no lab node image for this Debian release",
            f"lab_debian: {release}",
            f"set lab_debian to one of: {', '.join(data['releases'])}",
        )
    more = data["vm_packages"] if kind == "vm" else []
    return Recipe(
        release=release,
        kind=kind,
        packages=tuple(sorted([*data["packages"], *more])),
        masked_units=tuple(data[f"{kind}_masked_units"]),
        enabled_units=tuple(data[f"{kind}_enabled_units"]),
        overlays=(ROOTFS / "common", ROOTFS / kind),
    )


def ensure_container(release: str) -> str:
    """Make the container image of a release exist in Docker Engine; return its reference."""
    wanted = recipe(release)
    if _in_engine(wanted.reference):
        return wanted.reference
    with exclusive(folder() / f"{wanted.tarball.name}.import.lock"):
        if not _in_engine(wanted.reference):
            proc.run(["docker", "import", str(tarball(wanted)), wanted.reference], timeout=600)
    return wanted.reference


def tarball(wanted: Recipe) -> Path:
    """Make the root file system's tarball exist (about 100 s when it does not); return its path."""
    if wanted.tarball.exists():
        return wanted.tarball
    with exclusive(folder() / f"{wanted.tarball.name}.lock"):
        if not wanted.tarball.exists():
            _build(wanted)
            _forget_older(wanted)
    return wanted.tarball


def folder() -> Path:
    """Where images are kept."""
    path = paths.cache_dir() / "node-images"
    path.mkdir(parents=True, exist_ok=True)
    return path


def _build(wanted: Recipe) -> None:
    system.ensure("engine")
    source = mirror.of_this_machine()
    sources = source.lines(wanted.release, SIGNED)
    session.say(f"making the image of a {wanted.kind} node, Debian {wanted.release} (a minute or two)")
    with tempfile.TemporaryDirectory(dir=folder(), prefix="build-") as scratch:
        made = Path(scratch) / "root.tar"
        argv = ["mmdebstrap", "--variant=minbase", "--format=tar", "--quiet"]
        argv += [f"--aptopt={option}" for option in source.options]
        argv += [f"--include={','.join(wanted.packages)}"]
        argv += [f"--customize-hook={hook}" for hook in _hooks(wanted)]
        argv += [wanted.release, str(made), "-"]
        env = {"TMPDIR": scratch, "SOURCE_DATE_EPOCH": "1700000000"}
        proc.run(argv, env=env, input="\n".join(sources), timeout=1800)
        made.rename(wanted.tarball)


def _hooks(wanted: Recipe) -> list[str]:
    """Shell commands that turn a minimal Debian into a node; `$1` is its root."""
    masked = [f'ln -sfn /dev/null "$1/etc/systemd/system/{unit}"' for unit in wanted.masked_units]
    enabled = [f'systemctl --root="$1" --quiet enable {unit}' for unit in wanted.enabled_units]
    copied = [
        f'tar -C {shlex.quote(str(overlay))} --owner=0 --group=0 -c . | tar -C "$1" -x --no-overwrite-dir'
        for overlay in wanted.overlays
    ]
    return [
        *copied,
        'chmod 0440 "$1/etc/sudoers.d/ops"',
        "chroot \"$1\" useradd --create-home --shell /bin/bash --password '*' ops",
        'chroot "$1" install -d -m 0700 -o ops -g ops /home/ops/.ssh',
        *masked,
        *enabled,
        'rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/apt/sources.list" "$1/var/lib/dbus/machine-id"',
        'rm -f "$1"/etc/apt/sources.list.d/* "$1"/etc/apt/apt.conf.d/99mmdebstrap',
        ': > "$1/etc/machine-id"',
        'rm -f "$1"/etc/update-motd.d/*; : > "$1/etc/motd"; : > "$1/etc/hostname"',
        # Or the first boot does again what the packages have done; Debian 12 has no such program.
        '[ ! -x "$1/usr/lib/systemd/systemd-update-done" ] || chroot "$1" /usr/lib/systemd/systemd-update-done',
    ]


def _in_engine(reference: str) -> bool:
    return proc.run(["docker", "image", "inspect", reference], check=False).returncode == 0


def _forget_older(wanted: Recipe) -> None:
    for path in folder().glob(f"{wanted.release}-{wanted.kind}-*.tar"):
        if path != wanted.tarball:
            path.unlink(missing_ok=True)


def _files(overlay: Path) -> Iterator[Path]:
    return iter(sorted(path for path in overlay.rglob("*") if path.is_symlink() or path.is_file()))


def _described(path: Path, base: Path) -> tuple[str, int, str]:
    name = str(path.relative_to(base))
    if path.is_symlink():
        return name, 0, str(path.readlink())
    return name, path.stat().st_mode & 0o111, hashlib.sha256(path.read_bytes()).hexdigest()
