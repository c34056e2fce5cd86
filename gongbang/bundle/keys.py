"""The key that signs our apt repositories, kept in a GnuPG home of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gongbang import paths, proc
from gongbang.files import write_atomically

NAME = "gongbang bundle <bundle@gongbang.internal>"


def fingerprint() -> str:
    """The signing key's fingerprint; the key is made on first use (ed25519, no expiry)."""
    with _home() as home:
        found = _fingerprint(home)
        if not found:
            argv = ["--passphrase", "", "--quick-generate-key", NAME, "ed25519", "sign", "never"]
            _gpg(home, *argv)
            found = _fingerprint(home)
        return found


def public_key() -> str:
    """The public key in its armoured form."""
    with _home() as home:
        return _gpg(home, "--armor", "--export-options", "export-minimal", "--export")


def sign(release: Path) -> None:
    """Write `InRelease` and `Release.gpg` beside a `Release` file."""
    with _home() as home:
        common = ["--yes", "--digest-algo", "SHA512"]
        _gpg(home, *common, "--clearsign", "--output", str(release.with_name("InRelease")), str(release))
        detached = ["--armor", "--detach-sign", "--output", str(release.with_name("Release.gpg"))]
        _gpg(home, *common, *detached, str(release))


def remember(found: str, key: str) -> None:
    """Write what a controller needs to trust the repositories: fingerprint and public key."""
    write_atomically(paths.data_dir() / "apt.fingerprint", found + "\n", 0o644)
    write_atomically(paths.data_dir() / "apt.key.asc", key, 0o644)


def _fingerprint(home: Path) -> str:
    listed = _gpg(home, "--with-colons", "--list-secret-keys")
    return next((line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr")), "")


def _gpg(home: Path, *argv: str) -> str:
    words = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback"]
    return proc.run([*words, *argv]).stdout


@contextmanager
def _home() -> Iterator[Path]:
    """The home under a short name: GnuPG's agent has a socket in it, whose path may have 107 characters."""
    paths.private_dir(paths.data_dir())
    real = paths.private_dir(paths.data_dir() / "gnupg")
    with tempfile.TemporaryDirectory(prefix="gongbang-") as short:
        home = Path(short) / "h"
        home.symlink_to(real)
        try:
            yield home
        finally:
            proc.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
