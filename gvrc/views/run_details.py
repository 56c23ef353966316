"""What a run was made with, who answered in it, and how two runs differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gvrc.errors import PipelineError
from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.store import reads_runs
from gvrc.store.session import Database
from gvrc.views.runs import RunView


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSetup:
    """With what a run was made. `settings_hash` is the same for runs with the same settings; `thresholds` are those it judged by, by name;
    memory in megabytes."""

    code_version: str | None
    reference_version: str | None
    settings_hash: str | None
    thresholds: Mapping[str, float]
    stop_after: str | None
    peak_memory_mb: float | None
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsAnswers:
    """How many answers of a person stand in a run: about pairs, about values."""

    who: str
    pairs: int
    values: int
    newest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDifference:
    """One stage in two runs: seconds, rows out and issues of this run and of the other."""

    stage: str
    seconds: tuple[float, float]
    rows_out: tuple[int, int]
    issues: tuple[int, int]


def run_setup(db: Database, actor: Actor, run_id: int) -> RunSetup:
    """With what a run was made. Raises NotAllowedError, PipelineError when there is no such run."""
    require(actor, Permission.RUN)
    with db.read(actor) as conn:
        row = reads_runs.setup_row(conn, run_id)
    if row is None:
        raise PipelineError(f"There is no run {run_id}.", "Take the number from the list of runs.")
    return RunSetup(
        code_version=row.code_version, reference_version=row.reference_version, settings_hash=row.settings_hash, stop_after=row.stop_after,
        thresholds={name: float(value) for name, value in (row.thresholds or {}).items() if isinstance(value, int | float)},
        peak_memory_mb=row.peak_memory_mb, started_at=row.started_at, ended_at=row.ended_at,
    )  # fmt: skip


def answers_by_person(db: Database, actor: Actor, run_id: int) -> tuple[PersonsAnswers, ...]:
    """Who answered how much in a run. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    with db.read(actor) as conn:
        rows = reads_runs.answers_by_person(conn, run_id)
    return tuple(PersonsAnswers(who=row.decided_by, pairs=row.pairs, values=row.n - row.pairs, newest=row.newest) for row in rows)


def differences(run: RunView, other: RunView) -> tuple[StageDifference, ...]:
    """Both runs stage by stage, in the order of the stages."""
    others = {stage.stage: stage for stage in other.stages}
    return tuple(
        StageDifference(
            stage=mine.stage, seconds=(mine.seconds, theirs.seconds), rows_out=(mine.rows_out, theirs.rows_out),
            issues=(sum(mine.issues.values()), sum(theirs.issues.values())),
        )
        for mine in run.stages if (theirs := others.get(mine.stage)) is not None
    )  # fmt: skip


def changed_issues(run: RunView, other: RunView) -> dict[str, tuple[int, int]]:
    """Kinds of issue that this run has more or fewer records of than the other, by code, the greatest change first."""
    codes = {*run.receipt.issues, *other.receipt.issues}
    both = {code: (run.receipt.issues.get(code, 0), other.receipt.issues.get(code, 0)) for code in codes}
    return dict(sorted(((code, pair) for code, pair in both.items() if pair[0] != pair[1]), key=lambda each: (-abs(each[1][0] - each[1][1]), each[0])))
