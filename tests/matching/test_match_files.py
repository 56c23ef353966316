"""Files in, pairs out."""

import json
from pathlib import Path

import pytest

from gvrc.errors import SourceError
from gvrc.match_files import match_files
from gvrc.settings import Settings

POLICE = [{"name": f"{place} Police Station", "county": county} for place, county in (("Homa Bay", "Homa Bay"), ("Nyali", "Mombasa"), ("Thika", "Kiambu"), ("Juja", "Kiambu"))]
CSV = "STATION,COUNTY\nHomabay Police Statiin,HOMA BAY\nThika Police Stn,Kiambu\nMakongeni Police Station,Kiambu\n"


def test_lists_of_names_and_counties_find_each_other_in_other_shapes(tmp_path: Path) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.csv"
    one.write_text(json.dumps({"data": {"items": POLICE}}), encoding="utf-8")
    other.write_text(CSV, encoding="utf-8")
    for link in (False, True):
        found = {frozenset((pair.left.name, pair.right.name)) for pair in match_files(Settings(), [one, other], link=link)}
        assert found == {frozenset(("Homa Bay Police Station", "Homabay Police Statiin")), frozenset(("Thika Police Station",))}


def test_the_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.csv"
    one.write_text(json.dumps(POLICE), encoding="utf-8")
    other.write_text("12;13\n14;15\n", encoding="utf-8")
    with pytest.raises(SourceError) as told:
        match_files(Settings(), [one, other])
    assert str(told.value).startswith("other.csv: ")


def test_pairs_left_out_of_a_crowd_are_told(tmp_path: Path) -> None:
    crowd = tmp_path / "crowd.json"
    crowd.write_text(json.dumps([{"name": "Huruma Police Station", "county": "Nairobi", "ward": "Huruma"} for _ in range(60)]), encoding="utf-8")
    told: list[str] = []
    pairs = match_files(Settings(), [crowd], note=told.append)
    assert len(pairs) <= 60 * 20
    assert any("weaker pairs are left out" in text for text in told)
