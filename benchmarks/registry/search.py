"""How long the registry page waits for its list and its counts, at a size of your choice.

    python -m benchmarks.registry.search [--facilities 1000000] [--rounds 5]

The places come of the desk benchmark's lists, multiplied inside the database, in an embedded server of its own that is removed afterwards. They are
searched as an administrator and as a viewer, who must not even count the sensitive ones among them. Nothing may be remembered: before every call the
registry is changed, as if a steward were at work all the time; beside it stands the same call remembered, as it is between two changes.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from sqlalchemy import text

from benchmarks.desk import staged
from benchmarks.registry.commit import BENCHER, empty_database, seconds
from gvrc.model.access import Actor, Role
from gvrc.store.session import Database
from gvrc.views import facilities as views

PAGE = 100
"""Rows of one page."""
FILTERS: tuple[Mapping[str, Any], ...] = (
    {}, {"words": "Huruma"}, {"words": "Sant Mary dispensery"}, {"words": "BA-000042"}, {"county": "KE047"}, {"facility_type": "dispensary"},
    {"service": "psychosocial_support"}, {"quality": "high"}, {"operational_status": "operational"}, {"words": "Huruma", "county": "KE047"},
    {"county": "KE001", "facility_type": "hospital"}, {"words": "dispensary"}, {"words": "kamuwa"}, {"words": "ka"}, {"words": "Saint Mary Dispensary Kaler"},
    {"words": "Mama Grace Health Centre Kilimani Annex"}, {"quality": "low", "facility_type": "hospital"}, {"offset": 500_000}, {"offset": 999_900},
)
READERS = (BENCHER, Actor(user_id=2, username="viewer", role=Role.VIEWER))


def filled(db: Database, facilities: int) -> None:
    """A registry of so many places, in real wards, with names of many words and invented contacts: a seed that went through the pipeline, multiplied.

    One place in fifty is sensitive, so that the tiers have something to hide. Without the audit, which is of no use here.
    """
    run_id = staged.stage(db, db.settings, staged.SEED_ROWS)
    with db.read(timeout_seconds=0) as conn:
        seed = int(conn.execute(text(PLACED), {"run_id": run_id}).scalar_one())
    staged.publish(db, run_id, seed)
    with db.owner_unit_of_work(BENCHER, reason="benchmark") as conn:
        for name in TABLES:
            conn.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
        for statement in MULTIPLY:
            conn.execute(text(statement), {"seed": seed, "n": facilities} if ":seed" in statement else {})
        for name in TABLES:
            conn.execute(text(f"ALTER TABLE {name} ENABLE TRIGGER USER"))
        conn.execute(text("SELECT count_search_anew()"))  # the triggers were off
    with db.owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("VACUUM ANALYZE"))


TABLES = ("facilities", "facility_coordinates", "facility_sources", "facility_services", "facility_contacts")
PLACED = "SELECT count(*) FROM staging.records WHERE run_id = :run_id AND ward_code IS NOT NULL AND latitude IS NOT NULL AND facility_type IS NOT NULL"
_COPIED = "JOIN generate_series(1, CAST(:n / :seed AS int)) AS t ON f.facility_id + t * :seed <= :n WHERE f.facility_id <= :seed"
_SYLLABLES = "ARRAY['ka','mu','wa','ni','ru','so','be','ti','la','go','chi','mba','nya','ke','ro','si','mo','to','re','li']"
MULTIPLY = (
    f"""INSERT INTO facilities (facility_id, facility_code, registration_number, facility_name, facility_type, operational_status_id, ward_id, constituency_id,
            county_id, visibility, record_hash, quality_score, quality_parts, origins, created_by, updated_by)
        SELECT n, 'B' || chr(65 + CAST(n / 1000000 AS int)) || '-' || lpad((n % 1000000)::text, 6, '0'), 'BENCH-' || n,
            facility_name || ' ' || initcap(s[1 + n % 20] || s[1 + n / 20 % 20] || s[1 + n * n % 19] || CASE WHEN n % 3 = 0 THEN s[1 + n / 7 % 20] ELSE '' END),
            facility_type, 1 + (hashint8(n) & 1023) / 700, ward_id, constituency_id, county_id,
            CASE n % 150 WHEN 7 THEN 'withheld' WHEN 57 THEN 'ward_only' WHEN 107 THEN 'office_line' ELSE visibility END,
            record_hash, greatest(0, quality_score - (hashint8(n) & 31)), quality_parts, origins, 'bench', 'bench'
        FROM (SELECT f.*, f.facility_id + t * :seed AS n, {_SYLLABLES} AS s FROM facilities f {_COPIED}) f""",
    f"INSERT INTO facility_coordinates (facility_id, latitude, longitude) SELECT f.facility_id + t * :seed, latitude, longitude FROM facility_coordinates f {_COPIED}",
    f"""INSERT INTO facility_sources (facility_id, source, record_key, record_hash)
        SELECT f.facility_id + t * :seed, source, record_key || '~' || t, record_hash FROM facility_sources f {_COPIED}""",
    f"INSERT INTO facility_services (facility_id, service) SELECT f.facility_id + t * :seed, service FROM facility_services f {_COPIED}",
    f"""INSERT INTO facility_contacts (facility_id, contact_type, contact_value, is_primary)
        SELECT f.facility_id + t * :seed, contact_type, contact_value, is_primary FROM facility_contacts f {_COPIED}""",
    "SELECT setval(pg_get_serial_sequence('facilities', 'facility_id'), (SELECT max(facility_id) FROM facilities))",
)  # fmt: skip
"""Each place of the seed so many times, with another last word, status, quality score and code."""


def touched(db: Database) -> None:
    """Change one place, so that whatever was counted must be counted again."""
    with db.unit_of_work(BENCHER, reason="benchmark") as conn:
        conn.execute(text("UPDATE facilities SET opening_hours = clock_timestamp()::text WHERE facility_id = 1"))


def p95(times: list[float]) -> float:
    """The 95th percentile, in milliseconds."""
    return 1000 * (statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0])


def measured(db: Database, calls: list[Callable[[], object]], *, is_fresh: bool) -> list[float]:
    """Seconds of each call, counted anew or remembered."""
    took = []
    for call in calls:
        if is_fresh:
            touched(db)
        else:
            call()
        took.append(seconds(call))
    return took


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facilities", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with empty_database() as db:
        filled(db, options.facilities)
        report(db, options.facilities, options.rounds)


def report(db: Database, facilities: int, rounds: int) -> None:
    """The times of a registry that stands."""
    ways: dict[str, list[Callable[[], object]]] = {"list": [], "facets": []}
    for _, reader, filters in product(range(rounds), READERS, FILTERS):
        ways["list"].append(lambda reader=reader, filters=filters: views.facility_list(db, reader, limit=PAGE, **filters))  # type: ignore[misc]
    for _, reader, (words, county) in product(range(rounds), READERS, sorted({(f.get("words"), f.get("county")) for f in FILTERS}, key=str)):
        ways["facets"].append(lambda reader=reader, words=words, county=county: views.facets(db, reader, words=words, county=county))  # type: ignore[misc]
    print(f"{facilities:,} facilities, {len(FILTERS)} searches by {len(READERS)} roles, each {rounds} times")
    print(f"{'what':<32}{'p50 ms':>9}{'p95 ms':>9}  bar")
    for name, calls in ways.items():
        for is_fresh in (True, False):
            took = measured(db, calls, is_fresh=is_fresh)
            label = f"{name}, {'registry just changed' if is_fresh else 'remembered'}"
            print(f"{label:<32}{1000 * statistics.median(took):>9.0f}{p95(took):>9.0f}  <= 300 at 1,000,000")


if __name__ == "__main__":
    main()
