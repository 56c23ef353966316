"""The reference formula: name 0.5, location 0.3, contact 0.2. Shown beside the match score for who asks; alone it is too weak."""

from __future__ import annotations

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from gvrc.matching.arrays import FloatArray, LongArray, SmallFloatArray
from gvrc.matching.features import distance_km
from gvrc.matching.pairs import PairRows
from gvrc.matching.prepared import Prepared

NAME_SHARE, LOCATION_SHARE, CONTACT_SHARE = 0.5, 0.3, 0.2
NEAR_KM = 1.0


def reference_scores(prepared: Prepared, pairs: PairRows, shares_contact: FloatArray) -> SmallFloatArray:
    """The formula for each pair, 0 to 1: ratio of the names; 1 for the same ward or points within a kilometre, 0.5 for the same constituency;
    1 for a shared contact. What is missing counts as 0."""
    if len(pairs) == 0:
        return np.empty(0, dtype=np.float32)
    full = prepared.names.full
    name = cpdist(full[pairs.left].tolist(), full[pairs.right].tolist(), scorer=fuzz.ratio, dtype=np.float32) / 100.0
    score = NAME_SHARE * name + LOCATION_SHARE * _location(prepared, pairs.left, pairs.right) + CONTACT_SHARE * shares_contact
    return score.astype(np.float32)


def _location(prepared: Prepared, left: LongArray, right: LongArray) -> FloatArray:
    same_ward = (prepared.wards[left] >= 0) & (prepared.wards[left] == prepared.wards[right])
    same_constituency = (prepared.constituencies[left] >= 0) & (prepared.constituencies[left] == prepared.constituencies[right])
    near = distance_km(prepared, left, right) <= NEAR_KM
    return np.where(same_ward | near, 1.0, np.where(same_constituency, 0.5, 0.0))
