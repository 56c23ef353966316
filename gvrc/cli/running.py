"""run, runs, records"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from gvrc import pipeline
from gvrc.cli.context import Call, table
from gvrc.cli.lists import LIST_SUFFIXES, find_lists, passed_over
from gvrc.errors import SourceError
from gvrc.model.source import LEFT_OUT
from gvrc.pipeline import ReceivedFile, RunSummary


def run(call: Call) -> int:
    """Receive the files, or pull the REST source that is named, and do the run in this process."""
    if call.options.source and not call.options.paths and call.options.resume is None:
        pulled = pipeline.pull(call.db, call.settings, call.actor, call.options.source, stop_after=call.options.stop_after)
        return do_run(call, pulled.run_id, [pulled.file])
    if call.options.resume is not None:
        received: list[ReceivedFile] = []
        run_id = call.options.resume
        pipeline.resume(call.db, call.settings, call.actor, run_id, stop_after=call.options.stop_after)
    else:
        for path in passed_over(call.options.paths):
            call.note(f"{path}: not read, for lists end in {', '.join(sorted(LIST_SUFFIXES))}; name the file itself to have it read.")
        received = pipeline.receive(call.db, call.settings, call.actor, find_lists(call.options.paths), source=call.options.source)
        _tell_problems(call, received)
        file_ids = list(dict.fromkeys(file.file_id for file in received if file.file_id is not None))
        run_id = pipeline.start(call.db, call.settings, call.actor, file_ids, stop_after=call.options.stop_after)
    return do_run(call, run_id, received)


def replay(call: Call) -> int:
    """Take the rows that a run set aside through their stages again, in this process."""
    run_id = call.options.run_id
    before = pipeline.replay(call.db, call.settings, call.actor, run_id)
    summary = pipeline.execute(call.db, call.settings, run_id, _monitor(call) if call.options.monitor else None)
    after = pipeline.waiting(call.db, call.actor, run_id)
    answer = _answer(summary, []) | {"replayed": before.rows - after.rows, "still_set_aside": after.rows, "unread": after.unread}
    told = f"{answer['replayed']} rows taken after all, {after.rows} still set aside, {after.unread} that could not be read from their file"
    call.answer(answer, [told, "", *_receipt(summary)])
    return call.code(findings=bool(after.rows))


def do_run(call: Call, run_id: int, received: Sequence[ReceivedFile]) -> int:
    """Do a queued run in this process and tell what became of it."""
    summary = pipeline.execute(call.db, call.settings, run_id, _monitor(call) if call.options.monitor else None)
    answer = _answer(summary, received)
    call.answer(answer, _receipt(summary))
    return call.code(findings=bool(summary.to_review or summary.held or summary.dead_letters or any(file.problem for file in received)))


def runs(call: Call) -> int:
    """List the runs, newest first."""
    from gvrc import views  # here and below: what screens read loads only for a command that shows some of it

    found = views.run_list(call.db, call.actor)
    rows = [(run.run_id, run.status, run.stage or "", run.started_by, f"{run.created_at.astimezone():%Y-%m-%d %H:%M}", run.receipt.records_in) for run in found]
    call.answer(found, table(rows, ("run", "status", "stage", "by", "created", "records")))
    return 0


def records(call: Call) -> int:
    """Every record of the run, as the caller may see it."""
    from gvrc import views

    found = map(_record, views.every_record(call.db, call.actor, call.options.run_id, state=call.options.state))
    if call.options.json:
        call.stream(found)
        return 0
    rows = [(r["record_id"], r["state"], _points(r["quality_score"]), r["name"], r["facility_type"], r["county"], r["ward"]) for r in found]
    call.answer(None, table(rows, ("record", "state", "quality", "name", "kind", "county", "ward")))
    return 0


def _record(row: Any) -> dict[str, Any]:
    names = ("record_id", "source", "pointer", "name", "facility_type", "county", "constituency", "ward", "latitude", "longitude", "contacts",
             "services", "quality_score", "state", "state_reason", "file", "source_id")
    issues = [
        {
            "code": issue.code, "field": issue.field_name, "value": issue.value, "severity": issue.severity, "message": issue.message,
            "suggestion": issue.suggestion, "state": issue.state,
        }
        for issue in row.issues
    ]
    return {name: getattr(row, name, None) for name in names} | {"issues": issues}


def _points(score: float | None) -> str:
    return "" if score is None else f"{score:.0f}"


def _tell_problems(call: Call, received: Sequence[ReceivedFile]) -> None:
    for file in received:
        if file.problem:
            call.note(f"{file.name}: {file.problem} {file.hint or ''}".rstrip())
        elif file.already_received_run is not None:
            call.note(f"{file.name}: already received, in run {file.already_received_run}; it is run again and changes nothing.")
        for reason in file.reasons:
            if reason.startswith(LEFT_OUT):
                call.note(f"{file.name}: {reason}")
    if received and all(file.problem for file in received):
        first = received[0]
        raise SourceError(f"No file could be read. {first.name}: {first.problem}", first.hint or "")


def _answer(summary: RunSummary, received: Sequence[ReceivedFile]) -> dict[str, Any]:
    answer = summary.to_row()
    by_id = {file.file_id: file for file in received if file.file_id is not None}
    for file in answer["files"]:
        known = by_id.get(file["file_id"])
        file["already_received"] = known.already_received_run if known else None
        file["reasons"] = list(known.reasons) if known else []
    answer["files"] += [
        {"file": file.name, "source": None, "confidence": 0.0, "records": 0, "problem": file.problem, "hint": file.hint}
        for file in received if file.problem
    ]
    return answer


def _receipt(summary: RunSummary) -> list[str]:
    stages = [(s["stage"], s["status"], s["rows_in"], s["rows_out"], f"{s['seconds']:.2f}", sum(s["issues"].values())) for s in summary.stages]
    return [
        f"Run {summary.run_id}", "",
        *table([(f["file"], f["source"], f["records"], f["damage"] or "") for f in summary.files], ("file", "source", "records", "damage")), "",
        *table(stages, ("stage", "status", "rows in", "rows out", "seconds", "issues")), "",
        f"{summary.records_in} records in = {summary.ready} ready + {summary.to_review} to review + {summary.held} held + {summary.dead_letters} dead letters"
        + (f" + {summary.waiting} not judged yet" if summary.waiting else ""),
        f"{summary.open_duplicates} duplicate questions and {summary.open_issue_questions} flagged values wait for an answer.",
    ]


def _monitor(call: Call) -> Callable[[int], None]:
    last = 0.0

    def show(run_id: int) -> None:
        nonlocal last
        if time.monotonic() - last < 0.5:
            return
        last = time.monotonic()
        from gvrc import views

        view = views.run_view(call.db, call.actor, run_id)
        call.note("  ".join(f"{stage.stage} {stage.rows_out}" for stage in view.stages if stage.status != "waiting"))

    return show
