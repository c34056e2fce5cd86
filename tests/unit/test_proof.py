"""A proof in a process of its own: what it is started with, and how its failure is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from gongbang import drift, sabotage, session
from gongbang.errors import ExitCode
from gongbang.model import Cluster
from gongbang.session import RunFailedError

Make = Callable[..., Cluster]
Ends = Callable[[int], list[list[str]]]


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Ends:
    """Lets every proof say 20 lines and end with a code; the command lines that it was started with."""
    started: list[list[str]] = []

    def set_code(code: int) -> list[list[str]]:
        def stream(argv: Sequence[str], tell: Callable[[str], None], **_: Any) -> int:
            started.append(list(argv))
            for number in range(20):
                tell(f"line {number}")
            return code

        monkeypatch.setattr("gongbang.proc.stream", stream)
        return started

    return set_code


def test_each_proof_is_started_with_its_own_words(make_cluster: Make, ends: Ends) -> None:
    started = ends(0)
    assert drift.run(make_cluster()) is ExitCode.DONE
    with session.opened("verify.sabotage", "lab") as current:
        assert sabotage.run(make_cluster(), only="web", part="1/3") is ExitCode.DONE
    common = ["--inventory", "inventories/lab"]
    assert started[0][2:] == ["-m", "tests.cluster.drift", *common]
    assert started[1][2:] == [
        "-m", "tests.cluster.sabotage", *common, "--only", "web", "--part", "1/3",
        "--json", str(current.record.folder / "sabotage.json"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("prove", "command", "problem", "fix"),
    [
        (drift.run, "verify.drift", "a drift was not named or not mended", "./inv cluster.up"),
        (sabotage.run, "verify.sabotage", "a sabotage was not noticed", "./inv verify.sabotage"),
    ],
    ids=["drift", "sabotage"],
)
def test_a_failure_carries_the_last_lines_and_what_helps(
    make_cluster: Make, ends: Ends, prove: Callable[[Cluster], ExitCode], command: str, problem: str, fix: str
) -> None:
    ends(int(ExitCode.VERIFICATION))
    with pytest.raises(RunFailedError) as caught, session.opened(command, "lab") as current:
        prove(make_cluster())
    assert (caught.value.problem, caught.value.code) == (problem, ExitCode.VERIFICATION)
    failure = current.record.as_dict()["failure"]
    assert failure["task"] == command
    assert failure["message"].splitlines() == [f"line {number}" for number in range(8, 20)]
    assert failure["next"].startswith(fix)
