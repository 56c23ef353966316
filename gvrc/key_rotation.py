"""A new master key: every data key is wrapped anew, what they protect is not touched, and the former key opens nothing any more.

It may be killed at any moment and run again: the new key waits in `keys/next.key` until it is in use, the former in `keys/former` until
nothing needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gvrc.errors import StoreError
from gvrc.model.access import Actor
from gvrc.security.crypto import KeyRing, adopt_next_key, begin_rotation, forget_former_keys, is_sealed, rewrap_file
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.store import vault
from gvrc.store.accounts import log_access
from gvrc.store.session import Database

BATCH = 1000
_LOCK = "rotate key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What a rotation did; `key_id` names the key in use now and tells nothing about it."""

    key_id: str
    values: int
    files: int
    former_keys_destroyed: int


def rotate_key(db: Database, settings: Settings, actor: Actor, *, note: Callable[[str], None] = lambda _line: None) -> Rotation:
    """Change the master key, or finish a change that was interrupted.

    Raises NotAllowedError (needs MANAGE_BACKUPS), ConfigError (a key is missing), StoreError (another rotation is going on).
    """
    require(actor, Permission.MANAGE_BACKUPS)
    with db.hold_lock(_LOCK) as is_ours:
        if not is_ours:
            raise StoreError("The master key is being changed by another command.", "Wait until it is done.")
        _put_in_use(db, settings, actor)
        ring = KeyRing.load(settings)
        values = _rewrap_values(db, actor, ring, note)
        with db.unit_of_work(actor, reason="key rotation") as connection:
            vault.retire_former_keys(connection, ring)
        # What was sealed by the former key until a moment ago; from here on nothing can be.
        values += _rewrap_values(db, actor, ring, note)
        files = sum(rewrap_file(ring, path) for path in _sealed_files(settings))
        _check_nothing_left(db, ring)
        destroyed = forget_former_keys(settings)
        with db.unit_of_work(actor, reason="key rotation") as connection:
            log_access(connection, actor.username, "rotate key", f"master key {ring.key_id}", "allowed")
    return Rotation(key_id=ring.key_id, values=values, files=files, former_keys_destroyed=destroyed)


def _put_in_use(db: Database, settings: Settings, actor: Actor) -> None:
    following = begin_rotation(settings)
    with db.unit_of_work(actor, reason="key rotation") as connection:
        vault.add_index_key(connection, following or KeyRing.load(settings))
    if following is not None:
        adopt_next_key(settings)


def _rewrap_values(db: Database, actor: Actor, ring: KeyRing, note: Callable[[str], None]) -> int:
    total = 0
    while True:
        with db.unit_of_work(actor, reason="key rotation") as connection:
            done = vault.rewrap_values(connection, ring, BATCH)
        if not done:
            return total
        total += done
        note(f"{total} values")


def _sealed_files(settings: Settings) -> Iterator[Path]:
    """Every file of the data home that was encrypted here."""
    yield from (path for path in sorted(settings.raw_dir.rglob("*")) if path.is_file() and not path.name.startswith(".") and is_sealed(path))


def _check_nothing_left(db: Database, ring: KeyRing) -> None:
    with db.read() as connection:
        left = vault.count_under_former_keys(connection, ring)
    if left:
        raise StoreError(f"{left} values are still under the former key, which was kept.", "Run it again.")


