"""A folder of damaged files: each gets a clear message, none loses a whole record, none crashes."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from gvrc.errors import DamagedFileError, GvrcError, UnknownFormatError
from gvrc.model.source import Damage, SourceFile, SourceRow
from gvrc.sources.detect import detect
from gvrc.stages.extract import extract


@dataclass(frozen=True)
class Case:
    """A damaged file: what it holds, what is told of it (nothing when it is odd but whole), and the numbers of the records that are kept.

    `refused`: it is no list, or breaks off before its first whole record.
    """

    content: bytes
    told: str = ""
    kept: str = ""
    refused: type[GvrcError] | None = None

    @property
    def names(self) -> list[str]:
        """The names of the records that are kept, in their order."""
        return [f"Majengo {number} Dispensary" for number in self.kept]


def facility(number: int, **more: object) -> dict[str, object]:
    return {"name": f"Majengo {number} Dispensary", "county": "Kwale", "phone": f"+254 700 000 {number:03}", **more}


FIVE = [facility(number) for number in range(5)]
TEXT = json.dumps({"facilities": FIVE})
PRETTY = json.dumps({"facilities": FIVE}, indent=2)
LINES = "\n".join(map(json.dumps, FIVE)) + "\n"
CSV = "Name,County,Phone\n" + "".join(f"Majengo {number} Dispensary,Kwale,+254 700 000 {number:03}\n" for number in range(5))
UNKNOWN, DAMAGED = UnknownFormatError, DamagedFileError
MIDDLE = '"Majengo 2 Dispensary"'
PHONE = '"+254 700 000 002"'


def as_bytes(content: bytes | str) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def refused(content: bytes | str, told: str, error: type[GvrcError] = UNKNOWN) -> Case:
    return Case(as_bytes(content), told, refused=error)


def broken(content: bytes | str, told: str) -> Case:
    return refused(content, told, DAMAGED)


def damaged(content: bytes | str, told: str, kept: str = "0134") -> Case:
    return Case(as_bytes(content), told, kept)


def whole(content: bytes | str, kept: str = "01234") -> Case:
    return Case(as_bytes(content), kept=kept)


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("list.json")
        entry.size = len(TEXT)
        archive.addfile(entry, io.BytesIO(TEXT.encode()))
    return buffer.getvalue()


def cut(text: str, behind: str, times: int = 1) -> str:
    """The text up to the end of the n-th time something stands in it."""
    place = -1
    for _ in range(times):
        place = text.index(behind, place + 1)
    return text[: place + len(behind)]


THREE = cut(TEXT, "},", 3)
"""Three whole records, and what follows is lost."""
REST = TEXT[len(THREE) :]

CASES: dict[str, Case] = {
    # nothing to read
    "empty": refused(b"", "The file is empty"),
    "blank": refused(b" \n\t \r\n", "nothing but blank space"),
    "mark_only": refused(b"\xef\xbb\xbf", "nothing but a mark of its encoding"),
    "zero_bytes": refused(b"\x00" * 4096, "nothing but zero bytes"),
    "lone_value": refused(b"42", "a single value"),
    "empty_object": refused(b"{}", "No list of records was found"),
    "answer_of_a_server": refused('{"error": "unauthorized", "code": 401}', "an error message of a server"),
    # other kinds of file
    "zip": refused(zipped("list.json"), "a zip archive"),
    "excel": refused(zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook"),
    "word": refused(zipped("[Content_Types].xml", "word/document.xml"), "a Word document"),
    "gzip": refused(gzip.compress(TEXT.encode()), "a gzip archive"),
    "bzip2": refused(bz2.compress(TEXT.encode()), "a bzip2 archive"),
    "xz": refused(lzma.compress(TEXT.encode()), "an xz archive"),
    "tar": refused(tarred(), "a tar archive"),
    "pdf": refused(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "a PDF document"),
    "png": refused(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a picture (PNG)"),
    "jpeg": refused(b"\xff\xd8\xff\xe0\x00\x10JFIF", "a picture (JPEG)"),
    "old_excel": refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "an old Microsoft Office file"),
    "locked_excel": refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 600, "locked with a password"),
    "access": refused(b"\x00\x01\x00\x00Standard Jet DB\x00" + bytes(200), "a Microsoft Access database"),
    "sqlite": refused(b"SQLite format 3\x00" + b"\x10\x00" * 50, "an SQLite database"),
    "parquet": refused(b"PAR1\x15\x04\x15", "a Parquet file"),
    "shapefile": refused(b"\x00\x00\x27\x0a" + bytes(100), "a shapefile"),
    "web_page": refused("\n <!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
    "xml": refused('<?xml version="1.0"?><facilities><facility name="A"/></facilities>', "is XML"),
    "kml": refused('<?xml version="1.0"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>', "a KML map"),
    "rich_text": refused("{\\rtf1\\ansi list}", "a rich text document"),
    "sql": refused("-- dump\nINSERT INTO facilities (name, county) VALUES ('A','Kwale'),('B','Kwale');", "a dump of an SQL database"),
    "yaml": refused("facilities:\n  - name: A Dispensary\n    county: Kwale\n", "is YAML"),
    "vcard": refused("BEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD\n", "an address book"),
    "email": refused("From: a@example.org\nTo: b@example.org\nSubject: list\n\nSee attached\n", "an e-mail message"),
    "git_pointer": refused("version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 12\n", "stored elsewhere"),
    "base64": refused(b64encode(TEXT.encode()), "packed as base64"),
    "for_a_web_address": refused(quote(TEXT), "written for a web address"),
    "random_bytes": refused(bytes(range(256)) * 20, "is not text"),
    "prose": refused("Dear colleagues.\nPlease find the list attached\nRegards", "is text, but no table"),
    "array_of_texts": refused('["blue", "green"]', "a list of single values"),
    "array_of_rows_without_names": refused('[["1", "2"], ["3", "4"]]', "rows of cells without field names"),
    # JSON that is none
    "python": broken("[{'name': 'A', 'county': None}]", "text stands in single quotes"),
    "unquoted_keys": broken("var list = [{name: 'A'}]", "a field name in double quotes is missing"),
    "slanted_quotes": broken(TEXT.replace('"', "\u201d"), "slanted quotation marks"),
    "escaped_quotes": broken(TEXT.replace('"', '\\"'), "stand behind backslashes"),
    "doubled_quotes": broken(TEXT.replace('"', '""'), "quotation marks are doubled"),
    "quotes_of_a_web_page": broken(TEXT.replace('"', "&quot;"), "written as &quot;"),
    "nesting_bomb": broken("[" * 100_000, "brackets are nested too deeply"),
    "nesting_bomb_objects": broken('{"a":' * 50_000, "brackets are nested too deeply"),
    "cut_in_first_record": broken(TEXT[:35], "breaks off before its first whole record: near line 1, the file ends in the middle"),
    # cut short
    "cut_in_record_4": damaged(cut(TEXT, '"name"', 4), "in record 4 (/facilities/3), the file ends in the middle of it, behind a field name", "012"),
    "cut_in_a_key": damaged(cut(TEXT, '"na', 4), "the file ends in the middle of a field name", "012"),
    "cut_in_a_text": damaged(cut(TEXT, "Majengo 3"), "the file ends in the middle of a text", "012"),
    "cut_before_a_value": damaged(cut(TEXT, '"name":', 4), "where a value should follow", "012"),
    "cut_behind_a_value": damaged(cut(TEXT, '"Majengo 3 Dispensary"'), "the file ends in the middle of it, behind a value", "012"),
    "cut_behind_a_record": damaged(cut(TEXT, "}", 3), "the file ends before the list is closed. 3 whole records", "012"),
    "cut_before_the_end": damaged(TEXT[:-1], "a field name was expected, but the file ends there", "01234"),
    "cut_before_the_list_ends": damaged(TEXT[:-2], "the file ends before the list is closed. 5 whole records", "01234"),
    "pretty_cut": damaged(cut(PRETTY, '"county"', 4), "breaks off near line 20", "012"),
    "cut_utf16": damaged(cut(TEXT, '"name"', 4).encode("utf-16"), "in record 4 (/facilities/3), the file ends", "012"),
    "half_a_character": damaged(TEXT.encode("utf-16")[:-1], "half a character stands there", "01234"),
    "lines_cut": damaged(LINES[:-20], "Line 5 could not be read: the file ends in the middle", "0123"),
    "csv_cut_in_a_row": damaged(CSV[: CSV.rindex(",")], "breaks off in row 5, its last", "0123"),
    "csv_cut_in_quotes": damaged(CSV + 'Hola,Kwale,"+254 700', "Line 7 has a quotation mark without its partner", "01234"),
    "zero_bytes_for_the_rest": damaged(THREE + "\x00" * 900, "zero bytes stand there, as where a copy was interrupted", "012"),
    "another_encoding_for_the_rest": damaged(THREE.encode() + REST.encode("utf-16-le"), "in record 4 (/facilities/3), zero bytes stand there", "012"),
    "an_error_of_the_server_for_the_rest": damaged(THREE + "\n<html><title>504 Gateway Time-out</title></html>", "in record 4 (/facilities/3), a piece of a web page", "012"),
    "lines_end_in_an_error_of_the_server": damaged(LINES + "<html>504</html>\n", "Line 6 could not be read: a piece of a web page", "01234"),
    "csv_ends_in_an_error_of_the_server": damaged(CSV + "<html><body>Time-out</body></html>\n", "stands in the place of row 6", "01234"),
    # broken in the middle
    "missing_comma_in_record": damaged(TEXT.replace(f'{MIDDLE}, "county"', f'{MIDDLE} "county"'), "a comma or a closing bracket is missing"),
    "trailing_comma_in_record": damaged(TEXT.replace('002"}', '002",}'), "commas stand before closing brackets; they were passed over", "01234"),
    "comment_in_record": damaged(TEXT.replace('{"name": "Majengo 2', '{/* new */ "name": "Majengo 2'), "a comment stands there"),
    "single_quotes_in_record": damaged(TEXT.replace(MIDDLE, "'Majengo 2 Dispensary'"), "in record 3 (/facilities/2), text stands in single quotes"),
    "colon_missing": damaged(TEXT.replace('"name": "Majengo 2', '"name" "Majengo 2'), "a colon is missing after a field name"),
    "equals_for_a_colon": damaged(TEXT.replace('"name": "Majengo 2', '"name" = "Majengo 2'), "an equals sign stands there"),
    "value_missing": damaged(TEXT.replace(PHONE, ""), "a value is missing"),
    "none_of_python": damaged(TEXT.replace(PHONE, "None"), "written as Python"),
    "undefined_of_javascript": damaged(TEXT.replace(PHONE, "undefined"), "written as JavaScript"),
    "phone_without_quotes": damaged(TEXT.replace(PHONE, "0700000002"), "a number begins with a zero"),
    "phone_with_a_plus_without_quotes": damaged(TEXT.replace(PHONE, "+254700000002"), "a number begins with a plus"),
    "quotes_inside_a_text": damaged(TEXT.replace("Majengo 2 Dispensary", 'St "Mary" Dispensary'), "a quotation mark stands inside a text"),
    "backslash": damaged(TEXT.replace("Majengo 2", "Maj\\xengo 2"), "a backslash stands before a sign"),
    "half_an_escape": damaged(TEXT.replace("Majengo 2", "Maj\\u12zzengo 2"), "without its four digits"),
    "quote_missing": damaged(TEXT.replace('Majengo 2 Dispensary",', "Majengo 2 Dispensary,"), "or one is missing; reading goes on near line 1"),
    "bracket_missing": damaged(TEXT.replace('002"}', '002"'), "a comma stands before a closing bracket; reading goes on near line 1"),
    "wrong_bracket": damaged(TEXT.replace('002"}', '002"]'), "the wrong closing bracket stands there"),
    "zero_bytes_in_the_middle": damaged(TEXT.replace(MIDDLE, '"Maj' + "\x00" * 600), "in record 3 (/facilities/2), a quotation mark stands inside"),
    "other_bytes_between": damaged(THREE.encode() + bytes(range(128, 255)) + REST.encode(), "before record 4, a value is missing", "01234"),
    "two_versions_in_conflict": damaged(THREE + "\n<<<<<<< HEAD\n" + REST, "the mark of a conflict between two versions", "01234"),
    "semicolons_between": damaged(TEXT.replace("}, {", "}; {"), "before record 2, a value is missing", "01234"),
    "shortened_with_dots": damaged(TEXT.replace("}]", "}, ...]"), "dots stand there", "01234"),
    "numbers_among_records": damaged(json.dumps([*FIVE[:2], 7, None, "x", *FIVE[2:]]), "/2 is a number, not a record. /3 is empty", "01234"),
    "list_among_records": damaged(json.dumps([*FIVE, ["a"]]), "/5 is a list, not a record", "01234"),
    "deep_record": damaged(TEXT.replace(MIDDLE, '"x", "deep": ' + "[" * 400 + "]" * 400), "/facilities/2 is nested too deeply"),
    "very_deep_record": damaged(TEXT.replace(MIDDLE, '"x", "deep": ' + "[" * 9000 + "]" * 9000), "in record 3 (/facilities/2), brackets are nested too deeply"),
    "two_documents": damaged(TEXT + TEXT, "from near line 1 on, 1 more document with 5 records of this kind were read", "0123401234"),
    "two_lists": damaged(json.dumps(FIVE) + "\n" + json.dumps(FIVE[:1]), "1 more document with 1 record of this kind were read", "012340"),
    "another_document_behind": damaged(TEXT + '{"log": [1, 2]}', "1 more document with 0 records of this kind were read", "01234"),
    "lines_of_pages": damaged("".join(json.dumps({"count": 5, "results": FIVE[first : first + 2]}) + "\n" for first in (0, 2, 4)), "2 more documents with 3 records of this kind", "01234"),
    "words_behind": damaged(TEXT + " -- end of export", "Something else follows after the end of the list", "01234"),
    "zeros_behind": damaged(TEXT.encode() + b"\x00" * 100, "Zero bytes follow after the end of the list", "01234"),
    "web_page_behind": damaged(TEXT + "<script>track()</script>", "A piece of a web page follows", "01234"),
    "warning_before": damaged("<br />\n<b>Warning</b>: out of memory in x.php on line 3<br />\n" + TEXT, "Words stand before the list", "01234"),
    "list_in_a_call": damaged(f"callback({TEXT});", "Words stand before the list; they were passed over", "01234"),
    "opening_bracket_missing": damaged(TEXT[len('{"facilities": [') : -1], "Line 1 could not be read: a value is missing", "01234"),
    "line_damaged": damaged(LINES.replace('{"name": "Majengo 2', '{"name" "Majengo 2'), "Line 3 could not be read: a colon is missing"),
    "line_of_words": damaged(LINES.replace('{"name": "Majengo 2', 'error {"name": "Majengo 2'), "Line 3 could not be read: a value is missing"),
    "line_of_one_number": damaged(LINES.replace('{"name": "Majengo 1', '7\n{"name": "Majengo 1'), "Line 2 holds no record", "01234"),
    "first_line_damaged": damaged('{"name": \n' + LINES, "Line 1 could not be read: a comma or a closing bracket is missing", "01234"),
    # odd, and yet nothing is lost
    "mark_utf8": whole("\ufeff" + TEXT),
    "mark_twice": whole("\ufeff\ufeff" + TEXT),
    "mark_between": whole(TEXT.replace("}, {", "},\ufeff{")),
    "mark_of_another_encoding": whole(b"\xff\xfe" + TEXT.encode()),
    "utf16": whole(TEXT.encode("utf-16")),
    "utf16_unmarked": whole(TEXT.encode("utf-16-le")),
    "utf16_big": whole(b"\xfe\xff" + TEXT.encode("utf-16-be")),
    "utf32": whole(TEXT.encode("utf-32")),
    "csv_utf16": whole(CSV.encode("utf-16")),
    "windows_1252": whole(TEXT.replace("Kwale", "Café").encode("cp1252")),
    "csv_windows_1252": whole(CSV.replace("Kwale", "Café").encode("cp1252")),
    "two_encodings": whole(THREE.replace("Kwale", "Café").encode() + REST.replace("Kwale", "Café").encode("cp1252")),
    "mojibake": whole(TEXT.replace("Kwale", "Murangâ€™a")),
    "lone_surrogate": whole(TEXT.replace("Kwale", "\\ud800 Kwale")),
    "zero_character": whole(TEXT.replace("Kwale", "Kwa\\u0000le")),
    "raw_control_characters": whole(TEXT.replace("Kwale", "Kwa\tle\n")),
    "control_characters_around": whole(f"\x02{TEXT}\x03"),
    "odd_blanks_between": whole(TEXT.replace("}, {", "},\x0c\u00a0\u200b{")),
    "not_a_number": whole(TEXT.replace('"Kwale"', '"Kwale", "beds": NaN')),
    "infinity": whole(TEXT.replace('"Kwale"', '"Kwale", "beds": -Infinity, "cots": 1e999')),
    "numbers_as_text": whole(TEXT.replace('"Kwale"', '"Kwale", "lat": "-4.12", "beds": "12"')),
    "long_number": whole(TEXT.replace('"Kwale"', f'"Kwale", "code": {"7" * 5000}')),
    "key_twice": whole(TEXT.replace('"county"', '"county": "", "county"')),
    "list_twice": whole(json.dumps({"facilities": FIVE})[:-1] + ', "facilities": ' + json.dumps(FIVE[:2]) + "}", "0123401"),
    "comma_behind_the_last": whole(TEXT.replace("}]", "},]")),
    "commas_twice": whole(TEXT.replace("}, {", "},, {")),
    "no_commas_between": whole(TEXT.replace("}, {", "} {")),
    "guarded_against_scripts": whole(f")]}}',\n{TEXT}"),
    "long_text": whole(TEXT.replace("Kwale", "x" * 2_000_000)),
    "empty_list": whole('{"organizations": []}', ""),
    "single_object": whole(json.dumps(FIVE[0]), "0"),
    "objects_with_commas": whole(",\n".join(map(json.dumps, FIVE))),
    "lines_with_record_marks": whole("".join(f"\x1e{json.dumps(record)}\n" for record in FIVE)),
    "lines_with_mac_ends": whole(LINES.replace("\n", "\r")),
    "lines_each_with_a_mark": whole("".join(f"\ufeff{json.dumps(record)}\n" for record in FIVE)),
    "csv_header_only": whole("Name,County,Phone\n", ""),
    "csv_uneven": whole(CSV + "Majengo 5 Dispensary,Tana River\nMajengo 6 Dispensary,Garissa,+254 700 000 009,extra,more\n", "0123456"),
    "csv_blank_rows": whole(CSV.replace("\n", "\n\n,,\n")),
    "csv_semicolon": whole(CSV.replace(",", ";")),
    "csv_semicolon_and_decimal_commas": whole("Name;County;Lat;Long\n" + "".join(f"Majengo {n} Dispensary;Kwale;-4,12;39,5{n}\n" for n in range(5))),
    "csv_several_delimiters": whole(CSV.replace("2 Dispensary,Kwale,", "2 Dispensary;Kwale;").replace("3 Dispensary,Kwale,", "3 Dispensary\tKwale\t")),
    "csv_mac_ends": whole(CSV.replace("\n", "\r")),
    "csv_line_breaks_in_cells": whole(CSV + '"Majengo 5 Dispensary","Tana\nRiver",+254 700 000 008\n', "012345"),
    "csv_header_again": whole(CSV + "Name,County,Phone\n"),
    "csv_zeros": whole(CSV.replace("Kwale", "Kwa\x00le")),
    "csv_drawn_for_the_eye": whole("| Name | County |\n|------|:------:|\n" + "".join(f"|Majengo {n} Dispensary| Kwale |\n" for n in range(5))),
}  # fmt: skip
STRAYS = {
    "csv_stray_quote": damaged(CSV.replace("Majengo 2", '"Majengo 2'), "Line 4 has a quotation mark without its partner", "01234"),
    "csv_stray_quotes": damaged(CSV.replace("Majengo", '"Majengo'), "Line 2 has a quotation mark without its partner", "01234"),
}
"""Their quotation marks stay in the names."""
CASES |= STRAYS


def read(path: Path) -> tuple[list[SourceRow], list[Damage]]:
    detection = detect(path, path.name)
    file = SourceFile(name=path.name, sha256="", size_bytes=path.stat().st_size, path=path, kind=detection.kind)
    found = list(extract(file, detection))
    return [item for item in found if isinstance(item, SourceRow)], [item for item in found if isinstance(item, Damage)]


@pytest.mark.parametrize("name", CASES)
def test_a_damaged_file_gets_its_own_message_and_loses_no_whole_record(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    path = tmp_path / f"{name}.json"
    path.write_bytes(case.content)
    if case.refused:
        with pytest.raises(case.refused) as refusal:
            detect(path, path.name)
        assert case.told in refusal.value.detail
        assert refusal.value.hint
        return
    rows, damage = read(path)
    assert [str(row.values["name"]).lstrip('"') for row in rows] == case.names
    assert len(damage) == bool(case.told)
    for item in damage:
        assert case.told in item.detail
        assert item.records_kept == len(case.names)
        assert item.hint
    assert len({row.pointer for row in rows}) == len({row.record_key for row in rows}) == len(rows)
    json.dumps([(row.data, row.values) for row in rows], ensure_ascii=False, allow_nan=False).encode()
    assert "\\u0000" not in json.dumps([row.data for row in rows])


def test_sixty_kinds_of_damage_have_messages_of_their_own() -> None:
    assert len({case.told for case in CASES.values() if case.told}) >= 60
    assert sum(1 for case in CASES.values() if case.told and case.kept) >= 30


def test_a_record_behind_a_damaged_one_never_moves_to_another_county(tmp_path: Path) -> None:
    tree = [{"county": county, "facilities": [{"name": f"{county} {number}", "phone": "1"} for number in range(3)]} for county in ("Kwale", "Lamu")]
    path = tmp_path / "list.json"
    path.write_text(json.dumps(tree).replace('"Kwale 2", ', '"Kwale 2, '))
    rows, damage = read(path)
    assert [(row.values["name"], row.values["county"]) for row in rows] == [("Kwale 0", "Kwale"), ("Kwale 1", "Kwale")]
    assert damage[0].records_kept == 2
