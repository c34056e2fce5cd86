"""Takes secrets out of text before it is written down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

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
    (re.compile(r"(?i)(authorization: *(?:bearer|basic) +)\S+"), rf"\1{HIDDEN}"),
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


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the given values and without what looks like a token, a key or a password."""
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text
