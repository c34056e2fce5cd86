"""The lab: nodes made on this machine that behave like the machines of a real site."""

from gongbang.lab.lifecycle import down, require_lab, up
from gongbang.lab.made import forget
from gongbang.lab.standing import served, states

__all__ = ["down", "forget", "require_lab", "served", "states", "up"]
