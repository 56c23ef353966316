import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.cleaning.services import CleanServices, clean_services
from gvrc.reference.vocabularies import load_vocabularies


def clean(value: object) -> CleanServices:
    return clean_services(value, load_vocabularies())


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        (["PEP", "Emergency contraception", "Referral"], ("pep", "emergency_contraception", "referral")),
        ('{pep,"Legal aid",emergency_medical}', ("pep", "legal_aid", "emergency")),
        (["p3_form_referral", "counselling_by_phone", "community_paralegal", "free_medical_care"], ("referral", "trauma_counselling", "court_support", "outpatient")),
        ("PEP, Emergency contraception; referral", ("pep", "emergency_contraception", "referral")),
        ("1. PEP 2. Counselling", ("pep", "trauma_counselling")),
        ("Trauma counseling / Legal Aid", ("trauma_counselling", "legal_aid")),
        ("counselling and legal aid", ("trauma_counselling", "legal_aid")),
        ("HIV testing (HTS), ART", ("hiv_testing", "art")),
        ("Trauma counseling(individual and group)", ("trauma_counselling",)),
        ("i) PEP ii) EC iii) Counselling", ("pep", "emergency_contraception", "trauma_counselling")),
        ("a) Legal aid b) Counselling", ("legal_aid", "trauma_counselling")),
        ("PRC\nCounselling", ("gbv_medical_care", "trauma_counselling")),
        ("<ul><li>PEP</li><li>Counselling</li></ul>", ("pep", "trauma_counselling")),
        ({"ART": "Y", "FP": "", "HBC": "yes", "PMTCT": "N"}, ("art", "home_based_care")),
        ({"art": True, "fp": False}, ("art",)),
        ([{"service_name": "PEP", "option": "Yes"}, {"name": "Legal aid"}], ("pep", "legal_aid")),
        ([{"serviceName": "PEP", "optionName": "Yes"}, {"Service Name": "Legal aid"}], ("pep", "legal_aid")),
        ("Ushauri nasaha na msaada wa kisheria", ("trauma_counselling", "legal_aid")),
        (["Upimaji wa VVU", "upangaji uzazi", "Maabara", "chanjo", "gari la wagonjwa", "matibabu ya dharura"], ("hiv_testing", "family_planning", "laboratory", "immunisation", "ambulance", "emergency")),
        ("uokoaji; uwezeshaji kiuchumi; huduma za kisheria", ("protection", "economic_empowerment", "legal_aid")),
        ([{"code": "x", "name": {"en": "PEP", "sw": "-"}}, {"id": 1, "attributes": {"name": "Legal aid"}}], ("pep", "legal_aid")),
        (["PEP", "pep", "Post Exposure Prophylaxis"], ("pep",)),
        (["Unknown", "N/A"], ()),
        (None, ()),
        ("", ()),
    ],
)
def test_services_are_read_from_every_shape(value: object, codes: tuple[str, ...]) -> None:
    result = clean(value)
    assert result.services == codes
    assert result.issues == ()


@pytest.mark.parametrize("text", ["Counselling, legal aid", "Counselling and legal aid", "legal aid / counselling", "Counselling; Legal Aid"])
def test_two_services_that_together_resemble_a_third_are_two(text: str) -> None:
    """`Legal counselling` is another name of legal aid, and the words of the whole cell resemble it."""
    assert set(clean_services(text, load_vocabularies()).services) == {"trauma_counselling", "legal_aid"}


def test_an_unknown_service_is_told_with_what_it_may_be_and_never_kept() -> None:
    result = clean("PEP, Item 14")
    assert result.services == ("pep",)
    (issue,) = result.issues
    assert (issue.code, issue.value, issue.detail["candidates"]) == ("service.unknown", "Item 14", "none")


def test_of_a_part_with_one_known_service_the_rest_is_asked() -> None:
    result = clean_services("Survivor care including PEP, EC and moon walks", load_vocabularies())
    assert result.services == ("pep", "emergency_contraception")
    assert [issue.value for issue in result.issues] == ["Survivor care", "moon walks"]


def test_a_suggested_service_comes_with_those_already_known() -> None:
    (issue,) = clean("PEP, Emergency contrc").issues
    assert issue.suggestion is not None
    assert issue.suggestion.values["services"][0] == "Post-exposure prophylaxis (PEP)"
    assert clean(issue.suggestion.values["services"]).issues == ()


@given(st.recursive(st.none() | st.text(max_size=30) | st.booleans(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)))
def test_any_value_can_be_read(value: object) -> None:
    assert set(clean(value).services) <= set(load_vocabularies().services.terms)


def test_answers_of_a_form_in_one_cell_are_each_read() -> None:
    found = clean_services("pep legal_aid", load_vocabularies())
    assert (found.services, found.issues) == (("pep", "legal_aid"), ())
    assert clean_services("legal wing", load_vocabularies()).services != ("legal_aid",)


def test_the_last_of_an_enumeration_is_read_without_what_joins_it() -> None:
    result = clean_services("Legal aid, counselling, and referral", load_vocabularies())
    assert (result.services, result.issues) == (("legal_aid", "trauma_counselling", "referral"), ())
    assert clean_services("Android repair", load_vocabularies()).issues[0].value == "Android repair"
