"""Names taken apart into what tells and what does not."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.matching import names, standard_names
from tests.matching.taken_apart import NameParts, take_apart

TEXTS = ("full", "core", "whole", "joined", "kind_text", "markers", "sponsors", "qualifiers")


def parts(name, qualifiers=()):
    """The columns of one name."""
    found = standard_names.standardise([name], [qualifiers])
    return SimpleNamespace(**{column: getattr(found, column)[0] for column in TEXTS}, is_generic=bool(found.is_generic[0]))


def test_words_for_the_kind_of_place_are_not_telling():
    found = parts("Muyuni Dispensary")
    assert (found.core, found.kind_text) == ("muyuni", "dispensary")


def test_an_abbreviation_is_written_out():
    assert parts("MUYUNI H/C").full == parts("Muyuni Health Centre").full
    assert parts("Kasarani P/Stn").kind_text == "police station"


def test_initials_are_joined_and_a_full_stop_parts_words():
    assert parts("A.I.C. Kijabe Hosp.").full == "aic hospital kijabe"
    assert parts("St.Mary's Clinic").core == "marys saint"


def test_brackets_are_kept_apart_wherever_they_come_from():
    inside, outside = parts("Highway Medical Clinic (Wote)"), parts("Highway Medical Clinic", ("Wote",))
    assert inside.qualifiers == outside.qualifiers == "wote"
    assert inside.core == "highway"
    assert inside.whole == "highway wote"


def test_numbers_letters_and_directions_are_markers():
    assert parts("Kayole II Sub-District Hospital").markers == "2"
    assert parts("Sugoi A Dispensary").markers == "a"
    assert parts("Imenti North Clinic").markers == "north"


def test_a_name_of_kind_words_only_is_generic_but_not_empty():
    found = parts("Gender Desk")
    assert found.is_generic
    assert found.joined == "genderdesk"


def test_spelling_variants_sound_alike():
    assert names.folded("khumusalaba") == names.folded("kumusaraba")


def test_a_rare_word_weighs_more_than_a_sponsor():
    found = standard_names.standardise(["AIC Kijabe Dispensary", "AIC Litein Dispensary"], [(), ()])
    weight = {found.vocabulary[word]: float(value) for word, value in zip(found.word_ids[0], found.word_weights[0], strict=True) if word >= 0}
    assert weight["kijabe"] > 2 * weight["aic"]


@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_text_can_be_standardised(texts):
    found = standard_names.standardise(texts, [()] * len(texts))
    assert len(found.core) == len(texts)
    assert found.word_ids.shape == (len(texts), standard_names.WORDS_COMPARED)


@given(st.text(max_size=400))
def test_plain_text_stays_plain(text):
    words = names.split_words(names.plain(text))
    assert all(word.isalnum() and word.isascii() and word == word.lower() for word in words)


def test_a_slip_in_a_word_for_the_kind_is_no_telling_word():
    for slipped in ("Illeret Police Statiin", "Illeret Polcie Station", "ILLERET POLICE STATTION"):
        assert (parts(slipped).core, parts(slipped).kind_text) == ("illeret", "police station")
    assert names.kind_word("dispenasry") == "dispensary"


def test_a_place_is_never_taken_for_a_slip_of_a_kind():
    for place in ("medina", "central", "marental", "kimilili", "community"):
        assert names.kind_word(place) == place


def test_the_level_of_a_hospital_is_its_kind_and_tells_no_namesakes_apart():
    found = parts("Magunga Level IV Hospital")
    assert (found.markers, found.kind_text) == ("", "hospital iv level")
    assert parts("Kisii Hospital (Level 5)").qualifiers == ""
    assert parts("Unit 4 Dispensary").markers == "4"


PIECES = st.one_of(
    st.sampled_from(sorted(names.word_roles().role)),
    st.sampled_from(["a", "7", "07", "level", "iv", "Kijabe", "KIJABE", "kijabe", "Ol'Kalou", "H/C", "M/N", "Sub-County", "Dispensery", "Statiin", "(Wote)", "(Level", "5)", "A.I.C.", "St.", "Nyeri\x00Town", "ii,", "Murang’a", "Kağıthane", "(ACK", ")", "(", "é", "\x1f"]),
    st.text(max_size=12),
)
NAMES = st.builds(" ".join, st.lists(PIECES, max_size=7))


@given(st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=2).map(tuple)), max_size=6), st.integers(1, 3))
def test_many_names_at_once_are_what_each_is_alone(given_names, at_once):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standard_names, "AT_ONCE", at_once)
        found = standard_names.standardise([name for name, _ in given_names], [brackets for _, brackets in given_names])
    for row, (name, brackets) in enumerate(given_names):
        apart = take_apart(name, brackets)
        assert {column: getattr(found, column)[row] for column in TEXTS} == as_texts(apart)
        assert (found.is_generic[row], found.has_several_words[row]) == (apart.is_generic, len(apart.core) > 1)
        assert words_compared(found, row) <= {*apart.core, *apart.qualifier}
        assert {found.vocabulary[word] for word in found.word_ids[row][found.is_qualifier[row]]} <= set(apart.qualifier)


def as_texts(apart: NameParts) -> dict[str, str]:
    return {
        "full": " ".join(sorted(apart.words)), "core": " ".join(sorted(apart.core)), "joined": "".join(apart.core),
        "whole": " ".join(sorted({*apart.core, *apart.qualifier})) if apart.qualifier else " ".join(sorted(apart.core)),
        "kind_text": " ".join(sorted(apart.kind_words)), "markers": " ".join(sorted(set(apart.markers))), "sponsors": " ".join(apart.sponsors),
        "qualifiers": " ".join(sorted(apart.qualifier)),
    }  # fmt: skip


def words_compared(found, row) -> set[str]:
    return {found.vocabulary[word] for word in found.word_ids[row] if word >= 0}


def test_the_rarest_words_are_compared():
    texts = ["Alpha Beta Gamma Delta Epsilon Zeta Eta Theta"] + ["Alpha Beta"] * 5
    found = standard_names.standardise(texts, [()] * len(texts))
    assert words_compared(found, 0) == {"gamma", "delta", "epsilon", "zeta", "eta", "theta"}
    assert np.all(np.diff(found.word_weights[0]) <= 0)
    assert Counter(found.vocabulary).most_common(1)[0][1] == 1
