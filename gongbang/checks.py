"""The results of the verification suite, read from the report that pytest writes (verify.xml)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gongbang.files import write_atomically

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
TAGS = {"failure": FAILED, "error": FAILED, "skipped": SKIPPED}


@dataclass(frozen=True)
class Check:
    """One check: the file's subject, its name, how it ended, the first line of why, seconds."""

    about: str
    name: str
    result: str
    message: str = ""
    seconds: float = 0.0


def read(report: Path) -> tuple[list[Check], float]:
    """All checks and how long the suite took in seconds; none when there is no report or only a part of one."""
    try:
        suite = ET.parse(report).getroot().find("testsuite")
    except (OSError, ET.ParseError):
        return [], 0.0
    if suite is None:
        return [], 0.0
    return [_check(case) for case in suite.iter("testcase")], float(suite.get("time") or 0.0)


def keep(report: Path, folder: Path, clean: Callable[[str], str]) -> Path:
    """Write the report into the folder, private and with every text in it cleaned; where. Of one that is no whole report: nothing."""
    kept = folder / report.name
    try:
        tree = ET.parse(report)
    except (OSError, ET.ParseError):
        return kept
    for element in tree.iter():
        element.text = element.text and clean(element.text)
        element.tail = element.tail and clean(element.tail)
        element.attrib.update({name: clean(value) for name, value in element.attrib.items()})
    write_atomically(kept, ET.tostring(tree.getroot(), encoding="unicode"))
    return kept


def _check(case: ET.Element) -> Check:
    told = next((found for tag in TAGS if (found := case.find(tag)) is not None), None)
    return Check(
        about=str(case.get("classname") or "").rpartition(".")[2].removeprefix("test_").replace("_", " "),
        name=str(case.get("name")),
        result=PASSED if told is None else TAGS[told.tag],
        message="" if told is None else (told.get("message") or "").strip().split("\n")[0][:200],
        seconds=float(case.get("time") or 0.0),
    )
