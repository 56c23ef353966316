"""Validate: does each row have the form it should have?"""

from __future__ import annotations

from collections.abc import Sequence

from gvrc.checks.keys import keyed
from gvrc.checks.rows import row_issues
from gvrc.model.run import StageResult
from gvrc.model.source import SourceRow
from gvrc.reference.vocabularies import Vocabularies


def validate(rows: Sequence[SourceRow], vocabularies: Vocabularies) -> StageResult:
    """The issues of rows as they came: JSON Schema (canonical and of their source), then the rules on raw rows. Makes no records.

    Rules that need a clean value (a missing name, a heading) run after transform, where a steward's answers are known.
    """
    issues = [issue for row in rows for issue in keyed(row_issues(row), row.record_key)]
    return StageResult(records=(), issues=issues)
