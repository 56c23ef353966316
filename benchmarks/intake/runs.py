"""Whole runs on a database of their own: records a second, processor time per record as lists grow, the sample lists, memory, kills.

    python -m benchmarks.intake.runs [--sizes 10000,100000] [--kills 100] [--gigabyte]

Each run is the command line's own process. A killed run ends by `kill -9` at a random moment, is resumed until it is done, and must leave
what an undisturbed one leaves.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from benchmarks.homes import fresh_home
from benchmarks.intake.dirt import misspelt, mobile
from benchmarks.intake.parsing import measure, write_file
from gvrc import pipeline
from gvrc.model.access import Actor, Role
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.security.crypto import KeyRing
from gvrc.settings import DATA_DIR, PROJECT_DIR, Settings
from gvrc.staging import unseal
from gvrc.store import embedded
from gvrc.store.session import Database

BENCHER = Actor(user_id=1, username="bench", role=Role.ADMIN)
KINDS = ("Dispensary", "Health Centre", "Medical Clinic", "Police Station", "H/C", "Disp.", "P/STN", "Nursing Home", "Safe House")
RECORDS = "SELECT record_key, state, quality_score, data, changes FROM staging.records ORDER BY record_key"
ISSUES = """SELECT r.record_key, i.code, i.field_name, i.value, i.state, i.suggestion FROM staging.issues i JOIN staging.records r USING (record_id)
            ORDER BY r.record_key, i.code, i.field_name, i.ordinal"""


def write_dirty_list(path: Path, records: int) -> None:
    """A list of so many places with the dirt of real ones; names, wards and kinds are real, contacts invented."""
    chance = random.Random(11)
    wards = [(ward.ward, ward.constituency, ward.county) for ward in load_gazetteer().wards]
    with path.open("w", encoding="utf-8") as stream:
        stream.write('{"facilities": [')
        for number in range(records):
            ward, constituency, county = chance.choice(wards)
            name = f"{misspelt(ward, chance) if chance.random() < 0.1 else ward} {chance.choice(('', 'Upper ', 'New ', 'St. Mary '))}{number} {chance.choice(KINDS)}"
            record = {
                "name": name.upper() if chance.random() < 0.3 else name, "county": misspelt(county, chance) if chance.random() < 0.05 else county,
                "constituency": constituency, "ward": ward if chance.random() < 0.9 else None,
                "phone": mobile(number) if chance.random() < 0.6 else f"0700-{number % 1_000_000:06d} / {mobile(number + 1)}",
                "email": f"place.{number}@example.org" if chance.random() < 0.4 else "N/A", "services": chance.choice(("PEP; Counselling", "Legal aid", "-")),
            }
            stream.write((", " if number else "") + json.dumps(record))
        stream.write("]}")


@contextmanager
def ready_home() -> Iterator[Settings]:
    """A data home with its own database, removed afterwards."""
    with fresh_home() as settings:
        subprocess.run([sys.executable, "-m", "gvrc", "init"], check=True, capture_output=True, cwd=PROJECT_DIR, env=os.environ | {"GVRC_HOME": str(settings.home)})
        yield settings


def run(settings: Settings, *paths: Path) -> tuple[float, dict[str, Any]]:
    """Seconds of one `gvrc run` from call to answer, and the answer."""
    command = [sys.executable, "-m", "gvrc", "run", *map(str, paths), "--json"]
    begin = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, cwd=PROJECT_DIR, env=os.environ | {"GVRC_HOME": str(settings.home)})
    return time.perf_counter() - begin, json.loads(done.stdout)


def line(what: str, measured: str, bar: str) -> None:
    print(f"| {what:<52} | {measured:<44} | {bar:<34} |", flush=True)


def samples() -> None:
    """The seven sample lists, with a warm database."""
    with ready_home() as settings:
        seconds = sorted(run(settings, DATA_DIR / "sources")[0] for _ in range(3))
    line("the seven sample lists, command line, warm database", f"{seconds[1]:.2f} s (median of 3)", "<= 3 s")


def throughput(sizes: Sequence[int]) -> None:
    """Records a second through all stages, the work that one costs, and how that grows with the list. The work is told in processor time, which other
    people on the machine change less than the time on the clock; two cores at once do 2,000 ms of it in a second."""
    cost: dict[int, float] = {}
    for size in sizes:
        with ready_home() as settings, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "list.json"
            write_dirty_list(path, size)
            before = _processor_seconds(settings)
            seconds, answer = run(settings, path)
            python, server = (1000 * (now - then) / size for now, then in zip(_processor_seconds(settings), before, strict=True))
            assert answer["records_in"] == size == answer["ready"] + answer["to_review"] + answer["held"] + answer["dead_letters"]
            cost[size] = python + server
            line(f"{size:,} dirty records through all stages", f"{size / seconds:,.0f} a second, {answer['peak_memory_mb']:.0f} MB at most", ">= 3,000 at 100,000; <= 512 MB")
            line("  processor time per record", f"{python + server:.2f} ms: Python {python:.2f}, PostgreSQL {server:.2f}", "<= 0.67 ms on two cores")
            stages = ", ".join(f"{stage['stage']} {1000 * stage['seconds'] / size:.2f}" for stage in answer["stages"])
            print(f"  time on the clock per record in ms: {stages}; load {os.getloadavg()[0]:.1f}", flush=True)
    if len(sizes) > 1:
        line(f"processor time per record, {max(sizes):,} beside {min(sizes):,}", f"{cost[max(sizes)] / cost[min(sizes)]:.2f}", "<= 1.3")


def _processor_seconds(settings: Settings) -> tuple[float, float]:
    """What the finished processes of this one, and the database server with all its processes, have used so far."""
    ours = resource.getrusage(resource.RUSAGE_CHILDREN)
    server = psutil.Process(embedded.ensure_running(settings).pid)
    own = server.cpu_times()
    times = [own.user + own.system + own.children_user + own.children_system]
    for process in server.children():
        with suppress(psutil.Error):
            used = process.cpu_times()
            times.append(used.user + used.system)
    return ours.ru_utime + ours.ru_stime, sum(times)


def memory() -> None:
    """Peak memory of reading a file of 1 GB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.json"
        peaks = {}
        for megabytes in (100, 1000):
            write_file(path, megabytes, "regional")
            peaks[megabytes] = measure("gvrc, source rows", path, "regional")[1]
    line("peak memory, 1 GB JSON (and 100 MB)", f"{peaks[1000]:.0f} MB ({peaks[100]:.0f} MB)", "<= 512 MB, flat")


