"""What a run set aside, as people may see it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from gvrc.errors import NotAllowedError
from gvrc.model.access import Role
from gvrc.model.record import Visibility
from gvrc.store import registry
from gvrc.store.session import Database
from gvrc.views import run_view
from gvrc.views.dead_letters import dead_letters

PHONE = "+254700000963"


@pytest.fixture
def run_id(staged: Any, database: Database) -> int:
    """A run whose commit refused a public place and a withheld shelter, and of which one row could not be read at all."""
    run = staged.run_of(staged.record("open"), staged.record("hidden", facility_type="shelter", visibility=Visibility.WITHHELD))
    file_id = staged.one("SELECT file_id FROM staging.run_files WHERE run_id = :r", r=run)
    open_id, hidden_id = staged.ids("open", "hidden")
    with database.unit_of_work() as conn:
        registry.bury(conn, run, [(file_id, "/open")], f"Its point lies outside Kenya, says {PHONE}.", {"record_ids": [open_id], "contact": PHONE})
        registry.bury(conn, run, [(file_id, "/hidden")], "SEEKRET shelter refused", {"record_ids": [hidden_id]})
        conn.execute(
            text("INSERT INTO staging.dead_letters (run_id, file_id, pointer, stage, error) VALUES (:r, :f, '/unread', 'transform', 'unreadable row')"),
            {"r": run, "f": file_id},
        )
    return run


def test_the_reason_the_file_the_pointer_and_the_tries_are_told(database: Database, admin: Any, staged: Any, run_id: int) -> None:
    page = dead_letters(database, admin, run_id)
    assert page.total == len(page.rows) == 3
    assert page.by_kind == {"refused": 2, "unread": 1}
    letter = next(each for each in page.rows if each.pointer == "/open")
    assert (letter.file_name, letter.tries, letter.kind, letter.record_id) == ("list.json", 1, "refused", staged.ids("open")[0])
    assert letter.error is not None
    assert letter.error.startswith("Its point lies outside Kenya")


def test_the_receipts_number_is_exactly_what_could_not_be_processed(database: Database, admin: Any, run_id: int) -> None:
    assert run_view(database, admin, run_id).receipt.dead_letters == dead_letters(database, admin, run_id, kind="unread").total == 1


def test_personal_values_are_never_told_raw(database: Database, admin: Any, run_id: int) -> None:
    assert PHONE not in repr(dead_letters(database, admin, run_id))


def test_a_withheld_place_is_no_more_than_a_trace_to_an_engineer(database: Database, actor_of: Any, run_id: int) -> None:
    page = dead_letters(database, actor_of(Role.DATA_ENGINEER), run_id)
    assert page.total == 3
    assert [letter.pointer for letter in page.rows if letter.pointer] == ["/open"]
    assert "SEEKRET" not in repr(page)
    assert "/hidden" not in repr(page)


def test_the_reason_of_a_merged_place_is_hidden_with_any_of_its_records(database: Database, actor_of: Any, staged: Any, run_id: int) -> None:
    file_id = staged.one("SELECT file_id FROM staging.run_files WHERE run_id = :r", r=run_id)
    with database.unit_of_work() as conn:
        registry.bury(conn, run_id, [(file_id, "/open")], "SEEKRET code", {"record_ids": staged.ids("open", "hidden")})
    letter = next(each for each in dead_letters(database, actor_of(Role.DATA_ENGINEER), run_id).rows if each.pointer == "/open")
    assert (letter.error, letter.tries) == (None, 2)


def test_a_steward_of_another_county_sees_nothing_of_a_withheld_place(database: Database, actor_of: Any, staged: Any, run_id: int) -> None:
    from dataclasses import replace

    elsewhere = replace(actor_of(Role.DATA_STEWARD), counties=frozenset({staged.kilifi.county_code}))
    assert "SEEKRET" not in repr(dead_letters(database, elsewhere, run_id))


def test_who_may_not_run_lists_is_refused(database: Database, actor_of: Any, run_id: int) -> None:
    for role in (Role.VIEWER, Role.DATA_ANALYST):
        with pytest.raises(NotAllowedError):
            dead_letters(database, actor_of(role), run_id)


def test_what_was_written_after_all_waits_no_longer(database: Database, admin: Any, staged: Any, run_id: int) -> None:
    with database.unit_of_work() as conn:
        registry.raise_from_the_dead(conn, staged.ids("open"))
    page = dead_letters(database, admin, run_id)
    assert page.by_kind == {"refused": 1, "unread": 1, "written": 1}
    assert page.rows[-1].kind == "written"
    assert dead_letters(database, admin, run_id, kind="refused").total == 1
    assert dead_letters(database, admin, run_id, limit=1, offset=1).rows == page.rows[1:2]


def test_all_runs_are_told_when_none_is_named(database: Database, admin: Any, staged: Any, run_id: int) -> None:
    other = staged.run_of(staged.record("other"), name="other.json")
    assert dead_letters(database, admin, other).total == 0
    assert dead_letters(database, admin).total == 3
