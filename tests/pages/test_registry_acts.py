"""A steward, an approver and a viewer before one place: edited, merged, taken back, and what the second person sees."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from gvrc import worker
from gvrc.commit import acts, commit, jobs
from gvrc.model.access import Actor, Role
from gvrc.settings import Settings
from gvrc.store.session import Database
from gvrc.views.facilities import facility_view
from tests.staged_records import Staged

Open = Callable[..., AppTest]
SignIn = Callable[[Role], Actor]
Read = Callable[[AppTest], str]
Rows = Callable[[AppTest, str], list[dict[str, str]]]


@pytest.fixture
def two_places(database: Database, settings: Settings, admin: Actor) -> tuple[int, int]:
    staged = Staged(database)
    commit(database, settings, admin, staged.run_of(staged.record("a", name="Kinondo Dispensary"), staged.record("b", name="Kinondo Clinic")))
    return staged.facility_of("a"), staged.facility_of("b")


def submit(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_an_edit_is_checked_saved_and_told(sign_in_as: SignIn, open_page: Open, two_places: tuple[int, int], texts: Read, database: Database) -> None:
    steward = sign_in_as(Role.DATA_STEWARD)
    app = open_page("registry", facility=str(two_places[0]))
    app.button(key="do_edit").click().run()
    assert not app.exception
    key = f"edit_{two_places[0]}"
    app.text_area(key=f"{key}_contacts").set_value("0722 12").run()
    app.text_input(key=f"reason_{key}").set_value("called them")
    submit(app, "Save")
    assert app.error, "a phone number that is too short was taken"
    app.text_area(key=f"{key}_contacts").set_value("0700 000 777").run()
    submit(app, "Save")
    assert not app.exception
    assert "Done, in commit" in texts(app)
    shown = facility_view(database, steward, two_places[0])
    assert shown is not None
    assert [contact.value for contact in shown.facility.contacts] == ["+254700000777"]


def test_who_edits_second_is_told_and_saves_on_top(
    sign_in_as: SignIn, open_page: Open, two_places: tuple[int, int], texts: Read, database: Database, settings: Settings, admin: Actor,
) -> None:
    sign_in_as(Role.DATA_STEWARD)
    number = two_places[0]
    app = open_page("registry", facility=str(number), do="edit")
    acts.change(database, settings, admin, number, {"description": "Ask at the gate"}, "told by phone", version=1)
    key = f"edit_{number}"
    app.text_area(key=f"{key}_opening_hours").set_value("24 hours").run()
    app.text_input(key=f"reason_{key}").set_value("seen on the door")
    submit(app, "Save")
    assert "admin changed description" in texts(app)
    assert app.text_area(key=f"{key}_opening_hours").value == "24 hours"
    assert app.text_area(key=f"{key}_description").value == "Ask at the gate"
    submit(app, "Save")
    assert "Done, in commit" in texts(app)
    with database.read() as conn:
        row = conn.exec_driver_sql("SELECT opening_hours, description FROM facilities WHERE facility_id = %s", (number,)).one()
    assert tuple(row) == ("24 hours", "Ask at the gate")


def test_a_steward_asks_to_retire_and_an_approver_signs(
    sign_in_as: SignIn, open_page: Open, two_places: tuple[int, int], texts: Read, rows_of: Rows
) -> None:
    sign_in_as(Role.DATA_STEWARD)
    app = open_page("registry", facility=str(two_places[0]), do="retire")
    app.text_input(key=f"reason_retire_{two_places[0]}").set_value("it closed")
    submit(app, "Retire")
    assert "waits for the signature" in texts(app)
    assert "another person must approve" in texts(open_page("commit", view="requests"))
    sign_in_as(Role.APPROVER)
    page = open_page("commit", view="requests")
    assert "**retire**, asked for by" in texts(page)
    submit(page, "Approve and do it")
    assert not page.exception
    assert "retired" in texts(open_page("registry", facility=str(two_places[0])))
    assert len(rows_of(open_page("commit", view="commits"), "commit_rows")) == 2


def test_an_approved_rollback_is_done_by_a_process_of_its_own_and_told_on_the_commits_page(
    sign_in_as: SignIn, open_page: Open, two_places: tuple[int, int], texts: Read, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch,
) -> None:
    launched: list[int] = []
    monkeypatch.setattr(worker, "launch_commit", lambda _settings, job_id: launched.append(job_id))
    with database.read() as conn:
        number = int(conn.exec_driver_sql("SELECT max(commit_id) FROM commits").scalar_one())
    acts.rollback(database, settings, sign_in_as(Role.DATA_STEWARD), number, "the wrong list", later=True)
    sign_in_as(Role.APPROVER)
    page = submit(open_page("commit", view="requests"), "Approve and do it")
    assert not page.exception
    assert str(number) in page.query_params["commit"]
    assert "It goes on by itself" in texts(page)
    jobs.work(database, settings, launched[0])
    page.run()
    assert not page.exception
    assert "Done, in commit" in texts(page)
    with database.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM facilities WHERE is_active").scalar_one() == 0


def test_a_viewer_is_offered_no_act(sign_in_as: SignIn, open_page: Open, two_places: tuple[int, int]) -> None:
    sign_in_as(Role.VIEWER)
    app = open_page("registry", facility=str(two_places[0]), do="edit")
    assert not app.exception
    assert [button.label for button in app.button] == ["Back to the places", "Sign out"]


def test_a_relation_is_told_shown_on_both_places_and_ended(
    sign_in_as: SignIn, open_page: Open, two_places: tuple[int, int], texts: Read, database: Database,
) -> None:
    steward = sign_in_as(Role.DATA_STEWARD)
    here, there = two_places
    other = facility_view(database, steward, there)
    assert other is not None
    app = open_page("registry", facility=str(here))
    app.button(key="do_relate").click().run()
    app.selectbox(key="relate_kind").select_index(4).run()  # the other place is part of this one
    app.text_input(key="relate_other").set_value(other.facility.facility_code).run()
    assert f"{other.facility.facility_code}, Kwale) is part of" in texts(app)
    app.text_input(key=f"reason_relate_{here}").set_value("one yard")
    submit(app, "Relate to another place")
    assert not app.exception
    assert "Done, in commit" in texts(app)
    shown = facility_view(database, steward, there)
    assert shown is not None
    assert [(n.facility_id, n.relation, n.is_ours) for n in shown.relations] == [(here, "part_of", True)]
    app = open_page("registry", facility=str(there))
    app.button(key=f"end_part_of_ours_{here}").click().run()
    app.text_input(key=f"reason_unrelate_{there}").set_value("moved out")
    submit(app, "End this relation")
    assert not app.exception
    again = facility_view(database, steward, here)
    assert again is not None
    assert again.relations == ()
