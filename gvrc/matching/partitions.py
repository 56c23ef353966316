"""The comparing of names in parts that any executor can work off: threads, processes, or the workers of a Dask cluster.

A part carries everything it needs, as arrays; `score_partition` is a plain function of it. So the code is the same everywhere,
`executor.submit(score_partition, part)` for each, and a part that is lost with its worker is worked off again with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from gvrc.errors import ConfigError
from gvrc.matching.arrays import BoolArray, ByteArray, FingerprintArray, IntArray, LongArray, TextArray, ranks_within, spans
from gvrc.matching.forked import workers_for

MOST_ALIKE = 30
"""Alike names that one record meets in one rectangle of names at the most."""
CELLS_AT_ONCE = 4_000_000
"""Comparisons held in memory at once."""
CELLS_OF_A_PART = 2_000_000
"""Comparisons of one part: about a tenth of a second, so that the cost of handing it out does not count."""
CELLS_OF_A_SHARE, CELLS_WORTH_SHARING, CELLS_OF_LONG_WORK = 500_000, 6_000_000, 60_000_000
"""The same of a share for a copy of this process, which costs little to hand out: small ones end together; of all together, for copying costs some
milliseconds itself; and from which work is shared even where other work keeps the processors busy."""
CONNECT_SECONDS = 10

RATIO_SHIFT = 12
"""Bits of a finding below which its rules stand, and above which the ratio of the two names."""

FoundPairs = tuple[LongArray, LongArray, IntArray]
"""Rows of the left, rows of the right, and of each pair its finding: the bits of the rules, and the ratio above them (RATIO_SHIFT)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One rectangle of names to compare: rows, the bit of the rule that asks for it, and the ratio from which names are alike."""

    left: LongArray
    right: LongArray
    bit: int
    cut: int

    @property
    def cells(self) -> int:
        """Comparisons."""
        return len(self.left) * len(self.right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What the rectangles read of each record: the distinctive words of its name, the same without spaces where these are compared too (`joined`), the number
    of its numbers, letters and directions (-1: none), and the fingerprint that breaks ties."""

    cores: TextArray
    joined: TextArray | None
    markers: IntArray
    fingerprints: FingerprintArray

    def taken(self, rows: LongArray) -> Wording:
        """Those of some of the records."""
        joined = None if self.joined is None else self.joined[rows]
        return Wording(cores=self.cores[rows], joined=joined, markers=self.markers[rows], fingerprints=self.fingerprints[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some rectangles with the wording of their rows. `rows` are the row numbers of the whole, `sweeps` speak of positions among them."""

    rows: LongArray
    wording: Wording
    sweeps: Sequence[Sweep]


def parts_of(sweeps: Iterable[Sweep], wording: Wording) -> Iterator[Part]:
    """The rectangles in parts of about CELLS_OF_A_PART comparisons, in their order, each with the names it wants and no others."""
    return (_part(batch, wording) for batch in _batches(sweeps, CELLS_OF_A_PART))


def _batches(sweeps: Iterable[Sweep], largest: int) -> Iterator[list[Sweep]]:
    """The rectangles in batches of `largest` comparisons at the most; a larger one stands alone."""
    waiting: list[Sweep] = []
    room = largest
    for sweep in sweeps:
        cells = sweep.cells
        if cells > room and waiting:
            yield waiting
            waiting, room = [], largest
        waiting.append(sweep)
        room -= cells
    if waiting:
        yield waiting


def _part(sweeps: Sequence[Sweep], wording: Wording) -> Part:
    lengths = [len(side) for sweep in sweeps for side in (sweep.left, sweep.right)]
    rows, back = np.unique(np.concatenate([side for sweep in sweeps for side in (sweep.left, sweep.right)]), return_inverse=True)
    sides = np.split(back.astype(np.int64), np.cumsum(lengths)[:-1])
    local = [replace(sweep, left=sides[2 * at], right=sides[2 * at if sweep.right is sweep.left else 2 * at + 1]) for at, sweep in enumerate(sweeps)]
    return Part(rows=rows, wording=wording.taken(rows), sweeps=local)


def score_partition(part: Part) -> FoundPairs:
    """The alike pairs of a part, by the row numbers of the whole."""
    left, right, findings = _swept(part.sweeps, part.wording)
    return part.rows[left], part.rows[right], findings


def _swept(sweeps: Sequence[Sweep], wording: Wording) -> FoundPairs:
    """The alike pairs of a batch of rectangles, a large one slice by slice, so that memory holds its comparisons."""
    if len(sweeps) > 1 or sweeps[0].cells <= CELLS_AT_ONCE:
        return _alike(sweeps, wording)
    found = [_alike([piece], wording) for piece in _slices(sweeps[0])]
    left, right, findings = (np.concatenate([pairs[side] for pairs in found]) for side in range(3))
    return left, right, findings


@dataclass(frozen=True, slots=True)
class NamesToCompare:
    """All rectangles of names, in batches that cost about the same, and what they read of the records."""

    sweeps: Sequence[Sweep]
    wording: Wording
    batches: Sequence[Sequence[Sweep]]
    cells: int

    @property
    def numbers(self) -> range:
        """Of the batches."""
        return range(len(self.batches))

    def swept(self, number: int) -> FoundPairs:
        """The alike pairs of a batch."""
        return _swept(self.batches[number], self.wording)

    def everywhere(self) -> list[FoundPairs]:
        """The alike pairs of all batches, worked off here."""
        return [self.swept(number) for number in self.numbers]

    def workers(self, wanted: int) -> int:
        """On how many processors of those wanted comparing them is worth the while."""
        return workers_for(wanted, is_long=self.cells >= CELLS_OF_LONG_WORK) if self.cells >= CELLS_WORTH_SHARING else 1

    def submitted(self, executor: Executor) -> Callable[[], list[FoundPairs]]:
        """The same, part by part on the executor, which begins at once; waited for when it is called."""
        futures = [executor.submit(score_partition, part) for part in parts_of(self.sweeps, self.wording)]
        return lambda: [waiting.result() for waiting in futures]


def names_to_compare(sweeps: Iterable[Sweep], wording: Wording) -> NamesToCompare:
    """The rectangles, made ready to be shared."""
    sweeps = list(sweeps)
    batches = list(_batches(sweeps, min(CELLS_OF_A_PART, CELLS_OF_A_SHARE)))
    return NamesToCompare(sweeps, wording, batches, sum(sweep.cells for sweep in sweeps))


@contextmanager
def cluster(scheduler: str | None) -> Iterator[Executor | None]:
    """The workers of the Dask cluster at this address, as an executor; None without an address: then the caller's threads do the work. Raises ConfigError
    when nobody answers there."""
    if not scheduler:
        yield None
        return
    from distributed import Client

    connect: Any = Client
    try:
        client: Any = connect(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ConfigError(f"No Dask scheduler answers at {scheduler}.", "Start it, or take GVRC_DASK_SCHEDULER away: the work is then done here.") from error
    try:
        workers: Executor = client.get_executor()
        yield workers
    finally:
        client.close()


def _slices(sweep: Sweep) -> Iterator[Sweep]:
    """The rectangle in slices that hold CELLS_AT_ONCE comparisons at the most."""
    rows = max(1, CELLS_AT_ONCE // max(len(sweep.right), 1))
    if rows >= len(sweep.left):
        yield sweep
        return
    for start in range(0, len(sweep.left), rows):
        yield replace(sweep, left=sweep.left[start : start + rows])


def _alike(sweeps: Sequence[Sweep], wording: Wording) -> FoundPairs:
    """Pairs of the rectangles whose distinctive words have at least the ratio asked for, sorted or, where given, run together in their own order.

    A record alike to more than MOST_ALIKE others of the rectangle meets the most alike of them only: a list that repeats one name thousands of times
    must cost neither hours nor all the memory. The rules of code, contact, name and place, and point still propose its other pairs.
    """
    ratios = np.concatenate([_ratios(wording, sweep).ravel() for sweep in sweeps])
    widths = np.array([len(sweep.right) for sweep in sweeps], dtype=np.int64)
    heights = np.array([len(sweep.left) for sweep in sweeps], dtype=np.int64)
    ends, first_rows, first_columns = np.cumsum(widths * heights), np.cumsum(heights) - heights, np.cumsum(widths) - widths
    found = np.flatnonzero(ratios != 0)  # below the cut, cdist gives 0
    of = np.searchsorted(ends, found, side="right")
    row, column = np.divmod(found - (ends - widths * heights)[of], widths[of])
    left, right = np.concatenate([sweep.left for sweep in sweeps]), np.concatenate([sweep.right for sweep in sweeps])
    bits = np.array([sweep.bit for sweep in sweeps], dtype=np.int32)
    lines, columns = first_rows[of] + row, first_columns[of] + column
    is_crowded, kept = _most_alike(ratios[found], lines, left[lines], right[columns], wording)
    if not is_crowded:  # else a pair may have stayed on one side of a square only
        kept = (column > row) | ~np.array([sweep.left is sweep.right for sweep in sweeps])[of]
    findings = bits[of[kept]] | (ratios[found[kept]].astype(np.int32) << RATIO_SHIFT)
    return left[lines[kept]], right[columns[kept]], findings


def _most_alike(ratios: ByteArray, lines: LongArray, left: LongArray, right: LongArray, wording: Wording) -> tuple[bool, BoolArray]:
    """Whether some line (they ascend) has more than MOST_ALIKE alike pairs, and which pairs stay when it keeps its best: of equal ones those that the records
    alone settle. Where numbers, letters or directions contradict, a like name in a crowd is no reason to compare."""
    kept = np.ones(len(lines), dtype=np.bool_)
    _, lengths = spans(lines)
    if int(lengths.max(initial=0)) <= MOST_ALIKE:
        return False, kept
    crowded = np.flatnonzero(np.repeat(lengths > MOST_ALIKE, lengths))
    mine, theirs = wording.markers[left[crowded]], wording.markers[right[crowded]]
    contradicts = (mine >= 0) & (theirs >= 0) & (mine != theirs)
    kept[crowded] = False
    crowded = crowded[~contradicts]
    order = np.lexsort((wording.fingerprints[right[crowded]], -ratios[crowded].astype(np.int16), lines[crowded]))
    kept[crowded[order[ranks_within(lines[crowded]) < MOST_ALIKE]]] = True
    return True, kept


def _ratios(wording: Wording, sweep: Sweep) -> ByteArray:
    """The ratios of a rectangle, 0 below its cut. Two lists even for one block: cdist takes a slow path for a list against itself."""
    cores, joined = wording.cores, wording.joined
    left = cores[sweep.left].tolist()
    right = left.copy() if sweep.right is sweep.left else cores[sweep.right].tolist()
    ratios: ByteArray = cdist(left, right, scorer=fuzz.ratio, dtype=np.uint8, score_cutoff=sweep.cut)
    if joined is None:
        return ratios
    # run together a name of one word stays as it is, so that only pairs with one of several words are compared anew
    rows, columns = ([at for at, name in enumerate(names) if " " in name] for names in (left, right))
    if rows:
        anew = cdist(joined[sweep.left[rows]].tolist(), joined[sweep.right].tolist(), scorer=fuzz.ratio, dtype=np.uint8, score_cutoff=sweep.cut)
        ratios[rows] = np.maximum(ratios[rows], anew)
        if sweep.right is sweep.left:
            ratios[:, rows] = np.maximum(ratios[:, rows], anew.T)
    if columns and sweep.right is not sweep.left:
        anew = cdist(joined[sweep.left].tolist(), joined[sweep.right[columns]].tolist(), scorer=fuzz.ratio, dtype=np.uint8, score_cutoff=sweep.cut)
        ratios[:, columns] = np.maximum(ratios[:, columns], anew)
    return ratios
