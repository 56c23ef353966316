"""Signing in, users, roles. Every function that changes an account checks the permission itself."""

from __future__ import annotations

import getpass
import hashlib
import hmac
import os
import re
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from gvrc.errors import ConfigError, NotAllowedError, ReviewError
from gvrc.model.access import Actor, Role
from gvrc.security.passwords import hash_password, needs_rehash, verify_password, weakness
from gvrc.security.permissions import Permission, require
from gvrc.store import accounts as store
from gvrc.store.accounts import StoredUser
from gvrc.store.session import Connection, Database

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,99}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without letters that are read as one another (I and 1, L, O and 0)."""
_CODE_LENGTH = 12
_CODE_FAILURES = 10
_TOUCH_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """A user as the accounts page lists them."""

    user_id: int
    username: str
    display_name: str
    role: Role
    counties: frozenset[str]
    is_active: bool
    is_local: bool
    is_locked: bool
    last_sign_in_at: datetime | None
    created_at: datetime
    email: str | None
    must_change_password: bool


# ------------------------------------------------------------------------------------------------------------------ the first start


def needs_first_admin(db: Database) -> bool:
    """Whether nobody can sign in as administrator yet."""
    with db.read() as connection:
        return store.count_administrators(connection) == 0


def first_start_code(db: Database) -> str | None:
    """A fresh one-time code to print at the server's start, while no administrator exists; None afterwards. Only its hash is kept, and only
    the newest code works."""
    with db.unit_of_work(reason="first start") as connection:
        store.lock_accounts(connection)
        if store.count_administrators(connection):
            return None
        code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
        store.replace_setup_code(connection, _code_hash(code))
    return "-".join(code[start : start + 4] for start in range(0, _CODE_LENGTH, 4))


def create_first_admin(db: Database, code: str, username: str, display_name: str = "", password: str = "") -> None:
    """Makes the first administrator with the code of the first start. The code works once and dies after ten wrong tries.

    Raises NotAllowedError (wrong code, or there is an administrator already) or ConfigError (name or password not accepted).
    """
    _check_new(username, password)
    with db.unit_of_work(reason="first start") as connection:
        store.lock_accounts(connection)
        accepted = store.count_administrators(connection) == 0 and _takes_code(connection, code)
        if accepted:
            _insert_first(connection, _row(username, display_name, password, Role.ADMIN))
    # The wrong try is counted even though it is refused: the refusal stands outside the transaction.
    if not accepted:
        raise NotAllowedError("The set-up code is not right or was used.", "It is printed where the application was started; start it again for a new one.")


def _takes_code(connection: Connection, code: str) -> bool:
    kept = store.open_setup_code(connection)
    if kept is None or kept[2] >= _CODE_FAILURES:
        return False
    if not hmac.compare_digest(kept[1], _code_hash(code)):
        store.fail_setup_code(connection, kept[0])
        return False
    store.use_setup_code(connection, kept[0])
    return True


def _insert_first(connection: Connection, row: dict[str, object]) -> None:
    """The machine's own user may take this name: then its account gets the password."""
    known = store.find_user(connection, str(row["username"]), for_update=True)
    if known is None:
        store.insert_user(connection, row | {"created_by": row["username"]})
    elif known.is_local:
        store.update_user(connection, known.user_id, {"display_name": row["display_name"], "password_hash": row["password_hash"]})
    else:
        raise ConfigError("There is a user of this name.", "Choose another name.")


def _code_hash(code: str) -> bytes:
    plain = re.sub(r"[^A-Z0-9]", "", code.upper())
    return hashlib.sha256(f"set-up {plain}".encode()).digest()


# ------------------------------------------------------------------------------------------------------------------ signing in and out


