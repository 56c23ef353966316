import json

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.cleaning.contacts import (
    MOST_CONTACTS,
    OFFICERS_EMAIL,
    contacts_in_text,
    merged_contacts,
    parse_contacts,
    phones_elsewhere,
    with_officers_emails,
)
from gvrc.cleaning.phones import find_phones, kenyan_number
from gvrc.model.record import Contact, ContactType

LANDLINE = phonenumbers.format_number(phonenumbers.example_number_for_type("KE", phonenumbers.PhoneNumberType.FIXED_LINE), phonenumbers.PhoneNumberFormat.E164)


def phones(text: object, field_name: str = "contact") -> list[str]:
    return [contact.value for contact in parse_contacts({field_name: text}).contacts if contact.contact_type is ContactType.PHONE]


def codes(values: dict[str, object]) -> list[str]:
    return [issue.code for issue in parse_contacts(values).issues]


@pytest.mark.parametrize(
    "text",
    [
        "0700000111", "0700 000 111", "0700-000-111", "0700.000.111", "0700/000111", "(0700) 000 111", "+254700000111", "+254 700 000 111", "254700000111",
        "254-700-000-111", "+254(0)700000111", "+254 (0) 700 000 111", "+2540700000111", "00254700000111", "700000111", 700000111, 700000111.0, 254700000111,
        "Tel: 0700 000 111", "Tel.0700000111", "0700 000 111 (call)", "Mobile 0700000111 ext 12", "0700,000,111", "0700, 000 111", "+254700,000,111", "07OO000111", "O700000111", "O7OO OOO lll",
        "0700 000 l11", "+254\u2011700\u2011000111", "0700\u2013000\u2013111", "0700\u00a0000\u00a0111", "0700_000_111", "0700000111/WhatsApp", "OCS-0700000111", "0700000111ext12", "+254 7OO 000 111",
    ],
)  # fmt: skip
def test_a_number_is_read_however_it_is_written(text: object) -> None:
    assert phones(text) == ["+254700000111"]


@pytest.mark.parametrize("text", ["(020) 2000111", "020/2000111 ext 45", "0203000111, 999", "12, 0700000111", "1) 0700000111", "1. 0700000111 2. 0700000111", "020-2000111 ext 45 / 0700-000-111", "45 / 0700-000-111", "45 0700-000-111"])
def test_what_stands_beside_a_number_is_not_drawn_into_it(text: str) -> None:
    assert set(phones(text)) <= {"+254202000111", "+254203000111", "+254700000111"}
    assert phones(text)


@pytest.mark.parametrize("text", ["Deputy on Tel 700000111 at night", "the desk +254 (0) 700 000 111", "call 0700\u2013000\u2013111", "dial 0700_000_111 now", "0700000111ext5 office"])
def test_a_number_in_a_sentence_is_found_however_it_is_written(text: str) -> None:
    assert [contact.value for contact in contacts_in_text(text, "description").contacts] == ["+254700000111"]


@pytest.mark.parametrize(
    "text",
    ["desk(at)example.org", "desk [at] example [dot] org", "desk(at)example(dot)org", "desk at example dot org", "desk @ example.org", "mailto:desk@example.org", "desk (@) example.org"],
)
def test_an_address_written_in_words_is_read(text: str) -> None:
    assert [contact.value for contact in parse_contacts({"email": text}).contacts] == ["desk@example.org"]


def test_a_sentence_with_at_and_dot_is_no_address() -> None:
    assert contacts_in_text("Meet us at the red dot of the map", "description").contacts == ()


def test_a_code_to_dial_is_kept_as_it_is_and_is_no_number() -> None:
    contacts = parse_contacts({"contact": "*719*33#"}).contacts
    assert [(contact.contact_type, contact.value) for contact in contacts] == [(ContactType.HOTLINE, "*719*33#")]


@pytest.mark.parametrize("between", [", ", " / ", "/", ";", " or ", " and ", " & ", "\n", " ", " - ", ""])
def test_two_numbers_in_one_cell_are_two(between: str) -> None:
    assert phones(f"0700000111{between}0700000222") == ["+254700000111", "+254700000222"]


