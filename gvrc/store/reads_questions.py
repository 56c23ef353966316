"""The SQL of the questions: which one is next, how many wait, what was answered. Paged and counted in the database.

Pairs come in the order of the worth of their answer, then flagged values, errors first, most points first; indexes hold both orders, so that the
next question costs the same with ten of them as with a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, text

from gvrc.store.reads import SEEN_PAIRS, SHOWN, Scope, for_scope, shown_as

SAMPLE_AT_LEAST = 3
"""So many of a run's automatic merges, at least, are put before a steward."""


class Asked(StrEnum):
    """Why a pair stands before a steward. The first five wait for an answer; the last two hold nothing up and are shown on request."""

    OPEN = "open"
    CHANGED = "changed"
    CONFLICT = "conflict"
    CONTEST = "contest"
    RELATION = "relation"
    SAMPLE = "sample"
    PARKED = "parked"


_STANDS = "d.replaced_at IS NULL AND d.answer <> 'undone'"
_IS_SAMPLE = f"""p.pair_state = 'automatic' AND NOT p.is_open AND NOT EXISTS (
        SELECT 1 FROM staging.decisions d WHERE d.question_key = p.question_key AND {_STANDS})
    AND (p.is_sample OR p.question_key IN (SELECT m.question_key FROM staging.match_results m
        WHERE m.run_id = :run_id AND m.band = 'automatic' ORDER BY m.question_key LIMIT {SAMPLE_AT_LEAST}))"""  # noqa: S608
_ASKED = f"""CASE p.pair_state WHEN 'conflict' THEN 'conflict' WHEN 'contest' THEN 'contest' WHEN 'proposed_relation' THEN 'relation'
    WHEN 'parked' THEN 'parked' WHEN 'automatic' THEN 'sample'
    ELSE CASE WHEN EXISTS (SELECT 1 FROM staging.decisions d WHERE d.question_key = p.question_key AND {_STANDS}) THEN 'changed' ELSE 'open' END END"""  # noqa: S608
_RANK = "CASE i.severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END"
_FACILITY_OF = "CASE WHEN {key} ~ '^facility:[0-9]{{1,18}}$' THEN substring({key} from 10)::bigint END"
_HELD = """NOT EXISTS (SELECT 1 FROM staging.claims c WHERE c.question_key = {table}.question_key AND c.expires_at > clock_timestamp()
    AND c.claimed_by <> :username)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFilter:
    """Which questions of a run; what is None does not filter.

    `asked` is a value of `Asked`; without it every pair that waits. `skipped` are keys to pass over, `free_for` passes over what somebody else
    than this user has open.
    """

    kind: str | None = None
    code: str | None = None
    source: str | None = None
    county: str | None = None
    facility_type: str | None = None
    band: str | None = None
    severity: str | None = None
    stage: str | None = None
    asked: str | None = None
    keys: Sequence[str] | None = None
    skipped: Sequence[str] = ()
    free_for: str | None = None

    @property
    def has_pairs(self) -> bool:
        """Whether a pair can be among them."""
        return self.kind in (None, "duplicate") and self.code is None and self.severity is None and self.stage is None

    @property
    def has_flags(self) -> bool:
        """Whether a flagged value can be among them."""
        return self.kind in (None, "issue") and self.band is None and self.asked is None

    def parameters(self) -> dict[str, Any]:
        """The bind parameters of the clauses."""
        names = ("code", "source", "county", "facility_type", "band", "severity", "stage", "asked")
        return {name: getattr(self, name) for name in names} | {"keys": list(self.keys or ()), "skipped": list(self.skipped), "username": self.free_for}

    def pair_clauses(self) -> str:
        """SQL over a pair `p`."""
        sides = "SELECT 1 FROM staging.records s WHERE s.record_id IN (p.left_record_id, p.right_record_id)"
        clauses = [_IS_SAMPLE if self.asked == Asked.SAMPLE else "p.pair_state = 'parked'" if self.asked == Asked.PARKED else "p.is_open"]
        clauses += [f"EXISTS ({sides} AND s.{column} = :{name})" for name, column in _OF_RECORD.items() if getattr(self, name) is not None]
        clauses += ["p.band = :band"] if self.band is not None else []
        clauses += [f"{_ASKED} = :asked"] if self.asked not in (None, Asked.SAMPLE, Asked.PARKED) else []
        return " AND ".join([*clauses, *self._passed_over("p")])

    def flag_clauses(self) -> str:
        """SQL over an issue `i` of a record `r`."""
        clauses = [f"i.{name} = :{name}" for name in ("code", "severity", "stage") if getattr(self, name) is not None]
        clauses += [f"r.{column} = :{name}" for name, column in _OF_RECORD.items() if getattr(self, name) is not None]
        return " AND ".join(["i.asks AND i.state = 'open' AND r.state <> 'rejected'", *clauses, *self._passed_over("i")])

    def _passed_over(self, table: str) -> list[str]:
        clauses = [f"{table}.question_key = ANY(:keys)"] if self.keys is not None else []
        clauses += [f"{table}.question_key <> ALL(:skipped)"] if self.skipped else []
        return clauses + ([_HELD.format(table=table)] if self.free_for is not None else [])


_OF_RECORD: Mapping[str, str] = {"source": "source", "county": "county_code", "facility_type": "facility_type"}


def question_rows(conn: Connection, scope: Scope, run_id: int, chosen: QuestionFilter, *, limit: int | None, offset: int) -> list[Row[Any]]:
    """Questions in the desk's order: pairs by the worth of their answer, then flagged values, errors first, most points first."""
    most = None if limit is None else limit + offset
    rows = _pair_page(conn, scope, run_id, chosen, most) if chosen.has_pairs else []
    if chosen.has_flags and (most is None or len(rows) < most):
        rows += _flag_page(conn, scope, run_id, chosen, most)
    return rows[offset:most]


