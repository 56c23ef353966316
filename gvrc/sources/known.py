"""The shapes of lists that are known from the start, from `data/reference/known_sources.json`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gvrc.errors import ReferenceDataError
from gvrc.settings import DATA_DIR


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSource:
    """A shape and how its fields are read. `required` are fields that records of it have, `parents` values that flow down to them.

    `source` may name a parent in braces: `category_{category}`.
    """

    source: str
    title: str
    record_paths: tuple[tuple[str, ...], ...]
    required: frozenset[str]
    parents: frozenset[str]
    fields: tuple[tuple[str, str], ...]
    constants: dict[str, str]

    def fits(self, record_paths: tuple[tuple[str, ...], ...], leaves: set[str], parents: set[str]) -> bool:
        """Whether a list has this shape; a list without records has it when its records would stand in the same place."""
        if record_paths != self.record_paths:
            return False
        return self.parents <= parents and (self.required <= leaves if leaves else not self.required)

    def name_for(self, context: dict[str, Any]) -> str:
        """The name of the source, with the parents' values it names filled in."""
        return re.sub(r"\{(\w+)\}", lambda match: slug(str(context.get(match.group(1), "")))[:40], self.source)


@lru_cache(maxsize=1)
def known_sources() -> tuple[KnownSource, ...]:
    """All known shapes. Raises ReferenceDataError when their file is missing or wrong."""
    try:
        entries = json.loads((DATA_DIR / "reference" / "known_sources.json").read_text(encoding="utf-8"))
        return tuple(_known_source(entry) for entry in entries)
    except (OSError, ValueError, KeyError, TypeError):
        raise ReferenceDataError("The file of known sources cannot be read.", "Restore data/reference from the project.") from None


def _known_source(entry: dict[str, Any]) -> KnownSource:
    return KnownSource(
        source=entry["source"],
        title=entry["title"],
        record_paths=tuple(tuple(path) for path in entry["record_paths"]),
        required=frozenset(entry["required"]),
        parents=frozenset(entry["parents"]),
        fields=tuple((path, canonical) for path, canonical in entry["fields"]),
        constants=dict(entry.get("constants", {})),
    )


def slug(text: str) -> str:
    """A name for a source: lower case letters, digits and single underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text[:200].lower()).strip("_")
