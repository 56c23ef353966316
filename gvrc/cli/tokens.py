"""token"""

from __future__ import annotations

from gvrc import tokens
from gvrc.cli.context import Call, table
from gvrc.errors import ConfigError


def token(call: Call) -> int:
    """API tokens: made and shown once, listed, revoked."""
    actions = {"add": _add, "list": _list, "revoke": _revoke}
    return actions[call.options.action](call)


def _add(call: Call) -> int:
    options = call.options
    if not options.name:
        raise ConfigError("The token needs a name.", "For example: gvrc token add dashboard --role viewer")
    made = tokens.add_token(call.db, call.actor, label=options.name, role=options.role, days=options.days, counties=options.county)
    call.note("This token is shown only now; keep it where secrets are kept.")
    call.answer({"token_id": made.token_id, "token": made.token, "expires_at": made.expires_at, "role": options.role}, [made.token])
    return 0


def _list(call: Call) -> int:
    found = tokens.list_tokens(call.db, call.actor)
    rows = [(t.token_id, t.label, t.role, t.state, t.expires_at.date(), t.last_used_at.date() if t.last_used_at else "never") for t in found]
    call.answer(found, table(rows, ("number", "name", "role", "state", "ends", "last used")))
    return 0


def _revoke(call: Call) -> int:
    name = call.options.name or ""
    if not name.isdigit():
        raise ConfigError("Name the token's number.", "`gvrc token list` shows it.")
    tokens.revoke_token(call.db, call.actor, int(name))
    call.answer({"revoked": int(name)}, [f"Token {name} is revoked."])
    return 0
