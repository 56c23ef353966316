"""Places of one name that do different work: a dental clinic beside a primary care clinic is another door."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np

from gvrc.matching.arrays import BoolArray, IntArray, LongArray, TextArray


@cache
def specialty_bits() -> Mapping[str, int]:
    """The bit of the specialty that a word in a name tells, from `data/specialties.csv`."""
    rows = list(csv.DictReader((files("gvrc.matching") / "data" / "specialties.csv").read_text(encoding="utf-8").splitlines()))
    order = {name: number for number, name in enumerate(dict.fromkeys(row["specialty"] for row in rows))}
    return {row["word"]: 1 << order[row["specialty"]] for row in rows}


@cache
def _telling_words() -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{'|'.join(map(re.escape, specialty_bits()))})(?![a-z])")


def specialties(names: TextArray) -> IntArray:
    """One bit mask per name: the specialties its words tell; 0 for a name that tells none."""
    bits, telling = specialty_bits(), _telling_words()
    masks = np.zeros(len(names), dtype=np.int32)
    for row, name in enumerate(names.tolist()):
        for word in telling.findall(str(name).lower().replace("x-ray", "xray")):
            masks[row] |= bits[word]
    return masks


def differ(names: TextArray, left: LongArray, right: LongArray) -> BoolArray:
    """Whether the two names of each pair tell different specialties, or only one of them tells any. Such a pair is never merged unasked."""
    involved, inverse = np.unique(np.concatenate((left, right)), return_inverse=True)
    masks = specialties(names[involved])[inverse]
    found: BoolArray = masks[: len(left)] != masks[len(left) :]
    return found
