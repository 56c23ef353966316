"""Which pairs are worth comparing: a union of cheap rules, each pair remembering the rules that proposed it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gvrc.errors import PipelineError
from gvrc.matching.arrays import (
    NO_PAIRS,
    BoolArray,
    ByteArray,
    IntArray,
    LongArray,
    Pairs,
    factorized,
    may_repeat,
    order_of,
    pairs_within,
    ranks_within,
    spans,
)
from gvrc.matching.partitions import RATIO_SHIFT, FoundPairs, NamesToCompare, Sweep, Wording, names_to_compare
from gvrc.matching.prepared import Groundwork, Prepared

RULES: tuple[str, ...] = (
    "official_code", "shared_contact", "switchboard", "same_name_key", "rare_word", "ward_names", "constituency_names", "county_names",
    "all_names", "near_point", "registration_number", "few_namesakes",
)
"""Rule names by bit number."""
BIT = {rule: 1 << number for number, rule in enumerate(RULES)}
_FINDING_BITS = np.uint64(RATIO_SHIFT + 7)
_FINDINGS = (np.uint64(1) << _FINDING_BITS) - np.uint64(1)
"""What was found of a pair behind its rows, in one number: the bits of the rules, and a ratio of 0 to 100."""
MOST_RECORDS = math.isqrt(1 << (64 - int(_FINDING_BITS)))
"""Records of which every pair has a number."""

NAME_CUT = 62
"""Ratio (0 to 100) of the sorted distinctive words from which two neighbours are a candidate pair."""
WARD_NAME_CUT = 66
"""The same ward by ward, in long lists: of 18,700 true pairs of 100,000 generated records two fewer are found, for an eighth fewer pairs to compare."""
WIDE_NAME_CUT = 70
"""The same where the common neighbourhood is only the county or the country."""
SWITCHBOARD = 8
"""A contact of more places than this is an exchange, a county office or a chain: it proposes pairs, but is no evidence."""
EXCHANGE_NAMES = 3
"""Places of different names in one list from which their common contact is an exchange, too."""
LARGEST_BLOCK = 60
LEAF = 160
"""Rows of a block compared in one go; larger blocks are halved, measured fastest for cdist."""
ALL_PAIRS_CELLS = 4_000_000
DENSE = 300
"""Rows of one place from which only the same kinds meet by name alone; other rules still cross kinds."""
COUNTY_CELLS = 40_000_000
"""Comparisons that a list may cost in one sweep over the whole list, and county by county; above, narrower blocks are used."""
FEW_NAMESAKES, ONLY_NAMESAKES = 6, 2
"""A name that at most so many records of the whole country carry proposes pairs across counties: between lists of distinct places, and within a list,
where the same name in another county is another place unless nobody else has it."""
JOINED_CELLS = 5_000_000
"""Comparisons up to which names are also compared with their spaces left out."""
RARE_IN_COUNTY = 12
RARE_WORD_WEIGHT = 0.3
CELL_DEGREES = 0.02
NEAR_CELL_DEGREES = 0.0006
NEAR_GROUP = 6
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which pairs are asked for at all: `link` only across lists; never two records of `registry_list`."""

    list_ids: IntArray
    link: bool = False
    registry_list: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether every pair is asked for."""
        return not self.link and self.registry_list is None

    def admits(self, left: LongArray, right: LongArray) -> BoolArray:
        """Whether each pair is asked for."""
        asked: BoolArray = left != right
        if self.is_open:
            return asked
        left_list, right_list = self.list_ids[left], self.list_ids[right]
        if self.link:
            asked = asked & (left_list != right_list)
        if self.registry_list is not None:
            asked = asked & ~((left_list == self.registry_list) & (right_list == self.registry_list))
        return asked

    def jobs(self, rows: LongArray) -> Iterator[Pairs]:
        """Rectangles (rows, rows) that together hold every pair asked for within these rows."""
        if self.is_open:
            yield from halves(rows)
            return
        lists = self.list_ids[rows]
        if self.link:
            for number in np.unique(lists):
                mine, later = rows[lists == number], rows[lists > number]
                if len(later):
                    yield mine, later
            return
        fresh, registered = rows[lists != self.registry_list], rows[lists == self.registry_list]
        yield from halves(fresh)
        if len(fresh) and len(registered):
            yield fresh, registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Candidate pairs, left before right, each once; `rules` is the bit mask of the rules that proposed it (RULES), `ratios` the ratio of the sorted
    distinctive words (or of these run together) where it was found out on the way, else 0. `compared` counts name
    comparisons made on the way, `split_blocks` blocks too large to be compared whole."""

    left: LongArray
    right: LongArray
    rules: IntArray
    ratios: ByteArray
    compared: int = 0
    split_blocks: int = 0


