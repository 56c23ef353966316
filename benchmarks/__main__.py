"""`make bench`: the tables of every room, one after the other, each beside its peer or its limit. A room alone: `python -m benchmarks.intake`.

The real lists, where a benchmark wants them, lie in the folder that GVRC_BENCH_DATA names.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOMS = tuple(sorted(path.parent.name for path in Path(__file__).parent.glob("*/__main__.py")))


def main() -> int:
    """Run the rooms named, or all of them; 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"one or more of: {', '.join(ROOMS)} (all of them)")
    chosen = parser.parse_args().rooms or ROOMS
    if unknown := set(chosen) - set(ROOMS):
        parser.error(f"there is no room {', '.join(sorted(unknown))}")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    if "GVRC_BENCH_DATA" not in os.environ:
        print("GVRC_BENCH_DATA is not set: what is measured on real lists is left out.")
    failed = [room for room in chosen if not _ran(room)]
    if failed:
        print(f"\nNot finished: {', '.join(failed)}.")
    return 1 if failed else 0


def _ran(room: str) -> bool:
    """A process of its own for each room, so that the memory of one is not counted to the next."""
    print(f"\n{'=' * 20} {room} {'=' * 20}", flush=True)
    return subprocess.run([sys.executable, "-m", f"benchmarks.{room}"], check=False).returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
