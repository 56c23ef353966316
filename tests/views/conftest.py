from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gvrc.commit import commit
from gvrc.model.access import Actor
from gvrc.settings import Settings
from gvrc.store.session import Database
from tests.staged_records import Staged


@pytest.fixture
def staged(database: Database) -> Staged:
    """A database with runs in it."""
    return Staged(database)


@pytest.fixture
def publish(database: Database, settings: Settings, admin: Actor) -> Callable[..., Any]:
    """Commits a run as an administrator."""
    return lambda run_id, **options: commit(database, settings, admin, run_id, **options)
