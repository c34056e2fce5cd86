"""The test run: its stages in one list, told one after the other, with times and a closing line like pytest's."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from gongbang import evidence, proc
from gongbang.errors import ExitCode, GongbangError
from gongbang.paths import ROOT, TOOLS

FAST, NORMAL, FULL = 0, 1, 2
PROMISED = {FAST: 2, NORMAL: 45}
"""Minutes that a whole run takes at most, on a quiet machine with its caches."""
TIMED_OUT = 124
"""The exit code of timeout(1) for a program that it ended."""
PYTEST = (sys.executable, "-m", "pytest", "-q", "--color=no", "--import-mode=importlib")


@dataclass(frozen=True)
class Stage:
    """One part of the test run; `level` is the least thorough run that holds it."""

    name: str
    argv: tuple[str, ...]
    level: int = FAST
    minutes: int = 25
    """After which the stage is ended, so that what hangs is told by name."""
    instead_of: str = ""
    """The name of a stage that a run which holds this one leaves out: this one shows more of the same."""
    beside: str = ""
    """The name of an earlier stage: it begins with that one and is told when its own turn comes."""


SWEEP = ("sweep", "--again", "--shots=sample", "--sample=4", "--down")
"""The part of the crash sweep that every test run holds, the same places each time: an undisturbed run (150 s), one single
shot (at most 130 s), four kills (10 to 15 s each) and the run to the end; about six minutes."""


def molecule(scenario: str, level: int = NORMAL, minutes: int = 40, instead_of: str = "") -> Stage:
    """A molecule scenario as a stage."""
    argv = (str(TOOLS / "molecule"), "test", "--scenario-name", scenario)
    return Stage(f"molecule {scenario}", argv, level, minutes, instead_of)


QUICK_LINT = (
    Stage("ruff", (str(TOOLS / "ruff"), "check", ".")),
    Stage("ruff format", (str(TOOLS / "ruff"), "format", "--check", "--quiet", ".")),
    Stage("mypy", (str(TOOLS / "mypy"),)),
    Stage("yamllint", (str(TOOLS / "yamllint"), "--strict", ".")),
)
ANSIBLE_LINT = Stage(
    "ansible-lint", (str(TOOLS / "ansible-lint"), "--offline", "-q", "--strict"), beside="ruff"
)
LINT = (*QUICK_LINT, ANSIBLE_LINT)
"""What `lint` runs; a test run tells the slow one after the tests that it runs beside."""

# A new stage is one line here. Those without nodes first, then what needs the lab; on a new machine the first of them installs
# Docker and builds the bundle. What mostly waits runs beside another; what makes a cluster keeps two processors busy by itself.
# The unit tests run four at a time also where there are two processors: many of them wait for real processes.
STAGES: tuple[Stage, ...] = (
    *QUICK_LINT,
    Stage("unit", (*PYTEST, "-n", "4", "tests/unit")),
    Stage("contract", (*PYTEST, "-n", "2", "tests/contract")),
    ANSIBLE_LINT,
    Stage("programs", (*PYTEST, "tests/programs"), NORMAL),
    Stage("report in a browser", (*PYTEST, "tests/browser"), NORMAL),
    molecule("docker"),
    molecule("closed"),
    Stage("bad input on nodes", (*PYTEST, "tests/nodes/refused"), NORMAL, beside="molecule closed"),
    Stage("operators on nodes", (*PYTEST, "tests/nodes/operators"), NORMAL, beside="molecule closed"),
    Stage("crash sweep", (str(ROOT / "inv"), *SWEEP), NORMAL, minutes=20),
    molecule("default"),
    molecule("vm"),
    molecule("drift", FULL),
    molecule("vms", FULL, minutes=80, instead_of="molecule vm"),  # emulated, 55 minutes
    Stage("bundle", (*PYTEST, "tests/bundle"), FULL, minutes=60),
    molecule("other", FULL),
    Stage("bench", (str(ROOT / "inv"), "bench", "--json", "--check"), FULL, minutes=40),
)


@dataclass(frozen=True)
class Result:
    """How a stage ended: counts of its own tests when it has any, else one for the stage; `seconds` that the run took for it."""

    stage: Stage
    seconds: float
    returncode: int
    passed: int
    failed: int
    skipped: int
    evidence: tuple[str, ...] = ()
    """What a failed stage said of its failure."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """What it has measured: the JSON object on its last line, if it ends with one."""


PYTHON = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": ""}
"""Python tells what it does at once, and keeps what it has compiled: a test run starts it thousands of times."""

Finish = Callable[[], Result]
"""Waits for a running stage."""


def chosen(level: int) -> list[Stage]:
    """The stages of a run of this thoroughness; without those whose files are not there or that another stands for."""
    wanted = [stage for stage in STAGES if stage.level <= level and there(stage)]
    left_out = {stage.instead_of for stage in wanted}
    return [stage for stage in wanted if stage.name not in left_out]


def there(stage: Stage) -> bool:
    """Whether what the stage runs exists in this checkout."""
    if stage.name.startswith("molecule "):
        return (ROOT / "molecule" / stage.name.split()[1] / "molecule.yml").exists()
    return not stage.argv[-1].startswith("tests/") or (ROOT / stage.argv[-1]).is_dir()


def named(words: str, of: Sequence[Stage]) -> list[Stage]:
    """Those of the stages whose names hold these words; GongbangError when there is none."""
    found = [stage for stage in of if words in stage.name]
    if not found:
        names = "; ".join(stage.name for stage in of)
        raise GongbangError(
            "there is no such stage of the test run",
            words,
            f"give a part of one of: {names}",
            ExitCode.BAD_INPUT,
        )
    return found


def run(
    stages: Sequence[Stage], keep: Callable[[Result], None] | None = None, minutes: float | None = None
) -> ExitCode:
    """Run the stages, print what each says and a summary; FAILED when one of them failed.

    `keep` is given each result as soon as it is there. A run that takes longer than `minutes` says so.
    """
    begun = time.monotonic()
    results = []
    with ExitStack() as running:
        begun_before: dict[str, Finish] = {}
        for stage in stages:
            print(f"===== {stage.name} =====", flush=True)
            finish = begun_before.get(stage.name) or running.enter_context(started(stage))
            for later in (each for each in stages if each.beside == stage.name):
                print(f"{later.name} begins beside it", flush=True)
                kept = running.enter_context(TemporaryFile("w+", errors="replace"))
                begun_before[later.name] = running.enter_context(started(later, kept))
            results.append(finish())
            if keep:
                keep(results[-1])
    report(results, time.monotonic() - begun, minutes)
    return ExitCode.FAILED if any(result.returncode for result in results) else ExitCode.DONE


@contextmanager
def started(stage: Stage, kept: IO[str] | None = None) -> Iterator[Finish]:
    """The stage, running. What is given waits for its end and tells what it prints: at once, or then what the file has `kept`.

    A run that is interrupted ends it.
    """
    env = proc.environment({"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), **PYTHON})
    limited = ["timeout", "--kill-after=60", f"{stage.minutes}m", *stage.argv]
    with subprocess.Popen(
        limited, cwd=ROOT, env=env, text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=kept or subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as child:  # fmt: skip
        try:
            yield lambda: result_of(stage, child, kept)
        finally:
            child.terminate()  # nothing, when it has ended
            child.wait()


def result_of(stage: Stage, child: subprocess.Popen[str], kept: IO[str] | None = None) -> Result:
    """How the stage ends whose program is running; a file has `kept` what it prints, or it is a pipe of the program."""
    begun = time.monotonic()
    lines: list[str] = []

    def tell(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    if kept:
        child.wait()
        kept.seek(0)
    for line in kept or child.stdout or ():
        tell(line.rstrip("\n"))
    returncode = child.wait()
    if returncode == TIMED_OUT:
        tell(f"{stage.name} did not end within {stage.minutes} minutes")
    numbers = counts("\n".join(lines[-5:]), returncode)
    told = tuple(evidence.of(lines)) if returncode else ()
    return Result(stage, time.monotonic() - begun, returncode, *numbers, told, measured(lines))


def measured(lines: Sequence[str]) -> dict[str, Any]:
    """The JSON object on the last line; empty when there is none."""
    try:
        found = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def counts(tail: str, returncode: int) -> tuple[int, int, int]:
    """Passed, failed, skipped: from pytest's closing line, else the stage counts as one test."""
    found = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", tail)}
    if not found:
        return (0, 1, 0) if returncode else (1, 0, 0)
    failed = found.get("failed", 0) + found.get("error", 0)
    return found.get("passed", 0), failed or int(returncode != 0), found.get("skipped", 0)


