"""Commits and rollbacks in a process of their own: a closed tab, a refresh, a crash of the application stop nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from gvrc.commit.acts import approve
from gvrc.commit.publish import commit
from gvrc.errors import CommitError, GvrcError, NotAllowedError
from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.store import accounts, history
from gvrc.store.history import Job
from gvrc.store.session import Database

_START_SECONDS = 30
"""A process that has not begun by then never will."""
_NOTE_SECONDS = 0.5
"""How often a commit says how far it has come."""


def queue(db: Database, actor: Actor, *, run_id: int | None = None, request_id: int | None = None, is_signed: bool = False) -> int:
    """Ask for the commit of a run, or for the carrying out of a request, by a process of its own (`gvrc.worker.launch_commit`). Returns the job.

    Raises NotAllowedError, CommitError (it is at work already).
    """
    require(actor, Permission.APPROVE if is_signed or request_id is not None else Permission.COMMIT)
    running = watch(db, actor, run_id=run_id, request_id=request_id)
    if running is not None and running.state in ("queued", "running"):
        raise CommitError("This is being committed already.", "Watch it on this page.")
    with db.unit_of_work(actor) as conn:
        return history.add_job(conn, run_id=run_id, request_id=request_id, asked_by=actor.username, is_signed=is_signed)


def watch(db: Database, actor: Actor, *, run_id: int | None = None, request_id: int | None = None) -> Job | None:
    """The newest job of a run or request; one whose process died is told as interrupted. Raises NotAllowedError."""
    require(actor, Permission.COMMIT)
    with db.read() as conn:
        job = history.last_job(conn, run_id=run_id, request_id=request_id)
    if job is None or job.state not in ("queued", "running") or not _is_dead(db, job):
        return job
    with db.unit_of_work(actor) as conn:
        history.note_job(conn, job.job_id, "interrupted")
        return history.load_job(conn, job.job_id)


def watch_rollback(db: Database, actor: Actor, commit_id: int) -> Job | None:
    """The newest job that takes this commit back, watched likewise. Raises NotAllowedError."""
    require(actor, Permission.COMMIT)
    with db.read() as conn:
        request_id = history.rollback_request(conn, commit_id)
    return None if request_id is None else watch(db, actor, request_id=request_id)


def _is_dead(db: Database, job: Job) -> bool:
    if job.state == "queued":
        return datetime.now(UTC) - job.asked_at > timedelta(seconds=_START_SECONDS)
    with db.hold_lock(_lock(job.job_id)) as is_free:
        if not is_free:
            return False
    with db.read() as conn:  # it may have ended between the two looks
        now = history.load_job(conn, job.job_id)
    return now is not None and now.state == "running"


def _lock(job_id: int) -> str:
    return f"commit job {job_id}"


def work(db: Database, settings: Settings, job_id: int) -> None:
    """Carry a job out, in this process. What goes wrong stands in the job, for the page to tell."""
    for _attempt in range(25):  # somebody who only looks holds the lock for an instant
        with db.hold_lock(_lock(job_id)) as is_ours:
            if is_ours:
                _work(db, settings, job_id)
                return
        time.sleep(0.2)


def _work(db: Database, settings: Settings, job_id: int) -> None:
    with db.read() as conn:
        job = history.load_job(conn, job_id)
        user = accounts.find_user(conn, job.asked_by) if job else None
    if job is None or job.state not in ("queued", "running"):
        return
    try:
        if user is None or not user.is_active:
            raise NotAllowedError("The account that asked for this commit is closed.", "Ask for it again from an open account.")
        actor = Actor(user_id=user.user_id, username=user.username, role=user.role, display_name=user.display_name, counties=user.counties)
        outcome = _carry_out(db, settings, actor, job)
    except GvrcError as error:
        _note(db, job_id, "failed", error=error.detail, hint=error.hint)
        raise
    _note(db, job_id, "done", outcome=outcome)


def _carry_out(db: Database, settings: Settings, actor: Actor, job: Job) -> dict[str, Any]:
    _note(db, job.job_id, "running")
    last = 0.0

    def tell(counts: Mapping[str, Any]) -> None:
        nonlocal last
        if time.monotonic() - last >= _NOTE_SECONDS:
            last = time.monotonic()
            _note(db, job.job_id, "running", counts=counts)

    if job.request_id is not None:
        return asdict(approve(db, settings, actor, job.request_id, confirmed=job.is_signed, on_progress=lambda done, units: tell({"done": done, "units": units})))
    return asdict(commit(db, settings, actor, job.run_id or 0, confirm_risky=job.is_signed, on_progress=lambda tally: tell(tally.counts())))


def _note(db: Database, job_id: int, state: str, **told: Any) -> None:
    values: Mapping[str, Any] = told

    def write() -> None:
        with db.unit_of_work() as conn:
            history.note_job(conn, job_id, state, **values)

    db.retrying(write)
