"""The commands, put together; see docs/commands.md."""

from invoke import Collection

from gongbang.commands import namespace

ns: Collection = namespace()
