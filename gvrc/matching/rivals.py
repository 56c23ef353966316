"""One partner each: where lists hold distinct places, how far a pair leads its best rival, and who gets whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gvrc.matching.arrays import BoolArray, ByteArray, FloatArray, IntArray, LongArray, SmallFloatArray, fingerprints, spans
from gvrc.matching.evidence import NEIGHBOURHOOD, RIVAL, RIVAL_MARGINS, EvidenceTable, logistic
from gvrc.matching.features import CLASS_OF_NAME
from gvrc.matching.hard import NOTHING, SAME_CODE
from gvrc.matching.neighbourhood import SURE_SCORE, neighbourhood
from gvrc.matching.pairs import PairRows
from gvrc.matching.prepared import Prepared

NO_ROW = -1
_LARGEST_ASSIGNMENT = 400
"""Rows of a component that are assigned optimally; beyond, the strongest pair first."""
_CERTAIN = 50.0
"""Log-odds of a pair settled by an official code, for the choice of partners."""
_TIE = 0.001
_SCATTER = np.uint64(0xD6E8FEB86659FD93)
_FLOOR = -4.0
"""Log-odds below which a pair takes no partner away from another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`levels` number evidence.RIVAL_LEVELS; `is_chosen` tells which pairs got each other; `rival_rows` the record that competes for the same partner (-1: none)."""

    levels: ByteArray
    is_chosen: BoolArray
    rival_rows: LongArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Pairs of lists of distinct places after the choice of partners: all levels, the evidence with the rivals weighed in, and the choice."""

    levels: dict[str, ByteArray]
    log_odds: SmallFloatArray
    choice: Choice


def link(prepared: Prepared, pairs: PairRows, levels: Mapping[str, ByteArray], table: EvidenceTable, verdict: ByteArray) -> Linked:
    """Chooses partners twice: the first round's sure pairs teach where each location lies, the second weighs that in."""
    pairs = _by_list(pairs, prepared.list_ids)
    classes = CLASS_OF_NAME[levels["name"]]
    tie_break = _tie_break(prepared, pairs)
    alone = table.weigh(levels, classes)
    first = choose(pairs, alone + tie_break, verdict, prepared.list_ids)
    weighed = alone + table.weights[RIVAL][classes, first.levels]
    sure = first.is_chosen & (verdict <= SAME_CODE) & (classes <= 1) & (logistic(weighed) >= SURE_SCORE)
    found = neighbourhood(prepared, pairs, sure)
    alone = alone + table.weights[NEIGHBOURHOOD][classes, found]
    choice = choose(pairs, alone + tie_break, verdict, prepared.list_ids)
    every = {**levels, NEIGHBOURHOOD: found, RIVAL: choice.levels}
    return Linked(levels=every, log_odds=alone + table.weights[RIVAL][classes, choice.levels], choice=choice)


def _by_list(pairs: PairRows, list_ids: IntArray) -> PairRows:
    """The pairs with the record of the earlier list on the left, so that all pairs of a record into another list stand on one side, in whatever order the rows came."""
    in_order = list_ids[pairs.left] < list_ids[pairs.right]
    return replace(pairs, left=np.where(in_order, pairs.left, pairs.right), right=np.where(in_order, pairs.right, pairs.left))


def _tie_break(prepared: Prepared, pairs: PairRows) -> FloatArray:
    """A hair's breadth by which pairs of equal evidence differ, from the values of the records and, of equal ones, their keys: whatever order lists and records
    come in, the same partners are chosen."""
    involved, back = np.unique(np.r_[pairs.left, pairs.right], return_inverse=True)
    marks = prepared.fingerprints[involved] * _SCATTER + fingerprints(prepared.keys[involved])
    both = (marks[back[: len(pairs)]] + marks[back[len(pairs) :]]) * _SCATTER
    hair: FloatArray = (both >> np.uint64(40)).astype(np.float64) * (_TIE / (1 << 24))
    return hair


def everyone(count: int) -> Choice:
    """No competition: every pair stands for itself."""
    return Choice(
        levels=np.zeros(count, dtype=np.uint8), is_chosen=np.ones(count, dtype=np.bool_), rival_rows=np.full(count, NO_ROW, dtype=np.int64)
    )


def choose(pairs: PairRows, log_odds: FloatArray, verdict: ByteArray, list_ids: IntArray) -> Choice:
    """The margin of each pair to its best rival, on either side, and the assignment of partners with the greatest summed evidence."""
    if len(pairs) == 0:
        return everyone(0)
    strength = np.select([verdict == SAME_CODE, verdict == NOTHING], [_CERTAIN, log_odds], -_CERTAIN)
    chosen = _assigned(pairs, strength, list_ids)
    pull = _pull(pairs, strength, list_ids, chosen)
    left_best, left_rival = _best_rival(pairs.left, pairs.right, list_ids, strength - pull[1])
    right_best, right_rival = _best_rival(pairs.right, pairs.left, list_ids, strength - pull[0])
    rival = np.where(left_best >= right_best, left_rival, right_rival)
    return Choice(levels=margin_levels(strength - np.maximum(left_best, right_best)), is_chosen=chosen, rival_rows=rival)


