"""One official code on two places: asked before the commit, not refused by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from gvrc import pipeline, steward
from gvrc.errors import ReviewError
from gvrc.model.access import Actor
from gvrc.model.review import Answer
from gvrc.settings import Settings
from gvrc.steward import AnswerIn
from gvrc.store.session import Database

ROWS = [
    {"name": "Ukunda Dispensary", "county": "Kwale", "constituency": "Msambweni", "ward": "Ukunda", "registration_number": "GK-000171", "phone": "0700000111", "status": "Operational"},
    {"name": "Kondele Nursing Home", "county": "Kisumu", "constituency": "Kisumu Central", "ward": "Kondele", "registration_number": "GK-000171", "phone": "0700000112", "status": "Operational"},
    {"name": "Galbet Health Centre", "county": "Garissa", "constituency": "Garissa Township", "ward": "Galbet", "registration_number": "GK-000172", "phone": "0700000113", "status": "Operational"},
]


@pytest.fixture
def run_id(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> int:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(ROWS), encoding="utf-8")
    return run(database, settings, admin, path)


def run(database: Database, settings: Settings, admin: Actor, path: Path) -> int:
    received = pipeline.receive(database, settings, admin, [path])
    started = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(database, settings, started)
    return started


def taken(database: Database) -> list[tuple[str, str, str, str]]:
    """Key, name, state of the issue, state of the record."""
    query = "SELECT i.question_key, r.name, i.state, r.state FROM staging.issues i JOIN staging.records r USING (record_id) WHERE i.code = 'code.taken' ORDER BY i.issue_id"
    with database.read() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def numbers(database: Database) -> list[str | None]:
    with database.read() as conn:
        return list(conn.execute(text("SELECT data ->> 'registration_number' FROM staging.records ORDER BY record_id")).scalars())


def test_the_second_place_with_a_code_is_a_question_that_can_be_accepted_and_taken_back(database: Database, settings: Settings, admin: Actor, run_id: int, tmp_path: Path) -> None:
    ((key, name, state, of_record),) = taken(database)
    assert (name, state, of_record) == ("Kondele Nursing Home", "open", "to_review")
    outcome = steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.ACCEPT)])
    assert outcome.applied == 1, outcome.refused
    assert numbers(database) == ["GK-000171", None, "GK-000172"]
    assert [row[2] for row in taken(database)] == ["fixed"]
    with database.read() as conn:
        decision = conn.execute(text("SELECT decision_id FROM staging.decisions WHERE question_key = :key AND replaced_at IS NULL"), {"key": key}).scalar_one()
    steward.undo(database, settings, admin, decision)
    assert numbers(database) == ["GK-000171", "GK-000171", "GK-000172"]
    assert [row[2:] for row in taken(database)] == [("open", "to_review")]


def test_the_same_wrong_code_again_is_no_answer(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    ((key, *_),) = taken(database)
    outcome = steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.CORRECT, values={"registration_number": "GK-000171"})])
    assert outcome.applied == 0
    assert ReviewError("With this value the same issue would still stand.", "").detail in outcome.refused[0].why


def test_a_code_that_may_stay_is_not_asked_again(database: Database, settings: Settings, admin: Actor, run_id: int, tmp_path: Path) -> None:
    ((key, *_),) = taken(database)
    steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.WAIVE, note="branches of one institution")])
    assert [row[2] for row in taken(database)] == ["waived"]
    run(database, settings, admin, tmp_path / "list.json")
    assert [row[2] for row in taken(database)] == ["waived"]