@pytest.mark.parametrize("text", ["0700000111 or 222", "0700000111 na 222"])
def test_an_ending_behind_a_word_is_asked_about(text: str) -> None:
    result = parse_contacts({"phone": text})
    assert [contact.value for contact in result.contacts] == ["+254700000111"]
    assert [issue.suggestion.shown for issue in result.issues if issue.suggestion] == ["+254700000111, +254700000222"]


def test_a_word_between_digits_joins_no_number() -> None:
    assert not parse_contacts({"phone": "0700 or 000111"}).contacts


def test_a_short_code_behind_a_number_is_a_hotline_unless_it_may_be_its_ending() -> None:
    assert [contact.value for contact in parse_contacts({"phone": "0800720111 / 1195"}).contacts] == ["+254800720111", "1195"]
    assert [issue.code for issue in parse_contacts({"phone": "0700000111/116"}).issues] == ["contact.phone_shortened"]
    assert [contact.value for contact in parse_contacts({"phone": "0700000111 / 999"}).contacts] == ["+254700000111", "999"]


@pytest.mark.parametrize("text", ["https://wa.me/254700000111", "https://api.whatsapp.com/send?phone=254700000111&text=hi", "www.wa.me/+254700000111"])
def test_the_number_in_the_address_of_a_chat_is_read(text: str) -> None:
    (contact,) = parse_contacts({"contact": text}).contacts
    assert (contact.contact_type, contact.value, contact.label) == (ContactType.PHONE, "+254700000111", "WhatsApp")


def test_the_label_of_what_follows_is_no_part_of_a_post_box() -> None:
    contacts = parse_contacts({"contact": "P.O. Box 12345-00100 Nairobi Tel 0700000111"}).contacts
    assert [contact.value for contact in contacts] == ["P.O. Box 12345-00100 Nairobi", "+254700000111"]


def test_a_landline_is_read_with_its_area_code() -> None:
    national = LANDLINE.removeprefix("+254")
    assert phones(f"0{national}") == [LANDLINE]
    assert phones(f"0{national[:2]}-{national[2:]}") == [LANDLINE]


def test_a_shortened_second_number_is_told_and_not_invented() -> None:
    result = parse_contacts({"phone": "0700 000 111/222"})
    assert [contact.value for contact in result.contacts] == ["+254700000111"]
    (issue,) = result.issues
    assert issue.code == "contact.phone_shortened"
    assert issue.suggestion is not None
    assert issue.suggestion.values == {"phone": "+254700000111, +254700000222"}


@pytest.mark.parametrize("text", ["0700", "07000001", "99999999999999999999", "046", "1234567", "0700 000 11"])
def test_what_is_no_kenyan_number_is_an_issue_and_no_contact(text: str) -> None:
    result = parse_contacts({"phone": text})
    assert not result.contacts
    assert result.issues


@pytest.mark.parametrize("text", ["0", "000000", "-", "N/A", "", None, [], {}])
def test_nothing_is_no_issue(text: object) -> None:
    result = parse_contacts({"phone": text})
    assert (result.contacts, result.issues) == ((), ())


@pytest.mark.parametrize("code", ["999", "112", "116", "1195"])
def test_short_codes_are_hotlines(code: str) -> None:
    (contact,) = parse_contacts({"contact": f"call {code}"}).contacts
    assert (contact.contact_type, contact.value, contact.is_primary) == (ContactType.HOTLINE, code, True)


def test_a_number_of_another_country_is_kept_and_told() -> None:
    foreign = phonenumbers.format_number(phonenumbers.example_number("UG"), phonenumbers.PhoneNumberFormat.E164)
    assert phones(foreign) == [foreign]
    assert codes({"phone": foreign}) == ["contact.phone_foreign"]