def sign_in(db: Database, username: str, password: str, ip_address: str | None = None, user_agent: str | None = None) -> str:
    """The token for the browser's cookie. Raises NotAllowedError with one and the same sentence for a wrong name, a wrong password, a locked
    and a closed account, and takes as long for each."""
    with db.read() as connection:
        user = store.find_user(connection, username)
    is_right = verify_password(user.password_hash if user else None, password)
    token: str | None = None
    with db.unit_of_work(_actor(user) if user else None, reason="sign-in") as connection:
        current = store.find_user(connection, username, for_update=True)
        if user is not None and current is not None and current.is_active and not current.is_locked:
            # Compared again under the row's lock: a password changed meanwhile counts, and parallel guesses are counted one by one.
            if is_right and current.password_hash == user.password_hash:
                token = _begin_session(db, connection, current, password, (ip_address, user_agent))
            else:
                store.count_failure(connection, current.user_id, db.settings.lockout_failures, db.settings.lockout_minutes)
        store.log_access(connection, _shown_name(username, user), "sign in", "session", "allowed" if token else "refused", ip_address)
    if token is None:
        minutes = db.settings.lockout_minutes
        raise NotAllowedError("The name or the password is not right.", f"After {db.settings.lockout_failures} wrong tries an account is closed for {minutes} minutes.")
    return token


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIdentity:
    """A person as the organisation's sign-in vouches for them. `external_id` is issuer and subject; `role` what their groups give, if anything."""

    external_id: str
    email: str | None
    is_email_verified: bool
    display_name: str = ""
    role: Role | None = None


def sign_in_external(
    db: Database, identity: ExternalIdentity, *, has_mapped_roles: bool, may_create: bool, ip_address: str | None = None, user_agent: str | None = None
) -> str:
    """The token for the browser's cookie of a person whom the organisation's sign-in vouches for.

    A person is known by issuer and subject; the first time by a verified e-mail address that exactly one account has, which is bound to them
    from then on: an account that is bound is never given to anybody else. With mapped roles the role follows the groups, and who has none stays
    out. Raises NotAllowedError with one sentence for all of this.
    """
    token: str | None = None
    with db.unit_of_work(reason="organisation sign-in") as connection:
        store.lock_accounts(connection)
        user = _known_person(connection, identity)
        if user is None and may_create and identity.role is not None:
            user = _new_person(connection, identity)
        if user is not None and user.is_active and not user.is_locked and (identity.role is not None or not has_mapped_roles):
            user = _without_given_password(connection, _with_role(connection, user, identity.role))
            token = _begin_session(db, connection, user, None, (ip_address, user_agent))
        store.log_access(connection, user.username if user else "(unknown)", "sign in", "organisation", "allowed" if token else "refused", ip_address)
    if token is None:
        raise NotAllowedError("Your organisation knows you, but there is no open account for you here.", "Ask an administrator of GVRC for one with your e-mail address.")
    return token


def _known_person(connection: Connection, identity: ExternalIdentity) -> StoredUser | None:
    bound = store.find_external(connection, identity.external_id)
    if bound is not None or not identity.email or not identity.is_email_verified:
        return bound
    found = store.find_by_email(connection, identity.email)
    if len(found) != 1 or found[0][1] is not None:
        return None
    user = found[0][0]
    store.update_user(connection, user.user_id, {"external_id": identity.external_id})
    return user


def _new_person(connection: Connection, identity: ExternalIdentity) -> StoredUser | None:
    """An account of their own, named by the verified e-mail address; None when there is none, or the name or address is somebody's."""
    if not identity.email or not identity.is_email_verified or identity.role is None or not _USERNAME.fullmatch(_name(identity.email)):
        return None
    if store.find_user(connection, identity.email) is not None or store.find_by_email(connection, identity.email):
        return None
    store.insert_user(connection, {
        "username": _name(identity.email), "display_name": identity.display_name or identity.email, "email": identity.email, "role": identity.role.value,
        "external_id": identity.external_id, "created_by": "organisation sign-in",
    })
    return store.find_user(connection, identity.email)


