"""`python -m benchmarks.matching [--sizes 2000,10000,100000] [--peers cdist,naive,splink,splink-accurate,recordlinkage,dedupe] [--copies 0.2] [--rounds 3]`

Generated lists with known truth: this matcher beside its peers, in one run on the same data, taking turns, each time in a process of its own, medians of
`--rounds`; then the real lists when GVRC_BENCH_DATA
names their folder. Prints Markdown. The peers of other libraries want an environment of their own: `python -m venv peers`,
`peers/bin/pip install splink recordlinkage dedupe pyarrow`, and `--peer-python peers/bin/python`; one that is not installed is said to be missing. Loading a library
is not timed, and the threshold of Splink and recordlinkage is picked with the truth, which is generous to them; this matcher keeps its one threshold.
"""

from __future__ import annotations

import argparse
import os
import pickle
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from benchmarks.matching import real_bars, real_lists
from benchmarks.matching.generator import MadeList, Maker
from gvrc.matching.blocking import Scope, sweeps_of
from gvrc.matching.prepared import prepare
from gvrc.matching.standard_names import StandardNames, standardise

SEED = 7
PEERS = ("cdist", "naive", "splink", "splink-accurate", "recordlinkage", "dedupe")
PEER_FILE = Path(__file__).parent / "peers.py"
NAIVE_ROWS = 400
LARGEST_CDIST, CDIST_ROWS = 20_000, 2_000
"""Records up to which all pairs are compared by cdist; of longer lists so many rows are, and the time of all is reckoned from them."""
LARGEST = {"dedupe": 2_000, "splink-accurate": 100_000, "recordlinkage": 100_000}
"""Records up to which a peer is run: dedupe takes 19 GB at 10,000; what the others take at a million is not worth knowing."""
TITLES = {
    "cdist": "reference formula, all pairs by cdist", "naive": "reference formula, naive loop", "splink": "Splink, recommended use",
    "splink-accurate": "Splink, most accurate use", "recordlinkage": "recordlinkage", "dedupe": "dedupe, trained on 600 true labels",
}
AT_LEAST = {(10_000, "cdist"): 10, (10_000, "naive"): 100, (100_000, "splink"): 10, (100_000, "splink-accurate"): 18, (1_000_000, "splink"): 3}
"""Times as fast as a peer that this matcher is to be, by records and peer."""
F1_AT_LEAST = {10_000: 0.95, 100_000: 0.94}
LIMIT_TIMES = 3
"""Times that the bare comparing of the same names takes within which this matcher is to stay."""

Scores = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; what was not judged is None."""

    records: int
    engine: str
    seconds: float
    times_ours: float | None = None
    precision: float | None = None
    recall: float | None = None
    megabytes: int | None = None
    note: str = ""

    def __str__(self) -> str:
        cells = [f"{self.records:,}", self.engine, f"{self.seconds:.2f}", _cell(self.times_ours, ".2g" if (self.times_ours or 0) < 1 else ",.1f")]
        cells += [_cell(self.precision, ".3f"), _cell(self.recall, ".3f"), _cell(self.f1, ".3f"), _cell(self.megabytes, ","), self.note]
        return f"| {' | '.join(cells)} |"

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall."""
        if self.precision is None or self.recall is None:
            return None
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


def _cell(value: float | None, how: str) -> str:
    return "" if value is None else format(value, how)


def judged(made: MadeList, found: Scores, threshold: float | None) -> tuple[float, float, float]:
    """Precision and recall at the threshold, or at the best one for the truth (None); and that threshold."""
    left, right, score = found
    same = made.truth[left] == made.truth[right]
    truth = true_pairs(made)
    cuts = [threshold] if threshold is not None else sorted(set(np.round(np.linspace(0.05, 0.999, 60), 3).tolist()))
    best = (0.0, 0.0, 0.0, 0.0)
    for cut in cuts:
        kept = score >= cut
        hits = int((same & kept).sum())
        precision, recall = hits / max(int(kept.sum()), 1), hits / truth
        best = max(best, (2 * precision * recall / max(precision + recall, 1e-9), precision, recall, cut))
    return best[1], best[2], best[3]


