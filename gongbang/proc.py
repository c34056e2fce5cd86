"""The one helper that starts other programs and waits for them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gongbang.errors import ExitCode, GongbangError
from gongbang.paths import TOOLS

LINES_SHOWN = 15
"""How many of the last lines of output an error carries."""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment with our own tools first on PATH, plus `extra`."""
    path = os.environ.get("PATH", os.defpath)
    return {**os.environ, "PATH": f"{TOOLS}{os.pathsep}{path}", **(extra or {})}


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    input: str | None = None,
    check: bool = True,
    code: ExitCode = ExitCode.FAILED,
    terminal: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return what it printed, as text.

    `env` is added to ours, `timeout` is in seconds. Without `terminal` it cannot ask anything on ours. With `check`, an exit code other than 0, a
    missing program or a time-out raises GongbangError with the last lines of the output.
    """
    words = [os.fspath(word) for word in argv]
    try:
        done = subprocess.run(
            words, cwd=cwd, env=environment(env), timeout=timeout, check=False,
            capture_output=True, text=True, errors="replace", input=input or "", start_new_session=not terminal,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise GongbangError(
            f"the program {words[0]} is not there", str(error), "install it, or put it on PATH", code
        ) from error
    except subprocess.TimeoutExpired as error:
        raise GongbangError(
            f"{words[0]} did not end within {timeout:g} s", shown(words), "look at what it waits for", code
        ) from error
    if check and done.returncode != 0:
        raise failure(words, done, code)
    return done


def stream(
    argv: Sequence[str | os.PathLike[str]],
    tell: Callable[[str], None],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> int:
    """Run a program to its end, give every line that it prints to `tell` at once; its exit code."""
    with subprocess.Popen(
        [os.fspath(word) for word in argv], cwd=cwd, env=environment(env), text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as child:  # fmt: skip
        try:
            for line in child.stdout or ():
                tell(line.rstrip("\n"))
        except KeyboardInterrupt:
            child.terminate()
            child.wait()
            raise
    return child.returncode


def shown(words: Sequence[str], limit: int = 160) -> str:
    """The command line on one line, cut to `limit` characters."""
    text = " ".join(words)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def failure(words: Sequence[str], done: subprocess.CompletedProcess[str], code: ExitCode) -> GongbangError:
    """The error of a program that ended with something else than 0."""
    output = (done.stderr or "") + ("\n" if done.stderr and done.stdout else "") + (done.stdout or "")
    last = "\n        ".join(output.strip().splitlines()[-LINES_SHOWN:])
    return GongbangError(
        f"{words[0]} ended with {done.returncode}: {shown(words)}",
        last or "no output",
        "the lines above are its last; run the command by hand to see all",
        code,
    )
