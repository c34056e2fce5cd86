"""`python -m gongbang.fingerprint save|compare FILE [--content] [--hosts]`: proves that nothing changed, or that two clusters are equal."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from gongbang import fingerprint, inventory
from gongbang.errors import ExitCode, GongbangError
from gongbang.files import write_atomically


def main() -> ExitCode:
    """Save the fingerprint into a file, or print what differs from the saved one (then VERIFICATION)."""
    parser = argparse.ArgumentParser(prog="gongbang.fingerprint")
    parser.add_argument("what", choices=["save", "compare"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--inventory", default="")
    parser.add_argument("--content", action="store_true", help="compare with another cluster's capture")
    parser.add_argument("--hosts", action="store_true", help="of the nodes alone: there is no cluster yet")
    given = parser.parse_args()
    try:
        cluster = inventory.load(inventory.path_of(given.inventory))
        now = fingerprint.capture(cluster, with_cluster=not given.hosts)
    except GongbangError as error:
        print(error, file=sys.stderr)
        return error.code
    if given.what == "save":
        write_atomically(given.file, json.dumps(now))
        return ExitCode.DONE
    before = json.loads(given.file.read_text())
    if given.content:
        before, now = fingerprint.content(before), fingerprint.content(now)
    changed = fingerprint.differences(before, now)
    print("\n".join(changed) or "nothing differs")
    return ExitCode.VERIFICATION if changed else ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(int(main()))
