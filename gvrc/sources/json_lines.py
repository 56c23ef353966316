"""Records out of a file that holds one JSON object after another, usually one to a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from gvrc.sources.json_stream import BrokenText, FoundRecord, JsonWindow, Screen, Trouble, decode_at, decode_many, found_record, is_too_deep
from gvrc.sources.text import LONGEST_RECORD

_BETWEEN_LINES = " \t\r\n,\x1e"
FAILURES_BEFORE_IMPATIENCE = 100
"""Damaged lines after which no value is sought any more that spans lines."""


class JsonLinesRecords:
    """Yields the objects of a JSON Lines file; afterwards `trouble` tells which lines could not be read.

    The pointer of a record is `/lines/N`, N being the line it begins on, counted from 1 as an editor shows it; `/lines/N/1` and so on for
    others on the same line. A damaged line is set
    aside and the next one is read. `most` ends the reading after so many characters.
    """

    def __init__(self, path: Path, most: int | None = None) -> None:
        self.path = path
        self._most = most
        self.trouble = Trouble()
        self._screen = Screen()
        self._place = (0, 0)
        self._end_of_line = 0  # in characters of the file: one line may hold many values
        self._careful_line = 0

    def __iter__(self) -> Iterator[FoundRecord]:
        with JsonWindow(self.path) as window:
            while self._find_line(window) and (self._most is None or window.characters_read < self._most):
                yield from self._line(window)

    def _find_line(self, window: JsonWindow) -> bool:
        """Go to the next line that holds something, whole in the window unless it is too long."""
        while True:
            while window.text[window.position : window.position + 1] in _BETWEEN_LINES and window.position < len(window.text):
                window.position += 1
            if window.position < len(window.text):
                break
            if not window.more():
                return False
        if window.characters_read < self._end_of_line:
            return True
        while (end := window.text.find("\n", window.position)) < 0 and len(window.text) - window.position < LONGEST_RECORD:
            if not window.more():
                break
        self._end_of_line = window.discarded + (end if end >= 0 else len(window.text))
        return True

    def _line(self, window: JsonWindow) -> Iterator[FoundRecord]:
        number = window.line_number()
        is_patient = self.trouble.set_aside < FAILURES_BEFORE_IMPATIENCE
        if is_patient and number == self._careful_line:
            yield from self._careful(window, number)
            return
        end = self._end_of_line - window.discarded
        line = window.text[window.position : end].rstrip(_BETWEEN_LINES)
        decoded = decode_many(line, self._screen)
        if decoded is not None and decoded[3] == len(line):
            window.position = end
            for data, told, typed in zip(*decoded[:3], strict=True):
                yield self._pointer(number), {}, data, told, typed
            return
        self._careful_line = number
        yield from self._careful(window, number) if is_patient else self._impatient(window, number, line, end)

    def _pointer(self, number: int) -> str:
        """Where a value stands: its line, and behind the first of several on one line which one it is."""
        line, index = self._place
        self._place = (number, index + 1 if line == number else 0)
        return f"/lines/{number}/{self._place[1]}" if self._place[1] else f"/lines/{number}"

    def _careful(self, window: JsonWindow, number: int) -> Iterator[FoundRecord]:
        """A value that is no plain line: one that spans lines, or one that needs the standard decoder, or a damaged one."""
        begin = window.characters_read
        try:
            value = window.value()
        except BrokenText as broken:
            self._set_aside(window, number, broken)
            return
        if type(value) is dict and not is_too_deep(value):
            value = self._screen.cleared(value)
            yield found_record(self._pointer(number), {}, value)
        elif window.characters_read > begin:
            what = "is nested too deeply" if type(value) is dict else "holds no record"
            self.trouble.add(f"Line {number:,} {what}.", window.byte_offset(), pointer=self._pointer(number))

    def _impatient(self, window: JsonWindow, number: int, line: str, end: int) -> Iterator[FoundRecord]:
        """A line of a file with very many damaged ones: it is read by itself or not at all."""
        try:
            value, behind = decode_at(line, 0)
        except (json.JSONDecodeError, RecursionError):
            value, behind = None, 0
        window.position = end
        if type(value) is dict and behind == len(line) and not is_too_deep(value):
            value = self._screen.cleared(value)
            yield found_record(self._pointer(number), {}, value)
        else:
            self.trouble.add(f"Line {number:,} could not be read.", None, pointer=self._pointer(number))

    def _set_aside(self, window: JsonWindow, number: int, broken: BrokenText) -> None:
        _, place = broken.found_in(window)
        self.trouble.add(f"Line {number:,} could not be read: {broken.what}.", place, pointer=self._pointer(number))
        while (end := window.text.find("\n", window.position)) < 0:
            window.position = len(window.text)
            if not window.more():
                return
        window.position = end
