"""The array types the matching room speaks in, and the handful of array moves several rules share."""

from __future__ import annotations

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
NO_PAIRS: Pairs = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def texts(values: Sequence[object]) -> TextArray:
    """An object array of the values, None as the empty text."""
    out: TextArray = np.empty(len(values), dtype=object)
    out[:] = ["" if value is None else value for value in values]
    return out


def factorized(values: AnyArray, *, counts_missing: bool = False) -> tuple[LongArray, AnyArray]:
    """Whole numbers for values, in order of first appearance, and the values by number. NaN is -1, unless it counts as a value."""
    import pandas as pd  # here: loading it takes a third of a second, which whoever only gathers columns need not wait for

    return pd.factorize(values, use_na_sentinel=not counts_missing)


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


def fingerprints(values: TextArray | FloatArray) -> FingerprintArray:
    """A number for each text or number made from it alone, the same in every list and every run."""
    import pandas as pd  # here: as above

    numbers, known = factorized(values, counts_missing=True)
    found: FingerprintArray = pd.util.hash_array(known, categorize=False)[numbers]
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
        order = order[np.argsort((keys[order] >> shift).astype(np.uint16), kind="stable")]
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