def test_contacts_of_every_shape_are_read() -> None:
    shapes: list[object] = [
        "Tel: +254(0)700000111; Email: Info@Example.org",
        [{"type": "phone", "value": "0700000111"}, {"type": "email", "value": "info@example.org"}],
        {"phone": "0700 000 111", "email": "info@example.org"},
        {"phones": ["0700000111", "N/A"], "mail": ["info@example.org"]},
        ["0700000111", "info@example.org"],
    ]
    for shape in shapes:
        found = {contact.value for contact in parse_contacts({"contact": shape}).contacts}
        assert found == {"+254700000111", "info@example.org"}, shape


def test_the_kind_of_a_contact_is_kept_where_it_matters() -> None:
    contacts = parse_contacts({"contact": [{"type": "OCS", "value": "0700000111"}, {"type": "Fax", "value": "0700000112"}, {"type": "phone", "value": "0700000113"}]}).contacts
    assert [contact.label for contact in contacts] == [None, "Officer's mobile", "Fax"]
    assert [contact.is_primary for contact in contacts] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("info@example.org", "info@example.org"),
        ("INFO@EXAMPLE.ORG.", "info@example.org"),
        ("info @ example.org", "info@example.org"),
        ("info(at)example.org", "info@example.org"),
        ("info@@example.org", "info@example.org"),
        ("<info@example.org>", "info@example.org"),
    ],
)
def test_an_email_is_read(text: str, email: str) -> None:
    assert [contact.value for contact in parse_contacts({"email": text}).contacts] == [email]


def test_a_broken_email_is_suggested_and_not_kept() -> None:
    result = parse_contacts({"email": "info@example,org"})
    assert not result.contacts
    (issue,) = result.issues
    assert issue.code == "contact.email_invalid"
    assert issue.suggestion is not None
    assert issue.suggestion.shown == "info@example.org"


def test_a_post_box_is_no_telephone() -> None:
    result = parse_contacts({"contact": "P.O. Box 256-70100 Garissa, 0700000111"})
    assert {contact.contact_type for contact in result.contacts} == {ContactType.POSTAL, ContactType.PHONE}
    assert parse_contacts({"contact": "P.O Box P.O. Box 731"}).contacts[0].value == "P.O. Box 731"


def test_a_contact_in_free_text_is_found_and_taken_out() -> None:
    found = contacts_in_text("Call 0700-000-111 or info@example.org now", "description")
    assert {contact.value for contact in found.contacts} == {"+254700000111", "info@example.org"}
    assert found.redacted == "Call [phone] or [email] now"


@pytest.mark.parametrize("text", ["0.7000001112", "36.0700000111", "-1.2852 36.821", "reg 07000001112345", "ab0700000111cd", "P.O. Box 0700000111", "code 700000111"])
def test_measures_and_codes_in_free_text_are_no_numbers(text: str) -> None:
    assert contacts_in_text(text, "description").contacts == ()


def test_the_same_contact_twice_is_one() -> None:
    one = Contact(contact_type=ContactType.PHONE, value="+254700000111")
    assert merged_contacts([one], [one]) == (Contact(contact_type=ContactType.PHONE, value="+254700000111", is_primary=True),)


@pytest.mark.parametrize("text", ["0" * 10_000_000, "@" * 100_000, "a@" * 100_000, "1 " * 1_000_000, "07" * 500_000, "p.o. box " * 100_000, "+" * 1_000_000])
def test_hostile_text_is_read_and_gives_at_most_a_hundred_contacts(text: str) -> None:
    assert len(parse_contacts({"contact": text, "description": text}).contacts) <= MOST_CONTACTS


separators = st.sampled_from(["", " ", "-", ".", "  "])


@given(st.integers(0, 999), st.lists(separators, min_size=3, max_size=3), st.sampled_from(["0", "+254", "254", "+254 ", "+2540", "+254(0)", "254 ", "00254"]))
def test_a_valid_number_is_found_with_any_spacing(last: int, between: list[str], prefix: str) -> None:
    text = f"{prefix}700{between[0]}000{between[1]}{last:03}"
    assert phones(text) == [f"+254700000{last:03}"]


