"""The arguments of every command."""

from __future__ import annotations

import argparse
from pathlib import Path

from gvrc.model.access import Role
from gvrc.model.record import RecordState
from gvrc.model.review import QuestionKind
from gvrc.model.run import STAGES, Stage


def none(_parser: argparse.ArgumentParser) -> None:
    """A command without arguments of its own."""


def run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", type=Path, metavar="FILE_OR_FOLDER", help="files, or folders to be scanned for lists")
    parser.add_argument("--source", help="name of the source, instead of the one detected")
    parser.add_argument("--stop-after", type=Stage, choices=list(STAGES), metavar="STAGE", help=f"one of {', '.join(STAGES)}")
    parser.add_argument("--resume", type=int, metavar="RUN", help="go on with a run that was stopped or interrupted")
    parser.add_argument("--monitor", action="store_true", help="show the run live")


def records(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", type=int, metavar="RUN")
    parser.add_argument("--state", type=RecordState, choices=list(RecordState), metavar="S", help=f"one of {', '.join(RecordState)}")


def questions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", type=int, metavar="RUN")
    parser.add_argument("--kind", type=QuestionKind, choices=list(QuestionKind), metavar="KIND", help="duplicate or issue")


def decide(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", type=int, metavar="RUN")
    parser.add_argument("--answers", type=Path, required=True, metavar="F", help="JSON Lines: {key, answer, values, note}; - for standard input")


def commit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", type=int, metavar="RUN")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, write nothing")
    parser.add_argument("--confirm-risky", action="store_true", help="sign risky acts too (merging registered places, showing a sensitive place)")


def export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=["csv"], default="csv", help="csv")
    parser.add_argument("--role", type=Role, choices=list(Role), metavar="R", help="as this role may see it; never more than the caller's own")
    parser.add_argument("--output", type=Path, metavar="F", help="write to this file instead of stdout")


def match(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--link", action="store_true", help="each file is a clean list of distinct places: only pairs across files, one partner each")
    parser.add_argument("--threshold", type=float, metavar="T", help="match score at or above which a pair is listed (default: the setting match_threshold)")


def user(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["add", "list"])
    parser.add_argument("username", nargs="?", help="sign-in name")
    parser.add_argument("--role", type=Role, choices=list(Role), metavar="ROLE", default=Role.VIEWER, help=f"one of {', '.join(Role)}")
    parser.add_argument("--name", default="", help="display name")
    parser.add_argument("--county", action="append", default=[], metavar="CODE", help="limit the account to this county; may be repeated")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
