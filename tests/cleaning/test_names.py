import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.cleaning.names import LONGEST_NAME, CleanName, _NameCleaning, clean_name
from gvrc.reference.vocabularies import load_vocabularies


def clean(text: object, *, is_police: bool = False) -> CleanName:
    return clean_name(text, load_vocabularies(), is_police=is_police)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("KWALE P/STN HQTS", "Kwale Police Station Headquarters"),
        ("KENYATTA NATIONAL HOSP. (KNH)", "Kenyatta National Hospital"),
        ("ST. JOSEPH'S DISP.", "Saint Joseph's Dispensary"),
        ("ST.TERESA ASANTE DISPENSARY", "Saint Teresa Asante Dispensary"),
        ("ST. JOHN AMBULANCE KENYA", "St John Ambulance Kenya"),
        ("St John's Ambulance Kwale", "St John Ambulance Kwale"),
        ("PCEA St Mary's Clinic", "PCEA Saint Mary's Clinic"),
        ("Lumumba St Clinic", "Lumumba St Clinic"),
        ("Chiakariga H/C", "Chiakariga Health Centre"),
        ("NYALI P/BASE", "Nyali Police Base"),
        ("Mt. Elgon Hosp", "Mount Elgon Hospital"),
        ("A.C.K. Dispensary", "ACK Dispensary"),
        ("ACK OTARO COMMUNITY DISPENSARY", "ACK Otaro Community Dispensary"),
        ("MURANG'A POLICE STATION", "Murang'a Police Station"),
        ("Murangâ€™a Hosp", "Murang'a Hospital"),
        ("mawego community medical centre", "Mawego Community Medical Centre"),
        ("NYAGENKE DISPENSRY", "Nyagenke Dispensary"),
        ("Isiolo Referal Hospital", "Isiolo Referral Hospital"),
        ("RHamu Sub-District Hospital", "Rhamu Sub-District Hospital"),
        ("MediHealth Clinic", "MediHealth Clinic"),
        ("Diani  Police Station.", "Diani Police Station"),
        ("12. Diani Police Station", "Diani Police Station"),
        ("Haki Legal Aid Clinic, Mombasa", "Haki Legal Aid Clinic"),
        ("Nairobi Ear,Nose and Throat clinic", "Nairobi Ear, Nose and Throat Clinic"),
        ("Kapkures Police Post (not yet gazetted)", "Kapkures Police Post"),
        ("Darweed Dispensaryjavascript:void(0)", "Darweed Dispensary"),
        ("Soin Health Care - Mfangano Street)", "Soin Health Care - Mfangano Street"),
        ("National GBV Hotline 1195", "National GBV Hotline"),
        ("Abdallah & Associates Dental Clinic", "Abdallah and Associates Dental Clinic"),
    ],
)
def test_a_name_is_made_readable(text: str, name: str) -> None:
    assert clean(text).name == name


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Kwale P/Stn", "police_station"),
        ("Kenyatta National Hospital GBVRC", "gbv_recovery_centre"),
        ("Gender Desk, Kwale Police Station", "gender_desk"),
        ("Shelter Hope Clinic", "clinic"),
        ("Mwangaza Safe House", "shelter"),
        ("Hospital Hill Dispensary", "dispensary"),
        ("Police Lines Dispensary", "dispensary"),
        ("Childline Kenya 116", "hotline"),
        ("Galaxy", None),
    ],
)
def test_the_kind_is_read_from_the_words_of_a_name(text: str, kind: str | None) -> None:
    assert clean(text).facility_type == kind


def test_ps_is_a_police_station_only_in_a_list_of_police_places() -> None:
    assert clean("KIKUYU PS", is_police=True).name == "Kikuyu Police Station"
    assert clean("KIKUYU PS").name == "Kikuyu PS"


def test_a_bracketed_place_is_a_qualifier() -> None:
    name = clean("Acacia Clinic (Westlands)")
    assert (name.name, name.qualifiers) == ("Acacia Clinic", ("Westlands",))


def test_the_original_is_kept_as_an_alias_and_the_change_is_written_down() -> None:
    name = clean("KWALE P/STN")
    assert name.aliases == ("KWALE P/STN",)
    (change,) = name.changes
    assert (change.before, change.after, change.field_name) == ("KWALE P/STN", "Kwale Police Station", "name")
    assert "name-abbreviation" in change.rule


def test_a_good_name_is_left_alone() -> None:
    assert clean("Siritanyi Dispensary") == CleanName(name="Siritanyi Dispensary", facility_type="dispensary")


def test_a_phone_in_the_name_moves_to_the_contacts_and_out_of_every_text() -> None:
    name = clean("GITHUNGURI POLICE STATION 0700 000 052")
    assert name.name == "Githunguri Police Station"
    assert [contact.value for contact in name.contacts] == ["+254700000052"]
    assert "name.holds_contact" in [issue.code for issue in name.issues]
    assert not any(alias.rstrip().endswith(("-", ":", ",", "( )")) for alias in clean("Tiwi Clinic - 0700 000 111").aliases + clean("Tiwi PS (0700 000 111)").aliases)
    everything = f"{name.aliases}{[change.before for change in name.changes]}{[issue.value for issue in name.issues]}"
    assert "000 052" not in everything
    assert "[phone]" in everything


