from __future__ import annotations

import pytest

from gvrc.errors import NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.security.permissions import MATRIX, Permission, allows_county, may, require


def actor(role: Role, *counties: str) -> Actor:
    return Actor(user_id=1, username="x", role=role, counties=frozenset(counties))


def test_every_role_may_something_and_only_the_administrator_everything() -> None:
    assert set(MATRIX) == set(Role)
    assert all(Permission.READ in granted for granted in MATRIX.values())
    assert [role for role, granted in MATRIX.items() if granted == frozenset(Permission)] == [Role.ADMIN]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DATA_ANALYST, Role.DATA_ENGINEER])
def test_contacts_are_seen_by_stewards_approvers_and_administrators_only(role: Role) -> None:
    assert not may(actor(role), Permission.SEE_CONTACTS)
    assert all(may(actor(other), Permission.SEE_CONTACTS) for other in (Role.DATA_STEWARD, Role.APPROVER, Role.ADMIN))


def test_a_steward_commits_and_gives_no_second_signature() -> None:
    require(actor(Role.DATA_STEWARD), Permission.COMMIT)
    with pytest.raises(NotAllowedError):
        require(actor(Role.DATA_STEWARD), Permission.APPROVE)


def test_a_refusal_says_who_may_instead() -> None:
    with pytest.raises(NotAllowedError) as told:
        require(actor(Role.VIEWER), Permission.COMMIT)
    assert "data steward" in told.value.hint


def test_a_limit_to_counties_lets_only_those_through() -> None:
    assert allows_county(actor(Role.VIEWER), None)
    assert allows_county(actor(Role.VIEWER, "KE001"), "KE001")
    assert not allows_county(actor(Role.VIEWER, "KE001"), "KE002")
    assert not allows_county(actor(Role.VIEWER, "KE001"), None)
