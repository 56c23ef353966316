"""Staged records in quantity, straight into PostgreSQL.

    python -m benchmarks.desk.staged 100000 [--home FOLDER] [--facilities 100000]

Two thousand dirty rows go through the real pipeline; the result is then multiplied inside the database: rows, records, issues and pairs, each
copy with keys, pointers and names of its own. So every question of every copy can be answered as if its list had been uploaded, and a million
records take minutes instead of an hour. Wards are real, places and contacts invented.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from benchmarks.matching.generator import ABBREVIATIONS, KINDS
from benchmarks.matching.generator import wards as generated_wards
from gvrc import pipeline, setup
from gvrc.model.access import Actor, Role
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.settings import Settings
from gvrc.store.session import Database

SEED_ROWS = 2_000
"""Rows that go through the pipeline; a number of records is a multiple of it, or less."""
COPIES_AT_ONCE = 25
"""Copies of the seed in one transaction."""
BENCHER = Actor(user_id=1, username="bench", role=Role.ADMIN)
LISTS = ("county_health", "police_returns", "partner_directory", "national_survey")
_FIRST = ("Saint Mary", "New Hope", "Mama Grace", "Huruma", "Upendo", "Baraka", "Neema", "Tumaini", "Amani", "Faraja", "Lulu", "Imani", "Kwa Njenga", "Ebenezer")
_OWNERS = ("Ministry of Health", "Private", "Faith based", "NGO", "County Government")


# ------------------------------------------------------------------------------------------------------------------ the seed


def write_lists(folder: Path, rows: int = SEED_ROWS, seed: int = 7) -> list[Path]:
    """Four dirty lists of invented places in real wards: three CSV files and one JSON file."""
    chance = random.Random(seed)
    wards = [load_gazetteer().ward(ward.code) for ward in generated_wards()]
    parts: dict[str, list[dict[str, str]]] = {name: [] for name in LISTS}
    previous: dict[str, str] = {}
    for number in range(1, rows + 1):
        is_copy = bool(previous) and chance.random() < 0.06
        row = _copy(chance, previous, number) if is_copy else _row(chance, chance.choice(wards), number)
        parts[LISTS[number % len(LISTS)]].append(row)
        previous = row
    paths = []
    for name, part in parts.items():
        paths.append(folder / f"{name}.{'json' if name == LISTS[-1] else 'csv'}")
        _write(paths[-1], part)
    return paths


def _row(chance: random.Random, ward: Any, number: int) -> dict[str, str]:
    _, word, _ = chance.choices(KINDS, weights=[weight for *_, weight in KINDS])[0]
    name = f"{ward.ward} {chance.choice(_FIRST)} {word}" if chance.random() < 0.5 else f"{chance.choice(_FIRST)} {word} {ward.ward}"
    latitude, longitude = (ward.latitude or -1.0) + chance.gauss(0, 0.01), (ward.longitude or 37.0) + chance.gauss(0, 0.01)
    row = {
        "id": f"B{number:06d}", "facility_name": name, "facility_type": word, "county": ward.county, "constituency": ward.constituency, "ward": ward.ward,
        "latitude": f"{latitude:.6f}", "longitude": f"{longitude:.6f}", "phone": f"0700 000 {number % 1000:03d}", "email": f"desk{number}@example.org",
        "owner": chance.choice(_OWNERS), "operational_status": "Operational", "services": "Counselling; PEP" if chance.random() < 0.4 else "Counselling",
    }  # fmt: skip
    return row | _dirt(chance, row)


def _dirt(chance: random.Random, row: dict[str, str]) -> dict[str, str]:
    """What is wrong with a row; about four in ten have something."""
    dirt: dict[str, str] = {}
    for share, spoilt in (
        (0.10, {"phone": row["phone"][:-1]}), (0.06, {"ward": row["ward"][:-1] + "x"}), (0.05, {"latitude": "", "longitude": ""}),
        (0.05, {"email": row["email"].replace("@", " ")}), (0.03, {"latitude": row["longitude"], "longitude": row["latitude"]}), (0.03, {"ward": ""}),
        (0.02, {"county": "Atlantis"}), (0.02, {"latitude": "0", "longitude": "0"}), (0.04, {"facility_type": "Faciltiy"}), (0.03, {"phone": "N/A"}),
        (0.02, {"latitude": "-4.05", "longitude": "39.66"}),
    ):  # fmt: skip
        if chance.random() < share:
            dirt |= spoilt
    return dirt


def _copy(chance: random.Random, row: dict[str, str], number: int) -> dict[str, str]:
    """The row before, as another list would spell it."""
    name = row["facility_name"]
    for word, shorter in ABBREVIATIONS.items():
        if word in name and chance.random() < 0.7:
            name = name.replace(word, chance.choice(shorter))
    return row | {"id": f"B{number:06d}", "facility_name": name, "phone": row["phone"] if chance.random() < 0.5 else f"0700 000 {number % 1000:03d}"}


def _write(path: Path, rows: Sequence[dict[str, str]]) -> None:
    if path.suffix == ".json":
        path.write_text(json.dumps({"facilities": rows}), encoding="utf-8")
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


# ------------------------------------------------------------------------------------------------------------------ many of them


def stage(db: Database, settings: Settings, records: int, actor: Actor = BENCHER) -> int:
    """A finished run with so many staged records (a multiple of SEED_ROWS when more than that); its id."""
    with tempfile.TemporaryDirectory(prefix="gvrc-bench-lists-") as folder:
        received = pipeline.receive(db, settings, actor, write_lists(Path(folder), min(records, SEED_ROWS)))
    problems = [file.problem for file in received if file.problem]
    if problems:
        raise SystemExit("; ".join(problems))
    run_id = pipeline.start(db, settings, actor, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(db, settings, run_id)
    multiply(db, run_id, max(1, round(records / SEED_ROWS)))
    return run_id


def multiply(db: Database, run_id: int, times: int) -> None:
    """Make the run's records so many times as many."""
    if times < 2:
        return
    with db.read() as conn:
        span = int(_one(conn, "SELECT max(record_id) - min(record_id) + 1 FROM staging.records WHERE run_id = :run_id", run_id))
        top = int(_one(conn, "SELECT coalesce(max(record_id), 0) FROM staging.records", run_id))
        low = int(_one(conn, "SELECT min(record_id) FROM staging.records WHERE run_id = :run_id", run_id))
    shift = top - low + 1
    for first in range(1, times, COPIES_AT_ONCE):
        values = {"run_id": run_id, "span": span, "shift": shift, "first": first, "last": min(times - 1, first + COPIES_AT_ONCE - 1)}
        with db.unit_of_work(BENCHER, reason="benchmark") as conn:
            conn.execute(text("SET LOCAL synchronous_commit = off"))
            for statement in COPY:
                conn.execute(text(statement), values)
    with db.owner_unit_of_work(BENCHER, reason="benchmark") as conn:
        for statement in COUNTS:
            conn.execute(text(statement), {"run_id": run_id, "times": times})
    _analyse(db)


