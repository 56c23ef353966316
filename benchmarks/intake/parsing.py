"""Streaming parse beside its peers: speed and peak memory on one generated JSON file.

    python benchmarks/intake/parsing.py [--mb 200] [--rounds 3] [--shape flat|regional|keyed]

Each reader runs in a process of its own; the table shows the median of the rounds. The bar: reading our records (with key, hash and
canonical values) at half the speed of bare `ijson` or faster, with memory flat in the file's size.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

COUNTIES = ("Mombasa", "Kwale", "Kilifi", "Garissa", "Isiolo", "Meru", "Embu", "Kitui", "Nyeri", "Nakuru", "Kisumu", "Siaya", "Nairobi")
KINDS = ("Dispensary", "Health Centre", "Medical Clinic", "Sub County Hospital", "Police Station", "Nursing Home")
PLACES = ("Township", "Central", "Majengo", "Kaloleni", "Shimanzi", "Kondele", "Langas", "Matisi", "Karatina", "Ukunda", "Mtwapa", "Hola")


def facility(number: int, chance: random.Random) -> dict[str, object]:
    """One invented facility of about 650 characters of JSON."""
    place, kind = chance.choice(PLACES), chance.choice(KINDS)
    return {
        "name": f"{place} {number} {kind}", "code": 100_000 + number, "type": kind, "keph_level": f"Level {chance.randint(2, 5)}",
        "owner": chance.choice(("Ministry of Health", "Private Practice", "Faith Based Organization")), "operational_status": "Operational",
        "location": {
            "constituency": f"{chance.choice(PLACES)} {chance.choice(('North', 'South', 'East'))}", "ward": place,
            "coordinates": {"lat": round(chance.uniform(-4.5, 4.5), 6), "lng": round(chance.uniform(34, 41.5), 6)},
        },
        "services": chance.sample(("PEP", "Emergency contraception", "Trauma counselling", "HIV testing", "Referral", "Legal aid"), 4),
        "contacts": [
            {"type": "phone", "value": f"+254 700 000 {number % 1000:03}"}, {"type": "email", "value": f"facility.{number}@example.org"},
        ],
        "last_verified": "2026-05-09", "notes": "Along the road to the market, behind the chief's office, open every day of the week.",
    }  # fmt: skip


def write_file(path: Path, megabytes: int, shape: str) -> int:
    """Write a file of about this size; returns the number of records."""
    chance = random.Random(7)
    per_county = megabytes * 1500 // len(COUNTIES)
    opening = {"flat": '{"count": 1, "results": [', "regional": '{"regions": [{"region": "All", "counties": [', "keyed": '{"police_stations": {'}[shape]
    number = 0
    with path.open("w", encoding="utf-8") as stream:
        stream.write(opening)
        for place, county in enumerate(COUNTIES):
            stream.write(", " if place else "")
            stream.write({"flat": "", "regional": f'{{"county": "{county}", "facilities": [', "keyed": f'"{county}": ['}[shape])
            for index in range(per_county):
                stream.write((", " if index else "") + json.dumps(facility(number, chance)))
                number += 1
            stream.write({"flat": "", "regional": "]}", "keyed": "]"}[shape])
        stream.write({"flat": "]}", "regional": "]}]}", "keyed": "}}"}[shape])
    return number


PREFIX = {"flat": "results.item", "regional": "regions.item.counties.item.facilities.item", "keyed": ""}


def read_only(path: Path, shape: str) -> int:
    with path.open("rb") as stream:
        return sum(1 for _ in iter(lambda: stream.read(1 << 20), b""))


def read_json(path: Path, shape: str) -> int:
    with path.open("rb") as stream:
        return len(json.load(stream))


def read_orjson(path: Path, shape: str) -> int:
    import orjson

    return len(orjson.loads(path.read_bytes()))


def read_ijson(path: Path, shape: str) -> int:
    import ijson.backends.yajl2_c as ijson

    with path.open("rb") as stream:
        if shape == "keyed":
            return sum(len(value) for _, value in ijson.kvitems(stream, "police_stations", buf_size=1 << 16))
        return sum(1 for _ in ijson.items(stream, PREFIX[shape], use_float=True, buf_size=1 << 16))


def recognise(path: Path) -> int:
    from gvrc.sources.detect import detect

    return len(detect(path, path.name).fields)


def rows_reader(path: Path) -> Callable[[], int]:
    from gvrc.model.source import SourceFile
    from gvrc.sources.detect import detect
    from gvrc.stages.extract import extract

    detection = detect(path, path.name)
    file = SourceFile(name=path.name, sha256="", size_bytes=path.stat().st_size, path=path)
    return lambda: sum(1 for _ in extract(file, detection))


def walk_reader(path: Path) -> Callable[[], int]:
    from gvrc.sources.detect import detect
    from gvrc.sources.json_stream import JsonRecords

    paths = detect(path, path.name).mapping.record_paths
    return lambda: sum(1 for _ in JsonRecords(path, paths))


IJSON = "ijson (yajl2_c), bare"
READERS: dict[str, Callable[[Path, str], Callable[[], int]]] = {
    "read() alone": lambda path, shape: lambda: read_only(path, shape),
    "json.load": lambda path, shape: lambda: read_json(path, shape),
    "orjson.loads": lambda path, shape: lambda: read_orjson(path, shape),
    IJSON: lambda path, shape: lambda: read_ijson(path, shape),
    "gvrc, records only": lambda path, shape: walk_reader(path),
    "gvrc, source rows": lambda path, shape: rows_reader(path),
    "gvrc, recognising it": lambda path, shape: lambda: recognise(path),
}
"""What is measured, made ready: imports and the recognition of the file are timed by themselves, in the last line."""


def measure(name: str, path: Path, shape: str) -> tuple[float, float]:
    """Seconds and peak memory in MB of one reader, in a process of its own."""
    command = [sys.executable, __file__, "--child", name, "--file", str(path), "--shape", shape]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(told[0]), float(told[1])


def child(name: str, path: Path, shape: str) -> None:
    read = READERS[name](path, shape)
    begin = time.perf_counter()
    read()
    print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def table(path: Path, rounds: int, shape: str) -> Iterator[str]:
    megabytes = path.stat().st_size / 1e6
    runs = {name: [measure(name, path, shape) for _ in range(rounds)] for name in READERS}
    seconds = {name: statistics.median(run[0] for run in results) for name, results in runs.items()}
    yield f"{'reader':<24}{'seconds':>9}{'MB/s':>8}{'x ijson':>9}{'peak MB':>9}"
    for name, results in runs.items():
        peak = max(run[1] for run in results)
        ratio = seconds[IJSON] / seconds[name]
        yield f"{name:<24}{seconds[name]:>9.2f}{megabytes / seconds[name]:>8.0f}{ratio:>9.2f}{peak:>9.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shape", choices=tuple(PREFIX), default="regional")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        child(chosen.child, chosen.file, chosen.shape)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.json"
        records = write_file(path, chosen.mb, chosen.shape)
        print(f"{path.stat().st_size / 1e6:.0f} MB, {records:,} records, shape {chosen.shape}; Python {platform.python_version()}, {os.cpu_count()} cores")
        print("\n".join(table(path, chosen.rounds, chosen.shape)))


if __name__ == "__main__":
    main()