def _with_role(connection: Connection, user: StoredUser, role: Role | None) -> StoredUser:
    """The user with the role of their groups; the last administrator who can sign in with a password keeps theirs."""
    if role is None or role is user.role:
        return user
    is_last = user.role is Role.ADMIN and user.password_hash is not None and store.count_administrators(connection) <= 1
    if is_last:
        return user
    store.update_user(connection, user.user_id, {"role": role.value})
    return replace(user, role=role)


def _without_given_password(connection: Connection, user: StoredUser) -> StoredUser:
    """A person who comes by the organisation needs no password that somebody else chose: it goes, unless nobody else could administer then."""
    is_needed = user.role is Role.ADMIN and store.count_administrators(connection) <= 1
    if not user.must_change_password or is_needed:
        return user
    store.update_user(connection, user.user_id, {"password_hash": None, "must_change_password": False})
    return replace(user, password_hash=None, must_change_password=False)


def session_actor(db: Database, token: str | None, *, is_activity: bool = True) -> Actor | None:
    """Who a cookie's token belongs to; None when the session ended, was idle too long, or the account is closed.

    Notes the activity at most once a minute, so that a page costs one read; not at all for what a page asks by itself (`is_activity` False).
    """
    if not token:
        return None
    session = store.live_session(db, _token_hash(token), db.settings.session_idle_minutes)
    if session is None:
        return None
    if is_activity and session.idle_seconds >= _TOUCH_SECONDS:
        with db.unit_of_work() as connection:
            store.touch_session(connection, session.session_id)
    return _actor(session.user, str(session.session_id))


def sign_out(db: Database, token: str | None) -> None:
    """Ends the session of this token."""
    if token:
        with db.unit_of_work(reason="sign-out") as connection:
            store.end_session(connection, _token_hash(token))


def choose_language(db: Database, actor: Actor, language: str) -> None:
    """Keep the language of the actor's own screens, a code of two letters. Raises ConfigError for anything else."""
    if not re.fullmatch("[a-z]{2}", language):
        raise ConfigError("That is no language.", "Choose one of those offered.")
    with db.unit_of_work(actor, reason="language") as connection:
        store.update_user(connection, actor.user_id, {"language": language})


def last_here(db: Database, actor: Actor) -> datetime | None:
    """When the actor was last at work before the session they are in now; None when this is the first time, or no session at all."""
    with db.read() as connection:
        return store.last_seen_before(connection, actor.user_id, actor.session_id)


def sign_out_everywhere(db: Database, actor: Actor, username: str | None = None) -> int:
    """Ends every session of the actor, or of another user (needs MANAGE_ACCOUNTS); how many there were."""
    if username is not None and _name(username) != actor.username:
        require(actor, Permission.MANAGE_ACCOUNTS)
    with db.unit_of_work(actor, reason="sign-out everywhere") as connection:
        return store.end_sessions_of(connection, _existing(connection, username or actor.username).user_id)


def local_operator_name() -> str:
    """The operating system's name of who runs this; a user without a name is called by number."""
    try:
        return getpass.getuser().lower()
    except (KeyError, OSError):
        return f"uid-{os.geteuid()}"


def local_operator(db: Database, username: str | None = None) -> Actor:
    """Who acts on the command line: `--as USER`, else the operating system's user.

    Whoever holds the machine and its keys may act as any active user; the session in the audit says that it was the command line. Raises
    NotAllowedError when there is no such active user.
    """
    wanted = username or local_operator_name()
    with db.read() as connection:
        user = store.find_user(connection, wanted)
    if user is None or not user.is_active:
        raise NotAllowedError(f"There is no active user {wanted!r}.", "Run `gvrc init` as this user of the machine, or name another with --as.")
    return _actor(user, f"command line {uuid.uuid4()}")


# ------------------------------------------------------------------------------------------------------------------ managing accounts


