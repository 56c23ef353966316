"""How values look."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.ui import show
from gvrc.ui.catalogue import load_words


@pytest.mark.parametrize("nothing", [None, "", [], (), float("nan")])
def test_nothing_is_a_dash_and_never_nan_or_none(nothing: object) -> None:
    assert show.value_text(nothing) == show.ABSENT


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (3.0, "3"), (-0.11445, "-0.11445"), (["a", "b"], "a, b"), (date(2026, 5, 3), "3 May 2026"), (True, "yes"), ({"a": 1, "b": None}, "a: 1"), (2_500_000.0, "2.5e+06")],
)
def test_a_value_reads_as_a_person_would_write_it(value: object, text: str) -> None:
    assert show.value_text(value) == text


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_every_value_has_a_text(value: object) -> None:
    assert isinstance(show.value_text(value), str)


@pytest.mark.parametrize(("seconds", "text"), [(None, show.ABSENT), (0.04, "< 0.1 s"), (0.05, "0.1 s"), (0.0, "0.0 s"), (59.94, "59.9 s"), (61, "1 min 1 s"), (3_720, "1 h 2 min")])
def test_a_duration_has_the_unit_that_reads_best(seconds: float | None, text: str) -> None:
    assert show.duration(seconds) == text


def test_every_state_has_a_colour_a_sign_and_a_word() -> None:
    words = load_words("en")
    for state in show._STATE_SIGNS:
        badge = show.state_badge(words, state)
        assert "-badge[" in badge
        assert ":material/" in badge
        assert words(f"state.{state}") in badge


def test_an_unknown_state_is_shown_as_text() -> None:
    assert "[x](y)" not in show.state_badge(load_words("en"), "[x](y)")
