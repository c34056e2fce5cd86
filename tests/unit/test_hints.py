"""The commands that are told name the inventory of the cluster that they are about."""

from __future__ import annotations

import pytest

from gongbang import hints
from gongbang.errors import GongbangError
from gongbang.paths import ROOT

ONPREM = ROOT / "inventories/onprem"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("./inv cluster.up", "./inv cluster.up --inventory inventories/onprem"),
        ("run ./inv charts.up; then wait", "run ./inv charts.up --inventory inventories/onprem; then wait"),
        ("./inv lab.down or ./inv lab.up", "./inv lab.down --inventory inventories/onprem or ./inv lab.up --inventory inventories/onprem"),
        ("./inv cluster.up --inventory other", "./inv cluster.up --inventory other"),
        ("./inv bundle.build --repair", "./inv bundle.build --repair"),
        ("kubectl uncordon w1", "kubectl uncordon w1"),
    ],
)  # fmt: skip
def test_commands_get_the_inventory_they_lack(text: str, told: str) -> None:
    assert hints.meant_for(text, ONPREM) == told
    assert hints.meant_for(text, ROOT / "inventories/lab") == text


def test_an_error_tells_commands_for_its_inventory() -> None:
    with pytest.raises(GongbangError) as caught, hints.aimed(ONPREM):
        raise GongbangError("it is not there", fix="make it: ./inv lab.up")
    assert caught.value.fix == "make it: ./inv lab.up --inventory inventories/onprem"
