"""How the words of two names meet: which both have, which are left over, and the one in which they part.

The words of a name stand in WORDS_COMPARED columns, the rarest first; sets of them are bytes, a bit for each column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from gvrc.matching.arrays import BoolArray, ByteArray, IntArray, LongArray, SmallFloatArray, in_slices
from gvrc.matching.pairs import MetWords, PairRows, PartingWords, none_part
from gvrc.matching.prepared import Prepared
from gvrc.matching.standard_names import WORDS_COMPARED

WORD_CUT = 80
"""Ratio (0 to 100) from which two words count as one word, spelled differently."""
LEAST_RATIO = 50
"""Ratio below which words are simply unlike."""
LIGHT_WORD, HEAVY_WORD = 0.32, 0.95
"""Summed weight of left-over words up to which they are one common word, or one rare word."""
SLICE = 200_000
"""Pairs of which intermediate arrays are held at once."""
_NOBODY = -2
_COLUMN: ByteArray = np.array([max(bits.bit_length() - 1, 0) for bits in range(256)], dtype=np.uint8)
"""The column of the last word of a set."""


def words_met(prepared: Prepared, pairs: PairRows) -> MetWords:
    """Which words of either name stand in the other, too."""
    return _met(prepared, pairs, outside_brackets=False) if pairs.met is None else pairs.met


def _met(prepared: Prepared, pairs: PairRows, outside_brackets: bool) -> MetWords:
    found = MetWords(left=np.zeros(len(pairs), dtype=np.uint8), right=np.zeros(len(pairs), dtype=np.uint8))
    names = prepared.names

    def measure(part: slice) -> None:
        sides = []
        for rows, unknown in ((pairs.left[part], -1), (pairs.right[part], _NOBODY)):
            ids = names.word_ids[rows]
            hidden = (ids < 0) | names.is_qualifier[rows] if outside_brackets else ids < 0
            sides.append(np.ascontiguousarray(np.where(hidden, np.int32(unknown), ids).T))
        _mark_equal(sides[0], sides[1], found.left[part], found.right[part])

    in_slices(len(pairs), SLICE, measure)
    return found


def _mark_equal(left_ids: IntArray, right_ids: IntArray, left_bits: ByteArray, right_bits: ByteArray) -> None:
    """Sets the bits of equal words, column by column: a cube of all words of all pairs would be larger than all else."""
    used = [column for column in range(WORDS_COMPARED) if (right_ids[column] >= 0).any()]
    for mine in range(WORDS_COMPARED):
        if not (left_ids[mine] >= 0).any():
            continue
        for theirs in used:
            equal = (left_ids[mine] == right_ids[theirs]).view(np.uint8)
            left_bits |= equal << np.uint8(mine)
            right_bits |= equal << np.uint8(theirs)


def parting_words(prepared: Prepared, pairs: PairRows) -> PartingWords:
    """The words in which the names part, those in brackets left aside."""
    if pairs.parting is not None:
        return pairs.parting
    found, names = none_part(len(pairs)), prepared.names
    met = _met_outside_brackets(prepared, pairs)
    left_open, right_open = prepared.telling_words[pairs.left] & ~met.left, prepared.telling_words[pairs.right] & ~met.right
    rows = np.flatnonzero((np.bitwise_count(left_open) == 1) & (np.bitwise_count(right_open) == 1))
    sides = [(pairs.left[rows], _COLUMN[left_open[rows]]), (pairs.right[rows], _COLUMN[right_open[rows]])]
    told = np.ones(len(rows), dtype=np.bool_)
    for record, column in sides:
        told &= names.word_weights[record, column] > LIGHT_WORD
    for (record, column), words_found in zip(sides, (found.left, found.right), strict=True):
        words_found[rows[told]] = names.word_ids[record[told], column[told]]
    found.share_others[rows[told]] = met.left[rows[told]] != 0
    return found


def _met_outside_brackets(prepared: Prepared, pairs: PairRows) -> MetWords:
    met = words_met(prepared, pairs)
    rows = np.flatnonzero((prepared.bracketed_words[pairs.left] | prepared.bracketed_words[pairs.right]) != 0)
    if len(rows) == 0:
        return met
    found = MetWords(left=met.left.copy(), right=met.right.copy())
    anew = _met(prepared, pairs.taken(rows), outside_brackets=True)
    found.left[rows], found.right[rows] = anew.left, anew.right
    return found


def word_ratio(vocabulary: list[str], left: IntArray, right: IntArray) -> ByteArray:
    """The ratio (0 to 100) of words by number, 0 below LEAST_RATIO; each distinct pair of words is compared once."""
    once, back = np.unique(left.astype(np.int64) * len(vocabulary) + right, return_inverse=True)
    first = [vocabulary[number] for number in (once // max(len(vocabulary), 1)).tolist()]
    second = [vocabulary[number] for number in (once % max(len(vocabulary), 1)).tolist()]
    ratio: ByteArray = cpdist(first, second, scorer=fuzz.ratio, dtype=np.uint8, score_cutoff=LEAST_RATIO)[back]
    return ratio


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Weight of the words that the other name lacks, on the side with less and the side with more, and of the words shared."""

    smaller: SmallFloatArray
    larger: SmallFloatArray
    shared: SmallFloatArray


