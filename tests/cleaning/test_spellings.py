"""Unknown words that are written alike stand together, with the term they likely mean."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gvrc.cleaning.spellings import SpellingGroup, group_spellings
from gvrc.reference.vocabularies import Term, Vocabulary

KINDS = Vocabulary("kinds", [
    Term(code="dispensary", label="Dispensary", aliases=("health post",)), Term(code="hospital", label="Hospital"), Term(code="police_station", label="Police station"),
])


def told(groups: tuple[SpellingGroup, ...]) -> list[tuple[str | None, list[str], int]]:
    return [(group.code, [spelling.value for spelling in group.spellings], group.rows) for group in groups]


def test_spellings_of_one_term_stand_together_with_the_term_most_rows_first() -> None:
    found = group_spellings({"Disp.": 3, "DISPENCARI": 1, "Dispensarries": 7, "Hospitol": 2}, KINDS)
    assert told(found) == [("dispensary", ["Dispensarries", "Disp.", "DISPENCARI"], 11), ("hospital", ["Hospitol"], 2)]


def test_words_near_no_term_are_grouped_among_themselves_and_mean_nothing_yet() -> None:
    found = group_spellings({"Zahanati Kuu": 2, "ZAHANATI-KUU": 3, "zahanatii kuu": 1, "Quarry": 4}, KINDS)
    assert told(found) == [(None, ["ZAHANATI-KUU", "Zahanati Kuu", "zahanatii kuu"], 6), (None, ["Quarry"], 4)]


def test_signs_alone_are_no_word() -> None:
    assert group_spellings({"???": 5, " - ": 1}, KINDS) == ()


@given(st.dictionaries(st.text(max_size=30), st.integers(1, 1000), max_size=40))
def test_no_spelling_stands_in_two_groups_and_none_with_a_letter_or_digit_is_lost(rows_of: dict[str, int]) -> None:
    placed = [spelling.value for group in group_spellings(rows_of, KINDS) for spelling in group.spellings]
    assert len(placed) == len(set(placed))
    assert {value for value in rows_of if any(letter.isascii() and letter.isalnum() for letter in value)} <= set(placed)
