"""What a run knows of its end before it comes to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gvrc import pipeline
from gvrc.model.access import Actor
from gvrc.model.record import Record, RecordState
from gvrc.pipeline import whole_run
from gvrc.pipeline.foresight import Foreseen, Foresight
from gvrc.settings import Settings
from gvrc.staging import SavedRecord
from gvrc.store.session import Database


def saved(number: int, key: str) -> SavedRecord:
    return SavedRecord(record_id=number, file_id=1, record=Record(record_key=key, source="list", pointer=f"/{number}", name="Kisumu Clinic"), state=RecordState.READY, is_place=True)


def test_it_holds_only_for_records_that_are_all_new_and_all_known(settings: Settings) -> None:
    foresight = Foresight(settings)
    assert foresight.holds({})
    foresight.add(Foreseen.of([saved(1, "a"), saved(2, "b")]))
    assert foresight.holds({"new": 2})
    assert not foresight.holds({"new": 3})
    assert not foresight.holds({"new": 2, "ready": 1})
    assert not foresight.holds({"new": 1, "rejected": 1})
    assert list(foresight.states()) == [(1, "ready"), (2, "ready")]


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
