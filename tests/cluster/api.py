"""The cluster as its API tells it, gathered once over SSH on the first control plane."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tests.cluster.ssh import NodeError, Nodes


@dataclass(frozen=True)
class Api:
    """One answer to everything that the checks ask: raw answers by name, objects by kind."""

    answers: dict[str, Any]
    objects: dict[str, list[dict[str, Any]]]
    problem: str = ""

    def answer(self, name: str) -> Any:
        """One raw answer; fails the check when the API could not be asked at all."""
        if self.problem:
            raise AssertionError(
                f"the API could not be asked\n  seen: {self.problem}\n  fix:  ./inv cluster.up"
            )
        return self.answers[name]

    def all(self, kind: str) -> list[dict[str, Any]]:
        """All objects of a kind; fails the check when they could not be listed."""
        problem = self.answer("objects").get("error")
        if problem:
            raise AssertionError(
                f"the API server did not list the objects\n  seen: {problem}\n"
                "  fix:  look at the API server: crictl logs $(crictl ps --name kube-apiserver -q)"
            )
        return self.objects[kind]

    def one(self, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        """One object by its name, or None."""
        return next(
            (
                item
                for item in self.all(kind)
                if item["metadata"]["name"] == name and item["metadata"].get("namespace", "") == namespace
            ),
            None,
        )


def gather(nodes: Nodes, control_plane: str, given: dict[str, Any]) -> Api:
    """Ask everything at once; a control plane that does not answer is told by each check that needs it."""
    try:
        answers = nodes.call(control_plane, "api", **given)
    except NodeError as error:
        return Api({}, {}, str(error))
    objects: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in answers["objects"].get("items", []):
        objects[item["kind"]].append(item)
    return Api(answers, objects)
