"""test, lint, bench: how good it is."""

from __future__ import annotations

from invoke import Context, task

from gongbang.cli import run

GROUP = ""


@task(
    help={
        "fast": "only what needs no nodes",
        "full": "all there is; stages that have passed on the same files are not run again",
        "only": "only the stages whose names hold these words",
        "again": "with --full: also the stages that have passed",
    }
)
def test(c: Context, fast: bool = False, full: bool = False, only: str = "", again: bool = False) -> None:
    """Run the project's tests: lint, unit, contract, then molecule's scenarios."""
    from gongbang import full_test, stages

    level = stages.FAST if fast else stages.NORMAL
    if full:
        run(lambda: full_test.run(only, again=again))
    elif only:
        run(lambda: stages.run(stages.named(only, stages.chosen(level))))
    else:
        run(lambda: stages.run(stages.chosen(level), minutes=stages.PROMISED[level]))


@task
def lint(c: Context) -> None:
    """Run all linters: ruff, mypy, yamllint, ansible-lint."""
    from gongbang import stages

    run(lambda: stages.run(stages.LINT))


@task(
    help={
        "json": "print the figures as JSON, and nothing else, on standard output",
        "check": "fail when cluster.up is slower than it may be",
    }
)
def bench(c: Context, json: bool = False, check: bool = False) -> None:
    """Compare cluster.up with a plain script that does the same work, on nodes of its own."""
    from gongbang import bench as module

    run(lambda: module.run(json=json, check=check), "bench", json=json)
