"""The whole test run and its committed result: which stage passed when, on which git tree, in which time.

It takes two hours, so it can be gathered: a stage that has passed on the same files is not run again. What a stage with
nodes never reads does not count: documents, the tests without nodes, the linters' settings, the molecule scenarios of other
stages, how a virtual machine is started where all nodes are containers, and of the list of stages all but its own command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gongbang import proc, stages
from gongbang.errors import ExitCode, GongbangError
from gongbang.files import write_atomically
from gongbang.paths import ROOT
from gongbang.stages import FAST, FULL, Result, Stage

RECORD = ROOT / "docs" / "full-test.json"
EXCEPT_RECORD = ("--", ".", f":(exclude){RECORD.relative_to(ROOT)}")

LIST = f"gongbang/{Path(stages.__file__).name}"
"""What names the stages and their commands."""
UNSEEN = (
    "docs", "*.md", ".ansible-lint", ".yamllint", "tests/unit", "tests/contract", f"gongbang/{Path(__file__).name}", LIST,
)  # fmt: skip
"""What no stage with nodes reads, apart from its own command in the list."""
OF_MACHINES = ("gongbang/lab/accel.py", "gongbang/lab/disk.py", "gongbang/lab/vm.py")
"""What starts virtual machines, and nothing else."""

Row = dict[str, Any]
"""What the record tells of a stage: stage, date (UTC), tree, seconds, passed, failed, and figures if it has any."""


def run(only: str = "", *, again: bool = False) -> ExitCode:
    """Run all there is, or the stages named by `only`; each result is written to docs/full-test.json, to be committed.

    Without `again` a stage is left out that has passed on the files as they are now.
    """
    tree = clean_tree(ROOT)
    rows = read(RECORD)
    wanted = []
    for stage in stages.named(only, stages.chosen(FULL)):
        row = rows.get(stage.name, {})
        if not again and passed(row) and same_files(ROOT, row["tree"], stage):
            print(f"{stage.name}: passed on {row['date']} on the same files ({row['seconds']} s)", flush=True)
        else:
            wanted.append(stage)
    return stages.run(wanted, keep=keeper(RECORD, tree, rows))


def keeper(record: Path, tree: str, rows: dict[str, Row]) -> Callable[[Result], None]:
    """What puts a stage's result into the record, next to `rows`."""

    def keep(result: Result) -> None:
        if not unchanged(ROOT, tree):
            print(
                f"{result.stage.name}: not kept, because files have changed since the run began", flush=True
            )
            return
        rows[result.stage.name] = row_of(result, tree)
        write(record, tree, rows)

    return keep


def clean_tree(checkout: Path) -> str:
    """The git tree that a full run tests; GongbangError when files differ from it, apart from the result itself."""
    changed = _git(checkout, "status", "--porcelain", *EXCEPT_RECORD).splitlines()
    if changed:
        raise GongbangError(
            "a full test run is kept with the tree that it tested, and files here differ from every commit",
            ", ".join(line[3:] for line in changed[:10]),
            "commit or stash them first, or run ./inv test",
            ExitCode.BAD_INPUT,
        )
    return _git(checkout, "rev-parse", "HEAD^{tree}").strip()


def unchanged(checkout: Path, tree: str) -> bool:
    """Whether nothing in the checkout differs from that tree, apart from the result itself."""
    try:
        clean_tree(checkout)
    except GongbangError:
        return False
    return same_files(checkout, tree)


def same_files(checkout: Path, tree: str, stage: Stage | None = None) -> bool:
    """Whether the commit that is checked out has the files of that tree, apart from the result and what `stage` never reads."""
    unread = [f":(exclude){path}" for path in (unseen(checkout, stage) if stage else ())]
    if differ(checkout, tree, *EXCEPT_RECORD, *unread):
        return False
    return stage is None or not differ(checkout, tree, "--", LIST) or same_command(checkout, tree, stage)


def differ(checkout: Path, tree: str, *paths: str) -> bool:
    """Whether any of these files differs between that tree and the commit that is checked out."""
    argv = ["git", "diff", "--quiet", tree, "HEAD", *paths]
    return proc.run(argv, cwd=checkout, check=False).returncode != 0


def same_command(checkout: Path, tree: str, stage: Stage) -> bool:
    """Whether the list of stages in that tree gives the stage the command that it has now."""
    before: dict[str, Any] = {"__name__": stages.__name__}
    exec(_git(checkout, "show", f"{tree}:{LIST}"), before)
    return {each.name: each.argv for each in before["STAGES"]}.get(stage.name) == stage.argv


def unseen(checkout: Path, stage: Stage) -> tuple[str, ...]:
    """What of the checkout a stage never reads."""
    if stage.level == FAST:
        return ()
    own = stage.name.removeprefix("molecule ")
    scenario = checkout / "molecule" / own
    named = re.findall(r"\.\./(\w+/[\w.]+)", _text(scenario / "molecule.yml"))
    parts = (path.relative_to(scenario.parent) for path in sorted(scenario.parent.glob("*/*")))
    others = (part for part in parts if part.parts[0] not in (own, "shared") and str(part) not in named)
    machines = "lab_node_kind: vm" in _text(scenario / "inventory" / "hosts.yml")
    return (*UNSEEN, *(() if machines else OF_MACHINES), *(f"molecule/{part}" for part in others))


def passed(row: Mapping[str, Any]) -> bool:
    """Whether a stage has been run and all of it was good; what only skipped its tests was not."""
    return bool(row) and row["failed"] == 0 and row["passed"] > 0


def row_of(result: Result, tree: str) -> Row:
    """A stage's line of the record."""
    row: Row = {
        "stage": result.stage.name,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "tree": tree,
        "seconds": round(result.seconds, 1),
        "passed": result.passed,
        "failed": result.failed,
    }
    return row | ({"figures": dict(result.figures)} if result.figures else {})


def read(record: Path) -> dict[str, Row]:
    """The rows of the record by stage; none when there is no record."""
    return {row["stage"]: row for row in json.loads(record.read_text())["stages"]} if record.exists() else {}


def write(record: Path, tree: str, rows: Mapping[str, Row]) -> None:
    """Write the record: date (UTC) and tree of the latest stage, the seconds of all, the rows.

    `whole` tells that nothing is missing: every stage has passed, on these very files.
    """
    wanted = stages.chosen(FULL)
    told = [rows[stage.name] for stage in wanted if stage.name in rows]
    figures = {
        "date": max((row["date"] for row in told), default=""),
        "tree": tree,
        "seconds": round(sum(row["seconds"] for row in told)),
        "whole": len(told) == len(wanted)
        and all(
            passed(rows[stage.name]) and same_files(ROOT, rows[stage.name]["tree"], stage) for stage in wanted
        ),
        "stages": told,
    }
    write_atomically(record, json.dumps(figures, indent=1) + "\n", mode=0o644)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _git(checkout: Path, *words: str) -> str:
    return proc.run(["git", *words], cwd=checkout).stdout
