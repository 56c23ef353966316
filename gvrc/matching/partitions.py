"""The comparing of names in parts that any executor can work off: threads, processes, or the workers of a Dask cluster.

A part carries everything it needs, as arrays; `score_partition` is a plain function of it. So the code is the same everywhere,
`executor.submit(score_partition, part)` for each, and a part that is lost with its worker is worked off again with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from gvrc.errors import ConfigError
from gvrc.matching.arrays import BoolArray, ByteArray, IntArray, LongArray, TextArray, spans
from gvrc.matching.forked import shared

MOST_ALIKE = 60
"""Alike names that one record meets in one rectangle of names at the most."""
CELLS_AT_ONCE = 4_000_000
"""Comparisons held in memory at once."""
CELLS_OF_A_PART = 2_000_000
"""Comparisons of one part: about a tenth of a second, so that the cost of handing it out does not count."""
CELLS_OF_A_SHARE, CELLS_WORTH_SHARING = 500_000, 6_000_000
"""The same of a share for a copy of this process, which costs little to hand out: small ones end together; and of all together, for copying costs some
milliseconds itself."""
CONNECT_SECONDS = 10

FoundPairs = tuple[LongArray, LongArray, IntArray]


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
class Part:
    """Some rectangles with the names of their rows. `rows` are the row numbers of the whole, `sweeps` speak of positions among them; `joined` are the
    names without their spaces, where these are compared too."""

    rows: LongArray
    cores: TextArray
    joined: TextArray | None
    sweeps: Sequence[Sweep]


def parts_of(sweeps: Iterable[Sweep], cores: TextArray, joined: TextArray | None) -> Iterator[Part]:
    """The rectangles in parts of about CELLS_OF_A_PART comparisons, in their order, each with the names it wants and no others."""
    return (_part(batch, cores, joined) for batch in _batches(sweeps, CELLS_OF_A_PART))


def _batches(sweeps: Iterable[Sweep], largest: int) -> Iterator[list[Sweep]]:
    """The rectangles in batches of about `largest` comparisons."""
    waiting: list[Sweep] = []
    cells = 0
    for sweep in sweeps:
        waiting.append(sweep)
        cells += sweep.cells
        if cells >= largest:
            yield waiting
            waiting, cells = [], 0
    if waiting:
        yield waiting


def _part(sweeps: Sequence[Sweep], cores: TextArray, joined: TextArray | None) -> Part:
    lengths = [len(side) for sweep in sweeps for side in (sweep.left, sweep.right)]
    rows, back = np.unique(np.concatenate([side for sweep in sweeps for side in (sweep.left, sweep.right)]), return_inverse=True)
    sides = np.split(back.astype(np.int64), np.cumsum(lengths)[:-1])
    local = [replace(sweep, left=sides[2 * at], right=sides[2 * at if sweep.right is sweep.left else 2 * at + 1]) for at, sweep in enumerate(sweeps)]
    return Part(rows=rows, cores=cores[rows], joined=None if joined is None else joined[rows], sweeps=local)


def score_partition(part: Part) -> FoundPairs:
    """The alike pairs of a part: rows of the left, rows of the right, and the bits of the rules."""
    left, right, bits = _swept(part.sweeps, part.cores, part.joined)
    return part.rows[left], part.rows[right], bits


def _swept(sweeps: Sequence[Sweep], cores: TextArray, joined: TextArray | None) -> FoundPairs:
    """The alike pairs of the rectangles, as many rectangles at once as memory should hold."""
    if sum(sweep.cells for sweep in sweeps) <= CELLS_AT_ONCE:
        return _alike(sweeps, cores, joined)
    found = [_alike(batch, cores, joined) for batch in _batches(chain.from_iterable(_slices(sweep) for sweep in sweeps), CELLS_AT_ONCE)]
    left, right, bits = (np.concatenate([pairs[side] for pairs in found]) for side in range(3))
    return left, right, bits


@contextmanager
def scoring(
    sweeps: Iterable[Sweep], cores: TextArray, joined: TextArray | None, executor: Executor | None, workers: int
) -> Iterator[Callable[[], list[FoundPairs]]]:
    """Every rectangle, part by part on the executor, or on so many processors here: they are at work until what they found is called for."""
    if executor is not None:
        futures = [executor.submit(score_partition, part) for part in parts_of(sweeps, cores, joined)]
        yield lambda: [waiting.result() for waiting in futures]
        return
    waiting = list(sweeps)
    worth_sharing = sum(sweep.cells for sweep in waiting) >= CELLS_WORTH_SHARING
    batches = list(_batches(waiting, min(CELLS_OF_A_PART, CELLS_OF_A_SHARE)))
    with shared(lambda batch: _swept(batch, cores, joined), batches, workers if worth_sharing else 1) as found:
        yield found


def score_all(sweeps: Iterable[Sweep], cores: TextArray, joined: TextArray | None, executor: Executor | None, workers: int) -> list[FoundPairs]:
    """What `scoring` finds, waited for."""
    with scoring(sweeps, cores, joined, executor, workers) as found:
        return found()


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


def _alike(sweeps: Sequence[Sweep], cores: TextArray, joined: TextArray | None) -> FoundPairs:
    """Pairs of the rectangles whose distinctive words have at least the ratio asked for, sorted or, where given, run together in their own order.

    A record alike to more than MOST_ALIKE others of the rectangle meets the most alike of them only: a list that repeats one name thousands of times
    must cost neither hours nor all the memory. The rules of code, contact, name and place, and point still propose its other pairs.
    """
    ratios = np.concatenate([_ratios(cores, joined, sweep).ravel() for sweep in sweeps])
    widths = np.array([len(sweep.right) for sweep in sweeps], dtype=np.int64)
    heights = np.array([len(sweep.left) for sweep in sweeps], dtype=np.int64)
    ends, first_rows, first_columns = np.cumsum(widths * heights), np.cumsum(heights) - heights, np.cumsum(widths) - widths
    found = np.flatnonzero(ratios != 0)  # below the cut, cdist gives 0
    of = np.searchsorted(ends, found, side="right")
    row, column = np.divmod(found - (ends - widths * heights)[of], widths[of])
    kept = _most_alike(ratios[found], first_rows[of] + row)
    if kept.all():  # else a pair may have stayed on one side of a square only
        kept = (column > row) | ~np.array([sweep.left is sweep.right for sweep in sweeps])[of]
    of, row, column = of[kept], row[kept], column[kept]
    left, right = np.concatenate([sweep.left for sweep in sweeps]), np.concatenate([sweep.right for sweep in sweeps])
    bits = np.array([sweep.bit for sweep in sweeps], dtype=np.int32)
    return left[first_rows[of] + row], right[first_columns[of] + column], bits[of]


def _most_alike(ratios: ByteArray, rows: LongArray) -> BoolArray:
    """Which of the alike pairs stay when each row keeps its MOST_ALIKE best; `rows` ascend."""
    kept = np.ones(len(rows), dtype=np.bool_)
    starts, lengths = spans(rows)
    for start, length in zip(starts[lengths > MOST_ALIKE].tolist(), lengths[lengths > MOST_ALIKE].tolist(), strict=True):
        kept[start + np.argsort(-ratios[start : start + length].astype(np.int16), kind="stable")[MOST_ALIKE:]] = False
    return kept


def _ratios(cores: TextArray, joined: TextArray | None, sweep: Sweep) -> ByteArray:
    """The ratios of a rectangle, 0 below its cut. Two lists even for one block: cdist takes a slow path for a list against itself."""
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
