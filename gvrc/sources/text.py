"""From bytes to text: which encoding, which kinds of file are no lists at all, and a window that slides over a file of any size."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gvrc.errors import UnknownFormatError

HEAD_BYTES = 64 * 1024
CHUNK_BYTES = 32 * 1024
"""Read at once. What is decoded from one chunk should fit the processor's cache: 256 kB take half as long again per record."""
LONGEST_RECORD = 16 * 1024 * 1024
"""Characters of one record or one line; longer ones are set aside, so that no single record can fill the memory."""

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

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


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not UTF-8 are read as Windows-1252, the other encoding Kenyan lists come in; its five gaps as control characters."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(map(cp1252_character, error.object[error.start : error.end])), error.end


def cp1252_character(byte: int) -> str:
    """One byte as Windows-1252 reads it."""
    try:
        return bytes((byte,)).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


codecs.register_error("as_cp1252", _as_cp1252)


def read_head(path: Path, size: int = HEAD_BYTES) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as stream:
        return stream.read(size)


def sniff_encoding(head: bytes) -> tuple[str, int]:
    """The encoding of a text by its first bytes, and how many bytes of mark to skip.

    UTF-16 without a mark shows by its zero bytes. Everything else is read as UTF-8 with Windows-1252 for stray bytes.
    """
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding, len(mark)
    return _unmarked(head[:2000]), 0


def _unmarked(head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if head.count(0) >= half * 1.4 and len(head) >= 8:
        return "utf-32-le" if head[0] else "utf-32-be"
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.1:
        return "utf-16-be"
    return "utf-8"


def require_text(head: bytes) -> None:
    """Raises UnknownFormatError, naming what the file is, when it cannot be a list of records."""
    if not head:
        raise UnknownFormatError("The file is empty.", "Check that the export was finished, then upload it again.")
    for magic, what, hint in _MAGIC:
        if head.startswith(magic):
            raise UnknownFormatError(f"The file is {what}, not a list of records.", hint)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise UnknownFormatError(f"The file is {_zipped(head)}, not a list of records.", _SAVE_AS)
    _require_words(head)


def _zipped(head: bytes) -> str:
    return next((what for inside, what in _ZIPPED if inside in head), "a zip archive")


def _require_words(head: bytes) -> None:
    encoding, skip = sniff_encoding(head)
    text = head[skip:].decode(encoding, "as_cp1252" if encoding == "utf-8" else "replace")
    start = text.lstrip("\ufeff \t\r\n\x00")[:400].lower()
    if not start:
        what = "nothing but zero bytes" if "\x00" in text else "nothing but blank space"
        raise UnknownFormatError(f"The file holds {what}.", "Check that the export was finished, then upload it again.")
    if start.startswith(("<!doctype html", "<html", "<head", "<body", "<script", "<!--")):
        raise UnknownFormatError(
            "The file is a web page, not a list of records.", "Perhaps a sign-in or error page was saved: download the list itself."
        )
    if start.startswith("<"):
        raise UnknownFormatError("The file is XML, not JSON, JSON Lines or CSV.", "Ask for the list as CSV or JSON.")
    strange = sum(1 for sign in text if sign < " " and sign not in "\t\r\n\f\x00\x1a") + text.count("\ufffd")
    if strange > len(text) * 0.05 or text.count("\x00") > len(text) * 0.2:
        raise UnknownFormatError("The file is not text, and of no kind that is read here.", "Upload the list as CSV or JSON.")


class TextWindow:
    """A window of text that slides over a file: `text` from `position` on is not yet used; `more()` reads on.

    Bytes that are not UTF-8 stand in the window as lone surrogates (`surrogateescape`), so that places in the text can be turned
    back into places in the file; `mend_text` makes characters of them.
    """

    def __init__(self, path: Path, *, byte_offset: int | None = None, line: int = 1) -> None:
        self.path = path
        encoding, mark = sniff_encoding(read_head(path))
        self.encoding = encoding
        self._errors = "surrogateescape" if encoding == "utf-8" else "replace"
        self._decoder = codecs.getincrementaldecoder(encoding)(self._errors)
        self._stream = path.open("rb")
        self._start = mark if byte_offset is None else byte_offset
        self._stream.seek(self._start)
        self._line = line
        self._counted = (0, line)
        self._chunk = CHUNK_BYTES
        self.text = ""
        self.position = 0
        self.is_at_end = False
        self.discarded = 0

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> TextWindow:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def more(self) -> bool:
        """Read on; what lies before `position` is let go. False at the end of the file.

        The step doubles while one record does not fit, so that reading a long record stays linear.
        """
        if self.is_at_end:
            return False
        rest = self._let_go()
        self._chunk = CHUNK_BYTES if len(rest) < CHUNK_BYTES else self._chunk * 2
        data = self._stream.read(self._chunk)
        self.is_at_end = not data
        self.text = rest + self._decoder.decode(data, final=self.is_at_end)
        return bool(self.text) and (bool(data) or len(self.text) > len(rest))

    def _let_go(self) -> str:
        used = self.text[: self.position]
        self._start += self._byte_length(used)
        self._line = self.line_number()
        self._counted = (0, self._line)
        self.discarded += self.position
        rest = self.text[self.position :]
        self.position = 0
        return rest

    def _byte_length(self, text: str) -> int:
        if self.encoding == "utf-8" and text.isascii():
            return len(text)
        return len(text.encode(self.encoding, "surrogateescape" if self.encoding == "utf-8" else "surrogatepass"))

    def byte_offset(self, position: int | None = None) -> int:
        """The place in the file, in bytes, of a place in the window."""
        return self._start + self._byte_length(self.text[: self.position if position is None else position])

    def line_number(self, position: int | None = None) -> int:
        """The line in the file, counted from 1, of a place in the window."""
        position = self.position if position is None else position
        counted, line = self._counted if self._counted[0] <= position else (0, self._line)
        self._counted = (position, line + self.text.count("\n", counted, position))
        return self._counted[1]

    @property
    def characters_read(self) -> int:
        """Characters before the present position: a measure that only grows."""
        return self.discarded + self.position


def mend_text(text: str) -> str:
    """Text that a database can keep: stray bytes read as Windows-1252, other lone surrogates as U+FFFD, zero characters left out."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.translate(_STRAY_BYTES).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


_STRAY_BYTES = {0xDC00 + byte: cp1252_character(byte) for byte in range(0x80, 0x100)}


@contextmanager
def open_text(path: Path) -> Iterator[io.TextIOWrapper]:
    """The text of a file, ends of lines as they came; stray bytes are read as Windows-1252."""
    encoding, mark = sniff_encoding(read_head(path))
    with path.open("rb") as raw:
        raw.seek(mark)
        errors = "as_cp1252" if encoding == "utf-8" else "replace"
        with io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="") as stream:
            yield stream


def text_lines(stream: io.TextIOWrapper) -> Iterator[str]:
    """The lines with their ends; one longer than LONGEST_RECORD comes in pieces, so that it cannot fill the memory."""
    while line := stream.readline(LONGEST_RECORD):
        yield line.replace("\x00", "") if "\x00" in line else line
