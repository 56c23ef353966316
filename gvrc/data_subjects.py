"""The rights of a person whose contact is kept: find it, hand it out, erase it everywhere; and the end of what is kept by its age.

Everywhere is: the vault (and with it the registry, records, questions, answers, audit), the places that name it, the rows as they came, what
staging made of them, and the bytes of the delivered files. What is left is a note of the request, without the value.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gvrc.errors import ConfigError
from gvrc.model.access import Actor
from gvrc.security.crypto import KeyRing, is_sealed, open_sealed, seal_file
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.store import subjects, vault
from gvrc.store.accounts import log_access
from gvrc.store.session import Database
from gvrc.subject_text import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a person's value lies: how often, and at which places (after an erasure: which of them still name it in their text, which is theirs and
    not the person's, so that people must judge it). `values` are the ways it is kept, for the person alone."""

    counts: dict[str, int]
    places: tuple[dict[str, Any], ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    values: tuple[str, ...] = ()
    request_id: int | None = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def find_subject(db: Database, settings: Settings, actor: Actor, value: str, *, reason: str) -> Found:
    """Where this value lies. Raises NotAllowedError (needs MANAGE_ACCOUNTS) and ConfigError."""
    return _look(db, settings, actor, value, reason, action="find")


def export_subject(db: Database, settings: Settings, actor: Actor, value: str, *, reason: str) -> Found:
    """The same with everything that is kept about it: the ways it is written, the places, the rows. For the person, after their identity is sure."""
    return _look(db, settings, actor, value, reason, action="export")


def erase_subject(db: Database, settings: Settings, actor: Actor, value: str, *, reason: str) -> Found:
    """Erase the value everywhere. Safe to run again when it was interrupted; the hash chain of the audit stays whole.

    The files come first: as long as one holds the value, nothing says that it is gone.
    """
    subject = _begin(db, actor, value, reason)
    keyring = KeyRing.load(settings)
    counts = {"files": sum(_redact_file(keyring, path, subject) for path in _files(settings))}
    with db.unit_of_work(actor, reason="request of a data subject") as connection:
        ids = subjects.matching_values(connection, keyring, subject.is_in)
        counts["contacts of places"] = subjects.drop_contacts(connection, ids)
        counts["vault"] = vault.erase(connection, ids)
        for table in subjects.TEXT_PLACES:
            rows = list(subjects.rows_with(connection, table, subject.pattern))
            for row in rows:
                subjects.redact_row(connection, table, row, subject.redact)
            counts[table] = len(rows)
        named = subjects.places_whose_text_names(connection, subject.pattern)
        return _done(connection, actor, reason, "erase", Found(counts=counts, places=tuple(named)))


def purge(db: Database, settings: Settings, actor: Actor) -> Found:
    """Delete rows and files as they came that are older than the setting `raw_retention_days` and that no question waits for; what was made of
    them stays. Raises NotAllowedError (needs MANAGE_ACCOUNTS)."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with db.unit_of_work(actor, reason="retention") as connection:
        old = subjects.old_files(connection, settings.raw_retention_days)
        rows = subjects.purge_rows(connection, [file_id for file_id, _ in old])
        wanted = subjects.shas_still_wanted(connection)
        gone = {sha for _, sha in old} - wanted
        found = Found(counts={"files": len(gone), "staging.raw_data": rows})
        done = _done(connection, actor, f"older than {settings.raw_retention_days} days", "purge", found) if old else found
    for path in _files(settings):
        if path.name in gone:
            path.unlink(missing_ok=True)
    return done


# ------------------------------------------------------------------------------------------------------------------ steps


def _begin(db: Database, actor: Actor, value: str, reason: str) -> Subject:
    try:
        require(actor, Permission.MANAGE_ACCOUNTS)
    except Exception:
        with db.unit_of_work(actor, reason="request of a data subject") as connection:
            log_access(connection, actor.username, "data subject", "request", "refused")
        raise
    if not reason.strip():
        raise ConfigError("The request needs a reason.", "Say who asked and how their identity was made sure, without the value itself.")
    subject = Subject.of(value)
    if subject.is_in(reason):
        raise ConfigError("The reason names the value.", "It is kept for ever: say who asked in other words, for example by the number of their letter.")
    return subject


def _look(db: Database, settings: Settings, actor: Actor, value: str, reason: str, *, action: str) -> Found:
    subject, keyring = _begin(db, actor, value, reason), KeyRing.load(settings)
    with db.read(timeout_seconds=0) as connection:
        values = subjects.matching_values(connection, keyring, subject.is_in)
        places = subjects.facilities_that_name(connection, values)
        named = subjects.places_whose_text_names(connection, subject.pattern)
        rows = {table: list(subjects.rows_with(connection, table, subject.pattern)) for table in subjects.TEXT_PLACES}
    counts = {"vault": len(values), "contacts of places": len(places), "texts of places": len(named), **{table: len(found) for table, found in rows.items()}}
    counts["files"] = sum(_holds(keyring, path, subject) for path in _files(settings))
    if action == "find":
        found = Found(counts=counts, places=(*places, *named))
    else:
        found = Found(counts=counts, places=(*places, *named), rows=tuple(rows["staging.raw_data"]), values=tuple(sorted(set(values.values()))))
    with db.unit_of_work(actor, reason="request of a data subject") as connection:
        return _done(connection, actor, reason, action, found)


def _done(connection: Any, actor: Actor, reason: str, action: str, found: Found) -> Found:
    request_id = subjects.note_request(connection, action=action, reason=reason.strip(), found=found.counts, handled_by=actor.username)
    log_access(connection, actor.username, "data subject", f"{action}, request {request_id}", "allowed")
    return Found(counts=found.counts, places=found.places, rows=found.rows, values=found.values, request_id=request_id)


def _files(settings: Settings) -> Iterator[Path]:
    """The delivered files, as they are kept."""
    yield from (path for path in sorted(settings.raw_dir.rglob("*")) if path.is_file() and not path.name.startswith(".") and is_sealed(path))


def _holds(keyring: KeyRing, path: Path, subject: Subject) -> bool:
    with open_sealed(keyring, path) as plain:
        return subject.is_in_file(plain.read())


def _redact_file(keyring: KeyRing, path: Path, subject: Subject) -> bool:
    """Replace the value in a file; False when it is not in there."""
    with open_sealed(keyring, path) as plain:
        content = plain.read()
    redacted = subject.redact_file(content)
    if redacted is content:
        return False
    seal_file(keyring, io.BytesIO(redacted), path)
    return True
