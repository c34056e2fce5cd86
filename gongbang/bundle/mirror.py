"""Where Debian packages come from: the mirror that this machine's own apt uses."""

from __future__ import annotations

import os
from pathlib import Path

from gongbang import proc
from gongbang.errors import GongbangError

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""Debian's own keys, from the package debian-archive-keyring."""
FORMAT = "$(ORIGIN)|$(LABEL)|$(REPO_URI)|$(CREATED_BY)"


def sources(release: str) -> list[str]:
    """One-line apt sources of a Debian release with its updates and security updates, signatures pinned."""
    main, security = uris()
    signed = f"[signed-by={KEYRING}]"
    return [
        f"deb {signed} {main} {release} main",
        f"deb {signed} {main} {release}-updates main",
        f"deb {signed} {security} {release}-security main",
    ]


def uris() -> tuple[str, str]:
    """The addresses of Debian's archive and of its security updates, as this machine reaches them."""
    main, security = _from_apt()
    main = os.environ.get("GONGBANG_DEBIAN_MIRROR") or main
    security = os.environ.get("GONGBANG_DEBIAN_SECURITY_MIRROR") or security
    if not main:
        raise GongbangError(
            "no Debian mirror is known",
            "apt on this machine has no source with Debian packages",
            "set GONGBANG_DEBIAN_MIRROR to a mirror's address (the one before /dists)",
        )
    return main, security or f"{main.rstrip('/')}-security"


def _from_apt() -> tuple[str, str]:
    listed = proc.run(["apt-get", "indextargets", "--format", FORMAT], check=False).stdout
    main = security = ""
    for line in listed.splitlines():
        origin, label, uri, created_by = line.split("|", 3)
        if created_by != "Packages" or not (origin == "Debian" or _looks_like_debian(uri, origin)):
            continue
        if label == "Debian-Security" or "security" in uri:
            security = security or uri
        else:
            main = main or uri
    return main, security


def _looks_like_debian(uri: str, origin: str) -> bool:
    """Without package lists apt does not know the origin; the usual path tells."""
    return origin.startswith("$") and uri.rstrip("/").endswith(("/debian", "/debian-security"))
