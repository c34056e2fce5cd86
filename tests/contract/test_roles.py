"""Roles: specs and defaults say the same, names carry their prefix, nothing hides a failure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gongbang.paths import ROOT
from tests.contract.conftest import COMMANDS, below, load, module, roles, shown, task_files, tasks_of

SITE = ROOT / "playbooks/site.yml"
ROLES = [pytest.param(name, id=name) for name in roles()]
FILES = [pytest.param(path, id=shown(path)) for path in task_files()]
BUILT_IN = {"groups": re.compile(r"\bgroups\s*[\[.]|\bgroup_names\b")}


def options(role: str) -> dict[str, Any]:
    """The options of all entry points of a role."""
    specs = (load(ROOT / "roles" / role / "meta/argument_specs.yml") or {}).get("argument_specs", {})
    return {
        name: spec or {} for entry in specs.values() for name, spec in (entry.get("options") or {}).items()
    }


def defaults(role: str) -> dict[str, Any]:
    return load(ROOT / "roles" / role / "defaults/main.yml") or {}


def templated(value: Any) -> bool:
    return "{{" in str(value)


@pytest.mark.parametrize("role", ROLES)
def test_role_is_complete(role: str) -> None:
    folder = ROOT / "roles" / role
    missing = [
        name
        for name in ("README.md", "meta/argument_specs.yml", "meta/main.yml")
        if not (folder / name).exists()
    ]
    assert not missing, f"role {role} has no {', '.join(missing)}"


def test_reset_takes_every_role_off_in_reverse_order() -> None:
    """The pod network's files go after the control plane: until then its pods run."""
    imported = [load(ROOT / "playbooks" / play["ansible.builtin.import_playbook"]) for play in load(SITE)]
    applied = list(dict.fromkeys(name for plays in imported for play in plays for name in applied_by(play)))
    taken_off = [
        role["name"]
        for task in tasks_of(load(ROOT / "playbooks/reset.yml"))
        if (role := module(task, "import_role")) and role.get("tasks_from") == "absent.yml"
    ]
    own = [name for name in reversed(applied) if name != "cni"]
    assert [name for name in taken_off if name != "cni"] == own
    assert taken_off.index("cni") == taken_off.index("control_plane") + 1
    assert {path.parts[-3] for path in below("roles", suffix="absent.yml")} <= set(taken_off)
    for name in taken_off:
        assert (ROOT / "roles" / name / "tasks/absent.yml").exists(), name


def applied_by(play: dict[str, Any]) -> Iterator[str]:
    """The roles that a play applies."""
    yield from (role["role"] for role in play.get("roles", []))
    yield from (role["name"] for task in play.get("tasks", []) if (role := module(task, "import_role")))


@pytest.mark.parametrize("role", ROLES)
def test_specs_and_defaults_name_the_same_variables(role: str) -> None:
    required = {name for name, spec in options(role).items() if spec.get("required")}
    without_default = {name for name, spec in options(role).items() if "default" not in spec} - set(
        defaults(role)
    )
    assert set(defaults(role)) - set(options(role)) == set(), "in defaults/main.yml, not in argument_specs"
    assert without_default - required == set(), "neither required nor with a default"
    assert required & set(defaults(role)) == set(), "required and yet with a default"


@pytest.mark.parametrize("role", ROLES)
def test_specs_and_defaults_have_the_same_values(role: str) -> None:
    for name, value in defaults(role).items():
        spec = options(role).get(name, {})
        if "default" in spec:
            assert spec["default"] == value, (
                f"{name}: the spec says {spec['default']!r}, defaults say {value!r}"
            )
        elif not templated(value):
            pytest.fail(f"{name}: the spec lacks `default: {value!r}`")


@pytest.mark.parametrize("role", ROLES)
def test_variables_carry_the_role_as_prefix(role: str) -> None:
    for name in {*defaults(role), *options(role)}:
        assert name.startswith(f"{role}_"), f"{name} of role {role}"
    for path in below(f"roles/{role}/vars", suffix=".yml"):
        for name in load(path) or {}:
            assert name.startswith(f"__{role}_"), f"{name} in {shown(path)}"


@pytest.mark.parametrize("role", ROLES)
def test_registered_and_set_variables_carry_the_prefix(role: str) -> None:
    for path in below(f"roles/{role}", suffix=".yml"):
        for task in tasks_of(load(path)) if path.parent.name in ("tasks", "handlers") else ():
            facts = module(task, "set_fact") or {}
            names = [task.get("register"), *(name for name in facts if name != "cacheable")]
            wrong = [name for name in names if name and not name.startswith((f"__{role}_", f"{role}_"))]
            assert not wrong, f"{shown(path)}: {task.get('name')}: {wrong}"


@pytest.mark.parametrize("role", ROLES)
def test_group_names_are_not_used_inside_roles(role: str) -> None:
    for path in below(f"roles/{role}"):
        if path.suffix in (".yml", ".j2"):
            found = BUILT_IN["groups"].search(path.read_text())
            assert not found, f"{shown(path)} uses {found[0]!r}: host lists come in as variables"


@pytest.mark.parametrize("role", ROLES)
def test_shared_facts_are_read_in_defaults_only(role: str) -> None:
    if role == "lab_node":
        pytest.skip("the lab's own role is told by the lab's variables")
    for path in below(
        f"roles/{role}/tasks", f"roles/{role}/templates", f"roles/{role}/handlers", f"roles/{role}/vars"
    ):
        text = re.sub(r"#.*", "", path.read_text())
        found = re.search(r"(?<![\w.])cluster_[a-z_]+(?!\w)", text)
        assert not found, f"{shown(path)} reads {found[0]}: give the role a default for it"


@pytest.mark.parametrize("path", FILES)
def test_no_task_ignores_errors(path: Path) -> None:
    for task in tasks_of(load(path)):
        assert not task.get("ignore_errors"), f"{task.get('name')}: use failed_when or a rescue"
        assert not task.get("ignore_unreachable"), f"{task.get('name')}"


@pytest.mark.parametrize("path", FILES)
def test_every_assert_says_what_to_do(path: Path) -> None:
    for task in tasks_of(load(path)):
        arguments = module(task, "assert")
        if arguments is not None:
            assert arguments.get("fail_msg"), (
                f"{task.get('name')}: an assert needs fail_msg: problem, seen, fix"
            )


@pytest.mark.parametrize("path", FILES)
def test_every_command_says_when_it_changes(path: Path) -> None:
    for task in tasks_of(load(path)):
        if module(task, *COMMANDS) is not None:
            assert "changed_when" in task, f"{task.get('name')}: a command needs changed_when"


@pytest.mark.parametrize("path", FILES)
def test_tasks_have_short_names(path: Path) -> None:
    for task in tasks_of(load(path)):
        imports = module(task, "import_tasks", "import_playbook")
        name = str(task.get("name", "")).rpartition(" | ")[2]
        assert name or imports is not None, f"a task without a name: {task}"
        assert len(name.split()) <= 10, f"more than ten words: {name}"


def test_a_role_is_applied_with_its_own_tag() -> None:
    for path in below("playbooks", suffix=".yml"):
        for play in load(path) or []:
            for role in play.get("roles", []):
                name = role if isinstance(role, str) else role.get("role")
                tags = [] if isinstance(role, str) else role.get("tags", [])
                assert name in ([tags] if isinstance(tags, str) else tags), (
                    f"{shown(path)}: {name} has tags {tags}"
                )


def test_templates_say_who_manages_the_file() -> None:
    for path in below("roles", suffix=".j2"):
        assert "ansible_managed" in "\n".join(path.read_text().splitlines()[:4]), shown(path)
