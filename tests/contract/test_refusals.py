"""What docs/refusals.md says is refused is what the code says when it refuses."""

from __future__ import annotations

import re

from gongbang.paths import ROOT
from tests.contract.conftest import below

SOURCES = (
    "gongbang/preflight.py", "gongbang/networks.py", "gongbang/vault.py", "gongbang/failures.py", "gongbang/hostkeys.py",
)  # fmt: skip


def test_every_message_of_the_page_is_one_of_the_code() -> None:
    paths = [*(ROOT / path for path in SOURCES), *below("roles", suffix=".py")]
    code = "\n".join(path.read_text() for path in paths)
    rows = re.findall(
        r"^\| [^|]+ \| (`[^|]+) \| [^|]+ \|$", (ROOT / "docs/refusals.md").read_text(), re.MULTILINE
    )
    said = [message for row in rows for message in re.findall(r"`([^`]+)`", row)]
    assert len(said) > 30
    assert [message for message in said if message not in code] == []
