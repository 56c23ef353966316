"""What a file is when it is no list of records: other kinds of file are known by their first bytes, other languages by their first words."""

from __future__ import annotations

import re

from gvrc.errors import UnknownFormatError
from gvrc.sources.text import find_preface, sniff_encoding

_SAVE_AS = "Open it and save the list as CSV or JSON, then upload that file."
_MAGIC = (
    (b"\x1f\x8b", "a gzip archive", "Unpack it and upload the list inside."),
    (b"BZh", "a bzip2 archive", "Unpack it and upload the list inside."),
    (b"\xfd7zXZ\x00", "an xz archive", "Unpack it and upload the list inside."),
    (b"\x28\xb5\x2f\xfd", "a zstandard archive", "Unpack it and upload the list inside."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it and upload the list inside."),
    (b"Rar!\x1a\x07", "a RAR archive", "Unpack it and upload the list inside."),
    (b"%PDF-", "a PDF document", "Ask for the list as CSV or JSON."),
    (b"\x89PNG\r\n", "a picture (PNG)", "Ask for the list as CSV or JSON."),
    (b"\xff\xd8\xff", "a picture (JPEG)", "Ask for the list as CSV or JSON."),
    (b"GIF8", "a picture (GIF)", "Ask for the list as CSV or JSON."),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office file", _SAVE_AS),
    (b"SQLite format 3\x00", "an SQLite database", "Export the table as CSV or JSON."),
    (b"\x00\x01\x00\x00Standard ", "a Microsoft Access database", "Export the table as CSV or JSON."),
    (b"\x00\x00\x27\x0a\x00\x00\x00\x00", "a shapefile", "Export the layer as GeoJSON or CSV."),
    (b"Obj\x01", "an Avro file", "Export the table as CSV or JSON."),
    (b"ARROW1", "an Arrow file", "Export the table as CSV or JSON."),
    (b"$FL", "an SPSS file", "Export the table as CSV or JSON."),
    (b"<stata_dta>", "a Stata file", "Export the table as CSV or JSON."),
    (b"RIFF", "a sound or film", "Ask for the list as CSV or JSON."),
    (b"PAR1", "a Parquet file", "Export the table as CSV or JSON."),
    (b"\x7fELF", "a program", "Upload the list itself."),
    (b"MZ", "a program", "Upload the list itself."),
    (b"{\\rtf", "a rich text document", _SAVE_AS),
)
_ZIPPED = (
    (b"xl/", "an Excel workbook"),
    (b"word/", "a Word document"),
    (b"ppt/", "a presentation"),
    (b"mimetypeapplication/vnd.oasis.opendocument", "an OpenDocument file"),
)


def require_text(head: bytes) -> None:
    """Raises UnknownFormatError, naming what the file is, when it cannot be a list of records."""
    if not head:
        raise UnknownFormatError("The file is empty.", "Check that the export was finished, then upload it again.")
    if head.startswith(b"\xd0\xcf\x11\xe0") and "EncryptedPackage".encode("utf-16-le") in head:
        raise UnknownFormatError("The file is an Office document locked with a password, not a list of records.", "Unlock it and save the list as CSV.")
    for magic, what, hint in _MAGIC:
        if head.startswith(magic):
            raise UnknownFormatError(f"The file is {what}, not a list of records.", hint)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise UnknownFormatError(f"The file is {_zipped(head)}, not a list of records.", _SAVE_AS)
    if head[257:262] == b"ustar":
        raise UnknownFormatError("The file is a tar archive, not a list of records.", "Unpack it and upload the list inside.")
    _require_words(head)


def _zipped(head: bytes) -> str:
    return next((what for inside, what in _ZIPPED if inside in head), "a zip archive")


def _require_words(head: bytes) -> None:
    encoding, skip = sniff_encoding(head)
    text = head[skip:].decode(encoding, "as_cp1252" if encoding == "utf-8" else "replace")
    start = text.lstrip("\ufeff \t\r\n\x00")[:400]
    if not start:
        what = "nothing but zero bytes" if "\x00" in text else "nothing but a mark of its encoding" if not text.strip("\ufeff") else "nothing but blank space"
        raise UnknownFormatError(f"The file holds {what}.", "Check that the export was finished, then upload it again.")
    if find_preface(head) is not None or is_json_inside_a_text(head):
        return
    _require_no_other_language(start)
    beginning = text[:_LOOKED_AT]
    strange = sum(1 for sign in beginning if sign < " " and sign not in "\t\r\n\f\x00\x1a") + beginning.count("\ufffd")
    if strange > len(beginning) * 0.05 or beginning.count("\x00") > len(beginning) * 0.2:
        raise UnknownFormatError("The file is not text, and of no kind that is read here.", "Upload the list as CSV or JSON.")


def is_json_inside_a_text(head: bytes) -> bool:
    """Whether a file is one text that holds JSON, as where a list was exported twice."""
    return re.match(rb'(?:\xef\xbb\xbf)?\s*"(?:\s|\\[nrt])*(?:\[(?:\s|\\[nrt])*)?\{(?:\s|\\[nrt])*\\"', head) is not None


def is_one_text(head: bytes) -> bool:
    """Whether a small file is one text in quotation marks, as a single value is exported; a line of a table goes on behind its first."""
    return re.fullmatch(rb'(?:\xef\xbb\xbf)?\s*"(?:[^"\\\r\n]|\\.){2,20000}"\s*', head, re.DOTALL) is not None


_LOOKED_AT = 400
"""Characters by which text is told from other bytes: a file that begins as text may be damaged further on, and what stands before that is kept."""

_LANGUAGES = (
    (r"<!doctype html|<html|<head|<body|<script|<!--", "a web page", "Perhaps a sign-in or error page was saved: download the list itself."),
    (r"(?:<\?xml[^>]*>\s*)?<kml", "a KML map", "Save the places as GeoJSON or CSV."),
    (r"(?:<\?xml[^>]*>\s*)?<gpx", "a GPX track", "Save the places as GeoJSON or CSV."),
    (r"<", "XML", "Ask for the list as CSV or JSON."),
    (r"(?:--[^\n]*\s*)*(?:/\*.{0,200}\*/;?\s*)*(?:insert\s+into|create\s+table|drop\s+table|set\s+names)\b", "a dump of an SQL database", "Export the table as CSV or JSON."),
    (r"(?:---\s*\n)?(?:[\w ]+:\s*\n\s*)?-\s+[\w ]+:\s", "YAML", "Ask for the list as CSV or JSON."),
    (r"version https://git-lfs", "a pointer to a file that is stored elsewhere (Git LFS)", "Fetch the file itself, then upload it."),
    (r"begin:vcard", "an address book (vCard)", "Save the contacts as CSV."),
    (r"begin:vcalendar", "a calendar", "Ask for the list as CSV or JSON."),
    (r"(?:(?:from|to|subject|date|mime-version|received|return-path|delivered-to|message-id|content-type):[^\n]*\n){2}", "an e-mail message", "Save the list that is attached to it, then upload that."),
    (r"(?:%7b|%5b)", "written for a web address (percent signs for quotation marks)", "Download the list itself."),
    (r"[A-Za-z0-9+/]{200}", "packed as base64", "Unpack it and upload the list inside."),
)
"""Beginnings of texts of other kinds, what they are, and what to do."""


def _require_no_other_language(start: str) -> None:
    for beginning, what, hint in _LANGUAGES:
        if re.match(beginning, start, re.IGNORECASE | re.DOTALL):
            raise UnknownFormatError(f"The file is {what}, not a list of records.", hint)
