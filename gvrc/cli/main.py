"""Reads the call, runs the command, translates errors once."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from gvrc import __version__
from gvrc.cli.commands import COMMANDS
from gvrc.errors import GvrcError
from gvrc.heap import no_sweeps
from gvrc.logs import configure_terminal
from gvrc.settings import load_settings

log = structlog.get_logger("gvrc.processing")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    options = build_parser().parse_args(arguments)
    configure_terminal()  # until a command sets the log files up; stdout is for results
    try:
        with no_sweeps():
            from gvrc.cli.context import Call  # the database and its libraries load only for a command that was understood

        settings = load_settings(options.config)
        code: int = options.command.run(Call(settings=settings, options=options))
        sys.stdout.flush()
        return code
    except GvrcError as error:
        _tell(error, as_json=options.json)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        log.exception("command broke off")
        _tell(GvrcError(f"The command broke off ({type(error).__name__}); what was finished is kept.", "The log of errors has the details."), as_json=options.json)
        return GvrcError.exit_code
    except KeyboardInterrupt:
        print("gvrc: interrupted; what is finished is kept.", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    parser = argparse.ArgumentParser(prog="gvrc", description="Kenya's registry of places that help survivors of gender-based violence.")
    parser.add_argument("--version", action="version", version=f"gvrc {__version__}")
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        sub = subparsers.add_parser(command.name, help=command.help, description=command.help)
        command.arguments(sub)
        sub.add_argument("--json", action="store_true", help="machine-readable output on stdout")
        sub.add_argument("--as", dest="as_user", metavar="USER", default=_operator(), help="act as this user (default: the operating system's)")
        sub.add_argument("--config", type=Path, metavar="F", help="YAML file with settings")
        sub.add_argument("--strict", action="store_true", help="exit with 1 when there were findings")
        sub.set_defaults(command=command)
    return parser


def _operator() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid-{os.getuid()}"


def _tell(error: GvrcError, *, as_json: bool) -> None:
    if as_json:
        from gvrc.cli.context import write_json

        write_json({"error": type(error).__name__, "detail": error.detail, "hint": error.hint})
    print(f"gvrc: {error}", file=sys.stderr)
