"""Ansible module: makes a list of small files, links and absences true in one round."""

from __future__ import annotations

import base64
import grp
import os
import pwd
import shutil
import stat
import tempfile
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped,unused-ignore]

DOCUMENTATION = """
module: owned_files
short_description: Make a list of small files, links and absences true in one round
description:
  - A role that owns ten small files needs one round over SSH instead of twenty.
  - Each file is written beside its place, checked with O(files.validate), and renamed into it.
options:
  files:
    description: What has to be there.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Absolute path., type: path, required: true}
      content: {description: Text of the file. A final newline is not added., type: str}
      content_b64: {description: Content in base64 instead of O(files.content)., type: str}
      link: {description: Target of a symbolic link instead of a file., type: str}
      mode: {description: Octal mode., type: str, default: '0644'}
      folder_mode: {description: Octal mode of a folder that has to be made for it., type: str, default: '0755'}
      owner: {description: Name of the owner; without it the one who runs the module., type: str}
      group: {description: Name of the group; without it the first of the one who runs the module., type: str}
      validate: {description: Command that has to accept the new file; %s is its path., type: str}
  secret_files:
    description: Like O(files), for content that no log and no difference may show.
    type: list
    elements: dict
    default: []
  absent:
    description: Paths (files or folders) that must not be there.
    type: list
    elements: path
    default: []
  only_listed_in:
    description: Folders of ours in which nothing but the listed files may stay.
    type: list
    elements: path
    default: []
  reader:
    description:
      - Who reads the files, for the results C(stale) (the unit runs, and since before one of the paths changed last),
        C(reload) (systemd has not read the unit's files yet) and C(settled) (enabled, running, and neither of these).
        They are facts of the node, not of this run, so that a run that was killed in between is made good by the next.
    type: dict
    suboptions:
      unit: {description: Name of the systemd unit., type: str, required: true}
      paths: {description: Files and programs that it reads at its start., type: list, elements: path, default: []}
"""

ENTRY: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "link": {"type": "str"},
    "mode": {"type": "str", "default": "0644"},
    "folder_mode": {"type": "str", "default": "0755"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "validate": {"type": "str"},
}
PLAIN = {**ENTRY, "content": {"type": "str"}, "content_b64": {"type": "str"}}
SECRET = {**ENTRY, "content": {"type": "str", "no_log": True}, "content_b64": {"type": "str", "no_log": True}}


class Quiet(AnsibleModule):
    """A module whose arguments stay out of the node's journal: `no_log` inside a list's elements does not keep them out."""

    def _log_invocation(self) -> None:
        """Log nothing of the invocation."""


def wanted_bytes(entry: dict[str, Any]) -> bytes:
    """The content that the entry asks for."""
    if entry.get("content_b64") is not None:
        return base64.b64decode(entry["content_b64"])
    return (entry.get("content") or "").encode()


def read(path: str) -> bytes | None:
    """The content of a regular file, else None."""
    if os.path.islink(path) or not os.path.isfile(path):
        return None
    with open(path, "rb") as source:
        return source.read()


def shown(data: bytes | None) -> str:
    """Content as a difference shows it."""
    if data is None:
        return ""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return f"({len(data)} bytes)\n"


