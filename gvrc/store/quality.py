"""Quality over time: one snapshot per run and scope; one profile with its statistics per run and source; what was unusual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, delete, insert, text
from sqlalchemy.dialects.postgresql import insert as upsert

from gvrc.model.quality import Finding, SourceStatistics
from gvrc.store.tables import QUALITY_DIMENSIONS, FindingRow, Profile

SHAPE_ROWS = 20_000
"""Rows of a source from which its shape is told."""
SHAPE_DEPTH = 4
"""Levels of a row that are looked at."""
SHAPE_FIELDS = 500
"""Fields of a source that are kept, those that most rows have first: a keyed object may have a field per row."""

_MEANS = ", ".join(f"'{name}', round(avg({name})::numeric, 2)" for name in (*QUALITY_DIMENSIONS,))
_SNAPSHOTS = text(f"""
    INSERT INTO ops.quality_snapshots (run_id, scope, scope_key, dimensions, records)
    SELECT :run_id,
        CASE WHEN grouping(source) = 0 THEN 'source' WHEN grouping(county_code) = 0 THEN 'county' WHEN grouping(facility_type) = 0 THEN 'kind' ELSE 'run' END,
        coalesce(source, county_code, facility_type, ''), jsonb_build_object({_MEANS}, 'total', round(avg(quality_score)::numeric, 2)), count(*)
    FROM staging.records WHERE file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id) AND state <> 'rejected' AND quality_score IS NOT NULL
    GROUP BY GROUPING SETS ((), (source), (county_code), (facility_type)) HAVING count(*) > 0
    ON CONFLICT (run_id, scope, scope_key) DO UPDATE SET dimensions = excluded.dimensions, records = excluded.records
""")  # noqa: S608 (names of this program)

# A text that is a number is told from other text: in a CSV every value is text.
_SHAPE = text("""
    WITH RECURSIVE sampled AS (
        SELECT d.data FROM staging.raw_data d JOIN staging.source_files f USING (file_id)
        WHERE f.source = :source AND d.file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id) AND jsonb_typeof(d.data) = 'object'
        ORDER BY d.file_id, d.row_number LIMIT :rows
    ), walked AS (
        SELECT each.key AS path, each.value, 1 AS depth FROM sampled, jsonb_each(sampled.data) AS each
        UNION ALL
        SELECT walked.path || '.' || each.key, each.value, walked.depth + 1 FROM walked, jsonb_each(walked.value) AS each
        WHERE jsonb_typeof(walked.value) = 'object' AND walked.depth < :depth
    ), typed AS (
        SELECT left(path, 200) AS path, CASE jsonb_typeof(value)
            WHEN 'string' THEN CASE WHEN trim(value #>> '{}') = '' THEN 'empty' WHEN value #>> '{}' ~ '^\\s*[-+]?[0-9]{1,15}([.][0-9]+)?\\s*$' THEN 'number' ELSE 'text' END
            WHEN 'null' THEN 'empty' WHEN 'array' THEN 'list' WHEN 'object' THEN 'group' WHEN 'boolean' THEN 'yes or no' ELSE 'number' END AS kind
        FROM walked
    ), counted AS (
        SELECT path, kind, count(*) AS n FROM typed GROUP BY path, kind
    ), ranked AS (
        SELECT path, jsonb_object_agg(kind, n) AS kinds FROM counted GROUP BY path ORDER BY sum(n) DESC, path LIMIT :fields
    )
    SELECT (SELECT count(*) FROM sampled) AS rows, coalesce((SELECT jsonb_object_agg(path, kinds) FROM ranked), '{}') AS shape
""")


def save_snapshots(conn: Connection, run_id: int) -> None:
    """The mean of each dimension over the run, its sources, counties and kinds of place, as it stands now."""
    conn.execute(_SNAPSHOTS, {"run_id": run_id})


def load_snapshots(conn: Connection, run_id: int) -> list[dict[str, Any]]:
    """The means that a run and its sources ended with: scope, key, dimensions and records. (Counties and kinds could tell of withheld places.)"""
    query = text("""
        SELECT scope, scope_key, dimensions, records FROM ops.quality_snapshots WHERE run_id = :run_id AND scope IN ('run', 'source') ORDER BY scope, scope_key
    """)
    return [dict(row._mapping) for row in conn.execute(query, {"run_id": run_id})]


def save_profile(conn: Connection, run_id: int, source: str, profile: dict[str, Any]) -> None:
    """The profile of a source in a run."""
    statement = upsert(Profile).values(run_id=run_id, source=source, profile=profile)
    conn.execute(statement.on_conflict_do_update(index_elements=["run_id", "source"], set_={"profile": profile}))


def shape(conn: Connection, run_id: int, source: str) -> tuple[dict[str, dict[str, int]], int]:
    """The fields of a source's own rows in a run (dotted paths) with how many rows hold which type, and the number of rows looked at."""
    row = conn.execute(_SHAPE, {"run_id": run_id, "source": source, "rows": SHAPE_ROWS, "depth": SHAPE_DEPTH, "fields": SHAPE_FIELDS}).one()
    return row.shape, row.rows


def earlier_statistics(conn: Connection, run_id: int, source: str, audience: str, *, limit: int) -> list[SourceStatistics]:
    """The statistics of the source's last runs before this one, the newest first. A run of the very same files tells nothing new and is left out."""
    query = text("""
        SELECT p.profile -> 'statistics' -> :audience AS kept FROM ops.profiles p
        WHERE p.source = :source AND p.run_id < :run_id AND p.profile -> 'statistics' -> :audience IS NOT NULL
            AND EXISTS (SELECT 1 FROM staging.run_files rf JOIN staging.source_files f USING (file_id) WHERE rf.run_id = p.run_id AND f.source = :source
                AND rf.file_id NOT IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id))
        ORDER BY p.run_id DESC LIMIT :limit
    """)
    values = {"run_id": run_id, "source": source, "audience": audience, "limit": limit}
    return [SourceStatistics.from_row(kept) for kept in conn.execute(query, values).scalars()]


def replace_findings(conn: Connection, run_id: int, findings: Mapping[str, Sequence[Finding]]) -> None:
    """What was unusual about a run, by audience; what stood there before is forgotten."""
    conn.execute(delete(FindingRow).where(FindingRow.run_id == run_id))
    rows = [{"run_id": run_id, "audience": audience, **asdict(finding)} for audience, found in findings.items() for finding in found]
    if rows:
        conn.execute(insert(FindingRow), [{**row, "record_ids": list(row["record_ids"])} for row in rows])
