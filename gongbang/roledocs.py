"""Writes the table of a role's variables into its README, from its argument specs."""

from __future__ import annotations

import re
from typing import Any

from gongbang.errors import ExitCode, GongbangError
from gongbang.paths import ROOT, shown
from gongbang.schema import read_yaml

BEGIN, END = "<!-- variables: written by ./inv docs.roles -->", "<!-- end of variables -->"


def run(*, check: bool = False) -> ExitCode:
    """Renew every role's README; with `check` raise GongbangError when one is not as its specs say."""
    stale = []
    for role in sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir()):
        specs = (read_yaml(role / "meta/argument_specs.yml") or {}).get("argument_specs", {})
        readme = role / "README.md"
        old = readme.read_text() if readme.exists() else ""
        new = renewed(old, role.name, specs)
        if specs and new != old:
            stale.append(readme)
            if not check:
                readme.write_text(new)
                print(f"written: {shown(readme)}")
    if check and stale:
        raise GongbangError(
            "a role's README is not as its specs say",
            ", ".join(shown(path) for path in stale),
            "run: ./inv docs.roles",
        )
    return ExitCode.DONE


def renewed(old: str, role: str, specs: dict[str, Any]) -> str:
    """The README with its table renewed; a new one when there was none."""
    table = f"{BEGIN}\n\n{tables(specs)}\n{END}"
    if not old:
        first = str((specs.get("main") or {}).get("short_description", role))
        return f"# {role}\n\n{first}\n\n## Variables\n\n{table}\n"
    if BEGIN in old:
        return re.sub(rf"{re.escape(BEGIN)}[\s\S]*?{re.escape(END)}", lambda _: table, old)
    return f"{old.rstrip()}\n\n## Variables\n\n{table}\n"


def tables(specs: dict[str, Any]) -> str:
    """One table for each entry point that has options."""
    parts = []
    for entry, spec in specs.items():
        options = (spec or {}).get("options") or {}
        if options:
            title = "" if entry == "main" else f"With `tasks_from: {entry}.yml`:\n\n"
            rows = [row(name, option or {}) for name, option in options.items()]
            parts.append(
                f"{title}| variable | type | default | meaning |\n|---|---|---|---|\n"
                + "\n".join(rows)
                + "\n"
            )
    return "\n".join(parts) or "None.\n"


def row(name: str, option: dict[str, Any]) -> str:
    """One variable as a line of the table."""
    default = f"`{option['default']!r}`" if "default" in option else ""
    default = "required" if option.get("required") else default
    kind = str(option.get("type", "str"))
    if kind == "list" and option.get("elements"):
        kind = f"list of {option['elements']}"
    return f"| `{name}` | {kind} | {cell(default)} | {cell(meaning(option))} |"


def meaning(option: dict[str, Any]) -> str:
    """The description on one line, with the choices if there are any."""
    text = option.get("description", "")
    text = " ".join(text) if isinstance(text, list) else str(text)
    choices = option.get("choices")
    return text + (f" One of: {', '.join(str(choice) for choice in choices)}." if choices else "")


def cell(text: str) -> str:
    """Text that can stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")
