"""Correcting on the upload page how a list is read, by AppTest on a real database."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from gvrc.model.access import Actor, Role
from gvrc.store.session import Database

Open = Callable[..., AppTest]
SignIn = Callable[[Role], Actor]
Read = Callable[[AppTest], str]
STRANGE = json.dumps([{"alpha": "<b>Diani</b> Health Centre", "beta": "Kwale", "gamma": "0700 000 101"}, {"alpha": "Msambweni Hospital", "beta": "Kwale", "gamma": "0700 000 102"}]).encode()


def waiting(app: AppTest, name: str = "strange.json", content: bytes = STRANGE) -> AppTest:
    """A list that waits on the upload page."""
    app.file_uploader[0].upload(name, content).run()
    assert not app.exception
    return app


def choice(app: AppTest, path: str) -> object:
    return next(box for box in app.selectbox if box.label.replace("\\", "") == f"Where {path} goes")


def button(app: AppTest, label: str) -> object:
    return next(each for each in app.button if each.label == label)


def test_an_engineer_tries_and_keeps_a_mapping_and_the_next_list_is_recognised(sign_in_as: SignIn, open_page: Open, database: Database, texts: Read) -> None:
    actor = sign_in_as(Role.DATA_ENGINEER)
    app = waiting(open_page("upload"))
    choice(app, "alpha").select("name").run()
    choice(app, "gamma").select("hotline").run()
    choice(app, "gamma").select("phone").run()
    button(app, "Try it").click().run()
    assert not app.exception
    assert "The first 2 rows" in texts(app)
    shown = next(table.value for table in app.table if "Contacts" in table.value.columns)
    assert "0700" not in shown.to_string()
    assert "Msambweni Hospital" in shown.to_string()
    with database.read() as conn:
        assert conn.execute(text("select count(*) from staging.source_mappings")).scalar_one() == 0
    next(box for box in app.text_input if box.label == "Name of the source").input("kwale_list").run()
    button(app, "Keep it").click().run()
    assert not app.exception
    assert not app.error
    assert "**strange\\.json** · kwale\\_list" in texts(app)
    with database.read() as conn:
        assert list(conn.execute(text("select source, created_by from staging.source_mappings"))) == [("kwale_list", actor.username)]
    again = waiting(open_page("upload"), "next.json", STRANGE.replace(b"Msambweni", b"Kinango"))
    assert "**next\\.json** · kwale\\_list" in texts(again)
    assert button(again, "Correct the fields")
    assert not [each for each in again.button if each.label == "Keep it"]


def test_what_is_wrong_is_said_and_the_choices_stay(sign_in_as: SignIn, open_page: Open, database: Database) -> None:
    sign_in_as(Role.DATA_ENGINEER)
    app = waiting(open_page("upload"))
    choice(app, "alpha").select("").run()
    choice(app, "beta").select("ward").run()
    button(app, "Keep it").click().run()
    assert "name of the place" in app.error[0].value
    assert choice(app, "beta").value == "ward"
    choice(app, "alpha").select("name").run()
    next(box for box in app.text_input if box.label == "Name of the source").input("Not A Name").run()
    button(app, "Keep it").click().run()
    assert "small letters" in app.error[0].value
    with database.read() as conn:
        assert conn.execute(text("select count(*) from staging.source_mappings")).scalar_one() == 0


@pytest.mark.parametrize("role", [Role.DATA_STEWARD, Role.APPROVER])
def test_a_steward_sees_how_a_list_is_read_and_cannot_change_it(role: Role, sign_in_as: SignIn, open_page: Open) -> None:
    sign_in_as(role)
    app = waiting(open_page("upload"))
    assert not [box for box in app.selectbox if "goes" in box.label]
    assert not [each for each in app.button if each.label in ("Try it", "Keep it", "Correct the fields")]
    assert any('"Becomes"' in part.proto.json for part in app.get("bidi_component"))


def test_a_list_with_many_fields_is_shown_a_page_at_a_time(sign_in_as: SignIn, open_page: Open) -> None:
    sign_in_as(Role.DATA_ENGINEER)
    rows = [{"name": f"Place {n} Clinic", **{f"strange_{k}": f"value {k} {n}" for k in range(60)}} for n in range(3)]
    app = waiting(open_page("upload"), "wide.json", json.dumps(rows).encode())
    assert len([box for box in app.selectbox if "goes" in box.label]) == 25
