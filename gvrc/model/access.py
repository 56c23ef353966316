"""Who acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    DATA_ANALYST = "data_analyst"
    DATA_STEWARD = "data_steward"
    DATA_ENGINEER = "data_engineer"
    APPROVER = "approver"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The person behind an act. `counties` limits them to these county codes (empty: all). `session_id` ends up in the audit trail.

    `language` is that of the screens they chose, None while they chose none. Who `must_change_password` was given one by somebody else, and
    chooses their own before anything else.
    """

    user_id: int
    username: str
    role: Role
    display_name: str = ""
    counties: frozenset[str] = frozenset()
    session_id: str | None = None
    language: str | None = None
    must_change_password: bool = False
