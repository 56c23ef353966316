"""The SQL of a facility's history: its versions, redirects and links as an undo needs them, requests that wait for a second person, commit jobs.

Nothing here decides; `gvrc.commit` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from gvrc.store.jsonb import dump_json
from gvrc.store.registry import contents_query
from gvrc.store.session import copy_rows


class Version(NamedTuple):
    """What a facility said after a commit. `state` has the shape of `gvrc.commit.golden.content`, with pins, origins, quality and standing."""

    facility_id: int
    version: int
    commit_id: int | None
    act: str
    undoes: list[int]
    absorbed: list[int]
    released: list[int]
    state: dict[str, Any]
    written_by: str
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDraft:
    """A version on its way into the database."""

    facility_id: int
    version: int
    act: str
    state: Mapping[str, Any]
    undoes: Sequence[int] = ()
    absorbed: Sequence[int] = ()
    released: Sequence[int] = ()


_STATE = f"""
    SELECT c.facility_id, f.version, to_jsonb(c) - 'facility_id' - 'facility_code' || jsonb_build_object('is_active', f.is_active,
        'retired_as', f.retired_as, 'pins', f.pins, 'origins', f.origins, 'quality_score', f.quality_score, 'quality_parts', f.quality_parts) AS state
    FROM ({contents_query("cast(:ids AS bigint[])")}) c JOIN facilities f USING (facility_id)
"""  # noqa: S608 (fragments of this package)


def current_states(conn: Connection, facility_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What these facilities say now, in the shape of `Version.state`."""
    return {row.facility_id: row.state for row in conn.execute(text(_STATE), {"ids": sorted(set(facility_ids))})}


def ensure_versions(conn: Connection, facility_ids: Sequence[int]) -> None:
    """Give facilities that changed before versions were kept, or past them, one for what they say now. Call it before they change."""
    conn.execute(
        text(f"""
            INSERT INTO facility_versions (facility_id, version, act, state, written_by, written_at)
            SELECT s.facility_id, s.version, 'known', s.state, f.updated_by, f.updated_at FROM ({_STATE}) s JOIN facilities f USING (facility_id)
            ON CONFLICT DO NOTHING
        """),  # noqa: S608
        {"ids": _without_version(conn, facility_ids)},
    )


def _without_version(conn: Connection, facility_ids: Sequence[int]) -> list[int]:
    query = text("""SELECT f.facility_id FROM facilities f WHERE f.facility_id = ANY(:ids) AND NOT EXISTS (
        SELECT 1 FROM facility_versions v WHERE v.facility_id = f.facility_id AND v.version = f.version)""")
    return list(conn.execute(query, {"ids": list(facility_ids)}).scalars())


def write_versions(conn: Connection, commit_id: int | None, actor: str, drafts: Iterable[VersionDraft]) -> None:
    """Keep what facilities say after a commit."""
    columns = ("facility_id", "version", "commit_id", "act", "undoes", "absorbed", "released", "state", "written_by")
    copy_rows(conn, "facility_versions", columns, (
        (d.facility_id, d.version, commit_id, d.act, list(d.undoes), list(d.absorbed), list(d.released), dict(d.state), actor) for d in drafts
    ))


def note_states(
    conn: Connection, commit_id: int | None, actor: str, facility_ids: Sequence[int], act: str, *, absorbed: Mapping[int, Sequence[int]] | None = None,
) -> None:
    """Keep what these facilities say now, read back from their tables."""
    versions = {s.facility_id: s.version for s in conn.execute(text("SELECT facility_id, version FROM facilities WHERE facility_id = ANY(:ids)"), {"ids": list(facility_ids)})}
    states = current_states(conn, facility_ids)
    taken = absorbed or {}
    write_versions(conn, commit_id, actor, (
        VersionDraft(facility_id=number, version=versions[number], act=act, state=states[number], absorbed=taken.get(number, ())) for number in states
    ))


