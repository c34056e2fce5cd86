from __future__ import annotations

from gongbang.fingerprint import differences


def test_equal_captures_have_no_difference() -> None:
    assert differences({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 2}]}}) == []


def test_each_leaf_is_one_line_with_its_path() -> None:
    before = {"cp1": {"files": {"/a": 1}, "swaps": []}}
    after = {"cp1": {"files": {"/b": 1}, "swaps": ["/dev/x"]}}
    assert differences(before, after) == [
        "cp1 > files > /a: 1 -> absent",
        "cp1 > files > /b: absent -> 1",
        "cp1 > swaps: [] -> ['/dev/x']",
    ]


def test_inside_lists_the_entry_is_named() -> None:
    assert differences({"a": [{"x": 1}, {"x": 2}]}, {"a": [{"x": 1}, {"x": 3}]}) == ["a[1] > x: 2 -> 3"]


def test_of_a_long_text_only_the_lines_that_differ_are_shown() -> None:
    assert differences({"a": "one\ntwo\nthree"}, {"a": "one\n2\nthree"}) == ["a: +2", "a: -two"]


def test_long_values_are_cut() -> None:
    (line,) = differences({"a": "x"}, {"a": "y" * 200})
    assert len(line) < 100
