"""What the sure pairs teach about places: records that name a location were found in a certain ward, so another one of that location is looked for there."""

from __future__ import annotations

import numpy as np

from gvrc.matching.arrays import BoolArray, ByteArray, FloatArray, IntArray, LongArray, spans
from gvrc.matching.features import UNKNOWN
from gvrc.matching.pairs import PairRows
from gvrc.matching.prepared import Prepared

NEIGHBOURHOOD_LEVELS = ("unknown", "mostly", "often", "seldom", "never", "never_of_many")
SURE_SCORE = 0.95
"""Match score from which a pair of equal names teaches."""
_LEAST_PAIRS, _MANY_PAIRS = 2, 6
_MOSTLY, _OFTEN = 0.55, 0.2
_COMMON = 3


def neighbourhood(prepared: Prepared, pairs: PairRows, sure: BoolArray) -> ByteArray:
    """Whether places of the same stated surroundings were found in the ward of the other record (only where one side has no ward of its own)."""
    taught = np.flatnonzero(sure)
    forward = _share_found(prepared, pairs.left, pairs.right, taught)
    backward = _share_found(prepared, pairs.right, pairs.left, taught)
    share, seen = (np.where(forward[1] >= backward[1], mine, theirs) for mine, theirs in zip(forward, backward, strict=True))
    levels = np.select([share >= _MOSTLY, share >= _OFTEN, share > 0, seen >= _MANY_PAIRS], [1, 2, 3, 5], 4)
    both_known = (prepared.wards[pairs.left] >= 0) & (prepared.wards[pairs.right] >= 0)
    return np.where((seen < _LEAST_PAIRS) | both_known, UNKNOWN, levels).astype(np.uint8)


def _share_found(prepared: Prepared, teller: LongArray, found: LongArray, taught: LongArray) -> tuple[FloatArray, LongArray]:
    """For each pair: of the sure pairs (itself left out) whose teller names the same surroundings, the greatest share found in the same ward, and how many
    pairs that was learned from."""
    share, seen = np.zeros(len(teller)), np.zeros(len(teller), dtype=np.int64)
    wards = prepared.wards[found].astype(np.int64)
    lessons = taught[wards[taught] >= 0]
    if len(lessons) == 0:
        return share, seen
    words = np.where(prepared.place_word_rarity[prepared.place_words] < _COMMON, prepared.place_words, -1)
    size = int(prepared.wards.max()) + 1
    all_pairs, with_ward = _counted(words[teller[lessons]], wards[lessons], size)
    is_lesson = np.zeros(len(teller), dtype=np.int64)
    is_lesson[lessons] = 1
    for column in range(words.shape[1]):
        word = words[teller, column].astype(np.int64)
        known = (word >= 0) & (wards >= 0)
        total = np.where(known, _looked_up(all_pairs, word) - is_lesson, 0)
        here = np.where(known, _looked_up(with_ward, word * size + wards) - is_lesson, 0)
        portion = np.where(total >= _LEAST_PAIRS, here / np.maximum(total, 1), 0.0)
        better = (portion > share) | ((share == 0) & (total > seen))
        share, seen = np.where(better, portion, share), np.where(better, total, seen)
    return share, seen


Counts = tuple[LongArray, LongArray]


def _counted(words: IntArray, wards: LongArray, size: int) -> tuple[Counts, Counts]:
    """How many lessons name each word, and how many each word with each ward."""
    row, column = np.nonzero(words >= 0)
    word = words[row, column].astype(np.int64)
    return _tally(word), _tally(word * size + wards[row])


def _tally(keys: LongArray) -> Counts:
    keys = np.sort(keys)
    starts, lengths = spans(keys)
    return keys[starts], lengths


def _looked_up(counts: Counts, keys: LongArray) -> LongArray:
    known, lengths = counts
    if len(known) == 0:
        return np.zeros(len(keys), dtype=np.int64)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    found: LongArray = np.where(known[at] == keys, lengths[at], 0)
    return found
