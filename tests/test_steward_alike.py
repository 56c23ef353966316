"""The same suggestion on all alike rows, in one step and back in one step, on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gvrc import pipeline, steward
from gvrc.errors import NotAllowedError, ReviewError, StaleItemError
from gvrc.model.access import Actor, Role
from gvrc.model.review import Answer
from gvrc.settings import Settings
from gvrc.steward import AnswerIn
from gvrc.store.session import Database
from gvrc.views.questions import decisions_list, questions_by_key

ALIKE = 4
ROWS: list[dict[str, Any]] = [
    *({"facility_name": f"Mwangaza Point {word}", "service_type": "Misc.", "county": county} for word, county in zip("ABCD", ("Kwale", "Kwale", "Kilifi", "Kilifi"), strict=True)),
    {"facility_name": "Tumaini", "service_type": "Dispensry unit x", "county": "Kwale"},
]


@pytest.fixture
def run_id(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> int:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(ROWS), encoding="utf-8")
    received = pipeline.receive(database, settings, admin, [path])
    run = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(database, settings, run)
    return run


@pytest.fixture
def key(database: Database, run_id: int) -> str:
    """One of the questions about a kind of place written “Misc.”."""
    return open_keys(database, "kind.unknown", "Misc.")[0]


def open_keys(database: Database, code: str, value: str) -> list[str]:
    with database.read() as conn:
        query = text("SELECT question_key FROM staging.issues WHERE code = :code AND value = :value AND asks AND state = 'open' ORDER BY issue_id")
        return list(conn.execute(query, {"code": code, "value": value}).scalars())


def states(database: Database) -> list[tuple[object, ...]]:
    with database.read() as conn:
        return [tuple(row) for row in conn.execute(text("SELECT record_key, facility_type, state, record_hash, cluster_id FROM staging.records ORDER BY record_id"))]


def test_alike_are_the_open_questions_of_one_kind_with_the_same_suggestion(database: Database, settings: Settings, admin: Actor, run_id: int, key: str) -> None:
    found = steward.alike(database, settings, admin, run_id, key)
    assert found.count == ALIKE
    assert found.keys[0] == key
    assert set(found.keys) == set(open_keys(database, "kind.unknown", "Misc."))
    told = questions_by_key(database, admin, run_id, found.keys)
    assert [question.key for question in told] == list(found.keys)
    assert {question.suggestion.shown for question in told if question.suggestion} == {"Other Place"}


def test_accepted_alike_they_come_back_in_one_step(database: Database, settings: Settings, admin: Actor, run_id: int, key: str) -> None:
    before = states(database)
    seen = steward.alike(database, settings, admin, run_id, key).keys
    outcome = steward.accept_alike(database, settings, admin, run_id, key, seen)
    assert (outcome.applied, outcome.refused) == (ALIKE, ())
    assert open_keys(database, "kind.unknown", "Misc.") == []
    assert sum(1 for _, facility_type, *_ in states(database) if facility_type == "other") == ALIKE
    (told,) = decisions_list(database, admin, run_id, as_batches=True)
    assert told.together == len(decisions_list(database, admin, run_id)) == ALIKE
    assert told.what.endswith(f" · and {ALIKE - 1} alike")
    assert steward.undo_batch(database, settings, admin, outcome.decision_ids[1]) == ALIKE
    assert states(database) == before
    assert set(open_keys(database, "kind.unknown", "Misc.")) == set(seen)
    assert decisions_list(database, admin, run_id) == ()
    with pytest.raises(StaleItemError):
        steward.undo_batch(database, settings, admin, outcome.decision_ids[0])


def test_only_what_was_seen_is_answered(database: Database, settings: Settings, admin: Actor, run_id: int, key: str) -> None:
    seen = steward.alike(database, settings, admin, run_id, key).keys[:2]
    outcome = steward.accept_alike(database, settings, admin, run_id, key, [*seen, "another question"])
    assert outcome.applied == 2
    assert [refusal.key for refusal in outcome.refused] == ["another question"]
    assert len(open_keys(database, "kind.unknown", "Misc.")) == ALIKE - 2


def test_one_of_a_batch_answered_anew_stays_as_it_is_when_the_batch_is_taken_back(database: Database, settings: Settings, admin: Actor, run_id: int, key: str) -> None:
    outcome = steward.accept_alike(database, settings, admin, run_id, key, steward.alike(database, settings, admin, run_id, key).keys)
    steward.undo(database, settings, admin, outcome.decision_ids[0])
    again = steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.REJECT, note="no place")])
    assert again.applied == 1
    assert steward.undo_batch(database, settings, admin, outcome.decision_ids[0]) == ALIKE - 1
    assert [each.decision_id for each in decisions_list(database, admin, run_id)] == list(again.decision_ids)


def test_an_answer_given_alone_is_taken_back_alone(database: Database, settings: Settings, admin: Actor, run_id: int, key: str) -> None:
    before = states(database)
    outcome = steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.ACCEPT)])
    assert steward.undo_batch(database, settings, admin, outcome.decision_ids[0]) == 1
    assert states(database) == before


def test_a_question_without_a_suggestion_or_answered_has_none_alike(database: Database, settings: Settings, admin: Actor, run_id: int, key: str) -> None:
    steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.ACCEPT)])
    assert steward.alike(database, settings, admin, run_id, key).keys == ()
    with pytest.raises(StaleItemError):
        steward.accept_alike(database, settings, admin, run_id, key, [key])
    with pytest.raises(ReviewError):
        steward.undo_batch(database, settings, admin, 4711)


def test_what_a_colleague_has_open_is_left_to_them(
    database: Database, settings: Settings, admin: Actor, run_id: int, key: str, actor_of: Callable[[Role], Actor]
) -> None:
    seen = steward.alike(database, settings, admin, run_id, key).keys
    steward.claim(database, settings, actor_of(Role.DATA_STEWARD), seen[-1])
    outcome = steward.accept_alike(database, settings, admin, run_id, key, seen)
    assert outcome.applied == ALIKE - 1
    assert [refusal.key for refusal in outcome.refused] == [seen[-1]]


def test_a_steward_of_one_county_answers_only_there(
    database: Database, settings: Settings, run_id: int, key: str, actor_of: Callable[[Role], Actor]
) -> None:
    with database.read() as conn:
        county = conn.execute(text("SELECT county_code FROM staging.records JOIN staging.issues USING (record_id) WHERE question_key = :key"), {"key": key}).scalar_one()
    here = replace(actor_of(Role.DATA_STEWARD), counties=frozenset({county}))
    seen = steward.alike(database, settings, here, run_id, key).keys
    assert len(seen) == 2
    assert steward.accept_alike(database, settings, here, run_id, key, seen).applied == 2


def test_sealed_suggestions_are_alike_when_they_are_the_same_value(database: Database, settings: Settings, admin: Actor, run_id: int, key: str) -> None:
    keys = open_keys(database, "kind.unknown", "Misc.")
    vault_ids = ["vault:00000000-0000-0000-0000-00000000000a", "vault:00000000-0000-0000-0000-00000000000b"]
    with database.unit_of_work() as conn:
        for number, each in enumerate(keys):
            suggestion = {"values": {"phone": vault_ids[number % 2]}, "shown": vault_ids[number % 2], "confidence": 0.9, "reason": "Ten digits."}
            conn.execute(text("UPDATE staging.issues SET suggestion = cast(:s AS jsonb) WHERE question_key = :k"), {"s": json.dumps(suggestion), "k": each})
    assert set(steward.alike(database, settings, admin, run_id, keys[0]).keys) == {keys[0], keys[2]}


def test_who_may_not_decide_is_refused(database: Database, settings: Settings, run_id: int, key: str, actor_of: Callable[[Role], Actor]) -> None:
    engineer = actor_of(Role.DATA_ENGINEER)
    for act in (
        lambda: steward.alike(database, settings, engineer, run_id, key), lambda: steward.accept_alike(database, settings, engineer, run_id, key, [key]),
        lambda: steward.undo_batch(database, settings, engineer, 1),
    ):
        with pytest.raises(NotAllowedError):
            act()
