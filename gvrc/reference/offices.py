"""What lists of offices and of persons who help hold: children's offices, chiefs, village elders, from `data/reference/office_names.csv`."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache

from gvrc.errors import ReferenceDataError
from gvrc.model.quick import quick
from gvrc.settings import DATA_DIR

LONGEST_ROLE = 120
"""Characters of a heading that is read."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORD = re.compile(r"[^a-z]+")


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What a list holds: `label` what one of them is called, `is_person` whether each is a person and no place (a village elder), `may_name_holder` whether what
    stands as the name in such a list may be that of who holds the office."""

    label: str
    is_person: bool = False
    may_name_holder: bool = False


@lru_cache(maxsize=1)
def _offices() -> tuple[tuple[tuple[str, ...], Office], ...]:
    try:
        with (DATA_DIR / "reference" / "office_names.csv").open(encoding="utf-8", newline="") as stream:
            rows = [(row["words"], row["label"], row["holder"]) for row in csv.DictReader(stream)]
    except (OSError, KeyError):
        raise ReferenceDataError("The table of offices cannot be read.", "Restore data/reference from the project.") from None
    found = [(tuple(words.split()), Office(label=label, is_person=holder == "person", may_name_holder=holder != "")) for words, label, holder in rows]
    return tuple(sorted(found, key=lambda pair: -len(pair[0])))


@lru_cache(maxsize=4_096)
def office_of(heading: str) -> Office | None:
    """What a heading, the key of a list or a type says that its rows are (`sub_county_children_offices`, `CHV`); None when it names no such office."""
    if len(heading) > LONGEST_ROLE:
        return None
    words = frozenset(words_of_heading(heading))
    return next((office for told, office in _offices() if words.issuperset(told)), None)


def words_of_heading(heading: str) -> list[str]:
    """The words of a heading in the singular: `Chiefs' Offices` is chief, office."""
    words = _NOT_WORD.sub(" ", _CAMEL.sub(" ", heading[:200]).replace("_", " ").casefold().replace("'s", "").replace("’s", "").replace("centers", "centres").replace("center", "centre")).split()
    return [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words]
