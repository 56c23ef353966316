from typing import Any

from gvrc.cleaning.stated import stated_values
from gvrc.model.source import SourceRow
from gvrc.reference.corrections import Correction, Corrections


def row(**values: Any) -> SourceRow:
    return SourceRow(source="list", pointer="/0", number=0, data=dict(values), context={}, values=values, record_key="list:1", content_hash="")


NONE = Corrections()
KWALE = Corrections([Correction(field_name="county", bad_value="Kwalle", right_value="Kwale")])


def test_without_corrections_and_answers_the_values_are_the_rows() -> None:
    one = row(county="Kwale")
    assert stated_values(one, NONE).values is one.values


def test_a_correction_changes_the_value_and_says_so() -> None:
    stated = stated_values(row(county="Kwalle"), KWALE)
    assert stated.values["county"] == "Kwale"
    assert [(change.before, change.after, change.rule) for change in stated.changes] == [("Kwalle", "Kwale", "correction")]


def test_an_answer_wins_over_a_correction() -> None:
    stated = stated_values(row(county="Kwalle"), KWALE, {"county": "Kilifi"})
    assert stated.values["county"] == "Kilifi"
    assert [change.rule for change in stated.changes] == ["steward"]
    assert stated.answered == {"county"}


def test_an_answer_on_contacts_replaces_every_contact_cell() -> None:
    stated = stated_values(row(phone="bad", email="bad"), NONE, {"contacts": "0700 000 111"})
    assert (stated.values.get("phone"), stated.values.get("email"), stated.values["contact"]) == (None, None, "0700 000 111")


def test_a_new_point_replaces_both_numbers_in_one() -> None:
    stated = stated_values(row(coordinates="0,0"), NONE, {"latitude": -4.1, "longitude": 39.4})
    assert "coordinates" not in stated.values


def test_the_row_itself_is_never_changed() -> None:
    one = row(county="Kwalle")
    stated_values(one, KWALE, {"name": "x"})
    assert one.values == {"county": "Kwalle"}
