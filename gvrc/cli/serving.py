"""serve, scheduler"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gvrc import pipeline, worker
from gvrc.cli.context import Call
from gvrc.errors import SourceError
from gvrc.logs import configure_logs
from gvrc.tracing import configure_traces


def serve(call: Call) -> int:
    """Serve the API until interrupted."""
    from gvrc.api import server

    configure_logs(call.settings)
    configure_traces(call.settings, "gvrc-api")
    server.serve(call.settings)
    return 0


def scheduler(call: Call) -> int:
    """Keep the schedule until interrupted."""
    from gvrc.operations.schedule import Scheduler

    configure_traces(call.settings, "gvrc-scheduler")
    kept = Scheduler(call.db, call.settings, lambda: _pulls(call))
    call.note("The scheduler is at work.")
    kept.run()
    return 0


def _pulls(call: Call) -> dict[str, Callable[[], int]]:
    """What pulls each REST source there is now."""
    return {source.name: partial(_pull, call, source.name) for source in pipeline.rest_source_list(call.db, call.actor)}


def _pull(call: Call, name: str) -> int:
    """Pulls a source and leaves its run to a worker of its own; the run's id. Raises SourceError, PipelineError."""
    pulled = pipeline.pull(call.db, call.settings, call.actor, name)
    if pulled.file.problem:
        raise SourceError(pulled.file.problem, pulled.file.hint or "")
    worker.launch(call.settings, pulled.run_id)
    return pulled.run_id
