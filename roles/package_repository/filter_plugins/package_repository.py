"""Filters of the role package_repository: whose key a file holds, and which packages differ."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

ARMOR = re.compile(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)\r?\n(?:=\S{4}\r?\n)?-----END",
    re.DOTALL,
)
PUBLIC_KEY = 6


def packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and body of each OpenPGP packet (RFC 9580, section 4.2); partial lengths end the walk."""
    place = 0
    while place < len(data):
        head = data[place]
        if head & 0x40:
            tag, first = head & 0x3F, data[place + 1]
            if first < 192:
                size, start = first, place + 2
            elif first < 224:
                size, start = ((first - 192) << 8) + data[place + 2] + 192, place + 3
            elif first == 255:
                size, start = int.from_bytes(data[place + 2 : place + 6], "big"), place + 6
            else:
                return
        else:
            tag, octets = (head >> 2) & 0x0F, (1, 2, 4, 0)[head & 3]
            if not octets:
                return
            size, start = int.from_bytes(data[place + 1 : place + 1 + octets], "big"), place + 1 + octets
        yield tag, data[start : start + size]
        place = start + size


def fingerprint(body: bytes) -> str:
    """Fingerprint of a public key packet, version 4 or 6 (RFC 9580, section 5.5.4)."""
    if body[0] == 4:
        return (
            hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False)
            .hexdigest()
            .upper()
        )
    return hashlib.sha256(b"\x9b" + len(body).to_bytes(4, "big") + body).hexdigest().upper()


def fingerprints(text: str) -> list[str]:
    """Fingerprints of all primary keys in an armored key file."""
    found: list[str] = []
    for block in ARMOR.findall(text):
        data = base64.b64decode("".join(block.split()))
        found += [fingerprint(body) for tag, body in packets(data) if tag == PUBLIC_KEY]
    return found


def signed_by(text: str) -> str:
    """An armored key as a deb822 field holds it: indented, empty lines as a dot."""
    return "\n".join(f" {line.rstrip() or '.'}" for line in text.strip().splitlines())


