import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.reference.vocabularies import Term, Vocabularies, Vocabulary, load_vocabularies, normalised


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
