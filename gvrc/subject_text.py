"""How a person's contact, address or name may be written: in the texts of the database and in the bytes of a delivered file."""

from __future__ import annotations

import re
import sys
import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from gvrc.cleaning.phones import find_phones
from gvrc.errors import ConfigError
from gvrc.sources.text import HEAD_BYTES, sniff_encoding

_SHORTEST = 5
"""Characters below which a value would be found in too much that is not the person's."""
_NATIONAL_DIGITS = 9
_SOFT = " \t\r\n\u00a0\u2007\u2009\u202f.\\-\u2010-\u2015\u2212_()·'/"
"""What may stand between the digits of a phone number, in a character class of Python and of PostgreSQL: what the reader of phone numbers takes for one."""
_ESCAPED_SOFT = r"\\u00a0|\\u20(?:07|09|1[0-5]|2f)|\\u2212|\\u00b7|\\[nrt/]"
"""The same as JSON may write it."""
_DIGITS = {"0": "[0Oo]", "1": "[1lI]"}
_WINDOW = 8 * 2**20
"""Bytes of a file that are looked through at once."""
_CONTEXT = 64
"""Bytes before a window that decide whether a number or a word begins there."""
_LONGEST = 4096
"""Bytes that one occurrence may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is looked for: one contact, address or name. `pattern` finds it however it is written, in Python and in PostgreSQL alike; `in_files` also where
    a file writes its characters as JSON does (`\\u00e9`) or as Windows-1252 (then lone surrogates of that byte)."""

    pattern: str = field(repr=False)
    in_files: str = field(repr=False)

    @classmethod
    def of(cls, value: str) -> Subject:
        """The subject of a phone number, an e-mail address or any other text. Raises ConfigError when it is too short to tell anybody apart."""
        given = value.strip()
        if len(given) < _SHORTEST:
            raise ConfigError("The value is too short to be anybody's.", "Give the whole phone number, e-mail address, address or name.")
        phones = [found.number for found in find_phones(given, is_contact=True) if found.number]
        if len(phones) == 1 and "@" not in given:
            return cls(pattern=_phone_pattern(phones[0], in_file=False), in_files=_phone_pattern(phones[0], in_file=True))
        return cls(pattern=_words_pattern(given, in_file=False), in_files=_words_pattern(given, in_file=True))

    def is_in(self, text: str) -> bool:
        return re.search(self.pattern, text, re.IGNORECASE) is not None

    def redact(self, text: str) -> str:
        """The text with stars in the value's place, as long as it was."""
        return re.sub(self.pattern, lambda found: "*" * len(found.group()), text, flags=re.IGNORECASE)

    def is_in_file(self, content: bytes) -> bool:
        """Whether the bytes of a file hold it, in whatever encoding lists come."""
        return next(_occurrences(self, content), None) is not None

    def redact_file(self, content: bytes) -> bytes:
        """The bytes with the value replaced, each place as long as it was, so that every row keeps its own; the same object when it is not in there."""
        found = list(_occurrences(self, content))
        if not found:
            return content
        redacted = bytearray(content)
        for start, filling in found:
            redacted[start : start + len(filling)] = filling
        return bytes(redacted)


# ------------------------------------------------------------------------------------------------------------------ patterns


def _phone_pattern(number: str, *, in_file: bool) -> str:
    digits = re.sub(r"\D", "", number)
    national = digits[-_NATIONAL_DIGITS:] if len(digits) > _NATIONAL_DIGITS else digits.lstrip("0")
    soft = f"(?:[{_SOFT}]|{_ESCAPED_SOFT}){{0,6}}" if in_file else f"[{_SOFT}]{{0,6}}"
    plus = r"\+|\\u002b|00" if in_file else r"\+|00"
    prefix = rf"(?:(?:{plus})?{soft}2{soft}5{soft}4{soft}(?:\(?[0Oo]\)?{soft})?|[0Oo]{soft})?"
    begins = r"(?:(?<!\d)|(?<=\\u[0-9a-f]{4}))" if in_file else r"(?<!\d)"
    return rf"{begins}{prefix}{soft.join(_DIGITS.get(digit, digit) for digit in national)}(?!\d)"


