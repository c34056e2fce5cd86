"""The Debian mirror of lab nodes: this machine's own or the one given, so that no mirror is named in the project."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gongbang import proc
from gongbang.bundle import mirror

_PASSED_ON = re.compile(r"^(Acquire::(?:Check-Valid-Until|Check-Date|https?::Proxy\S*|https?::CaInfo)) ")


@dataclass(frozen=True)
class Mirror:
    """Where Debian's main and security archives are, and the apt options needed to read them."""

    main: str
    security: str
    options: tuple[str, ...] = ()

    def lines(self, release: str, options: str = "") -> list[str]:
        """The one-line sources of a Debian release."""
        return mirror.lines(self.main, self.security, release, options)


def of_this_machine() -> Mirror:
    """The mirror that the bundle comes from too; GongbangError when none is known."""
    main, security = (uri.rstrip("/") for uri in mirror.uris())
    return Mirror(main, security, passed_on(proc.run(["apt-config", "dump"]).stdout.splitlines()))


def passed_on(config: Iterable[str]) -> tuple[str, ...]:
    """The lines of apt's configuration dump without which the mirror cannot be read."""
    return tuple(line.strip() for line in config if _PASSED_ON.match(line))
