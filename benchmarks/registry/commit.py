"""How fast golden records reach the registry, audit and hash chain on, beside the plain way: `executemany` of upserts in batches of 50.

    python -m benchmarks.registry.commit [--facilities 20000] [--rounds 3]

Both ways write the same facilities with three children each (contact, service, point) into an empty registry with the same triggers and
indexes; what the audit costs is told by the same commit with its triggers switched off. The embedded server runs in a folder of its own that is removed afterwards.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text

from benchmarks.homes import fresh_home
from gvrc import setup
from gvrc.commit import commit, preview
from gvrc.model.access import Actor, Role
from gvrc.store.session import Database

BENCHER = Actor(user_id=1, username="bench", role=Role.ADMIN)
REFERENCE_BATCH = 50
"""Rows per batch of the plain way."""

STAGE = """
    INSERT INTO staging.source_files (name, source, kind, sha256, size_bytes, mapping, records, received_by)
        VALUES ('bench.json', 'bench', 'json', repeat('0', 64), 1, '{}', :n, 'bench');
    INSERT INTO ops.etl_runs (status, started_by) VALUES ('done', 'bench');
    INSERT INTO staging.run_files (run_id, file_id) VALUES (1, 1);
    INSERT INTO vault (vault_id, blind_index, ciphertext, wrapped_key, key_id)
        SELECT md5(g::text)::uuid, sha256(g::text::bytea), '\\x00', '\\x00', 'bench' FROM generate_series(1, :n) g;
    INSERT INTO staging.records (file_id, row_number, pointer, source, record_key, run_id, stage, state, name, facility_type, county_code,
        constituency_code, ward_code, latitude, longitude, place_confidence, visibility, data, content_hash, record_hash, quality_score, completeness, quality_parts)
    SELECT 1, g, '/' || g, 'bench', 'bench:' || g, 1, 'enrich', 'ready', 'Place number ' || g, 'dispensary', w.county_code, w.constituency_code,
        w.ward_code, -4 + (g % 1000) / 1000.0, 36 + (g % 977) / 1000.0, 1, 'public',
        jsonb_build_object('source_id', g::text, 'aliases', jsonb_build_array('Place No. ' || g), 'qualifiers', '[]'::jsonb, 'facility_code', null,
            'registration_number', null, 'fid_code', null, 'keph_level', null, 'owner', null, 'operational_status', 'operational', 'stated', '{}'::jsonb,
            'place', jsonb_build_object('county', w.county_name, 'constituency', w.constituency_name, 'ward', w.ward_name, 'confidence', 1,
                'method', 'exact', 'alternatives', '[]'::jsonb),
            'point', jsonb_build_object('decimals', 6, 'accuracy_level', 'stated', 'method', null),
            'contacts', jsonb_build_array(jsonb_build_object('contact_type', 'phone', 'value', 'vault:' || md5(g::text)::uuid, 'label', null,
                'is_primary', true)),
            'services', jsonb_build_array('gbv_medical_care'), 'gbv_categories', '[]'::jsonb, 'address', null, 'officer', null,
            'opening_hours', null, 'description', null, 'last_verified_at', null),
        repeat('0', 64), encode(sha256(g::text::bytea), 'hex'), 90, 90,
        '[{"dimension": "completeness", "value": 90, "weight": 1, "reasons": []}]'
    FROM generate_series(1, :n) g JOIN (
        SELECT row_number() OVER (ORDER BY ward_code) - 1 AS number, * FROM wards JOIN constituencies USING (constituency_id) JOIN counties USING (county_id)
    ) w ON w.number = g % 1450;
    UPDATE staging.records SET cluster_id = record_id
"""


@contextmanager
def fresh_database(facilities: int) -> Iterator[Database]:
    """An empty registry with a finished run of so many ready records."""
    with empty_database() as db:
        with db.unit_of_work(BENCHER) as conn:
            for statement in STAGE.split(";\n"):
                conn.execute(text(statement), {"n": facilities} if ":n" in statement else {})
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text("ANALYZE"))
        yield db


@contextmanager
def empty_database() -> Iterator[Database]:
    """An embedded server with an empty registry, in a folder of its own that is removed afterwards."""
    with fresh_home() as settings:
        setup.upgrade(settings)
        with Database.open(settings) as db:
            yield db


def seconds(work: Callable[[], object]) -> float:
    """How long it takes, in seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def told(way: str, work: Callable[[], object]) -> float:
    """How long it takes, in seconds, said as soon as it is known: at 100,000 places a round takes minutes."""
    took = seconds(work)
    print(f"  {way}: {took:.1f} s", file=sys.stderr, flush=True)
    return took


def plain_way(db: Database) -> None:
    """Upserts by `executemany`, a transaction per 50 facilities with their children: how it is usually done."""
    with db.read(timeout_seconds=0) as conn:
        rows = [dict(row._mapping) for row in conn.execute(text(PLAIN_ROWS))]
    for start in range(0, len(rows), REFERENCE_BATCH):
        batch = rows[start : start + REFERENCE_BATCH]
        with db.unit_of_work(BENCHER) as conn:
            for statement in PLAIN:
                conn.execute(text(statement), batch)


