"""Values that a person gives a record though nobody asked: what a poor list lacks, known to whoever works with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gvrc import accounts, pipeline, steward
from gvrc.errors import NotAllowedError, ReviewError, StaleItemError
from gvrc.model.access import Actor, Role
from gvrc.settings import Settings
from gvrc.store.session import Database
from gvrc.views.records import record_list

ROWS = [{"name": "Kinondo Clinic", "county": "Kwale"}]
KNOWN = {
    "contacts": "0700 000 451, desk@example.org", "county": "Kwale", "constituency": "Msambweni", "ward": "Kinondo", "operational_status": "Operational",
    "services": ["Counselling"], "latitude": -4.3921, "longitude": 39.5321, "accuracy_level": "steward",
}


@pytest.fixture
def deliver(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> Callable[[list[dict[str, Any]]], tuple[int, int]]:
    """Runs a list; the run and its one record."""

    def run(rows: list[dict[str, Any]]) -> tuple[int, int]:
        path = tmp_path / "poor.json"
        path.write_text(json.dumps(rows), encoding="utf-8")
        received = pipeline.receive(database, settings, admin, [path])
        run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])
        pipeline.execute(database, settings, run_id)
        return run_id, record_list(database, admin, run_id).rows[0].record_id

    return run


def test_a_record_too_poor_to_commit_is_completed_and_is_ready_and_taken_back_as_a_whole(
    database: Database, settings: Settings, admin: Actor, deliver: Callable[[list[dict[str, Any]]], tuple[int, int]]
) -> None:
    run_id, record_id = deliver(ROWS)
    before = record_list(database, admin, run_id).rows[0]
    assert (before.state, before.contacts, before.ward) == ("to_review", (), None)

    last = steward.correct_record(database, settings, admin, run_id, record_id, KNOWN)
    after = record_list(database, admin, run_id).rows[0]
    assert (after.state, after.ward, after.operational_status, after.latitude) == ("ready", "Kinondo", "operational", -4.3921)
    assert {contact.value for contact in after.contacts} == {"+254700000451", "desk@example.org"}
    assert len(after.services) == 1
    with database.read() as conn:
        kept = conn.execute(text("SELECT decided_values::text FROM staging.decisions")).scalars().all()
    assert not [value for value in kept if "700000451" in value or "desk@" in value]

    again, _record = deliver([*ROWS])
    assert record_list(database, admin, again).rows[0].state == "ready"
    assert steward.undo_batch(database, settings, admin, last) == 5
    taken_back = record_list(database, admin, run_id).rows[0]
    assert (taken_back.state, taken_back.contacts, taken_back.ward, taken_back.latitude) == ("to_review", (), None, None)


@pytest.mark.parametrize("values", [{"contacts": "no number at all"}, {"facility_type": "Space port"}, {}])
def test_what_would_leave_something_new_to_ask_is_refused_whole(
    database: Database, settings: Settings, admin: Actor, deliver: Callable[[list[dict[str, Any]]], tuple[int, int]], values: dict[str, Any]
) -> None:
    run_id, record_id = deliver(ROWS)
    with pytest.raises(ReviewError):
        steward.correct_record(database, settings, admin, run_id, record_id, values and {**values, "ward": "Kinondo", "county": "Kwale", "constituency": "Msambweni"})
    record = record_list(database, admin, run_id).rows[0]
    assert (record.ward, record.contacts, record.state) == (None, (), "to_review")


def test_who_comes_second_is_told_and_who_may_not_is_refused(
    database: Database, settings: Settings, admin: Actor, actor_of: Callable[[Role], Actor], deliver: Callable[[list[dict[str, Any]]], tuple[int, int]]
) -> None:
    run_id, record_id = deliver(ROWS)
    seen = steward.last_answer(database, admin, record_id)
    steward.correct_record(database, settings, admin, run_id, record_id, {"operational_status": "Operational"}, seen_answer=seen)
    with pytest.raises(StaleItemError):
        steward.correct_record(database, settings, admin, run_id, record_id, {"operational_status": "Closed"}, seen_answer=seen)
    for role in (Role.VIEWER, Role.DATA_ANALYST):
        with pytest.raises(NotAllowedError):
            steward.correct_record(database, settings, actor_of(role), run_id, record_id, {"operational_status": "Closed"})
    accounts.add_user(database, admin, username="mombasa", role=Role.DATA_STEWARD, password="a long sentence nobody guesses", counties=frozenset({"KE001"}))
    elsewhere = accounts.session_actor(database, accounts.sign_in(database, "mombasa", "a long sentence nobody guesses"))
    assert elsewhere is not None
    with pytest.raises(NotAllowedError, match="counties"):
        steward.correct_record(database, settings, elsewhere, run_id, record_id, {"operational_status": "Closed"})
    assert record_list(database, admin, run_id).rows[0].operational_status == "operational"
