"""What a run came to: the receipt that must add up."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gvrc.model.run import STAGES
from gvrc.store import files as file_store
from gvrc.store import matches as match_store
from gvrc.store import records as record_store
from gvrc.store import runs as run_store
from gvrc.store.session import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """The receipt of a run: `records_in = ready + to_review + held + dead_letters` once every stage has run.

    `ready` counts committed records too, `held` those a person rejected. `waiting` are rows that no stage has judged yet.
    """

    run_id: int
    records_in: int
    ready: int
    to_review: int
    held: int
    dead_letters: int
    waiting: int
    committed: int
    rejected: int
    candidate_pairs: int
    open_duplicates: int
    open_issue_questions: int
    issues: dict[str, int]
    quality: dict[str, float]
    files: list[dict[str, Any]]
    stages: list[dict[str, Any]]
    peak_memory_mb: float

    def to_row(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def summarise(conn: Connection, run_id: int, peak_memory_mb: float) -> RunSummary:
    """Count what stands in the database now."""
    states = record_store.count_states(conn, run_id)
    dead = record_store.count_dead_letters(conn, run_id)
    pairs, open_pairs = match_store.count_pairs(conn, run_id)
    files = file_store.load_files(conn, run_id=run_id)
    return RunSummary(
        run_id=run_id, records_in=sum(file.records or 0 for file in files), ready=states.get("ready", 0) + states.get("committed", 0),
        to_review=states.get("to_review", 0), held=states.get("held", 0) + states.get("rejected", 0), dead_letters=dead,
        waiting=states.get("new", 0), committed=states.get("committed", 0), rejected=states.get("rejected", 0), candidate_pairs=pairs,
        open_duplicates=open_pairs, open_issue_questions=record_store.count_open_questions(conn, run_id),
        issues=record_store.count_issues(conn, run_id), quality=record_store.mean_quality(conn, run_id),
        files=[_file(file) for file in files], stages=_stages(conn, run_id), peak_memory_mb=round(peak_memory_mb, 1),
    )


def _file(file: file_store.StoredFile) -> dict[str, Any]:
    damage = file.damage["detail"] if file.damage else None
    confidence = file.detection.get("confidence", 0.0)
    return {"file": file.name, "file_id": file.file_id, "source": file.source, "confidence": confidence, "records": file.records, "damage": damage}


def _stages(conn: Connection, run_id: int) -> list[dict[str, Any]]:
    reports = run_store.load_stages(conn, run_id)
    return [
        {
            "stage": stage.value, "status": reports[stage]["status"], "rows_in": reports[stage]["rows_in"], "rows_out": reports[stage]["rows_out"],
            "seconds": round(reports[stage]["seconds"], 3), "issues": reports[stage]["issues"],
        }
        for stage in STAGES
    ]
