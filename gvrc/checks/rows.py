"""Rules on a row as it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gvrc.checks.catalogue import field_label
from gvrc.checks.schema import CANONICAL, load_schema
from gvrc.cleaning.contacts import contacts_in_text
from gvrc.cleaning.text import LONGEST_TEXT, one_line
from gvrc.model.issue import Issue
from gvrc.model.record import PERSONAL_FIELDS
from gvrc.model.source import SourceRow


def row_issues(row: SourceRow) -> Iterator[Issue]:
    """Everything that can be told of a row before it is cleaned: its form, and damage to its texts."""
    canonical, own = load_schema(CANONICAL), load_schema(row.source)
    if canonical is not None:
        yield from canonical.issues(row.values)
    if own is not None:
        yield from own.issues(row.data)
    yield from _text_issues(row.values)


def _text_issues(values: Mapping[str, Any]) -> Iterator[Issue]:
    for name, value in values.items():
        if isinstance(value, str):
            if len(value) > LONGEST_TEXT:
                yield Issue(code="row.too_long", field_name=name, detail={"field": field_label(name), "length": len(value), "longest": LONGEST_TEXT})
            elif not value.isascii() and len(value) <= 300 and _is_damaged(value):
                yield Issue(code="row.encoding", field_name=name, value=None if name in PERSONAL_FIELDS else contacts_in_text(value[:120], name).redacted)


def _is_damaged(value: str) -> bool:
    """True when mending the encoding changed letters, not only the kind of quotation mark or space."""
    mended = one_line(value)
    return len(mended) < len(" ".join(value.split())) and mended.isascii() != value.isascii()
