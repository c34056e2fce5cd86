"""The Debian mirror that this machine itself uses, so that no mirror is named in the project."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gongbang import proc
from gongbang.errors import GongbangError

_FORMAT = "$(REPO_URI)|$(ORIGIN)|$(LABEL)"
_PASSED_ON = re.compile(r"^(Acquire::(?:Check-Valid-Until|Check-Date|https?::Proxy\S*|https?::CaInfo)) ")


@dataclass(frozen=True)
class Mirror:
    """Where Debian's main and security archives are, and the apt options needed to read them."""

    main: str
    security: str
    options: tuple[str, ...] = ()

    def lines(self, release: str) -> list[str]:
        """The one-line sources of a Debian release."""
        return [
            f"deb {self.main} {release} main",
            f"deb {self.main} {release}-updates main",
            f"deb {self.security} {release}-security main",
        ]


def of_this_machine() -> Mirror:
    """Ask apt which Debian mirror this machine uses; GongbangError when it uses none."""
    targets = proc.run(["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"])
    config = proc.run(["apt-config", "dump"])
    return from_apt(targets.stdout.splitlines(), config.stdout.splitlines())


def from_apt(targets: Iterable[str], config: Iterable[str]) -> Mirror:
    """Read a Mirror out of apt's index targets (`uri|origin|label`) and its configuration dump."""
    rows = [tuple(line.split("|")) for line in targets if line.count("|") == 2]
    archives = {label: uri.rstrip("/") for uri, origin, label in reversed(rows) if origin == "Debian"}
    if "Debian" not in archives:
        raise GongbangError(
            "this machine's apt knows no Debian mirror, so no lab node image can be made",
            ", ".join(sorted({uri for uri, _, _ in rows})) or "no apt sources at all",
            "add a Debian source to /etc/apt/sources.list.d and run: apt-get update",
        )
    main = archives["Debian"]
    security = archives.get("Debian-Security", f"{main.removesuffix('/debian')}/debian-security")
    options = tuple(line.strip() for line in config if _PASSED_ON.match(line))
    return Mirror(main, security, options)
