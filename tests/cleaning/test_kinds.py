from dataclasses import replace

import pytest

from gvrc.cleaning.kinds import CleanKind, KindEvidence, decide_kind, find_kind, stated_level
from gvrc.cleaning.names import clean_name
from gvrc.reference.vocabularies import load_vocabularies


def decide(**evidence: object) -> CleanKind:
    return decide_kind(KindEvidence(**evidence), load_vocabularies())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Sub-District Hospital", "hospital"), ("Provincial General Hospital", "hospital"), ("National Referral Hospital", "hospital"), ("Basic Health Centre", "health_centre"),
        ("VCT Centre (Stand-Alone)", "vct_centre"), ("Nursing Homes", "nursing_home"), ("Rehab. Center - Drug and Substance abuse", "rehabilitation_centre"),
        ("Police", "police_station"), ("NGO", "support_organisation"), ("Safe House", "shelter"), ("Govt office", "government_office"),
    ],
)  # fmt: skip
def test_type_columns_of_real_lists_are_known(text: str, code: str) -> None:
    match = find_kind(text, load_vocabularies())
    assert match is not None
    assert match.code == code


def test_the_type_column_wins_over_the_name() -> None:
    assert decide(type_text="Dispensary", name_kind="clinic") == CleanKind(code="dispensary", rule="kind-exact")


def test_the_name_wins_over_a_type_that_stands_for_several_kinds() -> None:
    assert decide(type_text="Dispensaries and clinic-out patient only", name_kind="medical_centre").code == "medical_centre"
    assert decide(type_text="Dispensaries and clinic-out patient only").code == "dispensary"
    assert decide(type_text="Basic primary health care facility", name_kind="support_organisation").code == "clinic"


def test_the_name_wins_over_a_type_that_is_the_same_for_the_whole_list() -> None:
    assert decide(type_text="Police Station", is_of_list=True, name_kind="police_post").code == "police_post"
    assert decide(type_text="Police Station", name_kind="police_post").code == "police_station"


def test_a_gender_desk_is_one_though_its_type_says_police_station() -> None:
    assert decide(type_text="Police Station", name_kind="gender_desk").code == "gender_desk"


def test_a_type_and_a_name_of_groups_that_exclude_each_other_are_told() -> None:
    (issue,) = decide(type_text="Dispensary", name_kind="police_station").issues
    assert issue.code == "kind.contradicts_name"
    assert decide(type_text="Medical Clinic", name_kind="support_organisation").issues == ()


def test_without_a_type_the_name_tells_then_the_heading() -> None:
    assert decide(name_kind="hospital").code == "hospital"
    assert decide(headings=("Kwale", "police stations")).code == "police_station"


def test_what_runs_a_hotline_or_a_shelter_is_often_called_a_trust() -> None:
    assert decide(name_kind="support_organisation", headings=("Hotlines",)).code == "hotline"
    assert decide(name_kind="support_organisation", headings=("2. SAFE HOUSES", "organisations")).code == "shelter"
    assert decide(name_kind="support_organisation", headings=("organisations", "hotlines")).code == "support_organisation"
    assert decide(name_kind="support_organisation", headings=("Kwale", "for survivors")).code == "support_organisation"
    assert decide(name_kind="hospital", headings=("Hotlines",)).code == "hospital"


def test_what_a_description_says_that_is_given_suggests_the_kind() -> None:
    (issue,) = decide(name="Mwangaza", description="Provides free legal aid to women and children who are victims of violence.").issues
    assert issue.suggestion is not None
    assert (issue.suggestion.shown, issue.suggestion.reason) == ("Legal Aid Provider", "Its description tells of: Legal aid.")
    (issue,) = decide(name="Mwangaza", description="Behind the market, next to the water tank").issues
    assert issue.suggestion is None


def test_an_organisation_that_does_one_thing_only_is_of_that_kind() -> None:
    assert decide(headings=("organization name",), services=("legal_aid", "referral")).code == "legal_aid"
    assert decide(headings=("organization name",), services=("legal_aid", "pep")).code == "support_organisation"


def test_nothing_told_is_a_question_with_the_kind_its_services_suggest() -> None:
    kind = decide(name="Mwangaza", services=("psychosocial_support", "referral"))
    assert kind.code is None
    (issue,) = kind.issues
    assert issue.code == "kind.unknown"
    assert issue.suggestion is not None
    assert issue.suggestion.values == {"facility_type": "Support Organisation"}


@pytest.mark.parametrize(("name", "shown"), [("Kiambu Level 5", "Hospital"), ("Kahawa Level 3", "Health Centre"), ("Siaya Referral", "Hospital")])
def test_a_level_in_a_name_suggests_a_kind(name: str, shown: str) -> None:
    (issue,) = decide(name=name).issues
    assert issue.suggestion is not None
    assert (issue.code, issue.suggestion.shown) == ("kind.unknown", shown)


