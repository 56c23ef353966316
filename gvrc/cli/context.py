"""What a command is handed, and how it answers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from functools import cached_property
from typing import Any

import orjson

from gvrc import accounts
from gvrc.logs import configure_logs
from gvrc.model.access import Actor
from gvrc.settings import Settings
from gvrc.store.session import Database


class Call:
    """One call of the command line: settings, options, and the database once it is needed."""

    def __init__(self, *, settings: Settings, options: argparse.Namespace) -> None:
        self.settings = settings
        self.options = options

    @cached_property
    def db(self) -> Database:
        """The database, at the version of this program."""
        configure_logs(self.settings)
        database = Database.open(self.settings)
        database.check_schema()
        return database

    @cached_property
    def actor(self) -> Actor:
        """Who acts: --as USER."""
        return accounts.local_operator(self.db, self.options.as_user)

    def say(self, text: str) -> None:
        """A line for a person, on stdout; silent under --json."""
        if not self.options.json:
            print(_printable(text))

    def note(self, text: str) -> None:
        """A line of progress, on stderr."""
        print(_printable(text), file=sys.stderr)

    def answer(self, value: Any, lines: Iterable[str] = ()) -> None:
        """The result: JSON under --json, else these lines."""
        if self.options.json:
            write_json(value)
        else:
            for line in lines:
                self.say(line)

    def stream(self, values: Iterable[Any]) -> None:
        """A long list as one JSON document on stdout, an element at a time."""
        out, separator = sys.stdout.buffer, b"[\n"
        for value in values:
            out.write(separator + orjson.dumps(value, default=_plain))
            separator = b",\n"
        out.write(b"\n]\n" if separator == b",\n" else b"[]\n")
        out.flush()

    def code(self, *, findings: bool) -> int:
        """0, or 1 under --strict when there were findings."""
        return 1 if findings and self.options.strict else 0


def write_json(value: Any) -> None:
    """JSON on stdout, one document."""
    sys.stdout.buffer.write(orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS) + b"\n")
    sys.stdout.buffer.flush()


def table(rows: Sequence[Sequence[object]], headings: Sequence[str]) -> list[str]:
    """Rows as aligned text."""
    texts = [[str("" if cell is None else cell) for cell in row] for row in rows]
    widths = [max(len(heading), *(len(row[i]) for row in texts), 0) if texts else len(heading) for i, heading in enumerate(headings)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [list(headings), *texts]]


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def _printable(text: str) -> str:
    """Uploaded text must not steer the terminal: control characters are shown, not sent."""
    return "".join(character if character.isprintable() or character in "\t\n" else "\ufffd" for character in text)