def attributes(path: str) -> tuple[int, int, int] | None:
    """Mode, uid and gid of what is at the path itself, None when nothing is there."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid


def ids(entry: dict[str, Any]) -> tuple[int, int, int]:
    """Mode, uid and gid that the entry asks for."""
    uid = pwd.getpwnam(entry["owner"]).pw_uid if entry.get("owner") else os.geteuid()
    gid = grp.getgrnam(entry["group"]).gr_gid if entry.get("group") else os.getegid()
    return int(entry["mode"], 8), uid, gid


def remove(path: str) -> None:
    """Take away a file, a link or a folder."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def write(module: AnsibleModule, entry: dict[str, Any], data: bytes) -> None:
    """Write beside the place, check, rename."""
    path = entry["path"]
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=int(entry["folder_mode"], 8), exist_ok=True)
    if os.path.isdir(path) and not os.path.islink(path):
        module.fail_json(msg=f"a folder stands where a file belongs: {path}; take it away")
    handle, draft = tempfile.mkstemp(prefix=".gongbang-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(data)
            target.flush()
            os.fsync(target.fileno())
        mode, uid, gid = ids(entry)
        os.chown(draft, uid, gid)
        os.chmod(draft, mode)
        if entry.get("validate"):
            code, out, err = module.run_command(entry["validate"].replace("%s", draft))
            if code != 0:
                module.fail_json(msg=f"{path} was refused by `{entry['validate']}`: {(err or out).strip()}")
        os.rename(draft, path)
    finally:
        if os.path.exists(draft):
            os.unlink(draft)


def link(entry: dict[str, Any]) -> None:
    """Put the symbolic link in place with one rename."""
    path = entry["path"]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    draft = f"{path}.gongbang-new"
    if os.path.lexists(draft):
        os.unlink(draft)
    os.symlink(entry["link"], draft)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    os.rename(draft, path)


def ensure(module: AnsibleModule, entry: dict[str, Any], hidden: bool) -> dict[str, str] | None:
    """Make one entry true; the difference made, or None."""
    path = entry["path"]
    if entry.get("link"):
        found = os.readlink(path) if os.path.islink(path) else None
        if found == entry["link"]:
            return None
        if not module.check_mode:
            link(entry)
        return {"header": path, "before": f"-> {found}\n" if found else "", "after": f"-> {entry['link']}\n"}
    data, before = wanted_bytes(entry), read(path)
    if before != data:
        if not module.check_mode:
            write(module, entry, data)
        if hidden:
            return {
                "header": path,
                "before": "" if before is None else "(secret)\n",
                "after": "(secret, other content)\n",
            }
        return {"header": path, "before": shown(before), "after": shown(data)}
    have, want = attributes(path), ids(entry)
    if have == want:
        return None
    if not module.check_mode:
        os.chown(path, want[1], want[2])
        os.chmod(path, want[0])
    return {"header": f"{path} (mode, owner)", "before": f"{triple(have)}\n", "after": f"{triple(want)}\n"}


def triple(found: tuple[int, int, int] | None) -> str:
    """Mode and owner as a person reads them."""
    return "" if found is None else f"{found[0]:04o} {found[1]}:{found[2]}"


def strangers(folders: list[str], listed: set[str]) -> list[str]:
    """Files below our own folders that no entry asks for."""
    found = []
    for folder in folders:
        for parent, names, files in os.walk(folder, topdown=False):
            found += [
                os.path.join(parent, name) for name in files if os.path.join(parent, name) not in listed
            ]
            found += [
                path
                for path in (os.path.join(parent, name) for name in names)
                if not any(other.startswith(f"{path}/") for other in listed)
            ]
    return found


def reader_facts(module: AnsibleModule, reader: dict[str, Any], touched: set[str]) -> dict[str, bool]:
    """Whether the unit has to be restarted, systemd has to read its files again, or nothing is to be done."""
    asked = "ActiveState,UnitFileState,ExecMainStartTimestampMonotonic,NeedDaemonReload"
    _, out, _ = module.run_command(["systemctl", "show", reader["unit"], "--property", asked])
    found = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    since = int(found.get("ExecMainStartTimestampMonotonic") or 0) / 1e6
    started = time.time() - (time.clock_gettime(time.CLOCK_MONOTONIC) - since)
    newest = max((os.stat(path).st_ctime for path in reader["paths"] if os.path.exists(path)), default=0.0)
    old = newest > started or bool(touched & set(reader["paths"]))
    active = found.get("ActiveState") in ("active", "reloading", "activating")
    stale, reload = active and since > 0 and old, found.get("NeedDaemonReload") == "yes"
    settled = active and found.get("UnitFileState") == "enabled" and not stale and not reload
    return {"stale": stale, "reload": reload, "settled": settled}


def in_words(diff: dict[str, str]) -> str:
    """One difference as a plan tells it."""
    name, before, after = diff["before_header"], diff["before"].strip(), diff["after"].strip()
    if name.endswith(" (mode, owner)"):
        return f"file {name.removesuffix(' (mode, owner)')}: {before} -> {after}"
    if after.startswith("-> "):
        return f"link {name}: {before or 'missing'} {after}"
    if not diff["after"]:
        return f"file {name}: there -> gone" if before == "present" else f"file {name}: emptied"
    return f"file {name}: {'other content' if diff['before'] else 'missing'}"


def main() -> None:
    """Run as a module."""
    module = Quiet(
        argument_spec={
            "files": {"type": "list", "elements": "dict", "default": [], "options": PLAIN},
            "secret_files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": SECRET,
                "no_log": False,
            },
            "absent": {"type": "list", "elements": "path", "default": []},
            "only_listed_in": {"type": "list", "elements": "path", "default": []},
            "reader": {
                "type": "dict",
                "options": {
                    "unit": {"type": "str", "required": True},
                    "paths": {"type": "list", "elements": "path", "default": []},
                },
            },
        },
        supports_check_mode=True,
    )
    given = module.params
    entries = [(entry, False) for entry in given["files"]] + [
        (entry, True) for entry in given["secret_files"]
    ]
    diffs, paths = [], []
    for entry, hidden in entries:
        made = ensure(module, entry, hidden)
        if made:
            diffs.append({"before_header": made["header"], "after_header": made["header"], **made})
            paths.append(entry["path"])
    gone = [path for path in given["absent"] if os.path.lexists(path)]
    gone += strangers(given["only_listed_in"], {entry["path"] for entry, _ in entries})
    for path in gone:
        diffs.append({"before_header": path, "after_header": path, "before": "present\n", "after": ""})
        paths.append(path)
        if not module.check_mode and os.path.lexists(path):
            remove(path)
    for made in diffs:
        made.pop("header", None)
    facts = reader_facts(module, given["reader"], set(paths)) if given["reader"] else {}
    words = [in_words(diff) for diff in diffs]
    module.exit_json(changed=bool(paths), paths=paths, words=words, diff=diffs, **facts)


if __name__ == "__main__":
    main()
