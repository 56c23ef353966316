"""Organisations that one list calls by their initials."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MatchOptions, match
from gvrc.matching.initials import initials, is_short_for, spelled_out
from gvrc.model.match import Band

NETWORK = "Pamoja Survivors' Network (PSN)"


def told(*names):
    return spelled_out(names, [()] * len(names), np.arange(len(names)))


@pytest.mark.parametrize(
    ("letters", "name"),
    [
        ("psn", "pamoja survivors network"), ("covaw", "coalition on violence against women"), ("creaw", "centre for rights education and awareness"),
        ("shofco", "shining hope for communities"), ("kmet", "kisumu medical and education trust"), ("cfk", "carolina for kibera"),
    ],
)
def test_initials_are_made_of_the_beginnings_of_the_words(letters, name):
    assert is_short_for(letters, name.split())


@pytest.mark.parametrize(("letters", "name"), [("nguni", "mwingi hospital"), ("kilifi", "kilifi north"), ("pan", "pamoja survivors network"), ("ps", "pamoja survivors"), ("", "pamoja"), ("psn", "")])
def test_what_else_stands_in_brackets_is_no_initials(letters, name):
    assert not is_short_for(letters, name.split())


def test_a_bracket_says_what_the_initials_stand_for_in_every_list():
    found = told(NETWORK, "PSN Kenya", "Jamii Group")
    assert found.names == ["pamoja survivors network", "pamoja survivors network kenya", "Jamii Group"]
    assert not found.is_guess.any()


def test_letters_alone_are_a_guess_and_only_where_one_name_has_them():
    found = told("Jitegemee Women Action Group", "JWAG")
    assert (found.names[1], found.is_guess.tolist()) == ("jitegemee women action group", [False, True])
    assert told("Jitegemee Women Action Group", "Jamii Water Access Group", "JWAG").names[2] == "JWAG", "two may be meant"
    assert told("Jitegemee Women Action Group", "JWAG Mombasa").names[1] == "JWAG Mombasa", "with more in its name it may be another"


def test_a_small_word_is_part_of_the_initials_or_not():
    assert {"amw", "amwk", "aomwik"} <= initials(["association", "of", "media", "women", "in", "kenya"])
    assert initials(["tumaini", "centre"]) == set(), "two words have too many namesakes"


def bands(*names):
    facts = {"facility_types": ["support_organisation"] * 2, "county_codes": ["KE047"] * 2}
    found = match(MatchColumns.from_plain(["a", "b"], names, [0, 1], **facts), MatchOptions(link=True))
    return [found.explain(index).band for index in range(len(found))]


def test_an_organisation_is_found_by_its_initials_and_merged_unasked_only_where_a_list_says_so():
    assert bands(NETWORK, "PSN") == [Band.AUTOMATIC]
    assert bands("Jitegemee Women Action Group", "JWAG") == [Band.REVIEW]


@given(st.lists(st.tuples(st.text(max_size=40) | st.sampled_from([NETWORK, "PSN", "PSN (Pamoja)", "Pamoja Survivors Network", "Kenya"]), st.lists(st.text(max_size=8), max_size=2)), max_size=6), st.randoms())
def test_any_names_in_any_order_are_told_alike_and_others_stay_as_they_are(rows, random):
    names, brackets = [name for name, _ in rows], [tuple(bracket) for _, bracket in rows]
    wanted = np.arange(0, len(rows), 2)
    found = spelled_out(names, brackets, wanted)
    assert found.names[1::2] == names[1::2]
    assert found.qualifiers[1::2] == brackets[1::2]
    assert not found.is_guess[1::2].any()
    order = list(range(len(rows)))
    random.shuffle(order)
    again = spelled_out([names[row] for row in order], [brackets[row] for row in order], np.array([place for place, row in enumerate(order) if row % 2 == 0], dtype=np.int64))
    assert again.names == [found.names[row] for row in order]
    assert again.is_guess.tolist() == [found.is_guess[row] for row in order]
