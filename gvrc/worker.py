"""Work in a process of its own: `python -m gvrc.worker RUN` (a run) and `python -m gvrc.worker commit JOB` (a commit), with their progress in
PostgreSQL, and `python -m gvrc.worker preview` (what a commit would do), which tells its outcome to the process that waits for it."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from gvrc import pipeline
from gvrc.commit import CommitPreview, jobs, preview
from gvrc.errors import CommitError, GvrcError, RunBusy
from gvrc.logs import configure_logs
from gvrc.model.access import Actor
from gvrc.settings import PROJECT_DIR, Settings, load_settings
from gvrc.store.session import POLITE, Database
from gvrc.tracing import configure_traces

LOOK_SECONDS = 0.25
"""How often who waits for a process looks whether its work is still wanted."""
PATIENCE_LOOKS = 20
"""After so many looks a process that was asked to end is ended."""


def launch(settings: Settings, run_id: int) -> int:
    """Start a worker for a queued run, detached from this process: it outlives the browser's tab and the application. Returns its process id."""
    return _launch(settings, [str(run_id)])


def launch_commit(settings: Settings, job_id: int) -> int:
    """The same for a queued commit (`gvrc.commit.jobs`)."""
    return _launch(settings, ["commit", str(job_id)])


def preview_apart(
    settings: Settings, actor: Actor, run_id: int, *, limit: int, offsets: Mapping[str, int], is_moot: threading.Event,
) -> CommitPreview | None:
    """`gvrc.commit.preview` of a large run, worked out in a process of its own that stands back for this one: within this process it would take turns with
    every page, and leave gigabytes behind. None when `is_moot` was set meanwhile; the process is then ended.

    Raises what the preview raises; CommitError when its process died.
    """
    with _log_file(settings).open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 (our own interpreter)
            [*_COMMAND, "preview"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, start_new_session=True, env=_environment(settings),
        )  # fmt: skip
    told = _awaited(process, pickle.dumps((actor, run_id, limit, dict(offsets))), is_moot)
    if is_moot.is_set():
        return None
    if not told:
        raise CommitError("What the commit would change could not be worked out: its process ended early.", "Open the page again; the log of the workers may say why.")
    found = pickle.loads(told)  # noqa: S301 (what our own process wrote)
    if isinstance(found, GvrcError):
        raise found
    return cast(CommitPreview, found)


def _awaited(process: subprocess.Popen[bytes], question: bytes, is_moot: threading.Event) -> bytes:
    """All that a process writes until it ends; of one that is moot, what it wrote until then."""
    given: bytes | None = question
    looks = 0
    while True:
        try:
            return process.communicate(given, timeout=LOOK_SECONDS)[0]
        except subprocess.TimeoutExpired:
            given = None
        if is_moot.is_set():
            if looks in (0, PATIENCE_LOOKS):
                process.send_signal(signal.SIGINT if looks == 0 else signal.SIGKILL)
            looks += 1


def _tell_preview(settings: Settings) -> None:
    """The other end of `preview_apart`."""
    _end_with_the_parent()
    with suppress(KeyboardInterrupt, BrokenPipeError), os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answer:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else is written is no part of the answer
        actor, run_id, limit, offsets = pickle.load(sys.stdin.buffer)  # noqa: S301 (what `preview_apart` wrote)
        try:
            with Database.open(settings, application_name="gvrc preview") as db:
                _stand_back()  # not before: a database server that had to be started would stand back too, as long as it runs
                found: CommitPreview | GvrcError = preview(db, settings, actor, run_id, limit=limit, offsets=offsets, is_beside=True)
        except GvrcError as error:
            found = error
        pickle.dump(found, answer)


def _stand_back() -> None:
    """Others go first. Linux may weigh sessions against each other and a process only within its own (sched(7), autogroups): this one's session too."""
    os.nice(POLITE)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(POLITE), encoding="ascii")


def _end_with_the_parent() -> None:
    """Nobody waits any more for what this process works at once the one that began it has ended; the database is told so too, as after Ctrl+C."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch, name="parent", daemon=True).start()


_COMMAND = (sys.executable, "-m", "gvrc.worker")


def _log_file(settings: Settings) -> Path:
    log_dir = settings.logs_dir / "processing"
    log_dir.mkdir(parents=True, exist_ok=True)
    return log_dir / "worker.out"


def _environment(settings: Settings) -> dict[str, str]:
    return os.environ | {"GVRC_HOME": str(settings.home), "PYTHONPATH": os.pathsep.join([str(PROJECT_DIR), os.environ.get("PYTHONPATH", "")])}


def _launch(settings: Settings, arguments: Sequence[str]) -> int:
    with _log_file(settings).open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 (our own interpreter and a number of ours)
            [*_COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, env=_environment(settings),
        )  # fmt: skip
    return process.pid


def main(arguments: list[str] | None = None) -> int:
    """Work on the run named by the first argument, on the commit named after `commit`, or on a preview. Returns the exit code."""
    given = arguments or sys.argv[1:]
    settings = load_settings()
    if given[0] == "preview":
        _tell_preview(settings)
        return 0
    configure_logs(settings)
    traces = configure_traces(settings, "gvrc-worker")
    try:
        if given[0] == "commit":
            jobs.work(Database.open(settings), settings, int(given[1]))
        else:
            pipeline.execute(Database.open(settings), settings, int(given[0]))
    except RunBusy:
        return 0
    except GvrcError as error:
        return error.exit_code
    finally:
        if traces is not None:
            traces.shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
