"""Commit: the only door to the registry. `preview` tells what would happen, `commit` does it; `acts` are what people do to live facilities, each a
commit of its own, and how any of it is taken back."""

from __future__ import annotations

from gvrc.commit.preview import preview, preview_stamp
from gvrc.commit.publish import commit
from gvrc.commit.units import (
    ActOutcome,
    ActState,
    CellChange,
    CommitOutcome,
    CommitPreview,
    Conflict,
    CountyCount,
    HeldBack,
    Hold,
    Invariant,
    PlannedFacility,
    Risk,
    Risky,
)

__all__ = [
    "ActOutcome", "ActState", "CellChange", "CommitOutcome", "CommitPreview", "Conflict", "CountyCount", "HeldBack", "Hold", "Invariant", "PlannedFacility", "Risk", "Risky",
    "commit", "preview", "preview_stamp",
]
