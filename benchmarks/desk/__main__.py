"""`python -m benchmarks.desk [--records 237,100000] [--rounds 5] [--stewards 40] [--seconds 60]`

Prints the table of the desk: cold start, every page in a real browser at each number of staged records, forty stewards at once by the protocol
that browsers speak. 237 stands for the sample lists. A million records take some twelve minutes to stage; give `--home` to keep what was staged.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.desk import crowd, pages, staged
from gvrc import pipeline, setup
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store import embedded
from gvrc.store.embedded_place import place_of
from gvrc.store.session import Database
from gvrc.ui.gate import SET_UP_PATH, SIGN_IN_PATH

SAMPLES = 237
BARS_MS = {SAMPLES: 300, 100_000: 500, 1_000_000: 800}
STEWARD = "steward.bench"


@contextmanager
def home(records: int, kept: Path | None) -> Iterator[Settings]:
    """A data home with so many staged records; one of `kept` is made at the first call and used again."""
    folder = kept / str(records) if kept else Path(tempfile.mkdtemp(prefix="gvrc-desk-"))
    settings = Settings(home=folder, _env_file=None)  # type: ignore[call-arg]
    try:
        setup.init(settings, operator="bench")
        with Database.open(settings) as db:
            pages.person(db, STEWARD)
            if not _has_run(db):
                _fill(db, settings, records)
        yield settings
    finally:
        embedded.stop(settings)
        if kept is None:
            for each in (place_of(settings).base, folder):
                shutil.rmtree(each, ignore_errors=True)


def _has_run(db: Database) -> bool:
    with db.read() as conn:
        return bool(conn.exec_driver_sql("SELECT count(*) FROM ops.etl_runs").scalar_one())


def _fill(db: Database, settings: Settings, records: int) -> None:
    if records != SAMPLES:
        staged.stage(db, settings, records)
        return
    received = pipeline.receive(db, settings, staged.BENCHER, sorted((PROJECT_DIR / "data" / "sources").glob("*.json")))
    run_id = pipeline.start(db, settings, staged.BENCHER, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(db, settings, run_id)


def cold_start(settings: Settings) -> float:
    """Seconds from the process's start to the sign-in page; the database server is started with it."""
    embedded.stop(settings)
    started = time.perf_counter()
    with pages.served(settings) as server:
        httpx.get(f"{server.address}{SIGN_IN_PATH}").raise_for_status()
        return time.perf_counter() - started


def first_start() -> float:
    """Seconds of the first start ever: the database made, the official places loaded, the set-up page served."""
    folder = Path(tempfile.mkdtemp(prefix="gvrc-desk-first-"))
    settings = Settings(home=folder, _env_file=None)  # type: ignore[call-arg]
    try:
        started = time.perf_counter()
        with pages.served(settings) as server:
            httpx.get(f"{server.address}{SET_UP_PATH}").raise_for_status()
            return time.perf_counter() - started
    finally:
        embedded.stop(settings)
        for each in (place_of(settings).base, folder):
            shutil.rmtree(each, ignore_errors=True)


def page_table(settings: Settings, records: int, rounds: int) -> None:
    """Print the times of every page."""
    bar = BARS_MS.get(records, 800)
    with pages.served(settings) as server, pages.browser(server.address, STEWARD) as page:
        pages.measure(page, server.address, 1)  # the first visit of each page loads its code
        took = pages.measure(page, server.address, rounds)
    print(f"\n### {records:,} staged records, bar {bar} ms\n\n| page | p50 ms | p95 ms | |\n| --- | ---: | ---: | --- |")
    for name, values in took.items():
        slow = pages.p95(values)
        print(f"| {name} | {statistics.median(values):.0f} | {slow:.0f} | {'' if slow <= bar else 'over'} |")


def crowd_table(settings: Settings, stewards: int, seconds: float) -> None:
    """Print what many stewards at once meet."""
    with pages.served(settings) as server:
        outcome = crowd.run(server, STEWARD, pages.PASSWORD, stewards=stewards, seconds=seconds)
    print(f"\n### {stewards} stewards at once, an action every {crowd.PAUSE_SECONDS:.0f} s, for {seconds:.0f} s\n")
    print("| actions | errors | p50 ms | p95 ms | memory MB |\n| ---: | ---: | ---: | ---: | ---: |")
    print(f"| {len(outcome.milliseconds)} | {outcome.errors} | {statistics.median(outcome.milliseconds):.0f} | {pages.p95(outcome.milliseconds):.0f} | {outcome.memory_mb:.0f} |")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", default="237,100000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stewards", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    for position, records in enumerate(int(text) for text in given.records.split(",")):
        with home(records, given.home) as settings:
            if position == 0:
                starts = [cold_start(settings) for _ in range(3)]
                print(f"\n| start | seconds | bar |\n| --- | ---: | ---: |\n| cold, database made | {statistics.median(starts):.1f} | 4 |\n| first ever | {first_start():.1f} | 20 |")
            page_table(settings, records, given.rounds)
            if position == 0 and given.stewards:
                crowd_table(settings, given.stewards, given.seconds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
