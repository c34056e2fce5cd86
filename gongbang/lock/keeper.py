"""The process between us and the node that has the lock: it renews the lease, so that the run need not.

A process and not a thread, because the run forks. It knows the standard library only and starts in a blink. The first
argument is a JSON object: {"ssh": [words that end with the node's name], "script": text, "given": {...} for
on_node.py, "renew_s": seconds, "parent": its process id}. It prints one line, on_node.py's verdict or {"failed": text}, and then lives until
its standard input ends: with `q` the lock is given back, without (we died) it is left as a dead holder's.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shlex
import signal
import subprocess
import sys
from typing import Any

ANSWER_S = 20.0
"""How long the node may take to give a verdict."""
AGAIN_S = 1.0
"""How long to wait before the lock is asked for again when its connection broke."""
BYE = b"q"

Child = subprocess.Popen[bytes]


def ready(child: Child, seconds: float) -> tuple[bool, bool]:
    """Whether our input and the connection's output have something to say, or have ended."""
    watched: list[Any] = [0, child.stdout]
    found = select.select(watched, [], [], seconds)[0]
    return 0 in found, child.stdout in found


def start(wanted: dict[str, Any]) -> Child:
    """The SSH connection at whose other end the lock is held."""
    source = base64.b64encode(wanted["script"].encode()).decode()
    run = f"import base64;exec(base64.b64decode('{source}').decode())"
    words = ["sudo", "-n", "python3", "-c", run, json.dumps(wanted["given"])]
    pipe = subprocess.PIPE
    return subprocess.Popen([*wanted["ssh"], shlex.join(words)], stdin=pipe, stdout=pipe, stderr=pipe)


def verdict(child: Child) -> dict[str, Any]:
    """What the node says: taken, held or failed; it ends too when our input does."""
    assert child.stdout is not None
    assert child.stderr is not None
    line = child.stdout.readline() if ready(child, ANSWER_S)[1] else b""
    with contextlib.suppress(ValueError):
        found: dict[str, Any] = json.loads(line)
        return found
    child.kill()
    said = child.stderr.read().decode(errors="replace").strip().splitlines()
    return {"failed": said[-1] if said else "no answer"}


def keep(child: Child, renew_s: float) -> bool:
    """Renew until our input ends (True) or the connection does (False)."""
    assert child.stdin is not None
    while True:
        ours, theirs = ready(child, renew_s)
        with contextlib.suppress(BrokenPipeError):
            if ours:
                os.write(child.stdin.fileno(), os.read(0, 1))
                child.stdin.close()
                return True
            if not theirs:
                os.write(child.stdin.fileno(), b".")
        if theirs:
            return False


def finish(child: Child) -> None:
    """Let the connection end by itself, or end it."""
    try:
        child.wait(timeout=3)
    except subprocess.TimeoutExpired:
        child.kill()


def take_again(wanted: dict[str, Any]) -> Child | None:
    """A new connection that has the lock again; None when our input ended or the lock is another's now."""
    while not select.select([0], [], [], AGAIN_S)[0]:
        child = start(wanted)
        found = verdict(child)
        if "taken" in found:
            return child
        if "held" in found:
            stop(wanted["parent"], found["held"])
            return None
    return None


def stop(parent: int, holder: dict[str, Any]) -> None:
    """Let the run stop at its next task: the cluster is another's now."""
    who = f"{holder.get('command')} of {holder.get('user')}@{holder.get('host')}"
    sys.stderr.write(f"the lock on the cluster was lost: {who} has it now; stopping\n")
    if os.getppid() == parent:
        os.kill(parent, signal.SIGTERM)


def main() -> None:
    """Take the lock, say how that went, keep it."""
    wanted = json.loads(sys.argv[1])
    child: Child | None = start(wanted)
    assert child is not None
    found = verdict(child)
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(found), flush=True)
    if "taken" not in found:
        return
    while child and not keep(child, wanted["renew_s"]):
        finish(child)
        child = take_again(wanted)
    if child:
        finish(child)


if __name__ == "__main__":
    main()
