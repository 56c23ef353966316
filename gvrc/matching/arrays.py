"""The array types the matching room speaks in, and the handful of array moves several rules share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# what numpy.typing.NDArray stands for, whose module takes a sixteenth of a second to load
IntArray = np.ndarray[tuple[Any, ...], np.dtype[np.int32]]
LongArray = np.ndarray[tuple[Any, ...], np.dtype[np.int64]]
ByteArray = np.ndarray[tuple[Any, ...], np.dtype[np.uint8]]
FloatArray = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]
SmallFloatArray = np.ndarray[tuple[Any, ...], np.dtype[np.float32]]
BoolArray = np.ndarray[tuple[Any, ...], np.dtype[np.bool_]]
TextArray = np.ndarray[tuple[Any, ...], np.dtype[np.object_]]
AnyArray = np.ndarray[tuple[Any, ...], np.dtype[Any]]
FingerprintArray = np.ndarray[tuple[Any, ...], np.dtype[np.uint64]]
Pairs = tuple[LongArray, LongArray]

_DIGIT = 16
"""Bits of which numpy sorts numbers by counting."""
_SCATTER = np.uint64(0x9E3779B97F4A7C15)
"""An odd number that spreads keys over buckets."""
PANDAS_REPAYS = 300_000
"""Values from which numbering them with pandas, twice to five times as fast, repays loading it: a third of a second."""
_FNV_OFFSET, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
"""Of the hash of 64 bits: Fowler, Noll, Vo, http://www.isthe.com/chongo/tech/comp/fnv/"""
_HASHED_AT_ONCE = 20_000
"""Texts that lie side by side, as long as the longest of them, while they are hashed."""
NO_PAIRS: Pairs = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def texts(values: Sequence[object]) -> TextArray:
    """An object array of the values, None as the empty text."""
    out: TextArray = np.empty(len(values), dtype=object)
    out[:] = ["" if value is None else value for value in values]
    return out


class Numbers(dict[str, int]):
    """Whole numbers for texts, in order of first appearance."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number


def factorized(values: AnyArray) -> tuple[LongArray, AnyArray]:
    """Whole numbers for values (texts, or numbers without NaN), in order of first appearance, and the values by number."""
    if len(values) < PANDAS_REPAYS and "pandas" not in sys.modules:
        return factorized_alone(values)
    import pandas as pd

    return pd.factorize(values)


def factorized_alone(values: AnyArray) -> tuple[LongArray, AnyArray]:
    """The same without pandas."""
    if values.dtype == object:
        known = Numbers()
        found = np.fromiter(map(known.__getitem__, values.tolist()), dtype=np.int64, count=len(values))
        return found, texts(list(known))
    _, first, place = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    return number[place], values[first[order]]


def codes_of(values: Sequence[str] | TextArray) -> tuple[IntArray, list[str]]:
    """Whole numbers for texts, in order of first appearance; the empty text is -1. Also the texts, by number."""
    numbers, known = numbers_of(values)
    return numbers, [text for text in known.tolist() if text != ""]


def numbers_of(values: Sequence[str] | TextArray) -> tuple[IntArray, TextArray]:
    """The numbers of `codes_of` alone, and every text met, the empty one included: for columns of which many texts differ."""
    found, known = factorized(values if isinstance(values, np.ndarray) else texts(values))
    numbers = found.astype(np.int32)
    empty = np.flatnonzero(known == "")
    if len(empty) == 0:
        return numbers, known
    return np.where(numbers == empty[0], np.int32(-1), numbers - (numbers > empty[0])), known


def fingerprints(values: TextArray) -> FingerprintArray:
    """A number for each text made from it alone, the same in every list and every run (FNV-1a over its code points; a zero character counts for nothing)."""
    found = np.full(len(values), _FNV_OFFSET)
    for start in range(0, len(values), _HASHED_AT_ONCE):
        part = slice(start, start + _HASHED_AT_ONCE)
        letters = np.array(values[part].tolist(), dtype=np.str_)
        for column in letters.view(np.uint32).reshape(len(letters), -1).T.astype(np.uint64):
            found[part] = np.where(column != 0, (found[part] ^ column) * _FNV_PRIME, found[part])
    return found


def spans(sorted_keys: AnyArray) -> tuple[LongArray, LongArray]:
    """Start and length of each run of equal values in a sorted array."""
    if len(sorted_keys) == 0:
        return NO_PAIRS
    starts = np.flatnonzero(np.r_[True, sorted_keys[1:] != sorted_keys[:-1]]).astype(np.int64)
    return starts, np.diff(np.r_[starts, len(sorted_keys)]).astype(np.int64)


def ranks_within(sorted_keys: AnyArray) -> LongArray:
    """The place of each position in its run of equal values, from 0."""
    starts, lengths = spans(sorted_keys)
    return np.arange(len(sorted_keys), dtype=np.int64) - np.repeat(starts, lengths)


def order_of(keys: LongArray | IntArray) -> LongArray:
    """Positions in the order of the keys (whole numbers from 0), equal ones as they stand: by counting, 16 bits of the keys at a time, which costs a third of
    comparing them."""
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    for shift in range(_DIGIT, int(keys.max(initial=0)).bit_length(), _DIGIT):
        digits = (keys >> shift).astype(np.uint16)[order]
        order = order[np.argsort(digits, kind="stable")]
    return order


def may_repeat(keys: LongArray) -> BoolArray:
    """Which keys may stand there more than once; those of which it is denied surely stand there once. Costs a fraction of sorting them."""
    bits = max(len(keys).bit_length() + 1, 8)
    buckets = ((keys.astype(np.uint64) * _SCATTER) >> np.uint64(64 - bits)).astype(np.int64)
    repeated: BoolArray = np.bincount(buckets, minlength=1 << bits)[buckets] > 1
    return repeated


def pairs_within(starts: LongArray, lengths: LongArray) -> Pairs:
    """Every pair of positions inside each run: positions, not values; the earlier position first."""
    total = int(lengths.sum())
    if total == 0:
        return NO_PAIRS
    ends = np.repeat(starts + lengths, lengths)
    positions = np.arange(total, dtype=np.int64) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(starts, lengths)
    partners = ends - positions - 1
    left = np.repeat(positions, partners)
    offsets = np.arange(len(left), dtype=np.int64) - np.repeat(np.cumsum(partners) - partners, partners)
    return left, left + 1 + offsets


def in_slices(count: int, size: int, work: Callable[[slice], None]) -> None:
    """Does the work slice by slice, so that intermediate arrays stay small."""
    for start in range(0, count, size):
        work(slice(start, min(start + size, count)))
