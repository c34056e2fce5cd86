"""Inventories of tests share the lab's variables by symbolic links, which some ways of copying a tree turn into text."""

from __future__ import annotations

from gongbang.paths import ROOT


def test_links_are_links() -> None:
    texts = [
        path
        for pattern in ("*", "*/*")
        for path in ROOT.glob(f"*/**/inventory/group_vars/{pattern}")
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


def test_inventories_of_tests_have_all_groups_of_the_lab() -> None:
    folders = {path.parent for path in ROOT.glob("*/**/inventory/hosts.yml")}
    assert len(folders) > 5
    groups = {path.name for path in (ROOT / "inventories/lab/group_vars").iterdir()}
    lacking = {
        str(folder.relative_to(ROOT)): missing
        for folder in folders
        if (missing := groups - {path.parent.name for path in folder.glob("group_vars/*/*")})
    }
    assert not lacking, f"link these from inventories/lab/group_vars: {lacking}"
