"""Keys of a list that were met before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.sources import seen
from gvrc.sources.seen import SeenKeys


@given(st.lists(st.text(max_size=3), max_size=200), st.integers(1, 9))
def test_a_key_is_new_once_however_many_were_packed_meanwhile(keys: list[str], at_hand: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen, "AT_HAND", at_hand)
        patch.setattr(seen, "_MARKS", 64)  # so few that keys share them
        told = SeenKeys()
        met: set[str] = set()
        for key in keys:
            assert told.is_new(key) == (key not in met)
            met.add(key)


def test_what_is_packed_takes_eight_bytes_a_key_in_few_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "AT_HAND", 100)
    told = SeenKeys()
    assert all(told.is_new(str(number)) for number in range(6_400))
    assert not any(told.is_new(str(number)) for number in range(6_400))
    assert sum(numbers.nbytes for numbers in told._packed) == 8 * 6_400
    assert len(told._packed) == 1
