"""Names taken apart into what tells and what does not."""

from hypothesis import given
from hypothesis import strategies as st

from gvrc.matching import names


def test_words_for_the_kind_of_place_are_not_telling():
    parts = names.take_apart("Muyuni Dispensary")
    assert parts.core == ("muyuni",)
    assert parts.kind_words == ("dispensary",)


def test_an_abbreviation_is_written_out():
    assert names.take_apart("MUYUNI H/C").words == names.take_apart("Muyuni Health Centre").words
    assert names.take_apart("Kasarani P/Stn").kind_words == ("police", "station")


def test_initials_are_joined_and_a_full_stop_parts_words():
    assert names.take_apart("A.I.C. Kijabe Hosp.").words == ("aic", "kijabe", "hospital")
    assert names.take_apart("St.Mary's Clinic").core == ("saint", "marys")


def test_brackets_are_kept_apart_wherever_they_come_from():
    inside = names.take_apart("Highway Medical Clinic (Wote)")
    outside = names.take_apart("Highway Medical Clinic", ("Wote",))
    assert inside.qualifier == outside.qualifier == ("wote",)
    assert inside.core == ("highway",)


def test_numbers_letters_and_directions_are_markers():
    assert names.take_apart("Kayole II Sub-District Hospital").markers == ("2",)
    assert names.take_apart("Sugoi A Dispensary").markers == ("a",)
    assert names.take_apart("Imenti North Clinic").markers == ("north",)


def test_a_name_of_kind_words_only_is_generic_but_not_empty():
    parts = names.take_apart("Gender Desk")
    assert parts.is_generic
    assert parts.core == ("gender", "desk")


def test_spelling_variants_sound_alike():
    assert names.folded("khumusalaba") == names.folded("kumusaraba")


def test_a_rare_word_weighs_more_than_a_sponsor():
    found = names.standardise(["AIC Kijabe Dispensary", "AIC Litein Dispensary"], [(), ()])
    weight = {found.vocabulary[word]: float(value) for word, value in zip(found.word_ids[0], found.word_weights[0], strict=True) if word >= 0}
    assert weight["kijabe"] > 2 * weight["aic"]


@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_text_can_be_standardised(texts):
    found = names.standardise(texts, [()] * len(texts))
    assert len(found.core) == len(texts)
    assert found.word_ids.shape == (len(texts), names.WORDS_COMPARED)


@given(st.text(max_size=400))
def test_plain_text_stays_plain(text):
    words = names.split_words(names.plain(text))
    assert all(word.isalnum() and word.isascii() and word == word.lower() for word in words)


def test_a_slip_in_a_word_for_the_kind_is_no_telling_word():
    for slipped in ("Illeret Police Statiin", "Illeret Polcie Station", "ILLERET POLICE STATTION"):
        assert names.take_apart(slipped).core == ("illeret",)
        assert names.take_apart(slipped).kind_words == ("police", "station")
    assert names.kind_word("dispenasry") == "dispensary"


def test_a_place_is_never_taken_for_a_slip_of_a_kind():
    for place in ("medina", "central", "marental", "kimilili", "community"):
        assert names.kind_word(place) == place


def test_the_level_of_a_hospital_is_its_kind_and_tells_no_namesakes_apart():
    parts = names.take_apart("Magunga Level IV Hospital")
    assert (parts.markers, parts.kind_words) == ((), ("level", "iv", "hospital"))
    assert names.take_apart("Kisii Hospital (Level 5)").qualifier == ()
    assert names.take_apart("Unit 4 Dispensary").markers == ("4",)
