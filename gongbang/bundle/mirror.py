"""Where Debian packages come from: the mirror that this machine's own apt uses, or the one given."""

from __future__ import annotations

import os
from pathlib import Path

from gongbang import proc
from gongbang.errors import GongbangError

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""Debian's own keys, from the package debian-archive-keyring."""
SIGNED = f"[signed-by={KEYRING}]"
"""What a source says on machines whose apt does not trust these keys by itself (Ubuntu)."""
FORMAT = "$(ORIGIN)|$(LABEL)|$(REPO_URI)|$(CREATED_BY)"


def sources(release: str) -> list[str]:
    """One-line apt sources of a Debian release with its updates and security updates, signatures pinned."""
    return lines(*uris(), release, SIGNED)


def lines(main: str, security: str, release: str, options: str = "") -> list[str]:
    """One-line apt sources of a Debian release with its updates and security updates."""
    deb = f"deb {options}".strip()
    return [
        f"{deb} {main} {release} main",
        f"{deb} {main} {release}-updates main",
        f"{deb} {security} {release}-security main",
    ]


def uris() -> tuple[str, str]:
    """The addresses of Debian's archive and of its security updates, as this machine reaches them."""
    listed = proc.run(["apt-get", "indextargets", "--format", FORMAT], check=False).stdout.splitlines()
    main, security = _debian(listed)
    main = os.environ.get("GONGBANG_DEBIAN_MIRROR") or main
    security = os.environ.get("GONGBANG_DEBIAN_SECURITY_MIRROR") or security
    if not main:
        raise GongbangError(
            "no Debian mirror is known",
            f"apt's sources on this machine: {', '.join(sorted({line.split('|')[2] for line in listed})) or 'none'}",
            "set GONGBANG_DEBIAN_MIRROR to a mirror's address (the one before /dists)",
        )
    return main, security or f"{main.rstrip('/')}-security"


def _debian(listed: list[str]) -> tuple[str, str]:
    main = security = ""
    for line in listed:
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
