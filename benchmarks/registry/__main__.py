"""The bars of the registry, one table after the other. Each part also runs alone, with its own options.

    python -m benchmarks.registry [--facilities 1000000] [--commit-facilities 100000]

Random sequences of acts beside a simple model, and the leak test, are tests: `pytest tests/commit/test_history_model.py tests/views/test_leaks.py`;
`GVRC_HISTORY_EXAMPLES=100` sets how many sequences.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks.registry import commit, kills, search, tampering


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facilities", type=int, default=1_000_000, help="size of the registry that is searched")
    parser.add_argument("--commit-facilities", type=int, default=100_000, help="size of the commit")
    options = parser.parse_args()
    parts: tuple[tuple[str, Callable[[], None], list[str]], ...] = (
        ("Commit, the same again, preview", commit.main, ["--facilities", str(options.commit_facilities)]),
        ("Search and facets", search.main, ["--facilities", str(options.facilities)]),
        ("Kills at random moments", kills.main, []), ("Tampering with the audit", tampering.main, []),
    )
    for title, part, arguments in parts:
        print(f"\n{title}", flush=True)
        sys.argv[1:] = arguments
        part()


if __name__ == "__main__":
    main()
