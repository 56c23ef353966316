"""A commit that is killed at any moment and called again ends where an undisturbed one ends."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gvrc.commit import commit
from gvrc.model.access import Actor, Role
from gvrc.settings import Settings
from gvrc.store.session import Database

ROOT = Path(__file__).resolve().parents[2]
PLACES = 90
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
    commit(db, settings, Actor(user_id=1, username="tester", role=Role.ADMIN), int(sys.argv[1]))
"""
STATE = """
    SELECT f.facility_code, f.registration_number, f.facility_name, f.record_hash, f.version, f.is_active, f.aliases,
        (SELECT count(*) FROM facility_contacts c WHERE c.facility_id = f.facility_id), (SELECT count(*) FROM facility_services s WHERE s.facility_id = f.facility_id),
        (SELECT array_agg(record_key ORDER BY record_key) FROM facility_sources s WHERE s.facility_id = f.facility_id),
        (SELECT array_agg((r.record_key, r.state)::text ORDER BY r.record_key) FROM staging.records r WHERE r.facility_id = f.facility_id)
    FROM facilities f ORDER BY f.facility_code
"""


def fill(staged: Any) -> int:
    """A run with clusters of one, two and three records, without personal values (their ids differ from one database to the next)."""
    records = [staged.record(f"r{n:03d}", contacts=(), facility_type="hospital" if n % 3 else "dispensary") for n in range(PLACES)]
    run_id = staged.run_of(*records)
    for first in range(0, PLACES - 3, 10):
        staged.together(*(f"r{n:03d}" for n in range(first, first + 1 + first % 3)))
    return int(run_id)


def killed(settings: Settings, run_id: int, seconds: float) -> bool:
    """Commit in a process of its own, killed after so many seconds of work; whether it was still alive then."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", COMMIT, str(run_id)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(settings.model_dump_json() + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\n")
        process.stdin.flush()
        time.sleep(seconds)
        was_alive = process.poll() is None
        process.send_signal(signal.SIGKILL)
    return was_alive


def test_a_killed_commit_called_again_ends_where_an_undisturbed_one_ends(staged: Any, settings: Settings, new_settings: Callable[[], Settings]) -> None:
    tester = Actor(user_id=1, username="tester", role=Role.ADMIN)
    small = settings.model_copy(update={"batch_size": 3})
    calm = new_settings()
    with Database.open(calm) as db:
        undisturbed = type(staged)(db)
        commit(db, calm.model_copy(update={"batch_size": 3}), tester, fill(undisturbed))
        expected = undisturbed.rows(STATE)
    run_id = fill(staged)
    chance = random.Random(7)
    alive = sum(killed(small, run_id, chance.uniform(0.02, 0.25)) for _ in range(4))
    assert alive > 0, "no kill hit a commit at work"
    with Database.open(settings) as db:
        last = commit(db, small, tester, run_id)
    assert last.dead_letters == 0
    assert staged.rows(STATE) == expected
    assert staged.one("SELECT count(*) FROM commits WHERE status = 'running'") == 0
    orphans = "SELECT count(*) FROM facilities f WHERE NOT EXISTS (SELECT 1 FROM facility_sources s WHERE s.facility_id = f.facility_id)"
    assert staged.one(orphans) == 0
