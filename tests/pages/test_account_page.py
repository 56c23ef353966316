"""One's own account and the report on privacy, by AppTest on a real database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gvrc import accounts, data_subjects
from gvrc.errors import NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.accounts import log_access
from gvrc.store.compliance import LookQuery
from gvrc.store.session import Database
from gvrc.ui import desk
from gvrc.views import compliance

Open = Callable[..., AppTest]
SignIn = Callable[[Role], Actor]
GIVEN, OWN = "four goats on a raft", "five goats on a raft"


def test_who_was_given_a_password_finds_nothing_but_the_form_for_their_own(
    sign_in_as: SignIn, open_page: Open, database: Database, admin: Actor, monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = sign_in_as(Role.DATA_STEWARD).username
    accounts.set_password(database, admin, name, GIVEN)
    token = accounts.sign_in(database, name, GIVEN)
    monkeypatch.setattr(desk, "session_token", lambda: token)
    app = open_page()
    assert app.title[0].value == "Your account"
    with pytest.raises(ValueError, match=r"not exist|find|pages"):
        app.switch_page(str(PROJECT_DIR / "pages" / "registry.py"))
    around = AppTest.from_file(str(PROJECT_DIR / "pages" / "registry.py"), default_timeout=30).run()
    assert "chosen by somebody else" in around.error[0].value
    assert not around.title

    def change(current: str, password: str) -> None:
        for key, value in (("own_current", current), ("own_password", password), ("own_again", password)):
            app.text_input(key=key).input(value)
        app.button(key="save_own_password").click().run()

    change("wrong", OWN)
    assert "current password" in app.error[0].value
    assert app.text_input(key="own_password").value == ""
    change(GIVEN, OWN)
    assert "/auth/sign-in" in app.markdown[0].value  # every sign-in ended, this one too
    token = accounts.sign_in(database, name, OWN)
    assert open_page().title[0].value == "Home"
    assert [Path(link.proto.page).stem for link in open_page("account").sidebar.get("page_link")] == ["account"]


def test_the_report_on_privacy_tells_what_is_kept_who_looked_and_what_was_erased(
    sign_in_as: SignIn, open_page: Open, database: Database, settings: Settings, admin: Actor,
) -> None:
    data_subjects.find_subject(database, settings, admin, "+254700000963", reason="letter 12, identity card seen")
    with database.unit_of_work() as conn:
        for number in range(60):
            log_access(conn, "amina", "look", f"facility K{number:03}", "allowed")
        log_access(conn, "100%_sure", "export", "facility K001", "refused")
    sign_in_as(Role.ADMIN)
    app = open_page("administration", part="Privacy")
    assert not app.exception
    held, looks, requests = (table.value for table in app.table)
    assert held["Number"].tolist()[3] == f"{len(accounts.list_users(database, admin))}"
    assert len(looks) == 50
    assert "letter 12" in requests["Reason"][0]
    assert "700000963" not in str([table.value.to_dict() for table in app.table])
    app.text_input(key="look_words").input("0%_s").run()
    assert app.table[1].value["Result"].tolist() == ["refused"]
    app.text_input(key="look_words").input("").run()
    app.checkbox(key="look_refused").check().run()
    assert set(app.table[1].value["Result"]) == {"refused"}
    app.text_input(key="look_words").input("nobody at all").run()
    assert any("no such entry" in text.value for text in app.markdown)


def test_the_report_is_for_administrators_alone(database: Database, actor_of: Callable[[Role], Actor]) -> None:
    for role in set(Role) - {Role.ADMIN}:
        with pytest.raises(NotAllowedError):
            compliance.holdings(database, actor_of(role))
        with pytest.raises(NotAllowedError):
            compliance.looks(database, actor_of(role), LookQuery())
