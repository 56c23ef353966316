from __future__ import annotations

import pytest

from gvrc.store.session import Database
from tests.staged_records import Staged


@pytest.fixture
def staged(database: Database) -> Staged:
    """A database with runs in it."""
    return Staged(database)
