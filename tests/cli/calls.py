"""A call of the command line in a process of its own, forked from one that has the libraries loaded: loading them again for every call took
two thirds of its time. (That `python -m gvrc` itself works is tried where no database is needed.)"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from gvrc.cli.commands import COMMANDS

CALL_SECONDS = 200.0
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["gvrc.cli.main", "gvrc.cli.context", *sorted({f"gvrc.cli.{command.module}" for command in COMMANDS})])


def call(arguments: Sequence[str], environment: Mapping[str, str], folder: Path, text: str, streams: Path) -> subprocess.CompletedProcess[str]:
    """What `gvrc ARGUMENTS` answers with these variables, in this folder, with this text on its standard input."""
    streams.mkdir(exist_ok=True)
    (streams / "in").write_text(text, encoding="utf-8")
    process = _forks.Process(target=_called, args=(list(arguments), dict(environment), folder, streams))
    process.start()
    process.join(CALL_SECONDS)
    if process.exitcode is None:
        process.kill()
        raise AssertionError(f"gvrc {' '.join(arguments)} did not end within {CALL_SECONDS:.0f} s")
    out, err = ((streams / name).read_text(encoding="utf-8") for name in ("out", "err"))
    return subprocess.CompletedProcess(list(arguments), process.exitcode, out, err)


def _called(arguments: list[str], environment: dict[str, str], folder: Path, streams: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with contextlib.ExitStack() as stack:
        for number, (name, mode) in enumerate((("in", "r"), ("out", "w"), ("err", "w"))):
            os.dup2(stack.enter_context((streams / name).open(mode)).fileno(), number)
        sys.stdin, sys.stdout, sys.stderr = (stack.enter_context(open(number, mode, closefd=False, encoding="utf-8")) for number, mode in ((0, "r"), (1, "w"), (2, "w")))
        sys.argv = ["gvrc", *arguments]
        from gvrc.cli.main import main

        sys.exit(main())
