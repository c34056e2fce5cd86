"""A module travels with its Python compiled, in the version of Ansible that we pin."""

from __future__ import annotations

import configparser
import os
import re
import runpy
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from gongbang.paths import ROOT, TOOLS
from gongbang.surroundings import CALLBACKS

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
    here = ["-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
    argv = [str(TOOLS / "ansible"), "localhost", "-i", "localhost,", *here, "-m", "ansible.builtin.ping"]
    subprocess.run(argv, env=os.environ | settings, check=True, capture_output=True, timeout=60)
    (found,) = folder.glob("*/AnsiballZ_ping.py")
    return found


def test_the_node_takes_the_compiled_files(sent: Path) -> None:
    """All of Ansible's own that is imported; PYTHONVERBOSE tells each file that is tried, and the source comes last."""
    done = subprocess.run(
        [sys.executable, sent],
        env=os.environ | {"PYTHONVERBOSE": "2"},
        text=True, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert '"ping": "pong"' in done.stdout
    imported = re.findall(r"^import '(ansible[^']*)' # <zipimporter", done.stderr, re.MULTILINE)
    assert len(imported) > 20
    tried = set(re.findall(r"# trying .*\.zip/(.*)", done.stderr))
    assert "ansible/module_utils/basic.pyc" in tried
    assert [name for name in imported if f"{name.replace('.', '/')}.py" in tried] == []


def test_a_run_has_what_plain_ansible_has() -> None:
    """The runner says its plugins itself: a user's own setting must not take them away."""
    config = configparser.ConfigParser()
    config.read(ROOT / "ansible.cfg")
    assert set(config["defaults"]["callbacks_enabled"].split(", ")) < set(CALLBACKS)


def test_what_is_compiled_is_the_source_beside_it() -> None:
    """A file of ours, and one of a name that the controller has with other contents."""
    archive = zipfile.ZipFile(BytesIO(), "w")
    with_compiled = COMPILED["with_compiled"](lambda to: to.writestr("ansible/__init__.py", "seen = 'ours'"))
    with_compiled(archive)
    assert archive.namelist() == ["ansible/__init__.py", "ansible/__init__.pyc"]
    names: dict[str, str] = {}
    exec(COMPILED["code"]("ansible/__init__.py", archive.read("ansible/__init__.py")), names)
    assert names["seen"] == "ours"
