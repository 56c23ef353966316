"""The CSV reader: delimiter, header, stray quotation marks, uneven rows."""

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.sources.delimited import DELIMITERS, DelimitedRecords, DelimitedRows, field_names, find_header, sniff_delimiter
from gvrc.sources.field_names import is_field_name
from gvrc.sources.json_stream import FoundRecord
from gvrc.sources.looks import heading_level

cells = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r\x85\u2028"), max_size=8)


def written(rows: list[list[str]], delimiter: str = ",") -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue()


def read(content: str | bytes, delimiter: str = ",") -> tuple[list[FoundRecord], DelimitedRecords]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        reader = DelimitedRecords(path, delimiter, is_field_name, heading_level)
        return list(reader), reader


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=20), st.sampled_from(DELIMITERS))
def test_rows_are_read_as_the_csv_module_writes_them(rows: list[list[str]], delimiter: str) -> None:
    text = written(rows, delimiter)
    reader = DelimitedRows(io.StringIO(text, newline=""), delimiter)
    assert [row for row in reader if row != [""]] == rows
    assert not reader.trouble


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    for _, _, data, told, *_ in read(content)[0]:
        assert told
        assert all(data.values())


@given(st.lists(st.sampled_from(["a", '"', ",", "\n", "\r\n", '""', "b c"]), max_size=60))
def test_no_arrangement_of_quotation_marks_loses_text(parts: list[str]) -> None:
    text = "Name,County\n" + "".join(parts)
    found, reader = read(text)
    kept = "".join(value for item in found for value in item[2].values())
    if not reader.trouble.set_aside:
        assert sum(map(kept.count, "ab")) == sum(map("".join(parts).count, "ab"))


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_the_delimiter_is_the_one_that_divides_rows_evenly(delimiter: str) -> None:
    rows = [["Name", "County", "Notes"], ["A", "Kwale", "near the market, behind; the | school"], ["B", "Lamu", "x"]]
    assert sniff_delimiter(written(rows, delimiter).splitlines(keepends=True)) == delimiter


def test_running_text_has_no_delimiter() -> None:
    assert sniff_delimiter(["Dear all\n", "please find the list\n"]) is None


def test_titles_above_the_header_are_stepped_over() -> None:
    header = find_header([["LIST OF STATIONS", "", ""], ["", "", ""], ["S/NO", "STATION", "COUNTY"], ["1", "DIANI", "KWALE"]], is_field_name)
    assert (header.index, header.names) == (2, ("S/NO", "STATION", "COUNTY"))


def test_a_table_without_a_header_gets_columns_by_number() -> None:
    rows = [["A Dispensary", "Kwale", "0700 000 001"], ["B Dispensary", "Kwale", "0700 000 002"]]
    assert find_header(rows, is_field_name).names == ("column 1", "column 2", "column 3")


def test_field_names_are_all_different_and_never_empty() -> None:
    assert field_names(["Phone", "", "Phone", " Phone\n"]) == ("Phone", "column 2", "Phone (2)", "Phone (3)")


def test_a_heading_row_is_a_record_and_flows_down_to_the_rows_below_it() -> None:
    found, _ = read("S/NO,STATION,COUNTY\n1. KWALE,,\n1,DIANI,KWALE\n2. LAMU,,\n2,LAMU,LAMU\n")
    assert [context.get("section") for _, context, *_ in found] == ["1. KWALE", "1. KWALE", "2. LAMU", "2. LAMU"]


def test_cells_beyond_the_header_are_kept_and_missing_ones_left_out() -> None:
    found, reader = read("Name,County\nA,Kwale,more,\nB\nC,Lamu\n")
    assert [item[2] for item in found] == [{"Name": "A", "County": "Kwale", "column 3": "more"}, {"Name": "B"}, {"Name": "C", "County": "Lamu"}]
    assert not reader.trouble


def test_a_stray_quotation_mark_costs_no_row() -> None:
    found, reader = read('Name,County\n"A,Kwale\nB "the 2nd",Lamu\n' + "".join(f"C{number},Meru\n" for number in range(300)))
    assert [item[2]["Name"] for item in found][:3] == ['"A', 'B "the 2nd"', "C0"]
    assert len(found) == 302
    assert len(reader.trouble.notes) == 1


def test_line_breaks_inside_cells_are_kept() -> None:
    found, reader = read('Name,County\n"Hola\nSub County\nHospital",Tana River\n')
    assert found[0][2]["Name"] == "Hola\nSub County\nHospital"
    assert not reader.trouble


def test_a_column_that_identifies_persons_is_never_taken_in() -> None:
    found, _ = read("Name,County,ID Number\nA,Kwale,00000000\n")
    assert found[0][2] == {"Name": "A", "County": "Kwale"}


@pytest.mark.parametrize("tick", ["x", "X", "y", "no", "✓"])
@pytest.mark.parametrize("headings", ["Facility Name,County,PEP,ECP,STI,Counselling", "Facility,Place,Lab tests,Shelter beds,Night duty,Blood bank"])
def test_a_row_of_ticks_is_no_row_of_headings(tick: str, headings: str) -> None:
    """`x` and `no` are what longitudes and running numbers are called: the first place of a table of services became its headings."""
    rows = [headings.split(","), f"Tiwi Dispensary,Kwale,{tick},{tick},{tick},{tick}".split(","), f"Diani Clinic,Kwale,{tick},,{tick},".split(","), f"Ukunda Clinic,Kwale,,{tick},,{tick}".split(",")]
    assert find_header(rows, is_field_name).index == 0


def test_coordinates_called_x_and_y_are_headings() -> None:
    assert find_header([["List of stations", "", ""], ["Station", "X", "Y"], ["Diani", "39.57", "-4.29"]], is_field_name).index == 1