_VERSION_COLUMNS = ", ".join(Version._fields)


def versions_of(conn: Connection, facility_ids: Iterable[int]) -> dict[int, list[Version]]:
    """Every version of these facilities, oldest first."""
    query = text(f"SELECT {_VERSION_COLUMNS} FROM facility_versions WHERE facility_id = ANY(:ids) ORDER BY facility_id, version")  # noqa: S608
    found: dict[int, list[Version]] = {}
    for row in conn.execute(query, {"ids": sorted(set(facility_ids))}):
        found.setdefault(row.facility_id, []).append(Version(*row))
    return found


def facilities_of_commit(conn: Connection, commit_id: int) -> list[int]:
    """The facilities of which a commit made a version, in the order of their ids."""
    query = text("SELECT DISTINCT facility_id FROM facility_versions WHERE commit_id = :id ORDER BY facility_id")
    return list(conn.execute(query, {"id": commit_id}).scalars())


# --------------------------------------------------------------------------------------------------------- redirects and links


class Redirect(NamedTuple):
    """A facility that was merged away. `moved_keys` are the source records that went with it; None in `undone_at`: it holds."""

    redirect_id: int
    from_facility_id: int
    to_facility_id: int
    commit_id: int | None
    undone_commit_id: int | None
    moved_keys: list[str]
    undone_at: datetime | None


_REDIRECT = f"SELECT {', '.join(Redirect._fields)} FROM facility_redirects"  # noqa: S608


def live_redirect(conn: Connection, facility_id: int) -> Redirect | None:
    """Where a merged-away facility leads, None when it stands for itself."""
    row = conn.execute(text(f"{_REDIRECT} WHERE from_facility_id = :id AND undone_at IS NULL"), {"id": facility_id}).one_or_none()
    return Redirect(*row) if row else None


def redirects_of_commit(conn: Connection, commit_id: int) -> list[Redirect]:
    """The merges a commit made, newest first."""
    return [Redirect(*row) for row in conn.execute(text(f"{_REDIRECT} WHERE commit_id = :id ORDER BY redirect_id DESC"), {"id": commit_id})]


def redirects_undone_by(conn: Connection, commit_id: int) -> list[Redirect]:
    """The merges a commit took back, oldest first."""
    return [Redirect(*row) for row in conn.execute(text(f"{_REDIRECT} WHERE undone_commit_id = :id ORDER BY redirect_id"), {"id": commit_id})]


def end_redirect(conn: Connection, redirect_id: int, actor: str, commit_id: int) -> None:
    """A merge is taken back; the row stays, so that the past can be told."""
    conn.execute(
        text("UPDATE facility_redirects SET undone_at = clock_timestamp(), undone_by = :actor, undone_commit_id = :commit WHERE redirect_id = :id"),
        {"id": redirect_id, "actor": actor, "commit": commit_id},
    )


def give_links_back(conn: Connection, redirect: Redirect) -> list[str]:
    """Source records that went with a merge feed their old facility again, unless a later merge that still holds brought them where they are.

    Returns their keys.
    """
    rows = conn.execute(
        text("""
            UPDATE facility_sources s SET facility_id = :home WHERE s.record_key = ANY(:keys) AND s.facility_id = ANY(:path) AND NOT EXISTS (
                SELECT 1 FROM facility_redirects r WHERE r.undone_at IS NULL AND r.redirect_id > :redirect AND s.record_key = ANY(r.moved_keys)
                    AND r.from_facility_id <> ALL(:path))
            RETURNING s.record_key
        """),
        {
            "home": redirect.from_facility_id, "keys": redirect.moved_keys, "redirect": redirect.redirect_id,
            "path": path_from(conn, redirect.to_facility_id),
        },
    )
    return list(rows.scalars())


def path_from(conn: Connection, facility_id: int) -> list[int]:
    """A facility and where it leads, step by step to the one that stands."""
    path = [facility_id]
    while (redirect := live_redirect(conn, path[-1])) is not None and redirect.to_facility_id not in path:
        path.append(redirect.to_facility_id)
    return path


