"""init, upgrade, doctor, stop, user"""

from __future__ import annotations

import getpass
import sys

from gvrc import accounts, setup
from gvrc.cli.context import Call, table
from gvrc.errors import ConfigError
from gvrc.logs import configure_logs
from gvrc.operations.health import doctor as check_health
from gvrc.store import embedded


def init(call: Call) -> int:
    """Create everything that is missing; again and again without harm."""
    configure_logs(call.settings)
    done = setup.init(call.settings, operator=call.options.as_user)
    call.answer(done, [f"The data home is {done.home}.", f"The database is ready; {call.options.as_user} may work on the command line."])
    return 0


def upgrade(call: Call) -> int:
    """Bring the database up to date."""
    configure_logs(call.settings)
    report = setup.upgrade(call.settings)
    call.answer(report, ["The database is up to date."])
    return 0


def doctor(call: Call) -> int:
    """Check everything and say how to mend it."""
    checks = check_health(call.settings)
    rows = [(check.name, check.status, check.detail, check.hint) for check in checks]
    call.answer({"checks": checks, "ok": all(check.status != "failed" for check in checks)}, table(rows, ("check", "status", "what", "how to mend it")))
    return call.code(findings=any(check.status != "ok" for check in checks))


def stop(call: Call) -> int:
    """Stop the embedded database."""
    was_running = embedded.stop(call.settings)
    call.answer({"stopped": was_running}, ["The embedded database is stopped." if was_running else "The embedded database was not running."])
    return 0


def user(call: Call) -> int:
    """Accounts."""
    if call.options.action == "add":
        return _add_user(call)
    users = accounts.list_users(call.db, call.actor)
    call.answer(users, table([(u.username, u.display_name, u.role, "active" if u.is_active else "inactive") for u in users], ("user", "name", "role", "state")))
    return 0


def _add_user(call: Call) -> int:
    if not call.options.username:
        raise ConfigError("The new account needs a sign-in name.", "For example: gvrc user add amina --role data_steward")
    user_id = accounts.add_user(
        call.db, call.actor, username=call.options.username, display_name=call.options.name or call.options.username, role=call.options.role,
        password=_password(call), counties=call.options.county, must_change_password=True,
    )
    call.answer({"user_id": user_id, "username": call.options.username, "role": call.options.role}, [f"{call.options.username} may sign in as {call.options.role}."])
    return 0


def _password(call: Call) -> str:
    if call.options.password_stdin or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass(f"Password for {call.options.username}: ")
    if first != getpass.getpass("Again: "):
        raise ConfigError("The two passwords differ.", "Try again.")
    return first
