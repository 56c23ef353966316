"""Clusters honour what people said."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gvrc.matching.clusters import Judgements, clusters, labels
from gvrc.model.review import Answer

KEYS = list("ABCDEF")
some_pairs = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)).filter(lambda pair: pair[0] != pair[1]), max_size=8)


def test_same_is_transitive():
    assert [cluster.members for cluster in clusters(KEYS, [("A", "B"), ("B", "C")])] == [("A", "B", "C")]


def test_a_different_between_two_groups_keeps_them_apart_and_is_listed():
    found = clusters(KEYS, [("A", "B"), ("B", "C")], [("A", "C")])
    assert [cluster.members for cluster in found] == [("A", "B"), ("C",)]
    assert all(cluster.conflicts == (("A", "C"),) for cluster in found)


def test_what_follows_from_answers_is_not_asked():
    judged = Judgements([("B", "C")], [("A", "B")])
    assert judged.implied("A", "C") is Answer.DIFFERENT
    assert judged.implied("C", "B") is Answer.SAME
    assert judged.implied("A", "D") is None


@given(some_pairs, some_pairs)
def test_no_cluster_holds_two_records_that_a_person_called_different(accepted, negative):
    groups = [set(cluster.members) for cluster in clusters(KEYS, accepted, negative)]
    assert not any(left in group and right in group for left, right in negative for group in groups)


@given(some_pairs)
def test_without_a_different_the_order_of_acceptance_does_not_matter(accepted):
    assert clusters(KEYS, accepted) == clusters(KEYS, accepted[::-1])


@given(st.integers(1, 12).flatmap(lambda count: st.tuples(st.just(count), st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))))))
def test_labels_are_those_of_joining_pair_by_pair(case: tuple[int, list[tuple[int, int]]]) -> None:
    count, pairs = case
    groups = [{row} for row in range(count)]
    for left, right in pairs:
        whole = groups[left] | groups[right]
        for row in whole:
            groups[row] = whole
    left_rows, right_rows = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    found = labels(count, left_rows, right_rows).tolist()
    assert [[found[one] == found[other] for other in range(count)] for one in range(count)] == [[other in groups[one] for other in range(count)] for one in range(count)]
    assert sorted(set(found)) == list(range(len({min(group) for group in groups})))