def subtree(conn: Connection, facility_id: int) -> list[int]:
    """The facilities merged into this one, at any remove."""
    rows = conn.execute(
        text("""
            WITH RECURSIVE under AS (
                SELECT from_facility_id AS id FROM facility_redirects WHERE to_facility_id = :id AND undone_at IS NULL
                UNION SELECT r.from_facility_id FROM under JOIN facility_redirects r ON r.to_facility_id = under.id AND r.undone_at IS NULL
            ) SELECT id FROM under
        """),
        {"id": facility_id},
    )
    return list(rows.scalars())


def restore_links(conn: Connection, commit_id: int, facility_ids: Sequence[int]) -> None:
    """Links of these facilities as they were before a commit: what it moved goes back, what it added to them is taken off, where nothing moved it
    since."""
    values = {"ids": list(facility_ids), "reason": _reason_pattern(commit_id)}
    conn.execute(
        text("""
            UPDATE facility_sources s SET record_hash = coalesce(a.old_values ->> 'record_hash', s.record_hash),
                facility_id = coalesce((a.old_values ->> 'facility_id')::bigint, s.facility_id)
            FROM audit_trail a WHERE a.facility_id = ANY(:ids) AND a.table_name = 'facility_sources' AND a.operation = 'UPDATE' AND a.reason ~ :reason
                AND s.facility_source_id = a.record_id::bigint AND s.facility_id = a.facility_id
                AND s.record_hash = coalesce(a.new_values ->> 'record_hash', s.record_hash)
        """),
        values,
    )
    conn.execute(
        text("""
            DELETE FROM facility_sources s USING audit_trail a WHERE a.facility_id = ANY(:ids) AND a.table_name = 'facility_sources'
                AND a.operation = 'INSERT' AND a.reason ~ :reason AND s.facility_source_id = a.record_id::bigint AND s.facility_id = a.facility_id
        """),
        values,
    )


def reopen_records(conn: Connection, facility_ids: Sequence[int]) -> int:
    """Records whose place was taken back wait for a commit again; returns how many."""
    result = conn.execute(
        text("""
            UPDATE staging.records r SET state = 'ready', facility_id = NULL, updated_at = now()
            FROM facilities f WHERE r.facility_id = f.facility_id AND f.facility_id = ANY(:ids) AND r.state = 'committed' AND (NOT f.is_active
                OR NOT EXISTS (SELECT 1 FROM facility_sources s WHERE s.record_key = r.record_key AND s.facility_id = f.facility_id AND s.record_hash = r.record_hash))
        """),
        {"ids": list(facility_ids)},
    )
    return result.rowcount


def restore_relations(conn: Connection, commit_id: int, facility_id: int | None = None) -> None:
    """Relations as they were before a commit; with `facility_id` only those that were or are this facility's. What changed since stays."""
    rows = conn.execute(
        text("""
            SELECT record_id::bigint AS relation_id, operation, old_values, new_values FROM audit_trail
            WHERE table_name = 'facility_relations' AND reason ~ :reason ORDER BY audit_id DESC
        """),
        {"reason": _reason_pattern(commit_id)},
    ).all()
    for row in rows:
        sides = {number for values in (row.old_values, row.new_values) if values for number in (values.get("facility_id"), values.get("related_facility_id"))}
        if facility_id is None or facility_id in sides:
            _restore_relation(conn, row)


