from __future__ import annotations

import pytest

from gvrc.security.passwords import hash_password, needs_rehash, verify_password, weakness


@pytest.mark.parametrize("password", ["short", "Password123", "1234567890", "amina.steward", "Amina.Steward2026!", "aaaaaaaaaaaa", "x" * 2000])
def test_what_is_tried_first_is_not_accepted(password: str) -> None:
    assert weakness(password, "amina.steward")


def test_a_long_phrase_is_accepted() -> None:
    assert weakness("three goats on a ferry", "amina") is None


def test_a_kept_password_is_verified_and_says_nothing() -> None:
    kept = hash_password("three goats on a ferry")
    assert "goats" not in kept
    assert kept.startswith("$argon2id$")
    assert verify_password(kept, "three goats on a ferry")
    assert not verify_password(kept, "three goats on a fairy")
    assert not needs_rehash(kept)


def test_nobody_signs_in_to_an_account_without_a_password() -> None:
    assert not verify_password(None, "")
    assert not verify_password(None, "\x00")
    assert not verify_password("no hash", "x")
