"""Which pairs are worth comparing: a union of cheap rules, each pair remembering the rules that proposed it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from gvrc.matching.arrays import NO_PAIRS, BoolArray, ByteArray, IntArray, LongArray, Pairs, TextArray, pairs_within, spans
from gvrc.matching.prepared import Prepared

RULES: tuple[str, ...] = (
    "official_code", "shared_contact", "switchboard", "same_name_key", "rare_word", "ward_names", "constituency_names", "county_names",
    "all_names", "near_point", "registration_number", "few_namesakes",
)
"""Rule names by bit number."""
BIT = {rule: 1 << number for number, rule in enumerate(RULES)}

NAME_CUT = 62
"""Ratio (0 to 100) of the sorted distinctive words from which two neighbours are a candidate pair."""
WIDE_NAME_CUT = 70
"""The same where the common neighbourhood is only the county or the country."""
SWITCHBOARD = 8
"""A contact of more places than this is an exchange, a county office or a chain: it proposes pairs, but is no evidence."""
LARGEST_BLOCK = 60
LEAF = 160
"""Rows of a block compared in one go; larger blocks are halved, measured fastest for cdist."""
MOST_ALIKE = 60
"""Alike names that one record meets in one rectangle of names at the most."""
CELLS_AT_ONCE = 4_000_000
"""Comparisons held in memory at once."""
ALL_PAIRS_CELLS = 4_000_000
DENSE = 300
"""Rows of one place from which only the same kinds meet by name alone; other rules still cross kinds."""
COUNTY_CELLS = 40_000_000
"""Comparisons that a list may cost in one sweep over the whole list, and county by county; above, narrower blocks are used."""
FEW_NAMESAKES = 6
"""A name that at most so many records of the whole country carry proposes pairs across counties."""
JOINED_CELLS = 5_000_000
"""Comparisons up to which names are also compared with their spaces left out."""
RARE_IN_COUNTY = 12
RARE_WORD_WEIGHT = 0.3
CELL_DEGREES = 0.02
NEAR_CELL_DEGREES = 0.0006
NEAR_GROUP = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which pairs are asked for at all: `link` only across lists; never two records of `registry_list`."""

    list_ids: IntArray
    link: bool = False
    registry_list: int | None = None

    def admits(self, left: LongArray, right: LongArray) -> BoolArray:
        """Whether each pair is asked for."""
        left_list, right_list = self.list_ids[left], self.list_ids[right]
        asked: BoolArray = left != right
        if self.link:
            asked = asked & (left_list != right_list)
        if self.registry_list is not None:
            asked = asked & ~((left_list == self.registry_list) & (right_list == self.registry_list))
        return asked

    def jobs(self, rows: LongArray) -> Iterator[Pairs]:
        """Rectangles (rows, rows) that together hold every pair asked for within these rows."""
        lists = self.list_ids[rows]
        if self.link:
            for number in np.unique(lists):
                mine, later = rows[lists == number], rows[lists > number]
                if len(later):
                    yield mine, later
            return
        if self.registry_list is None:
            yield from halves(rows)
            return
        fresh, registered = rows[lists != self.registry_list], rows[lists == self.registry_list]
        yield from halves(fresh)
        if len(fresh) and len(registered):
            yield fresh, registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Candidate pairs, left before right, each once; `rules` is the bit mask of the rules that proposed it (RULES). `compared` counts name
    comparisons made on the way, `split_blocks` blocks too large to be compared whole."""

    left: LongArray
    right: LongArray
    rules: IntArray
    compared: int = 0
    split_blocks: int = 0


@dataclass(slots=True)
class _Found:
    """Pairs as the rules bring them."""

    pairs: list[tuple[LongArray, LongArray, int]] = field(default_factory=list)
    compared: int = 0
    split_blocks: int = 0

    def add(self, pairs: Pairs, rule: str) -> None:
        if len(pairs[0]):
            self.pairs.append((*pairs, BIT[rule]))


def candidates(prepared: Prepared, scope: Scope, executor: Executor | None = None, workers: int = 1) -> Candidates:
    """Every pair that some rule proposes. Names are compared block by block on `executor`, or on `workers` threads."""
    found = _Found()
    _by_codes(prepared, found)
    _by_contacts(prepared, found)
    _by_name_key(prepared, found)
    _by_rare_words(prepared, found)
    _by_points(prepared, found)
    _by_names(prepared, scope, found, executor, workers)
    return _united(prepared.count, scope, found)


def _by_codes(prepared: Prepared, found: _Found) -> None:
    found.add(_capped_pairs(prepared.mfl_codes.astype(np.int64), found), "official_code")
    found.add(_capped_pairs(prepared.registrations.astype(np.int64), found), "registration_number")


def _by_contacts(prepared: Prepared, found: _Found) -> None:
    starts, lengths = spans(prepared.contact_ids)
    few = lengths <= SWITCHBOARD
    left, right = pairs_within(starts[few], lengths[few])
    found.add((prepared.contact_rows[left], prepared.contact_rows[right]), "shared_contact")
    many = ~few & (lengths <= LARGEST_BLOCK)
    found.split_blocks += int((lengths > LARGEST_BLOCK).sum())
    left, right = pairs_within(starts[many], lengths[many])
    found.add((prepared.contact_rows[left], prepared.contact_rows[right]), "switchboard")


def _by_name_key(prepared: Prepared, found: _Found) -> None:
    """Equal sounding names of one county; a name too frequent there is compared with its neighbours
    and split by constituency, then ward. Rows without a county meet all namesakes."""
    key = prepared.sounds
    for place in (prepared.counties, prepared.constituencies, prepared.wards):
        known = place >= 0
        combined = np.where(known, key * (int(place.max(initial=0)) + 2) + place, -1)
        pairs, too_large = _grouped_pairs(combined, LARGEST_BLOCK)
        found.add(pairs, "same_name_key")
        if not too_large.any():
            break
        found.split_blocks += len(np.unique(combined[too_large]))
        found.add(_neighbours(combined, too_large), "same_name_key")
        key = np.where(too_large, key, -1 - np.arange(len(key)))
    few_anywhere = np.where(np.bincount(prepared.sounds + 1)[prepared.sounds + 1] <= FEW_NAMESAKES, prepared.sounds, -1)
    found.add(_grouped_pairs(few_anywhere, FEW_NAMESAKES)[0], "few_namesakes")
    homeless = prepared.counties < 0
    if homeless.any():
        found.add(_with_homeless(prepared.sounds, homeless), "same_name_key")


def _with_homeless(key: LongArray, homeless: BoolArray) -> Pairs:
    (left, right), too_large = _grouped_pairs(np.where(np.isin(key, key[homeless]), key, -1), LARGEST_BLOCK)
    kept = homeless[left] | homeless[right]
    more = _neighbours(key, too_large)
    kept_more = homeless[more[0]] | homeless[more[1]]
    return np.r_[left[kept], more[0][kept_more]], np.r_[right[kept], more[1][kept_more]]


def _by_rare_words(prepared: Prepared, found: _Found) -> None:
    """A word that few places of the county carry in their names."""
    words, weights = prepared.names.word_ids, prepared.names.word_weights
    row, column = np.nonzero((words >= 0) & (weights >= RARE_WORD_WEIGHT) & (prepared.counties >= 0)[:, None])
    key = words[row, column].astype(np.int64) * (int(prepared.counties.max(initial=0)) + 1) + prepared.counties[row]
    (left, right), _ = _grouped_pairs(key, RARE_IN_COUNTY)
    found.add((row[left], row[right]), "rare_word")


def _by_points(prepared: Prepared, found: _Found) -> None:
    """The same or a neighbouring geographic cell and a word that begins alike; or nearly the same point."""
    rows = np.flatnonzero(~np.isnan(prepared.latitudes) & ~np.isnan(prepared.longitudes) & ~prepared.is_shared_point)
    if len(rows) == 0:
        return
    prefixes = _prefixes(prepared)
    for shift in (0.0, 0.5):
        cell = _cells(prepared, rows, CELL_DEGREES, shift)
        for column in (0, 1):
            prefix = prefixes[rows, column]
            key = np.where(prefix >= 0, cell * (int(prefixes.max(initial=0)) + 2) + prefix, -1)
            (left, right), too_large = _grouped_pairs(key, LARGEST_BLOCK)
            found.add((rows[left], rows[right]), "near_point")
            found.split_blocks += len(np.unique(key[too_large]))
        (left, right), _ = _grouped_pairs(_cells(prepared, rows, NEAR_CELL_DEGREES, shift), NEAR_GROUP)
        found.add((rows[left], rows[right]), "near_point")


def _prefixes(prepared: Prepared) -> IntArray:
    """How the two heaviest words of each name begin, by number."""
    starts = {word: number for number, word in enumerate(dict.fromkeys(word[:3] for word in prepared.names.vocabulary))}
    by_word = np.array([starts[word[:3]] for word in prepared.names.vocabulary] or [-1], dtype=np.int32)
    words = prepared.names.word_ids[:, :2]
    return np.where(words >= 0, by_word[np.maximum(words, 0)], -1)


def _cells(prepared: Prepared, rows: LongArray, size: float, shift: float) -> LongArray:
    row = np.floor((prepared.latitudes[rows] + 90.0) / size + shift).astype(np.int64)
    column = np.floor((prepared.longitudes[rows] + 180.0) / size + shift).astype(np.int64)
    return row * (int(360.0 / size) + 2) + column


def _capped_pairs(key: LongArray, found: _Found) -> Pairs:
    pairs, too_large = _grouped_pairs(key, LARGEST_BLOCK)
    if not too_large.any():
        return pairs
    found.split_blocks += len(np.unique(key[too_large]))
    more = _neighbours(key, too_large)
    return np.r_[pairs[0], more[0]], np.r_[pairs[1], more[1]]


def _grouped_pairs(key: LongArray, largest: int) -> tuple[Pairs, BoolArray]:
    """All pairs of rows with an equal key (negative: none), for groups up to `largest`; and which rows stand in larger groups."""
    too_large = np.zeros(len(key), dtype=np.bool_)
    rows = np.flatnonzero(key >= 0)
    if len(rows) < 2:
        return NO_PAIRS, too_large
    rows = rows[np.argsort(key[rows])]
    starts, lengths = spans(key[rows])
    many = lengths > largest
    if many.any():
        too_large[rows[np.repeat(many, lengths)]] = True
    wanted = ~many & (lengths > 1)
    left, right = pairs_within(starts[wanted], lengths[wanted])
    return (rows[left], rows[right]), too_large


def _neighbours(key: LongArray, chosen: BoolArray, reach: int = 10) -> Pairs:
    """For groups too large to be compared whole: each row with the next `reach` rows of its group."""
    rows = np.flatnonzero(chosen)
    rows = rows[np.argsort(key[rows], kind="stable")]
    left, right = [], []
    for step in range(1, min(reach, max(len(rows) - 1, 0)) + 1):
        same = key[rows[:-step]] == key[rows[step:]]
        left.append(rows[:-step][same])
        right.append(rows[step:][same])
    return (np.concatenate(left), np.concatenate(right)) if left else NO_PAIRS


def halves(rows: LongArray) -> Iterator[Pairs]:
    """Rectangles that together hold every pair within the rows; small squares hold some of them twice."""
    if len(rows) < 2:
        return
    if len(rows) <= LEAF:
        yield rows, rows
        return
    middle = len(rows) // 2
    yield rows[:middle], rows[middle:]
    yield from halves(rows[:middle])
    yield from halves(rows[middle:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One rectangle of names to compare."""

    left: LongArray
    right: LongArray
    rule: str
    cut: int