def _restore_relation(conn: Connection, row: Row[Any]) -> None:
    if row.operation == "INSERT":
        conn.execute(text("DELETE FROM facility_relations WHERE relation_id = :id"), {"id": row.relation_id})
    elif row.operation == "DELETE":
        conn.execute(
            text("""INSERT INTO facility_relations SELECT (jsonb_populate_record(null::facility_relations, cast(:values AS jsonb))).*
                ON CONFLICT DO NOTHING"""),
            {"values": dump_json(row.old_values).decode()},
        )
    else:
        conn.execute(
            text("""
                UPDATE facility_relations r SET facility_id = coalesce((cast(:old AS jsonb) ->> 'facility_id')::bigint, r.facility_id),
                    related_facility_id = coalesce((cast(:old AS jsonb) ->> 'related_facility_id')::bigint, r.related_facility_id)
                WHERE r.relation_id = :id AND to_jsonb(r) @> cast(:new AS jsonb)
            """),
            {"id": row.relation_id, "old": dump_json(row.old_values).decode(), "new": dump_json(row.new_values).decode()},
        )


def _reason_pattern(commit_id: int) -> str:
    """How the audit names a commit: `commit 12`, with more after it where there is more to say."""
    return f"^commit {commit_id}( |:|$)"


def release_codes(conn: Connection, facility_ids: Sequence[int]) -> None:
    """Official codes are put down before they are dealt out anew, so that two facilities never hold one at once."""
    conn.execute(
        text("""UPDATE facilities SET mfl_code = NULL, fid_code = NULL, registration_number = 'UNREG-' || facility_code
            WHERE facility_id = ANY(:ids) AND (mfl_code IS NOT NULL OR fid_code IS NOT NULL OR registration_number <> 'UNREG-' || facility_code)"""),
        {"ids": list(facility_ids)},
    )


def add_relation(conn: Connection, facility_id: int, related_id: int, relation: str, actor: str) -> bool:
    """Relate two facilities; False when they are already."""
    result = conn.execute(
        text("""INSERT INTO facility_relations (facility_id, related_facility_id, relation, created_by) VALUES (:one, :other, :relation, :actor)
            ON CONFLICT DO NOTHING"""),
        {"one": facility_id, "other": related_id, "relation": relation, "actor": actor},
    )
    return result.rowcount == 1


def remove_relation(conn: Connection, facility_id: int, related_id: int, relation: str) -> bool:
    """Take a relation back; False when there is none."""
    result = conn.execute(
        text("DELETE FROM facility_relations WHERE facility_id = :one AND related_facility_id = :other AND relation = :relation"),
        {"one": facility_id, "other": related_id, "relation": relation},
    )
    return result.rowcount == 1


class AcrossPair(NamedTuple):
    """Two records, one on either side of a merge, that were judged or compared."""

    question_key: str
    record_keys: list[str]
    evidence_hash: str


def pairs_across(conn: Connection, left_keys: Sequence[str], right_keys: Sequence[str]) -> list[AcrossPair]:
    """Pairs between two sets of record keys that people answered or the matcher proposed, each with the newest evidence seen."""
    rows = conn.execute(
        text("""
            SELECT DISTINCT ON (question_key) question_key, record_keys, evidence_hash FROM (
                SELECT question_key, record_keys, evidence_hash, 1 AS rank, decision_id AS newest FROM staging.decisions
                WHERE kind = 'duplicate' AND replaced_at IS NULL AND answer <> 'undone' AND record_keys && cast(:left AS text[]) AND record_keys && cast(:right AS text[])
                UNION ALL
                SELECT question_key, ARRAY[left_key, right_key], evidence_hash, 0, match_id FROM staging.match_results
                WHERE (left_key = ANY(:left) AND right_key = ANY(:right)) OR (left_key = ANY(:right) AND right_key = ANY(:left))
            ) p ORDER BY question_key, rank, newest DESC
        """),
        {"left": list(left_keys), "right": list(right_keys)},
    )
    return [AcrossPair(*row) for row in rows]


# --------------------------------------------------------------------------------------------------------- commits and requests


class CommitRow(NamedTuple):
    """One passage through the door. `reverts` names the commit that this one took back."""

    commit_id: int
    run_id: int | None
    commit_kind: str
    status: str
    committed_by: str
    started_at: datetime
    ended_at: datetime | None
    counts: dict[str, Any]
    reason: str | None
    reverts: int | None
    reverted_by: int | None


