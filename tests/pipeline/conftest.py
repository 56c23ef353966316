"""Runs over the sample lists, on a real database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gvrc import pipeline
from gvrc.model.access import Actor
from gvrc.model.run import Stage
from gvrc.pipeline import RunSummary
from gvrc.settings import DATA_DIR, Settings
from gvrc.store.session import Database

SAMPLES = DATA_DIR / "sources"


@pytest.fixture
def run_files(database: Database, settings: Settings, admin: Actor) -> Callable[..., RunSummary]:
    """Receives files and does the run in this process."""

    def run(paths: Sequence[Path], stop_after: Stage | None = None) -> RunSummary:
        received = pipeline.receive(database, settings, admin, paths)
        run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None], stop_after=stop_after)
        return pipeline.execute(database, settings, run_id)

    return run


@pytest.fixture
def samples() -> list[Path]:
    return sorted(SAMPLES.glob("*.json"))
