"""docs.*: documentation that is made from the code."""

from __future__ import annotations

from invoke import Context, task

from gongbang.cli import run


@task(help={"check": "write nothing, fail when something would be written"})
def roles(c: Context, check: bool = False) -> None:
    """Write the table of variables into each role's README, from its argument specs."""
    from gongbang import roledocs

    run(lambda: roledocs.run(check=check))
