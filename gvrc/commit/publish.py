"""Publishing golden records."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace

from gvrc.commit.golden import golden_units
from gvrc.commit.plan import make_plan
from gvrc.commit.risks import Signature
from gvrc.commit.units import CommitOutcome, Hold, Plan, Tally
from gvrc.commit.write import Progress, Writer
from gvrc.errors import CommitError, RunBusy, StoreError
from gvrc.model.access import Actor, Role
from gvrc.security.permissions import Permission, may, require
from gvrc.settings import Settings
from gvrc.store import audit, registry, runs
from gvrc.store.session import Connection, Database

_CHUNK = 1000
"""Places whose golden records are computed together before anything is written: bounds the memory."""


def commit(
    db: Database, settings: Settings, actor: Actor, run_id: int, *, confirm_risky: bool = False, on_progress: Progress | None = None,
) -> CommitOutcome:
    """Publish every place of a run that nothing holds back.

    Batches of `settings.batch_size` places, each one transaction. It may be killed at any moment and called again: it ends in the same state.
    The same run committed twice changes nothing the second time. `confirm_risky` signs for merging places of the registry and for making a
    place more visible (Permission.APPROVE); without it such places wait.

    Raises NotAllowedError, CommitError (no such run, or still at work), RunBusy (somebody commits it now), StoreError.
    """
    require(actor, Permission.COMMIT)
    if confirm_risky:
        require(actor, Permission.APPROVE)
    with db.hold_lock(f"commit of run {run_id}") as is_ours:
        if not is_ours:
            raise RunBusy(f"Run {run_id} is being committed by somebody else right now.", "Wait until that commit has ended, then look again.")
        return _commit(db, settings, actor, run_id, confirm_risky, on_progress)


def _commit(db: Database, settings: Settings, actor: Actor, run_id: int, is_signed: bool, on_progress: Progress | None) -> CommitOutcome:
    started = time.monotonic()
    with db.read(timeout_seconds=0) as conn:
        check_run(conn, run_id)
        plan = settle(conn, make_plan(conn, actor, run_id))
        signature = sign(conn, actor, is_signed)
    tally = tally_of(plan)
    _tidy(db, actor, plan)
    writer = Writer(db=db, actor=actor, plan=plan, signature=signature, tally=tally, on_progress=on_progress)
    try:
        _write_all(writer, settings.batch_size)
    except BaseException:
        with contextlib.suppress(StoreError):  # what went wrong first is what is told
            _end(db, actor, writer, "failed")
        raise
    return CommitOutcome(
        commit_id=_end(db, actor, writer, "done"), added=tally.added, changed=tally.changed, merged=tally.merged, unchanged=tally.unchanged, held_back=tally.held_back(),
        batches=tally.batches, dead_letters=tally.dead_letters, seconds=round(time.monotonic() - started, 3),
    )


def check_run(conn: Connection, run_id: int) -> None:
    """Whether there is such a run and nobody works on it. Raises CommitError."""
    run = runs.load_run(conn, run_id)
    if run is None:
        raise CommitError(f"There is no run {run_id}.", "Take the number from the list of runs.")
    if run.status.is_live:
        raise CommitError(f"Run {run_id} is still at work.", "Wait until it is done, or stop it.")


def sign(conn: Connection, actor: Actor, is_signed: bool) -> Signature:
    """The signature of this person, knowing how many others could have signed."""
    roles = [role.value for role in Role if may(Actor(user_id=0, username="", role=role), Permission.APPROVE)]
    return Signature(username=actor.username, is_signed=is_signed, approvers=registry.approvers(conn, roles, actor.username))


def tally_of(plan: Plan) -> Tally:
    """The counts that are known before anything is written."""
    tally = Tally(units=len(plan.working), unchanged=len(plan.passing) - len(plan.working))
    for unit in plan.units:
        if unit.hold is not None:
            tally.hold_back(unit.hold, unit.members)
    if plan.rejected:
        tally.hold_back(Hold.REJECTED, plan.rejected)
    return tally


def settle(conn: Connection, plan: Plan) -> Plan:
    """The plan, with every place marked as settled whose golden record the registry holds already though a person's choice may have moved it."""
    doubtful = [u for u in plan.working if len(u.facility_ids) == 1 and all(m.facility_id == u.facility_ids[0] and m.link_hash == m.record_hash for m in u.members)]
    settled = set()
    for start in range(0, len(doubtful), _CHUNK):
        for golden in golden_units(conn, doubtful[start : start + _CHUNK], plan.decisions):
            standing = plan.standings[golden.unit.facility_ids[0]]
            if standing.is_active and standing.record_hash == golden.content_hash:
                settled.add(golden.unit.unit_id)
    units = tuple(replace(unit, is_settled=True) if unit.unit_id in settled else unit for unit in plan.units)
    return replace(plan, units=units) if settled else plan


def _tidy(db: Database, actor: Actor, plan: Plan) -> None:
    """Commits of this run whose process died are marked so, and records that the registry holds already as committed."""
    settled = {m.record_id: unit.facility_ids[0] for unit in plan.passing if unit.is_settled for m in unit.members}
    older = {m.record_id: m.facility_id for m in plan.superseded if m.facility_id is not None}

    def work() -> None:
        with db.unit_of_work(actor, run_id=plan.run_id) as conn:
            registry.close_abandoned(conn, plan.run_id)
            registry.mark_committed(conn, settled | older)

    db.retrying(work)


def _write_all(writer: Writer, batch_size: int) -> None:
    working = writer.plan.working
    for start in range(0, len(working), batch_size):
        writer.write(working[start : start + batch_size])


def _end(db: Database, actor: Actor, writer: Writer, status: str) -> int:
    """Relations that became possible, and the commit's last word. Returns its number, or that of the last commit when nothing was written."""

    def work() -> int:
        with db.unit_of_work(actor, run_id=writer.plan.run_id, reason="commit") as conn:
            if status == "done":
                audit.take_turn(conn)
                registry.write_relations(conn)
            if writer.commit_id is not None:
                registry.note_progress(conn, writer.commit_id, writer.tally.counts(), status=status)
            return writer.commit_id or registry.last_commit(conn, writer.plan.run_id) or 0

    return db.retrying(work)