def _pair_page(conn: Connection, scope: Scope, run_id: int, chosen: QuestionFilter, most: int | None) -> list[Row[Any]]:
    query = text(for_scope(scope, f"""
        SELECT p.question_key, 'duplicate' AS kind, p.match_id, NULL::bigint AS issue_id, p.left_record_id, p.right_record_id, NULL AS code, {_ASKED} AS asked,
            p.is_open
        FROM ({SEEN_PAIRS}) p WHERE {chosen.pair_clauses()} ORDER BY p.priority DESC, p.match_id LIMIT :most
    """))  # noqa: S608 (fragments of this module)
    return list(conn.execute(query, {"run_id": run_id, "most": most} | scope.parameters() | chosen.parameters()))


def _flag_page(conn: Connection, scope: Scope, run_id: int, chosen: QuestionFilter, most: int | None) -> list[Row[Any]]:
    """Each file gives the first of its own by its index; of these the first."""
    query = text(for_scope(scope, f"""
        SELECT q.* FROM staging.run_files rf CROSS JOIN LATERAL (
            SELECT i.question_key, 'issue' AS kind, NULL::bigint AS match_id, i.issue_id, i.record_id AS left_record_id, NULL::bigint AS right_record_id,
                i.code, NULL AS asked, true AS is_open, {_RANK} AS rank, coalesce(i.points, 0) AS weight
            FROM staging.issues i JOIN staging.records r USING (record_id)
            WHERE i.file_id = rf.file_id AND r.file_id = rf.file_id AND {SHOWN} = 'all' AND {chosen.flag_clauses()}
            ORDER BY {_RANK}, coalesce(i.points, 0) DESC, i.code, i.record_id, i.issue_id LIMIT :most
        ) q WHERE rf.run_id = :run_id ORDER BY q.rank, q.weight DESC, q.code, q.left_record_id, q.issue_id LIMIT :most
    """))  # noqa: S608
    return list(conn.execute(query, {"run_id": run_id, "most": most} | scope.parameters() | chosen.parameters()))


