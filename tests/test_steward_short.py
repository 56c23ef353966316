"""Records that wait for review for their quality score alone ask what could mend it."""

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
from gvrc.views.questions import decisions_list

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


BARE = [{"name": "Shimba Hills Police Post", "county": "Kwale"}, {"name": "Diani Police Station", "county": "Kwale", "ward": "Ukunda", "phone": "0700 000 104", "status": "Operational"}]


def id_of(database: Database, name: str) -> int:
    with database.read() as conn:
        return int(conn.execute(text("SELECT record_id FROM staging.records WHERE name = :name"), {"name": name}).scalar_one())


def test_a_place_of_which_little_is_known_stands_as_it_is_when_a_person_says_why(database: Database, settings: Settings, admin: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_steward_short.LIST", BARE)
    path = tmp_path / "posts.json"
    run_id = run(database, settings, admin, path)
    before = standing(database)
    assert before["Shimba Hills Police Post"] == ("to_review", [])
    record_id = id_of(database, "Shimba Hills Police Post")
    with pytest.raises(ReviewError):
        steward.approve_record(database, settings, admin, run_id, record_id, "  ")
    decision = steward.approve_record(database, settings, admin, run_id, record_id, "seen by the county's officer")
    assert standing(database)["Shimba Hills Police Post"][0] == "ready"
    with database.read() as conn:
        assert "A person approved it" in conn.execute(text("SELECT state_reason FROM staging.records WHERE record_id = :id"), {"id": record_id}).scalar_one()
    assert decisions_list(database, admin, run_id)[0].what.startswith("Low quality score")
    run(database, settings, admin, path)  # the same list again: nothing is forgotten
    assert standing(database)["Shimba Hills Police Post"][0] == "ready"
    steward.undo(database, settings, admin, decision)
    assert standing(database) == before


def test_an_approval_holds_until_the_row_says_something_else(database: Database, settings: Settings, admin: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_steward_short.LIST", BARE)
    run_id = run(database, settings, admin, tmp_path / "posts.json")
    steward.approve_record(database, settings, admin, run_id, id_of(database, "Shimba Hills Police Post"), "seen by the county's officer")
    monkeypatch.setattr("tests.test_steward_short.LIST", [{**BARE[0], "remarks": "closed for now"}, BARE[1]])
    run(database, settings, admin, tmp_path / "posts later.json")
    with database.read() as conn:
        states = conn.execute(text("SELECT state FROM staging.records WHERE name = 'Shimba Hills Police Post' ORDER BY record_id")).scalars().all()
    assert states[-1] == "to_review"


def test_what_is_asked_is_not_approved_over(database: Database, settings: Settings, admin: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_steward_short.LIST", [{"name": "Mwangaza Point", "type": "Misc.", "county": "Kwale", "phone": "0700 000 105"}, BARE[1]])
    run_id = run(database, settings, admin, tmp_path / "points.json")
    before = standing(database)
    assert "kind.unknown" in before["Mwangaza Point"][1]
    with pytest.raises(ReviewError, match="Something else"):
        steward.approve_record(database, settings, admin, run_id, id_of(database, "Mwangaza Point"), "known to us")
    assert standing(database) == before
