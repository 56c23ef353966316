"""A commit killed at random moments and called again ends where an undisturbed one ends: nothing lost, nothing doubled.

    python -m benchmarks.registry.kills [--kills 50] [--facilities 400]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from typing import Any

from sqlalchemy import text

from benchmarks.registry.commit import BENCHER, fresh_database
from gvrc.commit import commit
from gvrc.settings import PROJECT_DIR
from gvrc.store.session import Database

COMMIT = """
import sys
from gvrc.commit import commit
from gvrc.model.access import Actor, Role
from gvrc.settings import Settings
from gvrc.store.session import Database

settings = Settings.model_validate_json(sys.stdin.readline())
with Database.open(settings) as db:
    print("ready", flush=True)
    sys.stdin.readline()
    commit(db, settings, Actor(user_id=1, username="bench", role=Role.ADMIN), 1)
"""
STATE = """
    SELECT f.facility_code, f.facility_name, f.record_hash, f.version, f.is_active,
        (SELECT count(*) FROM facility_contacts c WHERE c.facility_id = f.facility_id), (SELECT count(*) FROM facility_versions v WHERE v.facility_id = f.facility_id),
        (SELECT array_agg(record_key ORDER BY record_key) FROM facility_sources s WHERE s.facility_id = f.facility_id),
        (SELECT array_agg(r.state ORDER BY r.record_key) FROM staging.records r WHERE r.facility_id = f.facility_id)
    FROM facilities f ORDER BY f.facility_code
"""


def state(db: Database) -> list[tuple[Any, ...]]:
    """The registry without ids and times."""
    with db.read(timeout_seconds=0) as conn:
        return [tuple(row) for row in conn.execute(text(STATE))]


def killed(db: Database, seconds: float) -> bool:
    """Commit in a process of its own, killed after so long; whether it was at work then."""
    settings = db.settings.model_copy(update={"batch_size": 2})
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_DIR)}
    with subprocess.Popen([sys.executable, "-c", COMMIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        if process.stdin is None or process.stdout is None:
            raise SystemExit("no pipes")
        process.stdin.write(settings.model_dump_json() + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "ready\n":
            raise SystemExit("the commit did not start")
        process.stdin.write("\n")
        process.stdin.flush()
        time.sleep(seconds)
        was_alive = process.poll() is None
        process.send_signal(signal.SIGKILL)
    return was_alive


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--facilities", type=int, default=400)
    options = parser.parse_args()
    with fresh_database(options.facilities) as db:
        commit(db, db.settings, BENCHER, 1)
        expected = state(db)
    chance = random.Random(3)
    hits = 0
    with fresh_database(options.facilities) as db:
        for _ in range(options.kills):
            hits += killed(db, chance.uniform(0.0, 0.4))
        commit(db, db.settings, BENCHER, 1)
        is_same = state(db) == expected
    print(f"{options.kills} kills, {hits} of a commit at work; end state {'the same' if is_same else 'DIFFERENT'}  bar: the same, 0 lost, 0 doubled")


if __name__ == "__main__":
    main()
