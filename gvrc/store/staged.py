"""Whether what is staged for a run moved: the key under which counts of it may be remembered."""

from __future__ import annotations

from sqlalchemy import Connection, text

_RUNS = "SELECT DISTINCT theirs.run_id FROM staging.run_files own JOIN staging.run_files theirs USING (file_id) WHERE own.run_id = :run_id"
_STAMP = text(f"""
    SELECT concat_ws(':', count(*), max(change_id), sum(change_id)) FROM staging.changes WHERE run_id IS NULL OR run_id = :run_id OR run_id IN ({_RUNS})
""")  # noqa: S608 (a fragment of this module)
# Runs that share files share their records, so a change under one run is a change of the others.
_TIDY = text("""
    DELETE FROM staging.changes c USING (SELECT run_id, max(change_id) AS newest FROM staging.changes WHERE run_id IS NULL OR run_id = :run_id GROUP BY run_id) kept
    WHERE c.run_id IS NOT DISTINCT FROM kept.run_id AND c.change_id < kept.newest
""")


_WHOLE = text("""
    SELECT concat_ws(':', count(*), max(change_id), sum(change_id), (SELECT max(run_id) FROM ops.etl_runs),
        (SELECT concat_ws(':', max(commit_id), max(ended_at)) FROM commits)) FROM staging.changes
""")


def stamp(conn: Connection, run_id: int) -> str:
    """A text that is another one after every committed change of the run's records, issues and pairs. Read it in the transaction of the reads
    that it stands for."""
    return str(conn.execute(_STAMP, {"run_id": run_id}).scalar_one())


def whole_stamp(conn: Connection) -> str:
    """The same for all runs and commits together."""
    return str(conn.execute(_WHOLE).scalar_one())


def registry_stamp(conn: Connection) -> str:
    """A text that is another one after every audited change, and every change of the registry is."""
    return str(conn.execute(text("SELECT concat_ws(':', max(chain_id), (SELECT max(commit_id) FROM commits)) FROM audit_chain")).scalar_one())


def tidy(conn: Connection, run_id: int) -> None:
    """Forget all notes of a run's changes but the last; what was remembered by them is counted anew once."""
    conn.execute(_TIDY, {"run_id": run_id})
