"""Records out of a JSON file of any size, one at a time, whatever stands around them.

The tree is walked only along the paths where records are; every record is decoded whole, everything else is skipped without being
kept. Memory is that of one window and one record. Records are decoded many at a time where that is certain to be right, else one at a
time with the standard library's decoder, which tells where text breaks off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from gvrc.sources.field_names import is_never_taken, spaced
from gvrc.sources.forms import BEYOND_64_BITS, LARGEST_WHOLE, Forms, Typed
from gvrc.sources.looks import is_county, is_kind_key
from gvrc.sources.text import CHUNK_BYTES, LONGEST_RECORD, PREFACE_BYTES, TextWindow, find_preface, mend_text, read_head

EACH = "*"
DEEPEST = 100
"""Levels of brackets in one record; deeper ones are set aside (what writes JSON stops at about 250)."""
LONGEST_INHERITED = 500
"""Characters of a parent's value that flows down; longer text describes the list, not its records."""
MOST_INHERITED, MOST_LONG_INHERITED, LONG = 100, 3, 100
"""Values of one parent that flow down, and how many of them may be texts of more than 100 characters: each record tells them all again, so that an object with
many thousands would fill memory and disk with copies."""
MOST_REPEATS = 20
"""Values kept of one key that is given again and again in one object."""
MOST_TABLES = 500
"""Tables of a dump of a database that are looked at."""
LARGEST_LOOKED_AT = 8 * 1024 * 1024
"""Bytes of a file up to which it is looked at as a whole before it is read."""
TAIL_BYTES = 64 * 1024
LONGEST_GAP = CHUNK_BYTES // 2
"""Characters behind a damaged place in which the next whole record is looked for."""
LONGEST_BLANK = 200
"""Characters of blank space between the name of a member and its value that are looked over."""
MOST_TRIES = 20
"""Places behind a damaged one that are tried."""
FARTHEST_LOOK = 4 * LONGEST_RECORD
"""Characters of one file that may be looked at, all together, for the ends of damaged records; afterwards the next whole record near by must do."""
FIRST_LOOK = 4 * 1024 * 1024
"""Characters looked ahead for values behind the records of a parent while it is unknown whether such parents have any."""

