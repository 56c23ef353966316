"""What the matcher reaches on the real lists, official codes hidden: the figures of the bars, as rows of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.matching.real_lists import LIST_2014, RealLists
from gvrc.matching.engine import BANDS, MatchOptions, MatchSet, match
from gvrc.matching.evidence import EvidenceTable
from gvrc.model.match import Band

Tables = tuple[EvidenceTable, EvidenceTable] | None
AUTOMATIC, REVIEW = BANDS.index(Band.AUTOMATIC), BANDS.index(Band.REVIEW)
LARGEST_ROUND = 60
"""Look-alikes tried at once: few enough that the records taken out for the others leave every pair's neighbourhood as it is."""
REVIEW_HOLDS = 0.95
"""Share of the true pairs of T1 to T4 that the review band, with what is surer, is to hold."""
FOUND_BY_NAME = ("T1", "T2", "T3", "T4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A match set beside the truth: `same` by official code, NaN where one is missing."""

    real: RealLists
    found: MatchSet
    same: npt.NDArray[np.float64]
    place: dict[tuple[int, int], int]

    @property
    def accepted(self) -> npt.NDArray[np.bool_]:
        return (self.found.match_score >= self.found.options.threshold) & self.found.is_chosen

    @property
    def in_review(self) -> npt.NDArray[np.bool_]:
        return self.found.bands >= REVIEW


def judge(real: RealLists, tables: Tables = None, rows: npt.NDArray[np.int32] | None = None) -> Judged:
    """Links the two lists, or what is left of them, and looks up the truth."""
    columns = real.columns if rows is None else real.columns.taken(rows)
    numbers = np.arange(len(real.columns)) if rows is None else rows
    found = match(columns, MatchOptions(link=True), tables=tables)
    codes = np.array(real.codes, dtype=object)[numbers]
    left, right = codes[found.left], codes[found.right]
    same = np.where(((left != "") & (right != "")).astype(np.bool_), (left == right).astype(np.float64), np.nan)
    place = {(int(numbers[a]), int(numbers[b])): index for index, (a, b) in enumerate(zip(found.left, found.right, strict=True))}
    return Judged(real=real, found=found, same=same, place=place)


def recall(judged: Judged, chosen: npt.NDArray[np.bool_], labels: Iterable[tuple[int, int, int, str]] | None = None) -> dict[str, tuple[int, int]]:
    """Found and all true pairs by tier, and T1 to T4 together."""
    found, total = Counter[str](), Counter[str]()
    for left, right, label, tier in labels or judged.real.labels:
        if label == 1:
            index = judged.place.get((left, right))
            for name in (tier[:2], *(["T1-T4"] if tier[:2] in FOUND_BY_NAME else [])):
                total[name] += 1
                found[name] += index is not None and bool(chosen[index])
    return {name: (found[name], total[name]) for name in sorted(total)}


def precision(judged: Judged, chosen: npt.NDArray[np.bool_]) -> float:
    """Share of the chosen pairs with equal codes, of those whose codes are known."""
    known = judged.same[chosen & ~np.isnan(judged.same)]
    return float(known.mean()) if len(known) else 1.0


def alone(real: RealLists, tables: Tables = None) -> dict[str, float]:
    """Look-alikes accepted when the true partners of both are not in the lists, in as few rounds as independence allows."""
    counts = Counter[str]()
    for batch in _rounds(real):
        gone = {row for pair in batch for row in partners(real, *pair)}
        rows = np.array([row for row in range(len(real.columns)) if row not in gone], dtype=np.int32)
        judged = judge(real, tables, rows)
        for pair in batch:
            index = judged.place.get(pair)
            counts["pairs"] += 1
            counts["accepted"] += index is not None and bool(judged.accepted[index])
            counts["automatic"] += index is not None and bool(judged.found.bands[index] == AUTOMATIC)
    return {name: counts[name] / max(counts["pairs"], 1) for name in ("accepted", "automatic")}


def partners(real: RealLists, left: int, right: int) -> list[int]:
    """The rows that truly belong to a look-alike's two records, in the other list each."""
    by_code = _rows_by_code(real)
    return [row for mine, other in ((left, right), (right, left)) for row in by_code.get(real.codes[mine], []) if row not in (mine, other)]


_ROWS: dict[int, dict[str, list[int]]] = {}


def _rows_by_code(real: RealLists) -> dict[str, list[int]]:
    if id(real) not in _ROWS:
        found: dict[str, list[int]] = {}
        for row, code in enumerate(real.codes):
            if code:
                found.setdefault(code, []).append(row)
        _ROWS[id(real)] = found
    return _ROWS[id(real)]


def _rounds(real: RealLists) -> Iterator[list[tuple[int, int]]]:
    """Look-alikes in batches in which nobody's partner is somebody's look-alike."""
    waiting = [(left, right) for left, right, label, _ in real.labels if label == 0]
    while waiting:
        batch: list[tuple[int, int]] = []
        used: set[int] = set()
        gone: set[int] = set()
        for pair in waiting:
            mine = partners(real, *pair)
            if len(batch) < LARGEST_ROUND and not (set(pair) & gone or set(mine) & used or set(pair) & used):
                batch.append(pair)
                used |= set(pair)
                gone |= set(mine)
        waiting = [pair for pair in waiting if pair not in set(batch)]
        yield batch


def report(real: RealLists, tables: Tables = None, with_alone: bool = True) -> list[tuple[str, str, str]]:
    """Every bar of the real lists: what, reached, bar."""
    judged = judge(real, tables)
    accepted, automatic = judged.accepted, judged.found.bands == AUTOMATIC
    tiers, wide = recall(judged, accepted), recall(judged, judged.in_review)
    bars = {"T0": ">= 0.997", "T1-T4": ">= 0.94", "T2": ">= 0.98", "T3": ">= 0.91", "T5": "cannot be found by name"}
    rows = [(f"recall {name}", _share(*tiers[name]), bars.get(name, "")) for name in tiers]
    rows += [("precision of accepted pairs", f"{precision(judged, accepted):.4f}", ">= 0.988")]
    look_alikes = [judged.place.get((left, right)) for left, right, label, _ in real.labels if label == 0]
    taken = sum(index is not None and bool(accepted[index]) for index in look_alikes)
    rows += [("look-alikes accepted", _share(taken, len(look_alikes)), "<= 0.1 %")]
    if with_alone:
        without = alone(real, tables)
        rows += [("look-alikes accepted, true partners gone", f"{without['accepted']:.2%}", "<= 3 %"), ("the same, automatic", f"{without['automatic']:.2%}", "<= 0.5 %")]
    t0 = recall(judged, automatic)["T0"]
    rows += [("T0 in the automatic band", _share(*t0), ">= 97 %"), ("automatic band right", f"{precision(judged, automatic):.4f}", ">= 0.998")]
    rows += [("T1-T4 in review or better", _share(*wide["T1-T4"]), ">= 0.95"), ("questions per true pair that is not automatic", f"{questions_per_pair(judged):.2f}", "")]
    cut = narrowest_review(judged)
    rows += [(f"the same, review from {cut:.2f}, still holding T1-T4", f"{questions_per_pair(judged, cut):.2f}", "<= 0.9")]
    return rows


def narrowest_review(judged: Judged) -> float:
    """The highest review threshold, in steps of 0.05 up to the match threshold, whose band holds REVIEW_HOLDS of the pairs found by name."""
    for cut in np.arange(judged.found.options.threshold, judged.found.options.review_threshold, -0.05):
        found, total = recall(judged, judged.in_review & (judged.found.match_score >= cut))["T1-T4"]
        if found >= REVIEW_HOLDS * total:
            return float(cut)
    return judged.found.options.review_threshold


def questions_per_pair(judged: Judged, review_from: float = 0.0) -> float:
    """Questions put to a steward for each true pair that the automatic band does not hold; `review_from` narrows the band."""
    automatic = judged.found.bands == AUTOMATIC
    asked = (judged.found.bands == REVIEW) & (judged.found.match_score >= review_from)
    codes = np.array(judged.real.codes, dtype=object)
    old = judged.real.columns.list_ids == LIST_2014
    true_pairs = len((set(codes[old]) & set(codes[~old])) - {""})
    return float(asked.sum() / max(true_pairs - np.nansum(judged.same[automatic]), 1))


def findings(judged: Judged) -> Sequence[tuple[str, str]]:
    """Accepted pairs whose codes differ: about half are the lists' own errors, worth a look."""
    rows = np.flatnonzero(judged.accepted & (judged.same == 0))
    names = judged.found.columns.names
    return [(str(names[judged.found.left[row]]), str(names[judged.found.right[row]])) for row in rows]


def _share(part: int, whole: int) -> str:
    return f"{part / max(whole, 1):.4f} ({part} of {whole})"
