"""API tokens on a real database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from gvrc import tokens
from gvrc.cli import main
from gvrc.errors import ConfigError, NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.store.session import Database


def everything_stored(db: Database) -> str:
    with db.read() as connection:
        rows = [*connection.execute(text("select t::text from api_tokens t")).scalars(), *connection.execute(text("select a::text from audit_trail a")).scalars()]
    return "\n".join(rows)


def test_a_token_stands_for_its_role_and_counties_and_is_stored_nowhere(database: Database, admin: Actor) -> None:
    made = tokens.add_token(database, admin, label="Dashboard of Kwale", role=Role.DATA_ANALYST, counties=["KE002"])
    actor = tokens.token_actor(database, made.token)
    assert actor is not None
    assert (actor.username, actor.role, actor.counties) == ("token:Dashboard of Kwale", Role.DATA_ANALYST, frozenset({"KE002"}))
    assert made.token.startswith("gvrc_")
    assert made.token not in everything_stored(database)
    assert made.token not in repr(tokens.list_tokens(database, admin))
    assert tokens.list_tokens(database, admin)[0].last_used_at is not None


@pytest.mark.parametrize("wrong", [None, "", "gvrc_", "gvrc_nobody", "Bearer gvrc_x", "\x00", "gvrc_\ud800"])
def test_what_is_no_token_stands_for_nobody(database: Database, wrong: str | None) -> None:
    assert tokens.token_actor(database, wrong) is None


def test_a_revoked_and_an_expired_token_end_at_once(database: Database, admin: Actor) -> None:
    first, second = (tokens.add_token(database, admin, label=name, role=Role.VIEWER) for name in ("first", "second"))
    tokens.revoke_token(database, admin, first.token_id)
    with database.unit_of_work() as connection:
        connection.execute(text("update api_tokens set expires_at = now() where token_id = :id"), {"id": second.token_id})
    assert [tokens.token_actor(database, made.token) for made in (first, second)] == [None, None]
    assert [token.state for token in tokens.list_tokens(database, admin)] == ["expired", "revoked"]
    with pytest.raises(ConfigError):
        tokens.revoke_token(database, admin, first.token_id)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_administrator_makes_lists_and_revokes_tokens(database: Database, actor_of: Callable[[Role], Actor], role: Role) -> None:
    actor = actor_of(role)
    deeds: list[Callable[[], Any]] = [
        lambda: tokens.add_token(database, actor, label="x", role=Role.VIEWER), lambda: tokens.list_tokens(database, actor), lambda: tokens.revoke_token(database, actor, 1),
    ]
    for deed in deeds:
        with pytest.raises(NotAllowedError):
            deed()


@pytest.mark.parametrize("wrong", [{"label": " "}, {"label": "x" * 61}, {"label": "a\x1bb"}, {"days": 0}, {"days": 367}, {"counties": ["KE999"]}])
def test_a_token_without_name_end_or_known_county_is_not_made(database: Database, admin: Actor, wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"label": "dashboard", "role": Role.VIEWER}
    with pytest.raises(ConfigError):
        tokens.add_token(database, admin, **given | wrong)


def test_the_command_line_shows_a_token_once(
    database: Database, admin: Actor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GVRC_DATABASE_URL", database.settings.database_url or "")
    monkeypatch.setenv("GVRC_HOME", str(database.settings.home))
    assert main(["token", "add", "dashboard", "--role", "viewer", "--as", "admin"]) == 0
    token = capsys.readouterr().out.strip()
    assert tokens.token_actor(database, token) is not None
    assert main(["token", "add", "dashboard", "--as", "admin"]) == 2
    assert main(["token", "list", "--as", "admin"]) == 0
    assert "dashboard" in (listed := capsys.readouterr().out)
    assert token not in listed
    assert main(["token", "revoke", "1", "--as", "admin"]) == 0
    assert tokens.token_actor(database, token) is None
