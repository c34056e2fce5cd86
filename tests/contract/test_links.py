"""Inventories of tests share the lab's variables by symbolic links, which some ways of copying a tree turn into text."""

from __future__ import annotations

from gongbang.paths import ROOT


def test_links_are_links() -> None:
    texts = [
        path
        for path in ROOT.glob("*/**/inventory/group_vars/*/*")
        if path.is_file() and not path.is_symlink()
    ]
    lost = [
        path
        for path in texts
        if (path.parent / path.read_text().strip()).exists() and path.read_text().strip()
    ]
    assert not lost, (
        f"these were symbolic links: {[str(path.relative_to(ROOT)) for path in lost]}; make them again"
    )
