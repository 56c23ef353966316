"""Who may do what: one matrix for pages, command line and API.

Every use-case function calls `require`; hiding a button is not a check.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gvrc.errors import NotAllowedError
from gvrc.model.access import Actor, Role


class Permission(StrEnum):
    READ = "read"
    SEE_CONTACTS = "see_contacts"
    UPLOAD = "upload"
    RUN = "run"
    REVIEW = "review"
    DECIDE = "decide"
    COMMIT = "commit"
    APPROVE = "approve"
    EXPORT = "export"
    SEE_QUALITY = "see_quality"
    MANAGE_SOURCES = "manage_sources"
    MANAGE_THRESHOLDS = "manage_thresholds"
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_BACKUPS = "manage_backups"
    SEE_AUDIT = "see_audit"
    SEE_OPERATIONS = "see_operations"


_STEWARD = frozenset(
    {
        Permission.READ,
        Permission.SEE_CONTACTS,
        Permission.UPLOAD,
        Permission.RUN,
        Permission.REVIEW,
        Permission.DECIDE,
        Permission.COMMIT,
        Permission.EXPORT,
        Permission.SEE_QUALITY,
        Permission.SEE_AUDIT,
    }
)

MATRIX: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.DATA_ANALYST: frozenset({Permission.READ, Permission.EXPORT, Permission.SEE_QUALITY}),
    Role.DATA_STEWARD: _STEWARD,
    Role.DATA_ENGINEER: frozenset(
        {
            Permission.READ,
            Permission.UPLOAD,
            Permission.RUN,
            Permission.REVIEW,
            Permission.EXPORT,
            Permission.SEE_QUALITY,
            Permission.MANAGE_SOURCES,
            Permission.MANAGE_THRESHOLDS,
            Permission.SEE_OPERATIONS,
        }
    ),
    Role.APPROVER: _STEWARD | {Permission.APPROVE},
    Role.ADMIN: frozenset(Permission),
}
"""What each role may do. REVIEW lets one see the open questions, DECIDE answer them; APPROVE is the second signature, never on one's own act."""

ROLE_LABELS: Mapping[Role, str] = {
    Role.VIEWER: "Viewer",
    Role.DATA_ANALYST: "Data analyst",
    Role.DATA_STEWARD: "Data steward",
    Role.DATA_ENGINEER: "Data engineer",
    Role.APPROVER: "Approver",
    Role.ADMIN: "Administrator",
}

DEEDS: Mapping[Permission, str] = {
    Permission.READ: "look at the registry",
    Permission.SEE_CONTACTS: "see contacts",
    Permission.UPLOAD: "upload lists",
    Permission.RUN: "start runs",
    Permission.REVIEW: "see the open questions",
    Permission.DECIDE: "answer questions",
    Permission.COMMIT: "commit",
    Permission.APPROVE: "give the second signature",
    Permission.EXPORT: "export",
    Permission.SEE_QUALITY: "see the quality of runs",
    Permission.MANAGE_SOURCES: "change sources and mappings",
    Permission.MANAGE_THRESHOLDS: "change thresholds",
    Permission.MANAGE_ACCOUNTS: "manage accounts",
    Permission.MANAGE_BACKUPS: "manage backups",
    Permission.SEE_AUDIT: "see the audit trail",
    Permission.SEE_OPERATIONS: "see how the machine is doing",
}
"""What each permission lets a person do, as a refusal says it."""


def may(actor: Actor, permission: Permission) -> bool:
    """Whether the actor's role carries the permission."""
    return permission in MATRIX[actor.role]


def require(actor: Actor, permission: Permission) -> None:
    """Raises NotAllowedError when the actor's role does not carry the permission."""
    if may(actor, permission):
        return
    able = ", ".join(ROLE_LABELS[role].lower() for role, granted in MATRIX.items() if permission in granted)
    raise NotAllowedError(f"Your role ({ROLE_LABELS[actor.role].lower()}) may not {DEEDS[permission]}.", f"These roles may: {able}.")


SEES_ALL = frozenset({Role.DATA_STEWARD, Role.APPROVER, Role.ADMIN})
"""Roles that see sensitive places whole, within their counties."""
SEES_TRACE = SEES_ALL | {Role.DATA_ENGINEER}
"""Roles that may know that a withheld place exists."""


def sight_of(actor: Actor) -> str:
    """How much of sensitive places the actor's role sees, as the database's row-level security takes it: all, trace or nothing."""
    if actor.role in SEES_ALL:
        return "all"
    return "trace" if actor.role in SEES_TRACE else "nothing"


def allows_county(actor: Actor, county_code: str | None) -> bool:
    """Whether a place in this county is within the actor's scope; what lies nowhere is seen by those without a limit."""
    return not actor.counties or county_code in actor.counties
