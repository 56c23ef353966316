"""Personal values: sealed once, found by equality, opened by those who may, erased by destroying one key."""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Text, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import LargeBinary

from gvrc.errors import ConfigError
from gvrc.security.crypto import KeyRing, blind_index, blind_indexes, decrypt, new_key
from gvrc.store.session import copy_typed_rows
from gvrc.store.tables import Vault, VaultKey

PREFIX = "vault:"
"""What stands in records, changes, issues and decisions instead of a value: this and the id."""


def reference_to(vault_id: uuid.UUID) -> str:
    """`vault:<id>`"""
    return f"{PREFIX}{vault_id}"


def id_in(reference: str | None) -> uuid.UUID | None:
    """The id in `vault:<id>`; None for anything else."""
    if not reference or not reference.startswith(PREFIX):
        return None
    try:
        return uuid.UUID(reference.removeprefix(PREFIX))
    except ValueError:
        return None


def seal_values(connection: Connection, keyring: KeyRing, values: Iterable[str]) -> dict[str, uuid.UUID]:
    """The id of each value, new ones sealed. The same value has the same id for ever, whoever seals it; one statement for all."""
    index_key = ensure_index_key(connection, keyring)
    indexes = blind_indexes(index_key, dict.fromkeys(values))
    known = _ids_by_index(connection, indexes.values())
    missing = {index: value for value, index in indexes.items() if index not in known}
    if missing:
        _hold_key(connection, keyring)
        known |= _insert(connection, keyring, missing)
    return {value: known[index] for value, index in indexes.items()}


