"""Tables whose columns stand below each other by spaces alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.errors import UnknownFormatError
from gvrc.model.source import SourceFile, SourceRow
from gvrc.sources.detect import detect
from gvrc.sources.field_names import is_field_name
from gvrc.sources.fixed_width import cells_of, columns_of, dialect_of, find_columns
from gvrc.stages.extract import extract

HEAD = ("Facility Name", "County", "Phone")
ROWS = (
    ("Tiwi Rural Health Centre", "Kwale", "0700 000 001"),
    ("Kondele Police Station", "Kisumu", ""),
    ("Lamu County Hospital", "Lamu", "0700 000 003"),
)


def text_of(rows: Sequence[Sequence[str]], gap: int, right: Sequence[bool] = (False, False, False), fill: str = "") -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows = [[fill * width for width in widths]] if fill else rows
    return [(" " * gap).join(cell.rjust(width) if is_right else cell.ljust(width) for cell, width, is_right in zip(row, widths, right, strict=True)) for row in rows]


@pytest.mark.parametrize("gap", [1, 2, 5])
@pytest.mark.parametrize("above", [(), ("LIST OF FACILITIES 2024", "")])
@pytest.mark.parametrize("rule", [False, True])
def test_every_row_of_a_table_in_columns_is_read(gap: int, above: tuple[str, ...], rule: bool, tmp_path: Path) -> None:
    lines = text_of((HEAD, *ROWS), gap)
    path = tmp_path / "list.txt"
    path.write_text("\n".join([*above, lines[0], *(text_of((HEAD, *ROWS), gap, fill="-")[-1:] if rule else []), *lines[1:]]))
    rows = [row for row in extract(SourceFile(name="list", sha256="", size_bytes=1, path=path), detect(path, path.name)) if isinstance(row, SourceRow)]
    told = [tuple(row.values.get(field) or "" for field in ("name", "county", "phone")) for row in rows]
    assert [row for row in told if row[1]] == list(ROWS)


def test_prose_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear colleagues\n\nthe county and the phone of each facility name\nfollow in another letter\nwith kind regards\n")
    with pytest.raises(UnknownFormatError):
        detect(path, path.name)


CELLS = st.from_regex(r"[A-Za-z0-9'/.]{1,12}( [A-Za-z0-9'/.]{1,12}){0,2}", fullmatch=True)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=2, max_size=12), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_what_stands_in_columns_comes_back(rows: list[tuple[str, str, str]], right: tuple[bool, bool, bool]) -> None:
    lines = text_of([HEAD, *rows], 2, right)
    starts = find_columns(lines, is_field_name)
    assert [tuple(cells_of(line, starts)) for line in lines] == [HEAD, *rows]
    assert columns_of(dialect_of(starts)) == starts


@given(st.lists(st.text(max_size=60), max_size=20))
def test_any_lines_are_looked_at_without_harm(lines: list[str]) -> None:
    starts = find_columns(lines, is_field_name)
    assert list(starts) == sorted(set(starts))
