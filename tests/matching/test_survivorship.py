"""Which value survives, and why."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.matching.survivorship import SurvivorInput, merge
from gvrc.model.place import Place, Point
from gvrc.model.record import Contact, ContactType, Record, Visibility

TRUST = {"kmhfl": 3, "regional": 2, "hearsay": 1}


def member(key, source="regional", received=None, **values):
    return SurvivorInput(record=Record(record_key=key, source=source, pointer="/0", **values), received_at=received)


def origin(golden, field_name):
    return next(found for found in golden.origins if found.field_name == field_name)


def test_a_known_value_wins_over_an_unknown_one_of_a_more_trusted_source():
    golden = merge([member("a", "kmhfl", owner=None), member("b", "hearsay", owner="ngo")], TRUST)
    assert golden.record.owner == "ngo"
    assert origin(golden, "owner").record_key == "b"


def test_the_more_trusted_source_wins():
    golden = merge([member("a", "hearsay", owner="ngo"), member("b", "kmhfl", owner="ministry_of_health")], TRUST)
    assert golden.record.owner == "ministry_of_health"
    assert origin(golden, "owner").rule == "trusted"


def test_trust_may_differ_by_field():
    members = [member("a", "hearsay", owner="ngo"), member("b", "kmhfl", owner="ministry_of_health")]
    assert merge(members, TRUST, field_trust={"owner": {"hearsay": 9}}).record.owner == "ngo"


def test_among_equals_the_newer_wins_and_then_the_majority():
    newer = merge([member("a", owner="ngo", received=date(2026, 5, 1)), member("b", owner="cdf", received=date(2026, 4, 1))])
    assert newer.record.owner == "ngo"
    assert origin(newer, "owner").rule == "newer"
    most = merge([member("a", owner="ngo"), member("b", owner="cdf"), member("c", owner="cdf")])
    assert most.record.owner == "cdf"
    assert origin(most, "owner").rule == "majority"


def test_a_stewards_value_stands_above_all():
    golden = merge([member("a", "kmhfl", owner="ngo")], TRUST, {"owner": "cdf", "latitude": -1.0, "longitude": 37.0})
    assert golden.record.owner == "cdf"
    assert golden.record.point == Point(latitude=-1.0, longitude=37.0, accuracy_level="steward")
    assert origin(golden, "owner").rule == origin(golden, "point").rule == "steward"


def test_the_point_never_contradicts_the_place():
    here, there = Place(county_code="KE001", ward_code="W1"), Place(county_code="KE002", ward_code="W2")
    golden = merge([member("a", "kmhfl", place=here), member("b", "hearsay", place=there, point=Point(latitude=0.5, longitude=35.0))], TRUST)
    assert golden.record.place == here
    assert golden.record.point is None


def test_contacts_and_services_are_united_without_doubles():
    phone = Contact(contact_type=ContactType.PHONE, value="+254700000001", is_primary=True)
    other = Contact(contact_type=ContactType.PHONE, value="+254700000002", is_primary=True)
    golden = merge([member("a", contacts=(phone,), services=("hiv", "shelter")), member("b", contacts=(phone, other), services=("shelter",))])
    assert [contact.value for contact in golden.record.contacts] == ["+254700000001", "+254700000002"]
    assert sum(contact.is_primary for contact in golden.record.contacts) == 1
    assert golden.record.services == ("hiv", "shelter")


def test_the_other_names_are_kept_as_aliases():
    golden = merge([member("a", name="Muyuni Dispensary"), member("b", name="MUYUNI DISP")])
    assert golden.record.name == "Muyuni Dispensary"
    assert golden.record.aliases == ("MUYUNI DISP",)


def test_the_most_protective_visibility_stands():
    golden = merge([member("a", "kmhfl"), member("b", "hearsay", visibility=Visibility.WITHHELD)], TRUST)
    assert golden.record.visibility is Visibility.WITHHELD


def test_no_members_is_no_place():
    with pytest.raises(ValueError, match="at least one"):
        merge([])


records = st.builds(
    lambda key, source, name, owner, ward, services, day: member(
        key, source, date(2026, 1, day) if day else None, name=name, owner=owner, place=Place(county_code="KE001", ward_code=ward), services=services
    ),
    st.text("abc123", min_size=1, max_size=4), st.sampled_from([*TRUST, "new"]), st.sampled_from([None, "Muyuni", "MUYUNI DISP"]), st.sampled_from([None, "ngo", "cdf"]),
    st.sampled_from([None, "W1", "W2"]), st.sampled_from([(), ("hiv",), ("shelter", "hiv")]), st.integers(0, 3),
)


@given(st.lists(records, min_size=1, max_size=5, unique_by=lambda found: found.record.record_key).flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_the_members_does_not_matter(orders):
    assert merge(orders[0], TRUST) == merge(orders[1], TRUST)


@given(st.lists(records, min_size=1, max_size=4, unique_by=lambda found: found.record.record_key))
def test_every_known_value_has_an_origin_among_the_members(members):
    golden = merge(members, TRUST)
    named = {found.field_name for found in golden.origins}
    for field_name in ("name", "owner", "services"):
        assert bool(getattr(golden.record, field_name)) == (field_name in named)
    assert {found.record_key for found in golden.origins} <= set(golden.members)
