"""The SQL of the commit: what the plan reads, and the set-based statements that write golden records.

Nothing here decides. `gvrc.commit` plans, `gvrc.views` shows; this module only knows tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, IntegrityError

from gvrc.store.codec import VAULT_PREFIX
from gvrc.store.jsonb import dump_json
from gvrc.store.records import state_of
from gvrc.store.session import copy_rows

FACILITY_PREFIX = "facility:"
"""A registry facility takes part in matching and in decisions under this key."""
UNREGISTERED_PREFIX = "UNREG-"
"""Registration number of a place that has none: the prefix and its facility code."""


class WriteRefused(Exception):
    """The database refused values (not: it failed). `constraint` names the rule that was broken, where there is one."""

    def __init__(self, constraint: str | None, sqlstate: str | None) -> None:
        super().__init__(constraint or sqlstate or "refused")
        self.constraint = constraint
        self.sqlstate = sqlstate


@contextmanager
def refusals() -> Iterator[None]:
    """Tell refused values from a failing database. Wrap it around a whole unit of work."""
    try:
        yield
    except (IntegrityError, DataError) as error:
        raise _refused(error.orig) from error
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        raise _refused(error) from error


def _refused(error: BaseException | None) -> WriteRefused:
    diagnosis = error.diag if isinstance(error, psycopg.Error) else None
    return WriteRefused(diagnosis.constraint_name if diagnosis else None, error.sqlstate if isinstance(error, psycopg.Error) else None)


# --------------------------------------------------------------------------------------------------------- what the plan reads


class Member(NamedTuple):
    """A record of the run, as far as the plan must know it. `link_hash` is the record hash the registry has last seen."""

    record_id: int
    record_key: str
    cluster_id: int
    state: str
    file_id: int
    pointer: str
    source: str
    record_hash: str
    name: str | None
    facility_type: str | None
    county_code: str | None
    visibility: str
    facility_id: int | None
    link_hash: str | None
    asks: bool
    has_error: bool
    is_superseded: bool


class LinkedKey(NamedTuple):
    """A source record that feeds a facility; `record_id` and `state` are those of its newest staged edition, None when staging has none."""

    facility_source_id: int
    facility_id: int
    record_key: str
    link_hash: str
    record_id: int | None
    state: str | None


class FacilityStanding(NamedTuple):
    """What the plan must know of a facility that is there already."""

    facility_id: int
    facility_code: str
    facility_name: str
    facility_type: str
    county_code: str | None
    visibility: str
    version: int
    is_active: bool
    record_hash: str
    retired_as: str | None

    @property
    def may_speak(self) -> bool:
        """Whether its records may speak for it again: it stands, or only a rollback took it away."""
        return self.is_active or self.retired_as == "rolled_back"


class PlaceDecision(NamedTuple):
    """A live answer to a duplicate question."""

    decision_id: int
    record_keys: list[str]
    answer: str
    relation: str | None
    decided_values: dict[str, Any]
    decided_by: str


_MEMBERS = f"""
    WITH own AS NOT MATERIALIZED (
        SELECT r.* FROM staging.records r JOIN staging.run_files f USING (file_id) WHERE f.run_id = :run_id
    ), waiting AS (
        SELECT record_id, bool_or(asks) AS asks, bool_or(severity = 'error') AS has_error FROM staging.issues
        WHERE state = 'open' AND (asks OR severity = 'error') AND file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id)
        GROUP BY record_id
    ), paired AS (
        SELECT unnest(ARRAY[left_record_id, right_record_id]) AS record_id FROM staging.match_results WHERE run_id = :run_id AND is_open
    ), newest AS (
        SELECT own.record_id FROM own WHERE EXISTS (
            SELECT 1 FROM staging.records n WHERE n.record_key = own.record_key AND (n.file_id, n.record_id) > (own.file_id, own.record_id)
            AND (n.state = 'committed' OR n.file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id)))
    )
    SELECT own.record_id, own.record_key, coalesce(own.cluster_id, own.record_id) AS cluster_id, {state_of("own")} AS state, own.file_id, own.pointer, own.source,
        own.record_hash, own.name, own.facility_type, own.county_code, own.visibility, s.facility_id, s.record_hash AS link_hash,
        (coalesce(waiting.asks, false) OR own.record_id IN (SELECT record_id FROM paired WHERE record_id IS NOT NULL)) AS asks,
        coalesce(waiting.has_error, false) AS has_error, own.record_id IN (SELECT record_id FROM newest) AS is_superseded
    FROM own LEFT JOIN facility_sources s ON s.record_key = own.record_key LEFT JOIN waiting ON waiting.record_id = own.record_id
    ORDER BY own.record_id
