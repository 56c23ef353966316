"""One row that breaks a stage, or that the database refuses, keeps neither its list nor the lists beside it from being processed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gvrc import pipeline
from gvrc.errors import NotAllowedError, PipelineError
from gvrc.model.access import Actor, Role
from gvrc.model.run import Stage
from gvrc.model.source import SourceRow
from gvrc.settings import Settings
from gvrc.store.session import Database
from gvrc.views.dead_letters import dead_letters

GUILTY = "Kaptembwo Clinic"
STANDARDISE = sys.modules["gvrc.stages.standardise"]


@pytest.fixture
def lists(tmp_path: Path) -> list[Path]:
    places = ["Bondeni Dispensary", GUILTY, "Free Area Health Centre", "Kiamunyi Hospital", "Lanet Clinic"]
    rows = [{"name": name, "county": "Nakuru", "type": "Clinic", "phone": f"07000001{number:02}"} for number, name in enumerate(places)]
    paths = [tmp_path / "one.json", tmp_path / "other.json"]
    paths[0].write_text(json.dumps({"facilities": rows}), encoding="utf-8")
    paths[1].write_text(json.dumps({"facilities": [row | {"name": f"{row['name']} Annex"} for row in rows if row["name"] != GUILTY]}), encoding="utf-8")
    return paths


@pytest.fixture
def run_id(database: Database, settings: Settings, admin: Actor, lists: list[Path]) -> int:
    received = pipeline.receive(database, settings, admin, lists)
    return pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])


def break_a_stage(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    """The stage cannot take the guilty row, in whatever company."""
    whole = getattr(STANDARDISE, stage)

    def fragile(rows: Sequence[Any], *rest: Any) -> Any:
        if any((row.values.get("name") if isinstance(row, SourceRow) else row.name) == GUILTY for row in rows):
            raise ValueError(f"no idea what to do with {GUILTY}, 0700000101")
        return whole(rows, *rest)

    monkeypatch.setattr(STANDARDISE, stage, fragile)


def refuse(database: Database, table: str, condition: str) -> None:
    """Have the database refuse rows of a table, as it does with a value that it cannot hold."""
    with database.owner_unit_of_work() as conn:
        conn.execute(text("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused' USING ERRCODE = '22021'; END $$"))
        conn.execute(text(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse()"))


def allow_again(database: Database, table: str) -> None:
    with database.owner_unit_of_work() as conn:
        conn.execute(text(f"DROP TRIGGER refuse ON {table}"))


def names(database: Database, run_id: int) -> list[str]:
    with database.read() as conn:
        found = conn.execute(text("SELECT name FROM staging.records JOIN staging.run_files USING (file_id) WHERE run_files.run_id = :run ORDER BY 1"), {"run": run_id})
        return list(found.scalars())


@pytest.mark.parametrize("stage", ["validate", "transform", "geomap"])
def test_a_row_that_breaks_a_stage_is_set_aside_and_taken_by_a_replay(
    database: Database, settings: Settings, admin: Actor, run_id: int, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    with monkeypatch.context() as broken:
        break_a_stage(broken, stage)
        summary = pipeline.execute(database, settings, run_id)
    assert (summary.records_in, summary.dead_letters, summary.ready + summary.to_review + summary.held) == (9, 1, 8)
    assert len(names(database, run_id)) == 8
    letter = dead_letters(database, admin, run_id).rows[0]
    assert (letter.kind, letter.stage, letter.tries) == ("unread", stage, 1)
    with database.read() as conn:
        error = conn.execute(text("SELECT error FROM staging.dead_letters")).scalar_one()
    assert "ValueError" in error
    assert "0700000101" not in error
    assert pipeline.replay(database, settings, admin, run_id).rows == 1
    summary = pipeline.execute(database, settings, run_id)
    assert (summary.records_in, summary.dead_letters, len(names(database, run_id))) == (9, 0, 9)
    assert pipeline.waiting(database, admin, run_id).rows == 0
    assert dead_letters(database, admin, run_id).by_kind == {"written": 1}


def test_a_row_whose_record_stands_already_is_counted_once(
    database: Database, settings: Settings, admin: Actor, run_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pipeline.execute(database, settings, run_id).dead_letters == 0
    break_a_stage(monkeypatch, "transform")
    pipeline.resume(database, settings, admin, run_id, again_from=Stage.VALIDATE)
    summary = pipeline.execute(database, settings, run_id)
    assert summary.records_in == summary.ready + summary.to_review + summary.held + summary.dead_letters
    assert pipeline.waiting(database, admin, run_id).rows == 1


def test_a_record_that_the_database_refuses_is_set_aside_alone(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    refuse(database, "staging.records", f"NEW.name = '{GUILTY}'")
    summary = pipeline.execute(database, settings, run_id)
    assert (summary.records_in, summary.dead_letters, len(names(database, run_id))) == (9, 1, 8)
    allow_again(database, "staging.records")
    pipeline.replay(database, settings, admin, run_id)
    assert pipeline.execute(database, settings, run_id).dead_letters == 0
    assert GUILTY in names(database, run_id)


def test_a_row_that_the_database_cannot_hold_as_it_came_is_set_aside_alone(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    refuse(database, "staging.raw_data", f"NEW.row_values ->> 'name' = '{GUILTY}'")
    summary = pipeline.execute(database, settings, run_id)
    assert (summary.records_in, summary.dead_letters, len(names(database, run_id))) == (9, 1, 8)
    assert pipeline.waiting(database, admin, run_id) == pipeline.Waiting(rows=0, unread=1)
    with pytest.raises(PipelineError, match="no row that could be tried again"):
        pipeline.replay(database, settings, admin, run_id)


def test_a_reader_that_breaks_ends_its_file_and_not_the_run(
    database: Database, settings: Settings, run_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    extraction = sys.modules["gvrc.pipeline.extraction"]
    whole = extraction.extract

    def fragile(file: Any, *rest: Any, **named: Any) -> Iterator[Any]:
        for row in whole(file, *rest, **named):
            if file.name == "one.json" and row.number == 3:
                raise KeyError("a column that nobody knows")
            yield row

    monkeypatch.setattr(extraction, "extract", fragile)
    summary = pipeline.execute(database, settings, run_id)
    assert summary.records_in == 6
    assert [(file["records"], (file["damage"] or "")[:26]) for file in summary.files] == [(2, "Reading broke off (KeyErro"), (4, "")]


def test_a_file_that_breaks_the_recognition_is_told_and_the_others_go_on(
    database: Database, settings: Settings, admin: Actor, lists: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    receiving = sys.modules["gvrc.pipeline.receive"]
    whole = receiving.detect

    def fragile(path: Path, *rest: Any, **named: Any) -> Any:
        if path == lists[0]:
            raise IndexError("out of range")
        return whole(path, *rest, **named)

    monkeypatch.setattr(receiving, "detect", fragile)
    received = pipeline.receive(database, settings, admin, lists)
    assert [file.file_id is None for file in received] == [True, False]
    assert "IndexError" in (received[0].problem or "")


def test_who_may_not_run_may_not_replay(database: Database, settings: Settings, run_id: int) -> None:
    with pytest.raises(NotAllowedError):
        pipeline.replay(database, settings, Actor(user_id=2, username="viewer", role=Role.VIEWER), run_id)