def test_the_level_in_a_name_is_read_and_never_given_a_letter() -> None:
    assert clean("Kisii Teaching and Referral Hospital (Level 6)").keph_level == "6"
    assert clean("Kiambu Level 5 Hospital").keph_level == "5"
    assert clean("Level 1 Clinic").keph_level is None


@pytest.mark.parametrize("text", ["BARTABWA,KAPTURO", "Kwale Police Station / Ukunda Police Post", "Kwale Hospital; Diani Clinic; Kinango Dispensary", "Bartabwa, Kapturo and Kinyach Police Posts"])
def test_two_places_in_one_are_told(text: str) -> None:
    assert "name.two_places" in [issue.code for issue in clean(text).issues]


@pytest.mark.parametrize("text", ["Bartabwa, Kapturo & Kinyach", "Kambi ya Samaki / Loruk / Tangulbei"])
def test_names_of_police_places_in_one_cell_are_told_apart(text: str) -> None:
    (told,) = (issue for issue in clean(text, is_police=True).issues if issue.code == "name.two_places")
    assert told.detail == {"parts": 3}


@pytest.mark.parametrize("text", ["Masaita/ Miti-Tatu Dispensary", "KEMRI/CDC Health Services", "Nairobi Ear,Nose and Throat clinic", "Port Florence Community Hospital, Mbita", "Love, Hope & Faith", "Sexual, Reproductive and Maternal Health Clinic"])
def test_a_double_name_is_one_place(text: str) -> None:
    assert "name.two_places" not in [issue.code for issue in clean(text).issues]


@pytest.mark.parametrize("text", ["NIL", "N/A", "", None, "---", [], {"a": 1}])
def test_a_placeholder_is_no_name(text: object) -> None:
    assert clean(text).name is None


def test_a_very_long_name_is_cut_and_told() -> None:
    name = clean("Kwale " + "very " * 100 + "Dispensary")
    assert name.name is not None
    assert len(name.name) <= LONGEST_NAME
    assert "name.too_long" in [issue.code for issue in name.issues]


@given(st.text(max_size=120))
def test_any_text_gives_a_name_or_none(text: str) -> None:
    name = clean(text).name
    assert name is None or (name.strip() == name and name)


@given(st.sampled_from(["Kwale", "Ng'ombeni", "Moi's Bridge", "Ol Kalou"]), st.sampled_from(["Dispensary", "Police Station", "Health Centre", "Hospital"]))
def test_a_clean_name_stays_as_it_is(place: str, kind: str) -> None:
    assert clean(f"{place} {kind}").name == f"{place} {kind}"
    assert clean(f"{place} {kind}".upper()).name == f"{place} {kind}"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Hospitali ya Kaunti ya Kwale", "hospital"), ("KITUO CHA AFYA TIWI", "health_centre"), ("Kituo cha Polisi Diani", "police_station"), ("Nyumba Salama Kilifi", "shelter")],
)
def test_names_in_kiswahili_keep_their_words_and_tell_their_kind(name: str, kind: str) -> None:
    clean = clean_name(name, load_vocabularies())
    assert (clean.name or "").casefold() == name.casefold()
    assert clean.facility_type == kind


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('"Example Hospital"', "Example Hospital"), ("Embakasi 'A' Police Station", "Embakasi 'A' Police Station"), ("(a) Example Hospital", "Example Hospital"),
        ("DCC'S OFFICE MSAMBWENI", "DCC's Office Msambweni"), ("Kisumu D.H", "Kisumu District Hospital"), ("JOOTRH", "JOOTRH"), ("UoN Gender Desk", "UoN Gender Desk"), ("Uon gender desk", "UON Gender Desk"),
    ],
)
def test_quotes_letters_and_acronyms_of_a_name(text: str, name: str) -> None:
    assert clean_name(text, load_vocabularies()).name == name


def test_a_level_written_by_its_letter_is_one() -> None:
    assert clean_name("Example Hospital L4", load_vocabularies()).keph_level == "4"
    assert clean_name("Plot L14 Clinic", load_vocabularies()).keph_level is None


def test_a_post_box_is_no_part_of_a_name() -> None:
    found = clean_name("Haki Centre, P.O. Box 101 - 00100 Nairobi", load_vocabularies())
    assert found.name == "Haki Centre"
    assert [contact.value for contact in found.contacts] == ["P.O. Box 101 - 00100 Nairobi"]


def test_the_labels_of_contacts_leave_the_name_with_them() -> None:
    assert clean_name("1. Tiwi Women Centre - Tel 0700 000 001, email: office@example.org", load_vocabularies()).name == "Tiwi Women Centre"
    assert clean_name("Tiwi Mobile Clinic Contact", load_vocabularies()).name == "Tiwi Mobile Clinic Contact"