@given(st.text(alphabet="0123456789 +-/.,()ab@", max_size=60))
def test_no_number_is_invented(text: str) -> None:
    for contact in parse_contacts({"contact": text}).contacts:
        if contact.contact_type is ContactType.PHONE:
            assert phonenumbers.is_valid_number(phonenumbers.parse(contact.value))
            digits = "".join(letter for letter in text if letter.isdigit())
            assert contact.value.removeprefix("+254").lstrip("+") in digits


@given(st.integers(0, 10**13))
def test_a_kenyan_number_is_one_that_the_numbering_plan_knows(number: int) -> None:
    found = kenyan_number(f"0{number}", allow_bare=False)
    assert found is None or phonenumbers.is_valid_number(phonenumbers.parse(found))


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    for find in find_phones(text, is_contact=True):
        assert 0 <= find.start < find.end <= len(text)


def test_a_number_that_a_spreadsheet_cut_off_is_told_and_not_completed() -> None:
    found = parse_contacts({"phone": "7.22E+08"})
    assert found.contacts == ()
    assert [issue.code for issue in found.issues] == ["contact.phone_rounded"]


@pytest.mark.parametrize("text", ["7.00000111E+08", "2.54700000111E+11", "7,00000111E8"])
def test_a_number_in_scientific_notation_with_all_its_digits_is_read(text: str) -> None:
    assert phones(text) == ["+254700000111"]


def test_an_address_with_a_usual_slip_is_kept_and_the_right_one_suggested() -> None:
    found = parse_contacts({"contact": "0700000111, desk@gmial.com"})
    assert [contact.value for contact in found.contacts] == ["desk@gmial.com", "+254700000111"]
    (issue,) = found.issues
    assert issue.code == "contact.email_slip"
    assert issue.suggestion is not None
    assert issue.suggestion.values == {"contact": "desk@gmail.com, +254700000111"}


def test_a_field_that_was_read_as_something_else_holds_no_phone_after_the_row_was_kept_and_read_back() -> None:
    data = {"geom": "35.2813 0514321000 2100", "other": "call 0700 000 111"}
    kept = json.loads(json.dumps(data))
    found = phones_elsewhere(kept, {"coordinates": data["geom"]})
    assert [contact.value for contact in found] == ["+254700000111"]


@pytest.mark.parametrize(("cell", "labels"), [
    ("OCS: CI So-and-so 0700 000 111", ["Officer's mobile"]), ("OCS 0700000111, Gender desk 0700000112", [None, "Officer's mobile"]), ("OCS Office Diani 0700000111", [None]),
    ("In-charge Sr So-and-so 0700000111 / 0700000112", ["Officer's mobile", None]),
])  # fmt: skip
def test_a_number_behind_the_name_of_an_officer_is_that_officers_own(cell: str, labels: list[str | None]) -> None:
    assert sorted(contact.label or "" for contact in parse_contacts({"contact": cell}).contacts) == sorted(label or "" for label in labels)


def test_letters_for_a_whole_group_of_zeros_are_read_as_digits() -> None:
    assert [contact.value for contact in parse_contacts({"phone": "O700 OOO 770"}).contacts] == ["+254700000770"]


def test_the_numbers_in_a_list_of_officers_are_their_own() -> None:
    found = parse_contacts({"officer_contact": [{"rank": "OCS", "name": "A Name", "mobile": "0700000861"}], "phone": "0700000860"})
    assert [(contact.value, contact.label) for contact in found.contacts] == [("+254700000860", None), ("+254700000861", "Officer's mobile")]
    assert not found.issues


def test_degrees_height_and_accuracy_in_a_field_that_nobody_read_are_no_number() -> None:
    assert phones_elsewhere({"where": "-0.54 34.5 1500 4.5", "location/gps": "-1.2864 36.8172 1650 4"}, {}) == ()


def test_the_role_of_a_contact_tells_whose_it_is() -> None:
    contacts = [{"role": "OCS", "phone": "0700000001"}, {"role": "Station landline", "phone": "0700000002"}, {"role": "Gender desk officer", "phone": "0700000003"}, {"designation": "Clerk", "name": "A Name", "phone": "0700000004"}]
    assert {contact.value[-1]: contact.label for contact in parse_contacts({"contact": contacts}).contacts} == {"2": None, "1": "Officer's mobile", "3": "Officer's mobile", "4": "Officer's mobile"}


