"""Lists of objects with headings among them, as tables of documents become JSON: `{"Station": "KWALE COUNTY", "Tel": ""}`, then its stations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gvrc.sources.delimited import Headings
from gvrc.sources.field_names import NOWHERE, known_name
from gvrc.sources.json_stream import FoundRecord, Trouble
from gvrc.sources.looks import HEADINGS, SECTION, heading_level, is_missing
from gvrc.sources.wide import Reader

HEADED = {SECTION: "heading", **{name: name for name in HEADINGS if name != SECTION}}
"""Levels of headings with the names under which those among objects flow down."""
FEWEST_FIELDS = 2
"""Fields that more than half of the records between the headings must fill: of bare names any may be that of a county too."""


def are_headed(records: Sequence[dict[str, Any]]) -> bool:
    """Whether headings stand among the records of a list."""
    others = [record for record in records if not _heading(record)]
    return len(others) < len(records) and sum(len(_said(record)) >= FEWEST_FIELDS for record in others) > 0.5 * len(others)


def _said(record: dict[str, Any]) -> list[Any]:
    """What a record says, without its running number."""
    return [value for key, value in record.items() if not is_missing(value) and not _is_of_no_use(key)]


def _is_of_no_use(key: str) -> bool:
    named = known_name((key,))
    return named is not None and named.canonical == NOWHERE


def _heading(record: dict[str, Any]) -> str:
    """The heading that is all a record says; empty when it says more, or something else."""
    if len(record) > MOST_FIELDS:
        return ""
    said = _said(record) or [value for value in record.values() if not is_missing(value)]  # a heading that stands where the numbers do
    if len(said) > 1 and said.count(said[0]) == len(said):
        said = said[:1]  # merged over all columns, and told in each
    return said[0].strip() if len(said) == 1 and isinstance(said[0], str) and heading_level(said[0].strip()) else ""


MOST_FIELDS = 200


class HeadedRecords:
    """Yields the records of a reader, each with the headings it stands under in its own list; a heading is a record too. `trouble` is that of the reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @property
    def trouble(self) -> Trouble:
        return self._reader.trouble

    def __iter__(self) -> Iterator[FoundRecord]:
        headings, place, told = Headings(heading_level), "", dict[str, Any]()
        for pointer, context, data, content, typed in self._reader:
            if (parent := pointer.rpartition("/")[0]) != place:
                headings, place, told = Headings(heading_level), parent, {}
            if (text := _heading(data)) and headings.learn(text):
                told = {HEADED[level]: said for level, said in headings.told.items()}
            yield pointer, context | told if told else context, data, content, typed