def trust(sources: Sequence[dict[str, Any]], answers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each source with the key that its URL served, the fingerprints seen in it and the pinned one."""
    keys = {answer["item"]: answer.get("content", "") for answer in answers}
    return [
        {
            **source,
            "key": signed_by(keys[source["key_url"]]),
            "seen": fingerprints(keys[source["key_url"]]),
            "pinned": [re.sub(r"\s", "", source["fingerprint"]).upper()],
        }
        for source in sources
    ]


def installed(dpkg: str) -> dict[str, tuple[str, str]]:
    """Version and wish of each installed package, from dpkg-query's four columns."""
    rows = (line.split("\t") for line in dpkg.splitlines())
    return {row[0]: (row[1], row[3]) for row in rows if len(row) == 4 and row[2] == "installed"}


def differing(wanted: Sequence[dict[str, Any]], dpkg: str) -> list[dict[str, str]]:
    """The packages that are missing or have another version: name, what apt is asked for, and a text."""
    have = installed(dpkg)
    found = []
    for package in wanted:
        name, version = package["name"], package.get("version") or ""
        now = have.get(name, ("", ""))[0]
        if now and (not version or fnmatchcase(now, version)):
            continue
        spec = f"{name}={version}" if version else name
        found.append(
            {
                "name": name,
                "spec": spec,
                "text": f"{spec} (now {now})" if now else spec,
                "change": f"package {name}: {now or 'missing'} -> {version or 'installed'}",
            }
        )
    return found


def spoilt(wanted: Sequence[dict[str, Any]], answer: str) -> list[dict[str, Any]]:
    """Files of packages that stay as they are, and that are gone or not as delivered: spec, paths, change (in words)."""
    have, other = installed(answer), {one["name"] for one in differing(wanted, answer)}
    paths: dict[str, list[str]] = {}
    for line in answer.splitlines():
        mark, _, rest = line.partition("\t")
        name, _, path = rest.partition("\t")
        if mark == "spoilt" and name in have and name not in other:
            paths.setdefault(name, []).append(path)
    return [
        {
            "spec": f"{name}={have[name][0]}",
            "paths": found,
            "change": [f"file /{path}: not as package {name} delivers it -> restored" for path in found],
        }
        for name, found in paths.items()
    ]


def unheld(wanted: Sequence[dict[str, Any]], dpkg: str) -> list[str]:
    """The packages to hold that dpkg does not hold, or will not hold any more once apt has changed them."""
    have, other = installed(dpkg), {one["name"] for one in differing(wanted, dpkg)}
    return [
        one["name"]
        for one in wanted
        if one.get("hold") and (have.get(one["name"], ("", ""))[1] != "hold" or one["name"] in other)
    ]


def available(madison: Sequence[str]) -> str:
    """`apt-cache madison` as one line: each package with its versions."""
    versions: dict[str, list[str]] = {}
    for line in madison:
        columns = [column.strip() for column in line.split("|")]
        if len(columns) >= 2 and columns[1] not in versions.setdefault(columns[0], []):
            versions[columns[0]].append(columns[1])
    return "; ".join(f"{name} {', '.join(found)}" for name, found in versions.items()) or "none of them"


def nowhere(wanted: Sequence[dict[str, Any]], indexes: Sequence[str]) -> list[str]:
    """A message for each package that flat repositories have, but not in the version that is asked for."""
    found: dict[tuple[str, str], list[str]] = {}
    for package in wanted:
        if not package.get("version"):
            continue
        pattern = rf"^Package: {re.escape(package['name'])}\n(?:(?!\n).*\n)*?Version: (\S+)"
        versions = [version for text in indexes for version in re.findall(pattern, text, re.MULTILINE)]
        if versions and not any(fnmatchcase(version, package["version"]) for version in versions):
            found.setdefault((package["version"], ", ".join(sorted(set(versions)))), []).append(
                package["name"]
            )
    return [
        f"no repository has the version\n    seen: {version} of {', '.join(names)}; there are {there}"
        "\n    fix:  declare a version that is there in group_vars/all/cluster.yml"
        for (version, there), names in found.items()
    ]


def silent(answers: Sequence[dict[str, Any]]) -> list[str]:
    """A message for each repository that gave no list of packages and did not say that there is none (403, 404)."""
    found = []
    for answer in answers:
        status = answer.get("status", -1)
        if status not in (200, 403, 404):
            what = "does not answer" if status < 0 else "answers with an error"
            found.append(
                f"the package repository {answer['item']['name']} {what}"
                f"\n    seen: {answer['item']['uris']}: {answer.get('msg', '')}"
                "\n    fix:  start it, or correct its uris in group_vars/all/sources.yml"
            )
    return found


def absent(answers: Sequence[dict[str, Any]]) -> list[str]:
    """A message for each repository that gives neither list nor release file.

    Each minor of Kubernetes has a repository of its own. Some servers answer 403 for what they do not have, and some
    repositories have only a compressed list.
    """
    asked: dict[str, list[dict[str, Any]]] = {}
    for answer in answers:
        asked.setdefault(answer["item"][0]["name"], []).append(answer)
    fix = "declare a Kubernetes version whose minor is served (group_vars/all/cluster.yml), or correct its uris in group_vars/all/sources.yml"
    return [
        f"there is no package repository {name}\n    seen: {found[0]['item'][0]['uris']}: neither Packages nor InRelease nor Release"
        f" (HTTP {found[0].get('status')})\n    fix:  {fix}"
        for name, found in asked.items()
        if not any(answer.get("status") == 200 for answer in found)
    ]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {
            "package_repository_trust": trust,
            "package_repository_differing": differing,
            "package_repository_spoilt": spoilt,
            "package_repository_unheld": unheld,
            "package_repository_available": available,
            "package_repository_nowhere": nowhere,
            "package_repository_silent": silent,
            "package_repository_absent": absent,
        }