@pytest.mark.parametrize(("text", "name", "codes"), [
    ("Childline Kenya 116 / GBV hotline 1195", "Childline Kenya / GBV Hotline", ["116", "1195"]), ("Police 999 / 112", "Police", ["999", "112"]), ("Kenya Red Cross: 1199", "Kenya Red Cross", ["1199"]),
    ("Camp 112 Dispensary", "Camp 112 Dispensary", []), ("Block 1195 House", "Block 1195 House", []),
])  # fmt: skip
def test_short_codes_in_a_name_are_numbers_to_call_where_they_can_only_be_those(text: str, name: str, codes: list[str]) -> None:
    found = clean(text)
    assert (found.name, [contact.value for contact in found.contacts]) == (name, codes)


@pytest.mark.parametrize(("text", "name", "kind", "is_officer"), [
    ("OCS Naivasha", "Naivasha", "police_station", True), ("I/C Longonot Police Post", "Longonot Police Post", "police_post", True), ("OCPD Naivasha", "OCPD Naivasha", None, True),
    ("OCS Office Naivasha", "OCS Office Naivasha", "police_station", False), ("Ocsana Clinic", "Ocsana Clinic", "clinic", False), ("Incharge Clinic", "Incharge Clinic", "clinic", False),
])  # fmt: skip
def test_the_commander_before_a_name_is_no_part_of_it(text: str, name: str, kind: str | None, is_officer: bool) -> None:
    found = clean(text, is_police=True)
    assert (found.name, found.facility_type, found.is_of_officer) == (name, kind, is_officer)


def test_an_ordinal_in_capitals_is_written_as_one() -> None:
    assert clean("5TH EXAMPLE AVENUE CLINIC").name == "5th Example Avenue Clinic"
    assert clean("EXAMPLE 4TX CLINIC").name == "Example 4TX Clinic"


def test_a_link_is_called_by_its_text() -> None:
    assert clean("[Tiwi Dispensary](https://example.org/tiwi)").name == "Tiwi Dispensary"
    assert clean("Tiwi Dispensary [Kwale]").name == "Tiwi Dispensary"


@pytest.mark.parametrize(("text", "is_person"), [("CHV Amina Example", True), ("Village Elder - Bi Amina Example", True), ("CHV Office Tiwi", False), ("CHP Programme Kwale", False), ("Village Elders Hall", False)])
def test_who_helps_in_a_village_is_a_person_whose_number_is_her_own(text: str, is_person: bool) -> None:
    assert clean(text).is_of_officer is is_person


@pytest.mark.parametrize(("text", "name", "codes"), [
    ("Healthcare Assistance Kenya: 1195", "Healthcare Assistance Kenya", ["1195"]), ("NACADA - 1192", "NACADA", ["1192"]), ("Haki Centre 1195", "Haki Centre 1195", []), ("Plot: 112 Moi Avenue", "Plot: 112 Moi Avenue", []),
])  # fmt: skip
def test_a_short_code_behind_a_colon_is_a_number_to_call(text: str, name: str, codes: list[str]) -> None:
    found = clean_name(text, load_vocabularies())
    assert (found.name, [contact.value for contact in found.contacts]) == (name, codes)


@pytest.mark.parametrize(("text", "name"), [
    ("TIWI POLICE STATI0N", "Tiwi Police Station"), ("DlANl POLICE STATION", "Diani Police Station"), ("lSIOLO HOSPITAL", "Isiolo Hospital"), ("KAPL0NG CLlNIC", "Kaplong Clinic"), ("DAWA MEDICAl CLINIC", "Dawa Medical Clinic"), ("TIWI HOSPlTAL", "Tiwi Hospital"),
    ("PHASE1 CLINIC", "PHASE1 Clinic"), ("GATE10 DISPENSARY", "GATE10 Dispensary"), ("P3 DESK", "P3 Desk"), ("Tiwi Mall Clinic", "Tiwi Mall Clinic"), ("NYS 2 CLINIC", "NYS 2 Clinic"),
])  # fmt: skip
def test_letters_that_a_scan_was_misread_for_are_mended_in_words_of_capitals(text: str, name: str) -> None:
    assert clean_name(text, load_vocabularies()).name == name


LETTERS_ALONE = st.lists(st.sampled_from(["KWALE", "DlANl", "lDSOWE", "Kwale", "ocs", "OCS", "dot", "level", "L", "box", "gazetted", "not", "Éldas", "wa", "PS", "DISP", "ug"]) | st.text("aBlI éxoT", min_size=1, max_size=9), min_size=1, max_size=6)


@given(LETTERS_ALONE.map(" ".join))
def test_a_name_of_letters_alone_is_what_it_is_when_signs_and_digits_are_looked_for_in_it(text: str) -> None:
    passed_over, looked_through = (_NameCleaning(" ".join(text.split()) or "a", load_vocabularies(), False) for _ in range(2))
    looked_through.is_plain = False
    assert passed_over.result() == looked_through.result()
