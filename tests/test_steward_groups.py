"""Several records as one place in one step, stale answers, relations that are turned, answers that are only tried; on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from gvrc import steward
from gvrc.errors import ReviewError, StaleItemError
from gvrc.matching.memory import question_key
from gvrc.model.access import Actor, Role
from gvrc.model.match import Band, FeatureScore, MatchResult
from gvrc.model.review import Answer, Relation
from gvrc.settings import Settings
from gvrc.steward import AnswerIn, GroupAnswer
from gvrc.store import matches
from gvrc.store.matches import PairDraft
from gvrc.store.session import Database
from gvrc.views import questions as question_views
from tests.staged_records import Staged

KEYS = ("a", "b", "c", "d")


@pytest.fixture
def staged(database: Database) -> Staged:
    return Staged(database)


@pytest.fixture
def run_id(staged: Staged) -> int:
    """Four records; a is asked about with b, c and d, and b with c."""
    run = staged.run_of(*(staged.record(key) for key in KEYS))
    pairs = [draft(staged, left, right) for left, right in (("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"))]
    with staged.db.unit_of_work() as conn:
        matches.replace_pairs(conn, run, pairs)
    return run


def draft(staged: Staged, left: str, right: str, band: Band = Band.REVIEW) -> PairDraft:
    ids = dict(zip(KEYS, staged.ids(*KEYS), strict=True))
    features = (FeatureScore(feature="name", score=1.0, weight=1.0, detail="Same name"),)
    result = MatchResult(left_key=left, right_key=right, match_score=0.8, base=-1.0, features=features, strategy="fuzzy_name", band=band, scorer_version="1")
    return PairDraft(
        question_key=question_key(left, right), left_record_id=ids[left], right_record_id=ids[right], evidence_hash="name=1", is_open=band is Band.REVIEW,
        pair_state="open" if band is Band.REVIEW else "automatic", priority=1.0, result=result,
    )


def states(staged: Staged) -> dict[tuple[str, str], tuple[str, bool]]:
    return {(row.left_key, row.right_key): (row.pair_state, row.is_open) for row in staged.rows("SELECT * FROM staging.match_results ORDER BY match_id")}


def clusters(staged: Staged) -> list[set[str]]:
    rows = staged.rows("SELECT array_agg(record_key::text) AS keys FROM staging.records GROUP BY cluster_id HAVING count(*) > 1")
    return [set(row.keys) for row in rows]


def group(**more: Any) -> GroupAnswer:
    return GroupAnswer(**{"key": question_key("a", "b"), "same": ("a", "b", "c"), "apart": ("d",), "seen_evidence": "name=1", "seen_decision": 0} | more)


def test_all_that_may_be_one_place_stand_side_by_side(database: Database, admin: Actor, staged: Staged, run_id: int) -> None:
    view = question_views.question_on_the_table(database, admin, run_id, question_key("a", "b"))
    assert view is not None
    assert [(member.key, member.is_in) for member in view.members] == [("a", True), ("b", True), ("c", False), ("d", False)]


def test_one_step_says_who_is_one_place_and_who_is_another_and_one_undo_takes_it_back(database: Database, settings: Settings, admin: Actor, staged: Staged, run_id: int) -> None:
    before = states(staged)
    outcome = steward.decide_group(database, settings, admin, run_id, group())
    assert outcome.applied == 4
    assert clusters(staged) == [{"a", "b", "c"}]
    assert states(staged)["a", "d"] == ("different", False)
    assert steward.undo_batch(database, settings, admin, outcome.decision_ids[1]) == 4
    assert clusters(staged) == []
    assert states(staged) == before


def test_a_record_is_split_from_what_the_machine_merged(database: Database, settings: Settings, admin: Actor, staged: Staged, run_id: int) -> None:
    with staged.db.unit_of_work() as conn:
        matches.replace_pairs(conn, run_id, [draft(staged, *pair, band=Band.AUTOMATIC) for pair in (("a", "b"), ("a", "c"), ("b", "c"))])
    steward.decide_group(database, settings, admin, run_id, group(same=("a", "b"), apart=("c",)))
    assert clusters(staged) == [{"a", "b"}]


def test_what_was_never_compared_is_not_called_one_place(database: Database, settings: Settings, admin: Actor, staged: Staged, run_id: int) -> None:
    with staged.db.unit_of_work() as conn:
        matches.replace_pairs(conn, run_id, [draft(staged, "a", "b"), draft(staged, "c", "d")])
    with pytest.raises(ReviewError):
        steward.decide_group(database, settings, admin, run_id, group(same=("a", "b", "c"), apart=()))
    with pytest.raises(ReviewError):
        steward.decide_group(database, settings, admin, run_id, group(same=("a",), apart=()))
    assert staged.one("SELECT count(*) FROM staging.decisions") == 0


def test_a_second_answer_to_the_same_question_is_told_who_answered_it(
    database: Database, settings: Settings, admin: Actor, run_id: int, actor_of: Callable[[Role], Actor], staged: Staged
) -> None:
    key, colleague = question_key("a", "b"), actor_of(Role.DATA_STEWARD)
    first = steward.decide(database, settings, colleague, run_id, [AnswerIn(key=key, answer=Answer.DIFFERENT, seen_decision=0)])
    assert first.applied == 1
    late = steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.SAME, seen_decision=0)])
    assert late.applied == 0
    assert colleague.username in late.refused[0].why
    assert "Different" in late.refused[0].why
    with pytest.raises(StaleItemError):
        steward.decide_group(database, settings, admin, run_id, group())
    changed = steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.SAME, seen_decision=first.decision_ids[0])])
    assert changed.applied == 1
    assert states(staged)["a", "b"] == ("same", False)


def test_a_relation_can_be_turned_round(database: Database, settings: Settings, admin: Actor, run_id: int, staged: Staged) -> None:
    answer = AnswerIn(key=question_key("a", "b"), answer=Answer.RELATED, relation=Relation.LOCATED_IN)
    steward.decide(database, settings, admin, run_id, [replace(answer, is_turned=True)])
    assert staged.one("SELECT record_keys FROM staging.decisions WHERE replaced_at IS NULL") == ["b", "a"]
    assert states(staged)["a", "b"] == ("related", False)


def test_a_strong_match_across_a_different_is_asked_as_a_conflict(database: Database, settings: Settings, admin: Actor, run_id: int, staged: Staged) -> None:
    with staged.db.unit_of_work() as conn:
        conn.execute(text("UPDATE staging.match_results SET match_score = 0.999 WHERE left_key = 'b'"))
    steward.decide(database, settings, admin, run_id, [AnswerIn(key=question_key("a", "b"), answer=Answer.SAME), AnswerIn(key=question_key("a", "c"), answer=Answer.DIFFERENT)])
    assert states(staged)["b", "c"] == ("conflict", True)
    view = question_views.question(database, admin, run_id, question_key("b", "c"))
    assert view is not None
    assert view.asked == "conflict"


def test_a_parked_pair_keeps_its_reason_and_is_found_again(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    key = question_key("a", "b")
    steward.decide(database, settings, admin, run_id, [AnswerIn(key=key, answer=Answer.UNSURE, note="Somebody must ask on the spot. Gate is locked.")])
    assert key not in [view.key for view in question_views.question_list(database, admin, run_id)]
    assert [view.key for view in question_views.question_list(database, admin, run_id, asked="parked")] == [key]
    assert question_views.decisions_list(database, admin, run_id)[0].note == "Somebody must ask on the spot. Gate is locked."
