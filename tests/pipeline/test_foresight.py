"""What a run knows of its end before it comes to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gvrc import commit, pipeline, views
from gvrc.errors import StageFailed
from gvrc.model.access import Actor, Role
from gvrc.model.quality import QualityFacts, Standing
from gvrc.model.record import Record
from gvrc.pipeline import whole_run
from gvrc.pipeline.foresight import BASE_MB, Foreseen, Foresight
from gvrc.settings import Settings
from gvrc.staging import SavedRecord, ToldAnew
from gvrc.store.session import Database
from tests.conftest import make_actor

FACTS = QualityFacts(group="health", filled=frozenset({"name"}), codes=(), age_days=None, has_open_duplicate=False, is_nationwide=False)
STANDING = Standing(facts=FACTS, codes=(), final_codes=())


def saved(number: int, key: str) -> SavedRecord:
    return SavedRecord(record_id=number, file_id=1, record=Record(record_key=key, source="list", pointer=f"/{number}", name="Kisumu Clinic"), is_place=True, standing=STANDING)


def test_it_holds_only_for_records_that_are_all_new_and_all_known(settings: Settings) -> None:
    foresight = Foresight(settings)
    assert foresight.holds({})
    foresight.add(Foreseen.of([saved(1, "a"), saved(2, "b")]))
    assert foresight.holds({"new": 2})
    assert not foresight.holds({"new": 3})
    assert not foresight.holds({"new": 2, "ready": 1})
    assert not foresight.holds({"new": 1, "rejected": 1})


def test_of_more_records_than_fit_only_the_number_is_kept(settings: Settings) -> None:
    foresight = Foresight(settings.model_copy(update={"memory_limit_mb": BASE_MB}))
    foresight.add(Foreseen.of([saved(1, "a"), saved(2, "b")]))
    foresight.add(Foreseen.of([saved(3, "c")], is_kept=False))
    assert foresight.holds({"new": 3})
    assert not foresight.keeps_rows
    assert not foresight.rows
    assert foresight.places() is None


def test_when_memory_is_short_it_is_given_up_for_good(settings: Settings) -> None:
    foresight = Foresight(settings)
    foresight.add(Foreseen.of([saved(1, "a")]))
    foresight.give_up()
    foresight.add(Foreseen.of([saved(2, "b")]))
    assert not foresight.rows
    assert not foresight.holds({"new": 2})


def test_a_run_above_its_memory_limit_ends_as_any_other(database: Database, settings: Settings, admin: Actor, samples: list[Path]) -> None:
    received = pipeline.receive(database, settings, admin, samples[:2])
    run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])
    summary = pipeline.execute(database, settings.model_copy(update={"memory_limit_mb": 64}), run_id)
    assert summary.ready + summary.to_review + summary.held == summary.records_in > 0


def test_two_editions_of_one_record_are_left_to_the_database(settings: Settings) -> None:
    foresight = Foresight(settings)
    foresight.add(Foreseen.of([saved(1, "a")]))
    places = foresight.places()
    assert places is not None
    assert places.columns.keys.tolist() == ["a"]
    foresight.add(Foreseen.of([saved(2, "a")]))
    assert foresight.places() is None


def test_a_run_that_one_process_takes_from_end_to_end_reads_no_record_back(
    database: Database, settings: Settings, admin: Actor, samples: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("records were read back")

    monkeypatch.setattr(whole_run, "_judgeable", refuse)
    monkeypatch.setattr(whole_run, "_score_all", refuse)
    received = pipeline.receive(database, settings, admin, samples)
    run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])
    roomy = settings.model_copy(update={"memory_limit_mb": 100_000})  # the process of the tests holds more than a run may
    summary = pipeline.execute(database, roomy, run_id)
    assert summary.ready + summary.to_review + summary.held == summary.records_in == 237


def test_until_a_run_is_scored_its_records_wait(
    database: Database, settings: Settings, admin: Actor, samples: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: object, **__: object) -> None:
        raise RuntimeError("the process was killed")

    received = pipeline.receive(database, settings, admin, samples)
    run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])
    roomy = settings.model_copy(update={"memory_limit_mb": 100_000})  # the process of the tests holds more than a run may
    with monkeypatch.context() as broken:
        broken.setattr(whole_run, "dedupe", break_off)
        with pytest.raises(StageFailed):
            pipeline.execute(database, roomy, run_id)
    receipt = views.run_view(database, admin, run_id).receipt
    assert (receipt.waiting, receipt.ready, receipt.to_review, receipt.held) == (237, 0, 0, 0)
    outcome = commit.commit(database, settings, admin, run_id)
    assert (outcome.added, {held.hold.value: held.count for held in outcome.held_back}) == (0, {"not_ready": 237})
    pipeline.resume(database, settings, admin, run_id)
    summary = pipeline.execute(database, roomy, run_id)
    assert (summary.waiting, summary.ready + summary.to_review + summary.held) == (0, 237)


SHARED = [
    {
        "name": f"{town} {kind}", "county": "Kwale", "phone": f"+254 700 000 {number % 11:03d}", "email": f"office.{number % 13}@example.org" if number % 2 else None,
        "mfl_code": 90001 + number % 40, "last_verified": "2020-02-03" if number % 3 else None, "lat": -4.1 - number % 7 / 100, "lon": 39.5,
    }
    for number, (town, kind) in enumerate((town, kind) for town in ("Tiwi", "Diani", "Ukunda", "Kinango", "Lunga Lunga", "Msambweni", "Shimba Hills", "Tiwii") for kind in (
        "Dispensary", "Health Centre", "Police Station", "Legal Aid Clinic", "Nursing Home", "Medical Clinic", "Rescue Centre"))
]  # fmt: skip
ROOMY = {"memory_limit_mb": 100_000}
"""However much memory the tests before these took, what a run knows of its records is kept."""
LEFT = (
    "SELECT pointer, state, state_reason, quality_score, quality_parts, points_to_gain, completeness, uniqueness, stage, version FROM staging.records ORDER BY pointer",
    """SELECT r.pointer, i.code, i.field_name, i.ordinal, i.value, i.detail, i.state, i.points, i.asks, i.question_key, i.evidence_hash, i.stage
       FROM staging.issues i JOIN staging.records r USING (record_id) ORDER BY r.pointer, i.code, i.field_name, i.ordinal""",
)


def test_what_the_whole_run_tells_is_scored_from_what_is_at_hand_as_if_it_were_read_back(
    new_settings: Callable[[], Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shared phones, addresses, codes and points, codes of other places, open questions about duplicates."""
    path = tmp_path / "list.json"
    path.write_text(json.dumps(SHARED))

    def outcome() -> list[list[tuple[Any, ...]]]:
        with Database.open(settings := new_settings().model_copy(update=ROOMY)) as database:
            admin = make_actor(database, Role.ADMIN, "admin")
            received = pipeline.receive(database, settings, admin, [path])
            pipeline.execute(database, settings, pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None]))
            with database.read() as conn:
                return [[tuple(row) for row in conn.execute(text(query))] for query in LEFT]

    scored_by_hand: list[int] = []
    quick = whole_run.score_told

    def told(conn: Any, workshop: Any, run_id: int, records: Sequence[ToldAnew]) -> list[ToldAnew]:
        left = quick(conn, workshop, run_id, records)
        scored_by_hand.append(len(records) - len(left))
        return left

    monkeypatch.setattr(whole_run, "score_told", told)
    at_hand = outcome()
    assert sum(scored_by_hand) > 20
    monkeypatch.setattr(whole_run, "score_told", lambda _conn, _workshop, _run_id, records: list(records))
    assert outcome() == at_hand
    codes = {row[1] for row in at_hand[1]}
    assert {"contact.phone_shared", "contact.email_shared", "code.mfl_shared", "code.taken", "verified.stale"} <= codes
    assert any("duplicate" in (row[2] or "") for row in at_hand[0])


def test_a_record_that_somebody_was_at_meanwhile_is_read_back(
    settings: Settings, database: Database, admin: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(SHARED))
    settings = settings.model_copy(update=ROOMY)
    quick, touched = whole_run.score_told, []

    def told(conn: Any, workshop: Any, run_id: int, records: Sequence[ToldAnew]) -> list[ToldAnew]:
        touched.append(next(each.record_id for each in records if each.issues[0].code == "contact.phone_shared"))
        conn.execute(text("UPDATE staging.records SET state = 'rejected', stage = 'score' WHERE record_id = :record_id"), {"record_id": touched[0]})
        return quick(conn, workshop, run_id, records)

    monkeypatch.setattr(whole_run, "score_told", told)
    received = pipeline.receive(database, settings, admin, [path])
    pipeline.execute(database, settings, pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None]))
    with database.read() as conn:
        states = dict(conn.execute(text("SELECT record_id, state FROM staging.records")).all())
        codes = set(conn.execute(text("SELECT code FROM staging.issues WHERE record_id = :record_id"), {"record_id": touched[0]}).scalars())
    assert states.pop(touched[0]) == "rejected"
    assert "contact.phone_shared" in codes
    assert "rejected" not in states.values()
