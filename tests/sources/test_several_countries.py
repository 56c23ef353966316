"""Lists of several countries: what lies outside Kenya is told, and neither placed in a county nor called by numbers of Kenya."""

import json
from pathlib import Path
from typing import Any

import pytest

from gvrc.model.record import Record
from gvrc.model.source import SourceFile, SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.sources.detect import detect
from gvrc.stages.extract import extract
from gvrc.stages.standardise import load_knowledge, standardise

KNOWLEDGE = load_knowledge(Corrections())
ABROAD, HOME = "GBV Command Centre", "FIDA Mombasa"


def written(folder: Path, content: Any) -> Path:
    """A file with a text, or with a document as JSON."""
    path = folder / "list"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def standardised(folder: Path, content: Any) -> tuple[dict[str, Record], dict[str, set[str]]]:
    """The records of a list by their names, and the codes of their issues."""
    path = written(folder, content)
    found = extract(SourceFile(name="list", sha256="", size_bytes=1, path=path), detect(path, "list"))
    made = standardise([row for row in found if isinstance(row, SourceRow)], KNOWLEDGE, {})
    issues = made.issues_by_key()
    named = {record.name or "": record for record in made.records}
    return named, {name: {issue.code for issue in issues.get(record.record_key, ())} for name, record in named.items()}


ONE, OTHER = {"name": ABROAD, "phone": "0800 428 428"}, {"name": HOME, "phone": "0700 000 002"}
LISTS = {
    "a column": [{**ONE, "country": "South Africa"}, {**OTHER, "country": "Kenya"}],
    "codes": [{**ONE, "address": {"country": "ZA"}}, {**OTHER, "address": {"country": "KE"}}],
    "dialling codes": [{**ONE, "country_code": "+27"}, {**OTHER, "country_code": "+254"}],
    "plain dialling codes": [{"name": ABROAD, "phone": "0800 428 428", "country code": "27 South Africa", "country": "South Africa"}, {**OTHER, "country code": "254", "country": "Kenya"}],
    "a region": [{**ONE, "region": "South Africa"}, {**OTHER, "region": "Kenya"}],
    "keys": {"South Africa": [ONE], "Kenya": [OTHER]},
    "keys of lists": {"south_africa": [ONE], "kenya": [OTHER]},
    "parents": {"countries": [{"country": "South Africa", "helplines": [ONE]}, {"country": "Kenya", "helplines": [OTHER]}]},
    "parents by name": {"regions": [{"name": "South Africa", "helplines": [ONE]}, {"name": "Kenya", "helplines": [OTHER]}]},
    "an address": [{**ONE, "address": "12 Jan Smuts Avenue, Johannesburg, South Africa"}, {**OTHER, "address": "Moi Avenue, Mombasa, Kenya"}],
    "a location": [{**ONE, "location": "Pretoria, South Africa"}, {**OTHER, "location": "Mombasa"}],
    "headings": "Organisation,Telephone\nSOUTH AFRICA,\nGBV Command Centre,0800 428 428\nKENYA,\nFIDA Mombasa,0700 000 002\n",
    "tags": "Organisation,Country,Phone\n#org+name,#country+name,#contact+phone\nGBV Command Centre,South Africa,0800 428 428\nFIDA Mombasa,Kenya,0700 000 002\n",
}


@pytest.mark.parametrize("content", LISTS.values(), ids=LISTS.keys())
def test_what_lies_in_another_country_is_told_and_not_read_as_kenyan(content: Any, tmp_path: Path) -> None:
    records, codes = standardised(tmp_path, content)
    assert records[ABROAD].place.county_code is None
    assert [contact.value for contact in records[ABROAD].contacts] == ["+27800428428"]
    assert codes[ABROAD] == {"row.abroad"}
    assert [contact.value for contact in records[HOME].contacts] == ["+254700000002"]
    assert not codes[HOME] & {"row.abroad", "row.country_doubtful"}


