"""The next question after an answer, in the server: how long until it could be painted, with few open questions and with very many.

`python -m benchmarks.desk.questions [--pairs 237,10000] [--flags 1000,100000] [--rounds 30]`

Both numbers of open questions are measured on the same machine in the same run; the ratio is what counts. What a page does between a key and its
next question is done here without a browser: take the answer (on disk), count, find and claim the next question, its golden record, the last decisions.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from sqlalchemy import text

from benchmarks.homes import fresh_home
from gvrc import setup, steward
from gvrc.model.access import Actor, Role
from gvrc.model.review import Answer, QuestionKind
from gvrc.settings import Settings
from gvrc.steward import AnswerIn
from gvrc.store.session import Database
from gvrc.views import tally
from gvrc.views.decided import decisions_list
from gvrc.views.golden import golden_preview
from gvrc.views.questions import question_list, with_members
from tests.staged_records import Staged

BAR_MS = 300
STEWARD = Actor(user_id=1, username="bench", role=Role.DATA_STEWARD, session_id="bench")

_PAIRS = """
    INSERT INTO staging.match_results (run_id, question_key, left_key, right_key, left_record_id, right_record_id, match_score, reference_score, base, strategy,
        band, features, evidence_hash, scorer_version, is_open, pair_state, priority, reason)
    SELECT :run, encode(sha256((l.record_key || r.record_key)::bytea), 'hex'), least(l.record_key, r.record_key), greatest(l.record_key, r.record_key), l.record_id,
        r.record_id, 0.5 + (l.row_number % 40) / 100.0, 0.5, -1, 'fuzzy_name', 'review', '[{"feature": "name", "score": 0.9, "weight": 1.5, "detail": "Similar names"}]',
        'name=1', '1', true, 'open', 1 - (l.row_number % 40) / 50.0, 'Perhaps one place.'
    FROM staging.records l JOIN staging.records r ON r.row_number = l.row_number + 1 AND r.file_id = l.file_id WHERE l.row_number % 2 = 1
"""
_FLAGS = """
    INSERT INTO staging.issues (record_id, file_id, code, field_name, severity, dimension, stage, value, state, asks, question_key, evidence_hash, points)
    SELECT record_id, file_id, 'name.not_gazetted', 'name', 'warning', 'accuracy', 'validate', name, 'open', true,
        encode(sha256(('flag' || record_key)::bytea), 'hex'), 'e', (row_number % 13) FROM staging.records
"""
_RAW = """
    INSERT INTO staging.raw_data (source_kind, file_id, row_number, pointer, source, record_key, data, row_values, content_hash)
    SELECT f.kind, r.file_id, r.row_number, r.pointer, r.source, r.record_key, '{}', jsonb_build_object('name', r.name), r.content_hash
    FROM staging.records r JOIN staging.source_files f USING (file_id)
"""


def main() -> None:
    """Print the table."""
    options = _options()
    print("| open questions | kind | answer taken, p50 ms | next question, p50 ms | together, p95 ms | bar ms |\n| --- | --- | --- | --- | --- | --- |")
    for kind, amounts in ((QuestionKind.DUPLICATE, options.pairs), (QuestionKind.ISSUE, options.flags)):
        for amount in amounts:
            _measure(kind, amount, options.rounds)


def _options() -> argparse.Namespace:
    def numbers(words: str) -> list[int]:
        return [int(word) for word in words.split(",")]

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=numbers, default=[237, 10_000])
    parser.add_argument("--flags", type=numbers, default=[1_000, 100_000])
    parser.add_argument("--rounds", type=int, default=30)
    return parser.parse_args()


def _measure(kind: QuestionKind, amount: int, rounds: int) -> None:
    with fresh_home("gvrc-questions-") as settings:
        setup.init(settings, operator="bench")
        with Database.open(settings) as db:
            run_id = _fill(db, kind, amount)
            taken, found = zip(*(_round(db, settings, run_id, kind) for _ in range(rounds + 1)), strict=True)
    both = sorted(one + other for one, other in zip(taken[1:], found[1:], strict=True))
    p95 = both[int(len(both) * 0.95) - 1]
    print(f"| {amount:,} | {kind} | {statistics.median(taken[1:]):.0f} | {statistics.median(found[1:]):.0f} | {p95:.0f} | {BAR_MS} |", flush=True)


def _fill(db: Database, kind: QuestionKind, amount: int) -> int:
    """A run with so many open questions of one kind."""
    staged = Staged(db)
    count = amount * 2 if kind is QuestionKind.DUPLICATE else amount
    first = staged.record("r0")
    run_id = staged.run_of(first)
    file_id = int(staged.one("SELECT file_id FROM staging.run_files"))
    for start in range(1, count, 10_000):
        staged.save(run_id, file_id, [staged.record(f"r{number}") for number in range(start, min(count, start + 10_000))])
    with db.unit_of_work() as conn:
        conn.execute(text("UPDATE staging.records SET row_number = substring(record_key from 2)::int + 1"))
        conn.execute(text(_RAW))
        conn.execute(text(_PAIRS if kind is QuestionKind.DUPLICATE else _FLAGS), {"run": run_id} if kind is QuestionKind.DUPLICATE else {})
    with db.owner_unit_of_work() as conn:
        conn.exec_driver_sql("ANALYZE")
    return run_id


def _round(db: Database, settings: Settings, run_id: int, kind: QuestionKind) -> tuple[float, float]:
    """Milliseconds for taking an answer, and for everything until the next question could be shown."""
    view = question_list(db, STEWARD, run_id, kind=kind, free_for=STEWARD.username, limit=1)[0]
    answer = AnswerIn(
        key=view.key, answer=Answer.DIFFERENT if kind is QuestionKind.DUPLICATE else Answer.WAIVE, note="measured", seen_decision=view.seen_decision, seconds_taken=1.0
    )
    taken = _timed(lambda: _answer(db, settings, run_id, answer))
    return taken, _timed(lambda: _next(db, settings, run_id, kind))


def _answer(db: Database, settings: Settings, run_id: int, answer: AnswerIn) -> None:
    outcome = steward.decide(db, settings, STEWARD, run_id, [answer])
    if outcome.refused:
        raise RuntimeError(outcome.refused[0].why)


def _next(db: Database, settings: Settings, run_id: int, kind: QuestionKind) -> None:
    counted = tally.pair_tally(db, STEWARD, run_id) if kind is QuestionKind.DUPLICATE else tally.flag_tally(db, STEWARD, run_id)
    tally.progress(db, STEWARD, run_id, kind, counted.total())
    view = question_list(db, STEWARD, run_id, kind=kind, free_for=STEWARD.username, limit=1)[0]
    steward.claim(db, settings, STEWARD, view.key)
    if kind is QuestionKind.DUPLICATE:
        golden_preview(db, STEWARD, with_members(db, STEWARD, run_id, view).record_ids)
    decisions_list(db, STEWARD, run_id, as_batches=True)


def _timed(act: Callable[[], None]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
