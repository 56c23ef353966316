from gvrc.model.place import Place, Point
from gvrc.model.record import Contact, ContactType, Record
from gvrc.quality.profile import FieldProfile, RunProfile, pattern_of, profile


def record(number: int, **values: object) -> Record:
    return Record(record_key=f"list:{number}", source="list", pointer=f"/{number}", **values)  # type: ignore[arg-type]


RECORDS = [
    record(1, name="Diani Dispensary", facility_type="dispensary", point=Point(latitude=-4.0, longitude=39.0), place=Place(county_code="2", county="Kwale"), officer="A. Mfano"),
    record(2, name="Ukunda Dispensary", facility_type="dispensary", point=Point(latitude=-2.0, longitude=39.5), mfl_code="11111"),
    record(3, name="Lamu Fort", contacts=(Contact(contact_type=ContactType.PHONE, value="+254700000111"),)),
]


def fields(records: list[Record]) -> dict[str, FieldProfile]:
    return {found.field_name: found for found in profile(records)}


def test_filled_distinct_and_most_common_are_counted() -> None:
    kind = fields(RECORDS)["facility_type"]
    assert (kind.records, kind.filled, kind.distinct, kind.most_common) == (3, 2, 1, (("dispensary", 2),))
    assert kind.filled_share == 2 / 3


def test_numbers_have_their_range_and_quartiles() -> None:
    numbers = fields(RECORDS)["latitude"].numbers
    assert numbers is not None
    assert (numbers.least, numbers.median, numbers.greatest) == (-4.0, -3.0, -2.0)
    assert fields(RECORDS)["name"].numbers is None


def test_lengths_and_patterns_tell_how_a_field_looks() -> None:
    name = fields(RECORDS)["name"]
    assert (name.shortest, name.longest) == (9, 17)
    assert name.patterns[0] == ("a a", 3)
    assert pattern_of("HOS-000123") == "a-9"


def test_personal_values_never_stand_in_a_profile() -> None:
    assert "Mfano" not in str(profile(RECORDS))
    assert "+254" not in str(profile(RECORDS))
    assert fields(RECORDS)["officer"].filled == 1


def test_chunks_give_the_same_profile_as_the_whole() -> None:
    gathering = RunProfile()
    for each in RECORDS:
        gathering.add([each])
    assert gathering.result() == profile(RECORDS)


def test_no_records_have_an_empty_profile() -> None:
    assert all(found.filled == 0 and found.filled_share == 0 for found in profile([]))