"""  # noqa: S608 (a fragment of this program)


def run_members(conn: Connection, run_id: int) -> list[Member]:
    """Every record of a run with what holds it back and what it feeds, in the order of the record ids."""
    return list(map(Member._make, conn.execute(text(_MEMBERS), {"run_id": run_id}).all()))


def place_decisions(conn: Connection, run_id: int) -> list[PlaceDecision]:
    """Live answers to duplicate questions that touch a record of the run, oldest first."""
    rows = conn.execute(
        text("""
            SELECT decision_id, record_keys, answer, relation, decided_values, decided_by FROM staging.decisions
            WHERE kind = 'duplicate' AND replaced_at IS NULL AND answer <> 'undone' AND record_keys && (
                SELECT coalesce(array_agg(record_key), '{}') FROM staging.records WHERE file_id IN (
                    SELECT file_id FROM staging.run_files WHERE run_id = :run_id))
            ORDER BY decided_at, decision_id
        """),
        {"run_id": run_id},
    )
    return [PlaceDecision(*row) for row in rows]


def keys_with_chosen_values(conn: Connection) -> set[str]:
    """Source records for which a person ever chose a golden value; their golden record is always computed anew."""
    query = "SELECT DISTINCT unnest(record_keys) FROM staging.decisions WHERE kind = 'duplicate' AND decided_values <> '{}'"
    return set(conn.execute(text(query)).scalars())


def automatic_facility_pairs(conn: Connection, run_id: int) -> list[tuple[str, str]]:
    """Pairs of the run merged automatically with a registry facility, which no person answered otherwise."""
    rows = conn.execute(
        text("""
            SELECT m.left_key, m.right_key FROM staging.match_results m
            LEFT JOIN staging.decisions d ON d.question_key = m.question_key AND d.replaced_at IS NULL AND d.answer <> 'undone'
            WHERE m.run_id = :run_id AND m.band = 'automatic' AND NOT m.is_open AND d.decision_id IS NULL
                AND (m.left_key LIKE 'facility:%' OR m.right_key LIKE 'facility:%')
        """),
        {"run_id": run_id},
    )
    return [(row.left_key, row.right_key) for row in rows]


def survivors(conn: Connection, facility_ids: Iterable[int]) -> dict[int, int]:
    """For facilities merged away: the one that stands now."""
    ids = sorted(set(facility_ids))
    if not ids:
        return {}
    rows = conn.execute(
        text("""
            WITH RECURSIVE way AS (
                SELECT from_facility_id AS start, to_facility_id AS now, 1 AS step FROM facility_redirects
                WHERE undone_at IS NULL AND from_facility_id = ANY(:ids)
                UNION ALL
                SELECT way.start, r.to_facility_id, way.step + 1 FROM way JOIN facility_redirects r
                    ON r.from_facility_id = way.now AND r.undone_at IS NULL WHERE way.step < 100
            ) SELECT DISTINCT ON (start) start, now FROM way ORDER BY start, step DESC
        """),
        {"ids": ids},
    )
    return {row.start: row.now for row in rows}


def links_of(
    conn: Connection, facility_ids: Iterable[int] | None = None, record_keys: Iterable[str] | None = None, *, except_keys: Iterable[str] = (),
) -> list[LinkedKey]:
    """The source records that feed these facilities, or these source records where they feed one, oldest link first; `except_keys` are left out."""
    ids, keys = sorted(set(facility_ids or ())), sorted(set(record_keys or ()))
    if not ids and not keys:
        return []
    by_facility = "s.facility_id = ANY(:ids)" if ids else "false"
    by_key = "s.record_key = ANY(:keys)" if keys else "false"
    rows = conn.execute(
        text(f"""
            SELECT DISTINCT ON (s.facility_source_id) s.facility_source_id, s.facility_id, s.record_key, s.record_hash AS link_hash, r.record_id,
                {state_of("r")} AS state
            FROM facility_sources s LEFT JOIN staging.records r ON r.record_key = s.record_key
            WHERE ({by_facility} OR {by_key}) AND s.record_key <> ALL(:except_keys)
            ORDER BY s.facility_source_id, (r.state = 'committed') DESC, r.file_id DESC, r.record_id DESC
        """),  # noqa: S608 (two fixed conditions)
        {"ids": ids, "keys": keys, "except_keys": sorted(set(except_keys))},
    )
    return [LinkedKey(*row) for row in rows]


def feeding(conn: Connection, record_keys: Sequence[str]) -> dict[str, int]:
    """Which facility these source records feed now."""
    query = text("SELECT record_key, facility_id FROM facility_sources WHERE record_key = ANY(:keys)")
    return {row.record_key: row.facility_id for row in conn.execute(query, {"keys": list(record_keys)})}


def standings(conn: Connection, facility_ids: Iterable[int], *, for_update: bool = False) -> dict[int, FacilityStanding]:
    """Facilities by id; `for_update` keeps others from changing them until the transaction ends."""
    ids = sorted(set(facility_ids))
    if not ids:
        return {}
    query = """
        SELECT f.facility_id, f.facility_code, f.facility_name, f.facility_type, c.county_code, f.visibility, f.version, f.is_active, f.record_hash,
            f.retired_as
        FROM facilities f LEFT JOIN counties c USING (county_id) WHERE f.facility_id = ANY(:ids) ORDER BY f.facility_id
    """
    rows = conn.execute(text(query + (" FOR UPDATE OF f" if for_update else "")), {"ids": ids})
    return {row.facility_id: FacilityStanding(*row) for row in rows}


def redirected_names(conn: Connection, facility_ids: Iterable[int]) -> dict[int, list[str]]:
    """Names and aliases of the places merged into these facilities."""
    rows = conn.execute(
        text("""
            WITH RECURSIVE under AS (
                SELECT to_facility_id AS top, from_facility_id AS id, 1 AS step FROM facility_redirects
                WHERE undone_at IS NULL AND to_facility_id = ANY(:ids)
                UNION ALL
                SELECT under.top, r.from_facility_id, under.step + 1 FROM under JOIN facility_redirects r
                    ON r.to_facility_id = under.id AND r.undone_at IS NULL WHERE under.step < 100
            ) SELECT top, f.facility_name, f.aliases FROM under JOIN facilities f ON f.facility_id = under.id
        """),
        {"ids": sorted(set(facility_ids))},
    )
    names: dict[int, list[str]] = {}
    for row in rows:
        names.setdefault(row.top, []).extend([row.facility_name, *row.aliases])
    return names


_CONTENTS = """
    SELECT f.facility_id, f.facility_code, f.facility_name AS name, f.facility_type, os.code AS operational_status, c.county_code AS county,
        k.constituency_code AS constituency, w.ward_code AS ward,
        CASE WHEN f.registration_number = 'UNREG-' || f.facility_code THEN NULL ELSE f.registration_number END AS registration_number,
        f.mfl_code, f.fid_code, f.keph_level, 'vault:' || f.address AS address, 'vault:' || f.officer_in_charge AS officer, f.opening_hours,
        f.description, f.aliases, f.visibility, f.last_verified_at::text AS last_verified_at,
        coalesce((SELECT jsonb_agg(jsonb_build_array(x.contact_type, 'vault:' || x.contact_value, x.label, x.is_primary)
            ORDER BY x.contact_type, x.contact_value) FROM facility_contacts x WHERE x.facility_id = f.facility_id), '[]') AS contacts,
        coalesce((SELECT jsonb_agg(x.service ORDER BY x.service COLLATE "C") FROM facility_services x WHERE x.facility_id = f.facility_id), '[]')
            AS services,
        coalesce((SELECT jsonb_agg(x.gbv_category ORDER BY x.gbv_category COLLATE "C") FROM facility_gbv_categories x
            WHERE x.facility_id = f.facility_id), '[]') AS gbv_categories,
        (SELECT jsonb_build_array(x.owner_type, x.owner_name) FROM facility_owners x WHERE x.facility_id = f.facility_id
            ORDER BY x.facility_owner_id LIMIT 1) AS owner,
        (SELECT jsonb_build_array(x.latitude::float8, x.longitude::float8, x.accuracy_level, x.method) FROM facility_coordinates x
            WHERE x.facility_id = f.facility_id) AS point
    FROM facilities f LEFT JOIN operational_statuses os USING (operational_status_id) LEFT JOIN counties c ON c.county_id = f.county_id
        LEFT JOIN constituencies k ON k.constituency_id = f.constituency_id LEFT JOIN wards w ON w.ward_id = f.ward_id
    WHERE f.facility_id = ANY({ids})