_COMMIT_ROW = """
    SELECT c.commit_id, c.run_id, c.commit_kind, c.status, c.committed_by, c.started_at, c.ended_at, c.counts, c.reason, c.reverts,
        (SELECT max(b.commit_id) FROM commits b WHERE b.reverts = c.commit_id AND b.commit_kind = 'rollback') AS reverted_by
    FROM commits c
"""


def commit_row(conn: Connection, commit_id: int) -> CommitRow | None:
    """One commit, None when there is none of this number."""
    row = conn.execute(text(f"{_COMMIT_ROW} WHERE c.commit_id = :id"), {"id": commit_id}).one_or_none()
    return CommitRow(*row) if row else None


def commit_rows(conn: Connection, *, limit: int, offset: int) -> list[CommitRow]:
    """Commits, newest first."""
    query = text(f"{_COMMIT_ROW} ORDER BY c.commit_id DESC LIMIT :limit OFFSET :offset")
    return [CommitRow(*row) for row in conn.execute(query, {"limit": limit, "offset": offset})]


def open_rollback(conn: Connection, commit_id: int) -> int | None:
    """The rollback of this commit that began and has not ended, by its own number."""
    query = text("SELECT max(commit_id) FROM commits WHERE reverts = :id AND commit_kind = 'rollback' AND status = 'running'")
    found = conn.execute(query, {"id": commit_id}).scalar_one()
    return None if found is None else int(found)


def count_commits(conn: Connection) -> int:
    """How many commits there are."""
    return int(conn.execute(text("SELECT count(*) FROM commits")).scalar_one())


def begin_act(conn: Connection, kind: str, actor: str, reason: str | None, *, reverts: int | None = None) -> int:
    """The row of an act on live facilities, done when its transaction is."""
    query = text("""INSERT INTO commits (commit_kind, committed_by, reason, reverts) VALUES (:kind, :actor, :reason, :reverts) RETURNING commit_id""")
    return int(conn.execute(query, {"kind": kind, "actor": actor, "reason": reason, "reverts": reverts}).scalar_one())


class Request(NamedTuple):
    """An act that waits for a second person, or did."""

    request_id: int
    act: str
    facility_ids: list[int]
    payload: dict[str, Any]
    versions: dict[str, int]
    risks: list[str]
    reason: str | None
    state: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    note: str | None
    commit_id: int | None


_REQUEST = f"SELECT {', '.join(Request._fields)} FROM change_requests"  # noqa: S608


def add_request(
    conn: Connection, *, act: str, facility_ids: Sequence[int], payload: Mapping[str, Any], versions: Mapping[int, int], risks: Sequence[str],
    reason: str | None, asked_by: str,
) -> int:
    """Keep a request; its number."""
    query = text("""
        INSERT INTO change_requests (act, facility_ids, payload, versions, risks, reason, asked_by)
        VALUES (:act, :ids, cast(:payload AS jsonb), cast(:versions AS jsonb), cast(:risks AS jsonb), :reason, :by) RETURNING request_id
    """)
    values = {
        "act": act, "ids": list(facility_ids), "payload": dump_json(payload).decode(), "versions": dump_json({str(k): v for k, v in versions.items()}).decode(),
        "risks": dump_json(list(risks)).decode(), "reason": reason, "by": asked_by,
    }
    return int(conn.execute(query, values).scalar_one())


def load_request(conn: Connection, request_id: int, *, for_update: bool = False) -> Request | None:
    """One request; `for_update` keeps a second approver waiting until the first has decided."""
    row = conn.execute(text(f"{_REQUEST} WHERE request_id = :id{' FOR UPDATE' if for_update else ''}"), {"id": request_id}).one_or_none()
    return Request(*row) if row else None


