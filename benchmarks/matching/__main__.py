"""`python -m benchmarks.matching [--sizes 2000,10000,100000] [--peers splink,splink-accurate,recordlinkage,cdist,naive] [--copies 0.2]`

Generated lists with known truth: this matcher beside its peers, in one run on the same data, medians of `--rounds`; then the real lists when GVRC_BENCH_DATA
names their folder. Prints Markdown. Peers of other libraries run under `--peer-python` (an environment that has them); one that is not installed is said to be missing.
The threshold of Splink and recordlinkage is picked with the truth, which is generous to them; this matcher keeps its one threshold.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from benchmarks.matching import real_bars, real_lists
from benchmarks.matching.generator import MadeList, Maker
from gvrc.matching import names
from gvrc.matching.blocking import Scope, sweeps_of
from gvrc.matching.clusters import labels
from gvrc.matching.engine import MatchOptions, match
from gvrc.matching.prepared import prepare

SEED = 7
PEERS = ("cdist", "naive", "splink", "splink-accurate", "recordlinkage", "dedupe")
PEER_FILE = Path(__file__).parent / "peers.py"
NAIVE_ROWS = 400
LARGEST_CDIST = 20_000
LARGEST_DEDUPE = 2_000
"""dedupe takes minutes and gigabytes from 10,000 records on."""

Scores = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    records: int
    engine: str
    seconds: float
    precision: float
    recall: float
    note: str = ""

    def __str__(self) -> str:
        total = self.precision + self.recall
        f1 = 2 * self.precision * self.recall / total if total else 0.0
        return f"| {self.records:,} | {self.engine} | {self.seconds:.2f} | {self.precision:.3f} | {self.recall:.3f} | {f1:.3f} | {self.note} |"


def judged(made: MadeList, found: Scores, threshold: float | None) -> tuple[float, float, float]:
    """Precision and recall at the threshold, or at the best one for the truth (None); and that threshold."""
    left, right, score = found
    same = made.truth[left] == made.truth[right]
    truth = max(len(made.true_pairs()), 1)
    cuts = [threshold] if threshold is not None else sorted(set(np.round(np.linspace(0.05, 0.999, 60), 3).tolist()))
    best = (0.0, 0.0, 0.0, 0.0)
    for cut in cuts:
        kept = score >= cut
        hits = int((same & kept).sum())
        precision, recall = hits / max(int(kept.sum()), 1), hits / truth
        best = max(best, (2 * precision * recall / max(precision + recall, 1e-9), precision, recall, cut))
    return best[1], best[2], best[3]


def ours(made: MadeList, rounds: int, workers: int) -> list[Row]:
    """This matcher, from standardised columns to clusters; the standardising of names beside it."""
    started = time.perf_counter()
    standard = names.standardise(made.columns.names.tolist(), made.columns.qualifiers.tolist())
    standardised = time.perf_counter() - started
    seconds, found = [], None
    for _ in range(rounds):
        started = time.perf_counter()
        found = match(made.columns, MatchOptions(workers=workers), standard_names=standard)
        accepted = found.match_score >= found.options.threshold
        labels(len(made.columns), found.left[accepted], found.right[accepted])
        seconds.append(time.perf_counter() - started)
    assert found is not None
    scores = (found.left, found.right, found.match_score.astype(np.float64))
    precision, recall, _ = judged(made, scores, found.options.threshold)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    note = f"names standardised in {standardised:.2f} s; {found.counts['candidate_pairs']:,} pairs compared of {len(made.columns) ** 2 // 2:,}; peak {memory} MB"
    automatic = found.bands == real_bars.AUTOMATIC
    right = float((made.truth[found.left[automatic]] == made.truth[found.right[automatic]]).mean()) if automatic.any() else 1.0
    limit = bare_blocks(made, standard)
    return [
        Row(len(made.columns), "**this matcher**", statistics.median(seconds), precision, recall, note),
        Row(len(made.columns), "its automatic band", statistics.median(seconds), right, int(automatic.sum()) / max(len(made.true_pairs()), 1)),
        Row(len(made.columns), "limit: bare cdist of the same blocks", limit, 0, 0),
    ]


def bare_blocks(made: MadeList, standard: names.StandardNames) -> float:
    """The same blocks, their names compared by cdist and nothing else."""
    prepared = prepare(made.columns, standard)
    sweeps = list(sweeps_of(prepared, Scope(list_ids=made.columns.list_ids)))
    started = time.perf_counter()
    for sweep in sweeps:
        cdist(standard.core[sweep.left].tolist(), standard.core[sweep.right].tolist(), scorer=fuzz.ratio, dtype=np.uint8)
    return time.perf_counter() - started


def cdist_all(made: MadeList) -> tuple[float, Scores]:
    """The reference formula on all pairs, missing contact counting neither way, names by cdist."""
    columns = made.columns
    texts = [name.lower() for name in columns.names]
    started = time.perf_counter()
    wards, phones = pd.factorize(columns.ward_codes)[0], pd.factorize(np.array([value[0] if value else "" for value in columns.contacts], dtype=object))[0]
    has_ward, has_phone = columns.ward_codes != "", np.array([bool(value) for value in columns.contacts])
    parts: list[Scores] = []
    for start in range(0, len(texts), 1000):
        rows = np.arange(start, min(start + 1000, len(texts)))
        grid = cdist([texts[row] for row in rows], texts, scorer=fuzz.ratio, dtype=np.float32) / 100 * 0.5
        known_phone = has_phone[rows][:, None] & has_phone[None, :]
        grid += 0.3 * ((wards[rows][:, None] == wards[None, :]) & has_ward[rows][:, None])
        grid += 0.2 * ((phones[rows][:, None] == phones[None, :]) & known_phone)
        grid /= np.where(known_phone, 1.0, 0.8)
        left, right = np.nonzero(grid >= 0.7)
        kept = rows[left] < right
        parts.append((rows[left[kept]], right[kept], grid[left[kept], right[kept]].astype(np.float64)))
    seconds = time.perf_counter() - started
    left_rows, right_rows, scores = (np.concatenate([part[column] for part in parts]) for column in range(3))
    return seconds, (left_rows, right_rows, scores)


def naive_loop(made: MadeList) -> float:
    """Seconds of a plain double loop over all pairs, from its first rows."""
    columns = made.columns
    texts, wards, contacts = [name.lower() for name in columns.names], columns.ward_codes.tolist(), columns.contacts.tolist()
    rows = min(NAIVE_ROWS, len(texts))
    started = time.perf_counter()
    found = 0
    for left in range(rows):
        for right in range(left + 1, len(texts)):
            score = fuzz.ratio(texts[left], texts[right]) * 0.005
            score += 0.3 * (wards[left] != "" and wards[left] == wards[right])
            score += 0.2 * bool(contacts[left] and contacts[left][:1] == contacts[right][:1])
            found += score >= 0.8
    compared = rows * len(texts) - rows * (rows + 1) // 2
    return (time.perf_counter() - started) * (len(texts) * (len(texts) - 1) / 2) / max(compared, 1)


def peer_table(made: MadeList, standard: names.StandardNames) -> pd.DataFrame:
    """Standardised columns for the peers: missing is None."""
    columns = made.columns

    def known(values: Sequence[object]) -> list[object]:
        return [value or None for value in values]

    phones = [next((token for token in tokens if "@" not in token), None) for tokens in columns.contacts]
    emails = [next((token for token in tokens if "@" in token), None) for tokens in columns.contacts]
    return pd.DataFrame(
        {
            "row": np.arange(len(columns)), "name": known(standard.full.tolist()), "stem": known(standard.core.tolist()), "kind": known(columns.facility_types.tolist()),
            "county": known(columns.county_codes.tolist()), "constituency": known(columns.constituency_codes.tolist()), "ward": known(columns.ward_codes.tolist()),
            "latitude": columns.latitudes, "longitude": columns.longitudes, "phone": phones, "email": emails, "truth": made.truth,
        }
    )


def other_library(peer: str, made: MadeList, python: str) -> Row | str:
    """A peer in an environment of its own, or why it did not run."""
    package = peer.split("-")[0]
    if subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False).returncode:
        return f"`{package}` is not installed in {Path(python).name}: give `--peer-python` an environment that has it."
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.parquet", Path(folder) / "out.json"
        peer_table(made, names.standardise(made.columns.names.tolist(), made.columns.qualifiers.tolist())).to_parquet(source)
        done = subprocess.run([python, str(PEER_FILE), peer, str(source), str(target)], capture_output=True, text=True, check=False, timeout=3600)
        if done.returncode:
            return f"`{peer}` failed: {done.stderr.strip().splitlines()[-1][:200] if done.stderr.strip() else 'no message'}"
        answer = json.loads(target.read_text())
    pairs = np.array(answer["pairs"] or np.empty((0, 3)), dtype=np.float64)
    scores = (pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64), pairs[:, 2])
    precision, recall, cut = judged(made, scores, None)
    return Row(len(made.columns), peer, answer["seconds"], precision, recall, f"threshold {cut} picked with the truth; {len(pairs):,} pairs returned")


def generated(sizes: Sequence[int], peers: Sequence[str], options: argparse.Namespace) -> None:
    """The table of the generated lists."""
    print("| records | engine | seconds | precision | recall | F1 | |\n| ---: | --- | ---: | ---: | ---: | ---: | --- |")
    for size in sizes:
        made = Maker(SEED, options.copies).make(size)
        for row in ours(made, options.rounds, options.workers):
            print(row, flush=True)
        if "cdist" in peers and size <= LARGEST_CDIST:
            seconds, scores = cdist_all(made)
            precision, recall, _ = judged(made, scores, 0.8)
            print(Row(size, "reference formula, all pairs by cdist", seconds, precision, recall), flush=True)
        if "naive" in peers:
            print(Row(size, "reference formula, naive loop", naive_loop(made), 0, 0, f"from its first {min(NAIVE_ROWS, size)} rows"), flush=True)
        for peer in peers:
            if peer not in ("cdist", "naive") and (peer != "dedupe" or size <= LARGEST_DEDUPE):
                print(other_library(peer, made, options.peer_python), flush=True)


def real() -> None:
    """The table of the real lists."""
    where = real_lists.folder()
    if where is None:
        print(f"\nThe real lists are not here: set {real_lists.FOLDER} to their folder.")
        return
    lists = real_lists.load(where)
    print("\n| real lists, 2014 against 2020, codes hidden | reached | bar |\n| --- | --- | --- |")
    for what, reached, bar in real_bars.report(lists):
        print(f"| {what} | {reached} | {bar} |")
    print("\nAccepted pairs whose codes differ (findings, half of them the lists' own):")
    for left, right in real_bars.findings(real_bars.judge(lists)):
        print(f"- {left} / {right}")


def main(read: Callable[[], argparse.Namespace] | None = None) -> int:
    """Runs what was asked for and prints it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="2000,10000,100000", help="numbers of records, comma between; empty for the real lists only")
    parser.add_argument("--peers", default="cdist,naive", help=f"of {', '.join(PEERS)}")
    parser.add_argument("--copies", type=float, default=0.2, help="share of corrupted copies")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has splink and recordlinkage")
    options = read() if read else parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n")
    sizes = [int(size) for size in options.sizes.split(",") if size]
    if sizes:
        generated(sizes, [peer for peer in options.peers.split(",") if peer], options)
    real()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
