"""Takes secrets out of text before it is written down."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

HIDDEN = "<hidden>"
SECRET_NAME = re.compile(r"(password|passwd|secret|token|private_key|certificate_key|api_key)$")
SHORTEST = 6
"""A value below this many characters is no secret that can be searched for."""

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        HIDDEN,
    ),
    (re.compile(r"(?<![\w.])[a-z0-9]{6}\.[a-z0-9]{16}(?![\w.])"), HIDDEN),  # kubeadm's join tokens
    (re.compile(r"(--?(?:certificate-key|token|password|passwd)[ =])\S+"), rf"\1{HIDDEN}"),
    (
        re.compile(r"((?:client-key-data|certificateKey|token|password)\"?: *\"?)[^\s\"',}]{6,}"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(://[^/\s:@]+:)[^@\s/]+@"), rf"\1{HIDDEN}@"),
    (
        re.compile(r"(?i)(authorization\\?[\"']?\s*[:=]\s*\\?[\"']?(?:bearer|basic) +)[^\s\"'\\]+"),
        rf"\1{HIDDEN}",
    ),
)


def secrets_in(variables: Mapping[str, Any]) -> frozenset[str]:
    """The values of all variables (at any depth) whose name says that they are secret."""
    return frozenset(_walk("", variables))


def _walk(name: str, value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(str(key), item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _walk(name, item)
    elif isinstance(value, str) and len(value) >= SHORTEST and SECRET_NAME.search(name):
        yield value


def spellings(value: str) -> frozenset[str]:
    """A secret as it is and as it is written inside JSON, YAML, URLs, XML, shells, base64; long lines of it too."""
    if len(value) < SHORTEST:
        return frozenset()
    found = {value, repr(value)[1:-1], value.replace("'", "''"), quote(value, safe=""), quote(value)}
    found |= {json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    found |= {html.escape(value), escape(value), shlex.quote(value)[1:-1] if "'" in value else value}
    found |= {line.strip() for line in value.splitlines() if len(line.strip()) >= SHORTEST}
    return frozenset(found | set(_base64(value.encode())))


def _base64(data: bytes) -> Iterable[str]:
    """What stays the same of the data in base64, wherever it begins in a larger text."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + data).decode()
        whole = text[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        if len(whole) >= SHORTEST:
            yield whole


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the given values and without what looks like a token, a key or a password."""
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_all(value: Any, secrets: Iterable[str] = ()) -> Any:
    """The data with every text in it redacted, at any depth of dicts, lists and tuples (which become lists)."""
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, Mapping):
        return {key: redact_all(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_all(item, secrets) for item in value]
    return value
