"""What results say of their changes, in words."""

from __future__ import annotations

from typing import Any

import pytest

from gongbang import changes, events


@pytest.mark.parametrize(
    ("action", "result", "expected"),
    [
        ("ansible.builtin.command", {}, ("take swap out of fstab",)),
        ("owned_files", {"words": ["file /a: missing", "file /b: other content"]},
         ("file /a: missing", "file /b: other content")),
        ("ansible.builtin.debug", {"msg": ["package kubelet: not held -> held"]}, ("package kubelet: not held -> held",)),
        ("ansible.builtin.debug", {"msg": "kubeadm init"}, ("kubeadm init",)),
        ("ansible.builtin.systemd_service",
         {"name": "kubelet.service", "enabled": True, "state": "started",
          "status": {"UnitFileState": "disabled", "ActiveState": "inactive"}},
         ("service kubelet: disabled -> enabled, inactive -> started",)),
        ("ansible.builtin.systemd_service",
         {"name": "containerd.service", "enabled": True, "state": "started",
          "status": {"UnitFileState": "enabled", "ActiveState": "active"}},
         ("service containerd: restart",)),
        ("ansible.builtin.file", {"path": "/a.key"}, ("file /a.key: other mode or owner -> as declared",)),
        ("ansible.builtin.systemd_service", {}, ("service systemd: read its files again",)),
    ],
)  # fmt: skip
def test_words(action: str, result: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert changes.words("swap | Take swap out of fstab", action, result) == expected


def test_a_loop_says_what_its_changed_items_say() -> None:
    items = [{"changed": True, "words": ["file /a: missing"]}, {"changed": False, "words": ["no"]}]
    assert changes.words("x", "owned_files", {"results": items}) == ("file /a: missing",)


def test_differences_are_unified() -> None:
    entry = {"before_header": "/a", "after_header": "/a", "before": "one\n", "after": "two"}
    assert changes.differences({"diff": [entry]}) == "--- /a\n+++ /a\n@@ -1 +1 @@\n-one\n+two\n"
    assert changes.differences({"diff": {"prepared": "as it is\n"}}) == "as it is\n"
    assert changes.differences({"diff": [None, 3]}) == changes.differences({}) == ""


def parsed(**result: Any) -> events.Event:
    data = {"host": "w1", "task": "a | Do it", "task_action": "ansible.builtin.debug", "res": result}
    event = events.parse({"event": "runner_on_ok", "event_data": data})
    assert event
    return event


def test_a_debug_task_that_changes_nothing_is_a_note() -> None:
    assert (parsed(msg="w9 is no node").notes, parsed(msg="w9 is no node").changes) == (
        ("w9 is no node",),
        (),
    )
    assert (parsed(msg="a -> b", changed=True).notes, parsed(msg="a -> b", changed=True).changes) == (
        (),
        ("a -> b",),
    )
    assert "notes" not in parsed(msg="a -> b", changed=True).as_dict()