def left_over(prepared: Prepared, pairs: PairRows, in_other_spelling: bool = True) -> LeftOver:
    """What is left of two names when equal words, and those `in_other_spelling`, have met. Words in brackets meet others but are not left over; nor are words
    that name the other record's surroundings (`Highway Clinic Wote`, in the ward Wote)."""
    met = words_met(prepared, pairs)
    if in_other_spelling:
        met = _met_in_other_spelling(prepared, pairs, met)
    shared = np.maximum(_weight(prepared, pairs.left, met.left), _weight(prepared, pairs.right, met.right))
    left_rest = _rest(prepared, pairs.left, pairs.right, prepared.telling_words[pairs.left] & ~met.left)
    right_rest = _rest(prepared, pairs.right, pairs.left, prepared.telling_words[pairs.right] & ~met.right)
    return LeftOver(smaller=np.minimum(left_rest, right_rest), larger=np.maximum(left_rest, right_rest), shared=shared)


def _weight(prepared: Prepared, records: LongArray, words: ByteArray) -> SmallFloatArray:
    """The summed weight of a set of each record's words."""
    total = np.zeros(len(records), dtype=np.float32)
    for column in range(WORDS_COMPARED):
        rows = np.flatnonzero(words & (1 << column))
        total[rows] += prepared.names.word_weights[records[rows], column]
    return total


def _rest(prepared: Prepared, records: LongArray, others: LongArray, words: ByteArray) -> SmallFloatArray:
    """The summed weight of those of the words that do not name the other's surroundings."""
    if prepared.has_surroundings:
        rows = np.flatnonzero(words)
        words = words.copy()
        words[rows] &= ~named_bits(prepared, records[rows], others[rows])
    return _weight(prepared, records, words)


def named_bits(prepared: Prepared, records: LongArray, others: LongArray) -> ByteArray:
    """Which words of each record's name are words of the other's surroundings."""
    found = np.zeros(len(records), dtype=np.uint8)

    def measure(part: slice) -> None:
        named = names_surroundings(prepared, prepared.names.word_ids[records[part]], others[part])
        found[part] = np.packbits(named, axis=1, bitorder="little")[:, 0]

    if prepared.has_surroundings:
        in_slices(len(records), SLICE, measure)
    return found


def names_surroundings(prepared: Prepared, word_ids: IntArray, others: LongArray) -> BoolArray:
    """Which words, by number, name the surroundings of the other record."""
    found = np.zeros(word_ids.shape, dtype=np.bool_)
    if not prepared.has_surroundings:
        return found
    named = prepared.place_word_of[word_ids]
    for column in range(prepared.place_words.shape[1]):
        found |= named == prepared.place_words[others, column][:, None]
    told: BoolArray = found & (named >= 0)
    return told


def _met_in_other_spelling(prepared: Prepared, pairs: PairRows, met: MetWords) -> MetWords:
    """With the words that meet in another spelling; each distinct pair of words is compared once."""
    found = MetWords(left=met.left.copy(), right=met.right.copy())
    left_open, right_open = prepared.known_words[pairs.left] & ~met.left, prepared.known_words[pairs.right] & ~met.right
    both = np.flatnonzero((left_open != 0) & (right_open != 0))
    crossing = []
    for mine in range(WORDS_COMPARED):
        has_mine = both[(left_open[both] & (1 << mine)) != 0]
        if len(has_mine):
            crossing += [(mine, theirs, has_mine[(right_open[has_mine] & (1 << theirs)) != 0]) for theirs in range(WORDS_COMPARED)]
    if not crossing:
        return found
    ids = prepared.names.word_ids
    left_words = np.concatenate([ids[pairs.left[rows], mine] for mine, _, rows in crossing])
    right_words = np.concatenate([ids[pairs.right[rows], theirs] for _, theirs, rows in crossing])
    meets = word_ratio(prepared.names.vocabulary, left_words, right_words) >= WORD_CUT
    start = 0
    for mine, theirs, rows in crossing:
        met_here = rows[meets[start : start + len(rows)]]
        found.left[met_here] |= 1 << mine
        found.right[met_here] |= 1 << theirs
        start += len(rows)
    return found
