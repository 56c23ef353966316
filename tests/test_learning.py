"""Weights learned from stewards' answers, adopted and taken back, on a real database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from gvrc import learning, pipeline
from gvrc.errors import ConfigError, NotAllowedError, StaleItemError
from gvrc.matching.evidence import evidence_table
from gvrc.matching.refit import refit, sample_of
from gvrc.model.access import Actor, Role
from gvrc.model.review import Answer, QuestionKind
from gvrc.settings import DATA_DIR, Settings
from gvrc.staging import matcher_tables
from gvrc.store import decisions as decision_store
from gvrc.store.decisions import DecisionDraft
from gvrc.store.session import Database

SAMPLES = sorted((DATA_DIR / "sources").glob("*.json"))
ActorOf = Callable[[Role], Actor]


def a_proposal(added: float = 0.7) -> learning.Proposal:
    return learning._proposal({"owner": {"differ": -added}}, learning.FROM_DECISIONS, 50, 20, None, None)


def run_samples(database: Database, settings: Settings, actor: Actor) -> int:
    received = pipeline.receive(database, settings, actor, SAMPLES)
    run_id = pipeline.start(database, settings, actor, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(database, settings, run_id)
    return run_id


def answer_every_pair(database: Database, actor: Actor, run_id: int) -> int:
    """A steward who calls every pair with owners that differ two places, and all others one."""
    with database.unit_of_work(actor, reason="test") as conn:
        pairs = conn.execute(text("SELECT question_key, left_key, right_key, features, evidence_hash FROM staging.match_results WHERE run_id = :run"), {"run": run_id}).all()
        for number, pair in enumerate(pairs):
            level = {feature["feature"]: feature["level"] for feature in pair.features}
            is_same = level["name"] in ("same_words", "same_core") and number % 7 > 0
            decision_store.lock_question(conn, pair.question_key)
            decision_store.add_decision(
                conn,
                DecisionDraft(
                    question_key=pair.question_key, kind=QuestionKind.DUPLICATE, record_keys=[pair.left_key, pair.right_key],
                    answer=Answer.SAME if is_same else Answer.DIFFERENT, evidence_hash=pair.evidence_hash, evidence={}, decided_by=actor.username, decided_values={},
                ),
            )
    return len(pairs)


def test_without_an_adoption_the_shipped_weights_are_in_force(database: Database, admin: Actor) -> None:
    with database.read() as conn:
        assert [table.version for table in matcher_tables(conn)] == [evidence_table().version, evidence_table(link=True).version]
    assert learning.scorers(database, admin) == ()


def test_too_few_answers_are_not_learned_from(database: Database, settings: Settings, admin: Actor) -> None:
    with pytest.raises(ConfigError):
        learning.propose(database, settings, admin)


def test_adopted_weights_are_used_by_the_next_run_and_can_be_taken_back(database: Database, settings: Settings, admin: Actor) -> None:
    first = run_samples(database, settings, admin)
    proposal = a_proposal()
    scorer_id = learning.adopt(database, admin, proposal, "owners matter here")
    view = learning.scorers(database, admin)[0]
    assert (view.scorer_id, view.version, view.is_used, view.set_by, view.reason) == (scorer_id, proposal.version, True, admin.username, "owners matter here")
    second = run_samples(database, settings, admin)
    with database.read() as conn:
        versions = {run: {row[0] for row in conn.execute(text("SELECT scorer_version FROM staging.match_results WHERE run_id = :run"), {"run": run})} for run in (first, second)}
    assert versions == {first: {evidence_table().version}, second: {proposal.version}}
    learning.take_back(database, admin, scorer_id)
    with database.read() as conn:
        assert matcher_tables(conn)[0].version == evidence_table().version
    newest, oldest = learning.scorers(database, admin)
    assert (newest.is_shipped, newest.is_live, oldest.is_live) == (True, True, False)


def test_answers_are_learned_from_and_tried_on_answers_held_back(database: Database, settings: Settings, admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "LEAST_ANSWERS", 8)
    monkeypatch.setattr(learning, "LEAST_OF_EACH", 2)
    count = answer_every_pair(database, admin, run_samples(database, settings, admin))
    proposal = learning.propose(database, settings, admin)
    assert 8 <= proposal.pairs <= count
    assert proposal.before is not None
    assert proposal.after is not None
    assert proposal.before.pairs == proposal.after.pairs == proposal.pairs
    assert proposal.cut is None or 0.0 < proposal.cut < 1.0
    assert proposal.weight_changes


def test_a_second_adoption_shuts_out_taking_back_the_first(database: Database, admin: Actor) -> None:
    first = learning.adopt(database, admin, a_proposal(0.3))
    second = learning.adopt(database, admin, a_proposal(0.6))
    with pytest.raises(StaleItemError):
        learning.take_back(database, admin, first)
    third = learning.take_back(database, admin, second)
    with database.read() as conn:
        assert matcher_tables(conn)[0].version == a_proposal(0.3).version
    learning.take_back(database, admin, third)
    with database.read() as conn:
        assert matcher_tables(conn)[0].version == a_proposal(0.6).version


def test_only_who_manages_thresholds_may_refit_adopt_or_take_back(database: Database, settings: Settings, actor_of: ActorOf) -> None:
    steward = actor_of(Role.DATA_STEWARD)
    for act in (
        lambda: learning.propose(database, settings, steward), lambda: learning.adopt(database, steward, a_proposal()),
        lambda: learning.take_back(database, steward, 1), lambda: learning.scorers(database, steward),
        lambda: learning.propose_from_data(database, settings, steward, 1),
    ):
        with pytest.raises(NotAllowedError):
            act()


def test_an_adoption_is_audited_and_never_rewritten(database: Database, admin: Actor) -> None:
    scorer_id = learning.adopt(database, admin, a_proposal())
    with database.read() as conn:
        found = conn.execute(text("SELECT operation, changed_by FROM audit_trail WHERE table_name = 'scorers' ORDER BY 1")).all()
    assert [(row.operation.upper()[0], row.changed_by) for row in found] == [("I", admin.username)]
    with pytest.raises(ProgrammingError), database.unit_of_work(admin, reason="test") as conn:
        conn.execute(text("UPDATE ops.scorers SET version = 'other' WHERE scorer_id = :id"), {"id": scorer_id})


def test_weights_made_for_another_program_are_kept_but_not_used(database: Database, admin: Actor) -> None:
    learning.adopt(database, admin, a_proposal())
    with database.unit_of_work(admin, reason="test") as conn:
        conn.execute(
            text("INSERT INTO ops.scorers (version, made_for, weight_changes, set_by, replaced_at) SELECT 'old', 'list-0', weight_changes, set_by, now() FROM ops.scorers LIMIT 1")
        )
        conn.execute(text("UPDATE ops.scorers SET replaced_at = now() WHERE replaced_at IS NULL"))
        conn.execute(text("INSERT INTO ops.scorers (version, made_for, weight_changes, set_by) SELECT 'old', 'list-0', weight_changes, set_by FROM ops.scorers LIMIT 1"))
    with database.read() as conn:
        assert matcher_tables(conn)[0].version == evidence_table().version
    assert not learning.scorers(database, admin)[0].is_used


def test_refitting_the_same_answers_gives_the_same_version() -> None:
    sample = sample_of([{"name": "r85", "owner": "differ"}] * 30, [0.0] * 30)
    assert learning._proposal(refit(evidence_table(), sample), learning.FROM_DECISIONS, 30, 0, None, None).version == learning._proposal(
        refit(evidence_table(), sample), learning.FROM_DECISIONS, 30, 0, None, None
    ).version


def test_answers_about_the_same_records_are_held_back_together() -> None:
    pairs = [learning.JudgedMatch(question_key=key, levels={"name": "r85"}, is_same=True, record_keys=(key[0], key[1])) for key in ("ab", "bc", "de", "fa")]
    group = learning._sample(pairs).group
    assert group is not None
    assert group[0] == group[1] == group[3] != group[2]
    assert learning._sample([learning.JudgedMatch(question_key="ab", levels={"name": "r85"}, is_same=None)]).group is None
