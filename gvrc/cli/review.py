"""questions, decide, commit, export"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from gvrc import commit as committing
from gvrc import steward, views
from gvrc.cli.context import Call, table
from gvrc.commit.units import CommitPreview, HeldBack
from gvrc.errors import ConfigError
from gvrc.model.review import Answer, Relation
from gvrc.steward import AnswerIn, Refusal
from gvrc.store.reads_search import FacilityFilter

ANSWER_KEYS = frozenset({"key", "answer", "values", "note", "relation"})


def questions(call: Call) -> int:
    """Every open question, in the desk's order."""
    found = [_question(item) for item in views.question_list(call.db, call.actor, call.options.run_id, kind=call.options.kind)]
    rows = [(q["key"][:12], q["kind"], q["field"] or "", q["reason"] or "") for q in found]
    call.answer(found, table(rows, ("key", "kind", "field", "question")))
    return call.code(findings=bool(found))


def _question(item: Any) -> dict[str, Any]:
    return {
        "key": item.key, "kind": item.kind, "record_ids": list(item.record_ids), "issue": item.issue.code if item.issue else None,
        "field": item.field_name, "value": item.value, "suggestion": item.suggestion,
        "match_score": item.match.match_score if item.match else None, "reason": item.reason,
    }


def decide(call: Call) -> int:
    """Apply answers as a steward would; one that cannot be taken is refused with its reason, the others hold."""
    answers, refused = read_answers(call.options.answers)
    outcome = steward.decide(call.db, call.settings, call.actor, call.options.run_id, answers)
    refused = [*refused, *outcome.refused]
    result = {"applied": outcome.applied, "refused": [{"key": item.key, "why": item.why} for item in refused]}
    call.answer(result, [f"{outcome.applied} answers taken, {len(refused)} refused.", *(f"{item.key}: {item.why}" for item in refused)])
    return call.code(findings=bool(refused))


def read_answers(path: Path) -> tuple[list[AnswerIn], list[Refusal]]:
    """The answers of a JSON Lines file; lines that are none are refusals."""
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise ConfigError(f"The file of answers cannot be read: {error.strerror}.", "Name an existing JSON Lines file after --answers.") from None
    answers, refused = [], []
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            try:
                answers.append(_read_answer(orjson.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                refused.append(Refusal(key=f"line {number}", why=f"This line is no answer: {error}."))
    return answers, refused


def _read_answer(value: Any) -> AnswerIn:
    if not isinstance(value, dict) or not isinstance(value.get("key"), str):
        raise TypeError("it needs a key and an answer")
    values = value.get("values") or {}
    if not isinstance(values, dict):
        raise TypeError("values must be an object")
    relation = value.get("relation") or values.get("relation")
    return AnswerIn(
        key=value["key"], answer=Answer(value["answer"]), values={k: v for k, v in values.items() if k != "relation"}, note=value.get("note"),
        relation=Relation(relation) if relation else None,
    )


def commit(call: Call) -> int:
    """Publish what is approved, or show what would be."""
    if call.options.dry_run:
        preview = committing.preview(call.db, call.settings, call.actor, call.options.run_id)
        call.answer(_preview(preview), _preview_lines(preview))
        return call.code(findings=bool(preview.held_back))
    outcome = committing.commit(call.db, call.settings, call.actor, call.options.run_id, confirm_risky=call.options.confirm_risky)
    answer = asdict(outcome) | {"held_back": outcome.held_back_records, "held_back_reasons": _reasons(outcome.held_back)}
    call.answer(answer, [
        f"Commit {outcome.commit_id}: {outcome.added} added, {outcome.changed} changed, {outcome.merged} merged, {outcome.unchanged} unchanged, "
        f"{outcome.held_back_records} held back, {outcome.dead_letters} dead letters, {outcome.batches} batches, {outcome.seconds:.1f} s",
        *(f"{item.count} held back: {item.reason}" for item in outcome.held_back),
    ])
    return call.code(findings=bool(outcome.held_back or outcome.dead_letters))


def _reasons(held_back: Sequence[HeldBack]) -> list[dict[str, Any]]:
    return [{"reason": item.reason, "records": item.count} for item in held_back]


def _preview(preview: CommitPreview) -> dict[str, Any]:
    return {
        "dry_run": True, "added": preview.added, "changed": preview.changed, "merged": preview.merged, "unchanged": preview.unchanged,
        "held_back": preview.held_back_records, "batches": 0, "dead_letters": 0, "seconds": 0.0, "held_back_reasons": _reasons(preview.held_back),
        "changes": preview.changes, "counties": preview.counties_before_after, "becomes_public": preview.becomes_public, "risky": preview.risky,
    }


def _preview_lines(preview: CommitPreview) -> list[str]:
    return [
        f"Would add {preview.added}, change {preview.changed}, merge {preview.merged}; {preview.unchanged} unchanged.",
        *(f"{item.count} held back: {item.reason}" for item in preview.held_back),
    ]


def export(call: Call) -> int:
    """The registry as a file, as the caller or another role may see it."""
    if call.options.output is None:
        count = _export_to(call, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        with call.options.output.open("wb") as stream:
            count = _export_to(call, stream)
    call.note(f"{count} facilities")
    return 0


def _export_to(call: Call, stream: BinaryIO) -> int:
    options = call.options
    filters = FacilityFilter(county=options.county, facility_type=options.kind)
    return views.export(
        call.db, call.actor, stream, file_format=options.format, filters=filters, role=options.role, is_anonymous=True if options.anonymous else None,
    )
