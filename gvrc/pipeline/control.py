"""Start, stop and resume runs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from gvrc import __version__
from gvrc.errors import PipelineError, RunBusy
from gvrc.model.access import Actor
from gvrc.model.run import STAGES, Stage
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.stages.standardise import ROW_STAGES
from gvrc.store import files as file_store
from gvrc.store import runs as run_store
from gvrc.store.codec import digest
from gvrc.store.session import Database

SECRET_SETTINGS = frozenset({"encryption_key", "database_url", "database_owner_url", "metrics_token", "alert_channels"})


def start(db: Database, settings: Settings, actor: Actor, file_ids: Sequence[int], *, stop_after: Stage | None = None) -> int:
    """Queue a run over these files. Returns its id; `execute` does the work."""
    require(actor, Permission.RUN)
    with db.unit_of_work(actor, reason="start run") as conn:
        run_id = run_store.create_run(
            conn, started_by=actor.username, stop_after=stop_after, settings_hash=_settings_hash(settings),
            versions=(__version__, f"kenya-data {version('kenya-data')}"),
        )
        files = file_store.load_files(conn, file_ids=file_ids)
        file_store.add_run_files(conn, run_id, {file.file_id: file.records is not None for file in files})
    return run_id


def request_stop(db: Database, actor: Actor, run_id: int) -> None:
    """Ask a live run to stop after the chunk it is at. Raises PipelineError when it is not live."""
    require(actor, Permission.RUN)
    with db.unit_of_work(actor, run_id=run_id, reason="stop run") as conn:
        if not run_store.request_stop(conn, run_id):
            raise PipelineError(f"Run {run_id} is not live.", "There is nothing to stop.")


def resume(db: Database, settings: Settings, actor: Actor, run_id: int, *, stop_after: Stage | None = None, again_from: Stage | None = None) -> None:
    """Queue a run again; it goes on after its last finished chunk, or repeats everything from `again_from`.

    Raises PipelineError when there is no such run, RunBusy when it is live.
    """
    require(actor, Permission.RUN)
    mark_interrupted(db, settings)
    with db.unit_of_work(actor, run_id=run_id, reason="resume run") as conn:
        if run_store.load_run(conn, run_id) is None:
            raise PipelineError(f"There is no run {run_id}.", "List the runs to see which there are.")
        if not run_store.queue_again(conn, run_id, stop_after):
            raise RunBusy(f"Run {run_id} is live.", "Wait until it ends, or stop it first.")
        if again_from is not None:
            for stage in STAGES[STAGES.index(again_from):]:
                run_store.reset_stage(conn, run_id, stage)
            if STAGES.index(again_from) <= STAGES.index(ROW_STAGES[-1]):
                run_store.forget_checkpoints(conn, run_id, "standardise")


def mark_interrupted(db: Database, settings: Settings) -> int:
    """Note which live runs have fallen silent; they can be resumed. Returns how many there were."""
    with db.unit_of_work(reason="look for interrupted runs") as conn:
        return len(run_store.mark_interrupted(conn, settings.interrupted_after_seconds))


def _settings_hash(settings: Settings) -> str:
    return digest(settings.model_dump(mode="json", exclude=set(SECRET_SETTINGS)))