_BLANK = re.compile(r"[ \t\r\n\ufeff]*")
_BETWEEN = re.compile("[ \\t\\r\\n,\\f\\v\u00a0\u200b\ufeff\x1e]*")
_BEHIND = re.compile(r"[ \t\r\n\ufeff\x03\x04\x1a\x1e;),]*")
_OPENING = re.compile(r'\{[ \t\r\n]*"[^"\\]*"')
_WORD = re.compile(r"[^\s,\]}]+")
_TEXT_OR_COMMA = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|,(?=[ \t\r\n]*[}\]])', re.DOTALL)
_IN_STRING = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_NO_BRACKETS = re.compile(r'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
_TO_NEXT_BRACKET = re.compile(_NO_BRACKETS.pattern + r'["{}\[\]]', re.DOTALL)
_GENERIC_KEYS = frozenset({"name", "title", "label", "id", "code", "type", "value", "key", "slug", "description", "count", "uuid"})
_NEAR_THE_END = 16
"""An error this close to the end of the window may only mean that the window ends there."""


FoundRecord = tuple[str, dict[str, Any], dict[str, Any], bytes, Typed | None]
"""A record of a file: its pointer, what flows down to it from its parents, what it holds, and the same as bytes for its hash; and as an object of the form of
its list, where that is known."""


def found_record(pointer: str, context: dict[str, Any], data: dict[str, Any]) -> FoundRecord:
    """A record of whose form nothing is known. Raises TypeError when it is nested too deeply."""
    return pointer, context, data, told_bytes(data), None


MOST_ASIDE = 100_000
"""Elements set aside that are remembered one by one; a list with more is no list."""


@dataclass(slots=True)
class Trouble:
    """What could not be read: `broken` ends the file, `set_aside` counts elements passed over, `notes` says where, in words."""

    notes: list[str] = field(default_factory=list)
    set_aside: int = 0
    broken: bool = False
    byte_offset: int | None = None
    aside: list[tuple[str, str]] = field(default_factory=list)
    """Pointer and reason of what was set aside, up to MOST_ASIDE."""

    def add(self, note: str, byte_offset: int | None, *, pointer: str | None = None, elements: int = 0, broken: bool = False) -> None:
        """Remember a trouble; only the first few are told in words. `pointer` names the element that is set aside with it."""
        if pointer is not None:
            elements = 1
            if len(self.aside) < MOST_ASIDE:
                self.aside.append((pointer, note))
        self.set_aside += elements
        self.broken = self.broken or broken
        if self.byte_offset is None:
            self.byte_offset = byte_offset
        if len(self.notes) < 4 or broken:
            self.notes.append(note)

    def __bool__(self) -> bool:
        return bool(self.notes)


class BrokenText(Exception):
    """The text cannot be followed any further. Stays inside this room: it ends as a Damage."""

    def __init__(self, what: str, position: int | None = None, spot: tuple[int, int] | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.position = position
        self.spot = spot

    def found_in(self, window: TextWindow) -> tuple[int, int]:
        """The line and the byte of the file where it happened."""
        return self.spot or (window.line_number(self.position), window.byte_offset(self.position))


# ---------------------------------------------------------------- decoding one value

def _first_stays(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key given twice keeps its first value that says something; the others stay beside it as `key (2)`, `key (3)`."""
    result: dict[str, Any] = {}
    for raw_key, raw in pairs:
        key, value = mend_text(raw_key), mend_text(raw) if type(raw) is str else mended(raw)
        if key not in result:
            result[key] = value
        elif value != result[key]:
            _keep_beside(result, key, value)
    return result


def _keep_beside(result: dict[str, Any], key: str, value: Any) -> None:
    if result[key] in (None, ""):
        result[key], value = value, result[key]
        if value in (None, ""):
            return
    for number in range(2, MOST_REPEATS + 1):
        if f"{key} ({number})" not in result:
            result[f"{key} ({number})"] = value
            return


def mended(value: Any) -> Any:
    """A decoded value that a database can keep: mended text, no infinite numbers. Objects inside were mended as they were built."""
    if type(value) is str:
        return mend_text(value)
    if type(value) is list:
        return [mended(item) for item in value]
    if type(value) is float and value - value != 0:
        return None
    return value


def _not_a_number(_: str) -> None:
    """NaN and Infinity say that a number is missing."""


def _whole_number(digits: str) -> int | str:
    """Numbers that may be beyond 64 bits are kept as text: they are codes, and neither JSON tools nor databases agree on them."""
    return number if len(digits) < 20 and -LARGEST_WHOLE <= (number := int(digits)) <= LARGEST_WHOLE else digits


_DECODER = json.JSONDecoder(
    strict=False, parse_constant=_not_a_number, parse_int=_whole_number, object_pairs_hook=_first_stays,
)


def decode_at(text: str, position: int) -> tuple[Any, int]:
    """The value that begins at a position, and where it ends. Raises json.JSONDecodeError or RecursionError."""
    value, end = _DECODER.raw_decode(text, position)
    return (value if type(value) is dict else mended(value)), end


def ends_in_comma(error: json.JSONDecodeError) -> bool:
    """Whether a text could not be decoded for a comma before a closing bracket."""
    rest = error.doc[error.pos : error.pos + 200].lstrip(", \t\r\n")
    return rest[:1] in ("}", "]") and error.doc[max(0, error.pos - 200) : error.pos + 1].rstrip(" \t\r\n}]").endswith(",")


def without_trailing_commas(text: str, begin: int = 0) -> str:
    """JSON with spaces in the place of commas before closing brackets, from a place outside of any text on; as long as it was."""
    return text[:begin] + _TEXT_OR_COMMA.sub(lambda found: found[0] if found[0] != "," else " ", text[begin:])


def is_too_deep(value: Any, levels: int = DEEPEST) -> bool:
    """Whether objects and lists are nested more deeply than any list of places needs."""
    layer = [value]
    for _ in range(levels):
        layer = [child for item in layer for child in _children(item)]
        if not layer:
            return False
    return True


def _children(value: Any) -> Sequence[Any]:
    if type(value) is dict:
        return [child for child in value.values() if type(child) in (dict, list)]
    if type(value) is list:
        return [child for child in value if type(child) in (dict, list)]
    return ()


_KNOWN_MISTAKES = (
    ("//", "a comment stands there, which JSON does not allow"),
    ("/*", "a comment stands there, which JSON does not allow"),
    ("#", "a comment stands there, which JSON does not allow"),
    ("'", "text stands in single quotes; JSON wants double quotes"),
    ("None", "it is written as Python, not JSON"),
    ("True", "it is written as Python, not JSON"),
    ("False", "it is written as Python, not JSON"),
    ("undefined", "it is written as JavaScript, not JSON (undefined)"),
    ("+", "a number begins with a plus; telephone numbers must stand in double quotes"),
    ("\u201c", "text stands in slanted quotation marks; JSON wants straight ones"),
    ("\u201d", "text stands in slanted quotation marks; JSON wants straight ones"),
    ("\u2018", "text stands in slanted quotation marks; JSON wants straight ones"),
    ("\u2019", "text stands in slanted quotation marks; JSON wants straight ones"),
    ("&quot;", "quotation marks are written as &quot;, as in a web page"),
    ('\\"', "quotation marks stand behind backslashes: the list was exported twice"),
    ("...", "dots stand there, as where a list was shortened"),
    ("<<<<<<<", "the mark of a conflict between two versions stands there"),
    ("=======", "the mark of a conflict between two versions stands there"),
    (">>>>>>>", "the mark of a conflict between two versions stands there"),
    ("<", "a piece of a web page stands there, perhaps an error of the server"),
    ("\x00", "zero bytes stand there, as where a copy was interrupted"),
    ("=", "an equals sign stands there; JSON wants a colon"),
)


def json_reason(error: json.JSONDecodeError, text: str, is_at_end: bool) -> str:
    """What is wrong, for people who do not write JSON."""
    if is_at_end and (error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip())):
        return _where_it_ends(error)
    near = text[error.pos : error.pos + 10]
    for begin, reason in _KNOWN_MISTAKES:
        if near.startswith(begin):
            return reason
    if text[max(0, error.pos - 2) : error.pos] == '""' and near[:1].isalnum():
        return "quotation marks are doubled, as where a list was copied out of a cell of a CSV file"
    if error.msg == "Expecting ',' delimiter":
        return _comma_missing(text, error.pos)
    return _REASONS.get(error.msg, error.msg[:1].lower() + error.msg[1:])


_REASONS = {
    "Expecting ':' delimiter": "a colon is missing after a field name",
    "Expecting property name enclosed in double quotes": "a field name in double quotes is missing, or a comma stands before a closing bracket",
    "Illegal trailing comma before end of object": "a comma stands before a closing bracket",
    "Illegal trailing comma before end of array": "a comma stands before a closing bracket",
    "Expecting value": "a value is missing or is not written as JSON",
    "Extra data": "something else follows after the end of the list",
    "Invalid \\escape": "a backslash stands before a sign that JSON does not allow there",
    "Invalid \\uXXXX escape": "a character is written as \\u without its four digits",
}
_AFTER_A_ZERO = re.compile(r"[:\[,]\s*0\Z")
_AFTER_A_TEXT = re.compile(r'"\s*\Z')


def _where_it_ends(error: json.JSONDecodeError) -> str:
    """In the middle of what a file ends."""
    if error.msg.startswith("Unterminated string"):
        is_key = error.doc[max(0, error.pos - 40) : error.pos].rstrip().endswith(("{", ",")) and "{" in error.doc
        return "the file ends in the middle of a field name" if is_key else "the file ends in the middle of a text"
    where = {"Expecting ':' delimiter": "behind a field name", "Expecting value": "where a value should follow", "Expecting ',' delimiter": "behind a value"}
    return f"the file ends in the middle of it, {where.get(error.msg, 'where a field name should follow')}"


def _comma_missing(text: str, place: int) -> str:
    before, after = text[max(0, place - 40) : place], text[place : place + 1]
    if after.isdigit() and _AFTER_A_ZERO.search(before):
        return "a number begins with a zero; telephone numbers must stand in double quotes"
    if after.isalpha() and _AFTER_A_TEXT.search(before):
        return "a quotation mark stands inside a text, or one is missing"
    if after in ("]", "}"):
        return "the wrong closing bracket stands there"
    return "a comma or a closing bracket is missing"


# ---------------------------------------------------------------- the window as JSON

class JsonWindow(TextWindow):
    """A window that knows where JSON values begin and end."""

    careful_until = 0
    """Up to this many characters of the file, records are decoded one at a time."""
    first_comma: tuple[int, int] | None = None
    """The line and byte near which the first comma before a closing bracket was passed over."""

    def __init__(self, path: Path, *, byte_offset: int | None = None, line: int = 1) -> None:
        before = find_preface(read_head(path, PREFACE_BYTES)) if byte_offset is None else None
        super().__init__(path, byte_offset=before.end if before else byte_offset, line=before.line if before else line)
        self.has_preface = before is not None and before.is_words

    def look_ahead(self) -> JsonWindow:
        """A second window on the same file that starts at the present position."""
        return JsonWindow(self.path, byte_offset=self.byte_offset(), line=self.line_number())

    def look_around(self) -> JsonWindow:
        """A second window at the present position that does not read on: cheap, and enough for parents with few records."""
        if len(self.text) - self.position < CHUNK_BYTES // 2:
            self.more()
        around = copy(self)
        around.is_at_end = True
        return around

    def __enter__(self) -> JsonWindow:
        return self

    def holds_whole_value(self) -> bool:
        """Whether the value that begins here ends within a window of ordinary size."""
        while True:
            try:
                decode_at(self.text, self.position)
            except (json.JSONDecodeError, RecursionError):
                if len(self.text) - self.position >= CHUNK_BYTES or not self.more():
                    return False
                continue
            return True

    def peek(self, between: re.Pattern[str] = _BLANK) -> str:
        """The next sign after blank space, or an empty string at the end of the file."""
        while True:
            match = between.match(self.text, self.position)
            self.position = match.end() if match else self.position
            if self.position < len(self.text):
                return self.text[self.position]
            if not self.more():
                return ""

    def take(self, sign: str) -> None:
        """Step over a sign that must stand here. Raises BrokenText."""
        found = self.peek()
        if found != sign:
            raise BrokenText(f"“{sign}” was expected, but {_in_words(found)}", self.position)
        self.position += 1

    def value(self) -> Any:
        """Decode the value that begins here. Raises BrokenText; the window then still stands at its beginning."""
        self.peek()
        while True:
            try:
                value, end = decode_at(self.text, self.position)
            except json.JSONDecodeError as error:
                if not (ends_in_comma(error) and self._without_trailing_commas()):
                    self._read_on_or_break(error)
                continue
            except RecursionError:
                raise BrokenText("brackets are nested too deeply") from None
            if end == len(self.text) and type(value) not in (dict, list, str) and self.more():
                continue  # a number may go on beyond the window
            self.position = end
            return value

    def _without_trailing_commas(self) -> bool:
        """Blanks the commas before closing brackets, as scripts write them, in what was read of the file; False when there are none."""
        text = without_trailing_commas(self.text, self.position)
        if text == self.text:
            return False
        self.first_comma = self.first_comma or (self.line_number(), self.byte_offset())
        self.text = text
        return True

    def _read_on_or_break(self, error: json.JSONDecodeError) -> None:
        length = len(self.text)
        open_ended = error.msg.startswith("Unterminated string") or error.pos >= length - _NEAR_THE_END
        if not open_ended or self.is_at_end:
            raise BrokenText(json_reason(error, self.text, self.is_at_end), error.pos) from None
        if length - self.position > LONGEST_RECORD:
            raise BrokenText(f"it is longer than {LONGEST_RECORD // 2**20} million characters")
        self.more()

    def skip(self, budget: int | None = None) -> bool:
        """Step over the value that begins here without keeping it. False when the file ends inside it, or the budget of characters."""
        sign = self.peek()
        if sign in ("{", "["):
            return self._skip_brackets(budget)
        if sign == '"':
            return self._skip_string()
        return self._skip_word()

    def _skip_word(self) -> bool:
        while True:
            match = _WORD.match(self.text, self.position)
            end = match.end() if match else self.position + 1
            if end < len(self.text) or not self.more():
                self.position = min(end, len(self.text))
                return True

    def _skip_brackets(self, budget: int | None = None) -> bool:
        depth = 0
        begin = self.characters_read
        while True:
            while match := _TO_NEXT_BRACKET.match(self.text, self.position):
                sign = self.text[match.end() - 1]
                if sign == '"':  # the string is still open where the window ends
                    break
                self.position = match.end()
                depth += 1 if sign in "{[" else -1
                if depth == 0:
                    return True
            self._step_over_rest()
            if (budget is not None and self.characters_read - begin > budget) or not self._read_on_outside():
                return False

    def _step_over_rest(self) -> None:
        """No bracket stands in the rest of the window: all of it is stepped over, up to a string that may still be open."""
        match = _NO_BRACKETS.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def _read_on_outside(self) -> bool:
        """Read on behind what was stepped over; a string that does not end soon is stepped over by itself."""
        if len(self.text) - self.position > LONGEST_RECORD:
            return self._skip_string()
        return self.more()

    def _skip_string(self) -> bool:
        self.position += 1
        while True:
            match = _IN_STRING.match(self.text, self.position)
            self.position = match.end() if match else self.position
            if self.text[self.position : self.position + 1] == '"':
                self.position += 1
                return True
            if not self.more():
                return False


def _counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"


def _in_words(found: str) -> str:
    if found == "\ufffd":
        return "half a character stands there"
    return f"“{found}” stands there" if found else "the file ends there"


# ---------------------------------------------------------------- many records at a time

class Screen:
    """Looks over decoded records: which may pass as they are, and what is taken out of the others.

    Fields that can identify a person or an account (NEVER in the table of field names) are taken out, at any depth.
    """

    def __init__(self) -> None:
        self._harmless: set[str] = set()
        self._forms = Forms()

    def look_over(self, elements: list[Any], text: str) -> Sequence[Typed | None] | None:
        """The elements of an array without its brackets as objects of their form, as far as they have one; None when one of them may not pass as it is."""
        if (typed := self._forms.typed(f"[{text}]")) is not None:
            return typed
        if not all(type(element) is dict for element in elements) or not all(map(self.passes, elements)):
            return None
        self._forms.learn(elements)
        return [None] * len(elements)

    def passes(self, data: dict[str, Any]) -> bool:
        """Whether a record may pass as it is: no field that is never taken in, no number that is kept as text."""
        if not self._harmless.issuperset(data) and not self._learn(data):
            return False
        return self._all_pass(data.values())

    def _all_pass(self, values: Iterable[Any]) -> bool:
        for value in values:
            kind = type(value)
            if kind is str:
                continue
            if kind is dict:
                if not self.passes(value):
                    return False
            elif kind is list:
                if not self._all_pass(value):
                    return False
            elif (kind is float and not -BEYOND_64_BITS < value < BEYOND_64_BITS) or (kind is int and not -LARGEST_WHOLE <= value <= LARGEST_WHOLE):
                return False
        return True

    def _learn(self, data: dict[str, Any]) -> bool:
        """Remember the keys of a record when all are harmless; there are few different ones in a list, but in a hostile one."""
        if any(map(is_never_taken, data)):
            return False
        if len(self._harmless) < MOST_KEYS:
            self._harmless.update(data)
        return True

    def cleared(self, data: dict[str, Any]) -> dict[str, Any]:
        """A record without the fields that are never taken in, and with numbers that may be beyond 64 bits as text."""
        return data if self.passes(data) else _cleared(data)


def _cleared(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {key: _cleared(item) for key, item in value.items() if not is_never_taken(key)}
    if kind is list:
        return [_cleared(item) for item in value]
    if (kind is float and not -BEYOND_64_BITS < value < BEYOND_64_BITS) or (kind is int and not -LARGEST_WHOLE <= value <= LARGEST_WHOLE):
        return repr(value)  # a database writes 1e308 with all its digits, and gives it back as a whole number that no tool of JSON takes
    return value


told_bytes: Callable[[dict[str, Any]], bytes] = partial(orjson.dumps, option=orjson.OPT_SORT_KEYS)
"""What a record says, the same bytes for any order of keys and any way of writing the file. Raises TypeError when nested too deeply."""


def decode_many(text: str, screen: Screen) -> tuple[list[Any], list[bytes], Sequence[Typed | None], int] | None:
    """The elements of a piece of an array, their bytes, they as objects of their form, and where they end; None when only careful reading can be trusted with it.

    They end before the end of the text when the array is closed there. Careful reading is needed for: wrong brackets, keys given
    twice (then what was decoded holds fewer quotation marks than the text), and what the screen does not let pass.
    """
    elements, end = _decode_elements(text)
    if elements is None or ("\\" in text and "\\u0000" in text):
        return None
    typed = screen.look_over(elements, text if end == len(text) else text[:end])
    if typed is None:
        return None
    try:
        told = list(map(told_bytes, elements))
    except TypeError:
        return None
    return (elements, told, typed, end) if _quotation_marks(b"".join(told)) == _quotation_marks(text[:end].encode()) else None


def _quotation_marks(text: bytes) -> int:
    """How many there are; bytes.count takes four times as long, for it looks at one sign after the other."""
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == _QUOTATION_MARK))


_QUOTATION_MARK = ord('"')


def _decode_elements(text: str) -> tuple[list[Any] | None, int]:
    try:
        return orjson.loads(f"[{text}]"), len(text)
    except orjson.JSONDecodeError as error:
        end = error.pos - 2  # of the bracket that closed the array before the text ended; one sign more stands before it in what was decoded
        if not error.msg.startswith("unexpected content") or text[end : end + 1] != "]":
            return None, 0
    try:
        return orjson.loads(f"[{text[:end]}]"), end
    except orjson.JSONDecodeError:
        return None, 0


MOST_KEYS = 100_000


# ---------------------------------------------------------------- the walk

Paths = tuple[tuple[str, ...], ...]


@dataclass(slots=True)
class Room:
    """How much more one parent may tell its records."""

    values: int = MOST_INHERITED
    long_texts: int = MOST_LONG_INHERITED

    def takes(self, value: Any) -> bool:
        """Whether there is room for another value; it is taken then."""
        is_long = type(value) is str and len(value) > LONG
        if not self.values or (is_long and not self.long_texts):
            return False
        self.values, self.long_texts = self.values - 1, self.long_texts - is_long
        return True


@dataclass(slots=True)
class _Parent:
    """An object on the way to the records: what flows down through it, and which keys were already walked."""

    pointer: str
    context: dict[str, Any]
    level: tuple[str, ...]
    room: Room = field(default_factory=Room)
    own: set[str] = field(default_factory=set)
    walked: set[int] = field(default_factory=set)


class JsonRecords:
    """Walks one JSON file and yields its records; afterwards `trouble` tells what could not be read.

    `paths` say where records are (see Mapping.record_paths). `wanted` names the values of parents that must flow down even when they
    stand behind the records in the file. `record_keys` are field names of a record: an object that has them where a list of records is
    expected is taken as a list of one. `row_of` makes a record of an element that is none itself (a row of cells, a bare name): {} when it
    is one to pass over in silence, None when it is no record.
    """

    def __init__(
        self, path: Path, paths: Paths, wanted: frozenset[str] = frozenset(), record_keys: frozenset[str] = frozenset(),
        *, row_of: Callable[[Any], dict[str, Any] | None] | None = None,
    ) -> None:
        self.path = path
        self.paths = paths
        self.wanted = wanted
        self.record_keys = record_keys
        self.trouble = Trouble()
        self.count = 0
        self._keys_of_level: dict[tuple[str, ...], set[str]] = {}
        self._next_index: dict[str, int] = {}
        self._opening = ""
        self._usual: frozenset[str] = frozenset()
        self._reach = CHUNK_BYTES
        self._screen = Screen()
        self._row_of = row_of
        self._passed: set[str] = set()
        self._look_left = FARTHEST_LOOK

    def __iter__(self) -> Iterator[FoundRecord]:
        with JsonWindow(self.path) as window:
            try:
                for batch in self._documents(window):
                    yield from batch
            except BrokenText as broken:
                line, place = broken.found_in(window)
                self.trouble.add(f"The file breaks off near line {line:,}: {broken.what}.", place, broken=True)
            if window.first_comma:
                line, place = window.first_comma
                self.trouble.add(f"From near line {line:,} on, commas stand before closing brackets; they were passed over.", place)

    def _documents(self, window: JsonWindow) -> Iterator[list[FoundRecord]]:
        """The list, and others that were written behind it into the same file."""
        if window.has_preface:
            self.trouble.add("Words stand before the list; they were passed over.", 0)
        yield from self._walk(window, self.paths, _Parent("", {}, ()))
        documents, before, line, place = 0, self.count, 0, 0
        while (sign := window.peek(_BEHIND)) in ("{", "["):
            documents, line, place = documents + 1, line or window.line_number(), place or window.byte_offset()
            yield from self._walk(window, self.paths, _Parent(f"/({documents + 1})", {}, ()))
        if documents:
            found = _counted(self.count - before, "record")
            told = f"Behind the end of the list, from near line {line:,} on, {_counted(documents, 'more document')}"
            self.trouble.add(f"{told} with {found} of this kind were read.", place)
        if sign:
            what = "Zero bytes follow" if sign == "\x00" else "A piece of a web page follows" if sign == "<" else "Something else follows"
            self.trouble.add(f"{what} after the end of the list, near line {window.line_number():,}; it was not read.", window.byte_offset())

    def _walk(self, window: JsonWindow, paths: Paths, parent: _Parent) -> Iterator[list[FoundRecord]]:
        """Everything below the value that begins here."""
        sign = window.peek()
        if sign == "[" and (() in paths or _below(paths, EACH)):
            yield from self._array(window, _below(paths, EACH) or paths, parent)
        elif sign == "[" and any(len(path) > 1 and path[1] in _BELOW_TABLES for path in paths):
            yield from self._tables(window, paths, parent)
        elif sign == "{" and (() in paths or self._is_record(window, paths)):
            yield from self._single(window, parent)
        elif sign == "{":
            yield from self._object(window, paths, parent)
        else:
            self._pass_over(window, parent.pointer)

    def _pass_over(self, window: JsonWindow, pointer: str) -> None:
        """A value where records were expected: an empty place is nothing, anything else is told."""
        place, sign = window.byte_offset(), window.peek()
        if not sign or not window.skip():
            raise BrokenText("the file ends there")
        if sign != "n":
            self.trouble.add(f"At {pointer or 'the top'} no records were found where they were expected.", place)

    def _is_record(self, window: JsonWindow, paths: Paths) -> bool:
        """Whether the object that begins here is one record in the place of a list of records."""
        if (EACH,) not in paths or not self.record_keys:
            return False
        while len(window.text) - window.position < 1000 and window.more():
            pass
        opening = _OPENING.match(window.text, window.position)
        return opening is not None and opening.group().split('"')[1] in self.record_keys

    # -- objects

    def _object(self, window: JsonWindow, paths: Paths, parent: _Parent) -> Iterator[list[FoundRecord]]:
        """The members of an object: those on the way are walked, the others flow down to the records."""
        literal = {path[0] for path in paths if path} - {EACH}
        window.take("{")
        for key in self._members(window):
            below = _below(paths, key)
            if not below or window.peek() not in ("{", "["):
                self._inherit(window, key, parent)
                continue
            if not parent.walked:
                self._look_ahead(window, parent)
            yield from self._walk(window, below, self._child(parent, key, key in literal, below))
        self._keys_of_level.setdefault(parent.level, set()).update(parent.own)

    def _members(self, window: JsonWindow) -> Iterator[str]:
        """The keys of an object. The window stands at the key's value when it is yielded, and must stand behind it when resumed."""
        while (sign := window.peek(_BETWEEN)) != "}":
            if sign != '"':
                raise BrokenText(f"a field name was expected, but {_in_words(sign)}", window.position)
            key = window.value()
            window.take(":")
            window.peek()
            yield key
        window.position += 1

    def _child(self, parent: _Parent, key: str, is_literal: bool, below: Paths) -> _Parent:
        """The parent of what stands under a key. A key that is data itself (a county, say) flows down as `key`."""
        pointer = f"{parent.pointer}/{escaped(key)}"
        if hash(key) in parent.walked and () in below:
            pointer = f"{pointer} ({len(parent.walked) + 1})"  # a record under a key that was there before
        parent.walked.add(hash(key))
        if is_literal:
            return _Parent(pointer, told_by_key(key, parent.context), (*parent.level, key))
        number = sum(1 for name in parent.context if name.startswith("key") and name[3:].isdigit()) + ("key" in parent.context)
        name = "key" if not number else f"key{number + 1}"
        return _Parent(pointer, {**parent.context, name: key}, (*parent.level, EACH))

    # -- what flows down

    def _inherit(self, window: JsonWindow, key: str, parent: _Parent) -> None:
        """A parent's own value flows down to its records; when they were already read, say so."""
        found = {name: value for name, value in self._inheritable(window, key, parent.level).items() if name in self.wanted or parent.room.takes(value)}
        parent.own.update(found)
        late = [name for name in found if parent.walked and name in self.wanted and name not in parent.context]
        if late:
            note = f"“{late[0]}” of {parent.pointer or 'the list'} stands behind its records and did not reach them."
            self.trouble.add(note, window.byte_offset())
        elif not parent.walked:
            parent.context = {**parent.context, **found}

    def _inheritable(self, window: JsonWindow, key: str, level: tuple[str, ...]) -> dict[str, Any]:
        """The values of one member that may flow down: single values, and those of a small object."""
        sign = window.peek()
        if sign == "[" or (sign == "{" and not window.holds_whole_value()):
            if not window.skip():
                raise BrokenText("the file ends there")
            return {}
        return dict(inheritable_values(key, window.value(), container_of(level)))

    def _look_ahead(self, window: JsonWindow, parent: _Parent) -> None:
        """Fetch wanted values that stand behind the records of this parent."""
        known = self._keys_of_level.get(parent.level)
        missing = (self.wanted if known is None else known & self.wanted) - set(parent.context)
        if not missing:
            return
        budget = FIRST_LOOK if known is None else None
        is_large = self.path.stat().st_size > FIRST_LOOK
        found = self._tail_values() if is_large and not parent.level else self._values_behind(window, parent.level, budget)
        parent.context = {**parent.context, **{name: value for name, value in found.items() if name in missing}}

    def _values_behind(self, window: JsonWindow, level: tuple[str, ...], budget: int | None) -> dict[str, Any]:
        """The values of a parent that stand behind the value that begins here."""
        found: dict[str, Any] = {}
        if self._reads_on(window.look_around(), level, budget, found):
            return found
        with window.look_ahead() as ahead:
            self._reads_on(ahead, level, budget, found)
        return found

    def _reads_on(self, ahead: JsonWindow, level: tuple[str, ...], budget: int | None, found: dict[str, Any]) -> bool:
        """Collect the values behind this one. False when the window ends before the parent does."""
        try:
            if not ahead.skip(budget):
                return False
            for key in self._members(ahead):
                found.update(self._inheritable(ahead, key, level))
        except BrokenText:
            return False
        return True

    def _tail_values(self) -> dict[str, Any]:
        """Values of the outermost object that stand behind its records, from the end of the file."""
        members = _tail_members(self.path)
        return dict(pair for key, value in members.items() for pair in inheritable_values(key, value, ""))

    # -- records

    def _array(self, window: JsonWindow, below: Paths, parent: _Parent) -> Iterator[list[FoundRecord]]:
        """The elements of a list. A list that comes twice under one key goes on counting, so that no two records share a pointer."""
        window.take("[")
        index = self._next_index.get(parent.pointer, 0)
        if () in below:
            yield from self._records(window, parent, index)
            return
        while (sign := window.peek(_BETWEEN)) != "]":
            if not sign:
                raise BrokenText("the file ends before the list is closed")
            pointer = f"{parent.pointer}/{index}"
            yield from self._walk(window, below, _Parent(pointer, parent.context, (*parent.level, EACH)))
            index += 1
        window.position += 1
        self._next_index[parent.pointer] = index

    def _tables(self, window: JsonWindow, paths: Paths, parent: _Parent) -> Iterator[list[FoundRecord]]:
        """The tables of a dump of a database, by their names; those on no path are passed over."""
        window.take("[")
        index = self._next_index.get(parent.pointer, 0)
        while (sign := window.peek(_BETWEEN)) != "]":
            if not sign:
                raise BrokenText("the file ends before the list is closed")
            name = _named_table(window)
            if below := _below(paths, name) if name else ():
                yield from self._walk(window, below, _Parent(f"{parent.pointer}/{index}", told_by_key(name, parent.context), (*parent.level, name)))
            else:
                self._pass_over_table(window, name, index)
            index += 1
        window.position += 1
        self._next_index[parent.pointer] = index

    def _pass_over_table(self, window: JsonWindow, name: str, index: int) -> None:
        """A table that is not wanted. In a file too large to be looked at as a whole, or among very many, it may be one that nobody saw: then it is told, once."""
        place = window.byte_offset()
        if not window.skip():
            raise BrokenText("the file ends there")
        if name and name not in self._passed and (index >= MOST_TABLES or self.path.stat().st_size > LARGEST_LOOKED_AT):
            self._passed.add(name)
            self.trouble.add(f"The table “{name[:60]}” was passed over. Places that stand there want a file of their own.", place)

    def _records(self, window: JsonWindow, parent: _Parent, index: int) -> Iterator[list[FoundRecord]]:
        pointer, context = parent.pointer, parent.context
        while (sign := window.peek(_BETWEEN)) != "]":
            if not sign:
                raise BrokenText("the file ends before the list is closed")
            many = self._many(window) if sign == "{" and self._row_of is None else None
            if many is None:
                one = self._careful(window, f"{pointer}/{index}", is_nested=EACH in parent.level)
                many = ([one[0]], [one[1]], [None]) if one is not None else ([], [], [])
                index += one is None
            batch = [(f"{pointer}/{place}", context, data, told, typed) for place, (data, told, typed) in enumerate(zip(*many, strict=True), index)]
            self.count += len(batch)
            yield batch
            index += len(batch)
        window.position += 1
        self._next_index[pointer] = index

    def _single(self, window: JsonWindow, parent: _Parent) -> Iterator[list[FoundRecord]]:
        one = self._careful(window, parent.pointer)
        if one is not None:
            self.count += 1
            yield [(parent.pointer, parent.context, *one, None)]

    def _many(self, window: JsonWindow) -> tuple[list[dict[str, Any]], list[bytes], Sequence[Typed | None]] | None:
        """As many records as stand whole in the window, or None when they must be read with care.

        The window is cut before the last element that begins like this one. A cut at a wrong place leaves brackets open, so that it
        cannot be decoded: what decodes is right.
        """
        if window.characters_read < window.careful_until:
            return None
        if len(window.text) - window.position < CHUNK_BYTES // 4:
            window.more()
        begin = window.position
        cut = _last_like_this(window.text, begin, begin + self._reach)
        piece = window.text[begin:cut].rstrip(" \t\r\n") if cut > 0 else ""
        decoded = decode_many(piece[:-1], self._screen) if piece.endswith(",") else None
        if decoded is None:
            window.careful_until = window.discarded + max(cut, begin + 1)
            self._reach = CHUNK_BYTES
            return None
        elements, told, typed, end = decoded
        is_all = end == len(piece) - 1
        self._reach = min(CHUNK_BYTES, self._reach * 4) if is_all else max(4096, end * 2)
        window.position = cut if is_all else begin + end
        return elements, told, typed

    def _careful(self, window: JsonWindow, pointer: str, *, is_nested: bool = False) -> tuple[dict[str, Any], bytes] | None:
        """One element, or None when it is no record; then `trouble` says so."""
        try:
            value = window.value()
        except BrokenText as broken:
            self._set_aside(window, pointer, broken, is_nested=is_nested)
            return None
        if self._row_of is not None and (row := self._row_of(value)) is not None:
            if not row:
                return None
            value = row
        if type(value) is dict and not is_too_deep(value):
            self._opening, self._usual = self._opening or next(iter(value), ""), self._usual or frozenset(value)
            value = self._screen.cleared(value)
            return value, told_bytes(value)
        what = "nested too deeply" if type(value) is dict else f"{_kind_in_words(value)}, not a record"
        self.trouble.add(f"{pointer or 'The only one'} is {what}.", window.byte_offset(), pointer=pointer)
        return None

    def _set_aside(self, window: JsonWindow, pointer: str, broken: BrokenText, *, is_nested: bool) -> None:
        """Step over a damaged record when it is certain where the next one begins. Raises BrokenText otherwise."""
        line, place = broken.found_in(window)
        what = f"in record {self.count + self.trouble.set_aside + 1:,} ({pointer or 'the only one'}), {broken.what}"
        if self._ends_before_a_record(window):
            window.skip()
            self.trouble.add(f"Near line {line:,}, {what}.", place, pointer=pointer)
            return
        between = self._go_to_next(window, is_nested=is_nested)
        if between is None:
            raise BrokenText(what, spot=(line, place)) from None
        if '"' in between:
            self.trouble.add(f"Near line {line:,}, {what}; reading goes on near line {window.line_number():,}.", place, pointer=pointer)
        else:
            self.trouble.add(f"Near line {line:,}, before record {self.count + self.trouble.set_aside + 1:,}, {broken.what}; it was passed over.", place)

    def _ends_before_a_record(self, window: JsonWindow) -> bool:
        """Whether the damaged value that begins here has an end, with another record or the end of the list behind it."""
        if self._looks_on(window.look_around()):
            return True
        if window.is_at_end or self._look_left <= 0:
            return False
        with window.look_ahead() as ahead:
            return self._looks_on(ahead)

    def _looks_on(self, ahead: JsonWindow) -> bool:
        """Whether another window finds the end of the value that begins there before a record. What it reads is counted: where damage leaves brackets open, each
        look goes to the end of the file."""
        begin = ahead.characters_read
        found = self._look_left > 0 and ahead.skip(self._look_left) and self._stands_before_a_record(ahead)
        self._look_left -= ahead.characters_read - begin
        return found

    def _go_to_next(self, window: JsonWindow, *, is_nested: bool) -> str | None:
        """Go to the next whole record behind a damaged place and return what stands between, or None when there is none for certain.

        It must begin with the field that records here begin with, and hold most of the fields they have. In a list inside others, no list
        may end on the way: the next record would stand under another parent. Where no whole record came before, it begins as the damaged one does, and
        stands in no list or object of that.
        """
        while len(window.text) - window.position < 2 * LONGEST_GAP and window.more():
            pass
        begin = window.position
        damaged = None if self._opening else _OPENING.match(window.text, begin)
        opening = self._opening or (damaged[0].split('"')[1] if damaged else "")
        like_others = re.compile(r'\{[ \t\r\n]*"' + re.escape(opening) + '"')
        for found in islice(like_others.finditer(window.text, begin + 1, begin + LONGEST_GAP), MOST_TRIES if opening else 0):
            between = window.text[begin : found.start()]
            if is_nested and "]" in between:
                return None
            if damaged and is_within(between):
                continue
            if self._is_whole_record(window, found.start()):
                window.position = found.start()
                return between
        return None

    def _is_whole_record(self, window: JsonWindow, place: int) -> bool:
        """Whether a record begins and ends there. What is the value of a member (`"contact": {"name": ..`) is part of the damaged record."""
        if window.text[max(place - LONGEST_BLANK, 0) : place].rstrip(" \t\r\n").endswith(":"):
            return False
        try:
            value, _ = decode_at(window.text, place)
        except (json.JSONDecodeError, RecursionError):
            return False
        return type(value) is dict and 2 * len(self._usual.intersection(value)) >= len(self._usual)

    def _stands_before_a_record(self, window: JsonWindow) -> bool:
        if window.peek() == "]":
            return True
        if window.peek() != ",":
            return False
        window.peek(_BETWEEN)
        while len(window.text) - window.position < 1000 and window.more():
            pass
        opening = _OPENING.match(window.text, window.position)
        return opening is not None and (not self._opening or opening.group().split('"')[1] == self._opening)


FIELDS_OF_MODELS = "fields"
"""Where the rows of a dump by models stand: `{"model": "places.station", "pk": 1, "fields": {..}}`, one table after the other in one list."""
_NAMED_TABLE = re.compile(r'\{[^\[\]{}]{0,600}?"(?:name|table|table_?name|model)"[ \t\r\n]*:[ \t\r\n]*"([^"\\]{1,100})"', re.IGNORECASE)
_NAMES_TABLES = frozenset({"name", "table", "table_name", "tablename"})
ROWS_OF_TABLES = ("data", "rows", "records")
_BELOW_TABLES = frozenset({*ROWS_OF_TABLES, FIELDS_OF_MODELS})


def _named_table(window: JsonWindow) -> str:
    """The name of the table that begins here, which stands before its rows; empty for what is none."""
    while len(window.text) - window.position < 1_000 and window.more():
        pass
    named = _NAMED_TABLE.match(window.text, window.position)
    return named[1] if named else ""


def table_name(item: Any) -> str:
    """The name of a table as dumps of databases write it (`{"type": "table", "name": "stations", "data": [..]}`, `{"table": "stations", "rows": [..]}`);
    empty for any other value, for there names and data are those of a list of places too."""
    if type(item) is not dict or not any(type(item.get(key)) is list for key in ROWS_OF_TABLES):
        return ""
    named = next((key for key in item if key.casefold() in _NAMES_TABLES), "")
    is_table = item.get("type") == "table" or named.casefold() in _NAMES_TABLES - {"name"} or type(item.get("columns")) is list
    return item[named] if is_table and named and type(item[named]) is str else ""


def model_of(item: Any) -> str:
    """The table that a row of a dump by models is of; empty for any other value."""
    return item["model"] if type(item) is dict and type(item.get("model")) is str and "pk" in item and type(item.get(FIELDS_OF_MODELS)) is dict else ""


KIND_OF_LIST = "list"
"""The name under which the key of a list flows down when it names the kind of place in it (`hospitals`, `police_stations`)."""
COUNTY_OF_KEY = "key county"
"""The name under which a key flows down that names a county among keys that do not (`{"Nairobi": {..}, "national_organizations": {..}}`)."""


def told_by_key(key: str, context: dict[str, Any]) -> dict[str, Any]:
    """The context below a key of the file: one that names a kind of place, or a county, tells it of every record below."""
    if is_kind_key(key):
        return {**context, KIND_OF_LIST: spaced(key)}
    if is_county(key):
        return {**context, COUNTY_OF_KEY: key}
    county, kind = _county_and_kind(key)
    return {**context, COUNTY_OF_KEY: county, KIND_OF_LIST: kind} if county else context


@lru_cache(maxsize=4_096)
def _county_and_kind(key: str) -> tuple[str, str]:
    """The county and the kind of place that a key names together (`NAIROBI_POLICE_STATIONS`, `hospitalsInKisumu`); empty when it does not."""
    words = spaced(key).replace("_", " ").replace("-", " ").split()
    for size in range(1, min(4, len(words))):
        for county, kind in ((words[:size], words[size:]), (words[-size:], words[:-size])):
            kind = kind[1:] if kind[0].casefold() == "county" and len(kind) > 1 else kind
            kind = kind[:-1] if kind[-1].casefold() in ("in", "of") and len(kind) > 1 else kind
            if is_kind_key(" ".join(kind)) and is_county(" ".join(county)):
                return " ".join(county), " ".join(kind)
    return "", ""


def _last_like_this(text: str, begin: int, end: int) -> int:
    """Where the last element begins that begins with the same key as this one; -1 when there is none before `end`."""
    opening = _OPENING.match(text, begin)
    return text.rfind(opening.group(), begin + 1, end) if opening else -1


def is_within(between: str) -> bool:
    """Whether what follows a piece of a record stands in a list or an object of it."""
    return between.count("[") > between.count("]") or between.rstrip().endswith((":", "["))


def _below(paths: Paths, key: str) -> Paths:
    """What is left of the paths behind one key."""
    return tuple(path[1:] for path in paths if path and path[0] in (key, EACH))


def escaped(key: str) -> str:
    """A key as a step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def container_of(level: Sequence[str]) -> str:
    """The key that a level stands under by which its values are told; one that comes again below itself is counted (`children`, `children 2`)."""
    key = next((step for step in reversed(level) if step != EACH), "")
    times = level.count(key)
    return f"{key} {times}" if times > 1 else key


def inheritable_values(key: str, value: Any, container: str) -> Iterator[tuple[str, Any]]:
    """Names and values that flow down from one member; a name that says little by itself is told with the list it stands in."""
    if type(value) is dict:
        for inner, item in value.items():
            if type(item) not in (dict, list):
                yield from inheritable_values(f"{key}.{inner}", item, "")
        return
    if value is None or type(value) is list or (type(value) is str and (not value.strip() or len(value) > LONGEST_INHERITED)):
        return
    yield (f"{container}.{key}" if container and key.casefold() in _GENERIC_KEYS else key), _cleared(value)


def _kind_in_words(value: Any) -> str:
    if value is None:
        return "empty"
    return {str: "a text", bool: "a yes or no", int: "a number", float: "a number", list: "a list"}.get(type(value), "no object")


def _tail_members(path: Path) -> dict[str, Any]:
    """The last members of the outermost object of a file, as far as they follow its last list or object."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - TAIL_BYTES))
        tail = stream.read().decode("utf-8", "as_cp1252").rstrip()
    found: dict[str, Any] = {}
    for match in reversed(list(re.finditer(r"[\]}]\s*,", tail))[-12:]):
        try:
            members = json.loads("{" + tail[match.end() :], strict=False)
        except (ValueError, RecursionError):
            continue
        found = members if len(members) > len(found) else found
    return found
