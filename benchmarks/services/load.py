"""Pages of 100 asked for over many connections without a pause, `/health` and `/metrics` four times a second meanwhile."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import statistics
import subprocess
import time
from collections import Counter

import psutil

from gvrc.settings import Settings
from gvrc.store.embedded_place import place_of


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
        self.errors: Counter[str] = Counter()
        """Answers other than 200, by path and status."""

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
        if not head.startswith(b"HTTP/1.1 200"):
            self.errors[f"{path.partition('?')[0]} {head[9:12].decode()}"] += 1
        return time.perf_counter() - started
