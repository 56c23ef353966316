"""Every command of the command line, in the order of its help. What a command does is loaded when it is called: starting stays quick."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from gvrc.cli import arguments
from gvrc.heap import no_sweeps

if TYPE_CHECKING:
    from gvrc.cli.context import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command: its name, one line of help, its arguments, and the module of this package whose function of the same name does it
    (a dash is an underscore there)."""

    name: str
    help: str
    module: str
    arguments: Callable[[argparse.ArgumentParser], None] = arguments.none

    def run(self, call: Call) -> int:
        """Do it; returns the exit code."""
        with no_sweeps():
            module = import_module(f"gvrc.cli.{self.module}")
        code: int = getattr(module, self.name.replace("-", "_"))(call)
        return code


COMMANDS: tuple[Command, ...] = (
    Command(name="init", help="create the data home, the database and its tables, load the reference data", module="setting_up"),
    Command(name="upgrade", help="bring the database to the version of this program", module="setting_up"),
    Command(name="doctor", help="check the installation and say how to mend it", module="setting_up"),
    Command(name="serve", help="serve the REST API alone", module="serving"),
    Command(name="scheduler", help="keep watch: pull sources when they are due, tell alerts, verify the audit chain every day", module="serving"),
    Command(name="stop", help="stop the embedded database", module="setting_up"),
    Command(name="user", help="accounts: gvrc user add NAME --role ROLE", module="setting_up", arguments=arguments.user),
    Command(name="data-subject", help="find, export or erase a person's contact everywhere", module="privacy", arguments=arguments.data_subject),
    Command(name="purge", help="delete rows and files as they came that are older than raw_retention_days", module="privacy"),
    Command(name="rotate-key", help="change the master key; run again to finish one that was interrupted", module="privacy"),
    Command(name="token", help="API tokens: gvrc token add NAME --role ROLE", module="tokens", arguments=arguments.token),
    Command(name="run", help="take files through the pipeline, up to review", module="running", arguments=arguments.run),
    Command(name="pull", help="read a REST source page by page and take it through the pipeline", module="pulling", arguments=arguments.pull),
    Command(name="source", help="REST sources: gvrc source add NAME URL", module="pulling", arguments=arguments.source),
    Command(name="runs", help="list the runs", module="running"),
    Command(name="replay", help="try the rows again that a run set aside", module="running", arguments=arguments.replay),
    Command(name="records", help="the standardised records of a run", module="running", arguments=arguments.records),
    Command(name="feedback", help="what is to be mended in a file of a run, in the file's own shape, for its supplier", module="feedback", arguments=arguments.feedback),
    Command(name="match", help="find the same places within and across files, without a database", module="matching", arguments=arguments.match),
    Command(name="calibrate", help="refit the matcher's weights on the answers; --adopt puts them in force", module="matching", arguments=arguments.calibrate),
    Command(name="questions", help="every open question of a run, in the desk's order", module="review", arguments=arguments.questions),
    Command(name="decide", help="apply answers from a JSON Lines file", module="review", arguments=arguments.decide),
    Command(name="commit", help="publish what is approved; --dry-run shows it", module="review", arguments=arguments.commit),
    Command(name="commits", help="list the commits and the acts on live facilities", module="history"),
    Command(name="rollback", help="take a commit back; places on which later work stands are told and left", module="history", arguments=arguments.rollback),
    Command(name="merge", help="merge two facilities of the registry", module="history", arguments=arguments.merge),
    Command(name="unmerge", help="take a merge back: both facilities are as they were", module="history", arguments=arguments.facility),
    Command(name="retire", help="retire a facility; it stays on record", module="history", arguments=arguments.facility),
    Command(name="reopen", help="open a retired facility again", module="history", arguments=arguments.facility),
    Command(name="restore", help="take one facility back to an earlier version", module="history", arguments=arguments.restore),
    Command(name="requests", help="acts that wait for a second person", module="history"),
    Command(name="approve", help="give the second signature to a request", module="history", arguments=arguments.request),
    Command(name="decline", help="say no to a request, or take one's own back", module="history", arguments=arguments.request),
    Command(name="export", help="the registry as a role may see it", module="review", arguments=arguments.export),
)
