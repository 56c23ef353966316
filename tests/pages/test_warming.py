"""What the first person after a start of the server need not wait for: the pages' code, the reference, what the first answer makes."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest
from structlog.testing import capture_logs

from gvrc import steward
from gvrc.errors import StoreError
from gvrc.model.access import Actor, Role
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store import reads_map, reads_quality, reads_questions
from gvrc.store.session import Database
from gvrc.ui import warming
from gvrc.views import remembered
from gvrc.views.advice import advice
from gvrc.views.map import MapQuery, map_cube, quality_bands
from gvrc.views.quality import QualityQuery, quality_view
from gvrc.views.questions import question_counts


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is begun beside the pages is done at once; its names, in order."""
    begun: list[str] = []

    def now(name: str, work: Callable[[], None]) -> None:
        begun.append(name)
        work()

    monkeypatch.setattr(warming, "_beside", now)
    monkeypatch.setattr(warming, "READING_SECONDS", 0.0)
    monkeypatch.setattr(warming._Begun, "is_serving", False)
    monkeypatch.setattr(warming._Begun, "rehearsed", set())
    yield begun
    gc.unfreeze()


def test_a_server_loads_the_code_of_every_page_and_the_reference(at_once: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(steward, "load_reference", lambda: loaded.append("reference"))
    monkeypatch.setattr(warming, "importlib", SimpleNamespace(import_module=loaded.append))
    warming.begin()
    pages = {f"gvrc.ui.{path.stem}" for path in (PROJECT_DIR / "gvrc" / "ui").glob("*.py")} - {"gvrc.ui.__init__", "gvrc.ui.main", "gvrc.ui.server"}
    assert at_once == ["warming", "counting ahead"]
    assert set(loaded) == pages | {"reference"}
    assert gc.get_freeze_count()


def test_a_large_run_is_counted_before_anybody_opens_its_pages(
    sign_in_as: Callable[[Role], Actor], run_of: Callable[..., int], database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    steward_here = sign_in_as(Role.DATA_STEWARD)
    query = QualityQuery(run_id=run_of(steward_here))
    monkeypatch.setattr(remembered, "LARGE_RECORDS", 1)
    monkeypatch.setattr(warming.home, "open_work", took_too_long)
    warming.count_ahead()
    for reads, count in ((reads_quality, "cells"), (reads_quality, "work_cells"), (reads_questions, "flag_tally"), (reads_map, "cube")):
        monkeypatch.setattr(reads, count, None)
    assert quality_view(database, steward_here, query).whole.records
    assert advice(database, steward_here, query)
    assert question_counts(database, steward_here, query.run_id).issues
    assert map_cube(database, steward_here, MapQuery(run_id=query.run_id), bands=quality_bands(database, settings)).sums


def took_too_long(*_: object) -> None:
    raise StoreError("The query took too long.")


def test_the_first_question_is_answered_for_trial_once_and_stays_open(
    sign_in_as: Callable[[Role], Actor], open_page: Callable[..., AppTest], run_of: Callable[..., int], database: Database, at_once: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str | None] = []
    monkeypatch.setattr(steward, "problem_with", lambda *given, do=steward.problem_with: tried.append(do(*given)))
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    before = question_counts(database, actor, run_id)
    open_page("review", run=str(run_id))
    assert not at_once, "there is no server"
    warming._Begun.is_serving = True
    for page in ("review", "duplicates", "review", "duplicates"):
        assert not open_page(page, run=str(run_id)).exception
    assert at_once == ["rehearsal", "rehearsal"]
    assert tried == [None, None]
    with database.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM staging.decisions")).scalar_one() == 0
    assert question_counts(database, actor, run_id) == before


def test_who_may_not_answer_rehearses_nothing(
    sign_in_as: Callable[[Role], Actor], open_page: Callable[..., AppTest], run_of: Callable[..., int], at_once: list[str]
) -> None:
    run_id = run_of(sign_in_as(Role.DATA_ENGINEER))
    warming._Begun.is_serving = True
    assert not open_page("review", run=str(run_id)).exception
    assert not at_once


def test_what_goes_wrong_beside_the_pages_is_logged_and_stops_nothing() -> None:
    def breaks() -> None:
        raise ValueError("not made ready")

    with capture_logs() as logged:
        warming._beside("broken", breaks).join(10)
    assert [(each["event"], each["what"]) for each in logged] == [("not_made_ready", "broken")]
