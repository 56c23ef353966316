"""Correct how the fields of a list are read: try it on its first rows, then keep it for this list and for the next one of its shape."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from gvrc.errors import SourceError
from gvrc.model.access import Actor
from gvrc.model.record import Record
from gvrc.model.source import LEFT_OUT, Damage, Detection, FieldSample, Mapping, SourceFile, SourceRow
from gvrc.pipeline.receive import ReceivedFile, hash_file, keep_detected, remembered_of
from gvrc.security.crypto import KeyRing
from gvrc.security.masking import mask_contact
from gvrc.security.permissions import Permission, may, require
from gvrc.settings import Settings
from gvrc.sources.detect import detect
from gvrc.sources.mapping import corrected, mapping_to_json
from gvrc.stages.extract import extract
from gvrc.stages.standardise import standardise
from gvrc.staging import open_workshop
from gvrc.store import files as file_store
from gvrc.store.session import Database

TRIED_ROWS = 5
"""Rows shown of a list before its mapping is kept."""

NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,59}")

Choices = MappingType[str, str | None]
"""Field of the list → canonical field, None: not used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingTrial:
    """The first rows of a list as they would come out, contacts masked for who may not see them. `broken` says what could not be read."""

    records: Sequence[Record]
    broken: str | None = None


def try_mapping(db: Database, settings: Settings, actor: Actor, path: Path, file_name: str, choices: Choices, name: str) -> MappingTrial:
    """Read the first rows of a list as `choices` say; nothing is kept. Raises NotAllowedError, SourceError when the choices are none."""
    require(actor, Permission.MANAGE_SOURCES)
    detection = _corrected(db, path, file_name, choices, name)
    file = SourceFile(name=file_name, sha256="", size_bytes=path.stat().st_size, path=path, kind=detection.kind, source=detection.source)
    read = list(islice(extract(file, detection), TRIED_ROWS))
    rows = [row for row in read if isinstance(row, SourceRow)]
    broken = next((found.detail for found in read if isinstance(found, Damage)), None)
    with db.read() as conn:
        workshop = open_workshop(conn, settings, KeyRing.load(settings), datetime.now(UTC).date())
    records = standardise(rows, workshop.knowledge, {}).records
    return MappingTrial(records=[_for_eyes_of(actor, record) for record in records], broken=broken)


def keep_mapping(db: Database, settings: Settings, actor: Actor, path: Path, file_name: str, choices: Choices, name: str) -> ReceivedFile:
    """Remember a corrected mapping under a name, and receive the list as it says; the next list of its shape is recognised by it.

    A delivery of the same bytes that nothing was read of yet is replaced. Raises NotAllowedError; SourceError when the choices or the name are
    none, or when rows of this very list were read under this name with another mapping: rows that were read never change.
    """
    require(actor, Permission.MANAGE_SOURCES)
    require(actor, Permission.UPLOAD)
    sha256 = hash_file(path)
    with db.read() as conn:
        before = detect(path, file_name, remembered=remembered_of(conn)).source
    detection = _corrected(db, path, file_name, choices, name)
    with db.unit_of_work(actor, reason="field mapping kept") as conn:
        known = file_store.find_file(conn, detection.source, sha256)
        as_json = mapping_to_json(detection.mapping)
        if known is not None and known.mapping != as_json and not file_store.read_anew(conn, known.file_id, mapping=as_json, detection={}):
            raise SourceError(
                "Rows of this list were read under this name with other fields, and rows that were read never change.",
                "Keep it under another name: the list is then read anew.",
            )
        file_store.remember_mapping(conn, as_json, actor.username)
        earlier = file_store.find_file(conn, before, sha256) if before != detection.source else None
        if earlier is not None:
            file_store.drop_unread(conn, earlier.file_id)
    return keep_detected(db, settings, actor, path, file_name, detection)


def _corrected(db: Database, path: Path, file_name: str, choices: Choices, name: str) -> Detection:
    """The list as it is recognised now, with its mapping corrected."""
    if not NAME.fullmatch(name):
        raise SourceError("The name is made of small letters, digits and underscores, up to 60.", "For example kwale_shelters.")
    with db.read() as conn:
        detection = detect(path, file_name, remembered=remembered_of(conn))
    mapping = corrected(detection.mapping, detection.fields, dict(choices), name)
    fields = tuple(_as_chosen(sample, mapping) for sample in detection.fields)
    reason = f"Its fields were mapped by a person, under the name “{name}”."
    return replace(detection, source=name, mapping=mapping, fields=fields, confidence=1.0, is_known=True, reasons=(reason, *(told for told in detection.reasons if told.startswith(LEFT_OUT))))


def _as_chosen(sample: FieldSample, mapping: Mapping) -> FieldSample:
    canonical = mapping.fields.get(sample.path)
    reason = sample.reason if canonical == sample.canonical else "a person chose it" if canonical else "a person left it out"
    return replace(sample, canonical=canonical, confidence=1.0, reason=reason)


def _for_eyes_of(actor: Actor, record: Record) -> Record:
    if may(actor, Permission.SEE_CONTACTS):
        return record
    masked = tuple(replace(contact, value=mask_contact(contact.contact_type, contact.value)) for contact in record.contacts)
    return replace(record, contacts=masked)