def open_values(connection: Connection, keyring: KeyRing, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The values behind these ids. Erased and unknown ids are left out. Raises DamagedFileError when a row was changed, ConfigError
    when its master key is missing."""
    wanted = list({*ids})
    if not wanted:
        return {}
    rows = connection.execute(
        select(Vault.vault_id, Vault.ciphertext, Vault.wrapped_key, Vault.key_id).where(Vault.vault_id == func.any(wanted), Vault.wrapped_key.is_not(None))
    )
    return {row.vault_id: _opened(keyring, row) for row in rows}


def find(connection: Connection, keyring: KeyRing, value: str) -> uuid.UUID | None:
    """The id of a value that was sealed before; None when it never was, or was erased."""
    index_key = _index_key(connection, keyring)
    if index_key is None:
        return None
    index = blind_index(index_key, value)
    return _ids_by_index(connection, [index]).get(index)


def erase(connection: Connection, ids: Collection[uuid.UUID]) -> int:
    """Destroys the keys of these values: every reference to them opens to nothing from now on. Returns how many there were."""
    done = connection.execute(
        update(Vault)
        .where(Vault.vault_id == func.any(list(ids)), Vault.erased_at.is_(None))
        .values(ciphertext=None, wrapped_key=None, blind_index=None, key_id=None, erased_at=func.now())
    )
    return done.rowcount


def count_values(connection: Connection) -> int:
    """How many personal values are kept (erased ones not counted)."""
    return connection.execute(select(func.count()).select_from(Vault).where(Vault.erased_at.is_(None))).scalar_one()


def sample_opens(connection: Connection, keyring: KeyRing) -> bool:
    """Whether a value sealed under each master key in use opens with the keys at hand. Raises what opening raises."""
    ids = connection.execute(select(func.min(Vault.vault_id.cast(Text)).cast(Vault.vault_id.type)).where(Vault.wrapped_key.is_not(None)).group_by(Vault.key_id)).scalars().all()
    return len(open_values(connection, keyring, ids)) == len(ids)


def add_index_key(connection: Connection, keyring: KeyRing) -> None:
    """Wrap the index key by the master key of the ring too, so that both it and the former one open the vault while keys are rotated."""
    index_key = ensure_index_key(connection, keyring)
    wrapped = keyring.wrap(index_key, _bound_to(keyring.key_id))
    connection.execute(insert(VaultKey).values(key_id=keyring.key_id, wrapped_index_key=wrapped).on_conflict_do_nothing())


def retire_former_keys(connection: Connection, keyring: KeyRing) -> None:
    """From now on nothing is sealed by another master key than that of the ring; waits for whoever is sealing just now."""
    connection.execute(update(VaultKey).where(VaultKey.key_id != keyring.key_id, VaultKey.retired_at.is_(None)).values(retired_at=func.now()))


def rewrap_values(connection: Connection, keyring: KeyRing, limit: int) -> int:
    """Wrap the keys of up to `limit` values anew by the master key in use; returns how many. What they protect is not touched."""
    rows = connection.execute(
        select(Vault.vault_id, Vault.wrapped_key, Vault.key_id)
        .where(Vault.wrapped_key.is_not(None), Vault.key_id != keyring.key_id)
        .limit(limit)
        .with_for_update()
    ).all()
    changes = [
        {"row_id": row.vault_id, "wrapped": keyring.wrap(keyring.unwrap(row.wrapped_key, row.key_id, row.vault_id.bytes), row.vault_id.bytes), "key_id": keyring.key_id}
        for row in rows
    ]
    if changes:
        connection.execute(text("update vault set wrapped_key = :wrapped, key_id = :key_id where vault_id = :row_id"), changes)
    return len(changes)


def count_under_former_keys(connection: Connection, keyring: KeyRing) -> int:
    """How many values are still wrapped by another master key than that of the ring."""
    return connection.execute(select(func.count()).select_from(Vault).where(Vault.wrapped_key.is_not(None), Vault.key_id != keyring.key_id)).scalar_one()


def _hold_key(connection: Connection, keyring: KeyRing) -> None:
    """Keep the master key of the ring from being retired until the end of the transaction. Raises ConfigError when it was retired already: then
    this process began before the keys were rotated."""
    held = text("select 1 from vault_keys where key_id = :key_id and retired_at is null for share")
    if connection.execute(held, {"key_id": keyring.key_id}).scalar_one_or_none() is None:
        raise ConfigError("The master key was changed while this was going on.", "Try again; nothing of it was kept.")


def ensure_index_key(connection: Connection, keyring: KeyRing) -> bytes:
    """The key of the blind index, made at the first call. Raises ConfigError when only a missing master key could open it."""
    opened = _index_key(connection, keyring)
    if opened is not None:
        return opened
    fresh = new_key()
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended('vault index key', 0))"))
    opened = _index_key(connection, keyring)
    if opened is not None:
        return opened
    connection.execute(insert(VaultKey).values(key_id=keyring.key_id, wrapped_index_key=keyring.wrap(fresh, _bound_to(keyring.key_id))))
    return fresh


def _index_key(connection: Connection, keyring: KeyRing) -> bytes | None:
    rows = connection.execute(select(VaultKey.key_id, VaultKey.wrapped_index_key).where(VaultKey.retired_at.is_(None))).all()
    for row in rows:
        if row.key_id in keyring.keys:
            return keyring.unwrap(row.wrapped_index_key, row.key_id, _bound_to(row.key_id))
    if rows:
        raise ConfigError(
            f"The personal values in this database were sealed with another master key ({rows[0].key_id}).",
            "Bring back the key file of the data home (keys/master.key), or set GVRC_ENCRYPTION_KEY to that key.",
        )
    return None


def _bound_to(key_id: str) -> bytes:
    return b"index key " + key_id.encode("ascii")


def _insert(connection: Connection, keyring: KeyRing, values: Mapping[bytes, str]) -> dict[bytes, uuid.UUID]:
    """Seal new values; their ids. Sorted, so that two transactions that seal the same values wait for each other and never crosswise."""
    ids = dict(zip(sorted(values), _new_ids(len(values)), strict=True))
    kept = keyring.seal((values[index], vault_id.bytes) for index, vault_id in ids.items())
    sealed = [(vault_id, index, *told, keyring.key_id) for (index, vault_id), told in zip(ids.items(), kept, strict=True)]
    with suppress(IntegrityError), connection.begin_nested():
        copy_typed_rows(connection, "vault", _COLUMNS, sealed)
        return ids
    # Another transaction has sealed one of them meanwhile: its id stands.
    connection.execute(
        text("create temporary table if not exists sealing (vault_id uuid, blind_index bytea, ciphertext bytea, wrapped_key bytea, key_id text) on commit drop")
    )
    copy_typed_rows(connection, "sealing", _COLUMNS, sealed)
    listed = ", ".join(_COLUMNS)
    connection.execute(text(f"insert into vault ({listed}) select {listed} from sealing order by blind_index on conflict (blind_index) do nothing"))  # noqa: S608
    connection.execute(text("truncate sealing"))
    return _ids_by_index(connection, ids)


def _new_ids(number: int) -> Iterator[uuid.UUID]:
    """Random ids (version 4). The bytes of all are drawn at once: for each alone it takes twice as long."""
    drawn = os.urandom(_ID_BYTES * number)
    for begin in range(0, len(drawn), _ID_BYTES):
        yield uuid.UUID(bytes=drawn[begin : begin + _ID_BYTES], version=4)


_ID_BYTES = 16
_COLUMNS = {"vault_id": "uuid", "blind_index": "bytea", "ciphertext": "bytea", "wrapped_key": "bytea", "key_id": "text"}


def _opened(keyring: KeyRing, row: Any) -> str:
    data_key = keyring.unwrap(row.wrapped_key, row.key_id, row.vault_id.bytes)
    return decrypt(data_key, row.ciphertext, row.vault_id.bytes).decode("utf-8")


def _ids_by_index(connection: Connection, indexes: Iterable[bytes]) -> dict[bytes, uuid.UUID]:
    """The known ones among these indexes. They go over as one text of bytes: a list of thousands is dear to write for the driver."""
    wanted = list(indexes)
    rows = connection.execute(_KNOWN, {"joined": b"".join(wanted), "count": len(wanted)})
    return {bytes(index): vault_id for index, vault_id in rows.all()}


_KNOWN = text("""
    select blind_index, vault_id from vault
    where blind_index = any(array(select substr(:joined, 32 * number + 1, 32) from generate_series(0, :count - 1) as number))
""").bindparams(bindparam("joined", type_=LargeBinary))
"""A blind index is thirty-two bytes long."""
