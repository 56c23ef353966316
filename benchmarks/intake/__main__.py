"""The table of the bars of intake, in one run.

    GVRC_BENCH_DATA=folder python -m benchmarks.intake [--quick]

`--quick` takes smaller files, fewer records and fewer kills: an hour becomes some minutes. Parts that need the real lists say so when
GVRC_BENCH_DATA is not set.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys

from gvrc.settings import PROJECT_DIR

PARTS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], bool], ...] = (
    ("Reading a file, beside its peers", "parsing", ("--mb", "200"), ("--mb", "40", "--rounds", "1"), False),
    ("Whole runs", "runs", ("--gigabyte",), ("--sizes", "10000,100000", "--kills", "5"), False),
    ("Damaged files", "damage", (), (), False),
    ("Lists with damage inside", "mutations", ("--seconds", "300"), ("--seconds", "20"), False),
    ("Cleaning", "cleaning", (), ("--rounds", "1"), True),
    ("Places", "places", (), (), True),
    ("Dirty lists with known truth", "dirty_lists", (), (), False),
)
"""Title, module, arguments, arguments of the quick table, and whether it wants the real lists."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    is_quick = parser.parse_args().quick
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the beginning")
    failed = 0
    for title, module, whole, quick, wants_lists in PARTS:
        print(f"\n## {title}\n", flush=True)
        if wants_lists and not os.environ.get("GVRC_BENCH_DATA"):
            print("GVRC_BENCH_DATA is not set: name the folder that holds the real lists.")
            continue
        command = [sys.executable, "-m", f"benchmarks.intake.{module}", *(quick if is_quick else whole)]
        failed += subprocess.run(command, check=False, cwd=PROJECT_DIR).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
