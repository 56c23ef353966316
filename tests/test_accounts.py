from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from gvrc import accounts
from gvrc.errors import ConfigError, NotAllowedError, ReviewError
from gvrc.model.access import Actor, Role
from gvrc.settings import Settings
from gvrc.store.session import Database

PASSWORD = "three goats on a ferry"


@pytest.fixture
def chief(database: Database) -> Actor:
    """The first administrator, made as on a first start and signed in."""
    code = accounts.first_start_code(database)
    assert code is not None
    accounts.create_first_admin(database, code, "chief", "The Chief", PASSWORD)
    actor = accounts.session_actor(database, accounts.sign_in(database, "chief", PASSWORD, "192.0.2.1"))
    assert actor is not None
    return actor


def add(database: Database, chief: Actor, username: str = "amina", role: Role = Role.DATA_STEWARD) -> None:
    accounts.add_user(database, chief, username=username, display_name="Amina", role=role, password=PASSWORD)


def execute(database: Database, statement: str, **values: Any) -> Any:
    with database.unit_of_work() as connection:
        result = connection.execute(text(statement), values)
        return result.scalars().all() if result.returns_rows else None


def test_the_first_administrator_is_made_with_the_code_once(database: Database) -> None:
    assert accounts.needs_first_admin(database)
    code = accounts.first_start_code(database)
    assert code is not None
    accounts.create_first_admin(database, f" {code.lower()} ", "Chief", "The Chief", PASSWORD)
    assert not accounts.needs_first_admin(database)
    assert accounts.first_start_code(database) is None
    with pytest.raises(NotAllowedError):
        accounts.create_first_admin(database, code, "second", "Second", PASSWORD)
    actor = accounts.session_actor(database, accounts.sign_in(database, "chief", PASSWORD))
    assert actor is not None
    assert (actor.role, actor.display_name) == (Role.ADMIN, "The Chief")


def test_only_the_newest_code_works_and_it_is_kept_as_a_hash(database: Database) -> None:
    old, new = accounts.first_start_code(database), accounts.first_start_code(database)
    assert old is not None
    assert new is not None
    assert not any(new.replace("-", "").encode() in bytes(kept) for kept in execute(database, "select code_hash from setup_codes"))
    with pytest.raises(NotAllowedError):
        accounts.create_first_admin(database, old, "chief", "Chief", PASSWORD)
    accounts.create_first_admin(database, new, "chief", "Chief", PASSWORD)


def test_a_code_dies_after_ten_wrong_tries(database: Database) -> None:
    code = accounts.first_start_code(database)
    assert code is not None
    for _ in range(10):
        with pytest.raises(NotAllowedError):
            accounts.create_first_admin(database, "AAAA-AAAA-AAAA", "chief", "Chief", PASSWORD)
    with pytest.raises(NotAllowedError):
        accounts.create_first_admin(database, code, "chief", "Chief", PASSWORD)


