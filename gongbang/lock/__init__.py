"""One operator at a time: a lock on the cluster, on this controller and on the first control plane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gongbang import paths, session
from gongbang.errors import GongbangError
from gongbang.lock import local, remote
from gongbang.lock.holder import Holder, dead_here, describe, refusal, who
from gongbang.model import CONTROL_PLANE, Cluster

__all__ = ["held", "held_here", "on_nodes"]


@dataclass
class Held:
    """The lock that this process has, so far: its end takes back all of it."""

    cluster: Cluster
    holder: Holder
    parts: ExitStack = field(repr=False)
    on_node: bool = False
    told: str = ""
    """The id of the dead holder that was told of: both parts of the lock may name him."""


_held: ContextVar[Held | None] = ContextVar("lock", default=None)


@contextmanager
def held(cluster: Cluster, command: str) -> Iterator[None]:
    """Hold the controller's part of the lock; raises GongbangError (LOCKED) when another process has it."""
    path = file(cluster)
    holder = describe(command)
    with ExitStack() as parts:
        try:
            previous = parts.enter_context(local.taken(path, holder))
        except local.HeldError as error:
            raise refusal(cluster.name, error.holder) from None
        except OSError as error:
            raise unwritable(path, error) from error
        mine = Held(cluster, holder, parts)
        tell(mine, previous)
        token = _held.set(mine)
        try:
            yield
        finally:
            _held.reset(token)


def file(cluster: Cluster) -> Path:
    """The controller's part of a cluster's lock."""
    return paths.state_dir() / "locks" / f"cluster-{cluster.name or 'unnamed'}"


def held_here(cluster: Cluster) -> bool:
    """Whether a process of this controller holds the lock; only looks, so that nobody is refused for it."""
    found = local.holder(file(cluster))
    return bool(found) and not dead_here(found)


def unwritable(path: Path, error: OSError) -> GongbangError:
    """The error of a controller on which no lock can be written."""
    return GongbangError(
        "the lock cannot be written, and without it two runs could meet on the cluster",
        f"{path}: {error.strerror or error}",
        "free space or mend the rights, or set XDG_STATE_HOME to a folder that can be written",
    )


def on_nodes() -> None:
    """Hold the nodes' part too, when it is not held yet and they may be there; for commands without a lock: nothing.

    Raises GongbangError (LOCKED) when somebody has it. A node that does not answer is not waited for: the run itself
    tells what is wrong with it, and touches no node then.
    """
    mine = _held.get()
    if mine is None or mine.on_node or not there_may_be_nodes(mine.cluster):
        return
    said = take(mine, [])
    if "held" in said and dead_here(said["held"]):
        said = take(mine, [said["held"]["id"]])
    if "held" in said:
        raise refusal(mine.cluster.name, said["held"])
    mine.on_node = "taken" in said
    if mine.on_node:
        tell(mine, said["taken"])
    else:
        only_here(said["failed"])


def take(mine: Held, evict: list[str]) -> dict[str, Any]:
    """Ask the first control plane for the lock; what is not taken is not kept."""
    node = mine.cluster.nodes_in(CONTROL_PLANE)[0]
    with ExitStack() as attempt:
        said = attempt.enter_context(remote.taken(mine.cluster, node, mine.holder, evict))
        if "taken" in said:
            mine.parts.push(attempt.pop_all())
        return said


def there_may_be_nodes(cluster: Cluster) -> bool:
    """Whether there is a first control plane to ask: a lab that was never made has none."""
    made = not cluster.is_lab or paths.lab_state_dir(cluster.name).is_dir()
    return made and bool(cluster.nodes_in(CONTROL_PLANE))


def tell(mine: Held, previous: Holder | None) -> None:
    """Say that the lock was a dead holder's."""
    if previous and previous.get("id") != mine.told:
        mine.told = str(previous.get("id"))
        session.say(f"the lock was taken over from {who(previous)}: it ended without giving it back")


def only_here(why: str) -> None:
    """Say that another controller would not be refused; a node that is off is the run's own to tell: for the log only."""
    text = f"the lock is on this controller only: {why}"
    if "password" in why:
        session.say(f"{text}; it needs sudo without a password there")
    else:
        session.note(text)
