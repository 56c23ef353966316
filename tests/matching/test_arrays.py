"""The array moves that the rules share."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.matching.arrays import factorized_alone, fingerprints, may_repeat, order_of, texts

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


@given(st.one_of(st.lists(st.integers(-5, 5) | st.integers(-(1 << 62), 1 << 62)).map(lambda numbers: np.array(numbers, dtype=np.int64)), st.lists(st.text(max_size=3)).map(texts)))
def test_values_are_numbered_alike_with_pandas_and_without(values: np.ndarray) -> None:
    numbers, known = factorized_alone(values)
    as_pandas = pd.factorize(values)
    assert numbers.tolist() == as_pandas[0].tolist()
    assert known.tolist() == as_pandas[1].tolist()


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=5), min_size=1))
def test_a_fingerprint_is_made_from_its_text_alone(values: list[str]) -> None:
    found = fingerprints(texts(values)).tolist()
    assert found == [fingerprints(texts([text, "something longer"]))[0] for text in values]
    assert len(set(found)) == len(set(values))