def _words_pattern(value: str, *, in_file: bool) -> str:
    gap = r"(?:[\s\u00a0]|\\u00a0|\\[nrt]){1,4}" if in_file else "[\\s\u00a0]{1,4}"
    begins = r"(?:(?<!\w)|(?<=\\[nrt])|(?<=\\u00a0))" if in_file else r"(?<!\w)"
    words = unicodedata.normalize("NFC", value).split()
    return begins + gap.join("".join(_character(one, in_file=in_file) for one in word) for word in words) + r"(?!\w)"


def _character(one: str, *, in_file: bool) -> str:
    """A character of a name in every way it may stand there; PostgreSQL folds only ASCII letters in every locale."""
    if one.isascii() and one.isalnum():
        return one
    ways = {one} if one.isascii() else {form for case in (one, one.lower(), one.upper()) for form in (case, unicodedata.normalize("NFD", case))}
    written = sorted({"".join(letter if letter.isalnum() or not letter.isascii() else f"\\{letter}" for letter in way) for way in ways}, key=len, reverse=True)
    if in_file:
        written = [*_as_in_files(ways), *written]
    return written[0] if len(written) == 1 else f"(?:{'|'.join(written)})"


def _as_in_files(ways: set[str]) -> Iterator[str]:
    for way in sorted(ways, key=len, reverse=True):
        yield "".join(rf"\\u{ord(letter):04x}" if not letter.isalnum() or not letter.isascii() else letter for letter in way)
        if way == "/":
            yield r"\\/"
        if len(way) == 1 and not way.isascii() and (byte := _cp1252(way)) is not None:
            yield chr(0xDC00 + byte)


def _cp1252(letter: str) -> int | None:
    """The byte of a letter in Windows-1252."""
    try:
        return letter.encode("cp1252")[0]
    except UnicodeEncodeError:
        return None


# ------------------------------------------------------------------------------------------------------------------ files


def _occurrences(subject: Subject, content: bytes) -> Iterator[tuple[int, bytes]]:
    """Where the value stands in a file, and the bytes that take its place; window by window, so that memory stays bounded. Text of two or four bytes a
    character is read at every offset: behind a lost byte it goes on at another."""
    pattern = re.compile(subject.in_files, re.IGNORECASE)
    encoding, _mark = sniff_encoding(content[:HEAD_BYTES])
    width = 4 if "32" in encoding else 2 if "16" in encoding else 1
    for shift in range(width):
        for start in range(shift, len(content), _WINDOW):
            first = max(shift, start - _CONTEXT)
            window = content[first : start + _WINDOW + _LONGEST]
            text = _decoded(window, encoding, width)
            for found in pattern.finditer(text):
                at = first + _size(text[: found.start()], width)
                if start <= at < start + _WINDOW:
                    yield at, _filling(found, encoding, _size(found.group(), width))


def _decoded(window: bytes, encoding: str, width: int) -> str:
    """One character for each unit of two or four bytes, whatever is damaged; UTF-8 with stray bytes as lone surrogates."""
    if width == 1:
        return window.decode("utf-8", "surrogateescape")
    units = array("H" if width == 2 else "I")
    units.frombytes(window[: len(window) - len(window) % width])
    if (sys.byteorder == "little") != encoding.endswith("le"):
        units.byteswap()
    return "".join(chr(unit) if unit <= sys.maxunicode else "\ufffd" for unit in units)


def _size(text: str, width: int) -> int:
    return len(text.encode("utf-8", "surrogateescape")) if width == 1 else width * len(text)


def _filling(found: re.Match[str], encoding: str, size: int) -> bytes:
    """Stars within a text; where a number stood without quotes, a number, so that the list stays readable."""
    before = found.string[max(0, found.start() - 20) : found.start()].rstrip()[-1:]
    is_bare = before in (":", "[", ",") and found.group().isdigit()
    length = size // len("*".encode(encoding))
    return ("0." + "0" * (length - 2) if is_bare else "*" * length).encode(encoding)