@dataclass(slots=True)
class _Found:
    """Pairs as the rules bring them, those of them that are asked for: each is one number made of both rows, the smaller first, and of what was found (the
    bits of the rules and the ratio), so that millions of them take little memory and are sorted at once."""

    count: int
    scope: Scope
    numbers: list[NDArray[np.uint64]] = field(default_factory=list)
    compared: int = 0
    split_blocks: int = 0

    def add(self, pairs: Pairs, rule: str) -> None:
        """Takes in pairs that a rule proposes."""
        self.take(*pairs, BIT[rule])

    def take(self, left: LongArray, right: LongArray, findings: IntArray | int) -> None:
        """Takes in pairs with what was found of each."""
        asked = self.scope.admits(left, right)
        pairs = (np.minimum(left, right) * self.count + np.maximum(left, right)).astype(np.uint64)
        self.numbers.append((pairs << _FINDING_BITS | np.asarray(findings).astype(np.uint64))[asked])

    def sorted(self) -> NDArray[np.uint64]:
        """All pairs in their order, taken out of here."""
        numbers = np.concatenate([np.empty(0, dtype=np.uint64), *self.numbers])
        self.numbers.clear()
        numbers.sort()
        return numbers


def candidates(prepared: Prepared, scope: Scope) -> Candidates:
    """Every pair that some rule proposes."""
    names = names_of(prepared, scope)
    return proposed(prepared, scope, names.cells, names.everywhere)


def proposed(prepared: Prepared, scope: Scope, cells: int, alike_names: Callable[[], list[FoundPairs]]) -> Candidates:
    """Every pair that some rule proposes; the other rules are at work while names are compared elsewhere, in so many comparisons."""
    if prepared.count > MOST_RECORDS:
        detail = f"{prepared.count:,} records cannot be compared together: {MOST_RECORDS:,} are the most."
        raise PipelineError(detail, "Split the lists into several runs; what earlier runs committed is compared with each.")
    found = _Found(prepared.count, scope, compared=cells)
    _by_codes(prepared, found)
    _by_contacts(prepared, found)
    _by_name_key(prepared, found, FEW_NAMESAKES if scope.link else ONLY_NAMESAKES)
    _by_rare_words(prepared, found)
    _by_points(prepared, found)
    for pairs in alike_names():
        found.take(*pairs)
    return _united(found)


def _by_codes(prepared: Prepared, found: _Found) -> None:
    found.add(_capped_pairs(prepared, prepared.mfl_codes.astype(np.int64), found), "official_code")
    found.add(_capped_pairs(prepared, prepared.registrations.astype(np.int64), found), "registration_number")


def _by_contacts(prepared: Prepared, found: _Found) -> None:
    starts, lengths = spans(prepared.contact_ids)
    few = (lengths <= SWITCHBOARD) & ~_is_exchange(prepared, starts, lengths)
    left, right = pairs_within(starts[few], lengths[few])
    found.add((prepared.contact_rows[left], prepared.contact_rows[right]), "shared_contact")
    many = ~few & (lengths <= LARGEST_BLOCK)
    found.split_blocks += int((lengths > LARGEST_BLOCK).sum())
    left, right = pairs_within(starts[many], lengths[many])
    found.add((prepared.contact_rows[left], prepared.contact_rows[right]), "switchboard")


