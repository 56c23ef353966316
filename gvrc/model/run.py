"""One passage through the stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gvrc.model.issue import Issue
from gvrc.model.record import Record


class Stage(StrEnum):
    """The seven stages in their order."""

    EXTRACT = "extract"
    VALIDATE = "validate"
    TRANSFORM = "transform"
    GEOMAP = "geomap"
    ENRICH = "enrich"
    DEDUPE = "dedupe"
    SCORE = "score"


STAGES: tuple[Stage, ...] = tuple(Stage)


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    DONE = "done"

    @property
    def is_live(self) -> bool:
        return self in (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.STOPPING)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """What a stage made of a chunk: the records it passes on and the issues it found (each with its `record_key`)."""

    records: Sequence[Record]
    issues: Sequence[Issue] = field(default_factory=tuple)
