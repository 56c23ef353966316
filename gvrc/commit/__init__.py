"""Commit: the only door to the registry. `preview` tells what would happen, `commit` does it."""

from __future__ import annotations

from gvrc.commit.preview import preview
from gvrc.commit.publish import commit
from gvrc.commit.units import (
    CellChange,
    CommitOutcome,
    CommitPreview,
    CountyCount,
    HeldBack,
    Hold,
    Invariant,
    PlannedFacility,
    Risk,
    Risky,
)

__all__ = [
    "CellChange", "CommitOutcome", "CommitPreview", "CountyCount", "HeldBack", "Hold", "Invariant", "PlannedFacility", "Risk", "Risky",
    "commit", "preview",
]
