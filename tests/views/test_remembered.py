"""Counts are remembered until what is staged moves, and not a moment longer but where a page says that it may lag."""

from __future__ import annotations

import threading
from contextlib import suppress
from contextvars import copy_context
from typing import Any

import pytest

from gvrc.model.access import Actor, Role
from gvrc.model.record import Visibility
from gvrc.store import staged as staged_store
from gvrc.store.session import Connection, Database
from gvrc.views import remembered as module
from gvrc.views.quality import QualityQuery, quality_view
from gvrc.views.remembered import lag, may_lag, remembered


def ask(db: Database, run_id: int, made: list[int], key: str = "count") -> int:
    """Ask for an answer that tells how often it was made."""

    def make(_conn: Connection) -> int:
        made.append(len(made) + 1)
        return made[-1]

    with db.read() as conn:
        return remembered(conn, db, None, run_id, key, make)


@pytest.fixture
def run_id(staged: Any) -> int:
    number: int = staged.run_of(staged.record("a"), staged.record("b"))
    return number


def test_an_answer_is_made_once_while_nothing_moves(database: Database, run_id: int) -> None:
    made: list[int] = []
    assert [ask(database, run_id, made) for _ in range(3)] == [1, 1, 1]
    assert ask(database, run_id, made, "another") == 2


def test_a_change_is_seen_at_once_and_one_that_is_rolled_back_never(database: Database, run_id: int, staged: Any) -> None:
    made: list[int] = []
    ask(database, run_id, made)
    staged.put("a", state="held")
    assert ask(database, run_id, made) == 2
    with suppress(RuntimeError), database.unit_of_work(run_id=run_id) as conn:
        conn.exec_driver_sql("update staging.records set state = 'ready'")
        raise RuntimeError
    assert ask(database, run_id, made) == 2


def test_an_open_change_of_another_session_is_not_mistaken_for_a_finished_one(database: Database, run_id: int) -> None:
    made: list[int] = []
    with database.unit_of_work(run_id=run_id) as conn:
        conn.exec_driver_sql("update staging.records set state = 'held'")
        assert ask(database, run_id, made) == 1
    assert ask(database, run_id, made) == 2


def test_a_change_under_another_run_of_other_files_moves_nothing(database: Database, run_id: int, staged: Any) -> None:
    made: list[int] = []
    ask(database, run_id, made)
    with database.unit_of_work(run_id=run_id + 1000) as conn:
        conn.exec_driver_sql("update staging.records set state = state where false")
    assert ask(database, run_id, made) == 1


def test_many_notes_are_tidied_to_one(database: Database, run_id: int, staged: Any) -> None:
    for state in ("held", "ready", "held"):
        staged.put("a", state=state)
    with database.unit_of_work(run_id=run_id) as conn:
        before = staged_store.stamp(conn, run_id)
        staged_store.tidy(conn, run_id)
        assert int(staged_store.stamp(conn, run_id).split(":")[0]) < int(before.split(":")[0])


def test_two_readers_of_different_sight_never_share_an_answer(database: Database, admin: Actor, actor_of: Any, staged: Any) -> None:
    run_id = staged.run_of(staged.record("open"), staged.record("hidden", visibility=Visibility.WITHHELD))
    assert quality_view(database, admin, QualityQuery(run_id=run_id)).whole.records == 2
    assert quality_view(database, actor_of(Role.DATA_ANALYST), QualityQuery(run_id=run_id)).whole.records == 1
    assert quality_view(database, admin, QualityQuery(run_id=run_id)).whole.records == 2


def in_a_page(db: Database, run_id: int, made: list[int]) -> tuple[int, bool]:
    """What a page that may lag shows, and whether it says that this lags; in a context of its own, as every page's run is."""

    def page() -> tuple[int, bool]:
        may_lag(anew=True)
        return ask(db, run_id, made), lag() is not None

    return copy_context().run(page)


def test_the_count_of_a_large_run_lags_on_a_page_says_so_and_is_counted_anew_beside_it(database: Database, run_id: int, staged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONG_SECONDS", 0.0)
    monkeypatch.setattr(module, "LARGE_RECORDS", 0)
    monkeypatch.setattr(module, "AT_REST", module.DRAWN)
    made: list[int] = []
    assert in_a_page(database, run_id, made) == (1, False)
    staged.put("a", state="held")
    assert in_a_page(database, run_id, made) == (1, True)
    for thread in threading.enumerate():
        if thread.name == "counting":
            thread.join(10)
    assert made == [1, 2]
    assert in_a_page(database, run_id, made) == (2, False)


def test_counting_beside_waits_until_no_page_is_opened_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    for quiet in (module.DRAWN, module.AT_REST):
        monkeypatch.setattr(module._Pages, "opened_at", 100.0)
        assert module._until(quiet, now=100.25, since=100.0) == pytest.approx(quiet.seconds - 0.25)
        assert module._until(quiet, now=100.0 + quiet.seconds, since=100.0) <= 0
        monkeypatch.setattr(module._Pages, "opened_at", 100.0 + quiet.longest)
        assert module._until(quiet, now=100.0 + quiet.longest, since=100.0) <= 0


def test_the_count_of_a_small_run_never_lags_and_nothing_does_where_no_page_says_so(database: Database, run_id: int, staged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONG_SECONDS", 0.0)
    made: list[int] = []
    in_a_page(database, run_id, made)
    staged.put("a", state="held")
    assert in_a_page(database, run_id, made) == (2, False)
    monkeypatch.setattr(module, "LARGE_RECORDS", 0)
    staged.put("a", state="ready")
    assert ask(database, run_id, made) == 3  # asked by no page
