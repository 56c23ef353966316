"""Records that are one place: what people and the matcher accepted, held apart where a person said no."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from gvrc.matching.arrays import IntArray, LongArray
from gvrc.model.match import Cluster
from gvrc.model.review import Answer

KeyPair = tuple[str, str]


class Judgements:
    """What follows from the answers so far: "same" is transitive, "different" holds for whole groups.

    A group is joined only if no "different" stands between its halves; the "different" answers that stopped a join are `conflicts`.
    """

    def __init__(self, accepted: Iterable[KeyPair] = (), negative: Iterable[KeyPair] = ()) -> None:
        self._parent: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._foes: dict[str, dict[str, KeyPair]] = {}
        self.conflicts: dict[KeyPair, KeyPair] = {}
        for left, right in negative:
            self.separate(left, right)
        for left, right in accepted:
            self.join(left, right)

    def group(self, key: str) -> str:
        """The name of the group a record stands in; its own key when it stands alone."""
        parent = self._parent
        root = key
        while parent.get(root, root) != root:
            root = parent[root]
        while parent.get(key, key) != root:
            parent[key], key = root, parent[key]
        return root

    def members(self, key: str) -> tuple[str, ...]:
        """Every record of the group of `key`."""
        return tuple(self._members.get(self.group(key), [key]))

    def separate(self, left: str, right: str) -> None:
        """A person said "different". Within one group it changes nothing but is kept as a conflict."""
        left_group, right_group = self.group(left), self.group(right)
        if left_group == right_group:
            self.conflicts[_ordered(left, right)] = _ordered(left, right)
            return
        self._foes.setdefault(left_group, {})[right_group] = _ordered(left, right)
        self._foes.setdefault(right_group, {})[left_group] = _ordered(left, right)

    def join(self, left: str, right: str) -> bool:
        """Joins two groups, unless a "different" stands between them: then False, and the match is kept as a conflict."""
        left_group, right_group = self.group(left), self.group(right)
        if left_group == right_group:
            return True
        foe = self._foes.get(left_group, {}).get(right_group)
        if foe is not None:
            self.conflicts[_ordered(left, right)] = foe
            return False
        self._join_groups(left_group, right_group)
        return True

    def _join_groups(self, left: str, right: str) -> None:
        if len(self._members.get(left, ())) < len(self._members.get(right, ())):
            left, right = right, left
        self._parent[right] = left
        self._members.setdefault(left, [left]).extend(self._members.pop(right, [right]))
        for foe, pair in self._foes.pop(right, {}).items():
            self._foes[foe].pop(right, None)
            self._foes[foe][left] = pair
            self._foes.setdefault(left, {})[foe] = pair

    def implied(self, left: str, right: str) -> Answer | None:
        """The answer that follows from earlier ones, or None: such a question need not be asked."""
        left_group, right_group = self.group(left), self.group(right)
        if left_group == right_group:
            return Answer.SAME
        return Answer.DIFFERENT if right_group in self._foes.get(left_group, {}) else None

    def foe(self, left: str, right: str) -> KeyPair | None:
        """The pair a person called different that stands between the groups of two records."""
        return self._foes.get(self.group(left), {}).get(self.group(right))

    def groups(self) -> list[tuple[str, ...]]:
        """Every group of two or more records."""
        return [tuple(sorted(members)) for members in self._members.values()]


def _ordered(left: str, right: str) -> KeyPair:
    return (left, right) if left <= right else (right, left)


def clusters(keys: Sequence[str], accepted_pairs: Iterable[KeyPair], negative_pairs: Iterable[KeyPair] = ()) -> list[Cluster]:
    """The clusters of two or more records (and single ones with a conflict), in the order of `keys`.

    Accepted pairs count in the order given, so put people's answers first and strong pairs before weak ones. A pair that would join
    records called different joins nothing; the "different" that stopped it is among the `conflicts` of the clusters on both sides.
    """
    judged = Judgements(accepted_pairs, negative_pairs)
    conflicts: dict[str, set[KeyPair]] = {}
    for (left, right), foe in judged.conflicts.items():
        for key in (left, right):
            conflicts.setdefault(judged.group(key), set()).add(foe)
    place = {key: number for number, key in enumerate(keys)}
    groups = {judged.group(members[0]): members for members in judged.groups()} | {group: judged.members(group) for group in conflicts}
    found = [
        Cluster(members=tuple(sorted(members, key=lambda key: (place.get(key, len(place)), key))), conflicts=tuple(sorted(conflicts.get(group, ()))))
        for group, members in groups.items()
    ]
    return sorted(found, key=lambda cluster: (place.get(cluster.members[0], len(place)), cluster.members))


def labels(count: int, left: LongArray, right: LongArray) -> IntArray:
    """The cluster number of each of `count` rows when every pair is accepted: for large lists without decisions."""
    root = np.arange(count, dtype=np.int64)
    while True:
        one, other = root[left], root[right]
        apart = one != other
        if not apart.any():
            break
        root[np.maximum(one[apart], other[apart])] = np.minimum(one[apart], other[apart])
        while ((nearer := root[root]) != root).any():
            root = nearer
    number: LongArray = np.cumsum(root == np.arange(count)) - 1
    return number[root].astype(np.int32)
