"""The bundle: everything that nodes install, built, published, served and carried elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gongbang.bundle import building

if TYPE_CHECKING:
    from gongbang.bundle.published import Published
    from gongbang.bundle.schedule import Say
    from gongbang.model import Cluster


def ensure(cluster: Cluster, tell: Say = building.say) -> Published:
    """Make the published bundle hold what this cluster's nodes install; quick when it does already.

    `tell` gets progress, a line at a time. GongbangError for a version of Kubernetes without recipe
    and for an artefact with a wrong checksum.
    """
    return building.ensure([cluster.kubernetes_version], tell)
