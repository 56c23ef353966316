"""Questions and answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class QuestionKind(StrEnum):
    DUPLICATE = "duplicate"
    ISSUE = "issue"


class Answer(StrEnum):
    """The four judgements on a pair, the four on an issue, and UNDONE, which reopens a question."""

    SAME = "same"
    DIFFERENT = "different"
    RELATED = "related"
    UNSURE = "unsure"
    ACCEPT = "accept"
    CORRECT = "correct"
    WAIVE = "waive"
    REJECT = "reject"
    UNDONE = "undone"


class Relation(StrEnum):
    PART_OF = "part_of"
    LOCATED_IN = "located_in"
    BRANCH_OF = "branch_of"
    SUCCESSOR_OF = "successor_of"


DUPLICATE_ANSWERS = frozenset({Answer.SAME, Answer.DIFFERENT, Answer.RELATED, Answer.UNSURE})
ISSUE_ANSWERS = frozenset({Answer.ACCEPT, Answer.CORRECT, Answer.WAIVE, Answer.REJECT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A recorded answer. It belongs to the question (`question_key`), which is named by source records and not by a run; `evidence_hash`
    is the fingerprint of what the person saw."""

    question_key: str
    kind: QuestionKind
    record_keys: tuple[str, ...]
    answer: Answer
    evidence_hash: str
    decided_by: str
    relation: Relation | None = None
    values: dict[str, Any] = field(default_factory=dict)
    note: str | None = None
    decision_id: int | None = None
    decided_at: datetime | None = None
