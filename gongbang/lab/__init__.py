"""The lab: nodes made on this machine that behave like the machines of a real site."""

from gongbang.lab.lifecycle import down, require_lab, ssh_command, up

__all__ = ["down", "require_lab", "ssh_command", "up"]
