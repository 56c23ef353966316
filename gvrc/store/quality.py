"""Quality over time: one snapshot per run and scope, one profile per run and source."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert as upsert

from gvrc.store.tables import Profile

_SNAPSHOTS = text("""
    WITH scored AS (
        SELECT r.source, r.county_code, r.quality_score, part ->> 'dimension' AS dimension, (part ->> 'value')::float AS value
        FROM staging.records r CROSS JOIN LATERAL jsonb_array_elements(r.quality_parts) AS part
        WHERE r.file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id) AND r.state <> 'rejected'
    ), scopes AS (
        SELECT 'run' AS scope, '' AS scope_key, dimension, value, quality_score FROM scored
        UNION ALL SELECT 'source', source, dimension, value, quality_score FROM scored
        UNION ALL SELECT 'county', coalesce(county_code, ''), dimension, value, quality_score FROM scored
    ), means AS (
        SELECT scope, scope_key, dimension, avg(value) AS value, avg(quality_score) AS total, count(*) AS records FROM scopes GROUP BY 1, 2, 3
    )
    INSERT INTO ops.quality_snapshots (run_id, scope, scope_key, dimensions, records)
    SELECT :run_id, scope, scope_key,
        jsonb_object_agg(dimension, round(value::numeric, 2)) || jsonb_build_object('total', round(avg(total)::numeric, 2)), max(records)
    FROM means GROUP BY scope, scope_key
    ON CONFLICT (run_id, scope, scope_key) DO UPDATE SET dimensions = excluded.dimensions, records = excluded.records
""")


def save_snapshots(conn: Connection, run_id: int) -> None:
    """The mean of each dimension over the run, its sources and its counties, as it stands now."""
    conn.execute(_SNAPSHOTS, {"run_id": run_id})


def save_profile(conn: Connection, run_id: int, source: str, profile: dict[str, Any]) -> None:
    """The profile of a source in a run."""
    statement = upsert(Profile).values(run_id=run_id, source=source, profile=profile)
    conn.execute(statement.on_conflict_do_update(index_elements=["run_id", "source"], set_={"profile": profile}))
