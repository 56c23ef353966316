import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.reference.vocabularies import Term, Vocabularies, Vocabulary, load_vocabularies, normalised, reference_rows, taught_vocabularies


@pytest.fixture(scope="module")
def vocabularies() -> Vocabularies:
    return load_vocabularies()


VOCABULARIES = (
    "facility_types", "services", "service_categories", "gbv_categories", "owners", "owner_types", "operational_statuses", "contact_types",
    "infrastructure_types", "condition_statuses", "keph_levels", "visibilities",
)  # fmt: skip


@pytest.mark.parametrize("name", VOCABULARIES)
def test_every_label_and_alias_finds_its_own_term(vocabularies: Vocabularies, name: str) -> None:
    vocabulary: Vocabulary = getattr(vocabularies, name)
    for term in vocabulary.terms.values():
        for text in (term.label, *term.aliases):
            match = vocabulary.find(text)
            assert match is not None, (name, text)
            assert match.code == term.code, (name, text, match)


@pytest.mark.parametrize("name", VOCABULARIES)
def test_no_alias_stands_at_two_terms(vocabularies: Vocabularies, name: str) -> None:
    seen: dict[str, str] = {}
    for term in getattr(vocabularies, name).terms.values():
        for text in (term.label, *term.aliases):
            assert seen.setdefault(text.casefold(), term.code) == term.code, (name, text)


def test_every_kind_has_a_group_and_a_prefix_of_its_own(vocabularies: Vocabularies) -> None:
    prefixes = [vocabularies.facility_types.attribute(code, "code_prefix") for code in vocabularies.facility_types.terms]
    assert len(set(prefixes)) == len(prefixes)
    assert all(re.fullmatch(r"[A-Z]{2,4}", prefix) for prefix in prefixes)
    groups = {vocabularies.group(code) for code in vocabularies.facility_types.terms}
    assert groups == {"health", "police", "organisation", "shelter", "hotline", "office"}


def test_services_belong_to_known_categories(vocabularies: Vocabularies) -> None:
    for code in vocabularies.services.terms:
        assert vocabularies.services.attribute(code, "category") in vocabularies.service_categories
        category = vocabularies.services.attribute(code, "gbv_category")
        assert not category or category in vocabularies.gbv_categories


def test_owners_belong_to_known_owner_types(vocabularies: Vocabularies) -> None:
    assert all(vocabularies.owner_type(code) in vocabularies.owner_types for code in vocabularies.owners.terms)


@pytest.mark.parametrize(
    ("text", "code", "method"),
    [
        ("Dispensary", "dispensary", "exact"),
        ("  dispensary ", "dispensary", "exact"),
        ("MEDICAL CENTER", "medical_centre", "normalised"),
        ("Nursing-Homes", "nursing_home", "normalised"),
        ("Dispensery", "dispensary", "fuzzy"),
    ],
)
def test_a_term_is_found_by_spelling_first_and_similarity_next(vocabularies: Vocabularies, text: str, code: str, method: str) -> None:
    match = vocabularies.facility_types.find(text)
    assert match is not None
    assert (match.code, match.method) == (code, method)
    assert (match.confidence == 1.0) == (method == "exact")


@pytest.mark.parametrize("text", ["", "   ", None, "Unknown", "Spaceport", "x" * 5000])
def test_an_unknown_word_is_no_term(vocabularies: Vocabularies, text: str | None) -> None:
    assert vocabularies.facility_types.find(text) is None


def test_an_unknown_word_has_its_nearest_terms_as_candidates(vocabularies: Vocabularies) -> None:
    candidates = vocabularies.services.candidates("Traumma counsel")
    assert candidates
    assert candidates[0].code == "trauma_counselling"
    assert [match.confidence for match in candidates] == sorted((match.confidence for match in candidates), reverse=True)


def test_a_text_between_two_terms_is_neither() -> None:
    vocabulary = Vocabulary("test", [Term(code="east", label="Clinic Eastern"), Term(code="west", label="Clinic Western")])
    assert vocabulary.find("Clinic estern") is None


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == normalised(normalised(once))
    assert once == once.lower()


@given(st.text(max_size=200))
def test_any_text_has_an_answer(text: str) -> None:
    match = load_vocabularies().services.find(text)
    assert match is None or match.code in load_vocabularies().services


def test_a_taught_spelling_is_known_and_nothing_else_changes() -> None:
    known = load_vocabularies()
    taught = taught_vocabularies((("services", "kutuliza moyo", "Trauma counselling"),))
    code = known.services.known_spelling("Trauma counselling")
    assert known.services.find("Kutuliza Moyo") is None
    match = taught.services.find("Kutuliza Moyo")
    assert match is not None
    assert match.code == code
    assert {text: taught.services.find(text) for text in known.services.terms} == {text: known.services.find(text) for text in known.services.terms}
    assert taught.owners is known.owners


def test_a_spelling_taught_for_another_term_means_that_term() -> None:
    alias = next(alias for term in load_vocabularies().owners.terms.values() if term.code != "ngo" for alias in term.aliases)
    label = load_vocabularies().owners.label("ngo")
    match = taught_vocabularies((("owner", alias, label),)).owners.find(alias)
    assert match is not None
    assert match.code == "ngo"


def test_what_is_no_term_teaches_nothing() -> None:
    assert taught_vocabularies((("services", "x", "no such service"), ("county", "a", "Kwale"))) is load_vocabularies()


def test_every_word_of_kiswahili_finds_its_term_and_has_a_source() -> None:
    words = load_vocabularies()
    for row in reference_rows("kiswahili.csv", "vocabulary", "code", "spelling", "source"):
        assert getattr(words, row["vocabulary"]).known_spelling(row["spelling"]) == row["code"]
        assert row["source"].startswith("https://")


@pytest.mark.parametrize("text", ["Comprehensive care", "Cancer center", "Justice for survivors"])
def test_a_likeness_of_common_words_is_none(vocabularies: Vocabularies, text: str) -> None:
    assert vocabularies.services.find(text) is None
    assert not {"gbv_medical_care", "hotline", "fgm_care"} & {match.code for match in vocabularies.services.candidates(text)}


def test_branches_of_medicine_are_not_alike_by_their_ending(vocabularies: Vocabularies) -> None:
    assert not [match for match in vocabularies.services.candidates("Rheumatology") if match.code == "imaging"]
    assert vocabularies.services.candidates("Radiolgy")[0].code == "imaging"


@pytest.mark.parametrize(("text", "code"), [("Counceling", "trauma_counselling"), ("Legal adivce", "legal_aid"), ("HIV Tesing", "hiv_testing")])
def test_a_misspelt_word_is_still_the_word(vocabularies: Vocabularies, text: str, code: str) -> None:
    assert vocabularies.services.candidates(text)[0].code == code


@pytest.mark.parametrize(("text", "code"), [("M.O.H", "ministry_of_health"), ("Govt.", "ministry_of_health"), ("Private (individual)", "private_institution"), ("Faith based (ACK)", "other_faith_based")])
def test_an_owner_is_known_without_dots_and_brackets(text: str, code: str) -> None:
    found = load_vocabularies().owners.find(text)
    assert found is not None
    assert found.code == code


def test_a_bracket_that_means_something_else_is_a_question() -> None:
    assert load_vocabularies().operational_statuses.find("Not functional (under renovation)") is None