def add_user(
    db: Database,
    actor: Actor,
    *,
    username: str,
    role: Role,
    password: str,
    display_name: str = "",
    counties: Iterable[str] = (),
    email: str | None = None,
    must_change_password: bool = False,
) -> int:
    """Makes an account; its user_id. `counties` are county codes that limit it (none: all). With `must_change_password` the person chooses their
    own at the first sign-in. Raises ConfigError when the name, the password or the e-mail address is not accepted, or a county does not exist."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    _check_new(username, password)
    row = _row(username, display_name, password, role) | {
        "created_by": actor.username, "email": _email_or_none(email), "must_change_password": must_change_password,
    }
    with db.unit_of_work(actor, reason="account made") as connection:
        store.lock_accounts(connection)
        if store.find_user(connection, username) is not None:
            raise ConfigError("There is a user of this name.", "Choose another name.")
        _check_email_is_free(connection, email)
        return store.insert_user(connection, row | {"counties": _county_codes(connection, counties)})


def list_users(db: Database, actor: Actor) -> tuple[UserView, ...]:
    """Every account, by name."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with db.read() as connection:
        return tuple(_view(user) for user in store.list_users(connection))


def set_role(db: Database, actor: Actor, username: str, role: Role, counties: Iterable[str] | None = None) -> None:
    """Changes a role, and the counties when given; the user's sessions go on with the new role."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    values: dict[str, object] = {"role": role.value}
    if counties is not None:
        with db.read() as connection:
            values["counties"] = _county_codes(connection, counties)
    _change(db, actor, username, values, "role changed")


def set_email(db: Database, actor: Actor, username: str, email: str | None) -> None:
    """Changes the e-mail address, by which the organisation's sign-in knows a person the first time; None or empty takes it away. Raises
    ConfigError when it is no address or another account's."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    address = _email_or_none(email)
    with db.unit_of_work(actor, reason="e-mail address changed") as connection:
        store.lock_accounts(connection)
        user = _existing(connection, username)
        _check_email_is_free(connection, address, user.user_id)
        store.update_user(connection, user.user_id, {"email": address})


