"""Where a person's data lies outside the registry's own columns: the vault, what refers to it, rows as they came, and what staging made of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB

from gvrc.security.crypto import KeyRing
from gvrc.store.codec import replace_texts
from gvrc.store.jsonb import dump_json
from gvrc.store.records import state_of
from gvrc.store.tables import Vault
from gvrc.store.vault import open_values

_BATCH = 5000

TEXT_PLACES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "staging.raw_data": (("source_kind", "raw_id"), ("data", "context", "row_values"), ()),
    "staging.records": (("record_id",), ("data", "changes"), ("name",)),
    "staging.issues": (("issue_id",), ("detail", "suggestion"), ("value",)),
    "staging.dead_letters": (("dead_letter_id",), ("payload",), ("error",)),
    "staging.match_results": (("match_id",), ("features",), ("hard_evidence",)),
    "staging.decisions": (("decision_id",), ("decided_values", "evidence"), ("note",)),
}
"""Tables that hold text of lists or of people: their key, their JSON columns, their text columns."""


def matching_values(connection: Connection, keyring: KeyRing, is_theirs: Callable[[str], bool]) -> dict[uuid.UUID, str]:
    """Every value of the vault that is the person's, however it was written. Opens the whole vault, batch by batch."""
    found: dict[uuid.UUID, str] = {}
    ids = connection.execute(select(Vault.vault_id).where(Vault.wrapped_key.is_not(None))).scalars().all()
    for start in range(0, len(ids), _BATCH):
        opened = open_values(connection, keyring, ids[start : start + _BATCH])
        found |= {vault_id: value for vault_id, value in opened.items() if is_theirs(value)}
    return found


def facilities_that_name(connection: Connection, ids: Collection[uuid.UUID]) -> list[dict[str, Any]]:
    """The places whose contacts, officer or address are these values."""
    query = text("""
        select f.facility_code, f.facility_name, 'contact ' || x.contact_type as what from facility_contacts x join facilities f using (facility_id)
        where x.contact_value = any (:ids)
        union all select facility_code, facility_name, 'officer' from facilities where officer_in_charge = any (:ids)
        union all select facility_code, facility_name, 'address' from facilities where address = any (:ids) order by 1, 3
    """)
    return [dict(row._mapping) for row in connection.execute(query, {"ids": list(ids)})]


def places_whose_text_names(connection: Connection, pattern: str) -> list[dict[str, Any]]:
    """The places whose published text (name, other names, description, opening hours) holds the pattern: somebody let it stand there."""
    query = text("""
        select f.facility_code, f.facility_name, t.what from facilities f cross join lateral (values
            ('text: name', f.facility_name), ('text: other names', array_to_string(f.aliases, ' | ')), ('text: description', f.description),
            ('text: opening hours', f.opening_hours)) t (what, said) where t.said ~* :pattern order by 1, 3
    """)
    return [dict(row._mapping) for row in connection.execute(query, {"pattern": pattern})]


def drop_contacts(connection: Connection, ids: Collection[uuid.UUID]) -> int:
    """Take erased values off the places that name them; how many contacts went."""
    values = {"ids": list(ids)}
    gone = connection.execute(text("delete from facility_contacts where contact_value = any (:ids)"), values).rowcount
    connection.execute(text("update facilities set officer_in_charge = null where officer_in_charge = any (:ids)"), values)
    connection.execute(text("update facilities set address = null where address = any (:ids)"), values)
    return gone


def rows_with(connection: Connection, table: str, pattern: str) -> Iterator[dict[str, Any]]:
    """Rows of one of TEXT_PLACES in which the pattern stands, with their key and their text."""
    keys, documents, texts = TEXT_PLACES[table]
    columns = [*keys, *documents, *texts]
    matches = " or ".join(f"{column}::text ~* :pattern" for column in (*documents, *texts))
    query = text(f"select {', '.join(columns)} from {table} where {matches}")  # noqa: S608 (names of this module)
    for row in connection.execute(query, {"pattern": pattern}):
        yield dict(row._mapping)


def redact_row(connection: Connection, table: str, row: dict[str, Any], redact: Callable[[str], str]) -> None:
    """Write a row back with every text in it passed through `redact`; numbers that are theirs become texts first."""
    keys, documents, texts = TEXT_PLACES[table]
    changes = {column: replace_texts(_numbers_as_texts(row[column], redact), redact) for column in documents if row[column] is not None}
    values = {column: dump_json(value).decode() for column, value in changes.items()}
    values |= {column: redact(row[column]) for column in texts if row[column] is not None}
    if not values:
        return
    assignments = ", ".join(f"{column} = cast(:new_{column} as {'jsonb' if column in documents else 'text'})" for column in values)
    where = " and ".join(f"{key} = :key_{key}" for key in keys)
    statement = text(f"update {table} set {assignments} where {where}")  # noqa: S608 (names of this module)
    connection.execute(statement, {f"new_{k}": v for k, v in values.items()} | {f"key_{key}": row[key] for key in keys})


def _numbers_as_texts(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name: _numbers_as_texts(item, redact) for name, item in value.items()}
    if isinstance(value, list):
        return [_numbers_as_texts(item, redact) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and redact(str(value)) != str(value) else value


def note_request(connection: Connection, *, action: str, reason: str, found: dict[str, Any], handled_by: str) -> int:
    """Write down that a request was handled: counts, never the value; its number."""
    statement = text("insert into ops.subject_requests (action, reason, found, handled_by) values (:action, :reason, :found, :handled_by) returning request_id")
    typed = statement.bindparams(bindparam("found", type_=JSONB))
    return int(connection.execute(typed, {"action": action, "reason": reason, "found": found, "handled_by": handled_by}).scalar_one())


def list_requests(connection: Connection, limit: int = 100) -> list[dict[str, Any]]:
    """The requests handled, newest first."""
    query = text("select request_id, action, reason, found, handled_by, handled_at from ops.subject_requests order by request_id desc limit :limit")
    return [dict(row._mapping) for row in connection.execute(query, {"limit": limit})]


def old_files(connection: Connection, days: int) -> list[tuple[int, str]]:
    """Files whose rows may go: received before, no run at work on them, no record of theirs waiting for an answer, rows still there."""
    query = text(f"""
        select f.file_id, f.sha256 from staging.source_files f where f.received_at < now() - make_interval(days => :days)
        and exists (select 1 from staging.raw_data r where r.file_id = f.file_id)
        and not exists (select 1 from staging.records r where r.file_id = f.file_id and {state_of("r")} in ('new', 'to_review'))
        and not exists (select 1 from staging.run_files rf join ops.etl_runs e using (run_id) where rf.file_id = f.file_id and e.status in ('queued', 'running', 'stopping'))
        order by f.file_id
    """)  # noqa: S608 (a fragment of this program)
    return [(row.file_id, row.sha256) for row in connection.execute(query, {"days": days})]


def purge_rows(connection: Connection, file_ids: Sequence[int]) -> int:
    """Delete the rows of these files as they came, and what dead letters kept of them; how many rows."""
    values = {"ids": list(file_ids)}
    connection.execute(text("update staging.dead_letters set payload = '{}' where file_id = any (:ids)"), values)
    return connection.execute(text("delete from staging.raw_data where file_id = any (:ids)"), values).rowcount


def shas_still_wanted(connection: Connection) -> set[str]:
    """Files of which rows are still kept."""
    return set(connection.execute(text("select distinct f.sha256 from staging.source_files f join staging.raw_data r using (file_id)")).scalars())

