"""Take delivered files in: recognise them, keep their bytes, tell what they are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from gvrc.errors import GvrcError, SourceError
from gvrc.model.access import Actor
from gvrc.model.source import Detection, FieldSample, Mapping, SourceKind
from gvrc.security.crypto import KeyRing, seal_file
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.sources.detect import detect
from gvrc.sources.mapping import mapping_from_json, mapping_to_json
from gvrc.sources.records import peek
from gvrc.store import files as file_store
from gvrc.store.session import Connection, Database

log = structlog.get_logger("gvrc.pipeline")

HASH_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """What became of one delivered file. A file that cannot be read has a `problem` and a `hint`, and no id."""

    name: str
    file_id: int | None = None
    source: str | None = None
    is_known: bool = False
    confidence: float = 0.0
    reasons: tuple[str, ...] = ()
    fields: tuple[FieldSample, ...] = ()
    records: int | None = None
    estimate: int | None = None
    """About how many records a large file holds, where they were to be counted and are not known."""
    sha256: str | None = None
    already_received_run: int | None = None
    problem: str | None = None
    hint: str | None = None


def receive(
    db: Database, settings: Settings, actor: Actor, paths: Sequence[Path], *, source: str | None = None, names: MappingType[Path, str] | None = None,
    kind: SourceKind | None = None, is_counted: bool = False,
) -> list[ReceivedFile]:
    """Take files in. One that cannot be read is told in the result; the others go on.

    `names` gives the name a file had at its sender where that differs from its path; `kind` says where it came from when that is not what it
    looks like (pages of an API are JSON). `is_counted`: tell how many records each holds, which reads it once more. The bytes are kept,
    content-addressed and encrypted.
    """
    require(actor, Permission.UPLOAD)
    with db.read() as conn:
        remembered = remembered_of(conn)
    received = []
    for path in paths:
        name = (names or {}).get(path, path.name)
        try:
            detection = detect(path, name, remembered=remembered, source=source)
            detection = replace(detection, kind=kind) if kind is not None else detection
            file = keep_detected(db, settings, actor, path, name, detection)
            received.append(_counted(file, path, detection) if is_counted and file.records is None else file)
        except SourceError as error:
            received.append(ReceivedFile(name=name, problem=error.detail, hint=error.hint))
        except OSError as error:
            received.append(ReceivedFile(name=name, problem=f"The file cannot be read: {error.strerror}.", hint="Check that it exists and may be read."))
        except (GvrcError, MemoryError):
            raise
        except Exception as error:
            log.exception("a file could not be recognised")
            problem = f"The file could not be recognised ({type(error).__name__})."
            received.append(ReceivedFile(name=name, problem=problem, hint="This is a fault of the program: report it with the log of errors. The other files go on."))
    return received


def _counted(file: ReceivedFile, path: Path, detection: Detection) -> ReceivedFile:
    """The file with the number of its records; without one where they cannot be counted before they are read in earnest."""
    try:
        found = peek(path, detection)
    except (SourceError, OSError, ValueError, LookupError, RecursionError) as error:
        log.info("records not counted", file=file.name, why=type(error).__name__)
        return file
    return replace(file, records=found.count) if found.is_exact else replace(file, estimate=found.count)


def raw_path(settings: Settings, sha256: str) -> Path:
    """Where the bytes of a file are kept."""
    return settings.raw_dir / sha256[:2] / sha256


def remembered_of(conn: Connection) -> list[Mapping]:
    """The mappings by which lists are recognised, newest first."""
    return [mapping_from_json(mapping) for mapping in file_store.remembered_mappings(conn)]


def keep_detected(db: Database, settings: Settings, actor: Actor, path: Path, name: str, detection: Detection) -> ReceivedFile:
    """Keep the bytes of a file that was recognised, and what it was recognised as."""
    sha256 = hash_file(path)
    _keep_bytes(settings, path, sha256)
    with db.unit_of_work(actor, reason="receive file") as conn:
        file_id, was_known = file_store.save_file(conn, {
            "name": name[:500], "source": detection.source, "kind": detection.kind.value, "sha256": sha256, "size_bytes": path.stat().st_size,
            "mapping": mapping_to_json(detection.mapping), "detection": _detection_json(detection), "received_by": actor.username,
        })
        return _received(conn, name, detection, file_id, sha256, was_known)


def _received(conn: Connection, name: str, detection: Detection, file_id: int, sha256: str, was_known: bool) -> ReceivedFile:
    stored = file_store.load_files(conn, file_ids=[file_id])[0]
    return ReceivedFile(
        name=name, file_id=file_id, source=detection.source, is_known=detection.is_known, confidence=detection.confidence, reasons=detection.reasons, fields=detection.fields,
        records=stored.records, sha256=sha256, already_received_run=file_store.last_run_of(conn, file_id) if was_known else None,
    )


def _keep_bytes(settings: Settings, path: Path, sha256: str) -> None:
    target = raw_path(settings, sha256)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        seal_file(KeyRing.load(settings), path, part)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise GvrcError(f"The file could not be kept: {error.strerror}.", "Check the free space and the permissions of the data home.") from error


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    sha = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(HASH_BLOCK_BYTES):
            sha.update(block)
    return sha.hexdigest()


def _detection_json(detection: Detection) -> dict[str, Any]:
    # sample values stay out: they may be personal, and the database keeps such values in the vault only
    fields = [{"path": f.path, "canonical": f.canonical, "confidence": f.confidence, "reason": f.reason} for f in detection.fields]
    return {"confidence": detection.confidence, "reasons": list(detection.reasons), "is_known": detection.is_known, "fields": fields}