PLAIN_ROWS = """
    SELECT r.record_id AS id, 'DIS-' || lpad(r.record_id::text, 6, '0') AS code, 'UNREG-' || r.record_id AS registration, r.name, r.facility_type AS kind, r.record_hash AS hash, r.record_key AS key,
        w.ward_id AS ward, k.constituency_id AS constituency, k.county_id AS county, r.latitude, r.longitude,
        substring(r.data #>> '{contacts,0,value}' from 7)::uuid AS contact
    FROM staging.records r JOIN wards w USING (ward_code) JOIN constituencies k USING (constituency_id) ORDER BY r.record_id
"""
PLAIN = (
    """INSERT INTO facilities (facility_id, facility_code, registration_number, facility_name, facility_type, ward_id, constituency_id, county_id, record_hash,
        created_by, updated_by) VALUES (:id, :code, :registration, :name, :kind, :ward, :constituency, :county, :hash, 'bench', 'bench')
        ON CONFLICT (facility_id) DO UPDATE SET facility_name = excluded.facility_name""",
    """INSERT INTO facility_contacts (facility_id, contact_type, contact_value, is_primary) VALUES (:id, 'phone', :contact, true)
        ON CONFLICT DO NOTHING""",
    "INSERT INTO facility_services (facility_id, service) VALUES (:id, 'gbv_medical_care') ON CONFLICT DO NOTHING",
    "INSERT INTO facility_coordinates (facility_id, latitude, longitude) VALUES (:id, :latitude, :longitude) ON CONFLICT DO NOTHING",
    """INSERT INTO facility_sources (facility_id, source, record_key, record_hash) VALUES (:id, 'bench', :key, :hash) ON CONFLICT DO NOTHING""",
)


def one_round(facilities: int, *, has_plain: bool = True) -> dict[str, float]:
    """Every way once, each in a database of its own."""
    took: dict[str, float] = {}
    if has_plain:
        with fresh_database(facilities) as db:
            took[PLAIN_WAY] = told(PLAIN_WAY, lambda: plain_way(db))
    for batch in (50, 5000):
        with fresh_database(facilities) as db:
            took |= _our_way(db, facilities, batch)
    with fresh_database(facilities) as db:
        without_audit(db)
        settings = db.settings.model_copy(update={"batch_size": 5000})
        took[UNAUDITED] = told(UNAUDITED, lambda: commit(db, settings, BENCHER, 1))
    return took


PLAIN_WAY = "executemany, batches of 50"
UNAUDITED = "the same, audit off"
_TRIGGERS = """SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger
    WHERE NOT tgisinternal AND tgname IN ('audit_insert', 'audit_update', 'audit_delete')"""


def without_audit(db: Database) -> None:
    """Switch the audit's triggers off: only the owner of the tables can, and only a benchmark does."""
    with db.owner_unit_of_work(BENCHER) as conn:
        for statement in conn.execute(text(_TRIGGERS)).scalars().all():
            conn.execute(text(statement))


def _our_way(db: Database, facilities: int, batch: int) -> dict[str, float]:
    settings, way = db.settings.model_copy(update={"batch_size": batch}), f"commit, batches of {batch}"
    took = {"preview": told("preview", lambda: preview(db, settings, BENCHER, 1))} if batch > REFERENCE_BATCH else {}
    took[way] = told(way, lambda: commit(db, settings, BENCHER, 1))
    with db.read() as conn:
        written = conn.execute(text("SELECT (SELECT count(*) FROM facilities), (SELECT count(*) FROM facility_contacts)")).one()
    if tuple(written) != (facilities, facilities):
        raise SystemExit(f"the commit wrote {tuple(written)}")
    if batch > REFERENCE_BATCH:
        took["the same again"] = told("the same again", lambda: commit(db, settings, BENCHER, 1))
    return took


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facilities", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-plain", action="store_true", help="leave the plain way out, which takes long at 100,000")
    options = parser.parse_args()
    rounds = [one_round(options.facilities, has_plain=not options.without_plain) for _ in range(options.rounds)]
    took = {way: statistics.median(each[way] for each in rounds) for way in rounds[0]}
    plain = took.get(PLAIN_WAY)
    print(f"{options.facilities:,} facilities + {3 * options.facilities:,} children, audit and chain on; median of {options.rounds}; "
          f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    print(f"{'way':<32}{'seconds':>9}{'rows/s':>10}{'ratio':>8}  bar")
    bars = {"commit, batches of 5000": ">= 1.5", "commit, batches of 50": ">= 0.6", "the same again": "<= half the first", "preview": "<= 5 s at 100,000"}
    for way, took_seconds in took.items():
        rows = "" if way in ("preview", "the same again") else f"{4 * options.facilities / took_seconds:,.0f}"
        ratio = f"{plain / took_seconds:.2f}" if plain else ""
        print(f"{way:<32}{took_seconds:>9.2f}{rows:>10}{ratio:>8}  {bars.get(way, '')}")
    audited = took["commit, batches of 5000"]
    print(f"the audit costs {audited / took[UNAUDITED]:.2f} times  bar: <= 1.5; the same again takes {took['the same again'] / audited:.2f} of the first time  bar: <= 0.5")


if __name__ == "__main__":
    main()