_SEED = "file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id) AND pointer NOT LIKE '%~%'"
_COPIES = "generate_series(CAST(:first AS int), CAST(:last AS int)) AS t"
_ID = "+ :shift + (t - 1) * :span"
COPY = (
    f"""INSERT INTO staging.raw_data (source_kind, file_id, row_number, pointer, source, source_id, record_key, data, context, row_values, content_hash)
        SELECT source_kind, file_id, row_number + t * 100000, pointer || '~' || t, source, source_id || '~' || t, record_key || '~' || t,
            data || jsonb_build_object('facility_name', data ->> 'facility_name' || ' ' || t), context,
            row_values || CASE WHEN row_values ? 'name' THEN jsonb_build_object('name', row_values ->> 'name' || ' ' || t) ELSE '{{}}' END,
            encode(sha256(convert_to(content_hash || t, 'UTF8')), 'hex')
        FROM staging.raw_data, {_COPIES} WHERE {_SEED}""",
    f"""INSERT INTO staging.records (record_id, file_id, row_number, pointer, source, record_key, run_id, stage, state, name, facility_type, county_code,
            constituency_code, ward_code, latitude, longitude, place_confidence, visibility, data, changes, quality_score, quality_parts,
            completeness, accuracy, consistency, timeliness, uniqueness, points_to_gain, state_reason, content_hash, record_hash, cluster_id)
        SELECT record_id {_ID}, file_id, row_number + t * 100000, pointer || '~' || t, source, record_key || '~' || t, run_id, stage, state, name || ' ' || t,
            facility_type, county_code, constituency_code, ward_code, latitude, longitude, place_confidence, visibility, data, changes, quality_score,
            quality_parts, completeness, accuracy, consistency, timeliness, uniqueness, points_to_gain, state_reason, encode(sha256(convert_to(content_hash || t, 'UTF8')), 'hex'),
            encode(sha256(convert_to(record_hash || t, 'UTF8')), 'hex'), cluster_id {_ID}
        FROM staging.records, {_COPIES} WHERE {_SEED}""",
    f"""INSERT INTO staging.issues (record_id, file_id, code, field_name, ordinal, severity, dimension, stage, value, detail, suggestion, points, state, asks,
            question_key, evidence_hash)
        SELECT i.record_id {_ID}, i.file_id, i.code, i.field_name, i.ordinal, i.severity, i.dimension, i.stage, i.value, i.detail, i.suggestion, i.points, i.state, i.asks,
            encode(sha256(convert_to(format('["issue",%s,"%s","%s",%s]', to_json(r.record_key || '~' || t), i.code, i.field_name, i.ordinal), 'UTF8')), 'hex'),
            i.evidence_hash
        FROM staging.issues i JOIN staging.records r USING (record_id), {_COPIES} WHERE r.{_SEED.replace(" AND pointer", " AND r.pointer")}""",
    f"""INSERT INTO staging.match_results (run_id, question_key, left_key, right_key, left_record_id, right_record_id, match_score, reference_score, base,
            strategy, band, hard_evidence, features, rules, evidence_hash, scorer_version, is_open, pair_state, relation, is_sample, priority, reason)
        SELECT run_id, left(encode(sha256(convert_to(least(left_key || '~' || t, right_key || '~' || t) || chr(30)
                || greatest(left_key || '~' || t, right_key || '~' || t), 'UTF8')), 'hex'), 32),
            left_key || '~' || t, right_key || '~' || t, left_record_id {_ID}, right_record_id {_ID}, match_score, reference_score, base, strategy, band,
            hard_evidence, features, rules, evidence_hash, scorer_version, is_open, pair_state, relation, is_sample, priority, reason
        FROM staging.match_results, {_COPIES} WHERE run_id = :run_id AND left_key NOT LIKE '%~%' AND right_key NOT LIKE 'facility:%' AND left_key NOT LIKE 'facility:%'""",
)  # fmt: skip
"""One copy per number from `first` to `last` of each row of the run that is not a copy itself."""
COUNTS = (
    "SELECT setval(pg_get_serial_sequence('staging.records', 'record_id'), (SELECT max(record_id) FROM staging.records))",
    "UPDATE staging.source_files SET records = records * :times WHERE file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id)",
    "UPDATE ops.etl_runs SET records_processed = records_processed * :times WHERE run_id = :run_id",
    """UPDATE ops.stage_reports SET rows_in = rows_in * :times, rows_out = rows_out * :times,
        issues = (SELECT coalesce(jsonb_object_agg(key, value::int * :times), '{}') FROM jsonb_each_text(issues)) WHERE run_id = :run_id""",
    "UPDATE ops.quality_snapshots SET records = records * :times WHERE run_id = :run_id",
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------ the registry


def publish(db: Database, run_id: int, facilities: int) -> None:
    """So many facilities in the registry, with their points and sources, made of the run's placed records (each at most twice); without the audit, which is of no use here."""
    with db.owner_unit_of_work(BENCHER, reason="benchmark") as conn:
        tables = ("facilities", "facility_coordinates", "facility_sources", "facility_services", "facility_contacts")
        for name in tables:
            conn.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
        for statement in PUBLISH:
            conn.execute(text(statement), {"run_id": run_id, "n": facilities} if ":n" in statement else {})
        for name in tables:
            conn.execute(text(f"ALTER TABLE {name} ENABLE TRIGGER USER"))
        conn.execute(text("SELECT count_search_anew()"))  # what is kept for searching is kept by triggers, which were off
    _analyse(db)


PUBLISH = (
    """CREATE TEMPORARY TABLE published ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY copy, r.record_id) AS id, r.record_key || CASE WHEN copy > 1 THEN '~~' ELSE '' END AS published_key, r.*,
            w.ward_id, k.constituency_id, k.county_id
        FROM staging.records r JOIN wards w USING (ward_code) JOIN constituencies k USING (constituency_id), generate_series(1, 2) AS copy
        WHERE r.run_id = :run_id AND r.latitude IS NOT NULL AND r.facility_type IS NOT NULL ORDER BY copy, r.record_id LIMIT :n""",
    """INSERT INTO facilities (facility_id, facility_code, registration_number, facility_name, facility_type, ward_id, constituency_id, county_id, visibility,
            record_hash, quality_score, quality_parts, created_by, updated_by)
        SELECT id, 'B' || chr(65 + (id / 1000000)::int) || '-' || lpad((id % 1000000)::text, 6, '0'), 'BENCH-' || id, name, facility_type, ward_id, constituency_id, county_id, visibility, record_hash,
            quality_score, quality_parts, 'bench', 'bench' FROM published""",
    "INSERT INTO facility_coordinates (facility_id, latitude, longitude) SELECT id, latitude, longitude FROM published",
    "INSERT INTO facility_sources (facility_id, source, record_key, record_hash) SELECT id, source, published_key, record_hash FROM published",
    """INSERT INTO facility_services (facility_id, service) SELECT id, s.value FROM published, jsonb_array_elements_text(data -> 'services') AS s (value)
        ON CONFLICT DO NOTHING""",
    """INSERT INTO facility_contacts (facility_id, contact_type, contact_value, is_primary)
        SELECT id, c.value ->> 'contact_type', substring(c.value ->> 'value' FROM 7)::uuid, c.ordinality = 1
        FROM published, jsonb_array_elements(data -> 'contacts') WITH ORDINALITY AS c (value, ordinality) ON CONFLICT DO NOTHING""",
    "SELECT setval(pg_get_serial_sequence('facilities', 'facility_id'), (SELECT max(facility_id) FROM facilities))",
)  # fmt: skip


def _one(conn: Connection, query: str, run_id: int) -> Any:
    return conn.execute(text(query), {"run_id": run_id} if ":run_id" in query else {}).scalar_one()


def _analyse(db: Database) -> None:
    with db.owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ANALYZE"))


def main() -> int:
    """Stage into a data home that is kept, for looking at the screens with much in them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", type=int)
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir(), "gvrc-desk-bench"))
    parser.add_argument("--facilities", type=int, default=0)
    given = parser.parse_args()
    settings = Settings(home=given.home, _env_file=None)  # type: ignore[call-arg]
    setup.init(settings, operator="bench")
    with Database.open(settings) as db:
        started = time.perf_counter()
        run_id = stage(db, settings, given.records)
        print(f"run {run_id}: {given.records:,} records in {time.perf_counter() - started:.1f} s")
        if given.facilities:
            started = time.perf_counter()
            publish(db, run_id, given.facilities)
            print(f"{given.facilities:,} facilities in {time.perf_counter() - started:.1f} s")
    print(f"GVRC_HOME={given.home} python -m gvrc.ui.server")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
