"""Every command of the command line, in the order of its help. What a command does is loaded when it is called: starting stays quick."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from gvrc.cli import arguments

if TYPE_CHECKING:
    from gvrc.cli.context import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command: its name, one line of help, its arguments, and the module of this package whose function of the same name does it."""

    name: str
    help: str
    module: str
    arguments: Callable[[argparse.ArgumentParser], None] = arguments.none

    def run(self, call: Call) -> int:
        """Do it; returns the exit code."""
        code: int = getattr(import_module(f"gvrc.cli.{self.module}"), self.name)(call)
        return code


COMMANDS: tuple[Command, ...] = (
    Command(name="init", help="create the data home, the database and its tables, load the reference data", module="setting_up"),
    Command(name="upgrade", help="bring the database to the version of this program", module="setting_up"),
    Command(name="doctor", help="check the installation and say how to mend it", module="setting_up"),
    Command(name="stop", help="stop the embedded database", module="setting_up"),
    Command(name="user", help="accounts: gvrc user add NAME --role ROLE", module="setting_up", arguments=arguments.user),
    Command(name="run", help="take files through the pipeline, up to review", module="running", arguments=arguments.run),
    Command(name="runs", help="list the runs", module="running"),
    Command(name="records", help="the standardised records of a run", module="running", arguments=arguments.records),
    Command(name="match", help="find the same places within and across files, without a database", module="matching", arguments=arguments.match),
    Command(name="questions", help="every open question of a run, in the desk's order", module="review", arguments=arguments.questions),
    Command(name="decide", help="apply answers from a JSON Lines file", module="review", arguments=arguments.decide),
    Command(name="commit", help="publish what is approved; --dry-run shows it", module="review", arguments=arguments.commit),
    Command(name="export", help="the registry as a role may see it", module="review", arguments=arguments.export),
)
