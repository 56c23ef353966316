"""People, their sessions, the set-up code: rows in and out, no rules."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from gvrc.model.access import Role
from gvrc.store.session import Database
from gvrc.store.tables import County, RolePermission, RoleRow, SetupCode, User, UserSession


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUser:
    """A row of `users` as the rules need it. `is_locked` compares with the database's clock."""

    user_id: int
    username: str
    display_name: str
    email: str | None
    password_hash: str | None
    role: Role
    counties: frozenset[str]
    is_active: bool
    is_local: bool
    failed_sign_ins: int
    is_locked: bool
    last_sign_in_at: datetime | None
    created_at: datetime
    language: str | None
    must_change_password: bool


_USER_COLUMNS = (
    User.user_id, User.username, User.display_name, User.email, User.password_hash, User.role, User.counties, User.is_active, User.is_local,
    User.failed_sign_ins, User.last_sign_in_at, User.created_at, User.language, User.must_change_password, func.coalesce(User.locked_until > func.now(), False).label("is_locked"),
)  # fmt: skip


def _stored(row: Any) -> StoredUser:
    values = dict(row._mapping)
    return StoredUser(**values | {"role": Role(values["role"]), "counties": frozenset(values["counties"])})


def load_roles(connection: Connection, labels: Mapping[Role, str], matrix: Mapping[Role, Collection[str]]) -> None:
    """Mirrors the program's matrix of roles and permissions, as the owner's role; the program's own is what counts."""
    for role, label in labels.items():
        statement = upsert(RoleRow).values(role=role.value, label=label)
        connection.execute(statement.on_conflict_do_update(index_elements=["role"], set_={"label": label}, where=RoleRow.label != label))
    wanted = [(role.value, str(permission)) for role, permissions in matrix.items() for permission in sorted(permissions)]
    known = {(row.role, row.permission) for row in connection.execute(select(RolePermission.role, RolePermission.permission))}
    added = [{"role": role, "permission": permission} for role, permission in wanted if (role, permission) not in known]
    if added:
        connection.execute(insert(RolePermission), added)
    for role, permission in known.difference(wanted):
        connection.execute(text("delete from role_permissions where role = :role and permission = :permission"), {"role": role, "permission": permission})


def find_user(connection: Connection, username: str, *, for_update: bool = False) -> StoredUser | None:
    """The user of this name (upper and lower case are one)."""
    query = select(*_USER_COLUMNS).where(func.lower(User.username) == username.strip().lower())
    row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    return _stored(row) if row else None


def find_external(connection: Connection, external_id: str) -> StoredUser | None:
    """The user who is this person at the organisation's sign-in."""
    row = connection.execute(select(*_USER_COLUMNS).where(User.external_id == external_id).with_for_update()).one_or_none()
    return _stored(row) if row else None


def find_by_email(connection: Connection, email: str) -> list[tuple[StoredUser, str | None]]:
    """Users with this e-mail address, each with the external identity it is bound to."""
    rows = connection.execute(select(*_USER_COLUMNS, User.external_id).where(func.lower(User.email) == email.strip().lower()).with_for_update())
    return [(_stored_part(row), row.external_id) for row in rows]


def _stored_part(row: Any) -> StoredUser:
    values = {name: value for name, value in row._mapping.items() if name != "external_id"}
    return StoredUser(**values | {"role": Role(values["role"]), "counties": frozenset(values["counties"])})


def list_users(connection: Connection) -> list[StoredUser]:
    return [_stored(row) for row in connection.execute(select(*_USER_COLUMNS).order_by(User.username))]


def county_codes(connection: Connection) -> set[str]:
    """The counties an account may be limited to."""
    return set(connection.execute(select(County.county_code)).scalars())


def insert_user(connection: Connection, values: Mapping[str, Any]) -> int:
    """Adds a user; the new user_id."""
    return connection.execute(insert(User).values(**values).returning(User.user_id)).scalar_one()


def update_user(connection: Connection, user_id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(User).where(User.user_id == user_id).values(**values, updated_at=func.now()))


def ensure_local_operator(connection: Connection, username: str) -> None:
    """The operating system's user as an administrator without a password: whoever holds the machine and the keys acts through the command line."""
    name = username.strip().lower()
    values = {"username": name, "display_name": username, "role": Role.ADMIN.value, "is_local": True, "created_by": name}
    connection.execute(upsert(User).values(**values).on_conflict_do_nothing(index_elements=["username"]))


def lock_accounts(connection: Connection) -> None:
    """One at a time: what depends on how many administrators there are."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended('accounts', 0))"))


def count_administrators(connection: Connection) -> int:
    """Active administrators who can sign in."""
    return connection.execute(
        select(func.count()).select_from(User).where(User.role == Role.ADMIN.value, User.is_active, User.password_hash.is_not(None))
    ).scalar_one()


def count_failure(connection: Connection, user_id: int, failures_allowed: int, lockout_minutes: int) -> None:
    """One more failed sign-in; the account is locked when they are as many as allowed, and the count begins anew."""
    connection.execute(
        text(
            "update users set failed_sign_ins = case when failed_sign_ins + 1 >= :allowed then 0 else failed_sign_ins + 1 end,"
            " locked_until = case when failed_sign_ins + 1 >= :allowed then now() + make_interval(mins => :minutes) else locked_until end where user_id = :user_id"
        ),
        {"allowed": failures_allowed, "minutes": lockout_minutes, "user_id": user_id},
    )


def count_success(connection: Connection, user_id: int, password_hash: str | None) -> None:
    """A successful sign-in; `password_hash` replaces one made with weaker parameters."""
    fresh = {"password_hash": password_hash} if password_hash else {}
    connection.execute(update(User).where(User.user_id == user_id).values(failed_sign_ins=0, locked_until=None, last_sign_in_at=func.now(), **fresh))


# ------------------------------------------------------------------------------------------------------------------ sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session to write; the token itself is never stored."""

    session_id: uuid.UUID
    token_hash: bytes
    user_id: int
    hours: int
    ip_address: str | None
    user_agent: str | None


