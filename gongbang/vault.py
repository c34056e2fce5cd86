"""What ansible-vault hides in an inventory: read before anything runs, so that a wrong password is bad input.

Ansible itself decrypts, with its own settings (ANSIBLE_VAULT_PASSWORD_FILE, vault_password_file and
vault_identity_list in ansible.cfg), in one process of its own: `python -m gongbang.vault`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gongbang import proc
from gongbang.about import inventory_files
from gongbang.errors import ExitCode, GongbangError
from gongbang.paths import ROOT, shown

HEADER = "$ANSIBLE_VAULT;"
MARK = "__ansible_vault"
"""The one key of what ansible-inventory prints for an encrypted variable."""
SECONDS = 120
FIX = (
    "set ANSIBLE_VAULT_PASSWORD_FILE to the file that holds it, or vault_password_file or vault_identity_list in "
    "ansible.cfg; nobody is asked for it"
)


def told(output: str) -> bool:
    """Whether a program of Ansible's complains of a vault or its password."""
    return any(sign in output.lower() for sign in ("decrypt", "vault password", "vault secret"))


def refused(path: Path, said: str) -> GongbangError:
    """The error of a vault that cannot be opened."""
    lines = [line for line in said.strip().splitlines() if told(line)] or ["no message"]
    return GongbangError(
        "the vault password is missing or wrong; no node was touched",
        f"{shown(path)}: {lines[-1].strip()}", FIX, ExitCode.BAD_INPUT,
    )  # fmt: skip


def files(path: Path) -> list[Path]:
    """The files of an inventory that are encrypted as a whole."""
    found = []
    for file in sorted(inventory_files(path)):
        with file.open("rb") as content:
            if content.read(len(HEADER)) == HEADER.encode():
                found.append(file)
    return found


def texts(value: Any) -> Iterator[str]:
    """The encrypted values in the variables that ansible-inventory printed, at any depth."""
    if isinstance(value, Mapping):
        if MARK in value:
            yield str(value[MARK])
        else:
            for item in value.values():
                yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def replaced(value: Any, known: Mapping[str, str]) -> Any:
    """The variables with each encrypted value replaced by what it hides."""
    if isinstance(value, Mapping):
        if MARK in value:
            return known[str(value[MARK])]
        return {key: replaced(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, known) for item in value]
    return value


def opened(path: Path, variables: dict[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """The variables that ansible-inventory printed, with what is encrypted in the clear; and all that was hidden.

    GongbangError when the password is missing or wrong.
    """
    encrypted = [file.read_text() for file in files(path)]
    inline = list(dict.fromkeys(texts(variables)))
    known = decrypt(path, [*encrypted, *inline])
    hidden = [known[text] for text in inline]
    hidden += [value for text in encrypted for value in scalars(known[text])]
    return (replaced(variables, known) if inline else variables), frozenset(hidden)


def decrypt(path: Path, encrypted: list[str]) -> dict[str, str]:
    """What encrypted texts of an inventory hide, by text; GongbangError when the password is missing or wrong."""
    if not encrypted:
        return {}
    done = proc.run(
        [sys.executable, "-m", "gongbang.vault"],
        cwd=ROOT, env={"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        input=json.dumps(encrypted), timeout=SECONDS, check=False, terminal=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise refused(path, done.stderr)
    return dict(zip(encrypted, json.loads(done.stdout), strict=True))


def scalars(text: str) -> Iterator[str]:
    """The values in a decrypted file of variables; the text itself when it holds none."""
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        content = text
    yield from _scalars(content)


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _scalars(item)
    elif isinstance(value, list):
        for item in value:
            yield from _scalars(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def main() -> None:
    """Decrypt the JSON list of texts on standard input; Ansible's own settings name the passwords."""
    wanted = json.load(sys.stdin)
    from ansible import constants
    from ansible.cli import CLI
    from ansible.errors import AnsibleError
    from ansible.parsing.dataloader import DataLoader
    from ansible.parsing.vault import VaultLib

    try:
        secrets = CLI.setup_vault_secrets(
            DataLoader(), vault_ids=list(constants.DEFAULT_VAULT_IDENTITY_LIST), auto_prompt=False,
            ask_vault_pass=constants.DEFAULT_ASK_VAULT_PASS,
        )  # fmt: skip
        vault = VaultLib(secrets)
        print(json.dumps([vault.decrypt(text).decode() for text in wanted]))
    except AnsibleError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