"""


def contents_query(ids: str) -> str:
    """The query of `contents`, for the facilities of an SQL expression."""
    return _CONTENTS.format(ids=ids)


def contents(conn: Connection, facility_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What the registry says of these facilities, in the shape of `gvrc.commit.content` (with `facility_code`); personal values are vault ids."""
    rows = conn.execute(text(contents_query(":ids")), {"ids": sorted(set(facility_ids))})
    return {row.facility_id: {key: value for key, value in row._mapping.items() if key != "facility_id"} for row in rows}


def pins_of(conn: Connection, facility_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Values that people gave live facilities themselves, by facility: they stand against what the lists say. Only those that have any."""
    query = text("SELECT facility_id, pins FROM facilities WHERE facility_id = ANY(:ids) AND pins <> '{}'")
    return {row.facility_id: row.pins for row in conn.execute(query, {"ids": sorted(set(facility_ids))})}


class RecordQuality(NamedTuple):
    """How good a staged record is, and when its file was received."""

    record_id: int
    quality_score: float | None
    quality_parts: list[Any]
    received_at: datetime


def record_qualities(conn: Connection, record_ids: Sequence[int]) -> dict[int, RecordQuality]:
    """Quality of staged records by their id."""
    rows = conn.execute(
        text("""
            SELECT r.record_id, r.quality_score, r.quality_parts, f.received_at FROM staging.records r
            JOIN staging.source_files f USING (file_id) WHERE r.record_id = ANY(:ids)
        """),
        {"ids": list(record_ids)},
    )
    return {row.record_id: RecordQuality(*row) for row in rows}


def county_counts(conn: Connection) -> dict[str | None, int]:
    """Active facilities per county code; None: county unknown."""
    rows = conn.execute(
        text("SELECT c.county_code, count(*) AS n FROM facilities f LEFT JOIN counties c USING (county_id) WHERE f.is_active GROUP BY 1")
    )
    return {row.county_code: row.n for row in rows}


def county_names(conn: Connection) -> dict[str, str]:
    """Names of the counties by code."""
    return {row.county_code: row.county_name for row in conn.execute(text("SELECT county_code, county_name FROM counties"))}


_INVARIANTS = {
    "every facility code has the registry's form": r"SELECT count(*) FROM facilities WHERE facility_code !~ '^[A-Z]{2,4}-\d{3,6}$'",
    "no facility that was merged away is active": """SELECT count(*) FROM facilities f WHERE f.is_active AND EXISTS (
        SELECT 1 FROM facility_redirects r WHERE r.from_facility_id = f.facility_id AND r.undone_at IS NULL)""",
    "every active facility is fed by a source record": """SELECT count(*) FROM facilities f WHERE f.is_active AND NOT EXISTS (
        SELECT 1 FROM facility_sources s WHERE s.facility_id = f.facility_id)""",
    "ward, constituency and county lie within each other": """SELECT count(*) FROM facilities f JOIN wards w USING (ward_id)
        JOIN constituencies k ON k.constituency_id = w.constituency_id
        WHERE f.constituency_id IS DISTINCT FROM w.constituency_id OR f.county_id IS DISTINCT FROM k.county_id""",
}


def broken_invariants(conn: Connection) -> dict[str, int]:
    """What must hold of the registry, and how many facilities break it."""
    return {name: int(conn.execute(text(query)).scalar_one()) for name, query in _INVARIANTS.items()}


def owner_of_code(conn: Connection, column: str, value: str) -> str | None:
    """The facility code of the place that has this official code. `column` is mfl_code, fid_code or registration_number."""
    query = text(f"SELECT facility_code FROM facilities WHERE {_OFFICIAL[column]} = :value")  # noqa: S608 (one of three names)
    return conn.execute(query, {"value": value}).scalar_one_or_none()


_OFFICIAL = {name: name for name in ("mfl_code", "fid_code", "registration_number")}


def approvers(conn: Connection, roles: Sequence[str], username: str) -> int:
    """How many active accounts have one of these roles. The account of who sits at the server's command line is no second person to somebody in
    the browser: it counts for itself only."""
    query = text("SELECT count(*) FROM users WHERE is_active AND role = ANY(:roles) AND (NOT is_local OR lower(username) = lower(:username))")
    return int(conn.execute(query, {"roles": list(roles), "username": username}).scalar_one())


# --------------------------------------------------------------------------------------------------------- what the commit writes


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityDraft:
    """A golden record on its way into the registry; a new one has no id yet. `content` has the shape of `gvrc.commit.golden.content`; its hash
    decides what is written."""

    facility_id: int | None
    facility_code: str
    content: Mapping[str, Any]
    content_hash: str
    origins: Mapping[str, Any]
    quality_score: float | None
    quality_parts: Sequence[Any]
    pins: Mapping[str, Any] = field(default_factory=dict)
    is_active: bool = True
    retired_as: str | None = None

    @property
    def state(self) -> dict[str, Any]:
        """Everything it says, as a version keeps it."""
        return {
            **self.content, "is_active": self.is_active, "retired_as": self.retired_as, "pins": self.pins, "origins": self.origins,
            "quality_score": self.quality_score, "quality_parts": self.quality_parts,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDraft:
    """A source record that feeds a facility from now on."""

    facility_id: int
    source: str
    record_key: str
    source_id: str | None
    record_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeDraft:
    """A facility that is merged away, and who survives it."""

    loser_id: int
    survivor_id: int
    reason: str
    decision_id: int | None
    commit_id: int | None = None


_TEMPORARY = """
    CREATE TEMPORARY TABLE IF NOT EXISTS golden_facilities (
        ordinal int GENERATED ALWAYS AS IDENTITY, facility_id bigint, facility_code text, registration_number text, facility_name text, facility_type text, operational_status text,
        county_code text, constituency_code text, ward_code text, mfl_code text, fid_code text, keph_level text, address uuid, officer_in_charge uuid,
        opening_hours text, description text, aliases text[], visibility text, quality_score float8, quality_parts jsonb, last_verified_at date,
        origins jsonb, record_hash text, pins jsonb, is_active boolean, retired_as text) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS golden_facility_contacts (
        facility_id bigint, contact_type text, contact_value uuid, label text, is_primary boolean) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS golden_facility_services (facility_id bigint, service text) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS golden_facility_gbv_categories (facility_id bigint, gbv_category text) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS golden_facility_owners (facility_id bigint, owner_type text, owner_name text) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS golden_facility_coordinates (
        facility_id bigint, latitude numeric(10, 8), longitude numeric(11, 8), accuracy_level text, method text) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS golden_links (
        facility_id bigint, source text, record_key text, source_id text, record_hash text) ON COMMIT DELETE ROWS
"""
_FACILITY_COLUMNS = (
    "facility_id", "facility_code", "registration_number", "facility_name", "facility_type", "operational_status", "county_code",
    "constituency_code", "ward_code", "mfl_code", "fid_code", "keph_level", "address", "officer_in_charge", "opening_hours", "description", "aliases",
    "visibility", "quality_score", "quality_parts", "last_verified_at", "origins", "record_hash", "pins", "is_active", "retired_as",
)


def issue_codes(conn: Connection, facility_types: Sequence[str]) -> list[str]:
    """A new facility code per kind of place asked for, in that order: the kind's prefix and the next number of that prefix.

    Raises WriteRefused for a kind that is no kind of the registry. The numbers stay locked until the transaction ends.
    """
    if not facility_types:
        return []
    query = """SELECT code, code_prefix, last_number FROM facility_types
        WHERE code_prefix IN (SELECT code_prefix FROM facility_types WHERE code = ANY(:codes)) ORDER BY facility_type_id FOR UPDATE"""
    rows = conn.execute(text(query), {"codes": sorted(set(facility_types))}).all()
    prefixes = {row.code: row.code_prefix for row in rows}
    last: dict[str, int] = {}
    for row in rows:
        last[row.code_prefix] = max(last.get(row.code_prefix, 0), row.last_number)
    codes = []
    for facility_type in facility_types:
        if facility_type not in prefixes:
            raise WriteRefused("fk_facilities_facility_type", None)
        prefix = prefixes[facility_type]
        last[prefix] += 1
        codes.append(f"{prefix}-{last[prefix]:05d}")
    for prefix, number in last.items():
        conn.execute(text("UPDATE facility_types SET last_number = :n WHERE code_prefix = :prefix AND last_number <> :n"), {"n": number, "prefix": prefix})
    return codes


def write_facilities(conn: Connection, actor: str, drafts: Sequence[FacilityDraft]) -> dict[str, int]:
    """Insert new facilities and update changed ones with all their children, one statement per table. Returns facility ids by code.

    Each gets a new version: leave out what says the same already. Children that say the same already are not touched.
    """
    if not drafts:
        return {}
    make_temporary(conn)
    ids = {draft.facility_code: draft.facility_id for draft in drafts if draft.facility_id is not None}
    copy_rows(conn, "golden_facilities", _FACILITY_COLUMNS, map(_facility_row, drafts))
    if len(ids) < len(drafts):
        ids |= {row.facility_code: row.facility_id for row in conn.execute(text(_INSERT_FACILITIES), {"actor": actor})}
    standing = [draft.facility_id for draft in drafts if draft.facility_id is not None]
    if standing:
        conn.execute(text(_UPDATE_FACILITIES), {"actor": actor})
    for child in _CHILDREN:
        _write_children(conn, child, [(ids[draft.facility_code], *row) for draft in drafts for row in child.rows(draft.content)], standing)
    return ids


def _write_children(conn: Connection, child: _Child, rows: list[tuple[Any, ...]], standing: list[int]) -> None:
    temporary = f"golden_{child.table}"
    columns = ", ".join(("facility_id", *child.columns))
    copy_rows(conn, temporary, ("facility_id", *child.columns), rows)
    if standing:
        same = " AND ".join(f"g.{name} = t.{name}" for name in ("facility_id", *child.key))
        conn.execute(
            text(f"DELETE FROM {child.table} t WHERE t.facility_id = ANY(:ids) AND NOT EXISTS (SELECT 1 FROM {temporary} g WHERE {same})"),  # noqa: S608
            {"ids": standing},
        )
    if rows:
        insert = f"INSERT INTO {child.table} AS t ({columns}) SELECT {columns} FROM {temporary}"  # noqa: S608 (names of this module)
        conn.execute(text(insert + (_on_conflict(child) if standing else "")))


def _on_conflict(child: _Child) -> str:
    others = [name for name in child.columns if name not in child.key]
    key = ", ".join(("facility_id", *child.key))
    if not others:
        return f" ON CONFLICT ({key}) DO NOTHING"
    updates = ", ".join(f"{name} = excluded.{name}" for name in others)
    now, then = ", ".join(f"t.{name}" for name in others), ", ".join(f"excluded.{name}" for name in others)
    return f" ON CONFLICT ({key}) DO UPDATE SET {updates} WHERE ({now}) IS DISTINCT FROM ({then})"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Child:
    """A child table: its columns beside the facility, those that tell two rows of a facility apart, and its rows in a content."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    rows: Callable[[Mapping[str, Any]], Iterable[tuple[Any, ...]]]


_CHILDREN = (
    _Child(
        table="facility_contacts", columns=("contact_type", "contact_value", "label", "is_primary"), key=("contact_type", "contact_value"),
        rows=lambda said: ((kind, _uuid(value), label, primary) for kind, value, label, primary in said["contacts"]),
    ),
    _Child(table="facility_services", columns=("service",), key=("service",), rows=lambda said: ((code,) for code in said["services"])),
    _Child(
        table="facility_gbv_categories", columns=("gbv_category",), key=("gbv_category",), rows=lambda said: ((code,) for code in said["gbv_categories"]),
    ),
    _Child(
        table="facility_owners", columns=("owner_type", "owner_name"), key=("owner_type",), rows=lambda said: (tuple(said["owner"]),) if said["owner"] else (),
    ),
    _Child(
        table="facility_coordinates", columns=("latitude", "longitude", "accuracy_level", "method"), key=(),
        rows=lambda said: (tuple(said["point"]),) if said["point"] else (),
    ),
)


def make_temporary(conn: Connection) -> None:
    """The temporary tables of a batch: made once per connection, emptied with every transaction."""
    if conn.execute(text("SELECT to_regclass('pg_temp.golden_links')")).scalar() is None:
        conn.exec_driver_sql(_TEMPORARY)


def _facility_row(draft: FacilityDraft) -> tuple[Any, ...]:
    said = draft.content
    return (
        draft.facility_id, draft.facility_code, said["registration_number"] or UNREGISTERED_PREFIX + draft.facility_code,
        said["name"], said["facility_type"], said["operational_status"], said["county"], said["constituency"], said["ward"],
        said["mfl_code"], said["fid_code"], said["keph_level"], _uuid(said["address"]), _uuid(said["officer"]),
        said["opening_hours"], said["description"], list(said["aliases"]), said["visibility"], draft.quality_score,
        list(draft.quality_parts), date.fromisoformat(said["last_verified_at"]) if said["last_verified_at"] else None,
        dict(draft.origins), draft.content_hash, dict(draft.pins), draft.is_active, draft.retired_as,
    )


def _uuid(value: str | None) -> str | None:
    return value.removeprefix(VAULT_PREFIX) if value else None


_GOLDEN = """
    SELECT g.*, os.operational_status_id, c.county_id, k.constituency_id, w.ward_id FROM golden_facilities g
    LEFT JOIN operational_statuses os ON os.code = g.operational_status LEFT JOIN counties c USING (county_code)
    LEFT JOIN constituencies k USING (constituency_code) LEFT JOIN wards w USING (ward_code)
"""
_WRITTEN = (
    "registration_number", "facility_name", "facility_type", "operational_status_id", "county_id", "constituency_id", "ward_id", "mfl_code", "fid_code",
    "keph_level", "address", "officer_in_charge", "opening_hours", "description", "aliases", "visibility", "quality_score", "quality_parts",
    "last_verified_at", "origins", "record_hash", "pins", "is_active", "retired_as",
)
_INSERT_FACILITIES = f"""
    INSERT INTO facilities (facility_code, {", ".join(_WRITTEN)}, created_by, updated_by)
    SELECT facility_code, {", ".join(_WRITTEN)}, :actor, :actor FROM ({_GOLDEN}) g WHERE facility_id IS NULL ORDER BY ordinal
    RETURNING facility_id, facility_code
"""  # noqa: S608 (names of this module)
_UPDATE_FACILITIES = f"""
    INSERT INTO facilities AS f (facility_id, facility_code, {", ".join(_WRITTEN)}, created_by, updated_by)
    SELECT facility_id, facility_code, {", ".join(_WRITTEN)}, :actor, :actor FROM ({_GOLDEN}) g WHERE facility_id IS NOT NULL
    ON CONFLICT (facility_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _WRITTEN)}, version = f.version + 1,
        updated_by = excluded.updated_by, updated_at = now()
"""  # noqa: S608


def write_links(conn: Connection, links: Sequence[LinkDraft]) -> None:
    """Note which source record feeds which facility; a link that says the same already is not touched."""
    if not links:
        return
    make_temporary(conn)
    columns = ("facility_id", "source", "record_key", "source_id", "record_hash")
    copy_rows(conn, "golden_links", columns, ((x.facility_id, x.source, x.record_key, x.source_id, x.record_hash) for x in links))
    conn.execute(text("""
        INSERT INTO facility_sources AS s (facility_id, source, record_key, source_id, record_hash)
        SELECT facility_id, source, record_key, source_id, record_hash FROM golden_links
        ON CONFLICT (record_key) DO UPDATE SET facility_id = excluded.facility_id, source_id = excluded.source_id,
            record_hash = excluded.record_hash, last_seen = now()
        WHERE (s.facility_id, s.source_id, s.record_hash) IS DISTINCT FROM (excluded.facility_id, excluded.source_id, excluded.record_hash)
    """))


_REPOINTED: tuple[tuple[str, str], ...] = (
    ("facility_contacts", "(o.contact_type, o.contact_value) = (t.contact_type, t.contact_value)"),
    ("facility_services", "o.service = t.service"),
    ("facility_gbv_categories", "o.gbv_category = t.gbv_category"),
    ("facility_owners", "o.owner_type = t.owner_type"),
    ("facility_infrastructure", "o.infrastructure_type = t.infrastructure_type"),
    ("facility_coordinates", "true"),
)
"""Children that move to the survivor of a merge, with what makes two of them the same."""


def merge_facilities(conn: Connection, actor: str, merges: Sequence[MergeDraft]) -> None:
    """Redirect the losers to their survivors: children and links re-pointed, official codes given up, nothing deleted but doubles."""
    for merge in merges:  # merges are rare and each is signed for, so that they may go one by one
        values = {
            "loser": merge.loser_id, "survivor": merge.survivor_id, "actor": actor, "reason": merge.reason, "decision": merge.decision_id,
            "commit": merge.commit_id,
        }
        values["keys"] = list(conn.execute(text("SELECT record_key FROM facility_sources WHERE facility_id = :loser"), {"loser": merge.loser_id}).scalars())
        for table, same in _REPOINTED:
            _repoint(conn, table, same, values)
        for statement in _MERGE:
            conn.execute(text(statement), values)


def _repoint(conn: Connection, table: str, same: str, values: Mapping[str, Any]) -> None:
    twin = f"EXISTS (SELECT 1 FROM {table} o WHERE o.facility_id = :survivor AND {same})"  # noqa: S608 (names of this module)
    conn.execute(text(f"UPDATE {table} t SET facility_id = :survivor WHERE t.facility_id = :loser AND NOT {twin}"), dict(values))  # noqa: S608
    conn.execute(text(f"DELETE FROM {table} t WHERE t.facility_id = :loser"), dict(values))  # noqa: S608


_MERGE = (
    "UPDATE facility_sources SET facility_id = :survivor WHERE facility_id = :loser",
    """UPDATE facility_relations t SET facility_id = :survivor WHERE facility_id = :loser AND related_facility_id <> :survivor
        AND NOT EXISTS (SELECT 1 FROM facility_relations o WHERE o.facility_id = :survivor AND o.relation = t.relation
            AND o.related_facility_id = t.related_facility_id)""",
    """UPDATE facility_relations t SET related_facility_id = :survivor WHERE related_facility_id = :loser AND facility_id <> :survivor
        AND NOT EXISTS (SELECT 1 FROM facility_relations o WHERE o.facility_id = t.facility_id AND o.relation = t.relation
            AND o.related_facility_id = :survivor)""",
    "DELETE FROM facility_relations WHERE :loser IN (facility_id, related_facility_id)",
    """UPDATE facilities SET is_active = false, mfl_code = NULL, fid_code = NULL, registration_number = 'UNREG-' || facility_code,
        retired_as = 'merged', version = version + 1, updated_by = :actor, updated_at = now() WHERE facility_id = :loser""",
    """INSERT INTO facility_redirects (from_facility_id, to_facility_id, reason, decision_id, merged_by, commit_id, moved_keys)
        VALUES (:loser, :survivor, :reason, :decision, :actor, :commit, :keys)""",
)


_RELATED = """
    WITH answered AS (
        SELECT d.decision_id, d.relation, d.decided_by, d.record_keys[1] AS left_key, d.record_keys[2] AS right_key
        FROM staging.decisions d WHERE d.kind = 'duplicate' AND d.answer = 'related' AND d.relation IS NOT NULL AND d.replaced_at IS NULL
    ), sides AS (
        SELECT a.decision_id, a.relation, a.decided_by, {left} AS left_id, {right} AS right_id FROM answered a
    )
"""
_SIDE = """coalesce((SELECT s.facility_id FROM facility_sources s WHERE s.record_key = a.{key}),
    CASE WHEN a.{key} ~ '^facility:[0-9]{{1,18}}$' THEN (SELECT f.facility_id FROM facilities f
        WHERE f.facility_id = substring(a.{key} from 10)::bigint AND f.is_active) END)"""


def write_relations(conn: Connection) -> int:
    """Relations that people told between two places, once both are in the registry; those they took back are removed. Returns how many are new."""
    conn.execute(text("""
        DELETE FROM facility_relations r WHERE r.decision_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM staging.decisions d WHERE d.decision_id = r.decision_id AND d.replaced_at IS NULL AND d.answer = 'related')
    """))
    sides = _RELATED.format(left=_SIDE.format(key="left_key"), right=_SIDE.format(key="right_key"))
    result = conn.execute(text(sides + """
        INSERT INTO facility_relations (facility_id, related_facility_id, relation, decision_id, created_by)
        SELECT left_id, right_id, relation, min(decision_id), min(decided_by) FROM sides
        WHERE left_id IS NOT NULL AND right_id IS NOT NULL AND left_id <> right_id AND NOT EXISTS (
            SELECT 1 FROM facility_relations r WHERE (r.facility_id, r.related_facility_id, r.relation) = (left_id, right_id, sides.relation))
        GROUP BY left_id, right_id, relation ON CONFLICT DO NOTHING
    """))  # noqa: S608 (fragments of this module)
    return result.rowcount


def mark_committed(conn: Connection, feeds: Mapping[int, int]) -> None:
    """Records that stand in the registry now (record id → facility id)."""
    if feeds:
        conn.execute(
            text("""
                UPDATE staging.records r SET state = 'committed', facility_id = g.facility_id, updated_at = now()
                FROM unnest(cast(:records AS bigint[]), cast(:facilities AS bigint[])) AS g(record_id, facility_id)
                WHERE r.record_id = g.record_id AND (r.state, r.facility_id) IS DISTINCT FROM ('committed', g.facility_id)
            """),
            {"records": list(feeds), "facilities": list(feeds.values())},
        )


def move_records(conn: Connection, from_id: int, to_id: int) -> None:
    """Staged records of a merged-away facility feed its survivor."""
    conn.execute(text("UPDATE staging.records SET facility_id = :to WHERE facility_id = :from"), {"from": from_id, "to": to_id})


def move_records_back(conn: Connection, facility_id: int, record_keys: Sequence[str]) -> None:
    """Staged records of these keys feed this facility again."""
    conn.execute(
        text("UPDATE staging.records SET facility_id = :id WHERE record_key = ANY(:keys) AND facility_id IS NOT NULL"),
        {"id": facility_id, "keys": list(record_keys)},
    )


def forget_hashes(conn: Connection, record_keys: Sequence[str]) -> None:
    """The next commit looks at these records as if they were new: what they said while their place was merged has not reached it."""
    conn.execute(text("UPDATE facility_sources SET record_hash = '' WHERE record_key = ANY(:keys)"), {"keys": list(record_keys)})


def official_codes(conn: Connection, facility_ids: Iterable[int]) -> dict[int, tuple[str | None, ...]]:
    """Registration number (None for one made up by the registry), MFL code and facility id code of each facility."""
    query = text("""SELECT facility_id, nullif(registration_number, 'UNREG-' || facility_code), mfl_code, fid_code FROM facilities
        WHERE facility_id = ANY(:ids)""")
    return {row[0]: tuple(row[1:]) for row in conn.execute(query, {"ids": sorted(set(facility_ids))})}


def versions(conn: Connection, facility_ids: Iterable[int]) -> dict[int, int]:
    """The version at which each facility stands."""
    query = text("SELECT facility_id, version FROM facilities WHERE facility_id = ANY(:ids)")
    return {row.facility_id: row.version for row in conn.execute(query, {"ids": sorted(set(facility_ids))})}


# --------------------------------------------------------------------------------------------------------- the commit's own row


def begin_commit(conn: Connection, run_id: int, actor: str, reason: str | None, counts: Mapping[str, Any]) -> int:
    """A row that a page can watch."""
    query = """INSERT INTO commits (run_id, committed_by, reason, counts) VALUES (:run_id, :actor, :reason, cast(:counts AS jsonb))
        RETURNING commit_id"""
    values = {"run_id": run_id, "actor": actor, "reason": reason, "counts": dump_json(counts).decode()}
    return int(conn.execute(text(query), values).scalar_one())


def say_why(conn: Connection, reason: str) -> None:
    """The reason under which the rest of the transaction is audited."""
    conn.execute(text("SELECT set_config('gvrc.reason', :reason, true)"), {"reason": reason})


def last_commit(conn: Connection, run_id: int) -> int | None:
    """The newest commit of a run, or else of any."""
    query = text("SELECT commit_id FROM commits ORDER BY (run_id = :run_id) DESC, commit_id DESC LIMIT 1")
    return conn.execute(query, {"run_id": run_id}).scalar_one_or_none()


def close_abandoned(conn: Connection, run_id: int) -> None:
    """Commits of this run whose process ended unexpectedly are marked so. Call it while no batch of the run is being written."""
    conn.execute(text("UPDATE commits SET status = 'interrupted', ended_at = now() WHERE run_id = :run_id AND status = 'running'"), {"run_id": run_id})


def note_progress(conn: Connection, commit_id: int, counts: Mapping[str, Any], *, status: str = "running") -> None:
    """How far the commit has come; a status other than `running` ends it."""
    conn.execute(
        text("""UPDATE commits SET counts = cast(:counts AS jsonb), status = :status,
            ended_at = CASE WHEN cast(:status AS varchar) = 'running' THEN NULL ELSE clock_timestamp() END WHERE commit_id = :commit_id"""),
        {"commit_id": commit_id, "counts": dump_json(counts).decode(), "status": status},
    )


def bury(conn: Connection, run_id: int, members: Iterable[tuple[int, str]], error: str, payload: Mapping[str, Any]) -> None:
    """Put records (file id, pointer) that could not be written for good among the dead letters."""
    for file_id, pointer in members:
        conn.execute(
            text("""
                INSERT INTO staging.dead_letters AS d (run_id, file_id, pointer, stage, error, payload)
                VALUES (:run_id, :file_id, :pointer, 'commit', :error, cast(:payload AS jsonb))
                ON CONFLICT (file_id, pointer, stage) DO UPDATE SET run_id = excluded.run_id, error = excluded.error, payload = excluded.payload,
                    tries = d.tries + 1, state = 'open', updated_at = now()
            """),
            {"run_id": run_id, "file_id": file_id, "pointer": pointer, "error": error, "payload": dump_json(payload).decode()},
        )


def raise_from_the_dead(conn: Connection, record_ids: Sequence[int]) -> None:
    """Close the dead letters of records that were written after all."""
    conn.execute(
        text("""
            UPDATE staging.dead_letters d SET state = 'replayed', updated_at = now() FROM staging.records r
            WHERE d.stage = 'commit' AND d.state = 'open' AND r.file_id = d.file_id AND r.pointer = d.pointer AND r.record_id = ANY(:ids)
        """),
        {"ids": list(record_ids)},
    )
