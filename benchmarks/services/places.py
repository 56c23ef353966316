"""A registry of so many places, and `gvrc serve` over it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from benchmarks.homes import remove
from gvrc import setup, tokens
from gvrc.model.access import Actor, Role
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store import embedded
from gvrc.store.session import Database

BENCHER = Actor(user_id=1, username="bench", role=Role.ADMIN)
FILL = (
    "ALTER TABLE facilities DISABLE TRIGGER USER", "ALTER TABLE facility_sources DISABLE TRIGGER USER",
    """INSERT INTO facilities (facility_code, registration_number, facility_name, facility_type, county_id, constituency_id, ward_id, record_hash, created_by, updated_by,
        created_at, updated_at)
    SELECT 'B' || chr(65 + g / 1000000) || '-' || lpad((g % 1000000)::text, 6, '0'), 'R' || g, 'Place number ' || g, 'dispensary', c.county_id, k.constituency_id, w.ward_id, repeat('0', 64), 'b', 'b',
        '2026-01-01'::timestamptz + (g / 50) * interval '1 second', '2026-01-01'::timestamptz + (g / 50) * interval '1 second'
    FROM generate_series(CAST(:low AS int), CAST(:high AS int)) g JOIN (SELECT row_number() OVER (ORDER BY ward_id) - 1 AS n, * FROM wards) w ON w.n = g % 1450
    JOIN constituencies k ON k.constituency_id = w.constituency_id JOIN counties c ON c.county_id = k.county_id""",
    """INSERT INTO facility_sources (facility_id, source, record_key, source_id, record_hash)
    SELECT facility_id, 'list', 'list:' || facility_id, facility_id::text, repeat('0', 64) FROM facilities""",
    "ALTER TABLE facilities ENABLE TRIGGER USER", "ALTER TABLE facility_sources ENABLE TRIGGER USER",
)
"""Straight into the registry, without audit: only reading is measured here."""


@contextmanager
def registry(facilities: int, kept: Path | None) -> Iterator[tuple[Settings, str, Database]]:
    """An embedded registry of so many facilities with a source each, a token, and its database. In a home that is kept it is filled once."""
    home = kept or Path(tempfile.mkdtemp(prefix="gvrc-bench-"))
    settings = Settings(home=home, _env_file=None)  # type: ignore[call-arg]
    try:
        setup.init(settings, operator="bench")
        with Database.open(settings) as db:
            if not filled(db):
                fill(db, facilities)
            yield settings, tokens.add_token(db, BENCHER, label=f"bench {time.time():.0f}", role=Role.ADMIN).token, db
    finally:
        embedded.stop(settings)
        if kept is None:
            remove(settings)


def filled(db: Database) -> bool:
    """Whether there is anything in the registry yet."""
    with db.read() as conn:
        return bool(conn.execute(text("SELECT EXISTS (SELECT FROM facilities)")).scalar_one())


def fill(db: Database, facilities: int) -> None:
    """So many facilities with a source each."""
    with db.owner_unit_of_work() as conn:
        for statement in FILL:
            conn.execute(text(statement), {"low": 1, "high": facilities} if ":low" in statement else {})
    with db.owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("VACUUM ANALYZE facilities, facility_sources"))


@contextmanager
def served(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`gvrc serve` over it, its log on disk as in service; its process and its port."""
    environment = os.environ | {"GVRC_HOME": str(settings.home), "GVRC_API_PORT": "0", "GVRC_API_RATE_LIMIT": "10000000/minute", "GVRC_METRICS_TOKEN": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "gvrc", "serve"], cwd=PROJECT_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    assert process.stdout is not None
    try:
        yield process, int(process.stdout.readline().rpartition(":")[2])
    finally:
        process.terminate()
        process.wait(timeout=30)
