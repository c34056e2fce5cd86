"""Secrets: canaries that a run is given are nowhere in what it writes, prints or starts; vaults work or are refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gongbang import cli, inventory, processes, records, redact, runner, session, vault
from gongbang.errors import ExitCode, GongbangError
from gongbang.paths import ROOT, TOOLS, artifacts_dir
from tests.unit.test_runner import PLAYBOOKS, wait_for

CANARIES = {
    "inline_word": 'canary-inline-o\'brien "said" <&> ä',
    "file_word": "canary-from-a-vaulted-file",
    "registry_password": "canary-registry-password",
    "join_token": "cana1y.0123456789abcdef",
    "certificate_key": "cafe" * 16,
    "key_text": "canary line one of a key\ncanary line two of a key",
}
BEGUN = "canar", "cana1y", "cafecafe"


@pytest.fixture
def site(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The inventory, and the password of its vaults."""
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(template / "password"))
    return Path(shutil.copytree(template / "site", tmp_path / "site"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An inventory of this machine with canaries: vaulted variables, a vaulted file, variables with telling names."""
    base = tmp_path_factory.mktemp("template")
    folder = base / "site"
    (folder / "group_vars/all").mkdir(parents=True)
    password = base / "password"
    password.write_text("right\n")
    python = "{{ ansible_playbook_python }}"
    hosts = {"here": {"ansible_connection": "local", "ansible_python_interpreter": python}}
    groups = {"all": {"children": {"control_plane": {"hosts": hosts}}}}
    (folder / "hosts.yml").write_text(json.dumps(groups))
    (folder / "group_vars/all/inline.yml").write_text(
        encrypted("inline_word", password) + encrypted("key_text", password)
    )
    hidden = folder / "group_vars/all/hidden.yml"
    hidden.write_text(json.dumps({"file_word": CANARIES["file_word"]}))
    ansible_vault(password, "encrypt", str(hidden))
    plain = {name: CANARIES[name] for name in ("registry_password", "join_token", "certificate_key")}
    (folder / "group_vars/all/plain.yml").write_text(json.dumps(plain | {"cluster_name": "lab"}))
    return base


def encrypted(name: str, password: Path) -> str:
    return ansible_vault(password, "encrypt_string", "--stdin-name", name, text=CANARIES[name]) + "\n"


def ansible_vault(password: Path, *words: str, text: str = "") -> str:
    argv = [str(TOOLS / "ansible-vault"), *words]
    env = os.environ | {"ANSIBLE_VAULT_PASSWORD_FILE": str(password)}
    return subprocess.run(argv, env=env, input=text, capture_output=True, text=True, check=True).stdout


def leaks(folder: Path, *texts: str) -> list[str]:
    """The names of the files below a folder that hold a canary or the beginning of one, in any spelling."""
    wanted = {spelled for value in CANARIES.values() for spelled in redact.spellings(value)} | set(BEGUN)
    found = [f"text {number}" for number, text in enumerate(texts) if any(word in text for word in wanted)]
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            text = path.read_bytes().decode(errors="replace")
            found += [
                f"{path.name}: {word}: {text[max(0, (at := text.find(word)) - 80) : at + 80]}"
                for word in wanted
                if word in text
            ]
    return found


def run(site: Path, playbook: str = "leak.yml") -> ExitCode:
    cluster = inventory.load(site)
    with session.opened("try", "lab", secrets=cli.secrets(cluster)):
        return runner.run(f"{PLAYBOOKS}/{playbook}", site, command="try", diff=True).code


def test_what_a_vault_hides_is_read(site: Path) -> None:
    cluster = inventory.load(site)
    values = cluster.nodes[0].vars
    assert (values["inline_word"], values["file_word"]) == (CANARIES["inline_word"], CANARIES["file_word"])
    assert set(CANARIES.values()) <= cli.secrets(cluster)
    assert "canary" not in repr(cluster)


def test_nothing_secret_is_in_what_a_run_writes_or_prints(
    site: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    os.umask(0o022)
    assert run(site) is ExitCode.FAILED, "the playbook ends with a failure that tells everything"
    printed = capfd.readouterr()
    assert "<hidden>" in printed.err
    assert leaks(artifacts_dir("lab"), printed.out, printed.err) == []
    log = (artifacts_dir("lab") / "latest/log.txt").read_text()
    assert log.count("<hidden>") > 10, "the playbook told less than it should"
    base = artifacts_dir("lab")
    modes = {path: path.stat().st_mode & 0o777 for path in [base, *base.rglob("*")] if not path.is_symlink()}
    assert len(modes) > 5
    assert set(modes.values()) == {0o700, 0o600}, modes


def test_without_redaction_they_would_be_found(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("redact", "redact_all"):
        monkeypatch.setattr(records, name, lambda value, _secrets: value)
    run(site)
    found = leaks(artifacts_dir("lab"))
    for file in ("log.txt", "events.jsonl", "summary.json"):
        assert any(name.startswith(file) for name in found), file
    for value in CANARIES.values():
        assert any(spelled in name for name in found for spelled in redact.spellings(value)), value


SLEEPER = """
import os, sys
from pathlib import Path
from gongbang import cli, inventory, runner, session
site = Path(sys.argv[1])
cluster = inventory.load(site)
with session.opened("try", "lab", secrets=cli.secrets(cluster)):
    runner.run("tests/unit/playbooks/sleep.yml", site, command="try",
               extra_vars={"work": "sleep 3", "mark": sys.argv[2], "password": "canary-extra-variable"})
"""


def test_nothing_secret_is_in_a_process_list_nor_in_the_environment_that_is_kept(
    site: Path, tmp_path: Path
) -> None:
    env = os.environ | {"UNRELATED": "canary-of-the-environment"}
    words = [sys.executable, "-c", SLEEPER, str(site), str(tmp_path / "mark")]
    child = subprocess.Popen(
        words, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    base = artifacts_dir("lab")
    wait_for(
        lambda: base.exists() and any("Sleep for" in path.read_text() for path in base.glob("*/events.jsonl"))
    )
    record = (base / "latest").resolve()
    wait_for(lambda: len(list(command_lines(str(record)))) > 2)  # the task's worker comes after its event
    seen = list(command_lines(str(record)))
    while_running = [
        path.name for path in record.rglob("*") if path.is_file() and b"canary-of-the" in path.read_bytes()
    ]
    child.communicate(timeout=60)
    assert len(seen) > 2, "ansible-playbook, its worker and the task were there"
    assert not [line for line in seen if "canar" in line or "cana1y" in line]
    assert while_running == []


def command_lines(tag: str) -> Iterator[str]:
    """Command line and environment of every process of a run."""
    for pid in processes.of_run(tag):
        for name in ("cmdline", "environ"):
            try:
                yield (
                    (Path("/proc") / str(pid) / name)
                    .read_bytes()
                    .replace(b"\0", b" ")
                    .decode(errors="replace")
                )
            except OSError:
                continue


CASES = [
    ("inline.yml", "wrong"),
    ("inline.yml", "none"),
    ("hidden.yml", "wrong"),
    ("hidden.yml", "no such file"),
    ("hidden.yml", "asked for"),
]


@pytest.mark.parametrize(("vaulted", "given"), CASES)
def test_a_missing_or_wrong_vault_password_is_bad_input(
    site: Path, tmp_path: Path, vaulted: str, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in {"inline.yml", "hidden.yml"} - {vaulted}:
        (site / "group_vars/all" / name).unlink()
    (tmp_path / "wrong").write_text("wrong\n")
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(tmp_path / given))
    if given in ("none", "asked for"):
        monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE")
    if given == "asked for":
        monkeypatch.setenv("ANSIBLE_ASK_VAULT_PASS", "True")
    with pytest.raises(GongbangError) as caught:
        inventory.load(site)
    assert caught.value.code is ExitCode.BAD_INPUT
    assert "vault password" in caught.value.problem
    assert "ANSIBLE_VAULT_PASSWORD_FILE" in caught.value.fix


def test_nobody_is_asked_for_a_password_on_a_terminal(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_ASK_VAULT_PASS", "True")
    monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE")
    command = f"{ROOT}/inv runs.list --inventory {site}"
    done = subprocess.run(
        ["script", "--quiet", "--return", "--command", command, "/dev/null"],
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == ExitCode.BAD_INPUT, done.stdout
    assert "the vault password is missing or wrong" in done.stdout


def test_an_identity_in_ansibles_own_settings_opens_the_vault(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = os.environ["ANSIBLE_VAULT_PASSWORD_FILE"]
    monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE")
    monkeypatch.setenv("ANSIBLE_VAULT_IDENTITY_LIST", f"site@{password}")
    assert inventory.load(site).nodes[0].vars["file_word"] == CANARIES["file_word"]


def test_an_inventory_without_a_vault_starts_nothing_more(
    local_inventory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_words: Any, **_more: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("gongbang.proc.run", never)
    assert vault.decrypt(local_inventory, []) == {}


@pytest.mark.parametrize("spelled", ["canary-word", "Y2FuYXJ5LXdvcmQ", "jYW5hcnktd29yZ", "6Y2FuYXJ5LXdvcmQ"])
def test_spellings_of_a_secret_are_hidden(spelled: str) -> None:
    assert spelled not in redact.redact(f"x{spelled}=", redact.spellings("canary-word"))


def test_a_password_in_a_header_is_hidden() -> None:
    for text in ('Authorization = "Basic dXNlcjpwYXNz"', "authorization: Bearer abcdefgh"):
        assert "dXNlcjpwYXNz" not in redact.redact(text)
        assert "abcdefgh" not in redact.redact(text)
