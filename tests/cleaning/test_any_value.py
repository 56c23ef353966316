"""No cleaner falls over any value, and what it has cleaned it leaves alone.

GVRC_EXAMPLES sets how many values each cleaner is given (60 by default; 10,000 before a release).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gvrc.cleaning.codes import clean_codes
from gvrc.cleaning.contacts import MOST_CONTACTS, contacts_in_text, parse_contacts
from gvrc.cleaning.coordinates import clean_point
from gvrc.cleaning.dates import parse_date
from gvrc.cleaning.headings import heading_kind
from gvrc.cleaning.kinds import find_kind, stated_level
from gvrc.cleaning.names import clean_name
from gvrc.cleaning.personal import personal_words
from gvrc.cleaning.phones import find_phones
from gvrc.cleaning.services import MOST_SERVICES, clean_services
from gvrc.cleaning.text import clean_text, is_missing
from gvrc.model.record import ContactType
from gvrc.reference.address import read_address
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.vocabularies import load_vocabularies, normalised

EXAMPLES = int(os.environ.get("GVRC_EXAMPLES", "60"))
pytestmark = pytest.mark.timeout(300 + EXAMPLES)
WORDS, PLACES = load_vocabularies(), load_gazetteer()

FRAGMENTS = st.sampled_from([
    "0700 000 111", "+254(0)700", "254", "07OO", "/", ",", " ", "(", ")", "+", "-", "–", "ext 12", "E+08", "7.22", "*719#", "999", "@", "(at)", " dot ", "example.org", "desk", "P.O. Box 12-00100",
    "-1.28", "36.8", "°", "'", "S", "E", "POINT(", "lat", "KWALE", "1.", "TOTAL", "NIL", "P/STN", "Hosp.", "County", "Ward", "Sub-County", "Kisumu Central", "Township", "Murangâ€™a", "\u00a0", "\n", "\ufeff", "Level 4",
    "ﬁ", "𝟎𝟕", "٠٧", "<b>", "=1+1", "ID 12345678", "Mr. X", "31/05/2024", "2024-13-45", "\x00", "\u202e",
])  # fmt: skip
TEXTS = st.lists(FRAGMENTS | st.text(max_size=6), max_size=14).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8
)
EVERY = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

OF_ANY_VALUE: Mapping[str, Callable[[Any], object]] = {
    "text": clean_text,
    "missing": is_missing,
    "date": parse_date,
    "services": lambda value: clean_services(value, WORDS),
    "contacts": lambda value: [parse_contacts({field: value}) for field in ("contact", "phone", "email", "hotline", "website", "address")],
    "point": lambda value: [clean_point({"coordinates": value}), clean_point({"latitude": value, "longitude": 36.8}), clean_point({"latitude": value, "longitude": value})],
    "codes": lambda value: clean_codes(dict.fromkeys(("facility_code", "mfl_code", "fid_code", "registration_number"), value)),
    "name": lambda value: clean_name(value, WORDS),
}
OF_ANY_TEXT: Mapping[str, Callable[[str], object]] = {
    "name": lambda text: [clean_name(text, WORDS), clean_name(text, WORDS, is_police=True)],
    "heading": lambda text: heading_kind(text, {"name": text}, {text: text}, WORDS),
    "kind": lambda text: [find_kind(text, WORDS), stated_level(text)],
    "personal": lambda text: personal_words(text, WORDS),
    "phones": lambda text: [find_phones(text, is_contact=True), find_phones(text, is_contact=False)],
    "contacts in text": lambda text: contacts_in_text(text, "description"),
    "vocabulary": lambda text: [(each.find(text), each.candidates(text)) for each in (WORDS.owners, WORDS.operational_statuses, WORDS.services)],
    "address": lambda text: read_address(PLACES, text),
    "places": lambda text: [PLACES.find_county(text), PLACES.find_constituency(text), PLACES.find_ward(text), PLACES.phrases_in(text)],
}


@pytest.mark.parametrize("cleaner", OF_ANY_VALUE)
@EVERY
@given(value=VALUES)
def test_no_value_makes_a_cleaner_fall(cleaner: str, value: Any) -> None:
    OF_ANY_VALUE[cleaner](value)


@pytest.mark.parametrize("cleaner", OF_ANY_TEXT)
@EVERY
@given(text=TEXTS)
def test_no_text_makes_a_cleaner_fall(cleaner: str, text: str) -> None:
    OF_ANY_TEXT[cleaner](text)


@EVERY
@given(value=VALUES)
def test_a_cleaned_text_is_clean(value: Any) -> None:
    once = clean_text(value)
    assert clean_text(once) == once


@EVERY
@given(text=TEXTS)
def test_a_normalised_term_is_normal(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@EVERY
@given(value=VALUES)
def test_numbers_that_were_read_are_read_as_themselves(value: Any) -> None:
    found = [contact.value for contact in parse_contacts({"contact": value}).contacts if contact.contact_type is ContactType.PHONE]
    again = parse_contacts({"contact": ", ".join(found)}).contacts
    assert [contact.value for contact in again] == found


@EVERY
@given(value=VALUES)
def test_a_point_that_was_read_is_read_as_itself(value: Any) -> None:
    point = clean_point({"coordinates": value}).point
    if point is not None:
        again = clean_point({"latitude": point.latitude, "longitude": point.longitude})
        assert again.point is not None
        assert (again.point.latitude, again.point.longitude, again.changes) == (point.latitude, point.longitude, ())


@EVERY
@given(value=VALUES)
def test_services_that_were_read_are_read_as_themselves(value: Any) -> None:
    services = clean_services(value, WORDS).services
    assert clean_services([WORDS.services.label(service) for service in services], WORDS).services == services


@EVERY
@given(text=TEXTS)
def test_every_number_found_has_its_digits_in_the_text(text: str) -> None:
    plain = "".join(str(int(letter)) if letter.isdecimal() else letter for letter in json.dumps(text, ensure_ascii=False)[1:-1])
    digits = "".join({"O": "0", "o": "0", "l": "1", "I": "1"}.get(letter, letter) for letter in plain)
    told = "".join(filter(str.isdigit, digits))
    for find in find_phones(text, is_contact=True):
        assert find.number is None or find.number[-9:] in told or find.number[-7:] in told


def test_a_value_built_to_cost_is_read_in_a_moment() -> None:
    """Each of these took minutes or for ever; the suite's time limit ends one that does so again."""
    assert clean_name(f"Tiwi Centre 0700 000 111 {'tel. ' * 60}x", WORDS).name is not None
    assert clean_name(f"Tiwi Centre 0700 000 111 {'phone: . , ' * 400}x", WORDS).name is not None
    assert clean_point({"coordinates": " " * 200_000 + "x"}).point is None
    services = clean_services([", ".join(f"nothing known {number} {part}" for part in range(500)) for number in range(100)], WORDS)
    assert len(services.issues) <= MOST_SERVICES
    contacts = parse_contacts({"contact": ["a@b " * 2_500] * 100, "phone": {f"phone {number}": "0700 00" for number in range(50_000)}})
    assert len(contacts.issues) <= 2 * MOST_CONTACTS
