"""The administration page by AppTest, on a real database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from gvrc import accounts, known_corrections, thresholds, tokens
from gvrc.errors import NotAllowedError, ReviewError
from gvrc.known_corrections import CorrectionIn
from gvrc.model.access import Actor, Role
from gvrc.security.permissions import Permission
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database

Open = Callable[..., AppTest]
SignIn = Callable[[Role], Actor]
Run = Callable[..., int]
Read = Callable[[AppTest], str]
Rows = Callable[[AppTest, str], list[dict[str, str]]]
PASSWORD = "another sentence nobody guesses"


@pytest.fixture
def chief(sign_in_as: SignIn) -> Actor:
    return sign_in_as(Role.ADMIN)


def names(database: Database, chief: Actor) -> set[str]:
    return {user.username for user in accounts.list_users(database, chief)}


def user_id(database: Database, chief: Actor, username: str) -> int:
    return next(user.user_id for user in accounts.list_users(database, chief) if user.username == username)


def user_role(database: Database, chief: Actor, username: str) -> Role:
    return next(user.role for user in accounts.list_users(database, chief) if user.username == username)


def add_user(database: Database, chief: Actor, username: str, role: Role = Role.DATA_STEWARD) -> int:
    return accounts.add_user(database, chief, username=username, role=role, password=PASSWORD)


# ------------------------------------------------------------------------------------------------------------------ doors


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DATA_ANALYST, Role.DATA_STEWARD, Role.APPROVER])
def test_a_role_without_administration_cannot_open_the_page(role: Role, sign_in_as: SignIn, open_page: Open) -> None:
    sign_in_as(role)
    home = open_page()
    with pytest.raises(ValueError, match=r"not exist|find|pages"):
        home.switch_page(str(PROJECT_DIR / "pages" / "administration.py"))
    app = AppTest.from_file(str(PROJECT_DIR / "pages" / "administration.py"), default_timeout=30).run()
    assert app.error
    assert not app.title


def test_an_engineer_finds_thresholds_and_corrections_and_no_account(sign_in_as: SignIn, open_page: Open) -> None:
    sign_in_as(Role.DATA_ENGINEER)
    app = open_page("administration")
    assert not app.exception
    assert [tab.label for tab in app.tabs] == ["Thresholds", "Matcher", "Corrections"]
    app = open_page("administration", part="Accounts", user="1")
    assert not app.exception
    assert not app.get("bidi_component")


@pytest.mark.parametrize("value", ["0", "-1", "abc", "9" * 40, "4711"])
def test_a_strange_address_breaks_nothing(value: str, chief: Actor, open_page: Open) -> None:
    for part in ("Accounts", "Thresholds", "Corrections", value):
        app = open_page("administration", part=part, user=value, run=value, page=value)
        assert not app.exception, part
        assert app.title


# ------------------------------------------------------------------------------------------------------------------ accounts


def test_an_account_is_made_and_can_sign_in_and_no_password_stays_on_the_page(chief: Actor, open_page: Open, database: Database, rows_of: Rows) -> None:
    app = open_page("administration")
    assert {row["Sign-in name"] for row in rows_of(app, "account_rows")} == names(database, chief)
    for key, text in (("new_username", "Wanjiru"), ("new_display_name", "Wanjiru K."), ("new_password", PASSWORD), ("new_again", PASSWORD)):
        app.text_input(key=key).input(text)
    app.selectbox(key="new_role").select(Role.DATA_ANALYST)
    app.multiselect(key="new_counties").select("KE002")
    app.button(key="add_account").click().run()
    assert not app.exception
    assert not app.error
    assert "wanjiru" in [row["Sign-in name"] for row in rows_of(app, "account_rows")]
    assert app.text_input(key="new_password").value == ""
    actor = accounts.session_actor(database, accounts.sign_in(database, "wanjiru", PASSWORD))
    assert actor is not None
    assert (actor.role, actor.counties) == (Role.DATA_ANALYST, frozenset({"KE002"}))


@pytest.mark.parametrize(
    ("username", "password", "again", "said"),
    [("wanjiru", "short", "short", "10 characters"), ("wanjiru", PASSWORD, "something else", "differ"), ("w", PASSWORD, PASSWORD, "not accepted"), ("admin-tester", PASSWORD, PASSWORD, "There is a user")],
)
def test_an_account_that_is_not_accepted_is_told_in_words_and_what_was_typed_stays(
    username: str, password: str, again: str, said: str, chief: Actor, open_page: Open, database: Database
) -> None:
    before = names(database, chief)
    app = open_page("administration")
    app.text_input(key="new_username").input(username)
    app.text_input(key="new_password").input(password)
    app.text_input(key="new_again").input(again)
    app.button(key="add_account").click().run()
    assert said in app.error[0].value.replace("\\", "")
    assert app.text_input(key="new_username").value == username
    assert names(database, chief) == before


def test_an_account_is_changed_closed_opened_and_signed_out(chief: Actor, open_page: Open, database: Database) -> None:
    number = add_user(database, chief, "amina")
    token = accounts.sign_in(database, "amina", PASSWORD)
    app = open_page("administration", user=str(number))
    app.selectbox(key=f"role_of_{number}").select(Role.APPROVER)
    app.multiselect(key=f"counties_of_{number}").select("KE001")
    app.button(key="save_role").click().run()
    actor = accounts.session_actor(database, token)
    assert actor is not None
    assert (actor.role, actor.counties) == (Role.APPROVER, frozenset({"KE001"}))

    app.button(key="sign_out_everywhere").click().run()
    assert accounts.session_actor(database, token) is None

    app.button(key="close_account").click().run()
    with pytest.raises(NotAllowedError):
        accounts.sign_in(database, "amina", PASSWORD)
    app.button(key="open_account").click().run()
    assert accounts.sign_in(database, "amina", PASSWORD)

    app.text_input(key=f"password_{number}").input("a fresh sentence for amina")
    app.text_input(key=f"again_{number}").input("a fresh sentence for amina")
    app.button(key="save_password").click().run()
    assert not app.error
    assert app.text_input(key=f"password_{number}").value == ""
    assert accounts.sign_in(database, "amina", "a fresh sentence for amina")


def test_an_administrator_cannot_close_their_own_account(chief: Actor, open_page: Open, database: Database) -> None:
    add_user(database, chief, "second", Role.ADMIN)
    app = open_page("administration", user=str(user_id(database, chief, chief.username)))
    assert app.button(key="close_account").disabled
    with pytest.raises(ReviewError, match="your own"):  # a crafted press meets the rule itself
        accounts.set_active(database, chief, chief.username, False)


def test_an_administrator_cannot_take_the_last_administrator_away(chief: Actor, open_page: Open, database: Database) -> None:
    number = user_id(database, chief, chief.username)
    app = open_page("administration", user=str(number))
    app.selectbox(key=f"role_of_{number}").select(Role.VIEWER)
    app.button(key="save_role").click().run()
    assert "last administrator" in app.error[0].value
    assert user_role(database, chief, chief.username) is Role.ADMIN


def test_ones_own_new_password_needs_the_current_one(chief: Actor, open_page: Open, database: Database) -> None:
    number = user_id(database, chief, chief.username)
    app = open_page("administration", user=str(number))
    app.text_input(key=f"current_{number}").input("wrong")
    for key in (f"password_{number}", f"again_{number}"):
        app.text_input(key=key).input(PASSWORD)
    app.button(key="save_password").click().run()
    assert "current password" in app.error[0].value
    with pytest.raises(NotAllowedError):
        accounts.sign_in(database, chief.username, PASSWORD)


def test_hostile_names_stay_text(chief: Actor, open_page: Open, database: Database) -> None:
    number = accounts.add_user(
        database, chief, username="amina", role=Role.VIEWER, password=PASSWORD, display_name="<b>[x](https://example.org) :red[$x$]</b>"
    )
    app = open_page("administration", user=str(number))
    assert not app.exception
    for element in [*app.markdown, *app.caption, *app.header]:
        assert "](https" not in str(element.value)
        assert "<b>" not in str(element.value)


def test_the_matrix_of_roles_names_every_permission_and_role(chief: Actor, open_page: Open) -> None:
    app = open_page("administration", part="Roles")
    matrix = app.table[0].value
    assert len(matrix) == len(Permission)
    assert len(matrix.columns) == len(Role) + 1
    assert set(matrix["Administrator"]) == {"yes"}


# ------------------------------------------------------------------------------------------------------------------ thresholds


def test_thresholds_show_what_they_do_and_are_changed_and_taken_back(
    chief: Actor, open_page: Open, run_of: Run, database: Database, settings: Settings, texts: Read
) -> None:
    run_of(chief)
    app = open_page("administration", part="Thresholds")
    assert not app.exception
    assert app.button(key="save_thresholds").disabled
    assert sum(app.table[0].value["In force"]) == 237
    assert "As typed" not in app.table[0].value
    app.number_input(key="threshold_final_threshold_80").set_value(90.0).run()
    assert sum(app.table[0].value["As typed"]) == 237
    app.button(key="save_thresholds").click().run()
    assert not app.exception
    assert thresholds.list_thresholds(database, settings, chief)[1].value == 90
    assert chief.username in texts(app).replace("\\", "")
    newest = thresholds.changes(database, settings, chief)[0]
    app.button(key=f"take_back_{newest.threshold_id}").click().run()
    assert thresholds.list_thresholds(database, settings, chief)[1].value == 80


def test_thresholds_out_of_order_are_told_in_words_and_change_nothing(chief: Actor, open_page: Open, run_of: Run, database: Database, settings: Settings) -> None:
    run_of(chief)
    app = open_page("administration", part="Thresholds")
    app.number_input(key="threshold_final_threshold_80").set_value(10.0).run()
    assert "not in order" in app.error[0].value
    app.button(key="save_thresholds").click().run()
    assert thresholds.changes(database, settings, chief) == ()


def test_thresholds_without_a_run_say_what_to_do(chief: Actor, open_page: Open) -> None:
    app = open_page("administration", part="Thresholds")
    assert not app.exception
    assert len(app.number_input) == 5
    assert any("upload" in str(link.proto.page) for link in app.get("page_link"))


# ------------------------------------------------------------------------------------------------------------------ corrections


def test_a_correction_is_previewed_added_and_retired(chief: Actor, open_page: Open, run_of: Run, database: Database, texts: Read) -> None:
    run_of(chief)
    app = open_page("administration", part="Corrections")
    assert not app.exception
    assert app.button(key="add_correction").disabled
    app.text_input(key="correction_bad").input("MOMBASA").run()
    rows = known_corrections.preview(database, chief, "county", "mombasa").rows
    assert rows > 0
    assert f"{rows} rows" in texts(app)
    app.text_input(key="correction_right").input("Mombasa").run()
    app.button(key="add_correction").click().run()
    assert not app.error
    (known,) = known_corrections.list_corrections(database, chief)
    assert app.text_input(key="correction_bad").value == ""
    app.button(key=f"retire_{known.correction_id}").click().run()
    assert known_corrections.list_corrections(database, chief) == ()


def test_a_correction_to_a_place_that_does_not_exist_is_refused_in_words(chief: Actor, open_page: Open, database: Database) -> None:
    app = open_page("administration", part="Corrections")
    app.text_input(key="correction_bad").input("Kwalle").run()
    app.text_input(key="correction_right").input("Atlantis").run()
    app.button(key="add_correction").click().run()
    assert "none that is known" in app.error[0].value
    assert app.text_input(key="correction_right").value == "Atlantis"
    assert known_corrections.list_corrections(database, chief) == ()


def test_hostile_values_of_corrections_stay_text(chief: Actor, open_page: Open, database: Database) -> None:
    known_corrections.add(database, chief, CorrectionIn(field_name="name", bad_value="<b>[x](https://example.org)</b>", right_value=":red[$x$] ![x](https://example.org)"))
    app = open_page("administration", part="Corrections")
    assert not app.exception
    for element in [*app.markdown, *app.caption]:
        assert "](https" not in str(element.value)


# ------------------------------------------------------------------------------------------------------------------ tokens


def test_a_token_is_shown_once_and_revoked_by_a_click(chief: Actor, open_page: Open, database: Database, texts: Read) -> None:
    app = open_page("administration", part="API tokens")
    app.text_input(key="token_name").set_value("dashboard")
    app.button(key="add_token").click().run()
    shown = app.code[0].value
    assert tokens.token_actor(database, shown) is not None
    app.run()
    assert not app.code
    app.button(key="revoke_token").click().run()
    assert tokens.token_actor(database, shown) is None
    assert not app.error
