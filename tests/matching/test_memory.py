"""A question keeps its name; its evidence keeps its fingerprint until it changes."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gvrc.matching.memory import SeenRecord, changed_aspects, evidence_hash, question_key
from gvrc.model.place import Place, Point
from gvrc.model.record import Contact, ContactType, Record

LEFT = SeenRecord(
    key="a:1", name="Muyuni Dispensary", kind="dispensary", place=("KE001", "", ""), latitude=-1.30001, longitude=36.8, contacts=("vault:1",), codes=("", "")
)
RIGHT = replace(LEFT, key="b:9", name="Muyuni H/C")


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_question_has_one_name_in_either_order(left, right):
    assert question_key(left, right) == question_key(right, left)


def test_the_fingerprint_is_the_same_in_either_order():
    assert evidence_hash(LEFT, RIGHT) == evidence_hash(RIGHT, LEFT)


def test_a_change_is_told_by_its_name():
    before = evidence_hash(LEFT, RIGHT)
    assert changed_aspects(before, evidence_hash(replace(LEFT, contacts=("vault:2",)), RIGHT)) == ("the contacts",)
    assert changed_aspects(before, evidence_hash(LEFT, replace(RIGHT, name="Muyuni", kind="clinic"))) == ("the name", "the kind of place")
    assert changed_aspects(before, before) == ()


def test_a_point_that_moves_a_few_metres_shows_nothing_new():
    assert evidence_hash(LEFT, RIGHT) == evidence_hash(replace(LEFT, latitude=-1.30003), RIGHT)


def test_a_record_shows_what_its_columns_show():
    record = Record(
        record_key="a:1", source="a", pointer="/0", name="Muyuni Dispensary", facility_type="dispensary", place=Place(county_code="KE001"),
        point=Point(latitude=-1.30001, longitude=36.8), contacts=(Contact(contact_type=ContactType.PHONE, value="vault:1"),),
    )
    assert evidence_hash(SeenRecord.of_record(record), RIGHT) == evidence_hash(LEFT, RIGHT)