def true_pairs(made: MadeList) -> int:
    """How many pairs of rows are one place."""
    each = np.bincount(made.truth)
    return max(int((each * (each - 1) // 2).sum()), 1)


def ours(made: MadeList, folder: Path, workers: int) -> Row:
    """This matcher, from standardised columns to clusters; the standardising of names beside it."""
    answer = _answered([sys.executable, "-m", "benchmarks.matching.ours", str(folder / "list.pickle"), str(folder / "ours.npz"), str(workers)], folder / "ours.npz")
    scores = (answer["left"], answer["right"], answer["score"].astype(np.float64))
    precision, recall, _ = judged(made, scores, float(answer["threshold"]))
    automatic = answer["bands"] == real_bars.AUTOMATIC
    right = float((made.truth[scores[0][automatic]] == made.truth[scores[1][automatic]]).mean()) if automatic.any() else 1.0
    note = f"names standardised in {answer['standardised']:.2f} s; {int(answer['candidates']):,} pairs compared of {len(made.columns) ** 2 // 2:,}"
    note += f"; automatic band {right:.4f} right, holding {int(automatic.sum()) / true_pairs(made):.2f} of the true pairs{_f1_bar(len(made.columns))}"
    return Row(
        records=len(made.columns), engine="**this matcher**", seconds=float(answer["seconds"]), times_ours=1.0, precision=precision, recall=recall,
        megabytes=int(answer["megabytes"]), note=note,
    )


def _answered(command: Sequence[str], target: Path) -> dict[str, npt.NDArray[Any]]:
    """What a process wrote. Raises PeerFailed when it came to nothing."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=7200)
    if done.returncode:
        raise PeerFailed(done.stderr.strip().splitlines()[-1][:200] if done.stderr.strip() else "no message")
    with np.load(target) as answer:
        return dict(answer)


class PeerFailed(Exception):
    """An engine that came to nothing, in a sentence."""


def _f1_bar(records: int) -> str:
    return f"; bar: F1 {F1_AT_LEAST[records]}" if records in F1_AT_LEAST else ""


def bare_blocks(made: MadeList) -> float:
    """The same blocks, their names compared by cdist and nothing else."""
    standard = standardise(made.columns.names.tolist(), made.columns.qualifiers.tolist())
    prepared = prepare(made.columns, standard)
    sweeps = list(sweeps_of(prepared, Scope(list_ids=made.columns.list_ids)))
    started = time.perf_counter()
    for sweep in sweeps:
        cdist(standard.core[sweep.left].tolist(), standard.core[sweep.right].tolist(), scorer=fuzz.ratio, dtype=np.uint8)
    return time.perf_counter() - started


def cdist_all(made: MadeList) -> tuple[float, Scores]:
    """The reference formula on all pairs (of a long list on its first rows, the time of all reckoned from them), missing contact counting neither way, names by cdist."""
    columns = made.columns
    texts = [name.lower() for name in columns.names]
    started = time.perf_counter()
    wards, phones = pd.factorize(columns.ward_codes)[0], pd.factorize(np.array([value[0] if value else "" for value in columns.contacts], dtype=object))[0]
    has_ward, has_phone = columns.ward_codes != "", np.array([bool(value) for value in columns.contacts])
    parts: list[Scores] = []
    compared = len(texts) if len(texts) <= LARGEST_CDIST else CDIST_ROWS
    for start in range(0, compared, 1000):
        rows = np.arange(start, min(start + 1000, compared))
        grid = cdist([texts[row] for row in rows], texts, scorer=fuzz.ratio, dtype=np.float32) / 100 * 0.5
        known_phone = has_phone[rows][:, None] & has_phone[None, :]
        grid += 0.3 * ((wards[rows][:, None] == wards[None, :]) & has_ward[rows][:, None])
        grid += 0.2 * ((phones[rows][:, None] == phones[None, :]) & known_phone)
        grid /= np.where(known_phone, 1.0, 0.8)
        left, right = np.nonzero(grid >= 0.7)
        kept = rows[left] < right
        parts.append((rows[left[kept]], right[kept], grid[left[kept], right[kept]].astype(np.float64)))
    seconds = (time.perf_counter() - started) * len(texts) / compared
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


def peer_table(made: MadeList, standard: StandardNames) -> pd.DataFrame:
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


def other_library(peer: str, made: MadeList, folder: Path, python: str) -> Row:
    """A peer in an environment of its own. Raises PeerFailed when it is not installed or breaks."""
    package = peer.split("-")[0]
    if subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False).returncode:
        raise PeerFailed(f"not installed in {Path(python).name}: give `--peer-python` an environment that has it")
    answer = _answered([python, str(PEER_FILE), peer, str(folder / "in.parquet"), str(folder / "peer.npz")], folder / "peer.npz")
    pairs = answer["pairs"]
    scores = (pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64), pairs[:, 2])
    precision, recall, cut = judged(made, scores, None)
    note = f"threshold {cut} picked with the truth; {len(pairs):,} pairs returned"
    return Row(
        records=len(made.columns), engine=TITLES[peer], seconds=float(answer["seconds"]), precision=precision, recall=recall, megabytes=int(answer["megabytes"]), note=note
    )


def _by_formula(peer: str, made: MadeList) -> Row:
    """The reference formula, by cdist or in a plain loop."""
    size = len(made.columns)
    if peer == "naive":
        return Row(records=size, engine=TITLES[peer], seconds=naive_loop(made), note=f"reckoned from its first {min(NAIVE_ROWS, size)} rows")
    seconds, scores = cdist_all(made)
    if size > LARGEST_CDIST:
        return Row(records=size, engine=TITLES[peer], seconds=seconds, note=f"reckoned from its first {CDIST_ROWS:,} rows")
    precision, recall, _ = judged(made, scores, 0.8)
    return Row(records=size, engine=TITLES[peer], seconds=seconds, precision=precision, recall=recall)


def measured(made: MadeList, peers: Sequence[str], options: argparse.Namespace) -> list[Row | str]:
    """The lines of one list: every engine in turn, so many rounds, and of each the line of its median time; long reckonings once."""
    rows: dict[str, list[Row]] = {}
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "list.pickle").write_bytes(pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
        peer_table(made, standardise(made.columns.names.tolist(), made.columns.qualifiers.tolist())).to_parquet(folder / "in.parquet")
        for number in range(options.rounds):
            rows.setdefault("ours", []).append(ours(made, folder, options.workers))
            rows.setdefault("bare", []).append(Row(records=len(made.columns), engine="limit: bare cdist of the same blocks", seconds=bare_blocks(made)))
            for peer in peers:
                is_once = peer in ("cdist", "naive") and len(made.columns) > LARGEST_CDIST
                if peer in failed or (is_once and number):
                    continue
                try:
                    row = _by_formula(peer, made) if peer in ("cdist", "naive") else other_library(peer, made, folder, options.peer_python)
                except PeerFailed as error:
                    failed[peer] = f"`{peer}`: {error}."
                    continue
                rows.setdefault(peer, []).append(row)
    middle = {name: sorted(found, key=lambda row: row.seconds)[len(found) // 2] for name, found in rows.items()}
    return [*(_beside(name, row, middle["ours"]) for name, row in middle.items()), *failed.values()]


def _beside(engine: str, row: Row, mine: Row) -> Row:
    """A line with how many times our time it took, and the bar."""
    bar = f"bar: ours within {LIMIT_TIMES} times" if engine == "bare" else f"bar: {AT_LEAST[row.records, engine]} times ours" if (row.records, engine) in AT_LEAST else ""
    return replace(row, times_ours=row.seconds / mine.seconds, note="; ".join(part for part in (row.note, bar) if part))


def generated(sizes: Sequence[int], peers: Sequence[str], options: argparse.Namespace) -> None:
    """The table of the generated lists."""
    print("| records | engine | seconds | times ours | precision | recall | F1 | MB | |\n| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for size in sizes:
        made = Maker(SEED, options.copies).make(size)
        for row in measured(made, [peer for peer in peers if size <= LARGEST.get(peer, size)], options):
            print(row, flush=True)


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
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {', '.join(PEERS)}")
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
    print(f"\nLoad at the end {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
