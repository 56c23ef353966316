"""This matcher in a process of its own: `python -m benchmarks.matching.ours LIST.pickle OUTPUT.npz WORKERS`, from standardised columns to clusters, once."""

from __future__ import annotations

import pickle
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.matching.peers import most_megabytes
from gvrc.matching.clusters import labels
from gvrc.matching.engine import MatchOptions, match
from gvrc.matching.standard_names import standardise


def main() -> int:
    """Matches the list and writes how long it took and what it found."""
    source, target, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    made = pickle.loads(source.read_bytes())
    started = time.perf_counter()
    standard = standardise(made.columns.names.tolist(), made.columns.qualifiers.tolist())
    standardised = time.perf_counter() - started
    started = time.perf_counter()
    found = match(made.columns, MatchOptions(workers=workers), standard_names=standard)
    accepted = found.match_score >= found.options.threshold
    labels(len(made.columns), found.left[accepted], found.right[accepted])
    seconds = time.perf_counter() - started
    np.savez(
        target, seconds=seconds, standardised=standardised, left=found.left, right=found.right, score=found.match_score, bands=found.bands,
        candidates=found.counts["candidate_pairs"], threshold=found.options.threshold, megabytes=most_megabytes(),
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