def _pull(pairs: PairRows, strength: FloatArray, list_ids: IntArray, chosen: BoolArray) -> tuple[FloatArray, FloatArray]:
    """How much better off the left and the right record of each pair are with the partner they got: a record with a sure partner is no rival."""
    lists = int(list_ids.max()) + 1
    taken = np.full(len(list_ids) * lists, -np.inf)
    taken[pairs.left[chosen] * lists + list_ids[pairs.right[chosen]]] = strength[chosen]
    taken[pairs.right[chosen] * lists + list_ids[pairs.left[chosen]]] = strength[chosen]
    left, right = taken[pairs.left * lists + list_ids[pairs.right]], taken[pairs.right * lists + list_ids[pairs.left]]
    return np.maximum(left - strength, 0.0), np.maximum(right - strength, 0.0)


def margin_levels(margin: FloatArray) -> ByteArray:
    """The level of a margin in log-odds; infinite where there is no rival."""
    level = np.select([margin >= cut for cut in RIVAL_MARGINS], list(range(2, 2 + len(RIVAL_MARGINS))), 2 + len(RIVAL_MARGINS))
    return np.where(np.isinf(margin), 1, np.minimum(level, 2 + len(RIVAL_MARGINS))).astype(np.uint8)


def _best_rival(side: LongArray, other: LongArray, list_ids: IntArray, strength: FloatArray) -> tuple[FloatArray, LongArray]:
    """For each pair, the strongest other pair of the same record into the same list: its strength and the record it would take."""
    key = side * (int(list_ids.max()) + 1) + list_ids[other]
    order = np.lexsort((-strength, key))
    starts, lengths = spans(key[order])
    best = np.repeat(order[starts], lengths)
    second_at = np.where(lengths > 1, starts + 1, starts)
    second = np.repeat(order[second_at], lengths)
    alone = np.repeat(lengths == 1, lengths)
    rival = np.where(order == best, second, best)
    found, rows = np.empty(len(side)), np.empty(len(side), dtype=np.int64)
    found[order] = np.where(alone, -np.inf, strength[rival])
    rows[order] = np.where(alone, NO_ROW, other[rival])
    return found, rows


def _assigned(pairs: PairRows, strength: FloatArray, list_ids: IntArray) -> BoolArray:
    """One partner per record and list."""
    chosen = np.zeros(len(pairs), dtype=np.bool_)
    lists = int(list_ids.max()) + 1
    left_node, right_node = pairs.left * lists + list_ids[pairs.right], pairs.right * lists + list_ids[pairs.left]
    rows = np.flatnonzero(strength > _FLOOR)
    if len(rows) == 0:
        return chosen
    nodes, numbered = np.unique(np.r_[left_node[rows], right_node[rows]], return_inverse=True)
    left, right = numbered[: len(rows)], numbered[len(rows):]
    from scipy.sparse import coo_matrix  # here: loading it takes longer than matching a short list
    from scipy.sparse.csgraph import connected_components

    _, component = connected_components(coo_matrix((np.ones(len(rows)), (left, right)), shape=(len(nodes), len(nodes))), directed=False)
    order = np.argsort(component[left], kind="stable")
    for start, length in zip(*spans(component[left][order]), strict=True):
        members = order[start : start + length]
        chosen[rows[members[_partners(left[members], right[members], strength[rows[members]])]]] = True
    return chosen


def _partners(left: LongArray, right: LongArray, strength: FloatArray) -> LongArray:
    """Positions of the pairs that together have the greatest strength, no node twice."""
    if len(left) == 1:
        return np.zeros(1, dtype=np.int64)
    lefts, left_at = np.unique(left, return_inverse=True)
    rights, right_at = np.unique(right, return_inverse=True)
    if max(len(lefts), len(rights)) > _LARGEST_ASSIGNMENT:
        return _strongest_first(left, right, strength)
    gain = np.zeros((len(lefts), len(rights)))
    at = np.full(gain.shape, NO_ROW, dtype=np.int64)
    gain[left_at, right_at] = strength - _FLOOR
    at[left_at, right_at] = np.arange(len(left))
    from scipy.optimize import linear_sum_assignment  # for few lists only

    row, column = linear_sum_assignment(gain, maximize=True)
    found = at[row, column]
    return found[found >= 0]


def _strongest_first(left: LongArray, right: LongArray, strength: FloatArray) -> LongArray:
    taken: set[int] = set()
    found: list[int] = []
    for position in np.argsort(-strength, kind="stable").tolist():
        ends = {int(left[position]), int(right[position])}
        if not ends & taken:
            taken |= ends
            found.append(position)
    return np.array(found, dtype=np.int64)