# --------------------------------------------------------------------------------------------------------- counts


def pair_tally(conn: Connection, scope: Scope, run_id: int, asked: str | None = None) -> list[Row[Any]]:
    """Pairs that wait (or those of `asked`) by why, band and what both sides are."""
    chosen = QuestionFilter(asked=asked if asked in (Asked.SAMPLE, Asked.PARKED) else None)
    query = text(for_scope(scope, f"""
        SELECT {_ASKED} AS asked, p.band, l.source AS left_source, o.source AS right_source, l.county_code AS left_county, o.county_code AS right_county,
            l.facility_type AS left_type, o.facility_type AS right_type, count(*) AS n
        FROM ({SEEN_PAIRS}) p LEFT JOIN staging.records l ON l.record_id = p.left_record_id LEFT JOIN staging.records o ON o.record_id = p.right_record_id
        WHERE {chosen.pair_clauses()} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    """))  # noqa: S608
    return list(conn.execute(query, {"run_id": run_id} | scope.parameters() | chosen.parameters()))


def flag_tally(conn: Connection, scope: Scope, run_id: int) -> list[Row[Any]]:
    """Flagged values that wait by kind of issue, severity, stage and what the record is."""
    query = text(for_scope(scope, f"""
        SELECT i.code, i.severity, i.stage, r.source, r.county_code, r.facility_type, count(*) AS n
        FROM staging.issues i JOIN staging.records r USING (record_id)
        WHERE i.file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id) AND {SHOWN} = 'all' AND {QuestionFilter().flag_clauses()}
        GROUP BY 1, 2, 3, 4, 5, 6
    """))  # noqa: S608
    return list(conn.execute(query, {"run_id": run_id} | scope.parameters()))


def answered_pairs(conn: Connection, scope: Scope, run_id: int) -> int:
    """How many pairs of a run people answered in it; their answers stand."""
    query = text(for_scope(scope, f"""
        SELECT count(*) FROM ({SEEN_PAIRS}) p JOIN staging.decisions d ON d.question_key = p.question_key AND {_STANDS} AND d.run_id = :run_id
        WHERE NOT p.is_open
    """))  # noqa: S608
    return int(conn.execute(query, {"run_id": run_id} | scope.parameters()).scalar_one())


def answered_flags(conn: Connection, scope: Scope, run_id: int) -> int:
    """How many flagged values of a run people answered in it; their answers stand."""
    query = text(for_scope(scope, f"""
        SELECT count(*) FROM staging.decisions d WHERE d.run_id = :run_id AND d.kind = 'issue' AND {_STANDS} AND NOT EXISTS (
            SELECT 1 FROM staging.records r WHERE r.record_key = ANY(d.record_keys) AND {SHOWN} <> 'all')
    """))  # noqa: S608
    return int(conn.execute(query, {"run_id": run_id} | scope.parameters()).scalar_one())


def pace(conn: Connection, username: str, kind: str, last: int) -> float | None:
    """Seconds this person takes for an answer: the median of the last ones; None when there are too few to tell."""
    row = conn.execute(
        text("""
            SELECT count(*) AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds_taken) AS median FROM (
                SELECT seconds_taken FROM staging.decisions WHERE decided_by = :username AND kind = :kind AND seconds_taken IS NOT NULL
                ORDER BY decided_at DESC LIMIT :last) AS latest
        """),
        {"username": username, "kind": kind, "last": last},
    ).one()
    return float(row.median) if row.n >= 5 else None


