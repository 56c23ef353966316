"""`python -m gvrc.worker RUN` and `python -m gvrc.worker commit JOB`: a run, or a commit, in a process of its own, progress in PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys

from gvrc import pipeline
from gvrc.commit import jobs
from gvrc.errors import GvrcError, RunBusy
from gvrc.logs import configure_logs
from gvrc.settings import PROJECT_DIR, Settings, load_settings
from gvrc.store.session import Database
from gvrc.tracing import configure_traces


def launch(settings: Settings, run_id: int) -> int:
    """Start a worker for a queued run, detached from this process: it outlives the browser's tab and the application. Returns its process id."""
    return _launch(settings, [str(run_id)])


def launch_commit(settings: Settings, job_id: int) -> int:
    """The same for a queued commit (`gvrc.commit.jobs`)."""
    return _launch(settings, ["commit", str(job_id)])


def _launch(settings: Settings, arguments: list[str]) -> int:
    log_dir = settings.logs_dir / "processing"
    log_dir.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"GVRC_HOME": str(settings.home), "PYTHONPATH": os.pathsep.join([str(PROJECT_DIR), os.environ.get("PYTHONPATH", "")])}
    with (log_dir / "worker.out").open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 (our own interpreter and a number of ours)
            [sys.executable, "-m", "gvrc.worker", *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, env=environment,
        )
    return process.pid


def main(arguments: list[str] | None = None) -> int:
    """Work on the run named by the first argument, or on the commit named after `commit`. Returns the exit code."""
    given = arguments or sys.argv[1:]
    settings = load_settings()
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