def _is_exchange(prepared: Prepared, starts: LongArray, lengths: LongArray) -> BoolArray:
    """Whether one list gives a contact for EXCHANGE_NAMES or more places of different names: the number of a division, a county office or a chain."""
    exchange = np.zeros(len(starts), dtype=np.bool_)
    several = np.flatnonzero((lengths >= EXCHANGE_NAMES) & (lengths <= SWITCHBOARD))
    if not len(several):
        return exchange
    given = np.repeat(np.arange(len(several)), lengths[several])
    rows = prepared.contact_rows[starts[several][given] + ranks_within(given)]
    names = np.unique((given * (int(prepared.list_ids.max()) + 1) + prepared.list_ids[rows]) * (int(prepared.sounds.max(initial=0)) + 2) + prepared.sounds[rows] + 1)
    of_list, counts = np.unique(names // (int(prepared.sounds.max(initial=0)) + 2), return_counts=True)
    exchange[several[of_list[counts >= EXCHANGE_NAMES] // (int(prepared.list_ids.max()) + 1)]] = True
    return exchange


def _by_name_key(prepared: Prepared, found: _Found, few: int) -> None:
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
        found.add(_neighbours(prepared, combined, too_large), "same_name_key")
        key = np.where(too_large, key, -1 - np.arange(len(key)))
    few_anywhere = np.where(np.bincount(prepared.sounds + 1)[prepared.sounds + 1] <= few, prepared.sounds, -1)
    found.add(_grouped_pairs(few_anywhere, few)[0], "few_namesakes")
    found.add(_grouped_pairs(_run_together(prepared), LARGEST_BLOCK)[0], "same_name_key")
    homeless = prepared.counties < 0
    if homeless.any():
        found.add(_with_homeless(prepared, homeless), "same_name_key")


def _run_together(prepared: Prepared) -> LongArray:
    """The names of each county run together, by number, of those that someone there writes in several words."""
    run = prepared.names.same["run_together"].astype(np.int64)
    key = np.where((run >= 0) & (prepared.counties >= 0), run * (int(prepared.counties.max(initial=0)) + 1) + prepared.counties, -1)
    in_words = np.zeros(int(run.max(initial=0)) + 1, dtype=np.bool_)
    in_words[run[prepared.names.has_several_words & (run >= 0)]] = True
    return np.where((run >= 0) & in_words[np.maximum(run, 0)], key, -1)


def _with_homeless(prepared: Prepared, homeless: BoolArray) -> Pairs:
    key = prepared.sounds
    (left, right), too_large = _grouped_pairs(np.where(np.isin(key, key[homeless]), key, -1), LARGEST_BLOCK)
    kept = homeless[left] | homeless[right]
    more = _neighbours(prepared, key, too_large)
    kept_more = homeless[more[0]] | homeless[more[1]]
    return np.r_[left[kept], more[0][kept_more]], np.r_[right[kept], more[1][kept_more]]


def _by_rare_words(prepared: Prepared, found: _Found) -> None:
    """A word that few places of the county carry in their names; hotlines and organisations without one are compared with each other."""
    names = prepared.names
    is_somewhere = (prepared.counties >= 0) | (prepared.sorts > 0)
    wanted = (prepared.word_records > 1) & (prepared.word_records <= RARE_IN_COUNTY) & (names.word_weights >= RARE_WORD_WEIGHT) & is_somewhere[:, None]
    at = np.flatnonzero(wanted)
    row = at // wanted.shape[1]
    key = names.word_ids.ravel()[at].astype(np.int64) * (int(prepared.counties.max(initial=-1)) + 2) + prepared.counties[row] + 1
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
    letters = prepared.names.beginnings
    by_word = np.r_[factorized((letters[:, 0] << 42) | (letters[:, 1] << 21) | letters[:, 2])[0].astype(np.int32), np.int32(-1)]
    prefixes: IntArray = by_word[prepared.names.word_ids[:, :2]]
    return prefixes


def _cells(prepared: Prepared, rows: LongArray, size: float, shift: float) -> LongArray:
    row = np.floor((prepared.latitudes[rows] + 90.0) / size + shift).astype(np.int64)
    column = np.floor((prepared.longitudes[rows] + 180.0) / size + shift).astype(np.int64)
    return row * (int(360.0 / size) + 2) + column


def _capped_pairs(prepared: Prepared, key: LongArray, found: _Found) -> Pairs:
    pairs, too_large = _grouped_pairs(key, LARGEST_BLOCK)
    if not too_large.any():
        return pairs
    found.split_blocks += len(np.unique(key[too_large]))
    more = _neighbours(prepared, key, too_large)
    return np.r_[pairs[0], more[0]], np.r_[pairs[1], more[1]]


def _grouped_pairs(key: LongArray, largest: int) -> tuple[Pairs, BoolArray]:
    """All pairs of rows with an equal key (negative: none), for groups up to `largest`; and which rows stand in larger groups."""
    too_large = np.zeros(len(key), dtype=np.bool_)
    rows = np.flatnonzero(key >= 0)
    rows = rows[may_repeat(key[rows])]
    if len(rows) < 2:
        return NO_PAIRS, too_large
    rows = rows[order_of(key[rows])]
    starts, lengths = spans(key[rows])
    many = lengths > largest
    if many.any():
        too_large[rows[np.repeat(many, lengths)]] = True
    wanted = ~many & (lengths > 1)
    left, right = pairs_within(starts[wanted], lengths[wanted])
    return (rows[left], rows[right]), too_large


def _neighbours(prepared: Prepared, key: LongArray, chosen: BoolArray, reach: int = 10) -> Pairs:
    """For groups too large to be compared whole: each row with the next `reach` rows of its group, in an order that the records alone settle."""
    rows = np.flatnonzero(chosen)
    rows = rows[np.lexsort((prepared.fingerprints[rows], key[rows]))]
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


def names_of(ground: Groundwork, scope: Scope) -> NamesToCompare:
    """The names that are to be compared, block by block."""
    sweeps = list(sweeps_of(ground, scope))
    cells = sum(sweep.cells for sweep in sweeps)
    return names_to_compare(sweeps, wording_of(ground, is_joined=cells <= JOINED_CELLS))


def wording_of(ground: Groundwork, is_joined: bool) -> Wording:
    """What the rectangles read of the records; `is_joined`: names are compared with their spaces left out, too."""
    names = ground.names
    return Wording(cores=names.core, joined=names.joined if is_joined else None, markers=names.same["markers"], fingerprints=ground.fingerprints)


def sweeps_of(ground: Groundwork, scope: Scope) -> Iterator[Sweep]:
    """The rectangles: the whole list when it is small, counties when they are, else wards and what has no ward. Where a place is dense, only the same
    kinds meet, and unknown kinds all."""
    if ground.count**2 // 2 <= ALL_PAIRS_CELLS:
        everything = np.argsort(ground.fingerprints, kind="stable")
        yield from (Sweep(left=left, right=right, bit=BIT["all_names"], cut=WIDE_NAME_CUT) for left, right in scope.jobs(everything))
    if _cells_of(ground.counties) <= COUNTY_CELLS:
        for block in _blocks(ground, ground.counties):
            yield from (Sweep(left=left, right=right, bit=BIT["county_names"], cut=NAME_CUT) for left, right in scope.jobs(block))
        return
    for block in _blocks(ground, ground.wards):
        if len(block) <= LEAF and scope.is_open:  # nearly all wards of nearly all lists
            yield Sweep(left=block, right=block, bit=BIT["ward_names"], cut=WARD_NAME_CUT)
        else:
            yield from _ward_sweeps(ground, scope, block)
    yield from _without(ground, ground.wards, ground.constituencies, "constituency_names", WARD_NAME_CUT)
    yield from _without(ground, ground.constituencies, ground.counties, "county_names", WIDE_NAME_CUT)


def _cells_of(place: IntArray) -> int:
    return int((np.bincount(place[place >= 0]).astype(np.int64) ** 2).sum() // 2)


def _blocks(ground: Groundwork, place: IntArray) -> Iterator[LongArray]:
    """The rows of each place that has two or more; those that are compared in several rectangles in an order that the records alone settle, for a record
    in a crowd does not meet all that are alike (partitions.MOST_ALIKE)."""
    rows = np.flatnonzero(place >= 0)
    rows = rows[order_of(place[rows])]
    starts, lengths = spans(place[rows])
    several = lengths > 1
    for start, end in zip(starts[several].tolist(), (starts + lengths)[several].tolist(), strict=True):
        block = rows[start:end]
        yield block if len(block) <= LEAF else block[np.argsort(ground.fingerprints[block], kind="stable")]


def _ward_sweeps(ground: Groundwork, scope: Scope, block: LongArray) -> Iterator[Sweep]:
    if len(block) <= DENSE:
        yield from (Sweep(left=left, right=right, bit=BIT["ward_names"], cut=WARD_NAME_CUT) for left, right in scope.jobs(block))
        return
    kinds = ground.kinds[block]
    unknown = block[kinds < 0]
    if len(unknown):
        yield Sweep(left=unknown, right=block, bit=BIT["ward_names"], cut=WIDE_NAME_CUT)
    for kind in np.unique(kinds[kinds >= 0]):
        yield from (Sweep(left=left, right=right, bit=BIT["ward_names"], cut=WIDE_NAME_CUT) for left, right in scope.jobs(block[kinds == kind]))


def _without(ground: Groundwork, fine: IntArray, coarse: IntArray, rule: str, cut: int) -> Iterator[Sweep]:
    """Rows whose fine place is unknown against all rows of their coarse place."""
    rows = np.flatnonzero(coarse >= 0)
    rows = rows[order_of(coarse[rows] * 2 + (fine[rows] >= 0))]
    starts, lengths = spans(coarse[rows])
    lacking = np.add.reduceat(fine[rows] < 0, starts, dtype=np.int64) if len(rows) else lengths
    wanted = (lacking > 0) & (lengths > 1)
    for start, length, count in zip(starts[wanted].tolist(), lengths[wanted].tolist(), lacking[wanted].tolist(), strict=True):
        block, unknown = rows[start : start + length], rows[start : start + count]
        if length <= DENSE or count * length <= LEAF**2:
            yield Sweep(left=unknown, right=block, bit=BIT[rule], cut=cut)
            continue
        yield from _of_one_kind(ground, block, unknown, BIT[rule])


def _of_one_kind(ground: Groundwork, block: LongArray, unknown: LongArray, bit: int) -> Iterator[Sweep]:
    """Those of unknown place against those of their block that are, or may be, of their kind."""
    (block, kinds), (unknown, theirs) = _by_kind(ground, block), _by_kind(ground, unknown)
    kindless = block[: np.searchsorted(kinds, 0)]
    starts, lengths = spans(theirs)
    first, last = (np.searchsorted(kinds, theirs[starts], side=side).tolist() for side in _SIDES)
    for at, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
        meets = block if theirs[start] < 0 else np.concatenate((kindless, block[first[at] : last[at]]))
        yield Sweep(left=unknown[start : start + length], right=meets, bit=bit, cut=WIDE_NAME_CUT)


def _by_kind(ground: Groundwork, rows: LongArray) -> tuple[LongArray, IntArray]:
    """The rows in the order of their kinds, and the kinds; unknown ones come first."""
    kinds = ground.kinds[rows]
    order = order_of(kinds + 1)
    return rows[order], kinds[order]


def _united(found: _Found) -> Candidates:
    """Each pair once, left before right, with all rules that proposed it."""
    numbers = found.sorted()
    pairs = numbers >> _FINDING_BITS
    findings = (numbers & _FINDINGS).astype(np.int32)
    del numbers  # millions of pairs, of which each of the next lines makes as much again
    firsts = np.flatnonzero(np.r_[True, pairs[1:] != pairs[:-1]]) if len(pairs) else NO_PAIRS[0]
    pairs = pairs[firsts].astype(np.int64)
    united = np.bitwise_or.reduceat(findings, firsts) if len(firsts) else findings  # of one pair there is only one ratio
    del findings, firsts
    left, right = np.divmod(pairs, max(found.count, 1))
    del pairs
    return Candidates(
        left=left, right=right, rules=united & ((1 << RATIO_SHIFT) - 1), ratios=(united >> RATIO_SHIFT).astype(np.uint8), compared=found.compared,
        split_blocks=found.split_blocks,
    )
