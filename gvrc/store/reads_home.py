"""The SQL of the home page: what waits in the newest runs, who is at it, and what happened since a moment.

A file may have been through several runs: what waits in it counts once, for the newest of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from gvrc.store.reads import SHOWN, Scope

_NEWEST = "(SELECT file_id, max(run_id) AS run_id FROM staging.run_files WHERE run_id = ANY(:run_ids) GROUP BY file_id)"
"""The newest of some runs for each of their files."""
_BOTH_SEEN = f"AND NOT EXISTS (SELECT 1 FROM staging.records r WHERE r.record_id IN (m.left_record_id, m.right_record_id) AND {SHOWN} <> 'all')"  # noqa: S608
_SEEN = f"AND {SHOWN} = 'all'"
_KNOWN = f"AND {SHOWN} <> 'nothing'"


def open_questions(conn: Connection, scope: Scope, run_ids: Sequence[int]) -> list[Row[Any]]:
    """How many questions of these runs wait: by run, kind and county of the (left) record."""
    query = _whole(scope, f"""
        SELECT m.run_id, 'duplicate' AS kind, coalesce(l.county_code, o.county_code) AS county_code, count(*) AS n
        FROM staging.match_results m LEFT JOIN staging.records l ON l.record_id = m.left_record_id LEFT JOIN staging.records o ON o.record_id = m.right_record_id
        WHERE m.run_id IN (SELECT run_id FROM {_NEWEST} n) AND m.is_open
        {_BOTH_SEEN}
        GROUP BY 1, 2, 3
        UNION ALL
        SELECT rf.run_id, 'issue', r.county_code, count(*)
        FROM staging.issues i JOIN {_NEWEST} rf ON rf.file_id = i.file_id JOIN staging.records r ON r.record_id = i.record_id
        WHERE i.asks AND i.state = 'open' AND r.state <> 'rejected' {_SEEN}
        GROUP BY 1, 2, 3
    """)  # noqa: S608
    return list(conn.execute(text(query), {"run_ids": list(run_ids)} | scope.parameters()))


def standing(conn: Connection, scope: Scope, run_ids: Sequence[int]) -> list[Row[Any]]:
    """How many records of these runs stand ready, wait for review or are held; by run and state."""
    query = _whole(scope, f"""
        SELECT rf.run_id, r.state, count(*) AS n FROM {_NEWEST} rf JOIN staging.records r USING (file_id)
        WHERE true {_KNOWN} GROUP BY 1, 2
    """)  # noqa: S608
    return list(conn.execute(text(query), {"run_ids": list(run_ids)} | scope.parameters()))


def _whole(scope: Scope, query: str) -> str:
    """The query, spared the look at every record's visibility when the reader sees all of them."""
    if scope.sees_all and scope.counties is None:
        for looks in (_BOTH_SEEN, _SEEN, _KNOWN):
            query = query.replace(looks, "")
    return query


def claims(conn: Connection) -> dict[str, int]:
    """Who has how many questions open right now."""
    query = text("SELECT claimed_by, count(*) AS n FROM staging.claims WHERE expires_at > clock_timestamp() GROUP BY 1 ORDER BY 1")
    return {row.claimed_by: row.n for row in conn.execute(query)}


def unsigned(conn: Connection, run_ids: Sequence[int]) -> dict[int, int]:
    """How many places the newest commit of each of these runs left waiting for a second signature."""
    query = text("""
        SELECT DISTINCT ON (run_id) run_id, coalesce((counts -> 'held_back' ->> 'second_signature')::int, 0) + coalesce((counts -> 'held_back' ->> 'other_person')::int, 0) AS n
        FROM commits WHERE run_id = ANY(:run_ids) ORDER BY run_id, commit_id DESC
    """)
    return {row.run_id: row.n for row in conn.execute(query, {"run_ids": list(run_ids)}) if row.n}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Rows of what happened since a moment: runs, answers by person and run, commits."""

    runs: list[Row[Any]]
    answers: list[Row[Any]]
    commits: list[Row[Any]]


def happened(conn: Connection, since: datetime, username: str) -> Happened:
    """What others did and what came in since a moment; a person's own answers are no news to them."""
    values = {"since": since, "username": username}
    runs = text("SELECT run_id, status, started_by, created_at FROM ops.etl_runs WHERE created_at > :since ORDER BY run_id DESC LIMIT 5")
    answers = text("""
        SELECT decided_by, run_id, count(*) AS n, max(decided_at) AS newest FROM staging.decisions
        WHERE decided_at > :since AND decided_by <> :username AND replaced_at IS NULL AND answer <> 'undone' AND run_id IS NOT NULL
        GROUP BY 1, 2 ORDER BY newest DESC LIMIT 5
    """)
    commits = text("""
        SELECT commit_id, run_id, committed_by, ended_at, commit_kind, coalesce((counts ->> 'added')::int, 0) AS added, coalesce((counts ->> 'changed')::int, 0) AS changed
        FROM commits WHERE coalesce(ended_at, started_at) > :since ORDER BY commit_id DESC LIMIT 5
    """)
    return Happened(runs=list(conn.execute(runs, values)), answers=list(conn.execute(answers, values)), commits=list(conn.execute(commits, values)))


def unread(conn: Connection, run_ids: Sequence[int]) -> dict[int, int]:
    """How many rows of these runs could not be processed and still wait."""
    query = text(f"""
        SELECT rf.run_id, count(*) AS n FROM staging.dead_letters d JOIN {_NEWEST} rf USING (file_id)
        WHERE d.stage <> 'commit' AND d.state = 'open' GROUP BY 1
    """)  # noqa: S608
    return {row.run_id: row.n for row in conn.execute(query, {"run_ids": list(run_ids)})}