def test_the_brackets_behind_a_number_say_nothing_of_the_next() -> None:
    contacts = parse_contacts({"contact": "0700910006(OCS) 0700910007(Gender) 999"}).contacts
    assert {contact.value: contact.label for contact in contacts if contact.contact_type is ContactType.PHONE} == {"+254700910006": "Officer's mobile", "+254700910007": None}


def test_what_stands_in_brackets_behind_a_number_tells_whose_it_is() -> None:
    contacts = parse_contacts({"contact": "0700 000 001 (station), 0700 000 002 (OCS), 0700 000 003 (Deputy OCS)"}).contacts
    assert [contact.label for contact in contacts] == [None, "Officer's mobile", "Officer's mobile"]
    contacts = parse_contacts({"contact": "0700000001 (OCS) 0700000002 (Report Office)"}).contacts
    assert {contact.value[-1]: contact.label for contact in contacts} == {"1": "Officer's mobile", "2": None}


def test_the_keys_of_a_contact_are_known_in_any_case() -> None:
    assert [contact.label for contact in parse_contacts({"contact": [{"Type": "OCS", "Value": "0700000001"}, {"CONTACT TYPE": "OCS", "NUMBER": "0700000002"}]}).contacts] == ["Officer's mobile"] * 2


def test_the_e_mail_address_of_an_officer_is_told_as_hers() -> None:
    contacts = parse_contacts({"email": "office@example.org", "officer_contact": [{"name": "A Name", "phone": "0700000001", "email": "a.name@example.org"}]}).contacts
    assert [(contact.value, contact.label) for contact in contacts] == [("office@example.org", None), ("+254700000001", "Officer's mobile"), ("a.name@example.org", OFFICERS_EMAIL)]


@pytest.mark.parametrize(("officer", "place", "label"), [
    ("Jane Wanjiku", "Haki Centre", OFFICERS_EMAIL), ("Jane Wanjiku", "Wanjiku Centre", OFFICERS_EMAIL), ("Wanjiku", "Wanjiku Centre", None), ("Director", "Haki Centre", None), ("Ali", "Haki Centre", None),
])  # fmt: skip
def test_an_address_called_by_the_name_of_the_officer_is_hers(officer: str, place: str, label: str | None) -> None:
    (contact,) = with_officers_emails(parse_contacts({"email": "jane.wanjiku@example.org"}).contacts, officer, place)
    assert contact.label == label


def test_an_address_called_by_its_place_is_the_places_in_a_column_of_officers_too() -> None:
    contacts = parse_contacts({"officer_contact": ["tiwicourt@example.org", "jane.wanjiku@example.org", "other@example.org"]}).contacts
    told = {contact.value: contact.label for contact in with_officers_emails(contacts, "Hon. Jane Wanjiku", "Tiwi Law Courts")}
    assert told["tiwicourt@example.org"] is None
    assert told["jane.wanjiku@example.org"] == told["other@example.org"] == OFFICERS_EMAIL
    assert with_officers_emails(contacts, "", "Example Law Courts") == contacts


@pytest.mark.parametrize(("label", "own"), [("Matron", True), ("Deputy OCS", True), ("Programme manager", True), ("Matron's office", False), ("Reception", False), ("Control room", False)])
def test_the_label_of_a_number_may_tell_that_it_is_a_persons(label: str, own: bool) -> None:
    (contact,) = parse_contacts({"contact": [{"label": label, "number": "0700000602"}]}).contacts
    assert (contact.label == "Officer's mobile") is own


