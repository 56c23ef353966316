from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.commit.golden import alone, content
from gvrc.matching.chosen import chosen_values
from gvrc.matching.survivorship import SurvivorInput, merge
from gvrc.model.place import Place, Point
from gvrc.model.record import Contact, ContactType, Record, Visibility
from gvrc.store.codec import digest

words = st.text(alphabet="abcÄ ", max_size=6)
contacts = st.builds(
    Contact, contact_type=st.sampled_from(ContactType), value=st.sampled_from(["vault:1", "vault:2", "vault:3"]), label=st.none() | words, is_primary=st.booleans(),
)
records = st.builds(
    Record, record_key=st.just("a"), source=st.just("list"), pointer=st.just("/a"), name=st.none() | words, aliases=st.lists(words).map(tuple),
    qualifiers=st.lists(words, max_size=2).map(tuple), facility_type=st.none() | st.sampled_from(["hospital", "clinic"]), mfl_code=st.none() | st.just("1"),
    owner=st.none() | st.just("ministry_of_health"), contacts=st.lists(contacts, max_size=5).map(tuple), services=st.lists(st.sampled_from(["pep", "sti_treatment"])).map(tuple),
    place=st.sampled_from([Place(), Place(county_code="KE-1", county="One"), Place(county_code="KE-1", constituency_code="KE-1-1", ward_code="KE-1-1-1")]),
    point=st.none() | st.just(Point(latitude=-1.123456789, longitude=37.0)), visibility=st.sampled_from(Visibility), last_verified_at=st.none() | st.just(date(2026, 5, 1)),
)


@given(records)
def test_a_record_alone_says_what_the_survivorship_of_it_alone_says(record: Record) -> None:
    merged = merge([SurvivorInput(record=record)])
    assert content(alone(record).record) == content(merged.record)
    assert {origin.field_name for origin in merged.origins} <= {origin.field_name for origin in alone(record).origins}


@given(records, st.randoms())
def test_the_order_of_lists_does_not_change_what_is_said(record: Record, chance: object) -> None:
    turned = record.changed(aliases=record.aliases[::-1], services=record.services[::-1])
    assert digest(content(turned)) == digest(content(record))


def test_a_name_too_long_for_the_registry_is_cut_and_kept_whole_as_an_alias() -> None:
    said = content(Record(record_key="a", source="s", pointer="/a", name="x" * 300))
    assert said["name"] == "x" * 255
    assert said["aliases"] == ["x" * 300]


def test_qualifiers_are_kept_in_an_alias() -> None:
    said = content(Record(record_key="a", source="s", pointer="/a", name="Township Dispensary", qualifiers=("Kwale",)))
    assert said["aliases"] == ["Township Dispensary (Kwale)"]


MEMBERS = [
    Record(record_key="a", source="s", pointer="/a", name="A", facility_type="dispensary", place=Place(county_code="KE-1", county="One")),
    Record(record_key="b", source="s", pointer="/b", name="B", facility_type="clinic", place=Place(county_code="KE-2", county="Two"), point=Point(latitude=-1.0, longitude=37.0)),
]


@pytest.mark.parametrize(
    ("given_values", "meant"),
    [
        ({"name": "B"}, {"name": "B"}),
        ({"name": "Typed"}, {"name": "Typed"}),
        ({"facility_type": "Clinic"}, {"facility_type": "clinic"}),
        ({"facility_type": "hospital"}, {"facility_type": "hospital"}),
        ({"facility_type": "no such kind"}, {}),
        ({"place": "Two"}, {"place": MEMBERS[1].place}),
        ({"place": "Nowhere"}, {}),
        ({"point": "-1.00000, 37.00000"}, {"point": MEMBERS[1].point}),
        ({"latitude": "-4.5", "longitude": 39}, {"latitude": -4.5, "longitude": 39.0}),
        ({"latitude": "south"}, {}),
        ({"visibility": "withheld"}, {"visibility": Visibility.WITHHELD}),
        ({"no_such_field": "x", "record_key": "b", "changes": []}, {}),
        ({"contacts": [{"contact_type": "phone", "value": "vault:1"}]}, {"contacts": (Contact(contact_type=ContactType.PHONE, value="vault:1"),)}),
        ({"contacts": [{"contact_type": "smoke"}]}, {}),
    ],
)
def test_a_choice_is_understood_as_a_code_or_as_the_words_of_a_value(given_values: dict[str, object], meant: dict[str, object]) -> None:
    assert chosen_values(given_values, MEMBERS) == meant
