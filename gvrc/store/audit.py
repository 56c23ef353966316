"""Proving that the audit trail is whole. (Triggers write it: gvrc/store/migrations.)

Each row carries a hash of its content; each statement's rows form a link of a chain, whose hash covers the link before. A changed row, a
removed row, a row slipped in and a changed link show by themselves; a cut tail shows against the head, which is kept in a file outside the
database.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from gvrc.settings import Settings
from gvrc.store.embedded_place import file_lock

_SHOWN_FINDINGS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """The end of the chain at a moment."""

    chain_id: int
    chain_hash: str
    last_audit_id: int
    written_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """One proof that somebody changed the audit. `kind` is changed_row, missing_row, added_row, changed_link, broken_chain or cut_tail; `number` is
    the audit_id or, for links, the chain_id."""

    kind: str
    number: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """Whether the trail is whole, how much of it there is, and the first hundred findings."""

    rows: int
    links: int
    findings: tuple[AuditFinding, ...]

    @property
    def is_intact(self) -> bool:
        return not self.findings


def verify(connection: Connection, head: Path | None = None) -> AuditVerdict:
    """Reads the whole trail and recomputes every hash, in the database. With `head`, the file of `write_head`, a cut tail shows too."""
    counts = connection.execute(text("select (select count(*) from audit_trail) as rows, (select count(*) from audit_chain) as links")).one()
    findings = [AuditFinding(kind=kind, number=number, sentence=sentence.format(number)) for kind, query, sentence in _CHECKS for number in _numbers(connection, query)]
    if head is not None:
        findings += _cut_tail(connection, head)
    return AuditVerdict(rows=counts.rows, links=counts.links, findings=tuple(findings[:_SHOWN_FINDINGS]))


def head_file(settings: Settings) -> Path:
    """Where this installation keeps the heads of the chain."""
    return settings.home / "audit" / "head.jsonl"


def write_head(connection: Connection, path: Path) -> AuditHead | None:
    """Adds the end of the chain to the file, unless it is there already; None while nothing was audited. Once a day and with every backup."""
    row = connection.execute(text("select chain_id, encode(chain_hash, 'hex') as chain_hash, last_audit_id, now() as at from audit_chain order by chain_id desc limit 1")).one_or_none()
    if row is None:
        return None
    head = AuditHead(chain_id=row.chain_id, chain_hash=row.chain_hash, last_audit_id=row.last_audit_id, written_at=row.at.isoformat())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file_lock(path.with_name("lock")):
        known = read_heads(path)
        if not known or known[-1].chain_hash != head.chain_hash:
            _append(path, head)
    return head


def read_heads(path: Path) -> list[AuditHead]:
    """The heads written so far, oldest first. A last line that a crash cut short is left out."""
    heads: list[AuditHead] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            heads.append(AuditHead(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return heads


def take_turn(connection: Connection) -> None:
    """Queues this transaction among the writers of the registry before it locks rows (`select ... for update`): call it first, and two
    commits never wait for each other crosswise. The triggers do the same at the first statement that writes."""
    connection.execute(text("select pg_advisory_xact_lock(7203450001)"))


def _append(path: Path, head: AuditHead) -> None:
    line: dict[str, Any] = {"chain_id": head.chain_id, "chain_hash": head.chain_hash, "last_audit_id": head.last_audit_id, "written_at": head.written_at}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{json.dumps(line)}\n")
        file.flush()
        os.fsync(file.fileno())


def _numbers(connection: Connection, query: str) -> list[int]:
    return list(connection.execute(text(query), {"limit": _SHOWN_FINDINGS}).scalars())


def _cut_tail(connection: Connection, path: Path) -> list[AuditFinding]:
    heads = read_heads(path)
    if not heads:
        return []
    last = heads[-1]
    found = connection.execute(text("select encode(chain_hash, 'hex') from audit_chain where chain_id = :chain_id"), {"chain_id": last.chain_id}).scalar_one_or_none()
    if found == last.chain_hash:
        return []
    sentence = f"Link {last.chain_id}, noted outside the database on {last.written_at[:10]}, is not in it any more: the end was cut off or rewritten."
    return [AuditFinding(kind="cut_tail", number=last.chain_id, sentence=sentence)]


_CHECKS = (
    (
        "changed_row",
        "select audit_id from audit_trail where row_hash <> audit_row_hash(audit_id, table_name, record_id, operation, old_values, new_values,"
        " changed_by, changed_at, session_id, run_id, reason, facility_id) order by audit_id limit :limit",
        "Row {} of the audit trail was changed after it was written.",
    ),
    (
        "missing_row",
        "select c.chain_id from audit_chain c left join lateral (select count(*) as found from audit_trail t"
        " where t.audit_id between c.first_audit_id and c.last_audit_id) t on true where t.found < c.row_count order by c.chain_id limit :limit",
        "Rows of link {} are missing from the audit trail.",
    ),
    (
        "added_row",
        "select t.audit_id from audit_trail t where not exists (select 1 from audit_chain c where t.audit_id between c.first_audit_id and c.last_audit_id)"
        " order by t.audit_id limit :limit",
        "Row {} of the audit trail belongs to no link of the chain.",
    ),
    (
        "changed_link",
        "select c.chain_id from audit_chain c left join lateral (select sha256(string_agg(t.row_hash, ''::bytea order by t.audit_id)) as hashed, count(*) as found"
        " from audit_trail t where t.audit_id between c.first_audit_id and c.last_audit_id) t on true"
        " where t.found >= c.row_count and (t.hashed is distinct from c.rows_hash or t.found <> c.row_count)"
        " or c.chain_hash <> audit_chain_hash(c.previous_hash, c.rows_hash, c.first_audit_id, c.last_audit_id, c.row_count, c.created_at)"
        " order by c.chain_id limit :limit",
        "Link {} does not fit its rows.",
    ),
    (
        "broken_chain",
        "select chain_id from (select chain_id, previous_hash,"
        " lag(chain_hash, 1, decode(repeat('00', 32), 'hex')) over (order by chain_id) as expected from audit_chain) c"
        " where previous_hash <> expected order by chain_id limit :limit",
        "Link {} does not follow the link before it.",
    ),
)
