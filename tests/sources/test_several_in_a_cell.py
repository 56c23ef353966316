"""Cells and texts that name several organisations, each with its own number."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.sources.detect import detect
from gvrc.sources.wide import several_in
from tests.sources.test_several_countries import standardised, written

TWO = {"FIDA": ["+254700000001"], "COVAW": ["+254800720553"]}
CELLS = (
    "FIDA 0700 000 001 / COVAW 0800 720 553", "FIDA: 0700000001 · COVAW: 0800720553", "FIDA - 0700 000 001; COVAW - 0800 720 553", "FIDA (0700 000 001), COVAW (0800 720 553)", "FIDA 0700000001 and COVAW 0800720553",
    "FIDA 0700 000 001\nCOVAW 0800 720 553",
)  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("column", ["organization", "support", "Organizations and contacts"])
def test_each_organisation_of_a_cell_has_its_own_number(cell: str, column: str, tmp_path: Path) -> None:
    records, _ = standardised(tmp_path, [{"county": "Nairobi", column: cell}, {"county": "Kwale", column: "Kwale Women Rights 0700 000 003"}])
    assert {name: [contact.value for contact in records[name].contacts] for name in TWO} == TWO
    assert (records["FIDA"].place.county, records["Kwale Women Rights"].place.county) == ("Nairobi", "Kwale")


def test_short_codes_in_a_cell_are_each_of_their_own_line(tmp_path: Path) -> None:
    records, _ = standardised(tmp_path, [{"county": "Nairobi", "hotlines": "Healthcare Assistance Kenya: 1195 · Childline Kenya: 116"}])
    assert {name: [contact.value for contact in record.contacts] for name, record in records.items()} == {"Healthcare Assistance Kenya": ["1195"], "Childline Kenya": ["116"]}


@pytest.mark.parametrize("cell", [
    "Tiwi Dispensary Tel 0700 000 001 / Mobile 0700 000 002", "Tiwi Dispensary 0700 000 001 / 0700 000 002", "Tiwi Dispensary: 0700 000 001; Toll free: 0800 720 553", "Haki & Amani Centre 0700 000 001",
    "Tiwi Dispensary 0700 000 001, Office line 0700 000 002", "Diani Police Station 0700 000 001 / OCS 0700 000 002", "Tiwi, Kwale 0700 000 001",
])  # fmt: skip
def test_numbers_of_one_place_stay_with_it(cell: str, tmp_path: Path) -> None:
    records, _ = standardised(tmp_path, [{"organization": cell, "county": "Kwale"}, {"organization": "Kwale Women Rights 0700 000 003", "county": "Kwale"}])
    assert len(records) == 2


def test_a_row_that_tells_a_number_elsewhere_stays_whole(tmp_path: Path) -> None:
    """Nobody knows whose it is."""
    records, _ = standardised(tmp_path, [{"organization": CELLS[0], "phone": "0700 000 009", "county": "Kwale"}, {"organization": CELLS[1], "county": "Kwale"}])
    assert len(records) == 3


def test_persons_among_contacts_are_no_places(tmp_path: Path) -> None:
    path = written(tmp_path, [{"county": "Kwale", "contacts": "Juma Mfano 0700 000 001 / Asha Mfano 0700 000 002"}, {"county": "Lamu", "contacts": "Ali Mfano 0700 000 003 / Mary Mfano 0700 000 004"}])
    assert "name" not in detect(path, "list").mapping.fields.values()


def test_a_text_beside_the_records_that_names_lines_to_call_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, {"hotlines": "Healthcare Assistance Kenya: 1195 · Childline Kenya: 116", "stations": [{"name": "Tiwi Police Station", "phone": "0700000001"}, {"name": "Diani Police Station", "phone": "0700000002"}]})
    assert any("/hotlines (2)" in reason for reason in detect(path, "list").reasons)


@given(st.text(max_size=80) | st.none() | st.lists(st.integers()))
def test_whatever_stands_in_a_cell_is_parted_without_loss(cell: Any) -> None:
    parts = several_in(cell)
    assert parts == [cell] or (len(parts) > 1 and all(part in cell for part in parts))
