"""From bytes to text: which encoding, which kinds of file are no lists at all, and a window that slides over a file of any size."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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

    UTF-16 without a mark shows by its zero bytes; a mark that the bytes behind it belie is stepped over. Everything else is read as UTF-8
    with Windows-1252 for stray bytes.
    """
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            body = head[len(mark) : _MARKED]
            is_belied = b"\x00" not in body if encoding != "utf-8" else _unmarked(body) != "utf-8"
            return _unmarked(body) if is_belied else encoding, len(mark)
    return _unmarked(head[:_MARKED]), 0


def _unmarked(head: bytes) -> str:
    """UTF-16 and UTF-32 put zero bytes in the same places of every character; zero bytes in all places are damage."""
    zeros = [head[place::4].count(0) / max(1, len(head) // 4) for place in range(4)]
    shape = "".join("0" if zero > 0.4 else "x" if zero < 0.1 else "?" for zero in zeros)
    return _SHAPES_OF_ZEROS.get(shape, "utf-8") if len(head) >= 4 else "utf-8"


_MARKED = 200
"""Bytes by which the encoding is told: the first ones, because further on a file may be damaged."""
_SHAPES_OF_ZEROS = {"x000": "utf-32-le", "000x": "utf-32-be", "x0x0": "utf-16-le", "0x0x": "utf-16-be"}


PREFACE_BYTES = 4096
_JSON_BEGINS = re.compile(r'(?:^[\x00-\x20\ufeff]*|[=(]\s*|\bdefault\s+)(?=[{\[]\s*(?:[{\[]|"[^"\n]{1,80}"\s*[:,]))', re.MULTILINE)
_LONGEST_PREFACE = 500


@dataclass(frozen=True, slots=True)
class Preface:
    """What stands before JSON: where it ends in bytes, on which line, and whether it is words."""

    end: int
    line: int = 1
    is_words: bool = False


def find_preface(head: bytes) -> Preface | None:
    """What stands before the JSON of a file: a warning of the server, `callback(`, `var list =`. None when no JSON begins in its first lines."""
    encoding, mark = sniff_encoding(head)
    errors = "surrogateescape" if encoding == "utf-8" else "replace"
    text = head[mark:PREFACE_BYTES].decode(encoding, errors)
    start = len(text) - len(text.lstrip("\ufeff \t\r\n\x00"))
    if text[start : start + 1] in ("{", "["):
        return Preface(mark)
    if text[start : start + 40].lower().startswith(("<!doctype html", "<html", "<head", "<body", "<script", "<?xml")):
        return None
    found = _JSON_BEGINS.search(text, 0, _LONGEST_PREFACE)
    before = text[: found.end()] if found else ""
    if found is None or any(sum(map(line.count, ",;\t|")) > 1 for line in before.splitlines()):
        return None
    size = len(before.encode(encoding, "surrogateescape" if encoding == "utf-8" else "surrogatepass"))
    return Preface(mark + size, 1 + before.count("\n"), any(map(str.isalnum, before)))


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
        if self.text.find("\n", counted, position) >= 0:  # the whole file may stand on one line, and to count signs takes ten times as long as to find one
            line += self.text.count("\n", counted, position)
        self._counted = (position, line)
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


def text_lines(stream: io.TextIOBase) -> Iterator[str]:
    """The lines with their ends; one longer than LONGEST_RECORD comes in pieces, so that it cannot fill the memory."""
    while line := stream.readline(LONGEST_RECORD):
        yield line.replace("\x00", "") if "\x00" in line else line
