"""A group of commands, each imported only when it is run: most of them need libraries that take a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class Entry:
    """One command, as a list of commands shows it."""

    name: str
    module: str
    """Below `harness.cli`; it has a function of that name, or an `app` for a group."""
    help: str
    """First sentence of its own help."""


class LazyGroup(TyperGroup):
    """Knows its commands by name and help alone; `get_command` imports the one that is asked for."""

    entries: ClassVar[dict[str, Entry]] = {}

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> type[LazyGroup]:
        """The group of these commands."""
        return type("Commands", (cls,), {"entries": {one.name: one for one in entries}})

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # what lists of commands and suggestions show of them
        self.commands = {
            name: TyperCommand(name, help=one.help, rich_markup_mode=self.rich_markup_mode)
            for name, one in self.entries.items()
        }
        self._listing = False

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command itself; while help is written, only what it shows."""
        entry = self.entries.get(cmd_name)
        if entry is None or self._listing:
            return self.commands.get(cmd_name)
        return loaded(entry, self.rich_markup_mode)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help of the group without importing its commands."""
        self._listing = True
        super().format_help(ctx, formatter)
        self._listing = False


def loaded(entry: Entry, markup: Any) -> Any:
    """The command of an entry, imported."""
    module = import_module(f"harness.cli.{entry.module}")
    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False)
        app.command(entry.name)(getattr(module, entry.module))
    app.rich_markup_mode = markup
    command = typer.main.get_command(app)
    command.name = entry.name
    return command
