"""The table of the services: how fast the API answers at a million facilities, what a property-based tester finds, how soon and how often an alert comes.

    python -m benchmarks.services [--facilities 1000000] [--seconds 60] [--connections 20] [--home FOLDER] [--examples 100] [--seed 7] [--only load,tester,alarm]

Load: pages of 100 are asked for at the beginning and, by cursor, at random depths, over all connections without a pause; `/health` and `/metrics` are asked
four times a second meanwhile. The server is `gvrc serve` in processes of its own, the client another process of the same machine, so all share its
cores; loopback only. Tester and alerts run on a small registry, at the usual settings. Embedded databases are removed afterwards, but for `--home`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import sys
from pathlib import Path

from benchmarks.services.alarm import measured
from benchmarks.services.load import Burnt, Load, percentile
from benchmarks.services.places import registry, served
from benchmarks.services.tester import tested

PARTS = ("load", "tester", "alarm")
SMALL = 2_000
"""Facilities for the tester and the alerts."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facilities", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--home", type=Path, help="a data home that is filled once and kept, for repeats of the load")
    parser.add_argument("--examples", type=int, default=100, help="of the tester, for each endpoint and phase")
    parser.add_argument("--seed", type=int, default=7, help="of the tester")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas between")
    options = parser.parse_args()
    if unknown := set(options.only.split(",")) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    print(f"{platform.platform()}, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}")
    is_whole = True
    for part in (name for name in PARTS if name in options.only.split(",")):
        print(flush=True)
        is_whole = {"load": load, "tester": tester, "alarm": alarm}[part](options) and is_whole
    print(f"\nload after {os.getloadavg()[0]:.1f}")
    return 0 if is_whole else 1


def load(options: argparse.Namespace) -> bool:
    """Answers and their times under load."""
    with registry(options.facilities, options.home) as (settings, token, _), served(settings) as (process, port):
        asked = Load(port, token, options.facilities)
        asyncio.run(asked.warm(options.connections))
        burnt = Burnt(settings, process)
        rows = [
            ("/data, page 1", asyncio.run(asked.run(options, deep=False)), 100), ("/data, any depth by cursor", asyncio.run(asked.run(options, deep=True)), 100),
            ("/health under that load", asked.seconds["/health"], 50), ("/metrics under that load", asked.seconds["/metrics"], 50),
        ]
        told = burnt.per_answer(sum(len(seconds) for _, seconds, _ in rows))
    print(f"{options.facilities:,} facilities, {options.connections} connections, {options.seconds:.0f} s each")
    print(f"{'what':44}  {'answers':>8}  {'p50':>9}  {'p95':>9}  {'bar':>9}")
    for what, seconds, bar in rows:
        print(f"{what:44}  {len(seconds):8,}  {percentile(seconds, 50):6.1f} ms  {percentile(seconds, 95):6.1f} ms  {bar:6} ms")
    print(told)
    errors = ", ".join(f"{number} of {what}" for what, number in asked.errors.items()) or "0"
    print(f"errors: {errors}; the slowest answer of workers that had just started took {max(asked.first):.1f} s")
    return not asked.errors


def tester(options: argparse.Namespace) -> bool:
    """What schemathesis finds."""
    with registry(SMALL, None) as (settings, token, _), served(settings) as (_process, port):
        found = tested(port, token, options.examples, options.seed)
    print(f"{'what':44}  {'endpoints':>9}  {'findings':>9}  {'bar':>9}")
    print(f"{f'property-based test, {options.examples} examples a phase':44}  {found.operations:9}  {len(found.found):9}  {0:9}{'' if found.is_whole else '  (it did not come to its end)'}")
    for finding in found.found:
        print(f"  {finding}")
    return found.is_whole and not found.found


def alarm(_options: argparse.Namespace) -> bool:
    """How soon and how often an alert comes."""
    with registry(SMALL, None) as (settings, _token, db):
        found = measured(db, settings)
    print(f"{'alert, from breach to delivery, mail and hook':44}  {'told':>8}  {'median':>9}  {'slowest':>9}  {'bar':>9}")
    for what, seconds in (("runs that failed", found.failed), ("a run that was killed (-9)", found.killed)):
        print(f"{what:44}  {len(seconds):8}  {statistics.median(seconds):7.1f} s  {max(seconds):7.1f} s  {60:7} s")
    print(f"{'told again within the cool-down':44}  {found.repeats:8}  {'':9}  {'':9}  {0:9}")
    return found.repeats == 0


if __name__ == "__main__":
    sys.exit(main())
