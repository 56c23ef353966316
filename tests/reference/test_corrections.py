from pathlib import Path

import pytest

from gvrc.errors import ReferenceDataError
from gvrc.reference.corrections import Correction, Corrections, read_corrections


def test_a_correction_replaces_its_bad_value_whatever_the_case() -> None:
    corrections = Corrections([Correction(field_name="county", bad_value="Kwalle", right_value="Kwale")])
    assert corrections.corrected("any", {"county": " KWALLE ", "ward": "Kwalle"}) == {"county": "Kwale"}


def test_the_correction_of_a_source_wins_over_the_general_one() -> None:
    corrections = Corrections(
        [
            Correction(field_name="ward", bad_value="Town", right_value="Township"),
            Correction(field_name="ward", bad_value="Town", right_value="Narok Town", source="narok"),
        ]
    )
    assert corrections.corrected("narok", {"ward": "Town"}) == {"ward": "Narok Town"}
    assert corrections.corrected("other", {"ward": "Town"}) == {"ward": "Township"}


def test_lists_and_objects_are_left_alone() -> None:
    corrections = Corrections([Correction(field_name="services", bad_value="x", right_value="y")])
    assert corrections.corrected("any", {"services": ["x"]}) == {}


def test_corrections_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "corrections.csv"
    path.write_text("source,field_name,bad_value,right_value\n,county,Kwalle,Kwale\n", encoding="utf-8")
    assert read_corrections(path) == (Correction(field_name="county", bad_value="Kwalle", right_value="Kwale"),)


def test_a_file_without_the_columns_is_a_broken_world(tmp_path: Path) -> None:
    path = tmp_path / "corrections.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError):
        read_corrections(path)
