"""Lists that say what their places are and where, and call none by a name; and lists whose names are those of persons."""

from pathlib import Path
from typing import Any

import pytest

from gvrc.cleaning.unnamed import names_a_person
from gvrc.errors import UnknownFormatError
from gvrc.model.record import Record
from gvrc.model.source import SourceFile, SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.reference.offices import office_of
from gvrc.sources.detect import detect
from gvrc.stages.extract import extract
from gvrc.stages.standardise import load_knowledge, standardise
from tests.sources.test_several_countries import written

KNOWLEDGE = load_knowledge(Corrections())


def rows_of(folder: Path, content: Any) -> list[SourceRow]:
    path = written(folder, content)
    found = extract(SourceFile(name="list", sha256="", size_bytes=1, path=path), detect(path, "list"))
    return [row for row in found if isinstance(row, SourceRow)]


def proposed(folder: Path, content: Any) -> tuple[list[Record], list[str | None]]:
    """The records of a list, and the names that are proposed for them."""
    made = standardise(rows_of(folder, content), KNOWLEDGE, {})
    issues = made.issues_by_key()
    asked = [next((issue for issue in issues.get(record.record_key, ()) if issue.code == "name.missing"), None) for record in made.records]
    return list(made.records), [issue.suggestion.shown if issue and issue.suggestion else None for issue in asked]


OFFICES = [{"county": "Kajiado", "sub_county": "Kajiado North", "phone": "0700000001"}, {"county": "Kwale", "sub_county": "Matuga", "phone": "0700000002"}]
NAMED = ["Children's Office, Kajiado North", "Children's Office, Matuga"]


@pytest.mark.parametrize("content", [
    "DIRECTORATE OF CHILDREN'S SERVICES - SUB COUNTY CHILDREN'S OFFICES,,\nCounty,Sub County,Telephone\nKajiado,Kajiado North,0700000001\nKwale,Matuga,0700000002\n",
    {"children_offices": OFFICES}, {"title": "Sub-County Children Officers", "data": OFFICES}, [{**office, "type": "Children's Office"} for office in OFFICES],
], ids=["a title", "a key", "a title of a document", "a column"])  # fmt: skip
def test_a_name_is_proposed_of_what_a_list_holds_and_where_each_is(content: Any, tmp_path: Path) -> None:
    records, names = proposed(tmp_path, content)
    assert names == NAMED
    assert [(record.name, record.facility_type) for record in records] == [(None, "government_office")] * 2


def test_lists_beside_each_other_of_which_one_names_nothing_are_both_read(tmp_path: Path) -> None:
    desks = [{"county": "Kwale", "station": "Diani Police Station", "phone": "0700000003"}, {"county": "Kwale", "station": "Msambweni", "phone": "0700000004"}]
    records, names = proposed(tmp_path, {"gender_desks": desks, "children_offices": OFFICES})
    assert names == [None, None, *NAMED]
    assert [record.facility_type for record in records[1:]] == ["gender_desk", "government_office", "government_office"]


def test_chiefs_are_proposed_by_their_locations_and_their_numbers_are_their_own(tmp_path: Path) -> None:
    records, names = proposed(tmp_path, "County,Sub County,Location,Chief's name,Chief's phone\nKwale,Matuga,Tiwi,Juma Mfano,0700000001\nKwale,Matuga,Waa,Asha Mfano,0700000002\n")
    assert names == ["Chief's Office, Tiwi", "Chief's Office, Waa"]
    assert [(record.officer, record.contacts[0].label) for record in records] == [("Juma Mfano", "Officer's mobile"), ("Asha Mfano", "Officer's mobile")]