def test_a_short_code_of_another_country_is_not_the_line_it_is_here(tmp_path: Path) -> None:
    records, _ = standardised(tmp_path, [{"name": "Sauti 116", "country": "Uganda", "phone": "116", "email": "sauti@example.org"}, {"name": "Childline Kenya", "country": "Kenya", "phone": "116"}])
    assert [contact.value for contact in records["Sauti 116"].contacts] == ["sauti@example.org"]
    assert [contact.value for contact in records["Childline Kenya"].contacts] == ["116"]


def test_a_country_that_something_of_kenya_speaks_against_is_asked_about(tmp_path: Path) -> None:
    """A form may offer its countries by the alphabet; Busia is a district of Uganda too."""
    rows = [
        {"name": "Diani Police Station", "country": "Afghanistan", "county": "Kwale", "phone": "0700 000 001"}, {"name": "Amani Centre", "country": "Uganda", "county": "Busia", "phone": "0700 000 002"},
        {"name": "Haki Centre", "country": "Tanzania", "county": "", "phone": "+254 700 000 003"},
    ]
    records, codes = standardised(tmp_path, rows)
    assert set(map(frozenset, codes.values())) == {frozenset({"row.country_doubtful"})}
    assert not any(record.place.county_code for record in records.values())


def test_a_steward_says_the_country(tmp_path: Path) -> None:
    values = {"name": "Diani Police Station", "country": "Afghanistan", "county": "Kwale", "phone": "0700 000 001"}
    row = SourceRow(source="list", pointer="/0", number=1, data=values, context={}, values=values, record_key="list:1", content_hash="")
    for answer, county, codes in (("Kenya", "Kwale", set()), ("Uganda", None, {"row.abroad"})):
        made = standardise([row], KNOWLEDGE, {"list:1": {"country": answer}})
        assert made.records[0].place.county == county
        assert {issue.code for issue in made.issues_by_key().get("list:1", ())} & {"row.abroad", "row.country_doubtful"} == codes


@pytest.mark.parametrize("country", ["Kenya", "KE", "Kenya / Uganda", "Uganda, Kenya", "East Africa", "Regional", "Kenia", ""])
def test_what_serves_kenya_too_is_of_kenya(country: str, tmp_path: Path) -> None:
    records, codes = standardised(tmp_path, [{"name": HOME, "country": country, "county": "Mombasa", "phone": "0700 000 002"}])
    assert records[HOME].place.county == "Mombasa"
    assert not codes[HOME] & {"row.abroad", "row.country_doubtful"}


def test_counties_under_a_slip_of_the_heading_are_counties(tmp_path: Path) -> None:
    records, _ = standardised(tmp_path, "Name,Country,Phone\nTiwi Dispensary,Kwale,0700000001\nBomu Clinic,Mombasa,0700000002\n")
    assert {record.place.county for record in records.values()} == {"Kwale", "Mombasa"}


def test_a_road_and_a_border_tell_no_country(tmp_path: Path) -> None:
    rows = [{"name": "Haki Centre", "address": "Uganda Road, Eldoret", "phone": "0700 000 001"}, {"name": "Amani Centre", "location": "Malaba, Kenya and Uganda", "phone": "0700 000 002"}]
    _, codes = standardised(tmp_path, rows)
    assert not any(found & {"row.abroad", "row.country_doubtful"} for found in codes.values())


def test_an_estate_called_after_a_country_lies_in_its_county(tmp_path: Path) -> None:
    rows = "Name,County,Location\nJomvu Clinic,Mombasa,\"Birikani, Bangladesh\"\nMathare Clinic,Nairobi,Kosovo\nTororo Clinic,Busia,\"Tororo, Uganda\"\n"
    records, codes = standardised(tmp_path, rows)
    assert [records[f"{name} Clinic"].place.county_code is not None for name in ("Jomvu", "Mathare")] == [True, True]
    assert not codes["Jomvu Clinic"] & {"row.abroad", "row.country_doubtful"}
    assert "row.country_doubtful" in codes["Tororo Clinic"]