@pytest.mark.parametrize(
    ("field_name", "text", "found"),
    [
        ("hotline", "999 or 112 (911 from anywhere)", ["999", "112", "911"]), ("phone", "999 or 112 (911 from anywhere)", ["999", "112", "911"]), ("hotline", "999 112", ["999", "112"]),
        ("hotline", "1517 (24 hrs)", ["1517"]), ("phone", "1195 (24 hours)", ["1195"]), ("phone", "1195 1190", ["1195", "1190"]), ("hotline", "1195-1517", ["1195", "1517"]), ("hotline", "116 (24/7)", ["116"]),
        ("hotline", "11 95", ["1195"]), ("phone", "020 112", []), ("phone", "0722 999", []), ("phone", "1517 (24 hrs)", []),
        ("hotline", "0700 000603 (Mon - Fri 8.00am - 5.00pm)", ["+254700000603"]), ("hotline", "1190 (8.00 am to 5.00 pm)", ["1190"]), ("hotline", "1195 (0800hrs-1700hrs)", ["1195"]),
        ("hotline", "1195 (800 hrs - 1700 hrs)", ["1195"]), ("hotline", "116, 8:00 - 17:00", ["116"]), ("hotline", "11.95", ["1195"]), ("hotline", "21661.", ["21661"]), ("hotline", "21661 help", ["21661"]),
    ],
)  # fmt: skip
def test_short_codes_side_by_side_are_each_one_and_hours_behind_them_none(field_name: str, text: str, found: list[str]) -> None:
    assert [contact.value for contact in parse_contacts({field_name: text}).contacts] == found


@pytest.mark.parametrize(("text", "is_own"), [
    ("Cpl Asha Mfano 0700 000 001", True), ("Officer: PC Mary Mfano, 0700 000 001", True), ("Insp. Mary Mfano - 0700 000 001", True), ("Nurse Asha 0700 000 001", True), ("CI Juma Mfano 0700000001", True),
    ("Dr. Mfano Clinic 0700 000 001", False), ("St. Mary 0700 000 001", False), ("Tel 0700 000 001", False), ("P.O. Box 12, Kwale 0700 000 001", False), ("IP Phone 0700 000 001", False),
])  # fmt: skip
def test_a_number_behind_a_rank_and_a_name_is_a_persons_own(text: str, is_own: bool) -> None:
    (phone,) = [contact for contact in parse_contacts({"contact": text}).contacts if contact.contact_type is ContactType.PHONE]
    assert (phone.label == "Officer's mobile") is is_own


def test_a_second_number_that_was_cut_is_no_ending_of_the_first() -> None:
    """Its digits put behind the beginning of the first gave a number that nobody wrote (+254 700 700 001)."""
    for cut in ("0700 00 1", "0700001"):
        issues = parse_contacts({"phone": f"0700-000-103 / {cut}"}).issues
        assert [issue.code for issue in issues] == ["contact.phone_invalid"]
        assert issues[0].suggestion is None
    (issue,) = parse_contacts({"phone": "0700-000-103 / 04"}).issues
    assert issue.suggestion is not None
    assert issue.suggestion.shown == "+254700000103, +254700000104"


@pytest.mark.parametrize("said", ["(not working)", "- not in use", "is no longer in use", "(disconnected)", "(line out of order)", "(haifanyi kazi)", ", this number is not working", "(faulty)"])
def test_a_number_that_its_list_says_is_out_of_use_is_left_out_and_told(said: str) -> None:
    found = parse_contacts({"phone": f"0700000101 {said} / 0700000102"})
    assert [contact.value for contact in found.contacts] == ["+254700000102"]
    assert [(issue.code, issue.value) for issue in found.issues] == [("contact.phone_dead", "+254700000101")]
    text = contacts_in_text(f"Call 0700 000 101 {said}", "description")
    assert text.contacts == ()
    assert text.redacted is not None
    assert "0700" not in text.redacted


@pytest.mark.parametrize("said", ["", "(working 24 hours)", "(deadline Friday)", "(not working on Sundays)", "not in use at night", "- not working weekends", "(out of service hours: 0700 000 102)", "(haifanyi kazi usiku)", "not available on Sundays", "(Deputy OCS)", "(active)"])
def test_a_number_in_use_is_kept_whatever_stands_behind_it(said: str) -> None:
    found = parse_contacts({"phone": f"0700000101 {said}"})
    assert "+254700000101" in [contact.value for contact in found.contacts]
    assert not [issue for issue in found.issues if issue.code == "contact.phone_dead"]
