"""Completing a record by hand on the records page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gvrc.model.access import Actor, Role
from gvrc.store.session import Database
from gvrc.views.records import record_list

FORM = "Correct or complete this record"


@pytest.fixture
def poor_list(tmp_path: Path) -> Path:
    path = tmp_path / "poor.json"
    path.write_text(json.dumps([{"name": "Kinondo Clinic", "county": "Kwale", "phone": "0700 000 451"}]), encoding="utf-8")
    return path


def choose(app: AppTest, label: str, value: str) -> None:
    next(box for box in app.selectbox if box.label == label).select(value).run()


def test_a_record_below_the_gate_is_completed_saved_and_taken_back(
    database: Database, sign_in_as: Callable[[Role], Actor], run_of: Callable[..., int], open_page: Callable[..., AppTest], poor_list: Path
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, poor_list)
    (record,) = record_list(database, actor, run_id).rows
    app = open_page("records", run=str(run_id), record=str(record.record_id))
    save = next(button for button in app.button if button.label == "Save")
    assert save.disabled
    assert "Telephone" not in [field.label for field in app.text_input]
    for label, value in (("Status", "Operational"), ("Constituency", "Msambweni"), ("Ward", "Kinondo")):
        choose(app, label, value)
    next(field for field in app.text_input if field.label == "Point").set_value("somewhere").run()
    next(button for button in app.button if button.label == "Save").click().run()
    assert [error.value for error in app.error]
    next(field for field in app.text_input if field.label == "Point").set_value("-4.3921, 39.5321").run()
    next(button for button in app.button if button.label == "Save").click().run()
    assert not app.exception
    after = record_list(database, actor, run_id).rows[0]
    assert (after.ward, after.operational_status, after.latitude, after.state) == ("Kinondo", "operational", -4.3921, "ready")
    assert [contact.value for contact in after.contacts] == ["+254700000451"]

    next(button for button in app.button if button.label == "Take back what I saved").click().run()
    before = record_list(database, actor, run_id).rows[0]
    assert (before.ward, before.operational_status, before.latitude, before.state) == (None, None, None, record.state)


def test_who_may_not_decide_finds_no_form(
    sign_in_as: Callable[[Role], Actor], run_of: Callable[..., int], open_page: Callable[..., AppTest], poor_list: Path, database: Database, admin: Actor
) -> None:
    run_id = run_of(admin, poor_list)
    (record,) = record_list(database, admin, run_id).rows
    sign_in_as(Role.DATA_ENGINEER)
    app = open_page("records", run=str(run_id), record=str(record.record_id))
    assert not app.exception
    assert FORM not in [box.label for box in app.expander]
    assert any("Kinondo Clinic" in str(each.value) for kind in ("header", "subheader", "markdown") for each in getattr(app, kind))


def test_a_record_of_which_little_is_known_is_let_stand_with_the_reason_and_taken_back(
    database: Database, sign_in_as: Callable[[Role], Actor], run_of: Callable[..., int], open_page: Callable[..., AppTest], poor_list: Path
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    poor_list.write_text(json.dumps([{"name": "Mwangaza Clinic", "county": "Kwale", "phone": "0700 000 451"}]), encoding="utf-8")
    run_id = run_of(actor, poor_list)
    (record,) = record_list(database, actor, run_id).rows
    app = open_page("records", run=str(run_id), record=str(record.record_id))
    approve = next(button for button in app.button if button.label == "Approve")
    assert approve.disabled
    next(field for field in app.text_input if field.label == "Why it may stand as it is").set_value("known to the county").run()
    next(button for button in app.button if button.label == "Approve").click().run()
    assert not app.exception
    assert record_list(database, actor, run_id).rows[0].state == "ready"
    assert "Approve" not in [button.label for button in app.button]
    next(button for button in app.button if button.label == "Take back what I saved").click().run()
    assert record_list(database, actor, run_id).rows[0].state == "to_review"
