"""What waits, what stands still, and what is new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gvrc import accounts
from gvrc.errors import NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.model.match import Band
from gvrc.model.review import Answer
from gvrc.store.session import Database
from gvrc.views import home
from tests.staged_records import SHELTER


def test_what_waits_counts_pairs_and_ready_records_by_run_and_county(staged: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("b"), staged.record("c"))
    staged.pair(run_id, "a", "b", band=Band.REVIEW, is_open=True)
    work = next(run for run in home.open_work(database, admin) if run.run_id == run_id)
    assert (work.pairs, work.values, work.ready, work.held) == (1, 0, 3, 0)
    assert [(county.county, county.pairs, county.values) for county in work.counties] == [("Kwale", 1, 0)]
    assert not work.is_overdue


def test_a_list_that_ran_twice_waits_once(staged: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("b"))
    again = staged.again(run_id)
    work = {run.run_id: run.ready for run in home.open_work(database, admin)}
    assert work[again] == 2
    assert work[run_id] == 0


def test_a_run_that_broke_off_leaves_the_questions_with_the_run_before(staged: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("b"))
    staged.pair(run_id, "a", "b", band=Band.REVIEW, is_open=True)
    again = staged.again(run_id)
    staged.say("UPDATE ops.etl_runs SET status = 'failed' WHERE run_id = :run_id", run_id=again)
    work = {run.run_id: (run.status, run.pairs, run.ready) for run in home.open_work(database, admin)}
    assert work[again] == ("failed", 0, 0)
    assert work[run_id] == ("done", 1, 2)


def test_a_question_of_last_week_is_overdue(staged: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("b"))
    staged.pair(run_id, "a", "b", band=Band.REVIEW, is_open=True)
    staged.say("UPDATE ops.etl_runs SET created_at = now() - interval '8 days'")
    assert next(run for run in home.open_work(database, admin) if run.pairs).is_overdue


def test_who_may_not_know_of_a_place_does_not_count_it(staged: Any, database: Database, admin: Actor, actor_of: Any) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("hidden", **SHELTER))
    staged.put("hidden", visibility="withheld")
    staged.pair(run_id, "a", "hidden", band=Band.REVIEW, is_open=True)
    engineer = actor_of(Role.DATA_ENGINEER)
    assert next(run for run in home.open_work(database, admin) if run.run_id == run_id).pairs == 1
    assert next(run for run in home.open_work(database, engineer) if run.run_id == run_id).pairs == 0
    for role in (Role.VIEWER, Role.DATA_ANALYST):
        with pytest.raises(NotAllowedError):
            home.open_work(database, actor_of(role))


def test_news_are_what_others_did_since_then(staged: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("b"), staged.record("c"))
    staged.pair(run_id, "a", "b", band=Band.REVIEW, is_open=True)
    staged.decide(run_id, "a", "b", Answer.DIFFERENT, by="juma")
    staged.decide(run_id, "b", "c", Answer.DIFFERENT, by=admin.username)
    found = home.news(database, admin, datetime.now(UTC) - timedelta(hours=1))
    assert [(answered.who, answered.answers) for answered in found.answers] == [("juma", 1)]
    assert run_id in {run.run_id for run in found.runs}
    assert home.news(database, admin, datetime.now(UTC) + timedelta(hours=1)).is_empty


def test_last_here_is_the_session_before_this_one(database: Database) -> None:
    code = accounts.first_start_code(database)
    assert code is not None
    accounts.create_first_admin(database, code, "amina", "Amina", "a long sentence nobody guesses")
    first = accounts.session_actor(database, accounts.sign_in(database, "amina", "a long sentence nobody guesses"))
    assert first is not None
    assert accounts.last_here(database, first) is None
    second = accounts.session_actor(database, accounts.sign_in(database, "amina", "a long sentence nobody guesses"))
    assert second is not None
    assert accounts.last_here(database, second) is not None


def test_what_waits_is_counted_anew_after_every_answer_and_commit(staged: Any, database: Database, publish: Any, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("b"))
    assert [run.ready for run in home.open_work(database, admin) if run.run_id == run_id] == [2]
    staged.put("a", state="held")
    assert [(run.ready, run.held) for run in home.open_work(database, admin) if run.run_id == run_id] == [(1, 1)]
    assert home.facilities_known(database, admin) == 0
    publish(run_id)
    assert home.facilities_known(database, admin) == 1