def kills(times: int, records: int = 6000) -> None:
    """Runs of a list that is large enough for several processes, killed at random moments: all end as an undisturbed one does."""
    chance = random.Random(3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.json"
        write_dirty_list(path, records)
        with ready_home() as settings:
            begin = time.monotonic()
            wanted, _ = _end_state(settings, path, chance, kills=0, longest=0.0)
            longest = time.monotonic() - begin
        done = same = 0
        while done < times:
            with ready_home() as settings:
                state, killed = _end_state(settings, path, chance, kills=min(10, times - done), longest=longest)
                done += max(1, killed)
                same += max(1, killed) if state == wanted else 0
    line(f"{done} kills at random moments", f"{same} with the same end state, {done - same} without", "every run resumes, same end state")


def _end_state(settings: Settings, path: Path, chance: random.Random, *, kills: int, longest: float) -> tuple[str, int]:
    """What stands in the database once the run is done, and how often it was killed on the way."""
    with Database.open(settings) as db:
        received = pipeline.receive(db, settings, BENCHER, [path])
        run_id = pipeline.start(db, settings, BENCHER, [file.file_id for file in received if file.file_id is not None])
        killed = sum(_work(settings, db, run_id, after=chance.uniform(0.5, longest)) for _ in range(kills))
        while not _is_done(db, run_id):
            _work(settings, db, run_id, after=None)
        with db.read() as conn:
            found = [[list(row) for row in conn.execute(text(query))] for query in (RECORDS, ISSUES)]
            told = json.dumps(unseal(conn, KeyRing.load(settings), found), default=str)  # the ids of the vault are other ones in every home
    return hashlib.sha256(told.encode()).hexdigest(), killed


def _work(settings: Settings, db: Database, run_id: int, *, after: float | None) -> bool:
    """A worker on the run, killed after so many seconds. Whether it was killed."""
    if _is_done(db, run_id):
        return False
    with db.unit_of_work(BENCHER) as conn:
        conn.execute(text("UPDATE ops.etl_runs SET status = 'queued' WHERE run_id = :run_id"), {"run_id": run_id})
    command = [sys.executable, "-m", "gvrc.worker", str(run_id)]
    worker = subprocess.Popen(command, cwd=PROJECT_DIR, env=os.environ | {"GVRC_HOME": str(settings.home)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        worker.wait(timeout=after)
    except subprocess.TimeoutExpired:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        return True
    return False


def _is_done(db: Database, run_id: int) -> bool:
    with db.read() as conn:
        return bool(conn.execute(text("SELECT status = 'done' FROM ops.etl_runs WHERE run_id = :run_id"), {"run_id": run_id}).scalar_one())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000", help="records of the lists, comma-separated; empty for none")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--gigabyte", action="store_true", help="read a file of 1 GB and tell the peak memory")
    chosen = parser.parse_args(arguments)
    samples()
    if chosen.sizes:
        throughput([int(size) for size in chosen.sizes.split(",")])
    if chosen.gigabyte:
        memory()
    if chosen.kills:
        kills(chosen.kills)


if __name__ == "__main__":
    main()
