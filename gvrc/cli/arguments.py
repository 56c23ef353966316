"""The arguments of every command."""

from __future__ import annotations

import argparse
from pathlib import Path

from gvrc.model.access import Role
from gvrc.model.export import ExportFormat
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


def pull(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a REST source that was set up")
    parser.add_argument("--stop-after", type=Stage, choices=list(STAGES), metavar="STAGE", help=f"one of {', '.join(STAGES)}")
    parser.add_argument("--monitor", action="store_true", help="show the run live")


def source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("add", "list", "remove"), help="set a source up (or change it), list them, take one out of use")
    parser.add_argument("name", nargs="?", metavar="NAME", help="small letters, digits and underscores")
    parser.add_argument("url", nargs="?", metavar="URL", help="where its first page is")
    parser.add_argument("--header", default="Authorization", help="header in which its secret goes (GVRC_SOURCE_<NAME>_SECRET, or ..._FILE)")
    parser.add_argument("--per-second", type=float, default=5.0, metavar="N", help="requests a second at most")


def replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", type=int, metavar="RUN")
    parser.add_argument("--monitor", action="store_true", help="show the run live")


def records(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", type=int, metavar="RUN")
    parser.add_argument("--state", type=RecordState, choices=list(RecordState), metavar="S", help=f"one of {', '.join(RecordState)}")


def feedback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", type=int, metavar="RUN")
    parser.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help="folder for the files (default: here)")


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


def rollback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("commit_id", type=int, metavar="COMMIT")
    parser.add_argument("--keep-later", action="store_true", help="take places back too on which later work stands, but for the values it set")
    _because(parser)


def merge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("survivor", metavar="SURVIVOR", help="id or code of the facility that stays")
    parser.add_argument("loser", metavar="LOSER", help="id or code of the facility that leads to it from now on")
    _because(parser)


def facility(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("facility", metavar="FACILITY", help="id or code")
    _because(parser)


def restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("facility", metavar="FACILITY", help="id or code")
    parser.add_argument("version", type=int, metavar="VERSION", help="the version it goes back to")
    _because(parser)


def request(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("request_id", type=int, metavar="REQUEST")
    _because(parser)


def _because(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", metavar="TEXT", help="why; it stands in the history for ever")


def export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", type=ExportFormat, choices=list(ExportFormat), default=ExportFormat.CSV, help="csv, xlsx, geojson, or fhir (an IHE mCSD bundle)")
    parser.add_argument("--role", type=Role, choices=list(Role), metavar="R", help="as this role may see it; never more than the caller's own")
    parser.add_argument("--county", metavar="CODE", help="only this county, KE001 to KE047")
    parser.add_argument("--kind", metavar="KIND", help="only this kind of place, for example police_station")
    parser.add_argument("--anonymous", action="store_true", help="without contacts, officers, addresses, free text, and what a data analyst may not see")
    parser.add_argument("--output", type=Path, metavar="F", help="write to this file instead of stdout")


def match(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--link", action="store_true", help="each file is a clean list of distinct places: only pairs across files, one partner each")
    parser.add_argument("--threshold", type=float, metavar="T", help="match score at or above which a pair is listed (default: the setting match_threshold)")


def calibrate(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--from-data", type=int, metavar="RUN", help="draw the weights towards the pairs of a run itself instead of the answers")
    choice.add_argument("--history", action="store_true", help="list the weights adopted so far")
    choice.add_argument("--take-back", type=int, metavar="ID", help="put back the weights that stood before this adoption")
    parser.add_argument("--adopt", action="store_true", help="put the refitted weights in force from the next run on")
    parser.add_argument("--reason", metavar="TEXT", help="why, kept with the adoption")


def user(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["add", "list"])
    parser.add_argument("username", nargs="?", help="sign-in name")
    parser.add_argument("--role", type=Role, choices=list(Role), metavar="ROLE", default=Role.VIEWER, help=f"one of {', '.join(Role)}")
    parser.add_argument("--name", default="", help="display name")
    parser.add_argument("--county", action="append", default=[], metavar="CODE", help="limit the account to this county; may be repeated")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["add", "list", "revoke"])
    parser.add_argument("name", nargs="?", help="add: who uses the token; revoke: its number")
    parser.add_argument("--role", type=Role, choices=list(Role), metavar="ROLE", default=Role.VIEWER, help=f"one of {', '.join(Role)}")
    parser.add_argument("--county", action="append", default=[], metavar="CODE", help="limit the token to this county; may be repeated")
    parser.add_argument("--days", type=int, default=90, metavar="N", help="days until it ends, 1 to 366 (90)")


def data_subject(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["find", "export", "erase"])
    parser.add_argument("--value-stdin", action="store_true", help="read the phone number, e-mail address, address or name from standard input (else it is asked for)")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="who asked, and how their identity was made sure; kept, so without the value itself")
    parser.add_argument("--yes", action="store_true", help="erase without asking again")
