"""Which record a finding belongs to."""

from __future__ import annotations

from collections.abc import Iterable

from gvrc.model.issue import Issue


def keyed(issues: Iterable[Issue], record_key: str) -> list[Issue]:
    """The issues as findings on one record. Built anew and not with `dataclasses.replace`, which costs four times as much."""
    return [
        Issue(code=issue.code, field_name=issue.field_name, value=issue.value, detail=issue.detail, suggestion=issue.suggestion, record_key=record_key)
        for issue in issues
    ]
