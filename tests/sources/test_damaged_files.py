"""A folder of damaged files: each gets a clear message, none loses a whole record, none crashes."""

import gzip
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from gvrc.errors import DamagedFileError, GvrcError, UnknownFormatError
from gvrc.model.source import Damage, SourceFile, SourceRow
from gvrc.sources.detect import detect
from gvrc.stages.extract import extract


@dataclass(frozen=True)
class Case:
    """A damaged file: what it holds, and either that it is refused, or how many records it keeps and whether something is told."""

    content: bytes
    kept: int = 0
    refused: type[GvrcError] | None = None
    damage: bool = True


def facility(number: int, **more: object) -> dict[str, object]:
    return {"name": f"Majengo {number} Dispensary", "county": "Kwale", "phone": f"+254 700 000 {number:03}", **more}


FIVE = [facility(number) for number in range(5)]
TEXT = json.dumps({"facilities": FIVE})
PRETTY = json.dumps({"facilities": FIVE}, indent=2)
LINES = "\n".join(map(json.dumps, FIVE)) + "\n"
CSV = "Name,County,Phone\n" + "".join(f"Majengo {number} Dispensary,Kwale,+254 700 000 {number:03}\n" for number in range(5))
UNKNOWN, DAMAGED = UnknownFormatError, DamagedFileError


def refused(content: bytes | str, error: type[GvrcError] = UNKNOWN) -> Case:
    return Case(content if isinstance(content, bytes) else content.encode(), refused=error)


def damaged(content: bytes | str, kept: int) -> Case:
    return Case(content if isinstance(content, bytes) else content.encode(), kept=kept)


def whole(content: bytes | str, kept: int = 5) -> Case:
    return Case(content if isinstance(content, bytes) else content.encode(), kept=kept, damage=False)


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return buffer.getvalue()


def cut(text: str, behind: str, times: int = 1) -> str:
    """The text up to the end of the n-th time something stands in it."""
    place = -1
    for _ in range(times):
        place = text.index(behind, place + 1)
    return text[: place + len(behind)]


