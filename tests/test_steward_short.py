"""Records that wait for review for their quality score alone ask what could mend it."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import text

from gvrc import pipeline, steward
from gvrc.model.access import Actor
from gvrc.model.review import Answer
from gvrc.settings import Settings
from gvrc.steward import AnswerIn
from gvrc.store.session import Database

LIST = [
    {"name": "Tumaini Women Group", "service": "Counselling", "location": "Lodwar Township", "phone": "0700 000 101"},
    {"name": "Nia Women Group", "service": "Counselling", "location": "", "phone": "0700 000 102"},
    {"name": "Jirani Women Group", "service": "Counselling", "county": "Kwale", "phone": "0700 000 103"},
]


def standing(database: Database) -> dict[str, tuple[str, list[str]]]:
    """The state of each record by its name, and the kinds of its open issues that ask."""
    with database.read() as conn:
        rows = conn.execute(text("""
            SELECT r.name, r.state, array_remove(array_agg(i.code ORDER BY i.code) FILTER (WHERE i.asks AND i.state = 'open'), NULL)
            FROM staging.records r LEFT JOIN staging.issues i USING (record_id) GROUP BY r.record_id
        """)).all()
    return {name: (state, list(asked or ())) for name, state, asked in rows}


def run(database: Database, settings: Settings, admin: Actor, path: Path) -> int:
    path.write_text(json.dumps(LIST), encoding="utf-8")
    received = pipeline.receive(database, settings, admin, [path])
    run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(database, settings, run_id)
    return run_id


def key_of(database: Database, name: str) -> str:
    with database.read() as conn:
        query = "SELECT i.question_key FROM staging.issues i JOIN staging.records r USING (record_id) WHERE r.name = :name AND i.asks AND i.state = 'open' ORDER BY i.issue_id LIMIT 1"
        return str(conn.execute(text(query), {"name": name}).scalar_one())


def test_a_record_without_a_county_is_asked_for_it(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> None:
    run_id = run(database, settings, admin, tmp_path / "groups.json")
    before = standing(database)
    assert before["Tumaini Women Group"] == ("to_review", ["place.county_missing"])
    assert before["Nia Women Group"] == ("to_review", ["place.county_missing"])  # nothing suggests one: a person may know
    assert before["Jirani Women Group"][1] == []
    outcome = steward.decide(database, settings, admin, run_id, [AnswerIn(key=key_of(database, "Tumaini Women Group"), answer=Answer.ACCEPT)])
    assert outcome.refused == ()
    assert standing(database)["Tumaini Women Group"][0] == "ready"
    assert "place.county_missing" not in standing(database)["Tumaini Women Group"][1]
    steward.undo(database, settings, admin, outcome.decision_ids[0])
    assert standing(database) == before


def test_a_waived_county_is_not_asked_again(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> None:
    path = tmp_path / "groups.json"
    run_id = run(database, settings, admin, path)
    steward.decide(database, settings, admin, run_id, [AnswerIn(key=key_of(database, "Nia Women Group"), answer=Answer.WAIVE, note="works in all counties")])
    state, asked = standing(database)["Nia Women Group"]
    assert (state, asked) == ("to_review", [])
    run(database, settings, admin, path)
    assert standing(database)["Nia Women Group"] == (state, asked)