def report(results: Sequence[Result], seconds: float, minutes: float | None = None) -> None:
    """Times per stage, a note when it was more than `minutes`, then one line as pytest writes it."""
    print("===== stages =====")
    run_here = {result.stage.name for result in results}
    for result in results:
        verdict = "FAILED" if result.returncode else "ok"
        begun = f", begun with {result.stage.beside}" if result.stage.beside in run_here else ""
        print(f"{result.stage.name:<24}{result.seconds:>8.1f} s  {verdict}{begun}")
    passed, failed, skipped = (
        sum(getattr(r, name) for r in results) for name in ("passed", "failed", "skipped")
    )
    parts = [
        f"{number} {word}"
        for number, word in ((failed, "failed"), (passed, "passed"), (skipped, "skipped"))
        if number
    ]
    for result in results:
        if result.returncode:
            program = Path(result.stage.argv[0]).name
            print(f"FAILED {result.stage.name}: {program} ended with {result.returncode}")
            print("".join(f"    {line}\n" for line in result.evidence), end="")
    if minutes is not None and seconds > minutes * 60:
        took = math.ceil(seconds / 6) / 10  # rounded up, or it would say 2 of 2
        print(f"note: this run took {took:g} min, it should take at most {minutes:g} on a quiet machine")
    print(f"===== {', '.join(parts) or 'no tests ran'} in {seconds:.2f}s =====", flush=True)