def test_two_who_use_the_code_at_once_make_one_administrator(database: Database) -> None:
    code = accounts.first_start_code(database)
    assert code is not None
    outcomes: list[str] = []

    def claim(name: str) -> None:
        try:
            accounts.create_first_admin(database, code, name, name, PASSWORD)
            outcomes.append("made")
        except NotAllowedError:
            outcomes.append("refused")

    threads = [threading.Thread(target=claim, args=(name,)) for name in ("one", "two", "three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["made", "refused", "refused"]


def test_the_machines_own_user_may_become_the_first_administrator(database: Database) -> None:
    code = accounts.first_start_code(database)
    assert code is not None
    accounts.create_first_admin(database, code, "tester", "A Tester", PASSWORD)
    assert accounts.sign_in(database, "tester", PASSWORD)


@pytest.mark.parametrize(("username", "password"), [("x", PASSWORD), ("a b", PASSWORD), ("../etc", PASSWORD), ("amina", "short"), ("amina.steward", "Amina.Steward1"), ("amina", "password123")])
def test_names_and_passwords_that_are_not_accepted_cost_no_code(database: Database, username: str, password: str) -> None:
    code = accounts.first_start_code(database)
    assert code is not None
    with pytest.raises(ConfigError):
        accounts.create_first_admin(database, code, username, "", password)
    accounts.create_first_admin(database, code, "chief", "Chief", PASSWORD)


def test_a_session_lasts_while_it_is_used_and_ends_at_sign_out(database: Database, chief: Actor) -> None:
    add(database, chief)
    token = accounts.sign_in(database, "AMINA", PASSWORD)
    actor = accounts.session_actor(database, token)
    assert actor is not None
    assert (actor.username, actor.role) == ("amina", Role.DATA_STEWARD)
    accounts.sign_out(database, token)
    assert accounts.session_actor(database, token) is None
    assert accounts.session_actor(database, None) is None
    assert accounts.session_actor(database, "made up") is None


def test_a_session_ends_after_half_an_hour_of_silence_and_after_twelve_hours_in_any_case(database: Database, chief: Actor) -> None:
    token = accounts.sign_in(database, "chief", PASSWORD)
    execute(database, "update user_sessions set last_seen_at = now() - interval '29 minutes'")
    assert accounts.session_actor(database, token) is not None
    assert execute(database, "select extract(epoch from now() - max(last_seen_at)) < 5 from user_sessions") == [True]
    execute(database, "update user_sessions set last_seen_at = now() - interval '31 minutes'")
    assert accounts.session_actor(database, token) is None
    token = accounts.sign_in(database, "chief", PASSWORD)
    assert execute(database, "select max(expires_at - created_at) = interval '12 hours' from user_sessions") == [True]
    execute(database, "update user_sessions set expires_at = now() - interval '1 second'")
    assert accounts.session_actor(database, token) is None


def test_looking_at_a_page_writes_at_most_once_a_minute(database: Database, chief: Actor) -> None:
    token = accounts.sign_in(database, "chief", PASSWORD)
    execute(database, "update user_sessions set last_seen_at = now() - interval '30 seconds'")
    before = execute(database, "select last_seen_at from user_sessions order by 1")
    accounts.session_actor(database, token)
    assert execute(database, "select last_seen_at from user_sessions order by 1") == before


def test_what_a_page_asks_by_itself_keeps_no_session_alive(database: Database, chief: Actor) -> None:
    token = accounts.sign_in(database, "chief", PASSWORD)
    execute(database, "update user_sessions set last_seen_at = now() - interval '29 minutes'")
    assert accounts.session_actor(database, token, is_activity=False) is not None
    assert execute(database, "select extract(epoch from now() - max(last_seen_at)) > 1700 from user_sessions") == [True]


def test_the_token_itself_is_never_stored(database: Database, chief: Actor) -> None:
    token = accounts.sign_in(database, "chief", PASSWORD)
    assert not any(token in row for row in execute(database, "select s::text || encode(token_hash, 'escape') from user_sessions s"))


def test_an_account_is_closed_for_a_while_after_five_wrong_tries(database: Database, chief: Actor) -> None:
    add(database, chief)
    for _ in range(5):
        with pytest.raises(NotAllowedError):
            accounts.sign_in(database, "amina", "wrong password")
    with pytest.raises(NotAllowedError):
        accounts.sign_in(database, "amina", PASSWORD)
    execute(database, "update users set locked_until = now() - interval '1 second' where username = 'amina'")
    assert accounts.sign_in(database, "amina", PASSWORD)
    assert execute(database, "select failed_sign_ins from users where username = 'amina'") == [0]


def test_guesses_made_at_once_are_counted_one_by_one(database: Database, chief: Actor) -> None:
    add(database, chief)

    def guess() -> None:
        with pytest.raises(NotAllowedError):
            accounts.sign_in(database, "amina", "wrong password")

    threads = [threading.Thread(target=guess) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert execute(database, "select locked_until > now() from users where username = 'amina'") == [True]


def test_a_wrong_name_and_a_wrong_password_are_told_alike(database: Database, chief: Actor) -> None:
    told = set()
    for username in ("chief", "nobody at all"):
        with pytest.raises(NotAllowedError) as refused:
            accounts.sign_in(database, username, "wrong password")
        told.add(str(refused.value))
    assert len(told) == 1


def test_a_wrong_name_does_the_same_work_as_a_wrong_password(database: Database, chief: Actor) -> None:
    def seconds(username: str) -> float:
        started = time.thread_time()
        with pytest.raises(NotAllowedError):
            accounts.sign_in(database, username, "wrong password")
        return time.thread_time() - started

    seconds("nobody")  # the comparison hash is made once per process
    known, unknown = ([seconds(name) for _ in range(3)] for name in ("chief", "nobody"))
    assert statistics.median(unknown) > statistics.median(known) / 3


def test_sign_ins_are_written_to_the_access_log_without_what_was_typed(database: Database, chief: Actor) -> None:
    with pytest.raises(NotAllowedError):
        accounts.sign_in(database, "my secret password in the wrong box", "x", "192.0.2.7")
    rows = execute(database, "select concat_ws(' ', username, action, result, ip_address) from ops.access_log order by access_id")
    assert rows == ["chief sign in allowed 192.0.2.1", "(unknown) sign in refused 192.0.2.7"]


def test_a_closed_account_is_out_at_once_and_opened_again_comes_in(database: Database, chief: Actor) -> None:
    add(database, chief)
    token = accounts.sign_in(database, "amina", PASSWORD)
    accounts.set_active(database, chief, "amina", False)
    assert accounts.session_actor(database, token) is None
    with pytest.raises(NotAllowedError):
        accounts.sign_in(database, "amina", PASSWORD)
    accounts.set_active(database, chief, "amina", True)
    assert accounts.sign_in(database, "amina", PASSWORD)


def test_the_last_administrator_cannot_be_lost(database: Database, chief: Actor) -> None:
    with pytest.raises(ReviewError):
        accounts.set_role(database, chief, "chief", Role.VIEWER)
    with pytest.raises(ReviewError):
        accounts.set_active(database, chief, "chief", False)
    add(database, chief, "second", Role.ADMIN)
    accounts.set_role(database, chief, "chief", Role.VIEWER)


def test_a_changed_role_counts_at_once_and_is_audited(database: Database, chief: Actor) -> None:
    add(database, chief)
    token = accounts.sign_in(database, "amina", PASSWORD)
    accounts.set_role(database, chief, "amina", Role.APPROVER, counties=["KE002"])
    actor = accounts.session_actor(database, token)
    assert actor is not None
    assert (actor.role, actor.counties) == (Role.APPROVER, frozenset({"KE002"}))
    rows = execute(database, "select changed_by || ' ' || (new_values ->> 'role') from audit_trail where table_name = 'users' and operation = 'UPDATE' and new_values ? 'role'")
    assert rows == ["chief approver"]


def test_a_county_that_does_not_exist_limits_nobody(database: Database, chief: Actor) -> None:
    with pytest.raises(ConfigError, match="KE999"):
        accounts.add_user(database, chief, username="amina", role=Role.VIEWER, password=PASSWORD, counties=["KE999"])


def test_signing_out_everywhere_ends_every_session_and_others_sessions_need_the_right(database: Database, chief: Actor) -> None:
    add(database, chief)
    tokens = [accounts.sign_in(database, "amina", PASSWORD) for _ in range(3)]
    amina = accounts.session_actor(database, tokens[0])
    assert amina is not None
    with pytest.raises(NotAllowedError):
        accounts.sign_out_everywhere(database, amina, "chief")
    assert accounts.sign_out_everywhere(database, amina) == 3
    assert [accounts.session_actor(database, token) for token in tokens] == [None, None, None]


def test_a_new_password_ends_the_sessions_and_ones_own_needs_the_old(database: Database, chief: Actor) -> None:
    add(database, chief)
    token = accounts.sign_in(database, "amina", PASSWORD)
    amina = accounts.session_actor(database, token)
    assert amina is not None
    with pytest.raises(NotAllowedError):
        accounts.set_password(database, amina, "amina", "four goats on a raft", current="wrong")
    with pytest.raises(NotAllowedError):
        accounts.set_password(database, amina, "chief", "four goats on a raft")
    accounts.set_password(database, amina, "amina", "four goats on a raft", current=PASSWORD)
    assert accounts.session_actor(database, token) is None
    assert accounts.sign_in(database, "amina", "four goats on a raft")


def test_a_password_that_somebody_else_chose_has_to_be_changed_into_another_one(database: Database, chief: Actor) -> None:
    add(database, chief)
    amina = accounts.session_actor(database, accounts.sign_in(database, "amina", PASSWORD))
    assert amina is not None
    assert not amina.must_change_password
    accounts.set_password(database, chief, "amina", "four goats on a raft")
    amina = accounts.session_actor(database, accounts.sign_in(database, "amina", "four goats on a raft"))
    assert amina is not None
    assert amina.must_change_password
    with pytest.raises(ConfigError, match="current one"):
        accounts.set_password(database, amina, "amina", "four goats on a raft", current="four goats on a raft")
    accounts.set_password(database, amina, "amina", "five goats on a raft", current="four goats on a raft")
    amina = accounts.session_actor(database, accounts.sign_in(database, "amina", "five goats on a raft"))
    assert amina is not None
    assert not amina.must_change_password


def test_an_email_address_belongs_to_one_account(database: Database, chief: Actor) -> None:
    add(database, chief)
    accounts.set_email(database, chief, "amina", " amina@example.org ")
    accounts.set_email(database, chief, "amina", "Amina@example.org")
    with pytest.raises(ConfigError, match="Another account"):
        accounts.set_email(database, chief, "chief", "AMINA@example.org")
    with pytest.raises(ConfigError, match="no e-mail"):
        accounts.set_email(database, chief, "chief", "amina at example.org")
    amina = accounts.session_actor(database, accounts.sign_in(database, "amina", PASSWORD))
    assert amina is not None
    with pytest.raises(NotAllowedError):
        accounts.set_email(database, amina, "amina", "other@example.org")
    accounts.set_email(database, chief, "amina", "")
    assert {user.email for user in accounts.list_users(database, chief)} == {None}


def test_who_comes_by_the_organisation_loses_the_password_somebody_else_chose(database: Database, chief: Actor) -> None:
    add(database, chief)
    accounts.set_email(database, chief, "amina", "amina@example.org")
    accounts.set_password(database, chief, "amina", "four goats on a raft")
    person = accounts.ExternalIdentity(external_id="issuer person-1", email="amina@example.org", is_email_verified=True)
    actor = accounts.session_actor(database, accounts.sign_in_external(database, person, has_mapped_roles=False, may_create=False))
    assert actor is not None
    assert not actor.must_change_password
    with pytest.raises(NotAllowedError):
        accounts.sign_in(database, "amina", "four goats on a raft")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_nobody_but_an_administrator_manages_accounts(database: Database, actor_of: Callable[[Role], Actor], role: Role) -> None:
    actor = actor_of(role)
    for deed in (
        lambda: accounts.add_user(database, actor, username="new", role=Role.VIEWER, password=PASSWORD),
        lambda: accounts.list_users(database, actor),
        lambda: accounts.set_role(database, actor, actor.username, Role.ADMIN),
        lambda: accounts.set_active(database, actor, "tester", False),
    ):
        with pytest.raises(NotAllowedError):
            deed()


def test_the_list_of_users_shows_no_hash(database: Database, chief: Actor) -> None:
    add(database, chief)
    shown = accounts.list_users(database, chief)
    assert [user.username for user in shown] == ["amina", "chief", "tester"]
    assert "argon2" not in repr(shown)


def test_the_command_line_acts_as_the_machines_user_or_an_active_one(database: Database, chief: Actor) -> None:
    add(database, chief)
    assert accounts.local_operator(database, "tester").role is Role.ADMIN
    assert accounts.local_operator(database, "amina").role is Role.DATA_STEWARD
    accounts.set_active(database, chief, "amina", False)
    for name in ("amina", "nobody"):
        with pytest.raises(NotAllowedError):
            accounts.local_operator(database, name)


def test_nobody_signs_in_as_the_machines_user(database: Database, settings: Settings) -> None:
    for password in ("", "\x00", "tester"):
        with pytest.raises(NotAllowedError):
            accounts.sign_in(database, "tester", password)