def alike_count(conn: Connection, run_id: int, key: str, counties: Sequence[str], at_most: int) -> int:
    """How many of the run's open questions want the same suggestion as this one, itself among them, counted up to `at_most`; within these counties
    (none: everywhere). `gvrc.store.records.alike_questions` names them."""
    query = text("""
        SELECT count(*) FROM (
            SELECT 1 FROM staging.issues own JOIN staging.issues i ON i.code = own.code AND i.field_name = own.field_name
                AND md5(i.suggestion ->> 'shown') = md5(own.suggestion ->> 'shown') AND i.suggestion -> 'shown' = own.suggestion -> 'shown'
            JOIN staging.records r ON r.record_id = i.record_id
            WHERE own.question_key = :key AND own.file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id)
                AND i.file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id)
                AND i.asks AND i.state = 'open' AND i.suggestion IS NOT NULL AND r.state <> 'rejected' AND (:everywhere OR r.county_code = ANY(:counties))
            LIMIT :at_most) AS found
    """)
    values = {"run_id": run_id, "key": key, "everywhere": not counties, "counties": list(counties), "at_most": at_most}
    return int(conn.execute(query, values).scalar_one())


def held_by_others(conn: Connection, run_id: int, username: str) -> list[Row[Any]]:
    """Who else has which open question of a run on the table, and until when."""
    rows = conn.execute(
        text("""
            SELECT c.question_key, c.claimed_by, c.expires_at FROM staging.claims c
            WHERE c.expires_at > clock_timestamp() AND c.claimed_by <> :username AND (
                EXISTS (SELECT 1 FROM staging.match_results m WHERE m.run_id = :run_id AND m.question_key = c.question_key AND m.is_open)
                OR EXISTS (SELECT 1 FROM staging.issues i JOIN staging.run_files rf USING (file_id)
                    WHERE rf.run_id = :run_id AND i.question_key = c.question_key AND i.asks AND i.state = 'open'))
            ORDER BY c.claimed_by, c.question_key
        """),
        {"run_id": run_id, "username": username},
    )
    return list(rows)


# --------------------------------------------------------------------------------------------------------- one question


def any_question(conn: Connection, scope: Scope, run_id: int, key: str) -> Row[Any] | None:
    """A question of a run, open or answered, by its key."""
    values = {"run_id": run_id, "key": key} | scope.parameters()
    pair = text(for_scope(scope, f"""
        SELECT p.question_key, 'duplicate' AS kind, p.match_id, NULL::bigint AS issue_id, p.left_record_id, p.right_record_id, NULL AS code, {_ASKED} AS asked,
            p.is_open
        FROM ({SEEN_PAIRS}) p WHERE p.question_key = :key LIMIT 1
    """))  # noqa: S608
    flag = text(for_scope(scope, f"""
        SELECT i.question_key, 'issue' AS kind, NULL::bigint AS match_id, i.issue_id, i.record_id AS left_record_id, NULL::bigint AS right_record_id,
            i.code, NULL AS asked, i.asks AND i.state = 'open' AND r.state <> 'rejected' AS is_open
        FROM staging.issues i JOIN staging.records r USING (record_id) JOIN staging.run_files rf ON rf.file_id = i.file_id
        WHERE rf.run_id = :run_id AND i.question_key = :key AND {SHOWN} = 'all' LIMIT 1
    """))  # noqa: S608
    return conn.execute(pair, values).one_or_none() or conn.execute(flag, values).one_or_none()


