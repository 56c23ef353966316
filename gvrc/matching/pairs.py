"""The pairs under comparison, with what was found out about them and more than one comparison wants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gvrc.matching.arrays import BoolArray, ByteArray, IntArray, LongArray


@dataclass(frozen=True, slots=True)
class PartingWords:
    """The one telling word on either side in which two names part, by number of the vocabulary (-1: they part in none, in several or in a common word); `share_others` where they share others."""

    left: IntArray
    right: IntArray
    share_others: BoolArray

    def taken(self, rows: LongArray | BoolArray | slice) -> PartingWords:
        """Those of some of the pairs."""
        return PartingWords(left=self.left[rows], right=self.right[rows], share_others=self.share_others[rows])


@dataclass(frozen=True, slots=True)
class MetWords:
    """Which words of the left and of the right name stand in the other name, too: the bit of each word's column is set."""

    left: ByteArray
    right: ByteArray

    def taken(self, rows: LongArray | BoolArray | slice) -> MetWords:
        """Those of some of the pairs."""
        return MetWords(left=self.left[rows], right=self.right[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRows:
    """The pairs under comparison: rows of Prepared, and the bit mask of the rules that proposed them. `ratios` are the
    ratios of their names where they are known (else 0), `spelled` is their spelling, `met` the words that
    met and `parting` those in which they part, once these were found out."""

    left: LongArray
    right: LongArray
    rules: IntArray
    ratios: ByteArray | None = None
    spelled: ByteArray | None = None
    met: MetWords | None = None
    parting: PartingWords | None = None

    def __len__(self) -> int:
        return len(self.left)

    def taken(self, rows: LongArray | BoolArray | slice) -> PairRows:
        """Some of the pairs."""
        return PairRows(
            left=self.left[rows], right=self.right[rows], rules=self.rules[rows],
            ratios=None if self.ratios is None else self.ratios[rows],
            spelled=None if self.spelled is None else self.spelled[rows],
            met=None if self.met is None else self.met.taken(rows),
            parting=None if self.parting is None else self.parting.taken(rows),
        )


def none_part(count: int) -> PartingWords:
    """Names of which nothing is known to part them."""
    nothing: IntArray = np.full(count, -1, dtype=np.int32)
    return PartingWords(left=nothing, right=nothing.copy(), share_others=np.zeros(count, dtype=np.bool_))
