from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gvrc.commit import commit
from gvrc.model.access import Actor
from gvrc.settings import Settings
from gvrc.store.session import Database


def _load(name: str) -> ModuleType:
    """A module of the tests' folder, whatever the folder is called from."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent.parent / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


staged_records = _load("staged_records")


@pytest.fixture
def staged(database: Database) -> Any:
    """A database with runs in it."""
    return staged_records.Staged(database)


@pytest.fixture
def publish(database: Database, settings: Settings, admin: Actor) -> Callable[..., Any]:
    """Commits a run as an administrator."""
    return lambda run_id, **options: commit(database, settings, admin, run_id, **options)