def pair_rows(conn: Connection, match_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Scored pairs by id, with all their features."""
    rows = conn.execute(text("SELECT * FROM staging.match_results WHERE match_id = ANY(:ids)"), {"ids": list(match_ids)})
    return {row.match_id: row for row in rows}


def pairs_touching(conn: Connection, scope: Scope, run_id: int, keys: Sequence[str]) -> list[Row[Any]]:
    """Pairs of a run that these records or facilities belong to and that join or may join them to others."""
    query = text(for_scope(scope, f"""
        SELECT p.question_key, p.left_key, p.right_key, p.left_record_id, p.right_record_id, p.evidence_hash, p.pair_state, p.is_open, p.match_score, p.band
        FROM ({SEEN_PAIRS}) p WHERE (p.left_key = ANY(:keys) OR p.right_key = ANY(:keys)) AND p.band <> 'dropped' ORDER BY p.match_score DESC, p.match_id
    """))  # noqa: S608
    return list(conn.execute(query, {"run_id": run_id, "keys": list(keys)} | scope.parameters()))


def earlier_decisions(conn: Connection, question_keys: Sequence[str]) -> dict[str, Row[Any]]:
    """The last real answer to each question, whether it still stands or not."""
    rows = conn.execute(
        text("""
            SELECT DISTINCT ON (question_key) * FROM staging.decisions WHERE question_key = ANY(:keys) AND answer <> 'undone'
            ORDER BY question_key, decision_id DESC
        """),
        {"keys": list(question_keys)},
    )
    return {row.question_key: row for row in rows}


def newest_decisions(conn: Connection, question_keys: Sequence[str]) -> dict[str, int]:
    """The id of the last word on each question, an undo included: whoever answers tells which one they saw."""
    rows = conn.execute(
        text("SELECT question_key, decision_id FROM staging.decisions WHERE question_key = ANY(:keys) AND replaced_at IS NULL"), {"keys": list(question_keys)}
    )
    return {row.question_key: row.decision_id for row in rows}


def decided_like(conn: Connection) -> dict[tuple[str, int], tuple[int, int]]:
    """From all decided pairs: per strategy and tenth of the match score, how many were decided and how many of them were the same."""
    rows = conn.execute(text("""
        SELECT strategy, least(floor(match_score * 10)::int, 9) AS tenth, count(*) AS decided, count(*) FILTER (WHERE answer = 'same') AS same
        FROM (
            SELECT DISTINCT ON (d.question_key) m.strategy, m.match_score, d.answer FROM staging.decisions d
            JOIN staging.match_results m USING (question_key)
            WHERE d.kind = 'duplicate' AND d.replaced_at IS NULL AND d.answer IN ('same', 'different', 'related')
            ORDER BY d.question_key, m.match_id DESC
        ) AS newest GROUP BY 1, 2
    """))
    return {(row.strategy, row.tenth): (row.decided, row.same) for row in rows}


def decision_rows(conn: Connection, scope: Scope, run_id: int, *, limit: int, as_batches: bool = False) -> list[Row[Any]]:
    """The last answers given in a run about records the reader may see, newest first. `together` counts the answers of its batch that still stand;
    `as_batches`: only the newest answer of each batch. `names` are those of its records, in their order."""
    step = "coalesce(d.evidence ->> 'batch', d.decision_id::text)"
    newest = f"""
        SELECT max(d.decision_id) AS decision_id, count(*) AS together FROM staging.decisions d
        WHERE d.run_id = :run_id AND {_STANDS} GROUP BY {step if as_batches else "d.decision_id"}
    """  # noqa: S608
    query = text(for_scope(scope, f"""
        SELECT d.*, n.together, (
            SELECT array_agg(coalesce((SELECT r.name FROM staging.records r JOIN staging.run_files rf USING (file_id)
                WHERE rf.run_id = :run_id AND r.record_key = k.key LIMIT 1),
                (SELECT f.facility_name FROM facilities f WHERE f.facility_id = {_FACILITY_OF.format(key="k.key")})) ORDER BY k.place)
            FROM unnest(d.record_keys) WITH ORDINALITY AS k(key, place)) AS names
        FROM ({newest}) n JOIN staging.decisions d USING (decision_id)
        WHERE NOT EXISTS (SELECT 1 FROM staging.records r WHERE r.record_key = ANY(d.record_keys) AND {SHOWN} <> 'all')
        AND NOT EXISTS (SELECT 1 FROM unnest(d.record_keys) AS k WHERE {_FACILITY_OF.format(key="k")} IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM facilities_in_sight fa LEFT JOIN counties co USING (county_id)
            WHERE fa.facility_id = {_FACILITY_OF.format(key="k")} AND {shown_as("fa.visibility", "co.county_code")} = 'all'))
        ORDER BY d.decision_id DESC LIMIT :limit
    """))  # noqa: S608
    return list(conn.execute(query, {"run_id": run_id, "limit": limit} | scope.parameters()))
