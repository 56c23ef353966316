"""A preview in a process of its own: what it raises is raised here, and one that nobody wants any more is ended."""

from __future__ import annotations

import threading

import pytest

from gvrc import worker
from gvrc.errors import CommitError, NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.store.session import Database

VIEWER, APPROVER = (Actor(user_id=1, username="somebody", role=role, counties=frozenset({"KE001"})) for role in (Role.VIEWER, Role.APPROVER))


def test_what_the_preview_raises_is_raised_with_its_hint(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GVRC_DATABASE_URL", settings.database_url or "")  # else the other process would begin a database server of its own, for good
    monkeypatch.setenv("GVRC_DATABASE_OWNER_URL", settings.database_owner_url or "")
    with pytest.raises(NotAllowedError) as here:
        require(VIEWER, Permission.COMMIT)
    with pytest.raises(NotAllowedError) as there:
        worker.preview_apart(settings, VIEWER, 1, limit=5, offsets={}, is_moot=threading.Event())
    assert (there.value.detail, there.value.hint) == (here.value.detail, here.value.hint)


@pytest.mark.parametrize("command", ["exec sleep 60", "trap '' INT; while true; do sleep .05; done"])
def test_one_that_is_moot_is_ended_even_if_it_does_not_listen(settings: Settings, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr(worker, "_COMMAND", ("/bin/sh", "-c", command))
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.01)
    is_moot = threading.Event()
    is_moot.set()
    assert worker.preview_apart(settings, APPROVER, 1, limit=5, offsets={}, is_moot=is_moot) is None


def test_a_process_that_died_is_told_in_words(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_COMMAND", ("/bin/false",))
    with pytest.raises(CommitError, match="ended early"):
        worker.preview_apart(settings, APPROVER, 1, limit=5, offsets={}, is_moot=threading.Event())