@pytest.mark.parametrize(
    ("name", "description", "shown"),
    [
        ("Niskize", "A 24/7 toll-free mental health helpline for support and counseling.", "Hotline"), ("Mwangaza", "Shelter for girls", "Shelter"), ("Kenya Police Service Head Office", "", "Police Station"), ("Befrienders Kenya", "", "Support Organisation"),
        ("Mwangaza", "Works with hospitals and police stations", None), ("Mwangaza", "", None), ("Mwangaza", "Offers clinics", None), ("Mwangaza", "Next to the hospital of the town", None), ("Kenya", "", None),
    ],
)  # fmt: skip
def test_a_kind_is_suggested_by_what_a_place_says_of_itself(name: str, description: str, shown: str | None) -> None:
    (issue,) = decide(name=name, description=description).issues
    assert (issue.suggestion.shown if issue.suggestion else None) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Mutoma Dispensery", "Dispensary"), ("KIAMBU DISTRICT HOSPTIAL", "Hospital"), ("Kibera Healht Centre", "Health Centre"), ("Busia Polcie Station", "Police Station"),
        ("Kamwitha Medcal Centre", "Medical Centre"), ("Stationery House", None), ("Mutoma", None),
    ],
)  # fmt: skip
def test_a_slip_in_the_word_for_the_kind_suggests_it(name: str, shown: str | None) -> None:
    (issue,) = decide(name=name).issues
    assert (issue.suggestion.shown if issue.suggestion else None) == shown


def test_a_level_beside_the_name_suggests_a_kind() -> None:
    for level, shown in (("Level 4", "Hospital"), ("3", "Health Centre"), ("x", None)):
        (issue,) = decide(name="Kakuma Mission", level=level).issues
        assert (issue.suggestion.shown if issue.suggestion else None) == shown


def test_a_shortened_type_is_a_question_with_its_whole_word() -> None:
    (issue,) = decide(type_text="Misc.").issues
    assert issue.suggestion is not None
    assert issue.suggestion.values == {"facility_type": "Other Place"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Misc.", "“Misc.” usually means Other Place."),
        ("Dispens", "“Dispens” is written almost like “Dispensary”."),
    ],
)
def test_another_name_of_a_kind_is_not_told_as_a_likeness_to_its_label(text: str, reason: str) -> None:
    (issue,) = decide(type_text=text).issues
    assert issue.suggestion is not None
    assert issue.suggestion.reason == reason


@pytest.mark.parametrize(
    ("text", "level"),
    [("Level 4 Hospital", "4"), ("LEVEL-3A", "3A"), ("L5", "5"), ("KEPH Level 2", "2"), ("Level 7", None), ("Block L 4", None), ("Galaxy", None), (None, None), ("Level 3 Ward", "3")],
)
def test_a_level_is_read_as_it_is_stated(text: str | None, level: str | None) -> None:
    assert stated_level(text) == level


def test_the_number_of_a_heading_is_no_part_of_the_kind_it_tells() -> None:
    assert decide(type_text="B. POLICE").code == "police_station"
    assert decide(type_text="B. POLICE").issues == ()


def test_joined_words_are_read_as_they_are_meant() -> None:
    assert decide(type_text="PoliceStation").code == "police_station"


def test_nothing_is_guessed_from_a_type_that_says_only_health() -> None:
    (issue,) = decide(type_text="health", name="Example Relief").issues
    assert (issue.code, issue.suggestion) == ("kind.unknown", None)


@pytest.mark.parametrize(("name", "code"), [("Example Healthcare Assistance", "support_organisation"), ("Example Healthcare", "clinic"), ("Example Counselling and Rehabilitation Centre", "counselling_centre"), ("Example Hospital - GBV Unit", "gbv_recovery_centre"), ("Example County Referral Hospital – GBV Desk", "gbv_recovery_centre"), ("Example Police Station GBV Desk", "gender_desk"), ("Police Emergency", "hotline"), ("Example Kadhis Court", "government_office")])
def test_the_words_of_names_on_lists_of_help_tell_their_kinds(name: str, code: str) -> None:
    found = find_kind(name, load_vocabularies())
    assert found is not None
    assert found.code == code


def test_a_camp_in_a_list_of_police_places_of_any_kind_is_a_post() -> None:
    assert decide(type_text="police", name_kind="police_post").code == "police_post"
    assert decide(type_text="Police Station", name_kind="police_post").code == "police_station"


def test_who_gives_medical_care_alone_may_be_anything() -> None:
    assert decide(name="Example Relief", services=("outpatient",)).issues[0].suggestion is None
    suggestion = decide(name="Example Relief", services=("outpatient", "legal_aid")).issues[0].suggestion
    assert suggestion is not None
    assert suggestion.shown == "Support Organisation"


def test_a_foundation_in_a_list_of_legal_aid_stays_what_the_list_says() -> None:
    evidence = KindEvidence(type_text="legal_centers", is_of_list=True, name="Example Foundation", name_kind="support_organisation")
    assert decide_kind(evidence, load_vocabularies()).code == "legal_aid"
    assert decide_kind(replace(evidence, type_text="policestations"), load_vocabularies()).code == "support_organisation"


def test_ambulances_are_called_and_who_runs_them_is_an_organisation() -> None:
    told = {name: clean_name(name, load_vocabularies()).facility_type for name in ("Ambulance Services", "St John Ambulance", "Kwale Hospital Ambulance")}
    assert told == {"Ambulance Services": "hotline", "St John Ambulance": "support_organisation", "Kwale Hospital Ambulance": "hospital"}
    assert decide(type_text="Ambulance").code == "hotline"


@pytest.mark.parametrize(("text", "code"), [("Mosque", "other"), ("Secondary School", "other"), ("Village elder", "other"), ("CHV", "other"), ("Nyumba Kumi", "other"), ("Asst. Chief", "government_office")])
def test_categories_of_who_helps_in_a_village_are_known(text: str, code: str) -> None:
    assert decide(type_text=text).code == code