def _by_names(prepared: Prepared, scope: Scope, found: _Found, executor: Executor | None, workers: int) -> None:
    sweeps = list(sweeps_of(prepared, scope))
    found.compared += sum(len(sweep.left) * len(sweep.right) for sweep in sweeps)
    cores = prepared.names.core

    joined = prepared.names.joined if found.compared <= JOINED_CELLS else None

    def compare(sweep: Sweep) -> tuple[LongArray, LongArray, int]:
        return (*alike(cores, joined, sweep), BIT[sweep.rule])

    found.pairs += _mapped(compare, sweeps, executor, workers)


def _mapped(
    compare: Callable[[Sweep], tuple[LongArray, LongArray, int]], sweeps: list[Sweep], executor: Executor | None, workers: int
) -> list[tuple[LongArray, LongArray, int]]:
    if executor is not None:
        return list(executor.map(compare, sweeps))
    if workers > 1 and len(sweeps) > 1:
        with ThreadPoolExecutor(workers) as threads:
            return list(threads.map(compare, sweeps, chunksize=16))
    return [compare(sweep) for sweep in sweeps]


def alike(cores: TextArray, joined: TextArray | None, sweep: Sweep) -> Pairs:
    """Pairs of the rectangle whose distinctive words have at least the ratio asked for, sorted or, where given, run together in their own order.

    A record alike to more than MOST_ALIKE others of the rectangle meets the most alike of them only: a list that repeats one name thousands of times
    must cost neither hours nor all the memory. The rules of code, contact, name and place, and point still propose its other pairs.
    """
    rows = max(1, CELLS_AT_ONCE // max(len(sweep.right), 1))
    if rows >= len(sweep.left):
        return _alike(cores, joined, sweep)
    slices = [replace(sweep, left=sweep.left[start : start + rows]) for start in range(0, len(sweep.left), rows)]
    left, right = zip(*(_alike(cores, joined, part) for part in slices), strict=True)
    return np.concatenate(left), np.concatenate(right)


def _alike(cores: TextArray, joined: TextArray | None, sweep: Sweep) -> Pairs:
    ratios = _ratios(cores, sweep)
    if joined is not None:
        ratios = np.maximum(ratios, _ratios(joined, sweep))
    near = ratios >= sweep.cut
    for row in np.flatnonzero(near.sum(axis=1) > MOST_ALIKE):
        near[row] = False
        near[row, np.argpartition(ratios[row], -MOST_ALIKE)[-MOST_ALIKE:]] = True
    found = np.flatnonzero(near)
    return sweep.left[found // len(sweep.right)], sweep.right[found % len(sweep.right)]


def _ratios(column: TextArray, sweep: Sweep) -> ByteArray:
    """The ratios of the rectangle. Two lists even for one block: cdist takes a slow path for a list against itself."""
    left = column[sweep.left].tolist()
    right = left.copy() if sweep.right is sweep.left else column[sweep.right].tolist()
    return np.asarray(cdist(left, right, scorer=fuzz.ratio, dtype=np.uint8, score_cutoff=sweep.cut))


def sweeps_of(prepared: Prepared, scope: Scope) -> Iterator[Sweep]:
    """The rectangles: the whole list when it is small, counties when they are, else wards and what has no ward. Where a place is dense, only the same
    kinds meet, and unknown kinds all."""
    everything = np.arange(prepared.count, dtype=np.int64)
    if prepared.count**2 // 2 <= ALL_PAIRS_CELLS:
        yield from (Sweep(left=left, right=right, rule="all_names", cut=WIDE_NAME_CUT) for left, right in scope.jobs(everything))
    order = np.lexsort((prepared.wards, prepared.constituencies, prepared.counties)).astype(np.int64)
    if _cells_of(prepared.counties) <= COUNTY_CELLS:
        for block in _blocks(prepared.counties, order):
            yield from (Sweep(left=left, right=right, rule="county_names", cut=NAME_CUT) for left, right in scope.jobs(block))
        return
    for block in _blocks(prepared.wards, order):
        yield from _ward_sweeps(prepared, scope, block)
    yield from _without(prepared, prepared.wards, _blocks(prepared.constituencies, order), "constituency_names", NAME_CUT)
    yield from _without(prepared, prepared.constituencies, _blocks(prepared.counties, order), "county_names", WIDE_NAME_CUT)


def _cells_of(place: IntArray) -> int:
    return int((np.bincount(place[place >= 0]).astype(np.int64) ** 2).sum() // 2)


def _blocks(place: IntArray, order: LongArray) -> Iterator[LongArray]:
    """The rows of each place that has two or more."""
    rows = order[place[order] >= 0]
    rows = rows[np.argsort(place[rows], kind="stable")]
    for start, length in zip(*spans(place[rows]), strict=True):
        if length > 1:
            yield rows[start : start + length]


def _ward_sweeps(prepared: Prepared, scope: Scope, block: LongArray) -> Iterator[Sweep]:
    if len(block) <= DENSE:
        yield from (Sweep(left=left, right=right, rule="ward_names", cut=NAME_CUT) for left, right in scope.jobs(block))
        return
    kinds = prepared.kinds[block]
    unknown = block[kinds < 0]
    if len(unknown):
        yield Sweep(left=unknown, right=block, rule="ward_names", cut=WIDE_NAME_CUT)
    for kind in np.unique(kinds[kinds >= 0]):
        yield from (Sweep(left=left, right=right, rule="ward_names", cut=WIDE_NAME_CUT) for left, right in scope.jobs(block[kinds == kind]))


def _without(prepared: Prepared, fine: IntArray, blocks: Iterable[LongArray], rule: str, cut: int) -> Iterator[Sweep]:
    """Rows whose fine place is unknown against all rows of their coarse place."""
    for block in blocks:
        unknown = block[fine[block] < 0]
        if len(unknown) == 0:
            continue
        if len(block) <= DENSE or len(unknown) * len(block) <= LEAF**2:
            yield Sweep(left=unknown, right=block, rule=rule, cut=cut)
            continue
        kinds, of_unknown = prepared.kinds[block], prepared.kinds[unknown]
        for kind in np.unique(of_unknown):
            meets = block if kind < 0 else block[(kinds == kind) | (kinds < 0)]
            yield Sweep(left=unknown[of_unknown == kind], right=meets, rule=rule, cut=WIDE_NAME_CUT)


def _united(count: int, scope: Scope, found: _Found) -> Candidates:
    """Each pair once, left before right, with all rules that proposed it."""
    if not found.pairs:
        empty = NO_PAIRS[0]
        return Candidates(left=empty, right=empty, rules=np.empty(0, dtype=np.int32), compared=found.compared, split_blocks=found.split_blocks)
    left = np.concatenate([pairs[0] for pairs in found.pairs])
    right = np.concatenate([pairs[1] for pairs in found.pairs])
    bits = np.repeat(np.array([pairs[2] for pairs in found.pairs], dtype=np.int32), [len(pairs[0]) for pairs in found.pairs])
    asked = scope.admits(left, right)
    left, right, bits = left[asked], right[asked], bits[asked]
    code = np.minimum(left, right) * count + np.maximum(left, right)
    order = np.argsort(code)
    code, bits = code[order], bits[order]
    starts, _ = spans(code)
    rules = np.bitwise_or.reduceat(bits, starts) if len(starts) else bits
    once = code[starts]
    return Candidates(left=once // count, right=once % count, rules=rules, compared=found.compared, split_blocks=found.split_blocks)