def requests(conn: Connection, *, state: str | None = None, facility_id: int | None = None, limit: int = 100) -> list[Request]:
    """Requests, the oldest waiting first, else the newest first."""
    order = "request_id" if state == "waiting" else "request_id DESC"
    query = text(f"""{_REQUEST} WHERE (cast(:state AS text) IS NULL OR state = :state)
        AND (cast(:facility AS bigint) IS NULL OR :facility = ANY(facility_ids)) ORDER BY {order} LIMIT :limit""")
    return [Request(*row) for row in conn.execute(query, {"state": state, "facility": facility_id, "limit": limit})]


def rollback_request(conn: Connection, commit_id: int) -> int | None:
    """The newest request to take this commit back."""
    query = text("SELECT max(request_id) FROM change_requests WHERE act = 'rollback' AND payload ->> 'commit' = cast(:id AS text)")
    return conn.execute(query, {"id": str(commit_id)}).scalar_one_or_none()


def decide_request(conn: Connection, request_id: int, state: str, actor: str, *, note: str | None = None, commit_id: int | None = None) -> None:
    """A request's last word."""
    conn.execute(
        text("""UPDATE change_requests SET state = :state, decided_by = :actor, decided_at = clock_timestamp(), note = :note, commit_id = :commit
            WHERE request_id = :id"""),
        {"id": request_id, "state": state, "actor": actor, "note": note, "commit": commit_id},
    )


# --------------------------------------------------------------------------------------------------------- commit jobs


class Job(NamedTuple):
    """A commit that a process of its own carries out."""

    job_id: int
    run_id: int | None
    request_id: int | None
    asked_by: str
    is_signed: bool
    state: str
    counts: dict[str, Any]
    outcome: dict[str, Any] | None
    error: str | None
    hint: str | None
    asked_at: datetime
    ended_at: datetime | None


_JOB = f"SELECT {', '.join(Job._fields)} FROM ops.commit_jobs"  # noqa: S608


def add_job(conn: Connection, *, run_id: int | None, request_id: int | None, asked_by: str, is_signed: bool) -> int:
    """Queue a commit; its job's number."""
    query = text("""INSERT INTO ops.commit_jobs (run_id, request_id, asked_by, is_signed) VALUES (:run, :request, :by, :signed) RETURNING job_id""")
    return int(conn.execute(query, {"run": run_id, "request": request_id, "by": asked_by, "signed": is_signed}).scalar_one())


def load_job(conn: Connection, job_id: int) -> Job | None:
    """One job."""
    row = conn.execute(text(f"{_JOB} WHERE job_id = :id"), {"id": job_id}).one_or_none()
    return Job(*row) if row else None


def last_job(conn: Connection, *, run_id: int | None = None, request_id: int | None = None) -> Job | None:
    """The newest job of a run, or of a request."""
    query = f"{_JOB} WHERE (cast(:run AS bigint) IS NULL OR run_id = :run) AND (cast(:request AS bigint) IS NULL OR request_id = :request) ORDER BY job_id DESC LIMIT 1"
    row = conn.execute(text(query), {"run": run_id, "request": request_id}).one_or_none()
    return Job(*row) if row else None


def note_job(
    conn: Connection, job_id: int, state: str, *, counts: Mapping[str, Any] | None = None, outcome: Mapping[str, Any] | None = None,
    error: str | None = None, hint: str | None = None,
) -> None:
    """How far a job has come."""
    conn.execute(
        text("""
            UPDATE ops.commit_jobs SET state = cast(:state AS varchar), counts = coalesce(cast(:counts AS jsonb), counts), outcome = cast(:outcome AS jsonb), error = :error,
                hint = :hint, ended_at = CASE WHEN cast(:state AS varchar) IN ('queued', 'running') THEN NULL ELSE clock_timestamp() END WHERE job_id = :id
        """),
        {
            "id": job_id, "state": state, "error": error, "hint": hint, "counts": dump_json(counts).decode() if counts is not None else None,
            "outcome": dump_json(outcome).decode() if outcome is not None else None,
        },
    )