CASES: dict[str, Case] = {
    # nothing to read
    "empty": refused(b""),
    "blank": refused(b" \n\t \r\n"),
    "mark_only": refused(b"\xef\xbb\xbf"),
    "zero_bytes": refused(b"\x00" * 4096),
    "lone_text": refused(b'"Majengo"'),
    "lone_number": refused(b"42"),
    "lone_null": refused(b"null"),
    "empty_object": refused(b"{}"),
    # other kinds of file
    "zip": refused(zipped("list.json")),
    "excel": refused(zipped("[Content_Types].xml", "xl/workbook.xml")),
    "word": refused(zipped("[Content_Types].xml", "word/document.xml")),
    "gzip": refused(gzip.compress(TEXT.encode())),
    "pdf": refused(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"),
    "png": refused(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
    "jpeg": refused(b"\xff\xd8\xff\xe0\x00\x10JFIF"),
    "old_excel": refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600),
    "sqlite": refused(b"SQLite format 3\x00" + b"\x10\x00" * 50),
    "parquet": refused(b"PAR1\x15\x04\x15"),
    "web_page": refused("<!DOCTYPE html><html><body>Sign in</body></html>"),
    "web_page_bare": refused("\n  <html lang=en><head></head></html>"),
    "xml": refused('<?xml version="1.0"?><facilities><facility name="A"/></facilities>'),
    "rich_text": refused("{\\rtf1\\ansi list}"),
    "random_bytes": refused(bytes(range(256)) * 20),
    "prose": refused("Dear colleagues.\nPlease find the list attached\nRegards"),
    "array_of_numbers": refused("[1, 2, 3]"),
    "array_of_texts": refused('["Majengo Dispensary", "Hola Dispensary"]'),
    "array_of_rows": refused('[["name", "county"], ["A", "Kwale"]]'),
    # JSON that is none
    "python": refused("[{'name': 'A', 'county': None}]", DAMAGED),
    "javascript": refused("var list = [{name: 'A'}];"),
    "unquoted_keys": refused("[{name: 'A'}]", DAMAGED),
    "nesting_bomb": refused("[" * 100_000, DAMAGED),
    "nesting_bomb_objects": refused('{"a":' * 50_000, DAMAGED),
    "cut_in_first_record": refused(TEXT[:25], DAMAGED),
    # cut short
    "cut_in_record_4": damaged(cut(TEXT, '"name"', 4), 3),
    "cut_in_a_key": damaged(cut(TEXT, '"na', 4), 3),
    "cut_in_a_text": damaged(cut(TEXT, "Majengo 3", 1), 3),
    "cut_between_records": damaged(cut(TEXT, "},", 3), 3),
    "cut_behind_a_record": damaged(cut(TEXT, "}", 3), 3),
    "cut_before_the_end": damaged(TEXT[:-1], 5),
    "cut_before_the_list_ends": damaged(TEXT[:-2], 5),
    "pretty_cut": damaged(cut(PRETTY, '"county"', 4), 3),
    "cut_utf16": damaged(cut(TEXT, '"name"', 4).encode("utf-16"), 3),
    "cut_inside_a_character": damaged(json.dumps([facility(1), facility(2, town="é")], ensure_ascii=False).encode()[:-4], 1),
    "lines_cut": damaged(LINES[:-20], 4),
    "csv_cut_in_a_row": damaged(CSV[: CSV.rindex(",")], 4),
    "csv_cut_in_quotes": damaged(CSV + 'Hola,Kwale,"+254 700', 5),
    # broken in the middle
    "missing_comma_in_record": damaged(TEXT.replace(', "county"', ' "county"', 3).replace(' "county"', ', "county"', 2), 4),
    "trailing_comma_in_record": damaged(TEXT.replace('002"}', '002",}'), 4),
    "comment_in_record": damaged(TEXT.replace('{"name": "Majengo 2', '{/* new */ "name": "Majengo 2'), 4),
    "single_quotes_in_record": damaged(TEXT.replace('"Majengo 2 Dispensary"', "'Majengo 2 Dispensary'"), 4),
    "colon_missing": damaged(TEXT.replace('"name": "Majengo 2', '"name" "Majengo 2'), 4),
    "quote_missing": damaged(TEXT.replace('Majengo 2 Dispensary",', "Majengo 2 Dispensary,"), 2),
    "bracket_missing": damaged(TEXT.replace('002"}', '002"'), 2),
    "wrong_bracket": damaged(TEXT.replace('002"}', '002"]'), 4),
    "numbers_among_records": damaged(json.dumps([*FIVE[:2], 7, None, "x", *FIVE[2:]]), 5),
    "list_among_records": damaged(json.dumps([*FIVE, ["a"]]), 5),
    "deep_record": damaged(TEXT.replace('"Majengo 2 Dispensary"', '"x", "deep": ' + "[" * 400 + "]" * 400), 4),
    "very_deep_record": damaged(TEXT.replace('"Majengo 2 Dispensary"', '"x", "deep": ' + "[" * 9000 + "]" * 9000), 4),
    "two_documents": damaged(TEXT + TEXT, 5),
    "two_lists": damaged(json.dumps(FIVE) + "\n" + json.dumps(FIVE), 5),
    "words_behind": damaged(TEXT + " -- end of export", 5),
    "zeros_behind": damaged(TEXT.encode() + b"\x00" * 100, 5),
    "line_damaged": damaged(LINES.replace('{"name": "Majengo 2', '{"name" "Majengo 2'), 4),
    "line_of_words": damaged(LINES.replace('{"name": "Majengo 2', 'error {"name": "Majengo 2'), 4),
    "first_line_damaged": damaged('{"name": \n' + LINES, 5),
    "csv_stray_quote": damaged(CSV.replace("Majengo 2", '"Majengo 2'), 5),
    "csv_stray_quotes": damaged(CSV.replace("Majengo", '"Majengo'), 5),
    # odd, and yet nothing is lost
    "utf8_mark": whole("\ufeff" + TEXT),
    "utf16": whole(TEXT.encode("utf-16")),
    "utf16_unmarked": whole(TEXT.encode("utf-16-le")),
    "utf16_big": whole(b"\xfe\xff" + TEXT.encode("utf-16-be")),
    "utf32": whole(TEXT.encode("utf-32")),
    "csv_utf16": whole(CSV.encode("utf-16")),
    "windows_1252": whole(TEXT.replace("Majengo", "Café").encode("cp1252")),
    "csv_windows_1252": whole(CSV.replace("Majengo", "Café").encode("cp1252")),
    "mojibake": whole(TEXT.replace("Kwale", "Murangâ€™a")),
    "lone_surrogate": whole(TEXT.replace("Majengo", "\\ud800 Majengo")),
    "zero_character": whole(TEXT.replace("Majengo", "Maj\\u0000engo")),
    "raw_control_characters": whole(TEXT.replace("Majengo", "Maj\tengo\n")),
    "not_a_number": whole(TEXT.replace('"Kwale"', '"Kwale", "beds": NaN')),
    "infinity": whole(TEXT.replace('"Kwale"', '"Kwale", "beds": -Infinity, "cots": 1e999')),
    "numbers_as_text": whole(TEXT.replace('"Kwale"', '"Kwale", "lat": "-4.12", "beds": "12"')),
    "long_number": whole(TEXT.replace('"Kwale"', f'"Kwale", "code": {"7" * 5000}')),
    "key_twice": whole(TEXT.replace('"county"', '"county": "", "county"')),
    "list_twice": whole(json.dumps({"facilities": FIVE})[:-1] + ', "facilities": ' + json.dumps(FIVE[:2]) + "}", 7),
    "comma_behind_the_last": whole(TEXT.replace("}]", "},]")),
    "commas_twice": whole(TEXT.replace("}, {", "},, {")),
    "no_commas_between": whole(TEXT.replace("}, {", "} {")),
    "long_text": whole(TEXT.replace("Majengo 2", "Majengo " + "x" * 10_000_000)),
    "empty_list": whole('{"organizations": []}', 0),
    "csv_header_only": whole("Name,County,Phone\n", 0),
    "csv_uneven": whole(CSV + "Hola,Tana River\nBura,Garissa,+254 700 000 009,extra,more\n", 7),
    "csv_blank_rows": whole(CSV.replace("\n", "\n\n,,\n")),
    "csv_semicolon": whole(CSV.replace(",", ";")),
    "csv_mac_ends": whole(CSV.replace("\n", "\r")),
    "csv_line_breaks_in_cells": whole(CSV + '"Hola\nSub County\nHospital",Tana River,+254 700 000 008\n', 6),
    "csv_header_again": whole(CSV + "Name,County,Phone\n"),
    "csv_zeros": whole(CSV.replace("Kwale", "Kwa\x00le")),
}  # fmt: skip


def read(path: Path) -> tuple[list[SourceRow], list[Damage]]:
    detection = detect(path, path.name)
    file = SourceFile(name=path.name, sha256="", size_bytes=path.stat().st_size, path=path, kind=detection.kind)
    found = list(extract(file, detection))
    return [item for item in found if isinstance(item, SourceRow)], [item for item in found if isinstance(item, Damage)]


@pytest.mark.parametrize("name", CASES)
def test_a_damaged_file_gets_a_clear_message_and_loses_no_whole_record(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    path = tmp_path / f"{name}.json"
    path.write_bytes(case.content)
    if case.refused:
        with pytest.raises(case.refused) as told:
            detect(path, path.name)
        assert len(told.value.detail) > 15
        assert told.value.hint
        return
    rows, damage = read(path)
    assert len(rows) == case.kept
    assert len(damage) == case.damage
    for item in damage:
        assert item.records_kept == case.kept
        assert item.hint
    assert len({row.pointer for row in rows}) == len({row.record_key for row in rows}) == len(rows)
    json.dumps([(row.data, row.values) for row in rows], ensure_ascii=False, allow_nan=False).encode()
    assert "\\u0000" not in json.dumps([row.data for row in rows])


def test_there_are_at_least_sixty_damaged_files() -> None:
    assert sum(1 for case in CASES.values() if case.refused or case.damage) >= 60
