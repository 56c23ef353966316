"""Which keys of a list were met before, in a few bytes each: a list of any length must be read within the same memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

AT_HAND = 100_000
"""Keys that are kept as they come; a full set of them is packed."""
_MARKS = 1 << 26
"""Marks (one bit each) of what is packed: a key whose mark is not set was surely not met."""
_BITS = 60


class SeenKeys:
    """Remembers texts by 60 bits of their hash: two different ones are taken for the same once in a million lists of a million."""

    def __init__(self) -> None:
        self._fresh: set[int] = set()
        self._packed: list[NDArray[np.uint64]] = []
        self._marks = bytearray()

    def is_new(self, key: str) -> bool:
        """Whether a key is met for the first time; it is met from now on."""
        short = hash(key) & ((1 << _BITS) - 1)
        if short in self._fresh or (self._marks and self._is_marked(short) and self._is_packed(short)):
            return False
        self._fresh.add(short)
        if len(self._fresh) == AT_HAND:
            self._pack()
        return True

    def _is_marked(self, short: int) -> bool:
        mark = short % _MARKS
        return bool(self._marks[mark >> 3] >> (mark & 7) & 1)

    def _is_packed(self, short: int) -> bool:
        for numbers in self._packed:
            at = int(np.searchsorted(numbers, np.uint64(short)))
            if at < len(numbers) and int(numbers[at]) == short:
                return True
        return False

    def _pack(self) -> None:
        """What is at hand as a sorted array; arrays of one length become one, so that there are few."""
        numbers = np.fromiter(self._fresh, dtype=np.uint64, count=len(self._fresh))
        self._fresh.clear()
        self._mark(numbers)
        while self._packed and len(self._packed[-1]) <= len(numbers):
            numbers = np.concatenate([self._packed.pop(), numbers])
        numbers.sort()
        self._packed.append(numbers)

    def _mark(self, numbers: NDArray[np.uint64]) -> None:
        if not self._marks:
            self._marks = bytearray(_MARKS >> 3)
        marks = np.frombuffer(self._marks, dtype=np.uint8)
        mark = numbers % np.uint64(_MARKS)
        np.bitwise_or.at(marks, (mark >> np.uint64(3)).astype(np.int64), (np.uint8(1) << (mark & np.uint64(7)).astype(np.uint8)))
