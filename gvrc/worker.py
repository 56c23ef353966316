"""`python -m gvrc.worker RUN`: one run in a process of its own, progress in PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys

from gvrc import pipeline
from gvrc.errors import GvrcError, RunBusy
from gvrc.logs import configure_logs
from gvrc.settings import PROJECT_DIR, Settings, load_settings
from gvrc.store.session import Database


def launch(settings: Settings, run_id: int) -> int:
    """Start a worker for a queued run, detached from this process: it outlives the browser's tab and the application. Returns its process id."""
    log_dir = settings.logs_dir / "processing"
    log_dir.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"GVRC_HOME": str(settings.home), "PYTHONPATH": os.pathsep.join([str(PROJECT_DIR), os.environ.get("PYTHONPATH", "")])}
    with (log_dir / "worker.out").open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 (our own interpreter and a number)
            [sys.executable, "-m", "gvrc.worker", str(run_id)], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, env=environment,
        )
    return process.pid


def main(arguments: list[str] | None = None) -> int:
    """Work on the run named by the first argument. Returns the exit code."""
    run_id = int((arguments or sys.argv[1:])[0])
    settings = load_settings()
    configure_logs(settings)
    try:
        pipeline.execute(Database.open(settings), settings, run_id)
    except RunBusy:
        return 0
    except GvrcError as error:
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
