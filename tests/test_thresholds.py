"""Thresholds that people set, on a real database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from gvrc import pipeline, steward, thresholds
from gvrc.errors import ConfigError, NotAllowedError, StaleItemError
from gvrc.model.access import Actor, Role
from gvrc.model.review import Answer
from gvrc.settings import DATA_DIR, Settings
from gvrc.steward import AnswerIn
from gvrc.store import thresholds as store
from gvrc.store.session import Database
from gvrc.thresholds import THRESHOLDS

SAMPLES = sorted((DATA_DIR / "sources").glob("*.json"))
ActorOf = Callable[[Role], Actor]


def values_of(database: Database, settings: Settings, actor: Actor) -> dict[str, float]:
    return {view.name: view.value for view in thresholds.list_thresholds(database, settings, actor)}


def run_samples(database: Database, settings: Settings, actor: Actor) -> int:
    received = pipeline.receive(database, settings, actor, SAMPLES)
    run_id = pipeline.start(database, settings, actor, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(database, settings, run_id)
    return run_id


def test_what_nobody_set_comes_from_the_settings(database: Database, settings: Settings, admin: Actor) -> None:
    own = settings.model_copy(update={"final_threshold": 77.0})
    assert values_of(database, own, admin) == {name: getattr(own, name) for name in THRESHOLDS}
    with database.read() as conn:
        assert store.in_force(conn, own) is own


def test_a_set_value_is_in_force_for_everyone_with_who_and_when(database: Database, settings: Settings, admin: Actor) -> None:
    assert thresholds.change(database, settings, admin, {"final_threshold": 70, "match_threshold": 0.9}, "too many to review") == 2
    view = next(view for view in thresholds.list_thresholds(database, settings, admin) if view.name == "final_threshold")
    assert (view.value, view.configured, view.set_by) == (70, settings.final_threshold, admin.username)
    assert view.set_at is not None
    with database.read() as conn:
        found = store.in_force(conn, settings)
    assert (found.final_threshold, found.match_threshold, found.quality_threshold) == (70, 0.9, settings.quality_threshold)


def test_setting_what_is_in_force_anyway_is_no_change(database: Database, settings: Settings, admin: Actor) -> None:
    assert thresholds.change(database, settings, admin, values_of(database, settings, admin)) == 0
    assert thresholds.changes(database, settings, admin) == ()


def test_every_change_can_be_taken_back_and_taken_back_again(database: Database, settings: Settings, admin: Actor) -> None:
    before = values_of(database, settings, admin)
    thresholds.change(database, settings, admin, {"quality_threshold": 40})
    thresholds.change(database, settings, admin, {"quality_threshold": 30})
    newest, oldest = thresholds.changes(database, settings, admin)
    assert (newest.before, newest.after, oldest.before, oldest.after) == (40, 30, before["quality_threshold"], 40)
    with pytest.raises(StaleItemError):
        thresholds.take_back(database, settings, admin, oldest.threshold_id)
    thresholds.take_back(database, settings, admin, newest.threshold_id)
    assert values_of(database, settings, admin)["quality_threshold"] == 40
    thresholds.take_back(database, settings, admin, thresholds.changes(database, settings, admin)[0].threshold_id)
    assert values_of(database, settings, admin)["quality_threshold"] == 30
    thresholds.change(database, settings, admin, dict.fromkeys(THRESHOLDS))
    assert values_of(database, settings, admin) == before
    assert len(thresholds.changes(database, settings, admin)) == 5


@pytest.mark.parametrize(
    "values",
    [{"quality_threshold": 90}, {"final_threshold": 101}, {"match_threshold": 0.1}, {"automatic_threshold": -0.1}, {"review_threshold": 0.99}, {"batch_size": 5}],
)
def test_a_value_out_of_range_or_order_or_of_no_threshold_is_refused(values: dict[str, float], database: Database, settings: Settings, admin: Actor) -> None:
    with pytest.raises(ConfigError):
        thresholds.change(database, settings, admin, values)
    assert thresholds.changes(database, settings, admin) == ()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DATA_ANALYST, Role.DATA_STEWARD, Role.APPROVER])
def test_only_engineers_and_administrators_may(role: Role, database: Database, settings: Settings, actor_of: ActorOf) -> None:
    actor = actor_of(role)
    for act in (
        lambda: thresholds.list_thresholds(database, settings, actor),
        lambda: thresholds.change(database, settings, actor, {"final_threshold": 70}),
        lambda: thresholds.take_back(database, settings, actor, 1),
        lambda: thresholds.changes(database, settings, actor),
        lambda: thresholds.effects(database, actor, 1, {}),
    ):
        with pytest.raises(NotAllowedError):
            act()
    assert thresholds.change(database, settings, actor_of(Role.DATA_ENGINEER), {"final_threshold": 70}) == 1


def test_a_change_is_audited_and_cannot_be_rewritten_by_the_application(database: Database, settings: Settings, admin: Actor) -> None:
    thresholds.change(database, settings, admin, {"final_threshold": 70}, "tried")
    with database.read() as conn:
        rows = conn.execute(text("select operation, changed_by, new_values ->> 'value' from audit_trail where table_name = 'thresholds'")).all()
    assert [tuple(row) for row in rows] == [("INSERT", admin.username, "70")]
    for statement in ("update ops.thresholds set value = 1", "delete from ops.thresholds"):
        with pytest.raises(ProgrammingError, match="permission denied"), database.unit_of_work() as conn:
            conn.execute(text(statement))


def test_a_run_judges_by_what_is_in_force_when_it_starts_and_keeps_it(database: Database, settings: Settings, admin: Actor) -> None:
    thresholds.change(database, settings, admin, {"quality_threshold": 100, "final_threshold": 100, "automatic_threshold": 1.0})
    run_id = run_samples(database, settings, admin)
    with database.read() as conn:
        kept = store.thresholds_of_run(conn, run_id)
        held = conn.execute(text("select count(*) from staging.records where state = 'held'")).scalar_one()
        lowest = conn.execute(text("select min(match_score) from staging.match_results where band = 'automatic'")).scalar_one()
    assert kept == {"quality_threshold": 100, "final_threshold": 100, "review_threshold": 0.55, "match_threshold": 0.8, "automatic_threshold": 1.0}
    assert held > 150
    assert lowest is None or lowest == 1.0


def test_effects_count_every_record_and_pair_of_the_run_once_and_tell_what_people_decided(database: Database, settings: Settings, admin: Actor) -> None:
    run_id = run_samples(database, settings, admin)
    current = values_of(database, settings, admin)
    found = thresholds.effects(database, admin, run_id, current)
    with database.read() as conn:
        records = conn.execute(text("select count(*) from staging.records where state <> 'rejected'")).scalar_one()
        below = conn.execute(text("select count(*) from staging.records where quality_score < 80")).scalar_one()
        question = conn.execute(text("select question_key, match_score from staging.match_results where is_open and match_score >= 0.4 order by match_score desc limit 1")).one()
    assert sum(found.records) == sum(found.record_tenths) == records
    assert sum(found.records[:2]) == below
    assert sum(part.pairs for part in found.pairs) == sum(part.pairs for part in found.pair_tenths)
    assert found.kept_from == settings.review_threshold
    assert not any(part.decided for part in found.pairs)

    assert steward.decide(database, settings, admin, run_id, [AnswerIn(key=question.question_key, answer=Answer.SAME)]).applied == 1
    found = thresholds.effects(database, admin, run_id, current | {"review_threshold": 0.0, "match_threshold": question.match_score, "automatic_threshold": 1.0})
    assert [(part.decided, part.same) for part in found.pairs] == [(0, 0), (0, 0), (1, 1), (0, 0)]
    stricter = thresholds.effects(database, admin, run_id, current | {"final_threshold": 100.0})
    assert stricter.records[1] >= found.records[1]


def test_effects_of_values_out_of_order_are_refused(database: Database, settings: Settings, admin: Actor) -> None:
    with pytest.raises(ConfigError, match="order"):
        thresholds.effects(database, admin, 1, values_of(database, settings, admin) | {"quality_threshold": 99.0})
