"""A module travels with its Python compiled, in the version of Ansible that we pin."""

from __future__ import annotations

import base64
import configparser
import marshal
import os
import re
import runpy
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from gongbang import surroundings
from gongbang.paths import ROOT, TOOLS

COMPILED = runpy.run_path(str(ROOT / "plugins/callback/gongbang_compiled.py"))


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Ansible sends for `ping`, as a node gets it."""
    folder = tmp_path_factory.mktemp("sent")
    settings = {
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
        "ANSIBLE_PIPELINING": "0",
        "ANSIBLE_KEEP_REMOTE_FILES": "1",
        "ANSIBLE_REMOTE_TMP": str(folder),
    }
    own = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    here = ["-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
    argv = [str(TOOLS / "ansible"), "localhost", "-i", "localhost,", *here, "-m", "ansible.builtin.ping"]
    subprocess.run(argv, env=own | settings, check=True, capture_output=True, timeout=60)
    (found,) = folder.glob("*/AnsiballZ_ping.py")
    return found


@pytest.fixture(scope="module")
def archive(sent: Path) -> zipfile.ZipFile:
    """The zip in it."""
    data = re.search(r"^zip_data='([^']+)'", sent.read_text(), re.MULTILINE)
    assert data
    return zipfile.ZipFile(BytesIO(base64.b64decode(data[1])))


def test_all_of_it_is_compiled(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    assert len(names) > 60
    assert {name for name in names if name.endswith(".py") and f"{name}c" not in names} == set()


def test_the_node_takes_the_compiled_files(sent: Path, archive: zipfile.ZipFile) -> None:
    """PYTHONVERBOSE tells each name that is tried; the source's is tried where the compiled file was not taken."""
    done = subprocess.run(
        [sys.executable, sent],
        env=os.environ | {"PYTHONVERBOSE": "2"},
        text=True, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert '"ping": "pong"' in done.stdout
    tried = set(re.findall(r"# trying .*\.zip/(.*)", done.stderr)) & set(archive.namelist())
    assert len(tried) > 20
    assert "ansible/modules/ping.pyc" in tried
    assert {name for name in tried if name.endswith(".py")} == set()


def test_a_node_is_told_no_path_of_the_controller(archive: zipfile.ZipFile) -> None:
    names = [name for name in archive.namelist() if name.endswith(".pyc")]
    assert [name for name in names if str(ROOT).encode() in archive.read(name)] == []
    assert run_compiled(archive, "ansible/__init__.py")["__file__"] == "/ansible/__init__.py"


def test_what_is_compiled_is_the_source_beside_it() -> None:
    """Also where the controller has another file of that name; what is no Python travels as it is."""
    files = {
        "ansible/__init__.py": "seen = 'ours'",
        "ours.py": "seen = 'too'",
        "bad.py": "no Python",
        "a.txt": "",
    }

    def pack(to: zipfile.ZipFile) -> None:
        for name, text in files.items():
            to.writestr(name, text)

    with zipfile.ZipFile(BytesIO(), "w") as to:
        COMPILED["with_compiled"](pack)(to)
        assert to.namelist() == [*files, "ansible/__init__.pyc", "ours.pyc"]
        assert [run_compiled(to, name)["seen"] for name in ("ansible/__init__.py", "ours.py")] == [
            "ours",
            "too",
        ]


def test_ansible_may_pack_in_another_way() -> None:
    COMPILED["with_compiled"](lambda *, archive: None)(archive=None)


def run_compiled(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    """The names that the compiled file beside `name` makes, and the place that its code knows."""
    code = marshal.loads(archive.read(f"{name}c")[16:])
    names: dict[str, Any] = {"__file__": code.co_filename, "__path__": [], "__name__": "seen"}
    exec(code, names)
    return names


def test_a_run_has_what_plain_ansible_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Also where a user's own setting names others: the runner says its plugins itself."""
    monkeypatch.setenv("ANSIBLE_CALLBACKS_ENABLED", "ansible.posix.timer")
    config = configparser.ConfigParser()
    config.read(ROOT / "ansible.cfg")
    enabled = surroundings.environment(tmp_path, tmp_path)["ANSIBLE_CALLBACKS_ENABLED"].split(",")
    assert {config["defaults"]["callbacks_enabled"]} < set(enabled)
