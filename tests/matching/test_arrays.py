"""The array moves that the rules share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.matching.arrays import may_repeat, order_of

KEYS = st.one_of(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 1 << 40)), st.lists(st.integers(0, (1 << 62) - 1)))


@given(KEYS)
def test_order_is_that_of_a_stable_sort(keys: list[int]) -> None:
    array = np.array(keys, dtype=np.int64)
    assert order_of(array).tolist() == np.argsort(array, kind="stable").tolist()


@given(st.lists(st.integers(-(1 << 62), 1 << 62) | st.integers(0, 5)))
def test_a_key_that_stands_there_twice_is_never_denied(keys: list[int]) -> None:
    denied = ~may_repeat(np.array(keys, dtype=np.int64))
    assert all(keys.count(key) == 1 for key, is_denied in zip(keys, denied, strict=True) if is_denied)


@pytest.mark.parametrize("count", [1_000, 100_000])
def test_most_single_keys_are_denied(count: int) -> None:
    keys = np.random.default_rng(1).permutation(1 << 20)[:count].astype(np.int64)
    assert may_repeat(keys).mean() < 0.5
