"""`python -m benchmarks.matching.distributed [--records 1000000] [--rounds 3]`: the comparing of names handed to two processes, and to a Dask cluster of two workers.

Prints the seconds of a whole matching with each, medians of the rounds, whether the pairs and scores are those of one process, and the same once more while one
of the Dask workers is killed half way.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context

from distributed import LocalCluster

from benchmarks.matching.generator import MadeList, Maker
from gvrc.matching.engine import MatchOptions, MatchSet, match
from gvrc.matching.partitions import cluster
from gvrc.matching.standard_names import StandardNames, standardise

SEED = 7
WORKERS = 2
AT_MOST = 1.5
"""Times the local processes that Dask may take."""


def timed(made: MadeList, standard: StandardNames, executor: Executor | None) -> tuple[float, MatchSet]:
    """Seconds of a matching, and what it found."""
    started = time.perf_counter()
    found = match(made.columns, MatchOptions(), standard_names=standard, executor=executor)
    return time.perf_counter() - started, found


def is_same(one: MatchSet, other: MatchSet) -> bool:
    """Whether the same pairs were found with the same scores."""
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in ("left", "right", "match_score", "rules", "bands"))


@contextmanager
def processes() -> Iterator[Executor]:
    """Two processes of this machine."""
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        for waiting in [pool.submit(os.getpid) for _ in range(WORKERS)]:
            waiting.result()
        yield pool


@contextmanager
def killed_after(seconds: float, victim: Callable[[], int]) -> Iterator[None]:
    """A process is killed so many seconds from now."""
    timer = threading.Timer(seconds, lambda: os.kill(victim(), signal.SIGKILL))
    timer.start()
    yield
    timer.cancel()
    timer.join()


def main() -> int:
    """Runs and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching.distributed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    made = Maker(SEED).make(options.records)
    standard = standardise(made.columns.names.tolist(), made.columns.qualifiers.tolist())
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {options.records:,} records, load {os.getloadavg()[0]:.1f}\n")
    print("| matched by | seconds | times local processes | same result |\n| --- | ---: | ---: | --- |")
    alone, expected = timed(made, standard, None)
    print(f"| one process | {alone:.2f} | | |", flush=True)
    work = partial(timed, made, standard)
    with processes() as pool:
        rounds = [work(pool) for _ in range(options.rounds)]
    local = statistics.median(seconds for seconds, _ in rounds)
    print(f"| {WORKERS} local processes | {local:.2f} | 1 | {_all_same(expected, rounds)} |", flush=True)
    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None) as running, cluster(running.scheduler_address) as executor:
        rounds = [work(executor) for _ in range(options.rounds)]
        dask = statistics.median(seconds for seconds, _ in rounds)
        print(f"| Dask, {WORKERS} workers | {dask:.2f} | {dask / local:.2f} (bar: {AT_MOST}) | {_all_same(expected, rounds)} |", flush=True)
        before = {worker.pid for worker in running.workers.values()}
        with killed_after(dask / 4, lambda: next(iter(running.workers.values())).pid):
            rounds = [work(executor)]
        was_killed = before != {worker.pid for worker in running.workers.values()}
        print(f"| Dask, one worker killed{'' if was_killed else ' (it was not)'} | {rounds[0][0]:.2f} | | {_all_same(expected, rounds)} |")
    print(f"\nLoad at the end {os.getloadavg()[0]:.1f}")
    return 0


def _all_same(expected: MatchSet, rounds: list[tuple[float, MatchSet]]) -> str:
    return "yes" if all(is_same(expected, found) for _, found in rounds) else "**no**"


if __name__ == "__main__":
    raise SystemExit(main())