PERSONS = {
    "elders by key": {"village_elders": [{"name": "Juma Mfano", "village": "Tiwi", "phone": "0700000004"}]},
    "volunteers among others": {"hospitals": [{"name": "Tiwi Dispensary", "village": "Tiwi", "phone": "0700000009"}], "chv": [{"name": "Juma Mfano", "village": "Tiwi", "phone": "0700000004"}]},
    "a column of elders": "Village elder,Village,Phone\nJuma Mfano,Tiwi,0700000004\nAsha Mfano,Waa,0700000005\n",
    "a column of volunteers": "CHV Name,Village,Ward,Phone\nJuma Mfano,Tiwi,Tiwi,0700000004\nAsha Mfano,Waa,Tiwi,0700000005\n",
    "a type": [{"name": "Juma Mfano", "type": "Community Health Promoter", "village": "Tiwi", "phone": "0700000004"}, {"name": "Tiwi Dispensary", "type": "Dispensary", "village": "Tiwi", "phone": "0700000009"}],
    "chiefs": {"chiefs": [{"name": "Juma Mfano", "location": "Tiwi", "phone": "0700000004"}]},
}


@pytest.mark.parametrize("content", PERSONS.values(), ids=PERSONS.keys())
def test_who_helps_in_a_village_is_no_name_of_a_place(content: Any, tmp_path: Path) -> None:
    records, names = proposed(tmp_path, content)
    (who, name) = next((record, name) for record, name in zip(records, names, strict=True) if record.officer == "Juma Mfano")
    assert who.name is None
    assert name is not None
    assert name.endswith(", Tiwi")
    assert [(contact.value, contact.label) for contact in who.contacts] == [("+254700000004", "Officer's mobile")]


def test_whose_number_it_is_outlives_the_name_that_a_steward_accepts(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, PERSONS["elders by key"])
    (record,) = standardise([row], KNOWLEDGE, {row.record_key: {"name": "Village Elder, Tiwi"}}).records
    assert (record.name, record.officer, record.contacts[0].label) == ("Village Elder, Tiwi", "Juma Mfano", "Officer's mobile")
    (record,) = standardise([row], KNOWLEDGE, {row.record_key: {"name": "Juma Mfano"}}).records
    assert (record.name, record.officer, record.contacts[0].label) == ("Juma Mfano", None, None)


def test_no_person_is_named_in_what_is_changed_of_a_name(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, PERSONS["elders by key"])
    made = standardise([row], KNOWLEDGE, {})
    assert not [change for change in made.records[0].changes if "Mfano" in f"{change.before}{change.after}" and change.field_name != "officer"]
    assert not [issue for issue in made.issues_by_key()[row.record_key] if "Mfano" in f"{issue}"]


@pytest.mark.parametrize(("name", "heading", "is_person"), [
    ("Juma Mfano", "chiefs", True), ("Tiwi", "chiefs", False), ("Kajiado North", "children_officers", False), ("Juma Mfano", "children_offices", False), ("Tiwi Chief", "chiefs", False),
    ("Kinango Dispensary", "chv", False), ("Juma Mfano", "hospitals", False), ("Haki Centre", "paralegals", False), ("Tiwi CHU 2", "chv", False),
])  # fmt: skip
def test_only_words_that_name_no_place_are_a_persons(name: str, heading: str, is_person: bool) -> None:
    assert names_a_person(name, (heading,), {"county": "Kwale"}) is is_person


@pytest.mark.parametrize(("heading", "label"), [
    ("sub_county_children_offices", "Children's Office"), ("Chiefs' Offices", "Chief's Office"), ("Assistant Chiefs", "Assistant Chief's Office"), ("villageElders", "Village Elder"),
    ("Huduma Centers", "Huduma Centre"), ("hospitals", None), ("Elderly care", None), ("children", None),
])  # fmt: skip
def test_headings_tell_offices(heading: str, label: str | None) -> None:
    office = office_of(heading)
    assert (office.label if office else None) == label


def test_counts_by_kind_and_county_are_no_places(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError):
        rows_of(tmp_path, "County,Type,Cases\nKwale,Hospital,12\nKilifi,Hospital,9\n")


def test_a_name_that_is_accepted_stands_as_it_was_proposed(tmp_path: Path) -> None:
    row, *_ = rows_of(tmp_path, {"children_offices": OFFICES})
    (record,) = standardise([row], KNOWLEDGE, {row.record_key: {"name": NAMED[0]}}).records
    assert (record.name, record.facility_type, record.qualifiers) == (NAMED[0], "government_office", ())
