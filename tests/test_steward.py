"""Answers, undo and claims, on PostgreSQL and the sample lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from gvrc import pipeline, steward
from gvrc.errors import NotAllowedError, StaleItemError
from gvrc.model.access import Actor, Role
from gvrc.model.review import Answer, Relation
from gvrc.settings import DATA_DIR, Settings
from gvrc.steward import AnswerIn
from gvrc.store.session import Database

SAMPLES = sorted((DATA_DIR / "sources").glob("*.json"))


@pytest.fixture
def run_id(database: Database, settings: Settings, admin: Actor) -> int:
    return run_again(database, settings, admin, SAMPLES)


def run_again(database: Database, settings: Settings, admin: Actor, paths: list[Path]) -> int:
    received = pipeline.receive(database, settings, admin, paths)
    run = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(database, settings, run)
    return run


def open_pairs(database: Database, run_id: int) -> list[str]:
    with database.read() as conn:
        query = text("SELECT question_key FROM staging.match_results WHERE run_id = :run AND is_open ORDER BY priority DESC, question_key")
        return list(conn.execute(query, {"run": run_id}).scalars())


def open_issues(database: Database, run_id: int) -> list[tuple[str, str, bool]]:
    with database.read() as conn:
        query = text("""
            SELECT i.question_key, i.code, i.suggestion IS NOT NULL AS suggested FROM staging.issues i JOIN staging.records r USING (record_id)
            WHERE i.file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run) AND i.asks AND i.state = 'open' AND r.state <> 'rejected'
            ORDER BY i.issue_id
        """)
        return [tuple(row) for row in conn.execute(query, {"run": run_id})]


def states(database: Database) -> list[tuple[object, ...]]:
    with database.read() as conn:
        return [tuple(row) for row in conn.execute(text("SELECT record_key, state, record_hash, cluster_id FROM staging.records ORDER BY record_id"))]


def answer_all(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    for _round in range(10):
        pairs = [AnswerIn(key=key, answer=Answer.SAME if i % 2 else Answer.DIFFERENT) for i, key in enumerate(open_pairs(database, run_id))]
        issues = [
            AnswerIn(key=key, answer=Answer.ACCEPT) if suggested else AnswerIn(key=key, answer=Answer.WAIVE, note="checked by telephone")
            for key, _code, suggested in open_issues(database, run_id)
        ]
        if not pairs and not issues:
            return
        steward.decide(database, settings, admin, run_id, [*pairs, *issues])


def test_a_decision_survives_a_second_run_of_the_same_file(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    answer_all(database, settings, admin, run_id)
    assert open_pairs(database, run_id) == []
    assert open_issues(database, run_id) == []
    before = states(database)
    again = run_again(database, settings, admin, SAMPLES)
    assert open_pairs(database, again) == []
    assert open_issues(database, again) == []
    assert states(database) == before


def test_undo_in_any_order_leads_back(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    before, asked = states(database), open_pairs(database, run_id)
    answers = [AnswerIn(key=key, answer=Answer.SAME) for key in asked[:6]]
    outcome = steward.decide(database, settings, admin, run_id, answers)
    assert outcome.applied >= 1
    for decision_id in sorted(outcome.decision_ids, key=lambda number: number % 3):
        steward.undo(database, settings, admin, decision_id)
    assert states(database) == before
    assert sorted(open_pairs(database, run_id)) == sorted(asked)


def test_an_accepted_suggestion_can_be_taken_back(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    before, asked = states(database), open_issues(database, run_id)
    key = next(key for key, _code, suggested in asked if suggested)
    outcome = steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.ACCEPT)])
    assert outcome.refused == ()
    assert states(database) != before
    steward.undo(database, settings, admin, outcome.decision_ids[0])
    assert states(database) == before
    assert sorted(open_issues(database, run_id)) == sorted(asked)
    with pytest.raises(StaleItemError):
        steward.undo(database, settings, admin, outcome.decision_ids[0])


def test_same_makes_one_cluster(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    key = open_pairs(database, run_id)[0]
    steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.SAME)])
    with database.read() as conn:
        homes = conn.execute(text("""
            SELECT count(DISTINCT r.cluster_id) FROM staging.match_results m
            JOIN staging.records r ON r.record_id IN (m.left_record_id, m.right_record_id) WHERE m.question_key = :key
        """), {"key": key}).scalar_one()
    assert homes == 1


def test_wrong_answers_are_refused_with_a_reason(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    pair, issue = open_pairs(database, run_id)[0], open_issues(database, run_id)[0][0]
    outcome = steward.decide(database, settings, admin, run_id, [
        AnswerIn(key=pair, answer=Answer.ACCEPT), AnswerIn(key=pair, answer=Answer.RELATED), AnswerIn(key=issue, answer=Answer.SAME),
        AnswerIn(key=issue, answer=Answer.WAIVE), AnswerIn(key="nothing", answer=Answer.SAME),
        AnswerIn(key=pair, answer=Answer.SAME, seen_evidence="something else"),
    ])
    assert outcome.applied == 0
    assert all(refusal.why for refusal in outcome.refused)
    assert len(outcome.refused) == 6


def test_a_related_pair_is_two_places(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    key = open_pairs(database, run_id)[0]
    answer = AnswerIn(key=key, answer=Answer.RELATED, relation=Relation.LOCATED_IN)
    assert steward.decide(database, settings, admin, run_id, [answer]).applied == 1
    assert key not in open_pairs(database, run_id)


def test_a_rejected_record_is_set_aside_and_asks_nothing(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    key = open_issues(database, run_id)[0][0]
    steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.REJECT, note="no place")])
    with database.read() as conn:
        state = conn.execute(text("SELECT r.state FROM staging.records r JOIN staging.issues USING (record_id) WHERE question_key = :key"), {"key": key})
        assert state.scalar_one() == "rejected"
    assert key not in {item[0] for item in open_issues(database, run_id)}


def test_a_question_that_a_colleague_has_open_is_left_to_them(
    database: Database, settings: Settings, admin: Actor, run_id: int, actor_of: Callable[[Role], Actor]
) -> None:
    colleague, key = actor_of(Role.DATA_STEWARD), open_pairs(database, run_id)[0]
    steward.claim(database, settings, colleague, key)
    with pytest.raises(StaleItemError):
        steward.claim(database, settings, admin, key)
    assert steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.SAME)]).applied == 0
    steward.release(database, colleague, key)
    steward.claim(database, settings, admin, key)
    assert steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.SAME)]).applied == 1


def test_a_viewer_may_not_decide(database: Database, settings: Settings, run_id: int, actor_of: Callable[[Role], Actor]) -> None:
    with pytest.raises(NotAllowedError):
        steward.decide(database, settings, actor_of(Role.VIEWER), run_id, [])


def test_a_steward_decides_only_within_their_counties(
    database: Database, settings: Settings, run_id: int, actor_of: Callable[[Role], Actor]
) -> None:
    elsewhere = replace(actor_of(Role.DATA_STEWARD), counties=frozenset({"KE024"}))
    with database.read() as conn:
        key = conn.execute(text("""
            SELECT m.question_key FROM staging.match_results m JOIN staging.records r ON r.record_id = m.left_record_id
            WHERE m.run_id = :run AND m.is_open AND r.county_code <> 'KE024' LIMIT 1
        """), {"run": run_id}).scalar_one()
        issue = conn.execute(text("""
            SELECT i.question_key, r.record_id FROM staging.issues i JOIN staging.records r USING (record_id)
            WHERE i.asks AND i.state = 'open' AND r.county_code <> 'KE024' ORDER BY i.issue_id LIMIT 1
        """)).one()
    before = states(database)
    answers = [AnswerIn(key=key, answer=Answer.DIFFERENT), AnswerIn(key=issue.question_key, answer=Answer.CORRECT, values={"phone": "0700000111"})]
    outcome = steward.decide(database, settings, elsewhere, run_id, [*answers, AnswerIn(key=issue.question_key, answer=Answer.REJECT)])
    assert (outcome.applied, {refusal.why.partition(".")[0] for refusal in outcome.refused}) == (0, {"This record lies outside the counties of your account"})
    with pytest.raises(NotAllowedError, match="counties"):
        steward.set_point(database, settings, elsewhere, run_id, issue.record_id, {"latitude": -1.0, "longitude": 37.0})
    given = steward.decide(database, settings, actor_of(Role.DATA_STEWARD), run_id, answers[:1]).decision_ids[0]
    with pytest.raises(NotAllowedError, match="counties"):
        steward.undo(database, settings, elsewhere, given)
    steward.undo(database, settings, actor_of(Role.DATA_STEWARD), given)
    assert states(database) == before