def set_active(db: Database, actor: Actor, username: str, is_active: bool) -> None:
    """Closes an account and ends its sessions, or opens it again and lifts its lock. Nobody closes their own."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    if not is_active and _name(username) == actor.username:
        raise ReviewError("This is your own account.", "Another administrator can close it.")
    values: dict[str, object] = {"is_active": is_active}
    if is_active:
        values |= {"locked_until": None, "failed_sign_ins": 0}
    _change(db, actor, username, values, "account opened" if is_active else "account closed")


def set_password(db: Database, actor: Actor, username: str, password: str, current: str | None = None) -> None:
    """A new password; every session of the user ends. One's own needs the current one and is another than it; another's needs MANAGE_ACCOUNTS,
    and has to be changed by its owner at the next sign-in."""
    is_own = _name(username) == actor.username
    if not is_own:
        require(actor, Permission.MANAGE_ACCOUNTS)
    problem = weakness(password, username)
    if problem:
        raise ConfigError(problem, "Choose another password.")
    with db.unit_of_work(actor, reason="password changed") as connection:
        user = _existing(connection, username)
        if is_own and user.password_hash is not None and not verify_password(user.password_hash, current or ""):
            raise NotAllowedError("The current password is not right.", "Ask an administrator for a new one when it is lost.")
        if is_own and current == password and user.password_hash is not None:
            raise ConfigError("The new password is the current one.", "Choose another password.")
        values = {"password_hash": hash_password(password), "failed_sign_ins": 0, "locked_until": None, "must_change_password": not is_own}
        store.update_user(connection, user.user_id, values)
        store.end_sessions_of(connection, user.user_id)


def _change(db: Database, actor: Actor, username: str, values: dict[str, object], reason: str) -> None:
    require(actor, Permission.MANAGE_ACCOUNTS)
    with db.unit_of_work(actor, reason=reason) as connection:
        store.lock_accounts(connection)
        user = _existing(connection, username)
        store.update_user(connection, user.user_id, values)
        if user.role is Role.ADMIN and user.password_hash is not None and store.count_administrators(connection) == 0:
            raise ReviewError("This is the last administrator.", "Make another administrator first.")
        if values.get("is_active") is False:
            store.end_sessions_of(connection, user.user_id)


# ------------------------------------------------------------------------------------------------------------------ helpers of this room


def _begin_session(db: Database, connection: Connection, user: StoredUser, password: str | None, seen: tuple[str | None, str | None]) -> str:
    token = secrets.token_urlsafe(32)
    store.count_success(connection, user.user_id, hash_password(password) if password is not None and needs_rehash(user.password_hash or "") else None)
    store.insert_session(
        connection,
        store.NewSession(
            session_id=uuid.uuid4(),
            token_hash=_token_hash(token),
            user_id=user.user_id,
            hours=db.settings.session_hours,
            ip_address=seen[0],
            user_agent=(seen[1] or "")[:300] or None,
        ),
    )
    return token


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _existing(connection: Connection, username: str) -> StoredUser:
    user = store.find_user(connection, username)
    if user is None:
        raise ConfigError(f"There is no user {username!r}.", "The page Administration and `gvrc user list` show the names.")
    return user


def _check_new(username: str, password: str) -> None:
    if not _USERNAME.fullmatch(_name(username)):
        raise ConfigError("This name is not accepted.", "Two to a hundred letters, digits, dots, dashes, underscores or @; it begins with a letter or a digit.")
    problem = weakness(password, username.strip())
    if problem:
        raise ConfigError(problem, "Choose another password.")


def _email_or_none(email: str | None) -> str | None:
    address = (email or "").strip()
    if address and not _EMAIL.fullmatch(address):
        raise ConfigError("This is no e-mail address.", "For example amina@example.org; or leave it empty.")
    return address or None


def _check_email_is_free(connection: Connection, email: str | None, own_id: int | None = None) -> None:
    """The organisation's sign-in knows a person by an address that exactly one account has."""
    if email and any(user.user_id != own_id for user, _bound in store.find_by_email(connection, email)):
        raise ConfigError("Another account has this e-mail address.", "Each account has its own, so that a sign-in by the organisation finds the right one.")


def _county_codes(connection: Connection, counties: Iterable[str]) -> list[str]:
    wanted = sorted({*counties})
    unknown = sorted(set(wanted) - store.county_codes(connection))
    if unknown:
        raise ConfigError(f"There is no county {', '.join(unknown)}.", "Counties are named by their codes, KE001 to KE047.")
    return wanted


def _row(username: str, display_name: str, password: str, role: Role) -> dict[str, object]:
    return {"username": _name(username), "display_name": display_name.strip() or username.strip(), "password_hash": hash_password(password), "role": role.value}


def _name(username: str) -> str:
    return username.strip().lower()


def _shown_name(username: str, user: StoredUser | None) -> str:
    """A name nobody has may be a password typed into the wrong box: it is not written down."""
    return user.username if user else "(unknown)"


def _actor(user: StoredUser, session_id: str | None = None) -> Actor:
    return Actor(
        user_id=user.user_id, username=user.username, role=user.role, display_name=user.display_name, counties=user.counties, session_id=session_id,
        language=user.language, must_change_password=user.must_change_password,
    )


def _view(user: StoredUser) -> UserView:
    return UserView(
        user_id=user.user_id,
        username=user.username,
        display_name=user.display_name,
        role=user.role,
        counties=user.counties,
        is_active=user.is_active,
        is_local=user.is_local,
        is_locked=user.is_locked,
        last_sign_in_at=user.last_sign_in_at,
        created_at=user.created_at,
        email=user.email,
        must_change_password=user.must_change_password,
    )