def insert_session(connection: Connection, session: NewSession) -> None:
    connection.execute(
        insert(UserSession).values(
            session_id=session.session_id,
            token_hash=session.token_hash,
            user_id=session.user_id,
            expires_at=func.now() + func.make_interval(0, 0, 0, 0, session.hours),
            ip_address=session.ip_address,
            user_agent=session.user_agent,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """A session that has neither ended nor been idle too long, with its user. `idle_seconds` is how old its last touch is."""

    session_id: uuid.UUID
    idle_seconds: float
    user: StoredUser


def live_session(db: Database, token_hash: bytes, idle_minutes: int) -> LiveSession | None:
    """The live session of this token, of an active user: what every run of every page asks first, some times over."""
    rows = db.rows_at_once(None, _LIVE_SESSION, {"token_hash": token_hash, "idle_seconds": idle_minutes * 60}, keep_plan=True)
    if not rows:
        return None
    session_id, idle_seconds, *told = rows[0]
    values = dict(zip(_USER_NAMES, told, strict=True))
    user = StoredUser(**values | {"role": Role(values["role"]), "counties": frozenset(values["counties"])})
    return LiveSession(session_id=session_id, idle_seconds=idle_seconds, user=user)


_USER_NAMES = tuple(column.name for column in _USER_COLUMNS)
_LIVE_SESSION = f"""
    SELECT s.session_id, s.idle_seconds, {", ".join(f"u.{name}" for name in _USER_NAMES)}
    FROM (SELECT *, extract(epoch FROM now() - last_seen_at)::float AS idle_seconds FROM user_sessions) s
    JOIN (SELECT *, coalesce(locked_until > now(), false) AS is_locked FROM users) u USING (user_id)
    WHERE s.token_hash = :token_hash AND s.ended_at IS NULL AND s.expires_at > now() AND s.idle_seconds < :idle_seconds AND u.is_active
"""  # noqa: S608 (column names of this module)


def touch_session(connection: Connection, session_id: uuid.UUID) -> None:
    connection.execute(update(UserSession).where(UserSession.session_id == session_id).values(last_seen_at=func.now()))


def last_seen_before(connection: Connection, user_id: int, session_id: str | None) -> datetime | None:
    """When a user's earlier sessions were last active, those still going on in another browser left out."""
    seen: datetime | None = connection.execute(
        text("""
            select max(least(earlier.last_seen_at, earlier.ended_at)) from user_sessions earlier join user_sessions now_here using (user_id)
            where user_id = :user_id and now_here.session_id = cast(:session_id as uuid) and earlier.last_seen_at < now_here.created_at
        """),
        {"user_id": user_id, "session_id": session_id if is_session_id(session_id) else None},
    ).scalar_one()
    return seen


def is_session_id(session_id: str | None) -> bool:
    """Whether this is the id of a browser's session (those of the command line and of tokens have another form)."""
    try:
        return session_id is not None and bool(uuid.UUID(session_id))
    except ValueError:
        return False


def end_session(connection: Connection, token_hash: bytes) -> None:
    connection.execute(update(UserSession).where(UserSession.token_hash == token_hash, UserSession.ended_at.is_(None)).values(ended_at=func.now()))


def end_sessions_of(connection: Connection, user_id: int) -> int:
    """Ends every session of a user; how many there were."""
    return connection.execute(update(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None)).values(ended_at=func.now())).rowcount


# ------------------------------------------------------------------------------------------------------------------ the set-up code


def replace_setup_code(connection: Connection, code_hash: bytes) -> None:
    """Makes this the only code that works."""
    connection.execute(update(SetupCode).where(SetupCode.used_at.is_(None)).values(used_at=func.now()))
    connection.execute(insert(SetupCode).values(code_hash=code_hash))


def open_setup_code(connection: Connection) -> tuple[int, bytes, int] | None:
    """Id, hash and failures of the code that works now."""
    row = connection.execute(
        select(SetupCode.setup_code_id, SetupCode.code_hash, SetupCode.failures)
        .where(SetupCode.used_at.is_(None))
        .order_by(SetupCode.setup_code_id.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()
    return (row.setup_code_id, bytes(row.code_hash), row.failures) if row else None


def use_setup_code(connection: Connection, setup_code_id: int) -> None:
    connection.execute(update(SetupCode).where(SetupCode.setup_code_id == setup_code_id).values(used_at=func.now()))


def fail_setup_code(connection: Connection, setup_code_id: int) -> None:
    connection.execute(update(SetupCode).where(SetupCode.setup_code_id == setup_code_id).values(failures=SetupCode.failures + 1))


def log_access(connection: Connection, username: str, action: str, resource: str, result: str, ip_address: str | None = None) -> None:
    """Who looked at, exported or tried what; `result` is allowed, refused or failed."""
    connection.execute(
        text("insert into ops.access_log (username, action, resource, result, ip_address) values (:username, :action, :resource, :result, :ip_address)"),
        {"username": username, "action": action, "resource": resource, "result": result, "ip_address": ip_address},
    )
