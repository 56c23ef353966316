"""How fast the API answers at a million facilities, 20 connections asking for pages of 100 without a pause, loopback only.

    python -m benchmarks.services [--facilities 1000000] [--seconds 20] [--connections 20] [--home FOLDER]

Pages are asked for at the beginning and, by cursor, at random depths; `/health` and `/metrics` are asked four times a second meanwhile. The server is
`gvrc serve` in a process of its own, the client another on the same machine, so both share its cores. The embedded database is removed afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import text

from gvrc import setup, tokens
from gvrc.model.access import Actor, Role
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store import embedded
from gvrc.store.embedded_place import place_of
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facilities", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--home", type=Path, help="a data home that is filled once and kept, for repeats")
    options = parser.parse_args()
    with registry(options.facilities, options.home) as (settings, token), served(settings) as (process, port):
        load = Load(port, token, options.facilities)
        asyncio.run(load.warm(options.connections))
        burnt = Burnt(settings, process)
        rows = [
            ("/data, page 1", asyncio.run(load.run(options, deep=False)), 100), ("/data, any depth by cursor", asyncio.run(load.run(options, deep=True)), 100),
            ("/health under that load", load.seconds["/health"], 50), ("/metrics under that load", load.seconds["/metrics"], 50),
        ]
        told = burnt.per_answer(sum(len(seconds) for _, seconds, _ in rows))
    print(f"{platform.platform()}, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}; {options.facilities:,} facilities, {options.connections} connections, {options.seconds:.0f} s each")
    print(f"{'what':28}  {'answers':>8}  {'p50 ms':>7}  {'p95 ms':>7}  {'bar ms':>7}")
    for what, seconds, bar in rows:
        print(f"{what:28}  {len(seconds):8,}  {percentile(seconds, 50):7.1f}  {percentile(seconds, 95):7.1f}  {bar:7}")
    print(told)
    print(f"errors: {load.errors}; the slowest answer of workers that had just started took {max(load.first):.1f} s")
    return 0


def percentile(seconds: list[float], rank: int) -> float:
    """In milliseconds."""
    return 1000 * statistics.quantiles(seconds, n=100)[rank - 1] if len(seconds) > 1 else float("nan")


class Burnt:
    """Processor time, which tells what an answer costs on a loaded machine too."""

    def __init__(self, settings: Settings, process: subprocess.Popen[str]) -> None:
        postmaster = int((place_of(settings).data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        self._roots = {"server": process.pid, "database": postmaster, "client": os.getpid()}
        self._before = {name: self._seconds(name) for name in self._roots}

    def _seconds(self, name: str) -> float:
        root = psutil.Process(self._roots[name])
        family = [root] if name == "client" else [root, *root.children(recursive=True)]
        return sum(sum(process.cpu_times()[:2]) for process in family)

    def per_answer(self, answers: int) -> str:
        """Milliseconds per answer since the beginning."""
        spent = {name: 1000 * (self._seconds(name) - before) / answers for name, before in self._before.items()}
        return "processor time per answer: " + ", ".join(f"{name} {spent[name]:.2f} ms" for name in spent)


class Load:
    """A client that speaks just enough HTTP to be lighter than what it measures."""

    def __init__(self, port: int, token: str, facilities: int) -> None:
        self._port, self._token, self._facilities = port, token, facilities
        self.seconds: dict[str, list[float]] = {"/health": [], "/metrics": []}
        self.first: list[float] = []
        """First answers, by which workers that have just started count the total."""
        self.errors = 0

    async def run(self, options: argparse.Namespace, *, deep: bool) -> list[float]:
        """All connections for so many seconds; the time of each answer."""
        found: list[float] = []
        end = time.monotonic() + options.seconds
        await asyncio.gather(*(self._pages(end, found, deep=deep) for _ in range(options.connections)), *(self._probe(end, path) for path in self.seconds))
        return found

    async def warm(self, connections: int) -> None:
        """The first answers of the workers."""
        await asyncio.gather(*(self._warm() for _ in range(connections)))

    async def _warm(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        for _ in range(8):
            self.first.append(await self._ask(reader, writer, "/data?page_size=100"))
        writer.close()

    async def _pages(self, end: float, found: list[float], *, deep: bool) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while time.monotonic() < end:
            number = random.randrange(1, self._facilities)
            moment = 1_767_225_600_000_000 + number // 50 * 1_000_000
            path = f"/data?page_size=100&cursor={moment}-{number}-0-1" if deep else "/data?page_size=100"
            found.append(await self._ask(reader, writer, path))
        writer.close()

    async def _probe(self, end: float, path: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while time.monotonic() < end:
            self.seconds[path].append(await self._ask(reader, writer, path))
            await asyncio.sleep(0.25)
        writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> float:
        started = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {self._token}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert length is not None
        await reader.readexactly(int(length[1]))
        self.errors += not head.startswith(b"HTTP/1.1 200")
        return time.perf_counter() - started


@contextmanager
def registry(facilities: int, kept: Path | None) -> Iterator[tuple[Settings, str]]:
    """An embedded registry of so many facilities with a source each, and a token. In a home that is kept it is filled once."""
    home = kept or Path(tempfile.mkdtemp(prefix="gvrc-bench-"))
    settings = Settings(home=home, _env_file=None)  # type: ignore[call-arg]
    try:
        setup.init(settings, operator="bench")
        with Database.open(settings) as db:
            if not filled(db):
                fill(db, facilities)
            yield settings, tokens.add_token(db, BENCHER, label=f"bench {time.time():.0f}", role=Role.ADMIN).token
    finally:
        embedded.stop(settings)
        if kept is None:
            for folder in (place_of(settings).base, home):
                shutil.rmtree(folder, ignore_errors=True)


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


if __name__ == "__main__":
    raise SystemExit(main())
