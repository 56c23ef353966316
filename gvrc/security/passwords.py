"""Passwords: what is accepted, how it is kept (argon2id, memory-hard)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 1024
"""Nobody types more; an unbounded text would let a stranger keep the hash busy."""

_HASHER = PasswordHasher()
_COMMONEST = frozenset(
    {
        "password", "password1", "password12", "password123", "password1234", "passw0rd123", "1234567890", "12345678910", "0123456789", "0987654321",
        "9876543210", "123456789a", "qwertyuiop", "qwerty12345", "qwerty123456", "1q2w3e4r5t", "1qaz2wsx3edc", "abcdefghij", "abcd123456", "abc1234567",
        "iloveyou123", "letmein123", "welcome123", "welcome1234", "admin12345", "admin123456", "administrator", "changeme123", "kenya12345", "nairobi123",
        "nairobi2024", "nairobi2025",
    }
)  # fmt: skip
"""From the top of published lists of leaked passwords, those long enough to pass, and their local kin."""


def weakness(password: str, username: str) -> str | None:
    """Why a password is not accepted, as a sentence; None when it is."""
    if len(password) < MINIMUM_LENGTH:
        return f"The password needs at least {MINIMUM_LENGTH} characters."
    if len(password) > MAXIMUM_LENGTH:
        return f"The password has more than {MAXIMUM_LENGTH} characters."
    plain = password.casefold()
    if username and (plain == username.casefold() or plain.strip("0123456789!.-_ ") == username.casefold()):
        return "The password is the user name."
    if plain in _COMMONEST or plain.rstrip("!.?") in _COMMONEST or len(set(plain)) < 4:
        return "The password is one of those that are tried first."
    return None


def hash_password(password: str) -> str:
    """The text to keep: parameters, salt and hash in one."""
    return _HASHER.hash(password)


def verify_password(kept: str | None, password: str) -> bool:
    """Whether the password fits. Takes as long for an account without a password (or no account) as for one with."""
    try:
        _HASHER.verify(kept or _dummy(), password[:MAXIMUM_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def needs_rehash(kept: str) -> bool:
    """Whether the kept hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


_dummies: list[str] = []


def _dummy() -> str:
    """A hash that nobody's password fits, made once per process."""
    if not _dummies:
        _dummies.append(_HASHER.hash("\x00"))
    return _dummies[0]
