"""Which failures of helm get a second try: those of an API that went away, and no others."""

from __future__ import annotations

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from gongbang.paths import ROOT
from tests.contract.conftest import load

VARS = load(ROOT / "roles/helm/vars/main.yml")


def once_more(stdout: str, rc: int = 1, **more: bool) -> bool:
    """What the role decides after helm said this."""
    variables = {
        "__helm_api_went": VARS["__helm_api_went"],
        "__helm_applied": {"rc": rc, "stdout": stdout},
        **more,
    }
    answer: bool = Templar(DataLoader(), variables=variables).template(
        trust_as_template(VARS["__helm_once_more"])
    )
    return answer


@pytest.mark.parametrize(
    ("said", "again"),
    [
        ('Error: Get "https://172.30.49.11:6443/version": dial tcp 172.30.49.11:6443: connect: connection refused', True),
        ("Error: Kubernetes cluster unreachable: the server is not there", True),
        ("Error: UPGRADE FAILED: etcdserver: request timed out", True),
        ('Error: Post "https://cp1:6443/api": net/http: TLS handshake timeout', True),
        ("Error: http2: client connection lost", True),
        ("Error: values don't meet the specifications of the schema(s)", False),
        ("Error: UPGRADE FAILED: context deadline exceeded", False),
        ("Error: chart not found", False),
    ],
)  # fmt: skip
def test_an_api_that_went_away_gets_a_second_try_and_no_third(said: str, again: bool) -> None:
    assert once_more(said) is again
    assert once_more(said, __helm_second=True) is False


def test_what_succeeded_is_not_tried_again() -> None:
    assert once_more("connection refused, then it went", rc=0) is False
