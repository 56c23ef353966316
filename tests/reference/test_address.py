"""Places written as an address."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gvrc.model.place import Ward
from gvrc.reference.address import Address, read_address, town_in_address
from gvrc.reference.gazetteer import load_gazetteer

GAZETTEER = load_gazetteer()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Kondele, Kisumu Central, Kisumu County", Address(county="Kisumu County", constituency="Kisumu Central", ward="Kondele")),
        ("Kisumu, Kisumu Central, Kondele", Address(county="Kisumu", constituency="Kisumu Central", ward="Kondele")),
        ("Mvita, Mombasa", Address(county="Mombasa", constituency="Mvita")),
        ("Galbet; Dujis; Garissa; Kenya", Address(county="Garissa", constituency="Dujis", ward="Galbet")),
        ("Nakuru", Address(county="Nakuru")),
        ("12, Some Street, Ikeja, Lagos State", Address()),
        ("Nairobi, Mombasa & Kisumu", Address()),
        ("Nairobi, Mombasa", Address()),
        ("Samburu, Kwale", Address(county="Kwale")),
        ("Samburu County", Address(county="Samburu County")),
        ("Samburu", Address()),
        ("near the market, behind the mosque", Address()),
        ("Eastleigh, Nairobi", Address(county="Nairobi")),
        ("Township, Wajir", Address(county="Wajir", ward="Township")),
        ("", Address()),
        ("Migosi Ward, Kisumu Central Constituency", Address(constituency="Kisumu Central Constituency", ward="Migosi Ward")),
        ("Migosi Ward Kisumu Central Sub-County Kisumu County", Address(county="Kisumu County", constituency="Kisumu Central Sub-County", ward="Migosi Ward")),
        ("Migosi, Kisumu Central", Address(constituency="Kisumu Central", ward="Migosi")),
        ("Garissa - Ijara - Ijara", Address(county="Garissa", constituency="Ijara", ward="Ijara")),
        ("Kenya / Kwale County / Matuga Sub County / Tiwi Ward", Address(county="Kwale County", constituency="Matuga Sub County", ward="Tiwi Ward")),
        ("Kenya, Coast, Kwale, Matuga", Address(county="Kwale", constituency="Matuga")),
        ("Moi Avenue, Nakuru, Rift Valley", Address(county="Nakuru")),
        ("Kaksingiri West, Suba, Homa Bay", Address(county="Homa Bay", constituency="Suba", ward="Kaksingiri West")),
        ("Behind the market, Suba, Homa Bay", Address(county="Homa Bay", constituency="Suba")),
        ("Kitisuru Ward", Address(ward="Kitisuru Ward")),
        ("Kitisuru", Address()),
        ("Narok County Referral Hospital", Address()),
    ],
)
def test_the_parts_of_an_address_are_read_one_within_the_other(text: str, address: Address) -> None:
    assert read_address(GAZETTEER, text) == address


@given(st.sampled_from(GAZETTEER.wards))
@settings(max_examples=150, deadline=None)
def test_the_address_of_every_ward_names_its_county(ward: Ward) -> None:
    address = read_address(GAZETTEER, f"{ward.ward}, {ward.constituency}, {ward.county} County")
    assert address.county == f"{ward.county} County"
    if address.constituency and address.ward:
        seats = {match.unit_code for match in GAZETTEER.find_constituency(address.constituency, (ward.county_code,))}
        assert ward.constituency_code in seats or ward.ward == ward.constituency


@given(st.text(alphabet="abc ,;|>-\n", max_size=400))
@settings(deadline=None)
def test_any_text_is_read_without_harm(text: str) -> None:
    assert isinstance(read_address(GAZETTEER, text), Address)


def test_a_ward_that_is_called_one_counts_though_it_is_misspelt() -> None:
    read = read_address(load_gazetteer(), "Kenya, Wajir County, Wajir South Sub County, Habaswein Ward")
    assert (read.county, read.constituency, read.ward) == ("Wajir County", "Wajir South Sub County", "Habaswein Ward")


@pytest.mark.parametrize(("text", "town"), [
    ("P.O. Box 123, Kerugoya", "Kerugoya"), ("P.O. Box 4567-30100 Eldoret", "Eldoret"), ("P.O Box 92253 - 80102, Changamwe", "Changamwe"), ("Opposite Post Office, Ogembo town", "Ogembo"),
    ("S.L.P 12 Kitale, Kenya", "Kitale"), ("Eldoret Road, behind the market", ""), ("Kisumu House, Moi Avenue", ""), ("Box 12, Mbale", ""), ("Samburu", ""), ("12 Moi Avenue", ""), ("", ""),
    ("Plot 12, II", ""), ("P.O. Box 5, I", ""), ("Voi", "Voi"),
])  # fmt: skip
def test_the_town_at_the_end_of_an_address_is_known_where_it_is_one_only(text: str, town: str) -> None:
    assert town_in_address(GAZETTEER, text) == town


@pytest.mark.parametrize("text", ["Umoja, II", "Plot 5, I", "Township, III", "IV, Kayole"])
def test_a_numeral_in_an_address_is_no_number_of_a_county(text: str) -> None:
    assert read_address(GAZETTEER, text).county == ""
    assert GAZETTEER.find_county("II") == ()
    assert [match.county_code for match in GAZETTEER.find_county("2")] == ["KE002"]


@given(st.text(max_size=200))
@example("\x1b0I")
@example("Port 2 Reitz")
@example("Port0Reitz")
def test_no_town_is_made_up(text: str) -> None:
    assert town_in_address(GAZETTEER, text) in " ".join(text.split()) or not town_in_address(GAZETTEER, text)
